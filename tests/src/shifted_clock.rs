//! The machine's clock at another time of the day or year.

use std::time::Duration;

use async_trait::async_trait;
use bronzegate_core::clock::{Clock, SystemClock};
use jiff::{SignedDuration, Timestamp};

/// A clock that goes as the machine's does, and shows another time.
#[derive(Debug, Default)]
pub struct ShiftedClock {
    clock: SystemClock,
    by: SignedDuration,
}

impl ShiftedClock {
    /// So much later than the machine's.
    pub fn by(by: SignedDuration) -> Self {
        Self { by, ..Self::default() }
    }

    /// One that begins at a time.
    ///
    /// # Panics
    /// When the text is not a time.
    pub fn at(time: &str) -> Self {
        let time: Timestamp = time.parse().expect("a time");
        Self::by(time.duration_since(SystemClock::default().now()))
    }
}

#[async_trait]
impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        self.clock.now() + self.by
    }

    fn elapsed(&self) -> Duration {
        self.clock.elapsed()
    }

    async fn sleep(&self, time: Duration) {
        self.clock.sleep(time).await;
    }
}
