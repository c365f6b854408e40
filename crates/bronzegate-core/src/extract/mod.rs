//! Extraction: what the next request is, and what a response holds.

mod asked;
mod content;
mod feed;
mod fetch;
mod job;
mod pages;
mod paginator;
mod progress;
mod requests;
mod state;

pub use asked::Asked;
pub use feed::Feed;
pub use fetch::{FetchError, Fetched, Fetcher};
pub use pages::{Ending, Page, Pages, Stop, Verdict, first_page};
pub use paginator::Paginator;
pub use requests::Requests;
pub use state::{Carried, JobState, PageState, Position};
