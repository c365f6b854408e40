//! Time: the only file that asks the machine for it.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use jiff::Timestamp;

/// Tells the time and waits.
///
/// `elapsed` never goes back and counts from some fixed point of the clock's own; `now` is the
/// wall clock. `sleep` returns once `elapsed` has grown by at least the given time.
#[async_trait]
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The wall clock.
    fn now(&self) -> Timestamp;
    /// Monotonic time since this clock's own beginning.
    fn elapsed(&self) -> Duration;
    /// Waits.
    async fn sleep(&self, time: Duration);
    /// Waits beside work that takes its own time: a clock that is moved on by those who sleep is not moved by this.
    async fn beside(&self, time: Duration) {
        self.sleep(time).await;
    }
}

/// The machine's clock.
#[derive(Debug)]
pub struct SystemClock {
    beginning: Instant,
}

impl Default for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this file is where time comes from")]
    fn default() -> Self {
        Self { beginning: Instant::now() }
    }
}

#[async_trait]
impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this file is where time comes from")]
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    fn elapsed(&self) -> Duration {
        self.beginning.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "this file is where time comes from")]
    async fn sleep(&self, time: Duration) {
        tokio::time::sleep(time).await;
    }
}

/// A clock for tests: it stands still, and a sleep moves it on at once.
#[derive(Debug)]
pub struct TestClock {
    start: Timestamp,
    passed: Mutex<Duration>,
}

impl TestClock {
    /// Makes a clock that stands at `start`.
    pub fn at(start: Timestamp) -> Self {
        Self { start, passed: Mutex::new(Duration::ZERO) }
    }

    /// Moves the clock on.
    pub fn advance(&self, time: Duration) {
        let mut passed = self.passed.lock().expect("no holder of this lock panics");
        *passed = passed.saturating_add(time);
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        later(self.start, self.elapsed())
    }

    fn elapsed(&self) -> Duration {
        *self.passed.lock().expect("no holder of this lock panics")
    }

    async fn sleep(&self, time: Duration) {
        self.advance(time);
        tokio::task::yield_now().await;
    }

    async fn beside(&self, _: Duration) {
        std::future::pending::<()>().await;
    }
}

/// The instant so long after another; the last there is where it would lie beyond. How long may be what a server
/// says, so it is bounded by nothing.
pub fn later(instant: Timestamp, wait: Duration) -> Timestamp {
    instant.checked_add(wait).unwrap_or(Timestamp::MAX)
}

/// The time a run was given, and the part of it kept back for committing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Deadline(Option<Limits>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Limits {
    stop_fetching: Duration,
    end: Duration,
}

/// The most that is kept back for committing, whatever time a run was given.
const LONGEST_RESERVE: Duration = Duration::from_mins(1);

impl Deadline {
    /// No deadline: the run takes the time it needs.
    pub const NONE: Self = Self(None);

    /// A deadline `given` from now; a fifth of it, at most 60 s, is kept for committing.
    pub fn within(clock: &dyn Clock, given: Duration) -> Self {
        let end = clock.elapsed().saturating_add(given);
        Self(Some(Limits { stop_fetching: end.saturating_sub((given / 5).min(LONGEST_RESERVE)), end }))
    }

    /// Time left for fetching; `None` without a deadline.
    pub fn left_to_fetch(self, clock: &dyn Clock) -> Option<Duration> {
        self.0.map(|limits| limits.stop_fetching.saturating_sub(clock.elapsed()))
    }

    /// Time left before the platform stops the process; `None` without a deadline.
    pub fn left(self, clock: &dyn Clock) -> Option<Duration> {
        self.0.map(|limits| limits.end.saturating_sub(clock.elapsed()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_a_fifth_and_at_most_a_minute_for_committing() {
        let clock = TestClock::at(Timestamp::UNIX_EPOCH);
        for (given, fetch) in [(10, 8), (300, 240), (900, 840)] {
            let deadline = Deadline::within(&clock, Duration::from_secs(given));
            assert_eq!(deadline.left_to_fetch(&clock), Some(Duration::from_secs(fetch)));
            assert_eq!(deadline.left(&clock), Some(Duration::from_secs(given)));
        }
        assert_eq!(Deadline::NONE.left_to_fetch(&clock), None);
    }

    #[test]
    fn a_wait_beyond_the_end_of_time_ends_there() {
        const BEYOND: Duration = Duration::from_hours(24 * 366 * 9_000);
        let clock = TestClock::at("2026-11-22T17:00:00Z".parse().unwrap());
        clock.advance(Duration::from_secs(5));
        for wait in [BEYOND, Duration::MAX] {
            assert_eq!(later(clock.now(), wait), Timestamp::MAX);
            assert!(Deadline::within(&clock, wait).left(&clock).is_some_and(|left| left <= wait));
        }
        clock.advance(Duration::MAX);
        assert_eq!((clock.now(), clock.elapsed()), (Timestamp::MAX, Duration::MAX));
    }

    #[tokio::test]
    async fn a_test_clock_moves_on_by_what_is_slept() {
        let clock = TestClock::at(Timestamp::UNIX_EPOCH);
        clock.sleep(Duration::from_millis(1500)).await;
        assert_eq!(clock.now().as_millisecond(), 1500);
    }
}
