//! Times and numbers of the command line, as people write them.

use std::str::FromStr;
use std::time::Duration;

use bronzegate_core::config::parse_duration;
use bronzegate_core::window::parse_time;
use jiff::Timestamp;

/// An instant, or how long ago it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// Counted back from now.
    Ago(Duration),
    /// An instant.
    At(Timestamp),
}

impl Moment {
    /// The instant, as seen now.
    pub(crate) fn instant(self, now: Timestamp) -> Timestamp {
        match self {
            Self::At(time) => time,
            Self::Ago(duration) => now.checked_sub(duration).unwrap_or(Timestamp::MIN),
        }
    }

    /// The instant, where the same words should mean the same instant for a while: days ago are a midnight in UTC, hours
    /// ago a full hour, and anything else a full minute.
    pub(crate) fn rounded(self, now: Timestamp) -> Timestamp {
        const UNITS: [i64; 2] = [86_400, 3600];
        let Self::Ago(ago) = self else { return self.instant(now) };
        let is_whole = |unit: &i64| ago.as_millis() % (u128::from(unit.unsigned_abs()) * 1000) == 0;
        let unit = UNITS.into_iter().find(is_whole).unwrap_or(60);
        let seconds = self.instant(now).as_second();
        Timestamp::from_second(seconds - seconds.rem_euclid(unit)).unwrap_or(Timestamp::MIN)
    }
}

/// Reads how long ago, a date, or a time with its offset.
pub(super) fn moment(text: &str) -> Result<Moment, &'static str> {
    let ago = parse_duration(text).map(Moment::Ago).ok();
    ago.or_else(|| parse_time(text).map(Moment::At)).ok_or(
        "write how long ago (7d, 12h), a date (2026-01-01) or a time with its offset (2026-01-01T00:00:00Z)",
    )
}

/// Reads a number that must not be zero.
pub(super) fn at_least_one<T: FromStr>(text: &str) -> Result<T, &'static str> {
    text.parse().map_err(|_| "write a whole number, at least 1")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_long_ago_is_the_same_instant_for_the_rest_of_its_unit() {
        let at = |ago: &str, now: &str| moment(ago).unwrap().rounded(now.parse().unwrap()).to_string();
        for (ago, instant) in [
            ("30d", "2026-10-23T00:00:00Z"),
            ("24h", "2026-11-21T00:00:00Z"),
            ("6h", "2026-11-22T11:00:00Z"),
            ("90m", "2026-11-22T15:50:00Z"),
            ("2026-11-01", "2026-11-01T00:00:00Z"),
        ] {
            assert_eq!(at(ago, "2026-11-22T17:20:31.5Z"), instant, "{ago}");
        }
        assert_eq!(at("30d", "2026-11-22T23:59:59Z"), at("30d", "2026-11-22T00:00:00Z"));
    }
}
