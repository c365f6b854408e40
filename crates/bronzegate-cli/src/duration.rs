//! Durations on the command line, in the grammar of source files.

use std::time::Duration;

/// The longest that a deadline may be: a year, as in source files.
const LONGEST_MS: u64 = 366 * 86_400_000;

/// Reads a duration above zero: a whole number with `ms`, `s`, `m`, `h` or `d`.
pub(crate) fn parse(text: &str) -> Result<Duration, String> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let scale = match unit {
        "ms" => Some(1),
        "s" => Some(1000),
        "m" => Some(60_000),
        "h" => Some(3_600_000),
        "d" => Some(86_400_000),
        _ => None,
    };
    number
        .parse::<u64>()
        .ok()
        .zip(scale)
        .and_then(|(number, scale)| number.checked_mul(scale))
        .filter(|ms| (1..=LONGEST_MS).contains(ms))
        .map(Duration::from_millis)
        .ok_or_else(|| "write a duration with its unit: 500ms, 30s, 5m, 1h or 1d".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_whole_number_and_a_unit() {
        for (text, ms) in [("500ms", 500), ("30s", 30_000), ("5m", 300_000), ("1h", 3_600_000)] {
            assert_eq!(parse(text), Ok(Duration::from_millis(ms)), "{text}");
        }
        for text in ["", "30", "s", "0s", "-1s", "1.5s", "1 s", "400d", "99999999999999999999d", "3é"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
