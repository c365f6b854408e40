//! `rate_limit`: how fast the API may be asked, and the headers in which it says so itself.
//!
//! ```yaml
//! rate_limit: { requests_per_second: 10, burst: 10 }
//! rate_limit: { remaining: { header: X-Left }, reset: { header: X-Reset, unit: epoch_s } }
//! rate_limit: { wait: { body: backoff, unit: seconds } }
//! ```

use schemars::JsonSchema;
use serde::Deserialize;

use super::address::{Address, header_name};
use super::problem::{Draft, Report};
use super::read::Slot;
use super::wait::{self, Wait, WaitSpec};

/// The least `requests_per_second`: about one request in twelve days. What is slower is a slip.
const SLOWEST: f64 = 1e-6;
/// The most `requests_per_second`.
const FASTEST: f64 = 1e6;
/// The most requests at once.
const LARGEST_BURST: u32 = 1_000_000;
/// The least share of a rate.
pub const LEAST_SHARE: f64 = 1e-4;

/// Returns whether a number is a share of a rate: from [`LEAST_SHARE`] to 1, which is all of it.
pub fn is_rate_share(share: f64) -> bool {
    (LEAST_SHARE..=1.0).contains(&share)
}

/// The pace of requests.
#[derive(Clone, Debug, PartialEq)]
pub struct RateLimit {
    /// Requests a second, fractions allowed; without it only the server's signals count.
    pub requests_per_second: Option<f64>,
    /// Requests that may go at once after a pause (1).
    pub burst: u32,
    /// The header that says how many requests are left; always [`Address::Header`].
    pub remaining: Option<Address>,
    /// The header (lower case) that says when the limit is reset, and how it says it.
    pub reset: Option<(String, ResetUnit)>,
    /// Where a good page says how long to wait before the next request.
    pub wait: Option<Wait>,
}

/// How a reset header is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResetUnit {
    /// Seconds from now.
    Seconds,
    /// Milliseconds from now.
    Ms,
    /// Seconds since 1970.
    EpochS,
    /// Milliseconds since 1970.
    EpochMs,
    /// An instant as ISO 8601 text.
    Iso8601,
}

impl Default for RateLimit {
    fn default() -> Self {
        Self { requests_per_second: None, burst: 1, remaining: None, reset: None, wait: None }
    }
}

/// How fast the API may be asked; at a stream it is that stream's own.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "RateLimit")]
pub(super) struct RateLimitSpec {
    /// Requests a second, fractions allowed.
    #[schemars(range(min = SLOWEST, max = FASTEST))]
    requests_per_second: Option<Slot<f64>>,
    /// Requests that may go at once after a pause; default 1.
    #[schemars(range(min = 1, max = LARGEST_BURST))]
    burst: Option<Slot<u32>>,
    /// The header that says how many requests are left.
    remaining: Option<Slot<RemainingSpec>>,
    /// The header that says when the limit is reset.
    reset: Option<Slot<ResetSpec>>,
    /// Where a good page says how long to wait before the next request.
    wait: Option<Slot<WaitSpec>>,
}

/// The header that says how many requests are left.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Remaining")]
pub(super) struct RemainingSpec {
    /// The header's name.
    header: Slot<HeaderName>,
}

/// The header that says when the limit is reset.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Reset")]
pub(super) struct ResetSpec {
    /// The header's name.
    header: Slot<HeaderName>,
    /// How its value is to be read.
    unit: Slot<ResetUnit>,
}

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String")]
struct HeaderName(String);

impl TryFrom<String> for HeaderName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        header_name(&text).map(Self).ok_or("a header's name such as X-RateLimit-Remaining")
    }
}

impl RateLimitSpec {
    /// Merges by key, the first given wins.
    pub(super) fn resolve(specs: &[&Self], report: &Report) -> RateLimit {
        let mut limit = RateLimit::default();
        for spec in specs.iter().rev() {
            spec.apply(&mut limit, report);
        }
        let burst = specs.iter().find_map(|spec| spec.burst.as_ref());
        let paced = specs.iter().any(|spec| spec.requests_per_second.is_some());
        if let Some(burst) = burst.filter(|_| !paced) {
            report.say(burst.at(), "burst needs requests_per_second beside it");
        }
        limit
    }

    fn apply(&self, limit: &mut RateLimit, report: &Report) {
        if let Some(slot) = &self.requests_per_second {
            match slot.cloned() {
                Some(rate) if (SLOWEST..=FASTEST).contains(&rate) => limit.requests_per_second = Some(rate),
                Some(rate) => {
                    report.add(slot.at(), Draft::refused("a number from 0.000001 to 1000000").value(rate));
                }
                None => {}
            }
        }
        if let Some(slot) = &self.burst {
            match slot.cloned() {
                Some(burst) if (1..=LARGEST_BURST).contains(&burst) => limit.burst = burst,
                Some(burst) => {
                    report.add(slot.at(), Draft::refused("a whole number from 1 to 1000000").value(burst));
                }
                None => {}
            }
        }
        if let Some(remaining) = self.remaining.as_ref().and_then(Slot::get) {
            limit.remaining = remaining.header.cloned().map(|name| Address::Header(name.0));
        }
        if let Some(reset) = self.reset.as_ref().and_then(Slot::get) {
            limit.reset = reset.header.cloned().map(|name| name.0).zip(reset.unit.cloned());
        }
        if let Some(slot) = &self.wait {
            limit.wait = wait::resolve(slot, report);
        }
    }
}
