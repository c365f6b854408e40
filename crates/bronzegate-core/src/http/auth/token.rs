//! A token, and how long it is used.

use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::cookies::Cookies;

/// A token is renewed this long before it expires, or after nine tenths of a shorter life.
const MARGIN: Duration = Duration::from_mins(1);

/// A token, and what came with it.
pub(super) struct Token {
    pub(super) value: SecretString,
    /// The cookies instead.
    pub(super) cookies: Option<Cookies>,
    /// How long it may be used, already shortened by a margin.
    pub(super) lifetime: Option<Duration>,
    /// The API's base URL.
    pub(super) base: Option<Url>,
}

/// A token's life without the margin at its end.
pub(super) fn shortened(life: Duration) -> Duration {
    life.saturating_sub(MARGIN).max(life.mul_f64(0.9).min(MARGIN))
}
