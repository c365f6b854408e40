//! The record of one segment: the only thing that decides what is in bronze.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::health::HistoryEntry;
use super::table_commit::TableCommit;
use crate::bronze::run_id::RunId;
use crate::bronze::store::{Receipt, StoreError};
use crate::cursor::{ChangedParents, CursorState, SyncState};
use crate::extract::TableColumns;
use crate::report::Counts;

/// The version of the record's form, raised when an older reader would misread a newer record.
const FORMAT: u32 = 1;

/// The version of one whose branches have marks of their own, or whose parents have one, or that has a token: an older
/// reader would take one for all, or resume elsewhere.
const FORMAT_OF_MARKS: u32 = 2;

/// The version of one whose records become rows of a table: an older reader would publish it as files, and its table
/// would lack them.
const FORMAT_OF_TABLES: u32 = 3;

/// How a segment ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SegmentStatus {
    /// The run has everything there was.
    Complete,
    /// The run goes on after this segment, from its page state.
    Partial,
}

/// The window [from, to) that a run covers, as it was asked of the API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its beginning.
    pub from: Option<String>,
    /// Its end; none when it is open.
    pub to: Option<String>,
}

/// What is known of how the pages of a stream lead to each other.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownPaging {
    /// Tells the settings that it was seen with from others.
    pub settings: String,
    /// Whether a page has led to another; `false` where it was asked, and could not be found out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leads_on: Option<bool>,
}

/// That somebody has changed what the log says of a stream, and why. An older reader takes the record for a run that
/// found nothing due, and resumes from its cursor all the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mended {
    /// `set` or `reset`.
    pub action: String,
    /// The reason that was given.
    pub why: String,
}

/// What one segment of a run committed.
///
/// Members that a reader does not know are ignored, so that an older version can read the log of
/// a newer one as long as `format` is the same.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CommitRecord {
    /// The version of this form; [`CommitRecord::FORMAT`].
    pub format: u32,
    /// The source's name.
    pub source: String,
    /// The stream's name.
    pub stream: String,
    /// What makes two runs the same run.
    pub key: String,
    /// The run's segment, counted from 1.
    pub segment: u32,
    /// The value of `_batch_id` in the records.
    pub batch_id: String,
    /// When the run was due.
    pub scheduled_time: Timestamp,
    /// How the segment ended.
    pub status: SegmentStatus,
    /// Its parts, with what any process needs to publish them.
    pub parts: Vec<Receipt>,
    /// The window of the run, where it has one.
    #[serde(default)]
    pub window: Option<Window>,
    /// Where the segment began.
    #[serde(default)]
    pub cursor_in: Option<String>,
    /// Where it ended.
    #[serde(default)]
    pub cursor_out: Option<String>,
    /// Where the next segment goes on; there is one if, and only if, this one is partial.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_state: Option<Value>,
    /// What the run asked for and how far it has read, where the stream has a cursor.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cursor: Option<CursorState>,
    /// Which parents the run asked for, and how far they have been read, where only those that have changed are asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parents: Option<ChangedParents>,
    /// The tokens of the run, where the API gives one for each.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync: Option<SyncState>,
    /// The table that its parts are files of, where they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<TableCommit>,
    /// What this segment counted.
    pub counts: Counts,
    /// What the run counted in this and its earlier segments.
    pub total_counts: Counts,
    /// When the segment began.
    pub started_at: Timestamp,
    /// When it was committed.
    pub finished_at: Timestamp,
    /// The segment's time in milliseconds.
    pub duration_ms: u64,
    /// The time of this and the earlier segments in milliseconds.
    pub total_duration_ms: u64,
    /// The complete runs before this one, the oldest first, and a complete one itself at the end.
    /// Windows of a backfill have none: how long they are says nothing of what is usual.
    #[serde(default)]
    pub history: Vec<HistoryEntry>,
    /// What somebody should know.
    #[serde(default)]
    pub warnings: Vec<String>,
    /// Rows were seen to move between pages while they were read: some may be missing.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub may_lack: bool,
    /// The members that its records got from their branch; an earlier version does not say it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branch_members: Vec<String>,
    /// What is known of how pages lead to each other, by stream: the run's own, and those of its parents. What is
    /// known is not asked for again.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub paging: BTreeMap<String, KnownPaging>,
    /// The columns of its tables; an error's text in place of one has others.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub columns: Option<TableColumns>,
    /// It is no run: somebody has set where the next one begins.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mended: Option<Mended>,
    /// The version of bronzegate that wrote it.
    pub engine_version: String,
    /// The fingerprint of the source file that was in force.
    pub config_fingerprint: String,
    /// The value of `_environment` in the records.
    pub environment: String,
}

impl CommitRecord {
    /// The form that this version writes and reads.
    pub const FORMAT: u32 = FORMAT;

    /// The form of a record with this cursor.
    pub fn format_of(cursor: Option<&CursorState>) -> u32 {
        let has_marks = cursor.is_some_and(CursorState::has_marks);
        if has_marks { FORMAT_OF_MARKS } else { FORMAT }
    }

    /// The record of a run that asks only for parents that have changed, or with a token for what has.
    #[must_use]
    pub fn asking_for_changes(self, parents: Option<ChangedParents>, sync: Option<SyncState>) -> Self {
        let is_newer = parents.is_some() || sync.is_some();
        let format = if is_newer { self.format.max(FORMAT_OF_MARKS) } else { self.format };
        Self { format, parents, sync, ..self }
    }

    /// The record, whose parts are files of a table.
    #[must_use]
    pub fn with_table(self, table: TableCommit) -> Self {
        Self { format: FORMAT_OF_TABLES, table: Some(table), ..self }
    }

    /// The run as later ones remember it.
    pub fn history_entry(&self) -> HistoryEntry {
        HistoryEntry {
            key: self.key.clone(),
            records: self.total_counts.records,
            duration_ms: self.total_duration_ms,
            more: self.cursor.as_ref().is_some_and(|cursor| cursor.more),
            first: self.key == RunId::Sequence(1).to_string()
                || self.parents.as_ref().is_some_and(|parents| parents.is_full)
                || self.sync.as_ref().is_some_and(|sync| sync.sent.is_none()),
        }
    }

    /// Whether the history has the run: it is complete, no window, and something was due.
    pub fn is_in_history(&self) -> bool {
        self.history.last().is_some_and(|run| run.key == self.key)
    }

    /// The JSON text that the log holds.
    pub(super) fn to_json(&self) -> Vec<u8> {
        let mut text = serde_json::to_vec_pretty(self).expect("a record has text keys only");
        text.push(b'\n');
        text
    }

    /// Reads the object at `path` of the log.
    pub(super) fn from_json(path: &str, text: &[u8]) -> Result<Self, StoreError> {
        let unreadable = |reason| StoreError::Unreadable { path: path.to_owned(), reason };
        // The version comes first: of a newer form nothing else may be understood.
        let Version { format } =
            serde_json::from_slice(text).map_err(|error| unreadable(error.to_string()))?;
        if !(FORMAT..=FORMAT_OF_TABLES).contains(&format) {
            let reason = format!("it has format {format}, this version reads up to {FORMAT_OF_TABLES}");
            return Err(unreadable(reason));
        }
        let record: Self = serde_json::from_slice(text).map_err(|error| unreadable(error.to_string()))?;
        let partial = record.status == SegmentStatus::Partial;
        if partial != record.page_state.is_some() {
            return Err(unreadable(
                "a partial segment has a `page_state`, a complete one has none".to_owned(),
            ));
        }
        Ok(record)
    }
}

#[derive(Deserialize)]
struct Version {
    format: u32,
}
