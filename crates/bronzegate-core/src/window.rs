//! Stretches of time, and how they are cut into windows. All of it in UTC, where no hour is skipped
//! or repeated.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use serde::{Deserialize, Serialize};

/// The stretch of time [from, to); never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "Bounds")]
pub struct TimeWindow {
    from: Timestamp,
    to: Timestamp,
}

/// A window that ends where it begins, or before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the window from {from} to {to} is empty: `to` must be after `from`")]
pub struct EmptyWindow {
    from: Timestamp,
    to: Timestamp,
}

#[derive(Deserialize)]
struct Bounds {
    from: Timestamp,
    to: Timestamp,
}

impl TryFrom<Bounds> for TimeWindow {
    type Error = EmptyWindow;

    fn try_from(Bounds { from, to }: Bounds) -> Result<Self, EmptyWindow> {
        Self::new(from, to)
    }
}

impl TimeWindow {
    /// Makes the window [from, to).
    ///
    /// # Errors
    /// [`EmptyWindow`] unless `to` is after `from`.
    pub fn new(from: Timestamp, to: Timestamp) -> Result<Self, EmptyWindow> {
        if from < to { Ok(Self { from, to }) } else { Err(EmptyWindow { from, to }) }
    }

    /// Its first instant.
    pub fn from(self) -> Timestamp {
        self.from
    }

    /// The first instant after it.
    pub fn to(self) -> Timestamp {
        self.to
    }

    /// Whether nothing can come into it any more.
    pub fn is_over(self, now: Timestamp) -> bool {
        self.to <= now
    }

    /// Cuts it into windows that follow one another without gap or overlap. The cuts are whole steps
    /// from its beginning; the last window ends where this one does.
    ///
    /// Months are counted from the beginning, so that what begins on the 31st returns to it after a
    /// shorter month.
    pub fn split(self, step: WindowStep) -> impl Iterator<Item = Self> {
        let mut count = 0;
        let mut from = Some(self.from);
        std::iter::from_fn(move || {
            let begins = from?;
            count += 1;
            let cut = step.times(count).and_then(|span| after(self.from, span));
            let ends = cut.filter(|cut| *cut < self.to).unwrap_or(self.to);
            from = (ends < self.to).then_some(ends);
            Some(Self { from: begins, to: ends })
        })
    }

    /// The windows of whole steps that it holds, from its beginning on: what is left at its end is none.
    pub fn whole(self, step: WindowStep) -> impl Iterator<Item = Self> {
        let mut count = 0;
        let mut from = self.from;
        std::iter::from_fn(move || {
            count += 1;
            let ends = step.times(count).and_then(|span| after(self.from, span));
            let whole = Self::new(from, ends.filter(|ends| *ends <= self.to)?).ok()?;
            from = whole.to;
            Some(whole)
        })
    }
}

impl fmt::Display for TimeWindow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.from, self.to)
    }
}

fn after(origin: Timestamp, span: Span) -> Option<Timestamp> {
    origin.to_zoned(TimeZone::UTC).checked_add(span).ok().map(|end| end.timestamp())
}

/// The first instant of the year 1. Times that somebody or an event gives are not before it: the names of runs and
/// folders have years of four digits, and no more. That none lies after the year 9999 is jiff's own bound.
pub const EARLIEST: Timestamp = Timestamp::constant(-62_135_596_800, 0);

/// Reads the time of a run, a window or a beginning: an instant or a date of the years 1 to 9999.
pub fn parse_time(text: &str) -> Option<Timestamp> {
    parse_instant(text).filter(|time| *time >= EARLIEST)
}

/// Reads an RFC 3339 instant, or a date, which begins at midnight UTC.
pub fn parse_instant(text: &str) -> Option<Timestamp> {
    let midnight = |date: Date| date.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp());
    let is_date = text.len() == "2026-11-22".len();
    if is_date { text.parse().ok().and_then(midnight) } else { text.parse().ok() }
}

/// Reads a time without an offset, as the instant that it would be in UTC.
pub fn parse_local(text: &str) -> Option<Timestamp> {
    let utc = |time: DateTime| time.to_zoned(TimeZone::UTC).ok().map(|time| time.timestamp());
    text.parse().ok().and_then(utc)
}

/// Reads a local time of the years 1 to 9999 in the same way.
pub fn parse_local_time(text: &str) -> Option<Timestamp> {
    parse_local(text).filter(|time| *time >= EARLIEST)
}

/// Whether a time says how far it is from UTC.
pub fn has_offset(text: &str) -> bool {
    let Some((_, time)) = text.split_once(['T', 't', ' ']) else { return false };
    time.contains(['Z', 'z', '+', '-'])
}

/// How long the windows are: a whole number with `m`, `h`, `d`, `w`, `mo` or `y`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WindowStep {
    count: u32,
    unit: Unit,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

const UNITS: [(&str, Unit); 6] = [
    ("mo", Unit::Month),
    ("m", Unit::Minute),
    ("h", Unit::Hour),
    ("d", Unit::Day),
    ("w", Unit::Week),
    ("y", Unit::Year),
];

/// The longest step in its unit that still makes sense; it keeps the arithmetic far from its limits.
const MOST: u32 = 100_000;

/// A text that is not the length of windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a length of windows is written 15m, 6h, 1d, 1w, 1mo or 1y")]
pub struct NotAStep;

impl WindowStep {
    /// The shortest that such a window is: months and years differ.
    pub(crate) fn at_least(self) -> Duration {
        const DAY: u64 = 86_400;
        let seconds = match self.unit {
            Unit::Minute => 60,
            Unit::Hour => 3_600,
            Unit::Day => DAY,
            Unit::Week => 7 * DAY,
            Unit::Month => 28 * DAY,
            Unit::Year => 365 * DAY,
        };
        Duration::from_secs(u64::from(self.count) * seconds)
    }

    fn times(self, count: i64) -> Option<Span> {
        let amount = count.checked_mul(i64::from(self.count))?;
        let span = Span::new();
        match self.unit {
            Unit::Minute => span.try_minutes(amount),
            Unit::Hour => span.try_hours(amount),
            Unit::Day => span.try_days(amount),
            Unit::Week => span.try_weeks(amount),
            Unit::Month => span.try_months(amount),
            Unit::Year => span.try_years(amount),
        }
        .ok()
    }
}

impl FromStr for WindowStep {
    type Err = NotAStep;

    fn from_str(text: &str) -> Result<Self, NotAStep> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let count = number.parse().ok().filter(|count| (1..=MOST).contains(count)).ok_or(NotAStep)?;
        let (_, unit) = UNITS.into_iter().find(|(name, _)| *name == unit).ok_or(NotAStep)?;
        Ok(Self { count, unit })
    }
}

impl fmt::Display for WindowStep {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = UNITS.iter().find(|(_, unit)| *unit == self.unit).map_or("", |(name, _)| name);
        write!(f, "{}{name}", self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bronze::{RunId, RunKey};

    fn window(from: &str, to: &str) -> TimeWindow {
        TimeWindow::new(from.parse().unwrap(), to.parse().unwrap()).unwrap()
    }

    fn cuts(window: TimeWindow, step: &str) -> Vec<String> {
        let windows: Vec<_> = window.split(step.parse().unwrap()).collect();
        assert_eq!((windows[0].from, windows[windows.len() - 1].to), (window.from, window.to));
        assert!(windows.windows(2).all(|pair| pair[0].to == pair[1].from), "no gap, no overlap");
        windows[1..].iter().map(|window| window.from.to_string()).collect()
    }

    #[test]
    fn windows_are_cut_at_whole_steps_from_the_beginning() {
        let days = window("2026-01-01T00:00:00Z", "2026-01-03T12:00:00Z");
        assert_eq!(cuts(days, "1d"), ["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"]);
        assert_eq!(cuts(days, "36h"), ["2026-01-02T12:00:00Z"]);
        assert_eq!(cuts(days, "1w"), [""; 0]);
        assert_eq!(cuts(days, "100000y"), [""; 0]);
        assert_eq!(
            cuts(window("2026-01-01T00:00:30Z", "2026-01-01T00:16:00Z"), "15m"),
            ["2026-01-01T00:15:30Z"]
        );
    }

    #[test]
    fn whole_steps_leave_out_what_is_left() {
        let whole = |from, to, step: &str| window(from, to).whole(step.parse().unwrap()).count();
        assert_eq!(whole("2026-01-01T00:00:00Z", "2026-01-03T12:00:00Z", "1d"), 2);
        assert_eq!(whole("2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z", "1d"), 2);
        assert_eq!(whole("2026-01-01T00:00:00Z", "2026-01-01T12:00:00Z", "1d"), 0);
        let ends = window("2026-01-31T00:00:00Z", "2026-04-30T00:00:00Z").whole("1mo".parse().unwrap());
        let ends: Vec<_> = ends.map(|window| window.to.strftime("%m-%d").to_string()).collect();
        assert_eq!(ends, ["02-28", "03-31", "04-30"]);
    }

    #[test]
    fn a_month_is_a_calendar_month_and_the_31st_comes_back() {
        let from_the_31st = window("2024-01-31T00:00:00Z", "2024-06-01T00:00:00Z");
        assert_eq!(
            cuts(from_the_31st, "1mo"),
            ["2024-02-29T00:00:00Z", "2024-03-31T00:00:00Z", "2024-04-30T00:00:00Z", "2024-05-31T00:00:00Z"]
        );
        let leap_day = window("2024-02-29T00:00:00Z", "2028-03-01T00:00:00Z");
        assert_eq!(
            cuts(leap_day, "1y"),
            ["2025-02-28T00:00:00Z", "2026-02-28T00:00:00Z", "2027-02-28T00:00:00Z", "2028-02-29T00:00:00Z"]
        );
    }

    #[test]
    fn a_day_has_24_hours_also_where_clocks_are_changed() {
        // Central Europe changes at 01:00 UTC on 29 March 2026; given with its offsets, still UTC days.
        let change = window("2026-03-28T00:00:00+01:00", "2026-03-31T00:00:00+02:00");
        assert_eq!(
            cuts(change, "1d"),
            ["2026-03-28T23:00:00Z", "2026-03-29T23:00:00Z", "2026-03-30T23:00:00Z"][..2].to_vec()
        );
        assert_eq!(cuts(change, "24h"), cuts(change, "1d"));
    }

    #[test]
    fn a_step_is_a_number_above_zero_with_its_unit() {
        for text in ["15m", "6h", "1d", "2w", "1mo", "1y"] {
            assert_eq!(text.parse::<WindowStep>().map(|step| step.to_string()).as_deref(), Ok(text));
        }
        for text in ["", "d", "1", "0d", "-1d", "1.5d", "1 d", "1s", "1D", "1d1h", "99999999999d", "100001d"]
        {
            assert_eq!(text.parse::<WindowStep>(), Err(NotAStep), "{text}");
        }
    }

    #[test]
    fn times_that_are_given_are_of_the_years_1_to_9999() {
        for text in ["0001-01-01", "0001-01-01T00:00:00Z", "9999-12-30", "2026-11-22T17:00:00+01:00"] {
            assert!(parse_time(text).is_some(), "{text}");
        }
        for text in
            ["0000-12-31", "0001-01-01T00:00:00+01:00", "-000001-01-01T00:00:00Z", "+010000-01-01T00:00:00Z"]
        {
            assert_eq!(parse_time(text), None, "{text}");
        }
        assert!(
            RunKey::at(EARLIEST).key.parse::<RunId>().is_ok()
                && RunKey::at(Timestamp::MAX).key.parse::<RunId>().is_ok()
        );
    }

    #[test]
    fn an_empty_window_is_refused_also_from_json() {
        let time: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        assert_eq!(TimeWindow::new(time, time).unwrap_err().from, time);
        let json = r#"{"from":"2026-01-02T00:00:00Z","to":"2026-01-01T00:00:00Z"}"#;
        let error = serde_json::from_str::<TimeWindow>(json).unwrap_err().to_string();
        assert!(error.contains("`to` must be after `from`"), "{error}");
    }
}
