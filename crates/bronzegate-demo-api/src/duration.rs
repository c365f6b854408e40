//! Durations as text with a unit (`250ms`, `1.5s`, `2m`, `1h`), in JSON and on the command line.

use serde::{Deserialize, Deserializer, Serializer, de::Error};
use std::time::Duration;

/// Reads a duration such as `20ms`; a number without a unit is refused.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    let split = text
        .find(|c: char| c.is_ascii_alphabetic())
        .ok_or_else(|| format!("{text}: a duration needs a unit: ms, s, m or h"))?;
    let (number, unit) = text.split_at(split);
    let seconds = match unit {
        "us" => 1e-6,
        "ms" => 1e-3,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3_600.0,
        _ => return Err(format!("{text}: the unit is none of us, ms, s, m and h")),
    };
    let number: f64 = number.trim().parse().map_err(|_| format!("{text}: does not begin with a number"))?;
    Duration::try_from_secs_f64(number * seconds).map_err(|e| format!("{text}: {e}"))
}

pub(crate) fn serialize<S: Serializer>(value: &Duration, to: S) -> Result<S::Ok, S::Error> {
    to.collect_str(&format_args!("{}us", value.as_micros()))
}

pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
    let text = String::deserialize(from)?;
    parse_duration(&text).map_err(D::Error::custom)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_numbers_with_units_only() {
        assert_eq!(parse_duration("20ms"), Ok(Duration::from_millis(20)));
        assert_eq!(parse_duration("1.5s"), Ok(Duration::from_millis(1_500)));
        assert_eq!(parse_duration("2m"), Ok(Duration::from_mins(2)));
        for (wrong, why) in [
            ("20", "a duration needs a unit"),
            ("", "a duration needs a unit"),
            ("ms", "does not begin with a number"),
            ("-1s", "negative"),
            ("3 weeks", "the unit is none of"),
            ("1d", "the unit is none of"),
        ] {
            let error = parse_duration(wrong).unwrap_err();
            assert!(error.contains(why), "{wrong}: {error}");
        }
    }
}
