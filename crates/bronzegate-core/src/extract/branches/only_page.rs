//! What is asked once of a stream whose pages never led to another: whether the first one really is all there is.
//!
//! Where `next` is looked for at a wrong place, the first page is the last one of every run, and nothing in it says
//! so: many APIs name nothing on their last page. In half, the same page has to name one.

use std::collections::BTreeMap;

use serde_json::value::RawValue;

use crate::config::{Address, Kind};
use crate::error::{Error, ErrorKind};
use crate::extract::page::{Look, LookedAt, StreamContext, look};
use crate::extract::paging::{Branch, FirstSeen, Paginator, Position};
use crate::http::Found;
use crate::redact::printable;

/// What is known of how a stream's pages lead to each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Led {
    /// One led to another, or would have.
    On,
    /// It cannot be found out; why.
    Unseen(String),
    /// There was no time to ask.
    Unasked,
    /// Not yet: there is too little to ask about.
    NotYet,
}

/// The fewest records that a server sends of its own accord where there are more.
const SHORTEST: u64 = 10;
/// The longest text that a message shows.
const LONGEST_SHOWN: usize = 200;

/// Asks whether the first page that the run has seen is all there is; pages whose end is proved, and those that
/// the file says are single, are not asked about.
///
/// # Errors
/// [`ErrorKind::Data`] where there is more, and no way to it; the API's own where no answer came.
pub(crate) async fn only_page(context: &StreamContext, first: Option<&FirstSeen>) -> Result<Led, Error> {
    let pagination = &context.stream.pagination;
    let Some(first) = first.filter(|first| first.records > 1 && !first.is_whole) else {
        return Ok(Led::NotYet);
    };
    if pagination.kind == Kind::None || pagination.single_page {
        return Ok(Led::NotYet);
    }
    if !pagination.sends_size() {
        // No server's pages are so short unless they are asked to be.
        if first.records < SHORTEST {
            return Ok(Led::NotYet);
        }
        return Ok(unseen(context, "no `page_size` is sent, with which less could be asked for"));
    }
    let asking = Asking { context, first, half: first.records / 2 };
    match Paginator::new(pagination, None).next_address() {
        Some(next) => asking.named(&next).await,
        None => asking.counted().await,
    }
}

/// Asks for page 0 where pages are counted from 1 because the file says nothing else. `false` where there was no time
/// to ask.
///
/// # Errors
/// [`ErrorKind::Data`] where it has records that page 1 has not; the API's own where no answer came.
pub(crate) async fn page_zero(context: &StreamContext, first: Option<&FirstSeen>) -> Result<bool, Error> {
    let Kind::Page { is_start_stated: false, .. } = &context.stream.pagination.kind else { return Ok(true) };
    let Some(FirstSeen { branch, start, hash, .. }) = first else { return Ok(true) };
    let mut zero = start.clone();
    zero.position = Position::Page(0);
    let zero = match look(context, branch, &zero, &[]).await? {
        Look::Page(zero) => zero,
        Look::Nothing => return Ok(true),
        Look::Failed(error) => return Err(error),
        Look::NoTime => return Ok(false),
    };
    if zero.records() == 0 || zero.hash() == *hash {
        return Ok(true);
    }
    let one = match look(context, branch, start, &[]).await? {
        Look::Page(page) => page.prints,
        Look::Nothing => Vec::new(),
        Look::Failed(error) => return Err(error),
        Look::NoTime => return Ok(false),
    };
    let new = zero.prints.iter().filter(|print| !one.contains(print)).count();
    // Records may have come or changed meanwhile.
    if 2 * new <= zero.prints.len() {
        return Ok(true);
    }
    Err(bad(format!(
        "page 0 has {} records that page 1 has not: the API counts its pages from 0, and a run would leave them out. \
         Write `start: 0` in `pagination`; or `start: 1`, if page 0 is something else",
        zero.records()
    )))
}

struct Asking<'a> {
    context: &'a StreamContext,
    first: &'a FirstSeen,
    /// So many records are asked for.
    half: u64,
}

impl Asking<'_> {
    /// A page that ends in the middle of what there is has to name the next.
    async fn named(&self, next: &Address) -> Result<Led, Error> {
        let above = above(next);
        let Some(page) = self.page(0, above.as_slice()).await? else { return Ok(Led::Unasked) };
        let Some(page) = page else { return Ok(unseen(self.context, REFUSED)) };
        let facts = &page.fetched.facts;
        if facts.look(next).is_some() {
            return Ok(Led::On);
        }
        if page.records() > self.half {
            return Ok(unseen(self.context, IGNORED));
        }
        if page.records() < self.half {
            return Ok(Led::NotYet);
        }
        let there = above
            .first()
            .and_then(|above| names_at(facts.look(above)?))
            .map(|names| format!(" At {} stand: {names}.", above[0]));
        let names = page.fetched.body.as_ref().map(|body| body.names.join(", ")).unwrap_or_default();
        let body =
            if names.is_empty() { String::new() } else { format!(" The body's members are: {names}.") };
        let stand = printable(&there.unwrap_or(body), LONGEST_SHOWN);
        let (half, records) = (self.half, self.first.records);
        Err(bad(format!(
            "nothing stands at {next}, where the next page is named, although the API has more: of the {records} \
             records of the first page it sends {half} where {half} are asked for.{stand} Name the place of the next \
             page, or say `single_page: true` if the API has but one"
        )))
    }

    /// What lies after the first half has to come as the page after it.
    async fn counted(&self) -> Result<Led, Error> {
        // Rows may move meanwhile: both halves are read again before anything is said.
        for _ in 0..COMPARED {
            let Some(rest) = self.page(1, &[]).await? else { return Ok(Led::Unasked) };
            let Some(rest) = rest.filter(|rest| rest.records() > 0) else { break };
            if !matches!(self.first.start.position, Position::Offset(_)) {
                return Ok(Led::On);
            }
            let whole = look(self.context, &self.first.branch, &self.first.start, &[]).await?;
            let whole = match whole {
                Look::Page(whole) => whole,
                Look::Failed(error) => return Err(error),
                // What is refused says nothing of the pages.
                Look::Nothing => return Ok(Led::NotYet),
                Look::NoTime => return Ok(Led::Unasked),
            };
            if rest.prints.iter().all(|print| whole.prints.contains(print)) {
                return Ok(Led::On);
            }
            if whole.records() > PRINTS {
                return Ok(Led::On);
            }
        }
        match self.page(0, &[]).await? {
            None => Ok(Led::Unasked),
            Some(None) => Ok(unseen(self.context, REFUSED)),
            Some(Some(page)) if page.records() > self.half => Ok(unseen(self.context, IGNORED)),
            Some(Some(page)) if page.records() < self.half => Ok(Led::NotYet),
            Some(Some(_)) => {
                let (half, records) = (self.half, self.first.records);
                Err(bad(format!(
                    "the second page is empty, although the API has more: of the {records} records of the first page it \
                     sends {half} where {half} are asked for, and not the others where those after them are. Does the API count what `send` says, \
                     records by `type: offset` and pages by `type: page`? Say `single_page: true` if it has but one page"
                )))
            }
        }
    }

    /// The nth page of half the size; `None` without time, `Some(None)` where the API has none.
    ///
    /// # Errors
    /// Where no answer came: what was not answered is still to be asked.
    async fn page(&self, nth: u64, also: &[Address]) -> Result<Option<Option<Box<LookedAt>>>, Error> {
        let mut state = self.first.start.clone();
        state.position = match state.position {
            Position::Offset(offset) => Position::Offset(offset.saturating_add(nth * self.half)),
            Position::Page(page) => Position::Page(page.saturating_add(nth)),
            other => other,
        };
        let branch: &Branch = &self.first.branch;
        let context = self.context.with_page_size(self.half);
        Ok(match look(&context, branch, &state, also).await? {
            Look::Failed(error) => return Err(error),
            Look::NoTime => None,
            Look::Nothing => Some(None),
            Look::Page(page) => Some(Some(page)),
        })
    }
}

/// How often two halves are compared.
const COMPARED: u32 = 2;
/// So many records of a page are told apart.
const PRINTS: u64 = 1000;
const REFUSED: &str = "the API refuses a smaller page";
const IGNORED: &str = "the API ignores the size of the page that is asked for";

fn unseen(context: &StreamContext, why: &str) -> Led {
    let place = match Paginator::new(&context.stream.pagination, None).next_address() {
        Some(next) => format!("nothing stands at {next}, where the next page is named"),
        None => "the second page is empty".to_owned(),
    };
    Led::Unseen(format!(
        "no page has led to another: {place}. That it is so because there is but one page cannot be seen, as {why}. If \
         the API has more, correct `pagination`; `single_page: true` says that it has not. This is told once"
    ))
}

/// What holds the place of a member of the body.
fn above(next: &Address) -> Vec<Address> {
    let Address::Body(pointer) = next else { return Vec::new() };
    pointer.above().map(Address::Body).into_iter().collect()
}

/// The names of an object's members.
fn names_at(found: Found) -> Option<String> {
    let Found::Json(json) = found else { return None };
    let members: BTreeMap<String, &RawValue> = serde_json::from_slice(&json).ok()?;
    Some(members.into_keys().collect::<Vec<_>>().join(", "))
}

fn bad(cause: String) -> Error {
    Error::new(ErrorKind::Data, cause)
}
