//! Reads what page a request asks for, as strictly as the vendors do.

use super::{
    cursor::{Codec, Mark},
    scheme::{AGAIN, Scheme},
};
use crate::{
    record::Recipe,
    serve::Call,
    stream::{Stream, Style},
};
use http::{Method, StatusCode};

/// The page a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ask {
    pub(crate) position: u64,
    pub(crate) limit: u64,
    pub(crate) salt: u64,
}

/// Why a request is not answered.
#[derive(Debug)]
pub(crate) struct Refusal {
    pub(crate) status: StatusCode,
    pub(crate) message: String,
}

impl Refusal {
    fn new(message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, message: message.into() }
    }
}

/// Reads the page asked for, or says what is wrong with the request.
pub(crate) fn read(stream: &Stream, recipe: &Recipe, call: &Call) -> Result<Ask, Refusal> {
    check_role(stream.style, call)?;
    let (mark, size) = match Scheme::of(stream.style) {
        Scheme::Whole => {
            return Ok(Ask { position: 0, limit: stream.records.max(1), salt: 0 });
        }
        Scheme::Cursor { cursor, size, codec } => (from_cursor(stream, call, cursor, codec)?, size),
        Scheme::Offset => (at(number(call, "offset")?.unwrap_or(0)), "limit"),
        Scheme::Numbered => return from_page(stream, call),
        Scheme::LastId => (from_last_id(stream, recipe, call)?, "limit"),
        Scheme::Locator => return from_locator(stream, call),
    };
    Ok(Ask { position: mark.position, limit: page_size(stream, call, size)?, salt: mark.salt })
}

/// What a role demands beside the cursor.
fn check_role(style: Style, call: &Call) -> Result<(), Refusal> {
    let post = call.method() == Method::POST;
    match style {
        Style::ShopifyGraphql | Style::Notion if !post => Err(Refusal {
            status: StatusCode::METHOD_NOT_ALLOWED,
            message: "this list is read with POST".into(),
        }),
        Style::Notion if call.header("notion-version").is_none() => {
            Err(Refusal::new("the header Notion-Version is missing"))
        }
        Style::ShopifyRest if call.argument("page_info").is_some() => {
            let other = call
                .query()
                .iter()
                .find(|(name, _)| !["limit", "fields", "page_info"].contains(&name.as_str()));
            match other {
                Some((name, _)) => {
                    Err(Refusal::new(format!("{name} may not be sent together with page_info")))
                }
                None => Ok(()),
            }
        }
        Style::Salesforce if call.tail().is_empty() && call.argument("q").is_none() => {
            Err(Refusal::new("MALFORMED_QUERY: q is missing"))
        }
        _ => Ok(()),
    }
}

fn at(position: u64) -> Mark {
    Mark { position, salt: 0 }
}

fn from_cursor(stream: &Stream, call: &Call, name: &str, codec: Codec) -> Result<Mark, Refusal> {
    match call.argument(name) {
        None => Ok(at(0)),
        Some("") if stream.style == Style::Slack => Ok(at(0)),
        Some(text) => codec
            .decode(text)
            .filter(|mark| mark.position <= stream.records)
            .ok_or_else(|| Refusal::new(format!("{name} is no cursor of this list"))),
    }
}

fn from_page(stream: &Stream, call: &Call) -> Result<Ask, Refusal> {
    let limit = page_size(stream, call, "per_page")?;
    let page = number(call, "page")?.unwrap_or(1);
    if page == 0 {
        return Err(Refusal::new("page counts from 1"));
    }
    Ok(Ask { position: (page - 1).saturating_mul(limit), limit, salt: number(call, AGAIN)?.unwrap_or(0) })
}

fn from_last_id(stream: &Stream, recipe: &Recipe, call: &Call) -> Result<Mark, Refusal> {
    let Some(text) = call.argument("starting_after") else {
        return Ok(at(0));
    };
    text.parse()
        .ok()
        .and_then(|id| recipe.index_of(id))
        .filter(|index| *index < stream.records)
        .map(|index| at(index + 1))
        .ok_or_else(|| Refusal::new(format!("resource_missing: no such record: '{text}'")))
}

/// Reads `/{stream}/query/01g00-2000`, as `nextRecordsUrl` names it.
fn from_locator(stream: &Stream, call: &Call) -> Result<Ask, Refusal> {
    let mark = match call.tail() {
        "" => at(0),
        tail => tail
            .strip_prefix("query/01g")
            .and_then(|locator| locator.split_once('-'))
            .and_then(|(salt, position)| {
                Some(Mark { position: position.parse().ok()?, salt: salt.parse().ok()? })
            })
            .filter(|mark| mark.position <= stream.records)
            .ok_or_else(|| Refusal::new("INVALID_QUERY_LOCATOR"))?,
    };
    Ok(Ask { position: mark.position, limit: stream.page_size.min(stream.max_page_size), salt: mark.salt })
}

fn page_size(stream: &Stream, call: &Call, name: &str) -> Result<u64, Refusal> {
    match number(call, name)? {
        Some(0) => Err(Refusal::new(format!("{name} must be at least 1"))),
        asked => Ok(asked.unwrap_or(stream.page_size).min(stream.max_page_size)),
    }
}

fn number(call: &Call, name: &str) -> Result<Option<u64>, Refusal> {
    call.argument(name)
        .map(|text| text.parse().map_err(|_| Refusal::new(format!("{name} must be a number, not '{text}'"))))
        .transpose()
}
