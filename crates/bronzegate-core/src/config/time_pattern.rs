//! A time that is written by a pattern of strftime's: `%d/%m/%Y %H:%M`.
//!
//! The directives are jiff's (<https://docs.rs/jiff/latest/jiff/fmt/strtime/>). A pattern without an offset writes what
//! clocks show: such times are kept as the instants that they would be in UTC.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::fmt::strtime;
use jiff::tz::{Offset, TimeZone};

/// A pattern by which times are written and read back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimePattern {
    text: String,
    unit: Finest,
    carries_offset: bool,
}

/// The finest unit that a pattern names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Finest {
    Day,
    Hour,
    Minute,
    Second,
}

/// Times with which a pattern is tried: of both halves of a day, of single digits, the 29th of February.
const TRIED: [&str; 6] = [
    "2026-11-22T17:05:09",
    "2024-02-29T00:00:00",
    "1999-12-31T23:59:59",
    "2026-01-02T12:30:00",
    "2026-09-03T00:30:07",
    "2038-06-15T06:07:08",
];

impl TimePattern {
    /// Reads a pattern.
    ///
    /// # Errors
    /// Why times that it writes cannot be read back.
    pub fn parse(text: &str) -> Result<Self, String> {
        let letters = directives(text);
        let unit = letters.iter().filter_map(|letter| finest(*letter)).max().unwrap_or(Finest::Day);
        let carries_offset = letters.iter().any(|letter| matches!(letter, 'z' | 's' | 'Q'));
        let pattern = Self { text: text.to_owned(), unit, carries_offset };
        for tried in TRIED.iter().filter_map(|tried| tried.parse::<DateTime>().ok()) {
            let time = tried.to_zoned(TimeZone::UTC).map_err(|error| error.to_string())?.timestamp();
            let time = pattern.cut(time);
            let written = pattern.try_write(time)?;
            let read = pattern.try_read(&written)?;
            if read != time {
                return Err(format!(
                    "{:.0} is written {written:?}, which is read as {read:.0}",
                    Offset::UTC.to_datetime(time)
                ));
            }
        }
        Ok(pattern)
    }

    /// As the file writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The unit of its finest directive in nanoseconds; a second for those finer than that, because many APIs cut an
    /// instant to whole seconds when they compare.
    pub fn resolution_ns(&self) -> i128 {
        let seconds = match self.unit {
            Finest::Day => 86_400,
            Finest::Hour => 3_600,
            Finest::Minute => 60,
            Finest::Second => 1,
        };
        seconds * 1_000_000_000
    }

    /// The unit of its finest directive in words.
    pub fn unit_name(&self) -> &'static str {
        match self.unit {
            Finest::Day => "a day",
            Finest::Hour => "an hour",
            Finest::Minute => "a minute",
            Finest::Second => "a second",
        }
    }

    /// Whether its times say how far they are from UTC.
    pub fn carries_offset(&self) -> bool {
        self.carries_offset
    }

    /// Writes a time. What the pattern does not name is cut off.
    pub fn write(&self, time: Timestamp) -> String {
        // A time that no directive can write is one that the file's check has not met: a year of five digits.
        self.try_write(time).unwrap_or_else(|_| time.to_string())
    }

    /// Reads a time; `None` when it is written otherwise.
    pub fn read(&self, text: &str) -> Option<Timestamp> {
        self.try_read(text).ok()
    }

    fn try_write(&self, time: Timestamp) -> Result<String, String> {
        let time = time.to_zoned(TimeZone::UTC);
        strtime::format(&self.text, &time).map_err(|error| error.to_string())
    }

    fn try_read(&self, text: &str) -> Result<Timestamp, String> {
        let parts = strtime::parse(&self.text, text).map_err(|error| error.to_string())?;
        let time = if self.carries_offset {
            parts.to_timestamp()
        } else {
            let civil = parts.to_datetime().and_then(|time| time.to_zoned(TimeZone::UTC));
            civil.map(|time| time.timestamp())
        };
        time.map_err(|error| error.to_string())
    }

    fn cut(&self, time: Timestamp) -> Timestamp {
        let unit = self.resolution_ns();
        Timestamp::from_nanosecond(time.as_nanosecond().div_euclid(unit) * unit).unwrap_or(time)
    }
}

/// The letters of its directives, without flags, widths and colons.
fn directives(text: &str) -> Vec<char> {
    let mut letters = Vec::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        if c == '%' {
            let is_before = |c: &char| matches!(c, '_' | '-' | '^' | '#' | ':' | '.') || c.is_ascii_digit();
            letters.extend(rest.by_ref().find(|c| !is_before(c)));
        }
    }
    letters
}

/// The unit that a directive names, if it is no day or longer.
fn finest(letter: char) -> Option<Finest> {
    match letter {
        'H' | 'I' | 'k' | 'l' => Some(Finest::Hour),
        'M' | 'R' => Some(Finest::Minute),
        'S' | 'T' | 's' | 'f' | 'N' => Some(Finest::Second),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NS: i128 = 1_000_000_000;

    #[test]
    fn a_pattern_is_written_and_read_back_to_its_finest_directive() {
        let time: Timestamp = "2026-11-22T17:05:09.25Z".parse().unwrap();
        for (text, written, unit, cut) in [
            ("%d/%m/%Y %H:%M", "22/11/2026 17:05", 60, "2026-11-22T17:05:00Z"),
            ("%Y-%m-%d %H:%M:%S", "2026-11-22 17:05:09", 1, "2026-11-22T17:05:09Z"),
            ("%Y%m%d", "20261122", 86_400, "2026-11-22T00:00:00Z"),
            ("%m/%d/%Y %I:%M %p", "11/22/2026 05:05 PM", 60, "2026-11-22T17:05:00Z"),
            ("%Y%m%dT%H", "20261122T17", 3_600, "2026-11-22T17:00:00Z"),
            ("%a, %d %b %Y %T GMT", "Sun, 22 Nov 2026 17:05:09 GMT", 1, "2026-11-22T17:05:09Z"),
            ("%Y-%m-%dT%H:%M:%S%.3f%z", "2026-11-22T17:05:09.250+0000", 1, "2026-11-22T17:05:09.25Z"),
            ("@%s", "@1795367109", 1, "2026-11-22T17:05:09Z"),
            ("%G-W%V-%u", "2026-W47-7", 86_400, "2026-11-22T00:00:00Z"),
            ("%-d.%-m.%y", "22.11.26", 86_400, "2026-11-22T00:00:00Z"),
        ] {
            let pattern = TimePattern::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
            assert_eq!(pattern.write(time), written, "{text}");
            assert_eq!(pattern.resolution_ns(), unit * NS, "{text}");
            assert_eq!(pattern.read(written).map(|time| time.to_string()).as_deref(), Some(cut), "{text}");
        }
    }

    #[test]
    fn an_offset_is_obeyed_and_its_absence_known() {
        let pattern = TimePattern::parse("%Y-%m-%d %H:%M %z").unwrap();
        assert!(pattern.carries_offset());
        assert_eq!(pattern.read("2026-11-22 17:00 +0100"), "2026-11-22T16:00:00Z".parse().ok());
        assert!(!TimePattern::parse("%Y-%m-%d %H:%M").unwrap().carries_offset());
    }

    #[test]
    fn what_cannot_be_read_back_is_refused_with_the_reason() {
        for text in [
            "%Y-%m",
            "%H:%M",
            "%d/%m",
            "%I:%M %Y-%m-%d",
            "%Y-%m-%d %Z",
            "%c",
            "%Y %",
            "%",
            "%E",
            "%Y-%m-%d %M",
        ] {
            assert!(TimePattern::parse(text).is_err(), "{text}");
        }
        let why = TimePattern::parse("%Y-%m-%d %I:%M").unwrap_err();
        assert_eq!(
            why,
            "2026-11-22T17:05:00 is written \"2026-11-22 05:05\", which is read as 2026-11-22T05:05:00Z"
        );
    }

    #[test]
    fn a_text_of_another_form_is_none() {
        let pattern = TimePattern::parse("%d/%m/%Y").unwrap();
        for text in ["2026-11-22", "22/13/2026", "22/11/2026 17:00", "", "%d/%m/%Y"] {
            assert_eq!(pattern.read(text), None, "{text}");
        }
    }
}
