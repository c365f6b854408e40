//! Extraction: what the next request is, what its answer holds, and which branches a stream has.
//!
//! - `paging` decides without effects: the next request, whether there is one, what a page must look like.
//! - `page` asks for one page and reads it: requests, attempts, content, export jobs.
//! - `branches` reads all pages of a stream: partitions and parents, several at a time.

mod branches;
mod page;
mod paging;

#[cfg(test)]
pub(crate) use branches::{BranchState, NextBranch};
pub(crate) use branches::{
    FirstPage, Page, PageDecision, StreamEnding, StreamPages, StreamState, first_page,
};
pub(crate) use page::{Fetched, Fetcher, PageEvent, StreamContext};
pub(crate) use paging::{Branch, Paginator, RequestedRange};
#[cfg(test)]
pub(crate) use paging::{BranchId, PageState, Position};
