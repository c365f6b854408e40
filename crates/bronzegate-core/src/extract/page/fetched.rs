//! What a fetch comes to.

use super::record_channel::Gone;
use crate::error::Error;
use crate::formats::PageBody;
use crate::http::Facts;

/// A page that has come.
#[derive(Debug)]
pub(crate) struct Fetched {
    /// What rules and paginators look at.
    pub facts: Facts,
    /// The body's records and shape; `None` where the response says that there are no more pages.
    pub body: Option<PageBody>,
    /// A rule says so by the status alone.
    pub by_status: bool,
}

/// Why a page did not come.
#[derive(Debug)]
pub(crate) enum FetchError {
    /// The run's time is up; the page may be asked for again in the next segment.
    OutOfTime,
    /// The page is not wanted any more.
    Unwanted,
    /// A rule says that the branch is left out, and why.
    Skipped(String),
    /// The response, this one, says that its window holds more than the API gives out.
    TooLarge(Box<Fetched>),
    /// It failed.
    Failed(Error),
}

impl From<Gone> for FetchError {
    fn from(_: Gone) -> Self {
        Self::Unwanted
    }
}
