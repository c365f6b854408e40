//! What an event leads to on an incremental stream.

use super::marks::Begun;
use crate::bronze::{CommitRecord, RunKey};
use crate::cursor::CursorState;

/// What follows the newest run of an incremental stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Due {
    /// A run.
    Run {
        /// Its key.
        key: RunKey,
        /// What it asks for.
        cursor: Box<CursorState>,
        /// What somebody should know of where it begins.
        told: Vec<String>,
    },
    /// Nothing: the run has everything that was due.
    Done(Box<CommitRecord>),
}

impl Due {
    pub(super) fn run(key: RunKey, begun: Begun) -> Self {
        Self::Run { key, cursor: Box::new(begun.cursor), told: begun.told }
    }
}
