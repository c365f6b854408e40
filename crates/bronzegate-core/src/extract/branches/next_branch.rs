//! What a queue of branches comes up with.

use std::sync::Arc;

use crate::error::Error;
use crate::extract::paging::{Branch, PageState};

/// What begins next.
#[derive(Debug)]
pub(crate) enum Begin {
    /// A branch, at this state.
    Branch(Arc<Branch>, Box<PageState>),
    /// Nothing: all have begun.
    Done,
    /// Nothing: the parents' time was up, or a stop was asked for.
    Stopped {
        /// An export job of theirs was submitted.
        has_submitted: bool,
        /// An export job of theirs, which an earlier segment has submitted, goes on.
        is_waiting: bool,
    },
    /// The parents cannot be read, or the saved state does not fit.
    Failed(Error),
}
