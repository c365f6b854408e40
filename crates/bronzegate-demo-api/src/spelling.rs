//! How times are spelled, where records and requests differ in it.

use jiff::{Timestamp, fmt::strtime, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Names how a time is written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Spelling {
    /// Seconds since 1970.
    EpochS,
    /// Milliseconds since 1970.
    EpochMs,
    /// Microseconds since 1970.
    EpochUs,
    /// `/Date(1795366800000+0000)/`.
    Dotnet,
    /// `Sun, 22 Nov 2026 17:00:00 GMT`.
    Rfc2822,
    /// A pattern of strftime's; in UTC where it names no offset.
    Pattern(String),
}

impl Spelling {
    /// Writes a time.
    pub fn write(&self, time: Timestamp) -> Value {
        match self {
            Self::EpochS => time.as_second().into(),
            Self::EpochMs => time.as_millisecond().into(),
            Self::EpochUs => time.as_microsecond().into(),
            Self::Dotnet => format!("/Date({}+0000)/", time.as_millisecond()).into(),
            Self::Rfc2822 => time.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string().into(),
            Self::Pattern(pattern) => {
                let written = strtime::format(pattern, &time.to_zoned(TimeZone::UTC));
                written.unwrap_or_else(|error| error.to_string()).into()
            }
        }
    }

    /// Reads a time, in nanoseconds.
    pub(crate) fn read(&self, text: &str) -> Option<i128> {
        let units = |unit: i128| text.parse::<i128>().ok()?.checked_mul(unit);
        match self {
            Self::EpochS => units(1_000_000_000),
            Self::EpochMs => units(1_000_000),
            Self::EpochUs => units(1_000),
            Self::Dotnet => {
                let number = text.strip_prefix("/Date(")?.strip_suffix(")/")?;
                number.split('+').next()?.parse::<i128>().ok()?.checked_mul(1_000_000)
            }
            Self::Rfc2822 => {
                let parser = jiff::fmt::rfc2822::DateTimeParser::new();
                parser.parse_timestamp(text).ok().map(Timestamp::as_nanosecond)
            }
            Self::Pattern(pattern) => {
                let parts = strtime::parse(pattern, text).ok()?;
                let utc = || Some(parts.to_datetime().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp());
                parts.to_timestamp().ok().or_else(utc).map(Timestamp::as_nanosecond)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let time: Timestamp = "2026-11-22T17:05:00Z".parse().unwrap();
        for (spelling, written) in [
            (Spelling::EpochS, "1795367100"),
            (Spelling::EpochMs, "1795367100000"),
            (Spelling::EpochUs, "1795367100000000"),
            (Spelling::Dotnet, "\"/Date(1795367100000+0000)/\""),
            (Spelling::Rfc2822, "\"Sun, 22 Nov 2026 17:05:00 GMT\""),
            (Spelling::Pattern("%d/%m/%Y %H:%M".to_owned()), "\"22/11/2026 17:05\""),
            (Spelling::Pattern("%Y-%m-%dT%H:%M:%S%.3f%z".to_owned()), "\"2026-11-22T17:05:00.000+0000\""),
        ] {
            let value = spelling.write(time);
            assert_eq!(value.to_string(), written);
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            assert_eq!(spelling.read(&text), Some(time.as_nanosecond()), "{written}");
        }
    }
}
