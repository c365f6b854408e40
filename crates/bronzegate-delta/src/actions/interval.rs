//! Lengths of time in a table's configuration: `interval 30 days`, as Spark writes a `CalendarInterval`.

use jiff::SignedDuration;

/// The length that a property says. `None` where it is not one that is understood.
///
/// Months and years have no length; Delta refuses them in these properties.
pub(crate) fn parse(text: &str) -> Option<SignedDuration> {
    let text = text.trim().to_ascii_lowercase();
    let mut words = text.strip_prefix("interval").unwrap_or(&text).split_ascii_whitespace();
    let mut whole = None;
    while let Some(number) = words.next() {
        let number: i64 = number.parse().ok()?;
        let unit = words.next()?;
        let micros = match unit.strip_suffix('s').unwrap_or(unit) {
            "week" => 7 * 86_400_000_000,
            "day" => 86_400_000_000,
            "hour" => 3_600_000_000,
            "minute" => 60_000_000,
            "second" => 1_000_000,
            "millisecond" => 1_000,
            "microsecond" => 1,
            _ => return None,
        };
        let part = SignedDuration::from_micros(number.checked_mul(micros)?);
        whole = Some(whole.unwrap_or(SignedDuration::ZERO).checked_add(part)?);
    }
    whole.filter(|length| !length.is_negative())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_as_spark_writes_them() {
        let days = |days: i64| Some(SignedDuration::from_hours(24 * days));
        assert_eq!(parse("interval 30 days"), days(30));
        assert_eq!(parse("INTERVAL 1 week"), days(7));
        assert_eq!(parse("7 days"), days(7));
        assert_eq!(parse("interval 1 day 12 hours"), Some(SignedDuration::from_hours(36)));
        assert_eq!(parse("interval 0 seconds"), Some(SignedDuration::ZERO));
        for text in [
            "",
            "interval",
            "interval 1 month",
            "30",
            "interval x days",
            "interval -1 days",
            "interval 9999999999999999 weeks",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
