//! The only place of this crate that reads a clock or waits.
//!
//! Everything that decides (rate windows, token expiry) takes the time as an argument, so tests
//! pass whatever instant they like.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Reads the monotonic clock.
#[expect(clippy::disallowed_methods, reason = "this file is the crate's clock")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// Reads the wall clock, as time since the Unix epoch.
#[expect(clippy::disallowed_methods, reason = "this file is the crate's clock")]
pub(crate) fn wall() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Starts a wait of `pause`.
#[expect(clippy::disallowed_methods, reason = "this file is the crate's clock")]
pub(crate) fn sleep(pause: Duration) -> tokio::time::Sleep {
    tokio::time::sleep(pause)
}
