//! The limit of a stream and the vendor's way of announcing it.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;

/// Limits a stream to so many requests in a window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Requests a window.
    pub requests: u32,
    /// The window's length.
    #[serde(with = "crate::duration")]
    pub per: Duration,
    /// How it is announced.
    pub dialect: Dialect,
    /// How the window moves.
    #[serde(default)]
    pub window: Window,
    /// What a refusal is, where it is not what the dialect and the style make it.
    #[serde(default)]
    pub refusal: Option<Refusal>,
}

/// A refusal of a vendor's own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refusal {
    /// The status.
    pub status: u16,
    /// The JSON body.
    pub body: Value,
}

impl RateLimit {
    /// Limits requests in fixed windows, each opened by the first request after the last one.
    pub fn new(requests: u32, per: Duration, dialect: Dialect) -> Self {
        Self { requests, per, dialect, window: Window::Fixed, refusal: None }
    }

    /// Looks back over the window from every request instead.
    #[must_use]
    pub fn sliding(mut self) -> Self {
        self.window = Window::Sliding;
        self
    }
}

/// Names how a rate window moves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// Opened by a request, closed after its length.
    #[default]
    Fixed,
    /// Always the time just passed.
    Sliding,
}

/// Names how a limit is announced; only what is said here is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Dialect {
    /// 429 with `Retry-After: 3`.
    RetryAfterSeconds,
    /// 429 with `Retry-After: 2.0`.
    RetryAfterDecimal,
    /// 429 with `Retry-After` as an HTTP-date.
    RetryAfterDate,
    /// `RateLimit-Limit`, `-Remaining` and `-Reset` (seconds) on every response; 429.
    RateLimitHeaders,
    /// `X-RateLimit-*` with the reset in epoch seconds; 429.
    XRateLimitEpoch,
    /// `X-RateLimit-*` with the reset as an ISO-8601 text; 429.
    XRateLimitIso,
    /// `X-RateLimit-*` with the reset in seconds left; 429.
    XRateLimitSeconds,
    /// `x-ratelimit-*` with the reset in epoch seconds; 403 with `retry-after`.
    #[serde(rename = "github_403")]
    GitHub403,
    /// `X-HubSpot-RateLimit-*`; 429 without `Retry-After`.
    #[serde(rename = "hubspot")]
    HubSpot,
    /// `X-Shopify-Shop-Api-Call-Limit: 32/40`; 429 with `Retry-After: 2.0`.
    ShopifyCallLimit,
    /// `X-RateLimit-*` with an ISO-8601 reset; 429 with `Retry-After` too.
    Jira,
    /// An error inside a 200, without headers (Slack's `ok: false`, GraphQL's THROTTLED).
    InBody,
    /// Named headers on every response; 429.
    Custom {
        /// The header with the requests left.
        remaining_header: String,
        /// The header with the reset.
        reset_header: String,
        /// What the reset is written in.
        unit: ResetUnit,
    },
    /// Any selection of headers, each under the vendor's name; 429, with `Retry-After` if it is said.
    Named {
        /// The header with the limit.
        #[serde(default)]
        limit: Option<String>,
        /// Headers with the requests left; of several limits the first is this one, the others have plenty.
        #[serde(default)]
        remaining: Vec<String>,
        /// The header with the reset, and what it is written in.
        #[serde(default)]
        reset: Option<(String, ResetUnit)>,
        /// Whether a refusal has `Retry-After` in seconds.
        retry_after: bool,
    },
}

/// Names how a reset is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResetUnit {
    /// Seconds left.
    Seconds,
    /// Milliseconds left.
    Ms,
    /// Seconds since the epoch.
    EpochS,
    /// Milliseconds since the epoch.
    EpochMs,
    /// A text such as `2026-11-22T17:00:00Z`.
    Iso8601,
}
