//! Reads what page a request asks for, as strictly as the vendors do.

use super::{
    cursor::{Codec, Mark},
    scene::Scene,
    scheme::{AGAIN, Scheme},
};
use crate::{
    serve::Call,
    stream::{Stream, Style},
};
use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::value::RawValue;
use std::collections::HashMap;

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
pub(crate) fn read(scene: &Scene<'_>) -> Result<Ask, Refusal> {
    let mut ask = exactly(scene)?;
    let records = scene.stream.records;
    if scene.stream.quirks.clamps && records > 0 && ask.position >= records {
        ask.position = (records - 1) / ask.limit * ask.limit;
    }
    Ok(ask)
}

fn exactly(scene: &Scene<'_>) -> Result<Ask, Refusal> {
    let Scene { stream, call, .. } = scene;
    check_role(stream, call)?;
    check_demands(stream, call)?;
    let (mark, size) = match Scheme::of(stream) {
        Scheme::Whole => {
            return Ok(Ask { position: 0, limit: stream.records.max(1), salt: 0 });
        }
        Scheme::Cursor { cursor, size, codec } => (from_cursor(stream, call, cursor, codec)?, size),
        Scheme::Offset { offset, size } => (at(number(call, offset)?.unwrap_or(0)), size),
        Scheme::Numbered { page, size, first } => {
            let ask = from_page(stream, call, page, size, first)?;
            if first == 0 && ask.position >= stream.records.max(1) {
                let message = format!("there is no page {}", ask.position / ask.limit);
                return Err(Refusal { status: StatusCode::NOT_FOUND, message });
            }
            return Ok(ask);
        }
        Scheme::LastId => (from_last_id(scene)?, "limit"),
        Scheme::Sort { sort, size } => (in_point(stream, call, from_sort(scene, sort)?)?, size),
        Scheme::Locator => return from_locator(stream, call),
        Scheme::Within { argument, position, first, size } => {
            return from_text(stream, call, argument, (position, first), size);
        }
    };
    Ok(Ask { position: mark.position, limit: page_size(stream, call, size)?, salt: mark.salt })
}

/// What the stream's quirks demand.
pub(crate) fn check_demands(stream: &Stream, call: &Call) -> Result<(), Refusal> {
    let quirks = &stream.quirks;
    if let Some(name) = quirks.demanded_headers.iter().find(|name| call.header(name).is_none()) {
        return Err(Refusal::new(format!("the header {name} is missing")));
    }
    if let Some(tail) = &quirks.continued_at {
        check_continued(stream, call, tail)?;
    }
    let has_token = quirks.token.as_ref().is_some_and(|name| call.argument(name).is_some());
    if call.asks_for_more(stream) || has_token {
        return Ok(());
    }
    match quirks.demanded_parameters.iter().find(|name| call.argument(name).is_none()) {
        Some(name) => Err(Refusal::new(format!("the parameter {name} is missing"))),
        None => Ok(()),
    }
}

/// Pages after the first, and what has come since a token, are asked for at a path of their own, with a cursor or token
/// and nothing else.
fn check_continued(stream: &Stream, call: &Call, tail: &str) -> Result<(), Refusal> {
    let cursor = Scheme::of(stream).cursor().unwrap_or_default();
    let token = stream.quirks.token.as_deref().unwrap_or(cursor);
    let is_continued = call.behind(&stream.path) == Some(tail);
    let goes_on = [cursor, token].iter().any(|name| call.argument(name).is_some());
    match (is_continued, goes_on) {
        (false, true) => Err(Refusal::new(format!("{cursor} is taken at {tail} alone"))),
        (true, false) => Err(Refusal::new(format!("{cursor} is missing"))),
        (true, true) => match call.names().find(|name| ![cursor, token].contains(name)) {
            Some(other) => Err(Refusal::new(format!("unknown field '{other}'"))),
            None => Ok(()),
        },
        (false, false) => Ok(()),
    }
}

/// What a role demands beside the cursor.
fn check_role(stream: &Stream, call: &Call) -> Result<(), Refusal> {
    let post = call.method() == Method::POST;
    match stream.style {
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
        Style::Salesforce if call.behind(&stream.path) == Some("") && call.argument("q").is_none() => {
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
        Some(text) if stream.quirks.first_cursor.as_deref() == Some(text) => Ok(at(0)),
        Some("") if stream.style == Style::Slack => Ok(at(0)),
        Some(text) => codec
            .decode(text)
            .filter(|mark| mark.position <= stream.records)
            .ok_or_else(|| Refusal::new(format!("{name} is no cursor of this list"))),
    }
}

fn from_page(stream: &Stream, call: &Call, name: &str, size: &str, first: u64) -> Result<Ask, Refusal> {
    let limit = page_size(stream, call, size)?;
    let page = number(call, name)?.unwrap_or(first);
    if page < first {
        return Err(Refusal::new(format!("{name} counts from {first}")));
    }
    let position = (page - first).saturating_mul(limit);
    Ok(Ask { position, limit, salt: number(call, AGAIN)?.unwrap_or(0) })
}

fn from_last_id(scene: &Scene<'_>) -> Result<Mark, Refusal> {
    let Some(text) = scene.call.argument("starting_after") else {
        return Ok(at(0));
    };
    let index = match &scene.records {
        Some(records) => position(records, "id", text),
        None => text.parse().ok().and_then(|id| scene.recipe.index_of(id)),
    };
    index
        .filter(|index| *index < scene.stream.records)
        .map(|index| at(index + 1))
        .ok_or_else(|| Refusal::new(format!("resource_missing: no such record: '{text}'")))
}

fn from_sort(scene: &Scene<'_>, name: &str) -> Result<Mark, Refusal> {
    let Some(text) = scene.call.argument(name) else {
        return Ok(at(0));
    };
    let index = scene.records.as_deref().and_then(|records| position(records, "sort", text));
    index
        .map(|index| at(index + 1))
        .ok_or_else(|| Refusal::new(format!("{name} is where no record is sorted: {text}")))
}

/// Reads `… startposition 1001 maxresults 1000`.
fn from_text(
    stream: &Stream,
    call: &Call,
    name: &str,
    (position, first): (&str, u64),
    size: &str,
) -> Result<Ask, Refusal> {
    let text = call.argument(name).unwrap_or_default();
    let behind = |word: &str| {
        let (_, rest) = text.split_once(word)?;
        rest.trim_start().split(|c: char| !c.is_ascii_digit()).next()?.parse::<u64>().ok()
    };
    let begin = behind(position).unwrap_or(first);
    if begin < first {
        return Err(Refusal::new(format!("{position} counts from {first}")));
    }
    let limit = behind(size).unwrap_or(stream.page_size).min(stream.max_page_size);
    if limit == 0 {
        return Err(Refusal::new(format!("{size} must be at least 1")));
    }
    Ok(Ask { position: begin - first, limit, salt: 0 })
}

/// The mark, if the request names the point in time as the page before it did.
fn in_point(stream: &Stream, call: &Call, mark: Mark) -> Result<Mark, Refusal> {
    if stream.quirks.point_in_time.is_none() || call.argument("/pit/id") == Some(&point_id(mark.position)) {
        return Ok(mark);
    }
    Err(Refusal { status: StatusCode::NOT_FOUND, message: "search_context_missing_exception".to_owned() })
}

/// The id of a point in time for the page that begins at a position: it is another with every page.
pub(crate) fn point_id(position: u64) -> String {
    format!("pit-{position}")
}

/// The position of the record whose member is this JSON text, to the digit, or the text of this JSON string.
fn position(records: &[Bytes], member: &str, text: &str) -> Option<u64> {
    let is = |record: &Bytes| {
        let members: HashMap<String, &RawValue> = serde_json::from_slice(record).unwrap_or_default();
        members.get(member).is_some_and(|found| {
            found.get() == text
                || serde_json::from_str::<String>(found.get()).is_ok_and(|found| found == text)
        })
    };
    records.iter().position(is).map(|index| index as u64)
}

/// Reads `/{stream}/01g00-2000`, as `nextRecordsUrl` names it.
fn from_locator(stream: &Stream, call: &Call) -> Result<Ask, Refusal> {
    let mark = match call.behind(&stream.path).unwrap_or_default() {
        "" => at(0),
        tail => tail
            .strip_prefix("01g")
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
