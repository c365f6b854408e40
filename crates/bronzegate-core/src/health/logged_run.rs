//! A run as the log describes it: the segments of one key.

use jiff::Timestamp;
use serde::Serialize;

use super::judge::{breaches, is_sparse};
use crate::breach::Breach;
use crate::bronze::{CommitRecord, Mended, Ratios, RunId, RunKind, SegmentStatus, TablePublished, Window};
use crate::config::{Expect, error_rate};
use crate::plan::is_come;
use crate::report::Counts;

/// A run that has committed at least one segment.
#[derive(Clone, Debug, Serialize)]
pub struct LoggedRun {
    /// What makes two runs the same run.
    pub key: String,
    /// The value of `_batch_id` in the records.
    pub batch_id: String,
    /// When it was due.
    pub scheduled_time: Timestamp,
    /// Its time lay ahead when it was committed: that of an earlier version, which took such times.
    pub is_ahead: bool,
    /// When its first segment began.
    pub started_at: Timestamp,
    /// When its last segment was committed.
    pub finished_at: Timestamp,
    /// How its last segment ended; a run that is partial is resumed by the same event.
    pub status: SegmentStatus,
    /// What all segments counted.
    #[serde(flatten)]
    pub counts: Counts,
    /// The time of all segments in milliseconds.
    pub duration_ms: u64,
    /// Records against the mean of the complete runs before it.
    pub records_ratio: Option<f64>,
    /// Time against the mean of the complete runs before it.
    pub duration_ratio: Option<f64>,
    /// The mean of the records of those runs.
    pub usual_records: Option<f64>,
    /// The mean of their times in milliseconds.
    pub usual_duration_ms: Option<f64>,
    /// The stream brought too little before to say what is usual; only a stated ratio is looked at.
    #[serde(skip)]
    pub is_sparse: bool,
    /// Requests that failed, in percent of all.
    pub error_rate: Option<f64>,
    /// The window of the run, where it has one.
    pub window: Option<Window>,
    /// Where the first segment began.
    pub cursor_in: Option<String>,
    /// Where the last one ended.
    pub cursor_out: Option<String>,
    /// The thresholds that it breaches.
    pub breaches: Vec<Breach>,
    /// Rows were seen to move between pages while they were read: some may be missing.
    pub may_lack: bool,
    /// It is no run: the state was set, or a run that was partial ended by that.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mended: Option<Mended>,
    /// What somebody should know, of all segments.
    pub warnings: Vec<String>,
    /// What its table has of it, where its records are rows of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<LoggedTable>,
    /// Its segments in order.
    pub segments: Vec<LoggedSegment>,
}

/// What a table has of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LoggedTable {
    /// The table's name.
    pub name: String,
    /// The newest version that has rows of the run, where the table tells one.
    pub version: Option<i64>,
    /// The run's rows in it.
    pub rows: u64,
    /// Committed segments that it does not have yet: the stream's next run appends them.
    pub open_segments: u64,
}

/// One segment of a run.
#[derive(Clone, Debug, Serialize)]
pub struct LoggedSegment {
    /// Its number, counted from 1.
    pub segment: u32,
    /// How it ended.
    pub status: SegmentStatus,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was committed.
    pub finished_at: Timestamp,
    /// What it counted.
    #[serde(flatten)]
    pub counts: Counts,
    /// Its time in milliseconds.
    pub duration_ms: u64,
    /// Paths of its parts under the target.
    pub parts: Vec<String>,
}

impl LoggedRun {
    /// The runs of a log, each with its segments, compared with what is expected; `records` are in the
    /// log's order.
    pub fn all(records: Vec<CommitRecord>, expect: &Expect) -> Vec<Self> {
        let mut runs: Vec<Self> = Vec::new();
        for record in records {
            match runs.last_mut().filter(|run| run.key == record.key) {
                Some(run) => run.add(record, expect),
                None => runs.push(Self::new(record, expect)),
            }
        }
        runs
    }

    /// Whether it is a window of a backfill, not one of the schedule's runs.
    pub fn is_window(&self) -> bool {
        self.key.parse().is_ok_and(|id: RunId| id.kind() == RunKind::Window)
    }

    /// Whether everything there was is committed.
    pub fn is_complete(&self) -> bool {
        self.status == SegmentStatus::Complete
    }

    /// Whether somebody should look at it: it breaches a threshold, is cut, may lack records, is not in its table, or
    /// has a time that lay ahead.
    pub fn is_marked(&self) -> bool {
        !self.breaches.is_empty()
            || !self.is_complete()
            || self.may_lack
            || self.is_ahead
            || !self.is_in_table()
    }

    /// Whether its table has all of its committed segments, where it has a table.
    pub fn is_in_table(&self) -> bool {
        self.table.as_ref().is_none_or(|table| table.open_segments == 0)
    }

    /// Notes what the table has of one of its segments, as the segment's mark says.
    pub fn note_published(&mut self, published: &TablePublished) {
        let Some(table) = &mut self.table else { return };
        table.version = table.version.max(published.version);
        table.rows = table.rows.saturating_add(published.rows);
        table.open_segments = table.open_segments.saturating_sub(1);
    }

    fn new(record: CommitRecord, expect: &Expect) -> Self {
        let mut run = Self {
            key: record.key.clone(),
            batch_id: record.batch_id.clone(),
            scheduled_time: record.scheduled_time,
            is_ahead: !is_come(record.scheduled_time, record.finished_at),
            started_at: record.started_at,
            finished_at: record.finished_at,
            status: record.status,
            counts: Counts::default(),
            duration_ms: 0,
            records_ratio: None,
            duration_ratio: None,
            usual_records: None,
            usual_duration_ms: None,
            is_sparse: false,
            error_rate: None,
            window: None,
            cursor_in: record.cursor_in.clone(),
            cursor_out: None,
            breaches: Vec::new(),
            may_lack: false,
            mended: None,
            warnings: Vec::new(),
            table: None,
            segments: Vec::new(),
        };
        run.add(record, expect);
        run
    }

    fn add(&mut self, record: CommitRecord, expect: &Expect) {
        let total = record.total_counts;
        if let Some(table) = record.table.as_ref().filter(|_| !record.parts.is_empty()) {
            let none = LoggedTable { name: String::new(), version: None, rows: 0, open_segments: 0 };
            let logged = self.table.get_or_insert(none);
            logged.name.clone_from(&table.name);
            logged.open_segments += 1;
        }
        if record.is_in_history() {
            let ratios = Ratios::of(&record.history);
            (self.records_ratio, self.duration_ratio) = (ratios.records, ratios.duration);
            self.usual_records = ratios.usual_records;
            self.usual_duration_ms = ratios.usual_duration_ms;
            self.is_sparse = is_sparse(&record, &ratios);
        }
        self.breaches = breaches(expect, &record);
        self.status = record.status;
        self.finished_at = record.finished_at;
        self.counts = total;
        self.duration_ms = record.total_duration_ms;
        self.error_rate = error_rate(total.requests, total.api_errors);
        self.window = record.window.or(self.window.take());
        self.cursor_out = record.cursor_out;
        self.may_lack |= record.may_lack;
        self.mended = record.mended;
        self.warnings.extend(record.warnings);
        self.segments.push(LoggedSegment {
            segment: record.segment,
            status: record.status,
            started_at: record.started_at,
            finished_at: record.finished_at,
            counts: record.counts,
            duration_ms: record.duration_ms,
            parts: record.parts.into_iter().map(|part| part.path).collect(),
        });
    }
}
