//! A cursor's value: as the API wrote it, and in the form that tells which of two is later.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::fmt;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::config::{CursorFormat, CursorFormats, spelling};
use crate::redact::printable;
use crate::window::{EARLIEST, has_offset};

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
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("is not {0}")]
pub struct NotACursor(Cow<'static, str>);

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
    /// An instant, written as it is remembered; what the format cannot tell is cut off.
    pub fn of_time(formats: &CursorFormats, time: Timestamp) -> Self {
        Self::asked(formats.first(), time)
    }

    /// An instant, written as requests write it; what the format cannot tell is cut off.
    pub fn asked(format: &CursorFormat, time: Timestamp) -> Self {
        let (text, bare) = spelling::written(format, time);
        Self { verbatim: Verbatim { text, bare }, order: Order::Time(time) }
    }

    /// The value a unit of the requests' format earlier; itself where there is none.
    #[must_use]
    pub fn one_before(&self, format: &CursorFormat) -> Self {
        match &self.order {
            Order::Time(time) => {
                let before = time.as_nanosecond() - format.resolution_ns();
                let before = Timestamp::from_nanosecond(before).ok().filter(|before| *before >= EARLIEST);
                before.map_or_else(|| self.clone(), |before| Self::asked(format, before))
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
    /// [`NotACursor`] when no format can read it.
    pub fn of(formats: &CursorFormats, verbatim: Verbatim) -> Result<Self, NotACursor> {
        let (order, _) = read_by(formats, &verbatim.text)?;
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

    /// Reads what stands in a record, JSON text that is not null, and whether it says how far it is from UTC.
    pub(super) fn in_record(formats: &CursorFormats, json: &str) -> Result<(Order, bool), NotACursor> {
        let text = unquoted(json).ok_or(NotACursor(Cow::Borrowed("a text or number")))?;
        let (order, format) = read_by(formats, &text)?;
        let carries_offset = match format {
            CursorFormat::Rfc3339 => has_offset(&text),
            CursorFormat::Date => false,
            CursorFormat::Pattern(pattern) => pattern.carries_offset(),
            _ => true,
        };
        Ok((order, carries_offset))
    }

    /// The instant that stands in a record, JSON text; `None` when it is none.
    pub(crate) fn time_in_record(formats: &CursorFormats, json: &str) -> Option<Timestamp> {
        match Self::in_record(formats, json).ok()?.0 {
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

/// What a text says by the first format that can read it, and by which one.
fn read_by<'f>(formats: &'f CursorFormats, text: &str) -> Result<(Order, &'f CursorFormat), NotACursor> {
    let mut failed = None;
    for format in formats.all() {
        match order(format, text) {
            Ok(order) => return Ok((order, format)),
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    let several = || NotACursor(Cow::Owned(format!("of the formats {formats}")));
    Err(if formats.all().count() > 1 { several() } else { failed.unwrap_or_else(several) })
}

/// What a text says by a format.
pub(super) fn order(format: &CursorFormat, text: &str) -> Result<Order, NotACursor> {
    let what = match format {
        CursorFormat::Integer => {
            return integer(text).map(Order::Integer).ok_or(NotACursor(Cow::Borrowed("a whole number")));
        }
        CursorFormat::Text => return Ok(Order::Text(text.to_owned())),
        CursorFormat::Rfc3339 => "an ISO 8601 instant",
        CursorFormat::Rfc2822 => "an RFC 2822 instant such as Sun, 22 Nov 2026 17:00:00 +0000",
        CursorFormat::Dotnet => "a time such as /Date(1795366800000)/",
        CursorFormat::Date => "a date such as 2026-11-22 or 20261122",
        CursorFormat::EpochS => "seconds since 1970",
        CursorFormat::EpochMs => "milliseconds since 1970",
        CursorFormat::EpochUs => "microseconds since 1970",
        CursorFormat::Pattern(_) => "a time such as",
    };
    spelling::read(format, text).map(Order::Time).ok_or_else(|| {
        NotACursor(match format {
            CursorFormat::Pattern(pattern) => Cow::Owned(format!("{what} {}", pattern.as_str())),
            _ => Cow::Borrowed(what),
        })
    })
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
    use CursorFormat::{
        Date as Day, Dotnet, EpochMs, EpochS, EpochUs, Integer as Whole, Pattern, Rfc2822, Rfc3339, Text,
    };

    use super::*;
    use crate::config::TimePattern;

    fn read(format: CursorFormat, json: &str) -> Option<Order> {
        CursorValue::in_record(&format.into(), json).ok().map(|(order, _)| order)
    }

    fn pattern(text: &str) -> CursorFormat {
        Pattern(TimePattern::parse(text).unwrap())
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
            (EpochUs, "1704110400000000"),
            (Rfc2822, "\"Mon, 01 Jan 2024 12:00:00 GMT\""),
            (Rfc2822, "\"1 Jan 2024 13:00 +0100\""),
            (Dotnet, "\"/Date(1704110400000)/\""),
            (Dotnet, "\"\\/Date(1704110400000+0530)\\/\""),
            (pattern("%d/%m/%Y %H:%M"), "\"01/01/2024 12:00\""),
        ] {
            assert_eq!(read(format, json), want, "{json}");
        }
        assert!(
            read(EpochS, "-1.5") < read(EpochS, "-1") && read(EpochS, "1.000216") > read(EpochS, "1.0002")
        );
        for json in ["\"2024-01-01\"", "\"20240101\"", "20240101"] {
            assert_eq!(read(Day, json), read(Rfc3339, "\"2024-01-01\""), "{json}");
        }
        assert_eq!(read(Dotnet, "\"/Date(-1)/\""), read(EpochMs, "-1"));
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
            (Day, "\"2024010\""),
            (Day, "\"20241301\""),
            (Rfc2822, "\"2024-01-01T00:00:00Z\""),
            (Dotnet, "\"/Date()/\""),
            (Dotnet, "\"/Date(1+1)/\""),
            (Dotnet, "\"/Date(1+00:0)/\""),
            (Dotnet, "1704110400000"),
            (EpochUs, "\"1 \""),
            (pattern("%d/%m/%Y"), "\"2024-01-01\""),
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
            (EpochUs, "1000", "999"),
            (Dotnet, "/Date(1000)/", "/Date(999)/"),
            (Rfc2822, "Thu, 1 Jan 1970 00:00:00 +0000", "Wed, 31 Dec 1969 23:59:59 +0000"),
            (pattern("%d/%m/%Y %H:%M"), "01/03/2024 00:00", "29/02/2024 23:59"),
            (Whole, "1", "0"),
            (Whole, "0", "-1"),
            (Whole, "-99", "-100"),
            (Whole, "0010", "9"),
            (Whole, "170141183460469231731687303715884105000", "170141183460469231731687303715884104999"),
            (Text, "b", "b"),
        ] {
            let verbatim = Verbatim { text: text.to_owned(), bare: false };
            let value = CursorValue::of(&format.clone().into(), verbatim).unwrap();
            let earlier = value.one_before(&format);
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
            (EpochUs, "1704110400250000", true),
            (Rfc2822, "Mon, 1 Jan 2024 12:00:00 +0000", false),
            (Dotnet, "/Date(1704110400250)/", false),
            (pattern("%Y%m%d"), "20240101", false),
        ] {
            let value = CursorValue::asked(&format, time);
            assert_eq!((value.verbatim().text.as_str(), value.verbatim().bare), (text, bare));
        }
    }
}
