//! A cursor's value: as the API wrote it, and in the form that tells which of two is later.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use crate::config::CursorFormat;
use crate::redact::printable;
use crate::window::{EARLIEST, parse_instant, parse_local};

/// The longest text that a message shows.
const LONGEST_SHOWN: usize = 40;

/// A cursor's value, compared by its format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CursorValue {
    verbatim: Verbatim,
    order: Order,
}

/// A cursor as its API writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Verbatim {
    /// Its text, without the quotes of JSON.
    pub text: String,
    /// Whether it is written without quotes.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub bare: bool,
}

/// A value that its format cannot read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not {0}")]
pub struct NotACursor(&'static str);

/// What tells which of two cursors of one format is later.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Order {
    Time(Timestamp),
    Integer(Integer),
    Text(String),
}

/// A whole number of any length, its digits without leading zeros.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Integer {
    negative: bool,
    digits: String,
}

impl Ord for Integer {
    fn cmp(&self, other: &Self) -> Ordering {
        let size =
            |a: &Self, b: &Self| a.digits.len().cmp(&b.digits.len()).then_with(|| a.digits.cmp(&b.digits));
        match (self.negative, other.negative) {
            (false, false) => size(self, other),
            (true, true) => size(other, self),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl Integer {
    fn one_less(&self) -> Self {
        let negative = self.negative || self.digits.is_empty();
        // Below zero the digits grow.
        let (over, into, step) = if negative { (b'9', b'0', 1) } else { (b'0', b'9', u8::MAX) };
        let mut digits = format!("0{}", self.digits).into_bytes();
        for digit in digits.iter_mut().rev() {
            if *digit != over {
                *digit = digit.wrapping_add(step);
                break;
            }
            *digit = into;
        }
        let digits: String = digits.into_iter().map(char::from).collect();
        Self { negative, digits: digits.trim_start_matches('0').to_owned() }
    }
}

impl fmt::Display for Integer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.negative { "-" } else { "" };
        let digits = if self.digits.is_empty() { "0" } else { &self.digits };
        write!(f, "{sign}{digits}")
    }
}

impl PartialOrd for Integer {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Order {
    /// In words.
    pub(super) fn told(&self) -> String {
        match self {
            Self::Time(time) => time.to_string(),
            Self::Integer(integer) => integer.to_string(),
            Self::Text(text) => printable(text, LONGEST_SHOWN),
        }
    }
}

impl CursorValue {
    /// An instant, written in a format of time; what the format cannot tell is cut off.
    pub fn of_time(format: CursorFormat, time: Timestamp) -> Self {
        let (text, bare) = match format {
            CursorFormat::Date => (time.to_zoned(TimeZone::UTC).date().to_string(), false),
            CursorFormat::EpochS => (time.as_nanosecond().div_euclid(1_000_000_000).to_string(), true),
            CursorFormat::EpochMs => (time.as_nanosecond().div_euclid(1_000_000).to_string(), true),
            CursorFormat::Rfc3339 | CursorFormat::Integer | CursorFormat::Text => (time.to_string(), false),
        };
        Self { verbatim: Verbatim { text, bare }, order: Order::Time(time) }
    }

    /// The value a unit of its format earlier; itself where there is none.
    #[must_use]
    pub fn one_before(&self, format: CursorFormat) -> Self {
        match &self.order {
            Order::Time(time) => {
                let before = time.as_nanosecond() - format.resolution_ns();
                let before = Timestamp::from_nanosecond(before).ok().filter(|before| *before >= EARLIEST);
                before.map_or_else(|| self.clone(), |before| Self::of_time(format, before))
            }
            Order::Integer(integer) => {
                let before = integer.one_less();
                let verbatim = Verbatim { text: before.to_string(), bare: self.verbatim.bare };
                Self { verbatim, order: Order::Integer(before) }
            }
            Order::Text(_) => self.clone(),
        }
    }

    /// A value as it was written.
    ///
    /// # Errors
    /// [`NotACursor`] when the format cannot read it.
    pub fn of(format: CursorFormat, verbatim: Verbatim) -> Result<Self, NotACursor> {
        let order = order(format, &verbatim.text)?;
        Ok(Self { verbatim, order })
    }

    /// Whether it comes before another of its format.
    pub fn is_before(&self, other: &Self) -> bool {
        self.order < other.order
    }

    /// As its API writes it.
    pub fn verbatim(&self) -> &Verbatim {
        &self.verbatim
    }

    /// The instant, when it is one.
    pub fn time(&self) -> Option<Timestamp> {
        match self.order {
            Order::Time(time) => Some(time),
            Order::Integer(_) | Order::Text(_) => None,
        }
    }

    pub(super) fn order(&self) -> &Order {
        &self.order
    }

    /// Reads what stands in a record, JSON text that is not null.
    pub(super) fn in_record(format: CursorFormat, json: &str) -> Result<Order, NotACursor> {
        order(format, &unquoted(json).ok_or(NotACursor("a text or number"))?)
    }

    /// The instant that stands in a record, JSON text; `None` when it is none.
    pub(crate) fn time_in_record(format: CursorFormat, json: &str) -> Option<Timestamp> {
        match Self::in_record(format, json).ok()? {
            Order::Time(time) => Some(time),
            Order::Integer(_) | Order::Text(_) => None,
        }
    }

    /// The value that [`in_record`](Self::in_record) has read.
    pub(super) fn read(json: &str, order: Order) -> Self {
        let text = unquoted(json).unwrap_or(Cow::Borrowed(json)).into_owned();
        Self { verbatim: Verbatim { text, bare: !json.starts_with('"') }, order }
    }
}

/// The text of a JSON string or number.
pub(super) fn unquoted(json: &str) -> Option<Cow<'_, str>> {
    match json.as_bytes() {
        [b'"', ..] if !json.contains('\\') => Some(Cow::Borrowed(&json[1..json.len() - 1])),
        [b'"', ..] => serde_json::from_str(json).ok().map(Cow::Owned),
        [b'-' | b'0'..=b'9', ..] => Some(Cow::Borrowed(json)),
        _ => None,
    }
}

fn order(format: CursorFormat, text: &str) -> Result<Order, NotACursor> {
    match format {
        CursorFormat::Rfc3339 => instant(text).map(Order::Time).ok_or(NotACursor("an ISO 8601 instant")),
        CursorFormat::Date => day(text).map(Order::Time).ok_or(NotACursor("a date such as 2026-11-22")),
        CursorFormat::EpochS => epoch(text, 9).map(Order::Time).ok_or(NotACursor("seconds since 1970")),
        CursorFormat::EpochMs => epoch(text, 6).map(Order::Time).ok_or(NotACursor("milliseconds since 1970")),
        CursorFormat::Integer => integer(text).map(Order::Integer).ok_or(NotACursor("a whole number")),
        CursorFormat::Text => Ok(Order::Text(text.to_owned())),
    }
}

/// Any ISO 8601 instant; in UTC where it has no offset.
fn instant(text: &str) -> Option<Timestamp> {
    parse_instant(text).or_else(|| parse_local(text))
}

fn day(text: &str) -> Option<Timestamp> {
    let is_date = text.len() == "2026-11-22".len() && text.parse::<Date>().is_ok();
    is_date.then(|| parse_instant(text)).flatten()
}

/// A number of units of ten to the `exponent` nanoseconds, with any number of decimals.
pub(super) fn epoch(text: &str, exponent: usize) -> Option<Timestamp> {
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

fn integer(text: &str) -> Option<Integer> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let digits = digits.trim_start_matches('0').to_owned();
    Some(Integer { negative: text.starts_with('-') && !digits.is_empty(), digits })
}

#[cfg(test)]
mod tests {
    use CursorFormat::{Date as Day, EpochMs, EpochS, Integer as Whole, Rfc3339, Text};

    use super::*;

    fn read(format: CursorFormat, json: &str) -> Option<Order> {
        CursorValue::in_record(format, json).ok()
    }

    #[test]
    fn one_instant_has_many_spellings() {
        let want = read(Rfc3339, "\"2024-01-01T12:00:00Z\"");
        assert!(want.is_some());
        for (format, json) in [
            (Rfc3339, "\"2024-01-01T13:00:00.000+01:00\""),
            (Rfc3339, "\"2024-01-01T12:00:00.000+0000\""),
            (Rfc3339, "\"2024-01-01 12:00:00\""),
            (Rfc3339, "\"2024-01-01T12:00:00\\u005a\""),
            (EpochS, "1704110400"),
            (EpochS, "\"1704110400.0000000001\""),
            (EpochMs, "1704110400000"),
        ] {
            assert_eq!(read(format, json), want, "{json}");
        }
        assert!(
            read(EpochS, "-1.5") < read(EpochS, "-1") && read(EpochS, "1.000216") > read(EpochS, "1.0002")
        );
        assert_eq!(read(Day, "\"2024-01-01\""), read(Rfc3339, "\"2024-01-01\""));
    }

    #[test]
    fn what_a_format_cannot_read_is_told() {
        for (format, json) in [
            (Rfc3339, "\"yesterday\""),
            (Rfc3339, "1704110400"),
            (Rfc3339, "true"),
            (Rfc3339, "{}"),
            (Rfc3339, "\"\\ud800\""),
            (Day, "\"2024-01-01T00:00:00Z\""),
            (EpochS, "1e9"),
            (EpochS, "\"\""),
            (EpochMs, "99999999999999999999999"),
            (Whole, "1.0"),
            (Whole, "\"-\""),
            (Text, "[]"),
        ] {
            assert_eq!(read(format, json), None, "{json}");
        }
    }

    #[test]
    fn integers_of_any_length_and_texts_are_ordered() {
        let sorted = [
            "-10000000000000000000000",
            "-9",
            "-0",
            "7",
            "\"0012\"",
            "9007199254740993",
            "90071992547409930000000001",
        ];
        assert!(sorted.windows(2).all(|pair| read(Whole, pair[0]) < read(Whole, pair[1])));
        assert_eq!(read(Whole, "-0"), read(Whole, "000"));
        assert!(read(Text, "\"Z\"") < read(Text, "\"a\"") && read(Text, "\"10\"") < read(Text, "\"9\""));
    }

    #[test]
    fn a_unit_before_is_the_formats_own() {
        for (format, text, before) in [
            (Rfc3339, "2026-01-01T00:00:00Z", "2025-12-31T23:59:59Z"),
            (Day, "2024-03-01", "2024-02-29"),
            (EpochS, "0", "-1"),
            (EpochMs, "1000", "999"),
            (Whole, "1", "0"),
            (Whole, "0", "-1"),
            (Whole, "-99", "-100"),
            (Whole, "0010", "9"),
            (Whole, "170141183460469231731687303715884105000", "170141183460469231731687303715884104999"),
            (Text, "b", "b"),
        ] {
            let verbatim = Verbatim { text: text.to_owned(), bare: false };
            let value = CursorValue::of(format, verbatim).unwrap();
            let earlier = value.one_before(format);
            assert_eq!(earlier.verbatim().text, before, "{text}");
            assert_eq!(earlier.order() < value.order(), format != Text, "{text}");
        }
    }

    #[test]
    fn an_instant_is_written_by_its_format() {
        let time: Timestamp = "2024-01-01T12:00:00.25Z".parse().unwrap();
        for (format, text, bare) in [
            (Rfc3339, "2024-01-01T12:00:00.25Z", false),
            (Day, "2024-01-01", false),
            (EpochS, "1704110400", true),
            (EpochMs, "1704110400250", true),
        ] {
            let value = CursorValue::of_time(format, time);
            assert_eq!((value.verbatim().text.as_str(), value.verbatim().bare), (text, bare));
        }
    }
}
