//! What became of an event: its reports, or a backfill's windows for somebody else to run.

use serde::Serialize;

use crate::report::{RunReport, Status};
use crate::window::TimeWindow;

/// What became of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Its runs.
    Runs {
        /// A report a stream, or a window, in their order.
        reports: Vec<RunReport>,
        /// The windows of a backfill that were not run.
        windows: NotRun,
    },
    /// The windows that were asked for.
    Windows(WindowList),
}

/// How many windows of a backfill were not run, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotRun {
    /// There was no time for them, or one failed as they would: the same event again continues with them.
    pub left: usize,
    /// They are committed already.
    pub committed: usize,
    /// They are not over. No event can load them before they are, so they do not make an answer partial:
    /// whoever repeats what is partial would do so until then.
    pub not_over: usize,
}

/// The windows of a backfill, for somebody else to run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WindowList {
    /// How many they are.
    pub count: usize,
    /// How many further windows are not over, and therefore not in the list.
    pub not_over: usize,
    /// The revision of all of them.
    pub revision: u32,
    /// Each worker's share of the source's rate limit.
    pub rate_share: f64,
    /// The windows, from the oldest to the newest.
    pub windows: Vec<TimeWindow>,
    /// What somebody should know before they are run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl Answer {
    /// How the event ended as a whole. A partial run makes it partial even if others failed, since the same event
    /// again resumes the one and tries the others. Else it is failed if anything did, and partial if windows are left.
    pub fn status(&self) -> Status {
        let Self::Runs { reports, windows } = self else { return Status::Complete };
        let any = |status| reports.iter().any(|report| report.status == status);
        if any(Status::Partial) {
            Status::Partial
        } else if any(Status::Failed) {
            Status::Failed
        } else if windows.left > 0 {
            Status::Partial
        } else if any(Status::Complete) {
            Status::Complete
        } else if any(Status::AlreadyCommitted) || windows.committed > 0 {
            Status::AlreadyCommitted
        } else if any(Status::Skipped) {
            Status::Skipped
        } else {
            Status::Complete
        }
    }
}
