//! Writes a limit's state in the header dialects of the vendors.

use super::{
    limit::{Dialect, RateLimit, ResetUnit},
    window::Verdict,
};
use crate::{
    calendar::{http_date, rfc3339},
    serve::Headers,
};
use std::time::Duration;

/// The headers of a response, granted or refused; `wall` is the time since the epoch.
pub(crate) fn headers(limit: &RateLimit, verdict: Verdict, wall: Duration) -> Headers {
    let mut to = Headers::default();
    let refused = !verdict.granted;
    let mut reset = |names: [&str; 3], unit| {
        to.push(names[0], &limit.requests);
        to.push(names[1], &verdict.remaining);
        to.push(names[2], &written(unit, verdict.reset, wall));
    };
    match &limit.dialect {
        Dialect::RateLimitHeaders => reset(IETF, ResetUnit::Seconds),
        Dialect::XRateLimitEpoch | Dialect::GitHub403 => reset(COMMON, ResetUnit::EpochS),
        Dialect::XRateLimitIso | Dialect::Jira => reset(COMMON, ResetUnit::Iso8601),
        Dialect::XRateLimitSeconds => reset(COMMON, ResetUnit::Seconds),
        Dialect::HubSpot => {
            to.push("x-hubspot-ratelimit-max", &limit.requests);
            to.push("x-hubspot-ratelimit-remaining", &verdict.remaining);
            let window = limit.per.as_millis();
            to.push("x-hubspot-ratelimit-interval-milliseconds", &window);
        }
        Dialect::ShopifyCallLimit => {
            let used = limit.requests - verdict.remaining;
            let text = format!("{used}/{}", limit.requests);
            to.push("x-shopify-shop-api-call-limit", &text);
        }
        Dialect::Custom { remaining_header, reset_header, unit } => {
            to.push(remaining_header, &verdict.remaining);
            to.push(reset_header, &written(*unit, verdict.reset, wall));
        }
        Dialect::Named { limit: most, remaining, reset, .. } => {
            if let Some(name) = most {
                to.push(name, &limit.requests);
            }
            for (nth, name) in remaining.iter().enumerate() {
                let plenty = verdict.remaining.saturating_add(1_000);
                to.push(name, if nth == 0 { &verdict.remaining } else { &plenty });
            }
            if let Some((name, unit)) = reset {
                to.push(name, &written(*unit, verdict.reset, wall));
            }
        }
        Dialect::RetryAfterSeconds
        | Dialect::RetryAfterDecimal
        | Dialect::RetryAfterDate
        | Dialect::InBody => {}
    }
    if refused && let Some(wait) = retry_after(&limit.dialect, verdict.reset, wall) {
        to.push("retry-after", &wait);
    }
    to
}

/// The status of a refusal.
pub(crate) fn refusal_status(dialect: &Dialect) -> u16 {
    match dialect {
        Dialect::GitHub403 => 403,
        Dialect::InBody => 200,
        _ => 429,
    }
}

const IETF: [&str; 3] = ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"];
const COMMON: [&str; 3] = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset"];

fn retry_after(dialect: &Dialect, reset: Duration, wall: Duration) -> Option<String> {
    match dialect {
        Dialect::RetryAfterSeconds
        | Dialect::GitHub403
        | Dialect::Jira
        | Dialect::Named { retry_after: true, .. } => Some(seconds_up(reset).to_string()),
        Dialect::RetryAfterDecimal | Dialect::ShopifyCallLimit => {
            Some(format!("{:.1}", (reset.as_secs_f64() * 10.0).ceil() / 10.0))
        }
        Dialect::RetryAfterDate => Some(http_date(seconds_up(wall + reset))),
        _ => None,
    }
}

fn written(unit: ResetUnit, reset: Duration, wall: Duration) -> String {
    match unit {
        ResetUnit::Seconds => seconds_up(reset).to_string(),
        ResetUnit::Ms => (reset.as_micros().div_ceil(1_000)).to_string(),
        ResetUnit::EpochS => seconds_up(wall + reset).to_string(),
        ResetUnit::EpochMs => (wall + reset).as_micros().div_ceil(1_000).to_string(),
        ResetUnit::Iso8601 => rfc3339(seconds_up(wall + reset)),
    }
}

/// Rounds up, so that a client that waits as told is never early.
fn seconds_up(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn announced(dialect: Dialect, granted: bool) -> String {
        let limit = RateLimit::new(40, Duration::from_secs(10), dialect);
        let verdict =
            Verdict { granted, remaining: if granted { 8 } else { 0 }, reset: Duration::from_millis(1_950) };
        let wall = Duration::from_millis(1_795_366_800_500);
        headers(&limit, verdict, wall).to_string()
    }

    #[test]
    fn refusals_speak_each_vendors_dialect() {
        let custom = Dialect::Custom {
            remaining_header: "x-left".into(),
            reset_header: "x-back".into(),
            unit: ResetUnit::EpochMs,
        };
        let named = Dialect::Named {
            limit: Some("x-most".into()),
            remaining: vec!["x-min".into(), "x-day".into()],
            reset: Some(("x-back".into(), ResetUnit::Ms)),
            retry_after: true,
        };
        for (dialect, expected) in [
            (named, "x-most: 40, x-min: 0, x-day: 1000, x-back: 1950, retry-after: 2"),
            (Dialect::RetryAfterSeconds, "retry-after: 2"),
            (Dialect::RetryAfterDecimal, "retry-after: 2.0"),
            (Dialect::RetryAfterDate, "retry-after: Sun, 22 Nov 2026 17:00:03 GMT"),
            (Dialect::RateLimitHeaders, "ratelimit-limit: 40, ratelimit-remaining: 0, ratelimit-reset: 2"),
            (
                Dialect::XRateLimitEpoch,
                "x-ratelimit-limit: 40, x-ratelimit-remaining: 0, x-ratelimit-reset: 1795366803",
            ),
            (
                Dialect::Jira,
                "x-ratelimit-limit: 40, x-ratelimit-remaining: 0, \
                 x-ratelimit-reset: 2026-11-22T17:00:03Z, retry-after: 2",
            ),
            (Dialect::ShopifyCallLimit, "x-shopify-shop-api-call-limit: 40/40, retry-after: 2.0"),
            (custom, "x-left: 0, x-back: 1795366802450"),
            (Dialect::InBody, ""),
        ] {
            assert_eq!(announced(dialect, false), expected);
        }
    }

    #[test]
    fn granted_requests_hear_what_is_left_but_not_to_wait() {
        assert_eq!(announced(Dialect::RetryAfterSeconds, true), "");
        assert_eq!(announced(Dialect::ShopifyCallLimit, true), "x-shopify-shop-api-call-limit: 32/40");
        assert_eq!(
            announced(Dialect::GitHub403, true),
            "x-ratelimit-limit: 40, x-ratelimit-remaining: 8, x-ratelimit-reset: 1795366803"
        );
    }
}
