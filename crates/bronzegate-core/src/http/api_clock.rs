//! The clock of the API, by the `Date` of its answers.

use http::HeaderMap;
use http::header::{AGE, DATE};
use jiff::{SignedDuration, Timestamp};

/// How far the clock that made an answer is behind this machine's; negative where it is ahead. `None` where the answer
/// does not say, and where a cache may have kept it.
pub(super) fn behind(headers: &HeaderMap, now: Timestamp) -> Option<SignedDuration> {
    if headers.contains_key(AGE) {
        return None;
    }
    let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    Some(now.duration_since(Timestamp::try_from(date).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_held_against_the_machines_clock_unless_a_cache_kept_it() {
        let now: Timestamp = "2026-11-22T17:10:00Z".parse().unwrap();
        let behind = |headers: &[(&'static str, &'static str)]| {
            let headers = headers.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
            behind(&headers.collect(), now).map(|behind| behind.as_secs())
        };
        let date = ("date", "Sun, 22 Nov 2026 17:00:00 GMT");
        assert_eq!(behind(&[date]), Some(600));
        assert_eq!(behind(&[("date", "Sun, 22 Nov 2026 17:11:00 GMT")]), Some(-60));
        assert_eq!(behind(&[date, ("age", "600")]), None);
        assert_eq!(behind(&[("date", "yesterday")]), None);
        assert_eq!(behind(&[]), None);
    }
}
