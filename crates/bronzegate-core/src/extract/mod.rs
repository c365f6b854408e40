//! Extraction: what the next request is, and what a response holds.

mod asked;
mod body;
mod branch;
mod content;
mod feed;
mod fetch;
mod job;
mod notes;
mod origin;
mod pages;
mod paginator;
mod parent_values;
mod parents;
mod passing;
mod progress;
mod requests;
mod shape;
mod state;
mod stop;
mod stretch;
mod upcoming;
mod walk;
mod walk_state;

pub use asked::Asked;
pub use branch::{Branch, BranchId};
pub use feed::Feed;
pub use fetch::{FetchError, Fetched, Fetcher};
pub use origin::Origin;
pub use pages::{FirstPage, Page, Verdict, first_page};
pub use paginator::Paginator;
pub use requests::Requests;
pub use shape::PageShape;
pub use state::{Carried, JobState, PageState, Position};
pub use stop::Stop;
pub use walk::{Walk, WalkEnding};
pub use walk_state::{BranchState, NextBranch, ParentPlace, WalkState};
