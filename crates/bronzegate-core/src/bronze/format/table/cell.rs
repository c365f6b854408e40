//! A member's value as one of a column: exactly, or not at all.

use std::borrow::Cow;

use jiff::civil::Date;
use jiff::fmt::temporal::DateTimeParser;

use super::json::text;
use super::number::{Number, double};

/// The text of a value in a column of strings: a string's own, of anything else its JSON. `None` for a string without
/// UTF-8.
pub(super) fn string(json: &[u8]) -> Option<Cow<'_, str>> {
    match json.first() {
        Some(b'"') => text(json),
        _ => std::str::from_utf8(json).ok().map(Cow::Borrowed),
    }
}

/// A number, or a string that has the form of one.
pub(super) fn long(json: &[u8]) -> Option<i64> {
    Number::parse(scalar(json)?.as_bytes())?.long()
}

/// As [`long`]; see [`double`].
pub(super) fn floating(json: &[u8]) -> Option<f64> {
    double(scalar(json)?.as_bytes())
}

/// As [`long`]: the digits without the point.
pub(super) fn decimal(json: &[u8], precision: u8, scale: u8) -> Option<i128> {
    Number::parse(scalar(json)?.as_bytes())?.scaled(precision, scale)
}

/// `true` or `false`, or a string that has one of them.
pub(super) fn boolean(json: &[u8]) -> Option<bool> {
    match &*scalar(json)? {
        "true" => Some(true),
        "false" => Some(false),
        _ => None,
    }
}

/// A string such as `2026-11-22`, in days since 1970.
pub(super) fn date(json: &[u8]) -> Option<i32> {
    let text = text(json)?;
    if text.len() != "2026-11-22".len() || text.as_bytes()[4] != b'-' || text.as_bytes()[7] != b'-' {
        return None;
    }
    let date: Date = text.parse().ok()?;
    Some(date.since(Date::constant(1970, 1, 1)).ok()?.get_days())
}

/// A string with a date, a time and an offset (RFC 3339), in microseconds since 1970. One that names more is not exact.
pub(super) fn timestamp(json: &[u8]) -> Option<i64> {
    let time = DateTimeParser::new().parse_timestamp(&*text(json)?).ok()?;
    let is_exact = time.subsec_nanosecond() % 1_000 == 0;
    is_exact.then(|| time.as_microsecond())
}

/// A string's text, or the JSON of a number or literal; `None` for an object and a list.
fn scalar(json: &[u8]) -> Option<Cow<'_, str>> {
    match json.first()? {
        b'{' | b'[' => None,
        _ => string(json),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_fits_its_column_exactly_or_not_at_all() {
        assert_eq!(string(br#""a\nb""#).as_deref(), Some("a\nb"));
        assert_eq!(string(br#"{"a": 1}"#).as_deref(), Some(r#"{"a": 1}"#));
        assert_eq!(string(br#""\udc00""#), None);
        assert_eq!(
            (long(b"12"), long(b"\"12\""), long(b"[12]"), long(b"true")),
            (Some(12), Some(12), None, None)
        );
        assert_eq!(
            (floating(b"1.5"), floating(b"\"1.5\""), floating(b"\"x\"")),
            (Some(1.5), Some(1.5), None)
        );
        assert_eq!((decimal(b"\"1.50\"", 3, 2), decimal(b"1.505", 3, 2)), (Some(150), None));
        assert_eq!((boolean(b"true"), boolean(b"\"false\""), boolean(b"1")), (Some(true), Some(false), None));
    }

    #[test]
    fn times_need_a_zone_and_no_more_than_microseconds() {
        for (text, expected) in [
            ("1970-01-01T00:00:00.000001Z", Some(1)),
            ("1970-01-01T01:00:00+01:00", Some(0)),
            ("1969-12-31 23:59:59Z", Some(-1_000_000)),
            ("1970-01-01T00:00:00.0000001Z", None),
            ("1970-01-01T00:00:00", None),
            ("1970-01-01", None),
            ("0", None),
        ] {
            assert_eq!(timestamp(format!("\"{text}\"").as_bytes()), expected, "{text}");
        }
        assert_eq!(timestamp(b"0"), None);
        for (text, expected) in [
            ("1970-01-02", Some(1)),
            ("1969-12-31", Some(-1)),
            ("2026-02-29", None),
            ("1970-01-02T00:00:00Z", None),
            ("19700102", None),
        ] {
            assert_eq!(date(format!("\"{text}\"").as_bytes()), expected, "{text}");
        }
    }
}
