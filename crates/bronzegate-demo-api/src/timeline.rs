//! Records that have a time, and how those between two of them are asked for.

use crate::{manner::Manner, record::Shape, serve::Call, spelling::Spelling};
use jiff::{
    Timestamp,
    civil::{Date, DateTime},
    tz::TimeZone,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Gives a stream records of its own that can be asked for by time, or by a number that grows.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timeline {
    /// The member by which records are asked for, or its path (`fields.updated`); a record that lacks
    /// it comes with every answer.
    pub cursor: String,
    /// How the member and the parameters are written.
    pub format: TimeFormat,
    /// How the member is written instead, of a timeline in [`TimeFormat::Rfc3339`].
    #[serde(default)]
    pub spelled: Option<Spelling>,
    /// How the parameters are written instead, of a timeline in [`TimeFormat::Rfc3339`].
    #[serde(default)]
    pub asked: Option<Spelling>,
    /// Where a request says the first time wanted; everything without it.
    pub from: Asked,
    /// Whether a record at that time itself does not belong to the answer.
    #[serde(default)]
    pub exclusive_from: bool,
    /// Where it says the end.
    #[serde(default)]
    pub to: Option<Asked>,
    /// Whether a record at the end belongs to the answer.
    #[serde(default)]
    pub inclusive_to: bool,
    /// How many of the records after the end are answered all the same.
    #[serde(default)]
    pub beyond_to: usize,
    /// Whether answers are in order of time; else in the order in which the records came to be.
    #[serde(default)]
    pub sorted: bool,
    /// Whether the newest record comes first.
    #[serde(default)]
    pub newest_first: bool,
    /// The most records of one answer; the total is stated as if there were no such limit.
    #[serde(default)]
    pub max_results: Option<usize>,
    /// What else is particular about its answers.
    #[serde(default)]
    pub manner: Manner,
    /// The records' JSON texts.
    #[serde(default)]
    pub records: Vec<String>,
    /// Records that are made, in front of those.
    #[serde(default)]
    pub made: Option<Made>,
}

/// Says where a request holds a time: a parameter, or a part of one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Asked {
    /// A parameter; `/a/0/b` is a JSON Pointer into a body.
    Argument(String),
    /// A header.
    Header {
        /// Its name.
        header: String,
    },
    /// What stands in a parameter between two texts, such as a condition of a query language.
    Within {
        /// The parameter.
        argument: String,
        /// What stands before it.
        after: String,
        /// What stands after it; the parameter's end, if that comes first.
        until: String,
    },
}

/// Makes records one after the other, each with a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Made {
    /// How many.
    pub records: u64,
    /// What they look like beside their time.
    pub shape: Shape,
    /// The first one's time.
    pub first: Timestamp,
    /// The time from one to the next.
    #[serde(with = "crate::duration")]
    pub every: Duration,
    /// How the time is written (`strftime`), where the format leaves room.
    #[serde(default)]
    pub written: Option<String>,
    /// Further members, as JSON text without braces; `$n$` is the record's number, `$ms$` its time.
    #[serde(default)]
    pub members: Option<String>,
}

/// Names how a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeFormat {
    /// `2026-11-22T17:00:00Z`, with or without an offset, or a date.
    Rfc3339,
    /// Seconds since 1970.
    EpochS,
    /// Milliseconds since 1970.
    EpochMs,
    /// A number that grows.
    Integer,
}

impl Timeline {
    /// Asks by these parameters, with whole and half-open answers in order of time.
    pub fn new(cursor: &str, format: TimeFormat, from: &str, to: Option<&str>) -> Self {
        Self {
            cursor: cursor.to_owned(),
            format,
            spelled: None,
            asked: None,
            from: Asked::Argument(from.to_owned()),
            exclusive_from: false,
            to: to.map(|to| Asked::Argument(to.to_owned())),
            inclusive_to: false,
            beyond_to: 0,
            sorted: true,
            newest_first: false,
            max_results: None,
            manner: Manner::default(),
            records: Vec::new(),
            made: None,
        }
    }

    /// Reads a record's time, in the unit of the format.
    pub(crate) fn read_record(&self, text: &str) -> Option<i128> {
        self.spelled.as_ref().map_or_else(|| self.format.read(text), |spelling| spelling.read(text))
    }

    /// Reads a time of a request, in the unit of the format.
    pub(crate) fn read_asked(&self, text: &str) -> Option<i128> {
        self.asked.as_ref().map_or_else(|| self.format.read(text), |spelling| spelling.read(text))
    }

    /// Adds records.
    #[must_use]
    pub fn with(mut self, records: impl IntoIterator<Item = String>) -> Self {
        self.records.extend(records);
        self
    }
}

impl Asked {
    /// The text in a request whose parameters are looked up with `argument`.
    pub(crate) fn find<'c>(&self, call: &'c Call) -> Option<&'c str> {
        match self {
            Self::Argument(name) => call.argument(name),
            Self::Header { header } => call.header(header),
            Self::Within { argument: name, after, until } => {
                let (_, rest) = call.argument(name)?.split_once(after.as_str())?;
                Some(rest.split_once(until.as_str()).map_or(rest, |(text, _)| text))
            }
        }
    }
}

impl TimeFormat {
    /// A time since the Unix epoch in the unit of the format, if it is one of time.
    pub(crate) fn of(self, time: Duration) -> Option<i128> {
        match self {
            Self::Rfc3339 => i128::try_from(time.as_nanos()).ok(),
            Self::EpochS => Some(time.as_secs().into()),
            Self::EpochMs => i128::try_from(time.as_millis()).ok(),
            Self::Integer => None,
        }
    }

    /// Reads a time in the unit of its own format.
    pub(crate) fn read(self, text: &str) -> Option<i128> {
        let midnight = |date: Date| Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp());
        match self {
            Self::Rfc3339 if text.len() == 10 => midnight(text.parse().ok()?).map(Timestamp::as_nanosecond),
            Self::Rfc3339 => instant(text).map(Timestamp::as_nanosecond),
            Self::EpochS | Self::EpochMs | Self::Integer => text.parse().ok(),
        }
    }
}

/// An instant; one that names no offset is in UTC.
fn instant(text: &str) -> Option<Timestamp> {
    let utc = |time: DateTime| Some(time.to_zoned(TimeZone::UTC).ok()?.timestamp());
    text.parse().ok().or_else(|| utc(text.parse().ok()?))
}
