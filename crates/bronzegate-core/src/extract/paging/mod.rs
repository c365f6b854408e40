//! Paging, decided without effects: the next request, whether there is one, and what a page must look like.

mod branch;
mod columns;
mod doubt;
mod odd_line;
mod owners;
mod page_shape;
mod page_state;
mod paginator;
mod progress;
mod requested_range;
mod seen_pages;
mod single_page;
mod unknown;

pub(crate) use branch::{Branch, BranchId, hasher, text};
pub(crate) use columns::SeenColumns;
pub(crate) use columns::TableColumns;
pub(crate) use doubt::Doubt;
pub(crate) use odd_line::odd_line;
pub(crate) use owners::{Owners, owner_of};
pub(crate) use page_shape::{PageShape, check, check_whole, follow};
pub(crate) use page_state::{Carried, JobState, PageState, Position, Tokens};
pub(crate) use paginator::Paginator;
pub(crate) use progress::{Judged, Progress};
pub(crate) use requested_range::{RequestedRange, RequestedRanges, never_comes, shown_time};
pub(crate) use seen_pages::{FirstSeen, SeenPages};
pub(crate) use single_page::{is_full, more_addresses, says_more};
