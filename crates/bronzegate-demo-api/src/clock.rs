//! The only place of this crate that reads a clock or waits.
//!
//! Everything that decides (rate windows, token expiry) takes the time as an argument, so tests
//! pass whatever instant they like.

use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

/// Tells a server the time: the machine's, or that of the test which also moves its client's.
#[derive(Clone, Default)]
pub(crate) struct Time(Option<Given>);

/// Another clock, and the machine's time when the server got it.
#[derive(Clone)]
struct Given {
    wall: Arc<dyn Fn() -> Duration + Send + Sync>,
    start: Duration,
    at: Instant,
}

impl Time {
    /// Takes the time since the Unix epoch from `wall`, which must not go back.
    pub(crate) fn given(wall: Arc<dyn Fn() -> Duration + Send + Sync>) -> Self {
        let start = wall();
        Self(Some(Given { wall, start, at: now() }))
    }

    /// The monotonic time.
    pub(crate) fn now(&self) -> Instant {
        self.0.as_ref().map_or_else(now, |given| given.at + (given.wall)().saturating_sub(given.start))
    }

    /// The time since the Unix epoch, if it is another clock's.
    pub(crate) fn moved(&self) -> Option<Duration> {
        self.0.as_ref().map(|given| (given.wall)())
    }

    /// The time since the Unix epoch.
    pub(crate) fn wall(&self) -> Duration {
        self.0.as_ref().map_or_else(wall, |given| (given.wall)())
    }
}

impl fmt::Debug for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0.is_some() { "Time(given)" } else { "Time(the machine's)" })
    }
}

/// Reads the monotonic clock.
#[expect(clippy::disallowed_methods, reason = "this file is the crate's clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Reads the wall clock, as time since the Unix epoch.
#[expect(clippy::disallowed_methods, reason = "this file is the crate's clock")]
fn wall() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Starts a wait of `pause`.
#[expect(clippy::disallowed_methods, reason = "this file is the crate's clock")]
pub(crate) fn sleep(pause: Duration) -> tokio::time::Sleep {
    tokio::time::sleep(pause)
}
