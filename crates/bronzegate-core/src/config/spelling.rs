//! How instants are spelled: each format's reading and writing.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::fmt::rfc2822;
use jiff::tz::TimeZone;

use super::cursor_format::CursorFormat;
use crate::window::{parse_instant, parse_local};

/// An instant by the format that wrote it; `None` where it is written otherwise.
pub(crate) fn read(format: &CursorFormat, text: &str) -> Option<Timestamp> {
    match format {
        CursorFormat::Rfc3339 => instant(text),
        CursorFormat::Rfc2822 => of_mail(text),
        CursorFormat::Dotnet => dotnet(text),
        CursorFormat::Date => day(text),
        CursorFormat::EpochS => epoch(text, 9),
        CursorFormat::EpochMs => epoch(text, 6),
        CursorFormat::EpochUs => epoch(text, 3),
        CursorFormat::Pattern(pattern) => pattern.read(text),
        CursorFormat::Integer | CursorFormat::Text => None,
    }
}

/// An instant as a format writes it, and whether without quotes. What the format cannot tell is cut off.
pub(crate) fn written(format: &CursorFormat, time: Timestamp) -> (String, bool) {
    let epoch = |unit: i128| time.as_nanosecond().div_euclid(unit).to_string();
    match format {
        CursorFormat::Date => (time.to_zoned(TimeZone::UTC).date().to_string(), false),
        CursorFormat::EpochS => (epoch(1_000_000_000), true),
        CursorFormat::EpochMs => (epoch(1_000_000), true),
        CursorFormat::EpochUs => (epoch(1_000), true),
        CursorFormat::Dotnet => (format!("/Date({})/", epoch(1_000_000)), false),
        CursorFormat::Rfc2822 => (mail(time), false),
        CursorFormat::Pattern(pattern) => (pattern.write(time), false),
        CursorFormat::Rfc3339 | CursorFormat::Integer | CursorFormat::Text => (time.to_string(), false),
    }
}

/// Any ISO 8601 instant; in UTC where it has no offset.
pub(crate) fn instant(text: &str) -> Option<Timestamp> {
    parse_instant(text).or_else(|| parse_local(text))
}

pub(crate) fn day(text: &str) -> Option<Timestamp> {
    let is_number = |length| text.len() == length && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_date = text.len() == "2026-11-22".len() || is_number("20261122".len());
    let date: Date = text.parse().ok().filter(|_| is_date)?;
    date.to_zoned(TimeZone::UTC).ok().map(|midnight| midnight.timestamp())
}

/// An instant of mail: RFC 2822, section 3.3, with the zones that older ones name.
pub(crate) fn of_mail(text: &str) -> Option<Timestamp> {
    rfc2822::DateTimeParser::new().parse_timestamp(text).ok()
}

/// The same written.
fn mail(time: Timestamp) -> String {
    // `+0000` says UTC; `-0000` would say that the zone is not known (section 3.3).
    let written = rfc2822::DateTimePrinter::new().zoned_to_string(&time.to_zoned(TimeZone::UTC));
    // Years before 0 are none of mail.
    written.unwrap_or_else(|_| time.to_string())
}

/// `/Date(1795366800000+0100)/`: milliseconds since 1970 in UTC; the offset is that of whoever wrote it.
pub(crate) fn dotnet(text: &str) -> Option<Timestamp> {
    let inner = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
    let behind = inner.len() - inner.trim_start_matches('-').len();
    let end = inner[behind..].find(['+', '-']).map_or(inner.len(), |place| behind + place);
    let (number, offset) = inner.split_at(end);
    let is_offset = offset.is_empty()
        || offset.len() == "+0000".len() && offset.bytes().skip(1).all(|byte| byte.is_ascii_digit());
    epoch(number, 6).filter(|_| is_offset)
}

/// A number of units of ten to the `exponent` nanoseconds, with any number of decimals.
pub(crate) fn epoch(text: &str, exponent: usize) -> Option<Timestamp> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = whole.strip_prefix('-').unwrap_or(whole);
    if unsigned.is_empty() || !digits(unsigned) || !digits(decimals) {
        return None;
    }
    let scale = 10_i128.pow(u32::try_from(exponent).ok()?);
    let fraction: String = decimals.chars().chain(std::iter::repeat('0')).take(exponent).collect();
    let fraction: i128 = if fraction.is_empty() { 0 } else { fraction.parse().ok()? };
    let whole_ns = whole.parse::<i128>().ok()?.checked_mul(scale)?;
    let sign = if whole.starts_with('-') { -1 } else { 1 };
    Timestamp::from_nanosecond(whole_ns.checked_add(sign * fraction)?).ok()
}
