//! What a response says about rate limits, in the dialects that real APIs speak.

use std::time::{Duration, SystemTime};

use http::HeaderMap;
use jiff::Timestamp;

use crate::clock::later;
use crate::config::{Address, RateLimit, ResetUnit};

/// From here on a number is milliseconds since 1970, not seconds.
const EPOCH_MS_FROM: f64 = 1e12;
/// From here on a number is seconds since 1970: as seconds from now it would be more than thirty years.
const EPOCH_S_FROM: f64 = 1e9;

/// What a response asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Signals {
    /// `Retry-After` (RFC 9110, section 10.2.3): wait so long.
    pub(super) retry_after: Option<Duration>,
    /// Nothing remains of the quota.
    pub(super) exhausted: bool,
    /// Something remains of it, so its reset is not what a failed request waits for.
    plenty: bool,
    /// What remains of the quota, as a part of it from 0 to 1.
    rest: Option<f64>,
    /// Time until the quota is full again.
    pub(super) reset: Option<Duration>,
}

/// The rate-limit signals of a response, opaque outside of this module's neighbours.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct ResponseSignals(pub(super) Signals);

impl Signals {
    /// Reads the headers; `settings` may name others than the usual ones.
    pub(super) fn of(headers: &HeaderMap, settings: &RateLimit, now: Timestamp) -> Self {
        let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok()).map(str::trim);
        let retry_after = text("retry-after").and_then(|value| retry_after(value, now));
        let combined = text("ratelimit");
        let remaining = match &settings.remaining {
            Some(Address::Header(name)) => text(name),
            _ => text("ratelimit-remaining")
                .or_else(|| text("x-ratelimit-remaining"))
                .or_else(|| combined.and_then(|value| parameter(value, &["remaining", "r"]))),
        };
        let reset = match &settings.reset {
            Some((name, unit)) => text(name).and_then(|value| reset_in(value, Some(*unit), now)),
            None => text("ratelimit-reset")
                .or_else(|| text("x-ratelimit-reset"))
                .or_else(|| combined.and_then(|value| parameter(value, &["reset", "t"])))
                .and_then(|value| reset_in(value, None, now)),
        };
        let limit = match &settings.remaining {
            // What the usual headers state may be another quota.
            Some(_) => None,
            None => text("ratelimit-limit")
                .or_else(|| text("x-ratelimit-limit"))
                .or_else(|| combined.and_then(|value| parameter(value, &["limit"])))
                .or_else(|| text("ratelimit-policy").and_then(|value| parameter(value, &["q"]))),
        };
        // Some APIs append a window (`0, 0;w=1`): the first number is the one that binds.
        let first = |value: &str| value.split([',', ';']).next()?.trim().parse::<f64>().ok();
        let (remaining, limit) = (remaining.and_then(first), limit.and_then(first));
        let quota = remaining.zip(limit.filter(|limit| *limit > 0.0));
        Self {
            rest: quota.map(|(remaining, limit)| remaining / limit),
            retry_after,
            exhausted: remaining.is_some_and(|left| left <= 0.0),
            plenty: remaining.is_some_and(|left| left > 0.0),
            reset,
        }
    }

    /// How long an error response asks to wait.
    pub(super) fn wait_after_error(self) -> Option<Duration> {
        self.retry_after.or(if self.plenty { None } else { self.reset })
    }

    /// How long a good response asks to wait before the next request.
    pub(super) fn wait_after_success(self) -> Option<Duration> {
        self.retry_after.or(if self.exhausted { self.reset } else { None })
    }

    /// How long a request waits that leaves others this part of the quota, from 0 to 1.
    pub(super) fn wait_for_others(self, kept: f64) -> Option<Duration> {
        let is_theirs = kept > 0.0 && self.rest.is_some_and(|rest| rest <= kept);
        if is_theirs { self.reset } else { None }
    }

    /// Whether a 403 with these signals is a rate limit (GitHub answers so).
    pub(super) fn is_rate_limit(self) -> bool {
        self.retry_after.is_some() || self.exhausted
    }
}

/// Seconds, decimals (Shopify sends `2.0`), an HTTP-date, or, beside the standard, an instant as a reset has it.
fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    reset_in(value, None, now).or_else(|| {
        let date = httpdate::parse_http_date(value).ok()?;
        let date = date.duration_since(SystemTime::UNIX_EPOCH).ok()?;
        Some(until(later(Timestamp::UNIX_EPOCH, date), now))
    })
}

/// A reset by its unit, or guessed by its size: above 10^12 epoch milliseconds, above 10^9
/// epoch seconds, an ISO-8601 text an instant, else seconds from now. One that lies beyond the end of time is
/// that end, so what is more than a server can mean is a long wait, and never none.
pub(super) fn reset_in(value: &str, unit: Option<ResetUnit>, now: Timestamp) -> Option<Duration> {
    let Ok(number) = value.parse::<f64>() else {
        let instant = value.parse::<Timestamp>().ok();
        return instant.filter(|_| matches!(unit, None | Some(ResetUnit::Iso8601))).map(|at| until(at, now));
    };
    let unit = unit.unwrap_or(match number {
        n if n > EPOCH_MS_FROM => ResetUnit::EpochMs,
        n if n > EPOCH_S_FROM => ResetUnit::EpochS,
        _ => ResetUnit::Seconds,
    });
    let epoch = |seconds| Some(until(later(Timestamp::UNIX_EPOCH, seconds_of(seconds)?), now));
    match unit {
        ResetUnit::Seconds => seconds_of(number),
        ResetUnit::Ms => seconds_of(number / 1000.0),
        ResetUnit::EpochS => epoch(number),
        ResetUnit::EpochMs => epoch(number / 1000.0),
        ResetUnit::Iso8601 => None,
    }
}

/// In whole milliseconds. The words `inf` and `nan` are numbers to the parser alone.
fn seconds_of(seconds: f64) -> Option<Duration> {
    seconds.is_finite().then(|| Duration::from_millis((seconds * 1000.0).round() as u64))
}

fn until(instant: Timestamp, now: Timestamp) -> Duration {
    Duration::try_from(instant.duration_since(now)).unwrap_or_default()
}

/// A parameter of a combined `RateLimit` header, in the list form of the earlier drafts
/// (`limit=10, remaining=0, reset=5`) or the structured one (`"default";r=0;t=5`).
fn parameter<'a>(value: &'a str, names: &[&str]) -> Option<&'a str> {
    value
        .split([',', ';'])
        .filter_map(|part| part.trim().split_once('='))
        .find_map(|(name, value)| names.contains(&name.trim()).then_some(value.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-22T17:00:00Z";

    fn signals(headers: &[(&'static str, &str)], settings: &RateLimit) -> Signals {
        let headers =
            headers.iter().map(|(name, value)| ((*name).parse().unwrap(), value.parse().unwrap())).collect();
        Signals::of(&headers, settings, NOW.parse().unwrap())
    }

    fn ms(wait: Option<Duration>) -> Option<u128> {
        wait.map(|wait| wait.as_millis())
    }

    #[test]
    fn reads_retry_after_in_its_forms_and_an_epoch_as_one() {
        for (value, wait) in [
            ("120", Some(120_000)),
            ("2.0", Some(2000)),
            ("0.25", Some(250)),
            ("-1", Some(0)),
            ("Sun, 22 Nov 2026 17:00:07 GMT", Some(7000)),
            ("Sun, 22 Nov 2026 16:00:00 GMT", Some(0)),
            ("1795366830", Some(30_000)),
            ("1795366830500", Some(30_500)),
            ("1795366000", Some(0)),
            ("2026-11-22T17:00:30Z", Some(30_000)),
            ("soon", None),
            ("inf", None),
            ("-inf", None),
            ("nan", None),
            ("1e400", None),
        ] {
            let signals = signals(&[("retry-after", value)], &RateLimit::default());
            assert_eq!(ms(signals.wait_after_error()), wait, "{value}");
        }
    }

    #[test]
    fn a_wait_beyond_the_end_of_time_is_a_long_one_and_never_none() {
        let forever = until(Timestamp::MAX, NOW.parse().unwrap());
        for value in ["253402300800", "253402300800000", "99999999999999999999", "1e300"] {
            for unit in [None, Some("epoch_s"), Some("epoch_ms"), Some("seconds"), Some("ms")] {
                let unit = unit.map(|unit| serde_json::from_value(unit.into()).unwrap());
                let wait = reset_in(value, unit, NOW.parse().unwrap()).unwrap();
                let is_long =
                    wait > Duration::from_hours(24 * 365 * 2) || value == "253402300800" && unit.is_some();
                assert!(
                    is_long && later(NOW.parse().unwrap(), wait) <= Timestamp::MAX,
                    "{value} {unit:?}: {wait:?}"
                );
            }
            let retry_after = signals(&[("retry-after", value)], &RateLimit::default()).wait_after_error();
            assert_eq!(retry_after, Some(forever), "{value}");
        }
    }

    #[test]
    fn reads_the_reset_in_every_unit() {
        for (value, wait) in [
            ("30", 30_000),
            ("1795366830", 30_000),
            ("1795366830500", 30_500),
            ("2026-11-22T17:00:30Z", 30_000),
            ("2026-11-22T18:00:30+01:00", 30_000),
            ("2026-11-22T16:00:00Z", 0),
        ] {
            let signals = signals(
                &[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", value)],
                &RateLimit::default(),
            );
            assert_eq!(ms(signals.wait_after_success()), Some(wait), "{value}");
        }
    }

    #[test]
    fn a_good_response_asks_for_a_wait_only_when_nothing_remains() {
        let wait = |headers| ms(signals(headers, &RateLimit::default()).wait_after_success());
        assert_eq!(wait(&[("ratelimit-remaining", "1"), ("ratelimit-reset", "9")]), None);
        assert_eq!(wait(&[("ratelimit-remaining", "0"), ("ratelimit-reset", "9")]), Some(9000));
        assert_eq!(wait(&[("ratelimit", "limit=10, remaining=0, reset=5")]), Some(5000));
        assert_eq!(wait(&[("ratelimit", "\"default\";r=0;t=6")]), Some(6000));
        assert_eq!(wait(&[("x-ratelimit-reset", "9")]), None);
    }

    #[test]
    fn a_failure_while_some_quota_remains_does_not_wait_for_its_reset() {
        // GitHub states both with every response, a 502 included.
        let wait = |headers| ms(signals(headers, &RateLimit::default()).wait_after_error());
        assert_eq!(wait(&[("x-ratelimit-remaining", "4999"), ("x-ratelimit-reset", "3600")]), None);
        assert_eq!(wait(&[("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "3600")]), Some(3_600_000));
        assert_eq!(wait(&[("x-ratelimit-reset", "3600")]), Some(3_600_000));
    }

    #[test]
    fn other_dialects_are_named_in_the_source_file() {
        let settings = RateLimit {
            remaining: Some(Address::Header("x-left".to_owned())),
            reset: Some(("x-window".to_owned(), ResetUnit::Ms)),
            ..RateLimit::default()
        };
        let signals =
            signals(&[("x-left", "0"), ("x-window", "10000"), ("x-ratelimit-remaining", "5")], &settings);
        assert_eq!(ms(signals.wait_after_success()), Some(10_000));
        assert!(signals.is_rate_limit());
    }
    #[test]
    fn a_part_of_a_quota_is_left_to_others_where_limit_and_rest_are_stated() {
        let of = |headers: &[(&'static str, &str)]| signals(headers, &RateLimit::default());
        let wait = |headers: &[(&'static str, &str)]| ms(of(headers).wait_for_others(0.5));
        let github = |left| {
            [("x-ratelimit-limit", "5000"), ("x-ratelimit-remaining", left), ("x-ratelimit-reset", "60")]
        };
        assert_eq!(wait(&github("2501")), None);
        assert_eq!(wait(&github("2500")), Some(60_000));
        assert_eq!(ms(of(&github("2500")).wait_after_success()), None, "the API itself asks for no wait");
        assert_eq!(ms(of(&github("0")).wait_for_others(0.0)), None, "nobody else is there");
        assert_eq!(wait(&github("2500")[1..]), None, "of what it is the rest is not known");
        assert_eq!(wait(&[("ratelimit", "limit=10, remaining=5, reset=3")]), Some(3000));
        let draft = [("ratelimit", "\"default\";r=40;t=6"), ("ratelimit-policy", "\"default\";q=100;w=60")];
        assert_eq!(wait(&draft), Some(6000));
    }
}
