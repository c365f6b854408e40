//! Records that have a time, and the question for those between two of them.

use crate::serve::Call;
use bytes::Bytes;
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Gives a stream records of its own that can be asked for by time, or by a number that grows.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Timeline {
    /// The member by which records are asked for; one that lacks it comes with every answer.
    pub cursor: String,
    /// How the member and the parameters are written.
    pub format: TimeFormat,
    /// The parameter for the first time wanted; everything without it.
    pub from: String,
    /// The parameter for the end.
    #[serde(default)]
    pub to: Option<String>,
    /// Whether a record at the end belongs to the answer.
    #[serde(default)]
    pub inclusive_to: bool,
    /// How many of the records behind the end are answered all the same.
    #[serde(default)]
    pub beyond_to: usize,
    /// Whether answers are in order of time; else in the order in which the records came to be.
    #[serde(default)]
    pub sorted: bool,
    /// The most records of one answer; the total is stated as if there were no such limit.
    #[serde(default)]
    pub max_results: Option<usize>,
    /// The records' JSON texts.
    pub records: Vec<String>,
}

/// Names how a time is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimeFormat {
    /// `2026-11-22T17:00:00Z`, or a date.
    Rfc3339,
    /// Seconds since 1970.
    EpochS,
    /// Milliseconds since 1970.
    EpochMs,
    /// A number that grows.
    Integer,
}

/// The records that answer one request, and how many there are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) records: Vec<Bytes>,
    pub(crate) total: u64,
}

impl Timeline {
    /// Asks by these parameters, with whole and half-open answers in order of time.
    pub fn new(cursor: &str, format: TimeFormat, from: &str, to: Option<&str>) -> Self {
        Self {
            cursor: cursor.to_owned(),
            format,
            from: from.to_owned(),
            to: to.map(str::to_owned),
            inclusive_to: false,
            beyond_to: 0,
            sorted: true,
            max_results: None,
            records: Vec::new(),
        }
    }

    /// Adds records.
    #[must_use]
    pub fn with(mut self, records: impl IntoIterator<Item = String>) -> Self {
        self.records.extend(records);
        self
    }

    /// Answers a request; the parameter that cannot be read is named.
    pub(crate) fn answer(&self, call: &Call) -> Result<Answer, String> {
        let bound = |name: &str| match call.argument(name) {
            None => Ok(None),
            Some(text) => {
                self.format.read(text).map(Some).ok_or_else(|| format!("{name} cannot be read: {text}"))
            }
        };
        let from = bound(&self.from)?;
        let to = self.to.as_deref().map_or(Ok(None), bound)?;
        let mut rows: Vec<_> = self.records.iter().map(|record| (self.time(record), record)).collect();
        if self.sorted {
            rows.sort_by_key(|(time, _)| *time);
        }
        rows.retain(|(time, _)| from.zip(*time).is_none_or(|(from, time)| time >= from));
        let mut beyond = self.beyond_to;
        rows.retain(|(time, _)| {
            let Some((to, time)) = to.zip(*time) else { return true };
            let within = time < to || self.inclusive_to && time == to;
            let allowed = !within && beyond > 0;
            beyond -= usize::from(allowed);
            within || allowed
        });
        let total = rows.len() as u64;
        rows.truncate(self.max_results.unwrap_or(usize::MAX));
        Ok(Answer { records: rows.into_iter().map(|(_, record)| record.clone().into()).collect(), total })
    }

    fn time(&self, record: &str) -> Option<i128> {
        let record: Value = serde_json::from_str(record).ok()?;
        match record.get(&self.cursor)? {
            Value::String(text) => self.format.read(text),
            Value::Number(number) => self.format.read(&number.to_string()),
            _ => None,
        }
    }
}

impl TimeFormat {
    fn read(self, text: &str) -> Option<i128> {
        let midnight = |date: Date| Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp());
        match self {
            Self::Rfc3339 if text.len() == 10 => midnight(text.parse().ok()?).map(Timestamp::as_nanosecond),
            Self::Rfc3339 => text.parse().ok().map(Timestamp::as_nanosecond),
            Self::EpochS | Self::EpochMs | Self::Integer => text.parse().ok(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(timeline: &Timeline, query: &str) -> (Vec<i64>, u64) {
        let request = http::Request::get(format!("/changes?{query}")).body(());
        let (parts, ()) = request.unwrap().into_parts();
        let answer = timeline.answer(&Call::new(parts, Bytes::new(), "here")).unwrap();
        let id = |record: &Bytes| serde_json::from_slice::<Value>(record).unwrap()["id"].as_i64().unwrap();
        (answer.records.iter().map(id).collect(), answer.total)
    }

    #[test]
    fn answers_are_half_open_unless_said_otherwise() {
        let records = [(1, 10), (2, 30), (3, 20), (4, 20), (5, 40)];
        let records = records.map(|(id, at)| format!("{{\"id\":{id},\"at\":{at}}}"));
        let plain = Timeline::new("at", TimeFormat::EpochS, "from", Some("to"))
            .with(records)
            .with([r#"{"id":6}"#.to_owned()]);
        assert_eq!(ids(&plain, "from=20&to=30"), (vec![6, 3, 4], 3));
        let inclusive = Timeline { inclusive_to: true, sorted: false, ..plain.clone() };
        assert_eq!(ids(&inclusive, "from=20&to=30"), (vec![2, 3, 4, 6], 4));
        let beyond = Timeline { beyond_to: 1, ..plain.clone() };
        assert_eq!(ids(&beyond, "from=20&to=30"), (vec![6, 3, 4, 2], 4));
        let capped = Timeline { max_results: Some(2), ..plain };
        assert_eq!(ids(&capped, ""), (vec![6, 1], 6));
    }
}
