//! A clock that only the test moves.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bronzegate_core::clock::Clock;
use jiff::Timestamp;
use tokio::sync::watch;

use crate::bench::SCHEDULED;

/// A clock that stands still until the test moves it on; a sleep waits for that.
///
/// The core's `TestClock` moves on with every sleep, also with one that a race would have lost. Where a run
/// waits for the first of two, time must pass because the test says so.
#[derive(Debug)]
pub struct ManualClock {
    start: Timestamp,
    passed: watch::Sender<Duration>,
}

impl ManualClock {
    /// Makes a clock that stands at the bench's scheduled time.
    ///
    /// # Panics
    /// Never: the scheduled time is a time.
    pub fn new() -> Arc<Self> {
        let start = SCHEDULED.parse().expect("a time");
        Arc::new(Self { start, passed: watch::Sender::new(Duration::ZERO) })
    }

    /// Moves the clock on.
    pub fn advance(&self, time: Duration) {
        self.passed.send_modify(|passed| *passed += time);
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.start + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        *self.passed.borrow()
    }

    async fn sleep(&self, time: Duration) {
        let until = self.elapsed() + time;
        // The sender lives as long as the clock.
        let _ = self.passed.subscribe().wait_for(|passed| *passed >= until).await;
    }
}
