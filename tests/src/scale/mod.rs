//! What many streams ask for: each of its store by the length of its commit log, and all of them of the functions within
//! an hour.

mod hour;
mod store;

use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::bronze::{CommitLog, CommitRecord, HistoryEntry, Layout, RunId, RunKey};
use bronzegate_core::clock::Clock as _;
use bronzegate_core::health;
use bronzegate_core::report::Status;
use bronzegate_core::run::RunOptions;
use bronzegate_demo_api::{Shape, Stream, Style};
use jiff::{SignedDuration, Timestamp};

pub use hour::{Fleet, Load, history, most_segments};
pub use store::{MemoryStore, Requests};

use crate::bench::{Bench, SCHEDULED, one_stream, request, test_clock};
use crate::streams::changes;

/// The requests of one stream whose log has so many commits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// A run.
    pub run: Requests,
    /// A look of the watch.
    pub look: Requests,
    /// The runs of the last day.
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

/// Runs a stream beside an hourly log of so many commits, and counts.
///
/// # Panics
/// When the stream cannot be run.
pub async fn asked(kind: Kind, commits: u64) -> Asked {
    let (bench, name) = bench(kind).await;
    let store = MemoryStore::default();
    let run = bench.stream_with(name, test_clock());
    let before: Timestamp = "2026-11-22T16:00:00Z".parse().expect("a time");
    let first = run.run(shared(&store), request(&before.to_string()), RunOptions::default()).await;
    assert_eq!(first.status, Status::Complete, "{first:?}");
    let layout = Layout::new("demo", name);
    let log = CommitLog::new(shared(&store), layout.clone());
    let template = log.last_committed().await.expect("the log is readable").expect("it has run");
    for nth in 0..commits {
        let hours = i64::try_from(commits - 1 - nth).expect("a log of that length");
        let due = before - SignedDuration::from_hours(hours);
        let RunKey { key, batch_id, .. } = RunKey::of(id(kind, nth, due), due);
        let times = (due, due + SignedDuration::from_secs(3));
        let record = CommitRecord {
            key,
            batch_id,
            scheduled_time: due,
            started_at: times.0,
            finished_at: times.1,
            history: remembered(kind, nth, due),
            ..template.clone()
        };
        let text = serde_json::to_vec(&record).expect("a record is JSON");
        store.set(layout.commit(&record.key, record.segment), text.into());
        if nth + 1 == commits {
            log.update_head(&record).await;
        }
    }

    store.take_requests();
    let report = run.run(shared(&store), request(SCHEDULED), RunOptions::default()).await;
    assert_eq!(report.status, Status::Complete, "{report:?}");
    let run_requests = store.take_requests();
    let now = test_clock().now() + SignedDuration::from_mins(30);
    let settings = bench.source.named(name).expect("the stream is in the source");
    let missed = health::missed(&log, settings, Duration::from_hours(1), now).await;
    assert_eq!(missed.expect("the log is readable"), None);
    let look = store.take_requests();
    let day = log.since(now - SignedDuration::from_hours(24), now).await.expect("the log is readable");
    assert!(day.len() as u64 >= commits.min(24), "{}", day.len());
    Asked { run: run_requests, look, day: store.take_requests() }
}

/// What a run remembers of itself and of those before it.
fn remembered(kind: Kind, nth: u64, due: Timestamp) -> Vec<HistoryEntry> {
    let before = (0..=nth.min(9)).rev().map(|back| {
        let due = due - SignedDuration::from_hours(i64::try_from(back).unwrap_or_default());
        HistoryEntry {
            key: RunKey::of(id(kind, nth - back, due), due).key,
            records: 50,
            duration_ms: 3_000,
            more: false,
            first: false,
        }
    });
    before.collect()
}

fn id(kind: Kind, nth: u64, due: Timestamp) -> RunId {
    match kind {
        Kind::Snapshot => RunId::At(due),
        Kind::Incremental => RunId::Sequence(nth + 1),
    }
}

fn shared(store: &MemoryStore) -> Arc<dyn bronzegate_core::bronze::BronzeStore> {
    Arc::new(store.clone())
}

async fn bench(kind: Kind) -> (Bench, &'static str) {
    match kind {
        Kind::Snapshot => {
            let stream = Stream::new("items", Style::Cursor, Shape::Small, 50).page_size(20);
            let settings = "records: results
schedule: { every: 1h }
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 20 } }";
            (Bench::one(stream, Vec::new(), settings).await, "items")
        }
        Kind::Incremental => {
            let settings = format!(
                "{}\nschedule: {{ every: 1h }}",
                changes::settings(&format!("{}, key: id, start: 2026-01-01", changes::BOUNDED))
            );
            let yaml = one_stream("changes", &settings);
            (Bench::new(vec![changes::changes(changes::ten_days())], Vec::new(), &yaml).await, "changes")
        }
    }
}
