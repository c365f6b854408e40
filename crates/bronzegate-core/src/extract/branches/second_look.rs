//! The end of a branch, looked at again where the page that tells it may be wrong.

use crate::config::{Advance, Kind};
use crate::error::{Error, ErrorKind};
use crate::extract::page::{Fetched, Look, StreamContext, look};
use crate::extract::paging::{Branch, Doubt, PageState, Position, Progress};

/// What a second look has shown.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum SecondLook {
    /// The pages end here.
    End,
    /// They go on at the state's position.
    GoesOn,
    /// There was no time to look.
    NoTime,
}

/// How often the same page is asked for again.
const AGAIN: u32 = 2;

/// Looks again, where there is doubt, at a page that is to be the last.
///
/// # Errors
/// [`ErrorKind::Data`] where there are more records, and no way to them.
pub(super) async fn second_look(
    context: &StreamContext,
    branch: &Branch,
    progress: &mut Progress<'_>,
    fetched: &Fetched,
) -> Result<SecondLook, Error> {
    let records = fetched.body.as_ref().map(|body| body.records);
    let known = (branch.label().is_some(), context.seen.leads_on());
    let looking = Looking { context, branch };
    match progress.doubt(records, &fetched.facts, known) {
        None => Ok(SecondLook::End),
        Some(Doubt::Empty { behind: None }) => looking.again(progress, None).await,
        Some(Doubt::Empty { behind: Some(behind) }) => {
            match looking.new_records(progress, &behind, true).await? {
                None => Ok(SecondLook::NoTime),
                // The first page of all is empty wherever nothing is new.
                Some(0) if progress.state.records == 0 => Ok(SecondLook::End),
                Some(0) => looking.again(progress, None).await,
                Some(records) => looking.again(progress, Some((&behind, records))).await,
            }
        }
        // An API may refuse what lies after its last page in any way.
        Some(Doubt::Stated { behind }) => match looking.new_records(progress, &behind, false).await? {
            None => Ok(SecondLook::NoTime),
            Some(0) => Ok(SecondLook::End),
            Some(_) => {
                let stated = progress.state.total_pages.unwrap_or_default();
                context.seen.warn("pages", || {
                    format!(
                        "the API states {stated} pages, and there are more: pages are asked for up to the first that is \
                         empty. Leave `total_pages` out if its number is not up to date"
                    )
                });
                progress.exceeds_stated_pages(behind);
                Ok(SecondLook::GoesOn)
            }
        },
        Some(Doubt::Unnamed) => looking.in_half(progress, records.unwrap_or_default()).await,
    }
}

/// Asks once more for a page without records, by which an error would be: `None` where it has some now.
pub(super) async fn instead_of(
    error: Error,
    context: &StreamContext,
    branch: &Branch,
    progress: &mut Progress<'_>,
) -> Result<SecondLook, Error> {
    match (Looking { context, branch }).again(progress, None).await? {
        SecondLook::End => Err(error),
        other => Ok(other),
    }
}

struct Looking<'a> {
    context: &'a StreamContext,
    branch: &'a Branch,
}

impl Looking<'_> {
    /// How many records a page has that is none of those before it; `None` where there is no time to look. One that
    /// `must_come` and does not is an error.
    async fn new_records(
        &self,
        progress: &Progress<'_>,
        at: &Position,
        must_come: bool,
    ) -> Result<Option<u64>, Error> {
        let mut state = progress.state.clone();
        state.position = at.clone();
        Ok(match look(self.context, self.branch, &state, &[]).await? {
            Look::NoTime => None,
            // One that was not let in now has not been looked at, wherever it lies.
            Look::Failed(error) if must_come || error.is_quota() => return Err(error),
            Look::Nothing | Look::Failed(_) => Some(0),
            Look::Page(page) if progress.knows(page.hash()) => Some(0),
            Look::Page(page) => Some(page.records()),
        })
    }

    /// Asks for an empty page again; `after` it is one that has records.
    async fn again(
        &self,
        progress: &mut Progress<'_>,
        behind: Option<(&Position, u64)>,
    ) -> Result<SecondLook, Error> {
        for attempt in 0..AGAIN {
            if attempt > 0 {
                self.context.fetcher.client().clock().sleep(self.context.stream.retry.base).await;
            }
            if !progress.may_look_again() {
                break;
            }
            match self.new_records(progress, &progress.state.position.clone(), true).await? {
                None => return Ok(SecondLook::NoTime),
                Some(0) if behind.is_none() => return Ok(SecondLook::End),
                Some(0) => {}
                Some(_) => {
                    tracing::warn!(stream = self.context.name(), "a page was empty, and is not any more");
                    return Ok(SecondLook::GoesOn);
                }
            }
        }
        let Some((position, records)) = behind else { return Ok(SecondLook::End) };
        let [here, there] = [&progress.state.position, position].map(Position::shown);
        Err(bad(format!(
            "there are no records at {}, and {records} at {}, which lies after it: the API leaves some out, and \
             an empty page is no end here",
            here.unwrap_or_default(),
            there.unwrap_or_default()
        )))
    }

    /// Asks for the last page in half: a next page must be named then.
    async fn in_half(&self, progress: &Progress<'_>, records: u64) -> Result<SecondLook, Error> {
        let next = progress.next_address().expect("where pages name the next one");
        let half = records / 2;
        if half > 0 && self.context.stream.pagination.sends_size() {
            let context = self.context.with_page_size(half);
            match look(&context, self.branch, &progress.state, &[]).await? {
                Look::NoTime => return Ok(SecondLook::NoTime),
                Look::Page(page) if page.fetched.facts.look(&next).is_some() => return Ok(SecondLook::End),
                Look::Page(page) if page.records() == half => {
                    let before = if progress.state.pages > 1 {
                        "pages before this one"
                    } else {
                        "pages of other branches or runs"
                    };
                    return Err(bad(format!(
                        "nothing stands at {next}, where the next page is named, although {before} named theirs \
                         there and the API has more: of this page's {records} records it sends {half} where \
                         {half} are asked for, and names no next page then either"
                    )));
                }
                // An answer that did not come proves nothing, not even that there is none.
                Look::Failed(error) => return Err(error),
                Look::Page(_) | Look::Nothing => {}
            }
        }
        self.context.seen.lacks();
        self.context.seen.warn("unnamed", || {
            format!(
                "the last page has as many records as those before it, {records}, and nothing at {next}: nothing proves \
                 that there are no more. `total`, or a condition of `stop`, would"
            )
        });
        Ok(SecondLook::End)
    }
}

/// Asks once more for a page without records that lies within the stated number of pages, although it is no end.
pub(super) async fn empty_within(
    context: &StreamContext,
    branch: &Branch,
    progress: &mut Progress<'_>,
    at: Position,
) -> Result<SecondLook, Error> {
    let behind = std::mem::replace(&mut progress.state.position, at);
    let looked = (Looking { context, branch }).again(progress, None).await?;
    if looked == SecondLook::End {
        // It is as empty as it was.
        progress.state.position = behind;
    }
    Ok(looked)
}

/// Looks whether a page that is shorter than what was asked for hides rows, or was cut by the server: an offset that
/// advances by what was asked for would leave out what was cut. `false` where there is no time to look.
///
/// # Errors
/// [`ErrorKind::Data`] where rows stand after the page that are not on it.
pub(super) async fn hides_rows(
    context: &StreamContext,
    branch: &Branch,
    (at, state): (u64, &PageState),
    fetched: &Fetched,
) -> Result<bool, Error> {
    let pagination = &context.stream.pagination;
    let (Kind::Offset { advance: Advance::Requested, .. }, Some(size)) =
        (&pagination.kind, pagination.page_size.as_ref().filter(|_| pagination.sends_size()))
    else {
        return Ok(true);
    };
    let is_short =
        |page: &Fetched| page.body.as_ref().map(|body| body.records).filter(|records| *records < size.value);
    let Some(mut records) = is_short(fetched).filter(|records| *records > 0) else { return Ok(true) };
    if state.total.is_none_or(|total| total < at.saturating_add(size.value))
        || !context.seen.is_first("short")
    {
        return Ok(true);
    }
    let page = async |offset: u64, size: u64| {
        let state = PageState { position: Position::Offset(offset), ..state.clone() };
        look(&context.with_page_size(size), branch, &state, &[]).await
    };
    let mut last = fetched.facts.last_record.clone();
    // Rows may move meanwhile: both are read again before anything is said.
    for _ in 0..CUT_AGAIN {
        let rest = match page(at.saturating_add(records), size.value - records).await? {
            Look::Page(rest) => rest,
            Look::Nothing => return Ok(true),
            Look::Failed(error) => return Err(error),
            Look::NoTime => return Ok(false),
        };
        if rest.records() == 0 || rest.fetched.facts.last_record == last {
            return Ok(true);
        }
        let again = match page(at, size.value).await? {
            Look::Page(again) => again,
            Look::Nothing => return Ok(true),
            Look::Failed(error) => return Err(error),
            Look::NoTime => return Ok(false),
        };
        match is_short(&again.fetched) {
            Some(still) => (records, last) = (still, again.fetched.facts.last_record),
            None => return Ok(true),
        }
    }
    Err(bad(format!(
        "the page has {records} records where {} were asked for, and others stand right after them: the API lowers the \
         size of its pages, and with `advance: requested` what it leaves out would be skipped. Write `value: \
         {records}` in `page_size`",
        size.value
    )))
}

/// How often a page that may be cut is looked at.
const CUT_AGAIN: u32 = 3;

fn bad(cause: String) -> Error {
    Error::new(ErrorKind::Data, cause)
}
