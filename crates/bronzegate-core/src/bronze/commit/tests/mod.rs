//! The log on a local folder, with records that are as small as can be.

mod log;
mod newest;
mod since;

use std::fs;
use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;

use super::SegmentStatus::{Complete, Partial};
use super::{CommitLog, CommitRecord, SegmentStatus};
use crate::bronze::checksum::Checksum;
use crate::bronze::layout::Layout;
use crate::bronze::publish::Publisher;
use crate::bronze::run_id::{RunId, RunKey};
use crate::bronze::store::LocalStore;
use crate::bronze::store::{BronzeStore, Created, Receipt};
use crate::bronze::testing::FaultyStore;
use crate::report::Counts;

pub(crate) struct Bench {
    pub(crate) temp: tempfile::TempDir,
    pub(crate) store: Arc<FaultyStore>,
    pub(crate) log: CommitLog,
    pub(crate) layout: Layout,
}

pub(crate) fn bench() -> Bench {
    let temp = tempfile::tempdir().unwrap();
    let layout = Layout::new("shop", "orders");
    let store = FaultyStore::with_space(LocalStore::open(temp.path()).unwrap(), u64::MAX);
    let log = CommitLog::new(Arc::clone(&store) as Arc<dyn BronzeStore>, layout.clone());
    Bench { temp, store, log, layout }
}

pub(crate) fn record(id: RunId, segment: u32, status: SegmentStatus, parts: Vec<Receipt>) -> CommitRecord {
    let scheduled_time = "2026-11-22T17:00:00Z".parse::<Timestamp>().unwrap();
    let run = RunKey::of(id, scheduled_time);
    CommitRecord {
        format: CommitRecord::FORMAT,
        source: "shop".to_owned(),
        stream: "orders".to_owned(),
        key: run.key,
        segment,
        batch_id: run.batch_id,
        scheduled_time,
        status,
        parts,
        window: None,
        cursor_in: None,
        cursor_out: Some("2026-11-22T16:59:59Z".to_owned()),
        page_state: (status == Partial).then(|| json!({ "next": "abc" })),
        cursor: None,
        parents: None,
        sync: None,
        table: None,
        counts: Counts::default(),
        total_counts: Counts { records: 12, ..Counts::default() },
        started_at: scheduled_time,
        finished_at: scheduled_time,
        duration_ms: 5,
        total_duration_ms: 9,
        history: Vec::new(),
        warnings: Vec::new(),
        may_lack: false,
        branch_members: Vec::new(),
        paging: std::collections::BTreeMap::new(),
        columns: None,
        mended: None,
        engine_version: "0.1.0".to_owned(),
        config_fingerprint: "f".to_owned(),
        environment: "test".to_owned(),
    }
}

/// A snapshot run; its time is in its key.
fn at(due: Timestamp, segment: u32, status: SegmentStatus) -> CommitRecord {
    let record = record(RunId::At(due), segment, status, Vec::new());
    CommitRecord { scheduled_time: due, started_at: due, finished_at: due, ..record }
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// The time of the question.
fn now() -> Timestamp {
    time("2026-11-25T12:00:00Z")
}

pub(crate) fn sequence(number: u64, segment: u32, status: SegmentStatus) -> CommitRecord {
    record(RunId::Sequence(number), segment, status, Vec::new())
}

impl Bench {
    /// What publishes the log's commits, on the store as it is now.
    pub(crate) fn publisher(&self) -> Publisher {
        Publisher::new(Arc::clone(&self.store), self.layout.clone())
    }

    pub(crate) async fn committed(&self, record: CommitRecord) -> CommitRecord {
        assert_eq!(self.log.commit(&record).await.unwrap(), Created::Yes);
        record
    }

    pub(crate) async fn staged(&self, number: u64, part: u32) -> Receipt {
        let run = RunKey::of(RunId::Sequence(number), "2026-11-22T17:00:00Z".parse().unwrap());
        let path = self.layout.part(&run, 1, part, "ndjson");
        let mut staged = self.store.stage(&path, &self.layout.staging(&run.key, 1)).await.unwrap();
        staged.write(Bytes::from_static(b"{}\n")).await.unwrap();
        let upload = staged.finish().await.unwrap();
        Receipt { path, records: 1, bytes: 3, checksum: Checksum::of(b"{}\n"), upload, stats: None }
    }

    /// Puts a record into the log as fast as can be.
    fn logged(&self, record: &CommitRecord) {
        let text = String::from_utf8(record.to_json()).unwrap();
        self.write(&self.layout.commit(&record.key, record.segment), &text);
    }

    /// What the store was asked since the last call: reads, listings, and paths that these returned.
    fn asked(&self) -> (u64, u64, u64) {
        let (reads, listings) = self.store.calls();
        (reads, listings, self.store.listed())
    }

    pub(crate) fn write(&self, path: &str, content: &str) {
        let path = self.temp.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }
}
