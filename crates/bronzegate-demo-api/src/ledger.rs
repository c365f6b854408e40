//! The records of a timeline as they are served: their times are read once.

use crate::{
    page::since,
    record::record,
    serve::Call,
    stream::Stream,
    timeline::{Asked, Made, TimeFormat, Timeline},
};
use bytes::Bytes;
use serde_json::Value;
use std::time::Duration;

/// Answers requests for the records between two times.
#[derive(Debug)]
pub(crate) struct Ledger {
    timeline: Timeline,
    rows: Vec<Row>,
    /// What the last first page was asked for: cursors and locators stand for the whole question.
    held: Bounds,
}

/// The records that answer one request, and how many there are.
#[derive(Clone, Debug, Default)]
pub(crate) struct Answer {
    pub(crate) records: Vec<Bytes>,
    pub(crate) total: u64,
}

/// A record and its time, in the unit of the timeline's format.
type Row = (Option<i128>, Bytes);

/// The times between which records are wanted.
type Bounds = (Option<i128>, Option<i128>);

impl Ledger {
    pub(crate) fn new(seed: u64, timeline: Timeline) -> Self {
        let mut ledger = Self { timeline, rows: Vec::new(), held: (None, None) };
        if let Some(made) = &ledger.timeline.made {
            let rows: Vec<_> = (0..made.records).map(|n| make(seed, &ledger.timeline, made, n)).collect();
            ledger.append(rows);
        }
        let given = std::mem::take(&mut ledger.timeline.records);
        ledger.append(given);
        ledger
    }

    /// Adds records.
    pub(crate) fn append(&mut self, records: impl IntoIterator<Item = String>) {
        let timeline = &self.timeline;
        let row = |record: String| (time(timeline, &record), record.into());
        self.rows.extend(records.into_iter().map(row));
        if self.timeline.sorted {
            self.rows.sort_by_key(|(time, _)| *time);
        }
    }

    /// All records in the order of an answer.
    pub(crate) fn records(&self) -> impl Iterator<Item = &Bytes> {
        self.rows.iter().map(|(_, record)| record)
    }

    /// Answers a request; the parameter that cannot be read is named.
    ///
    /// With `now`, the time since the Unix epoch, records of the future are not there yet.
    pub(crate) fn answer(
        &mut self,
        stream: &Stream,
        call: &Call,
        now: Option<Duration>,
    ) -> Result<Answer, String> {
        let Timeline { format, manner, .. } = &self.timeline;
        let (format, manner) = (*format, manner.clone());
        let newest = self.rows.iter().filter_map(|(time, _)| *time).max();
        let (from, to) = manner.means(self.bounds(stream, call)?, newest, format);
        let late = manner.late.unwrap_or_default();
        let now = now.and_then(|now| format.of(now.saturating_sub(late)));
        let mut beyond = self.timeline.beyond_to;
        let token = stream.quirks.token.as_ref().and_then(|parameter| call.argument(parameter));
        let seen = token.map(|token| since(token).ok_or_else(|| format!("no token: {token}"))).transpose()?;
        let mut rows: Vec<&Row> = self.rows.iter().skip(seen.unwrap_or_default() as usize).collect();
        rows.retain(|(time, _)| now.zip(*time).is_none_or(|(now, time)| time <= now));
        let after = self.timeline.exclusive_from;
        rows.retain(|(time, _)| {
            from.zip(*time).is_none_or(|(from, time)| time > from || time == from && !after)
        });
        rows.retain(|(time, _)| {
            let Some((to, time)) = to.zip(*time) else { return true };
            let within = time < to || self.timeline.inclusive_to && time == to;
            let allowed = !within && beyond > 0;
            beyond -= usize::from(allowed);
            within || allowed
        });
        if self.timeline.newest_first {
            rows.reverse();
        }
        if let Some(member) = &manner.sum_of {
            return Ok(Answer { records: vec![sum(&rows, member)], total: 1 });
        }
        let total = rows.len() as u64;
        rows.truncate(self.timeline.max_results.unwrap_or(usize::MAX));
        Ok(Answer { records: rows.into_iter().map(|(_, record)| record.clone()).collect(), total })
    }

    fn bounds(&mut self, stream: &Stream, call: &Call) -> Result<Bounds, String> {
        let bound = |asked: &Asked| match asked.find(call) {
            None => Ok(None),
            Some(text) => {
                let time = self.timeline.read_asked(text);
                time.map(Some).ok_or_else(|| format!("{asked:?} cannot be read: {text}"))
            }
        };
        let said = (bound(&self.timeline.from)?, self.timeline.to.as_ref().map_or(Ok(None), bound)?);
        if said != (None, None) || !call.asks_for_more(stream) {
            self.held = said;
        }
        Ok(self.held)
    }
}

fn time(timeline: &Timeline, record: &str) -> Option<i128> {
    let record: Value = serde_json::from_str(record).ok()?;
    let found = timeline.cursor.split('.').try_fold(&record, |at, name| {
        name.parse::<usize>().map_or_else(|_| at.get(name), |index| at.get(index))
    });
    match found? {
        Value::String(text) => timeline.read_record(text),
        Value::Number(number) => timeline.read_record(&number.to_string()),
        _ => None,
    }
}

/// One record with the sum of a member.
fn sum(rows: &[&Row], member: &str) -> Bytes {
    let value = |record: &Bytes| serde_json::from_slice::<Value>(record).ok()?.get(member)?.as_i64();
    let sum: i64 = rows.iter().filter_map(|(_, record)| value(record)).sum();
    format!("{{\"{member}\":{sum}}}").into()
}

/// A made record: the cursor and the further members, then those of the shape.
fn make(seed: u64, timeline: &Timeline, made: &Made, n: u64) -> String {
    let passed = Duration::from_secs(made.every.as_secs().saturating_mul(n));
    let at = made.first + passed;
    let time = match (timeline.format, &made.written) {
        _ if timeline.spelled.is_some() => {
            timeline.spelled.as_ref().map_or(Value::Null, |spelling| spelling.write(at))
        }
        (TimeFormat::Rfc3339, Some(format)) => Value::from(at.strftime(format).to_string()),
        (TimeFormat::Rfc3339, None) => Value::from(at.to_string()),
        (TimeFormat::EpochS, _) => Value::from(at.as_second()),
        (TimeFormat::EpochMs, _) => Value::from(at.as_millisecond()),
        (TimeFormat::Integer, _) => Value::from(n),
    };
    // A number in the path is a place in a list, of which only the first can be made.
    let nested = timeline.cursor.rsplit('.').fold(time.to_string(), |inner, name| match name {
        "0" => format!("[{inner}]"),
        _ => format!("{{\"{name}\":{inner}}}"),
    });
    let mut text = nested.strip_suffix('}').unwrap_or(&nested).to_owned();
    if let Some(members) = &made.members {
        let members =
            members.replace("$n$", &n.to_string()).replace("$ms$", &at.as_millisecond().to_string());
        text.push(',');
        text.push_str(&members);
    }
    let own = String::from_utf8(record(seed, made.shape, n)).expect("records are text");
    // The shapes have a time of their own, which must not be taken for this one.
    let own = own.replacen("\"updatedAt\":", "\"writtenAt\":", 1);
    format!("{text},{}", &own[1..])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Made, Shape, Style, TimeFormat};
    use std::time::Duration;

    fn ids(timeline: &Timeline, query: &str) -> (Vec<i64>, u64) {
        let request = http::Request::get(format!("/changes?{query}")).body(());
        let (parts, ()) = request.unwrap().into_parts();
        let stream = Stream::new("changes", Style::Cursor, Shape::Small, 0);
        let mut ledger = Ledger::new(1, timeline.clone());
        let answer = ledger.answer(&stream, &Call::new(parts, Bytes::new(), "here"), None).unwrap();
        let id = |record: &Bytes| serde_json::from_slice::<Value>(record).unwrap()["id"].as_i64().unwrap();
        (answer.records.iter().map(id).collect(), answer.total)
    }

    #[test]
    fn made_records_have_their_time_where_it_is_wanted() {
        let made = Made {
            records: 3,
            shape: Shape::Small,
            first: "2026-01-01T00:00:00Z".parse().unwrap(),
            every: Duration::from_secs(90),
            written: Some("%Y-%m-%d %H:%M:%S".to_owned()),
            members: Some("\"sort\":[$ms$,$n$]".to_owned()),
        };
        let timeline = Timeline::new("fields.updated", TimeFormat::Rfc3339, "from", None);
        let timeline = Timeline { made: Some(made), ..timeline };
        let ledger = Ledger::new(1, timeline.clone());
        let records: Vec<Value> =
            ledger.records().map(|record| serde_json::from_slice(record).unwrap()).collect();
        assert_eq!(records[1]["fields"]["updated"], "2026-01-01 00:01:30");
        assert_eq!(records[1]["sort"], serde_json::json!([1_767_225_690_000_u64, 1]));
        assert!(records[1]["id"].is_u64() && records[1]["exact"].is_number());
        assert_eq!(ids(&timeline, "from=2026-01-01T00:01:30Z").1, 2);
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
        let exclusive = Timeline { exclusive_from: true, ..plain.clone() };
        assert_eq!(ids(&exclusive, "from=20&to=41"), (vec![6, 2, 5], 3));
        let beyond = Timeline { beyond_to: 1, ..plain.clone() };
        assert_eq!(ids(&beyond, "from=20&to=30"), (vec![6, 3, 4, 2], 4));
        let capped = Timeline { max_results: Some(2), ..plain };
        assert_eq!(ids(&capped, ""), (vec![6, 1], 6));
    }
}
