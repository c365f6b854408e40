//! Extraction: what the next request is, what its answer holds, and which branches a stream has.
//!
//! - `paging` decides without effects: the next request, whether there is one, what a page must look like.
//! - `page` asks for one page and reads it: requests, attempts, content, export jobs.
//! - `branches` reads all pages of a stream: partitions and parents, several at a time.

mod branches;
mod page;
mod paging;

pub(crate) use branches::{BranchQueue, Led, StreamPages, StreamState, holds_secret, only_page, page_zero};
#[cfg(test)]
pub(crate) use branches::{BranchState, NextBranch};
pub(crate) use page::{
    Fetched, Fetcher, Jobs, Look, Page, PageDecision, PageEvent, Requests, StreamContext, judge, look,
    record_channel,
};
pub(crate) use paging::TableColumns;
pub(crate) use paging::{
    Branch, BranchId, Carried, FirstSeen, JobState, PageState, Paginator, Position, Progress, RequestedRange,
    RequestedRanges, SeenColumns, is_full, never_comes, owner_of, says_more, shown_time,
};
