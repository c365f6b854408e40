//! Paging, decided without effects: the next request, whether there is one, and what a page must look like.

mod branch;
mod page_shape;
mod page_state;
mod paginator;
mod progress;
mod requested_range;

pub(crate) use branch::{Branch, BranchId, hasher, text};
pub(crate) use page_shape::{check, check_whole, follow};
pub(crate) use page_state::{Carried, JobState, PageState, Position};
pub(crate) use paginator::Paginator;
pub(crate) use progress::{Judged, Progress};
pub(crate) use requested_range::{RequestedRange, never_comes};
