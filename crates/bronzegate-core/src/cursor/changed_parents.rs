//! Which parents a run asks for, where only those are asked for that have changed: plain data of a fixed size in the
//! commit log of their children, and what the task that reads them notes meanwhile.

use std::sync::{Mutex, MutexGuard};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::branch_ranges::BranchRanges;
use super::filter::CursorFilter;
use super::state::CursorState;
use super::value::{CursorValue, NotACursor, Verbatim};
use crate::config::Incremental;

/// Which parents a run asks for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangedParents {
    /// Tells what the source file says of the parents from other files: whoever changes that asks for all again.
    pub settings: String,
    /// Whether the run asks for all of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_full: bool,
    /// When the last complete run before it was due that asked for all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub full_at: Option<Timestamp>,
    /// What is asked for, and how far the parents have been read. It has one end for all segments of the run.
    pub cursor: CursorState,
}

/// The parents that a segment asks for, as the task that reads them and the run both know them.
#[derive(Debug)]
pub(crate) struct ParentMark {
    settings: Incremental,
    state: Mutex<CursorState>,
}

impl ParentMark {
    /// The parents with these settings, read as far as a state says.
    pub(crate) fn new(settings: Incremental, state: CursorState) -> Self {
        Self { settings, state: Mutex::new(state) }
    }

    /// How far they have been read.
    pub(crate) fn state(&self) -> CursorState {
        self.locked().clone()
    }

    /// From where they are asked for; `None` at the oldest.
    pub(crate) fn begins(&self) -> Option<Timestamp> {
        self.time(self.locked().from.as_ref())
    }

    /// Up to where.
    pub(crate) fn ends(&self) -> Option<Timestamp> {
        self.time(self.locked().to.as_ref())
    }

    /// What is asked for between two bounds, and the filter for what that brings.
    ///
    /// # Errors
    /// [`NotACursor`] when a saved mark does not fit the format.
    pub(crate) fn between(
        &self,
        bounds: Option<(Verbatim, Verbatim)>,
    ) -> Result<(CursorState, BranchRanges), NotACursor> {
        let mut state = self.state();
        if let Some((from, to)) = bounds {
            (state.from, state.to) = (Some(from), Some(to));
        }
        let ranges = BranchRanges::of(&state, &self.settings)?;
        Ok((state, ranges))
    }

    /// Notes how far a filter has seen them read.
    pub(crate) fn note(&self, filter: &CursorFilter) {
        let newest = filter.newest().next().flatten();
        self.locked().newest = newest;
    }

    fn time(&self, bound: Option<&Verbatim>) -> Option<Timestamp> {
        CursorValue::of(&self.settings.format, bound?.clone()).ok()?.time()
    }

    fn locked(&self) -> MutexGuard<'_, CursorState> {
        self.state.lock().expect("no holder of this lock panics")
    }
}
