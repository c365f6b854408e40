//! Durations and sizes: text with a unit, so that no number is read in the wrong one.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

/// A duration above zero: a whole number with `ms`, `s`, `m`, `h` or `d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("pattern" = "^[0-9]+(ms|s|m|h|d)$"))]
pub(super) struct Period(pub(super) Duration);

/// A size above zero in bytes: a whole number with `B`, `KB`, `MB`, `GB`, `KiB`, `MiB` or `GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("pattern" = "^[0-9]+(B|KB|MB|GB|KiB|MiB|GiB)$"))]
pub(super) struct Size(pub(super) u64);

const PERIOD: &str = "a duration with its unit: 500ms, 30s, 5m, 1h or 1d";
const PERIODS: &str = "a duration with its unit: 30s, 15m, 1h, 1h30m or 1d";
const SIZE: &str = "a size with its unit: 64KiB, 128MiB or 1GB";

/// The longest duration that makes sense in a source file.
const LONGEST_MS: u64 = 366 * 86_400_000;

/// Reads a duration of a command line: as source files write it, or several of them with the larger unit first.
///
/// # Errors
/// The accepted form.
pub fn parse_duration(text: &str) -> Result<Duration, &'static str> {
    let mut total = Duration::ZERO;
    let mut before = Duration::MAX;
    let mut left = text;
    loop {
        let digits = left.bytes().take_while(u8::is_ascii_digit).count();
        let letters = left.bytes().skip(digits).take_while(u8::is_ascii_lowercase).count();
        let (part, rest) = left.split_at(digits + letters);
        let part = period(part).filter(|part| *part < before).ok_or(PERIODS)?;
        total = total.saturating_add(part);
        if rest.is_empty() {
            return if total <= Duration::from_millis(LONGEST_MS) { Ok(total) } else { Err(PERIODS) };
        }
        (before, left) = (part, rest);
    }
}

/// A whole number above zero with `ms`, `s`, `m`, `h` or `d`.
fn period(text: &str) -> Option<Duration> {
    let units = [("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000)];
    scaled(text, &units).filter(|ms| *ms > 0 && *ms <= LONGEST_MS).map(Duration::from_millis)
}

impl TryFrom<String> for Period {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        period(&text).map(Self).ok_or(PERIOD)
    }
}

impl TryFrom<String> for Size {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let units = [
            ("KiB", 1 << 10),
            ("MiB", 1 << 20),
            ("GiB", 1 << 30),
            ("KB", 1000),
            ("MB", 1_000_000),
            ("GB", 1_000_000_000),
            ("B", 1),
        ];
        scaled(&text, &units).filter(|bytes| *bytes > 0).map(Self).ok_or(SIZE)
    }
}

fn scaled(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let (_, scale) = units.iter().find(|(name, _)| *name == unit)?;
    number.parse::<u64>().ok()?.checked_mul(*scale)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_whole_number_and_a_unit() {
        for (text, ms) in
            [("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("1h", 3_600_000), ("1d", 86_400_000)]
        {
            assert_eq!(Period::try_from(text.to_owned()), Ok(Period(Duration::from_millis(ms))), "{text}");
        }
        for text in ["30", "", "s", "1.5s", "-1s", "0s", "1 s", "1S", "1min", "99999999999999999999d", "400d"]
        {
            assert_eq!(Period::try_from(text.to_owned()), Err(PERIOD), "{text}");
        }
    }

    #[test]
    fn a_duration_of_a_command_line_may_have_several_units() {
        for (text, seconds) in [("30s", 30), ("1h30m", 5400), ("1d12h", 129_600), ("1m30s", 90)] {
            assert_eq!(parse_duration(text), Ok(Duration::from_secs(seconds)), "{text}");
            assert!(
                text.len() == 3 || Period::try_from(text.to_owned()).is_err(),
                "{text}: of a source file"
            );
        }
        for text in ["", "30", "1h30", "30m1h", "1h1h", "1h 30m", "1.5h", "366d1h", "h", "1hé"] {
            assert_eq!(parse_duration(text), Err(PERIODS), "{text}");
        }
    }

    #[test]
    fn sizes_need_a_whole_number_and_a_unit() {
        for (text, bytes) in [("1B", 1), ("64KiB", 65_536), ("128MiB", 134_217_728), ("1GB", 1_000_000_000)] {
            assert_eq!(Size::try_from(text.to_owned()), Ok(Size(bytes)), "{text}");
        }
        for text in ["1", "0MiB", "1mib", "1.5GB", "99999999999GiB"] {
            assert_eq!(Size::try_from(text.to_owned()), Err(SIZE), "{text}");
        }
    }
}
