//! How long a run may take, and how it is asked to end early.

use tokio_util::sync::CancellationToken;

use crate::clock::Deadline;

/// How long a run may take. The default has no deadline and is never cancelled.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// When the run must have ended: it commits what it has before, and says `partial`.
    pub deadline: Deadline,
    /// Cancelled, it ends the run at the next page boundary: that is committed as well.
    pub stop: CancellationToken,
    /// Run, also where another event's run of the stream is in flight.
    pub beside: bool,
    /// Others had a part of the time first: a run that reads nothing in the rest is partial, and has not failed.
    pub is_late: bool,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self { deadline: Deadline::NONE, stop: CancellationToken::new(), beside: false, is_late: false }
    }
}

impl RunOptions {
    /// With a deadline.
    pub fn until(deadline: Deadline) -> Self {
        Self { deadline, ..Self::default() }
    }
}
