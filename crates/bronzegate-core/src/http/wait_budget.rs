//! How long a request may wait: until the run's deadline, or for as long as its retry budget.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

use crate::clock::{Clock, Deadline, later};

/// A wait that would be too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TooLong {
    /// It would pass the run's deadline: the segment ends here.
    Deadline,
    /// There is no deadline, and the wait is longer than the retry budget.
    Budget {
        /// When the API would take requests again.
        until: Timestamp,
    },
}

/// What a run's requests may wait for.
#[derive(Clone, Debug)]
pub(crate) struct WaitBudget {
    clock: Arc<dyn Clock>,
    deadline: Deadline,
    /// Watched, because a page that arrives makes the time left shorter.
    has_page: Arc<watch::Sender<bool>>,
    counts: bool,
}

impl WaitBudget {
    /// Until the deadline.
    pub(crate) fn new(clock: Arc<dyn Clock>, deadline: Deadline) -> Self {
        Self { clock, deadline, has_page: Arc::new(watch::Sender::new(false)), counts: true }
    }

    /// The same for pages that are not committed themselves: those of parents.
    #[must_use]
    pub(crate) fn for_parents(&self) -> Self {
        Self { counts: false, ..self.clone() }
    }

    /// The run has a page it can commit. Until then it may use the time kept for committing,
    /// because a segment without a page is lost time.
    pub(crate) fn page_arrived(&self) {
        if self.counts {
            self.has_something();
        }
    }

    /// The run has something else to commit, such as the id of an export job: of parents too.
    pub(crate) fn has_something(&self) {
        self.has_page.send_if_modified(|has_page| !std::mem::replace(has_page, true));
    }

    /// Whether the run has a page it can commit.
    pub(crate) fn has_page(&self) -> bool {
        *self.has_page.borrow()
    }

    /// Time left for requests; `None` without a deadline.
    pub(crate) fn left(&self) -> Option<Duration> {
        if self.has_page() {
            self.deadline.left_to_fetch(&*self.clock)
        } else {
            self.deadline.left(&*self.clock)
        }
    }

    /// Waits until no time is left for requests, also where a page that arrives meanwhile makes it shorter;
    /// for ever without a deadline.
    pub(crate) async fn time_up(&self) {
        let mut has_page = self.has_page.subscribe();
        while let Some(left) = self.left() {
            tokio::select! {
                biased;
                Ok(()) = has_page.changed() => {}
                () = self.clock.sleep(left) => return,
            }
        }
        std::future::pending::<()>().await;
    }

    /// How long a request that is on its way may still take when time is up; `None` without a deadline. Half
    /// of what is kept for committing stays.
    pub(crate) fn grace(&self) -> Option<Duration> {
        self.deadline.left(&*self.clock).map(|left| left / 2)
    }

    /// Time left before what the run has is to be committed; none without a deadline.
    pub(crate) fn left_to_fetch(&self) -> Duration {
        self.deadline.left_to_fetch(&*self.clock).unwrap_or_default()
    }

    /// Whether the server may make a request wait so long.
    pub(crate) fn allows(&self, wait: Duration, budget: Duration) -> Result<(), TooLong> {
        match self.left() {
            Some(left) if wait >= left => Err(TooLong::Deadline),
            None if wait > budget => Err(TooLong::Budget { until: later(self.clock.now(), wait) }),
            _ => Ok(()),
        }
    }
}
