//! `to_inclusive`: an API whose answer holds the whole unit that the end of a request names.
//!
//! `endDate=2026-11-22` of such an API means all of that day. It is asked up to the unit before, so that no unit is in
//! two answers. An API that compares instants (`<=`) needs none of it: what lies at the end itself is left out, because
//! the next run brings it.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;

use super::cursor_format::{CursorFormat, NEEDS_TIME};
use super::problem::Report;
use super::read::Slot;

/// The unit that the end of a request names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RequestUnit {
    /// A second.
    Second,
    /// A minute.
    Minute,
    /// An hour.
    Hour,
    /// A day.
    Day,
}

impl RequestUnit {
    /// Its length in nanoseconds.
    fn nanoseconds(self) -> i128 {
        let seconds = match self {
            Self::Second => 1,
            Self::Minute => 60,
            Self::Hour => 3_600,
            Self::Day => 86_400,
        };
        seconds * 1_000_000_000
    }

    /// The beginning of the unit that an instant lies in: the first unit of a request that begins there.
    pub fn first(self, begin: Timestamp) -> Timestamp {
        let unit = self.nanoseconds();
        let first = begin.as_nanosecond().div_euclid(unit) * unit;
        Timestamp::from_nanosecond(first).unwrap_or(begin)
    }

    /// The beginning of the last unit that has an instant before `end`: the last one of a request that ends there.
    pub fn last(self, end: Timestamp) -> Timestamp {
        let unit = self.nanoseconds();
        let last = (end.as_nanosecond() - 1).div_euclid(unit) * unit;
        Timestamp::from_nanosecond(last).unwrap_or(end)
    }

    /// Whether requests of this format, which have an end, can name such units.
    pub(super) fn fits(slot: &Slot<Self>, format: &CursorFormat, bounded: bool, report: &Report) {
        let Some(unit) = slot.get() else { return };
        if !format.is_time() {
            report.say(slot.at(), NEEDS_TIME);
        } else if !bounded {
            report
                .say(slot.at(), "is about the end of requests: needs `to`, or {{ window.to }} in a template");
        } else if unit.nanoseconds() < format.resolution_ns() {
            let (name, coarsest) = (format.name(), format.unit_name());
            report.say(
                slot.at(),
                format!("is finer than requests can say: `{name}` names {coarsest}, so write the unit's name, such as `day`"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_names_every_unit_that_the_range_touches_and_no_other() {
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        for (unit, begin, end, first, last) in [
            (RequestUnit::Day, "2026-11-22T00:00:00Z", "2026-11-23T00:00:00Z", "2026-11-22", "2026-11-22"),
            (RequestUnit::Day, "2026-11-22T18:00:00Z", "2026-11-23T00:00:01Z", "2026-11-22", "2026-11-23"),
            (RequestUnit::Day, "2026-11-22T18:00:00Z", "2026-11-22T19:00:00Z", "2026-11-22", "2026-11-22"),
            (RequestUnit::Day, "1969-12-31T12:00:00Z", "1970-01-01T00:00:00Z", "1969-12-31", "1969-12-31"),
        ] {
            let named = [unit.first(time(begin)), unit.last(time(end))];
            assert_eq!(
                named.map(|unit| unit.strftime("%Y-%m-%d").to_string()),
                [first, last],
                "{begin} {end}"
            );
        }
        let minute = RequestUnit::Minute;
        assert_eq!(minute.first(time("2026-11-22T18:00:59.9Z")), time("2026-11-22T18:00:00Z"));
        assert_eq!(minute.last(time("2026-11-22T18:00:00Z")), time("2026-11-22T17:59:00Z"));
        assert_eq!(RequestUnit::Hour.last(time("2026-11-22T18:00:00.5Z")), time("2026-11-22T18:00:00Z"));
        assert_eq!(RequestUnit::Second.last(time("2026-11-22T18:00:01Z")), time("2026-11-22T18:00:00Z"));
    }
}
