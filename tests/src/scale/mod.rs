//! What many streams ask for: each of its store by the length of its commit log, and all of them of the functions within
//! an hour.

mod hour;
mod place;
mod requests;

use std::sync::Arc;

use bronzegate_core::bronze::{CommitLog, CommitRecord, HistoryEntry, Layout, RunId, RunKey};
use bronzegate_core::clock::{Clock as _, SystemClock};
use bronzegate_demo_api::{Shape, Stream, Style};
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream;
use jiff::{SignedDuration, Timestamp, TimestampRound, Unit};

pub use hour::{Fleet, Load, history, most_segments};
pub use place::{OnBlob, OnS3, Place};
pub use requests::Requests;

use crate::bench::one_stream;
use crate::command_line;
use crate::streams::changes;

/// The newest runs whose records are their own. The names before them all have one record, so whoever read them would
/// find another run's.
const OWN_RECORDS: u64 = 60;

/// The requests of one stream whose log has so many commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// A run.
    pub run: Requests,
    /// A look of the watch.
    pub look: Requests,
    /// The runs of the last day, as the program lists them.
    pub day: Requests,
}

/// How a stream is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// As a whole, each time.
    Snapshot,
    /// What is new.
    Incremental,
}

impl Kind {
    /// The stream, and the source file's lines of it.
    pub fn stream(self) -> (Stream, String) {
        match self {
            Self::Snapshot => {
                let settings = "records: results
schedule: { every: 1h }
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 20 } }";
                let stream = Stream::new("items", Style::Cursor, Shape::Small, 50).page_size(20);
                (stream, one_stream("items", settings))
            }
            Self::Incremental => {
                let incremental = format!("{}, key: id, start: 2026-01-01", changes::BOUNDED);
                let settings = format!("{}\nschedule: {{ every: 1h }}", changes::settings(&incremental));
                (changes::changes(changes::ten_days()), one_stream("changes", &settings))
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Snapshot => "items",
            Self::Incremental => "changes",
        }
    }

    fn run(self, nth: u64, due: Timestamp) -> RunKey {
        let id = match self {
            Self::Snapshot => RunId::At(due),
            Self::Incremental => RunId::Sequence(nth + 1),
        };
        RunKey::of(id, due)
    }
}

/// Counts beside an hourly log of so many commits: the next run, a look, and the program's list of the last day.
///
/// # Panics
/// When the stream cannot be run.
pub async fn asked(place: &mut dyn Place, kind: Kind, commits: u64) -> Asked {
    let hour = SystemClock::default()
        .now()
        .round(TimestampRound::new().smallest(Unit::Hour).mode(jiff::RoundMode::Trunc));
    let hour = hour.expect("a time can be cut to its hour");
    let before = hour - SignedDuration::from_hours(1);
    let name = kind.name();
    place.run(name, before).await;
    write_log(place, kind, commits, before).await;

    place.take_requests();
    place.run(name, hour).await;
    let run = place.take_requests();
    place.watch().await;
    let look = place.take_requests();
    let (variables, folder) = place.program();
    let line = format!("runs demo/{name} --since 1d --json");
    let listed = command_line::start(&line, variables, folder, |_| ()).ended().await;
    assert_eq!(listed.code(), Some(0), "{listed:?}");
    assert!(listed.reports().len() as u64 >= commits.min(23), "{listed:?}");
    Asked { run, look, day: place.take_requests() }
}

/// Makes the log of a stream that has run once one of so many commits, the last of which was due then.
async fn write_log(place: &dyn Place, kind: Kind, commits: u64, last: Timestamp) {
    let layout = Layout::new("demo", kind.name());
    let log = CommitLog::new(Arc::clone(place.store()), layout.clone());
    let template = log.last_committed().await.expect("the log is readable").expect("it has run");
    let record = |nth: u64| record(kind, nth, hours_before(last, commits - 1 - nth), &template);
    let path = |nth: u64| {
        let RunKey { key, .. } = kind.run(nth, hours_before(last, commits - 1 - nth));
        layout.commit(&key, template.segment)
    };
    let own = commits.saturating_sub(OWN_RECORDS);
    let names: Vec<_> = (0..own).map(path).collect();
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), place::names_below(&names)).expect("writable");
    place.put_as_each(file.path(), text(&record(0))).await;
    let puts = (own..commits).map(|nth| async move {
        place.store().put(&path(nth), text(&record(nth))).await.expect("a record is put");
    });
    stream::iter(puts).buffer_unordered(8).collect::<Vec<_>>().await;
    log.update_head(&record(commits - 1)).await;
}

fn record(kind: Kind, nth: u64, due: Timestamp, template: &CommitRecord) -> CommitRecord {
    let RunKey { key, batch_id, .. } = kind.run(nth, due);
    let history = (0..=nth.min(9)).rev().map(|back| HistoryEntry {
        key: kind.run(nth - back, hours_before(due, back)).key,
        records: 50,
        duration_ms: 3_000,
        more: false,
        first: false,
    });
    CommitRecord {
        key,
        batch_id,
        scheduled_time: due,
        started_at: due,
        finished_at: due + SignedDuration::from_secs(3),
        history: history.collect(),
        ..template.clone()
    }
}

fn text(record: &CommitRecord) -> Bytes {
    serde_json::to_vec(record).expect("a record is JSON").into()
}

fn hours_before(time: Timestamp, hours: u64) -> Timestamp {
    time - SignedDuration::from_hours(i64::try_from(hours).expect("a log of that length"))
}
