//! What a segment's record says of the table that its parts are files of, and what a mark says that it has them.

use serde::{Deserialize, Serialize};

use super::log::CommitLog;
use super::record::CommitRecord;
use crate::bronze::layout::TableMark;
use crate::bronze::store::StoreError;
use crate::bronze::table::{Appended, TableAppend, TableColumn, TableFile, TableKind};

/// The table of a segment, as it was when the segment was committed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableCommit {
    /// The root of the tables, as somebody wrote it. Paths of the parts are relative to it.
    pub root: String,
    /// The table's name.
    pub name: String,
    /// What it is made by.
    pub kind: TableKind,
    /// Its id, where it was there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its newest version that was seen before the commit; -1 where it was not there.
    pub seen: i64,
    /// Who appends: the target, the stream, and the run where each run has transactions of its own.
    pub app: String,
    /// The number of the transaction; of one `app` it only grows.
    pub txn: i64,
    /// All columns of the parts, in order.
    pub columns: Vec<TableColumn>,
}

/// What a segment's mark says that its table has: `_bronzegate/<source>/<stream>/tables/<month>/<segment>.done`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TablePublished {
    /// The table's name.
    pub table: String,
    /// The table's id, where it has one: a table that was dropped and made again under the same name has another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table_id: Option<String>,
    /// The version that has the rows, where the table tells one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<i64>,
    /// The segment's rows.
    pub rows: u64,
}

impl TablePublished {
    /// What an append has done.
    pub fn of(table: &str, appended: &Appended) -> Self {
        let Appended { table_id, version, rows, .. } = appended.clone();
        Self { table: table.to_owned(), table_id, version, rows }
    }
}

impl CommitRecord {
    /// The segment as its table learns of it; `None` where its parts are files of their own.
    pub fn append(&self) -> Option<TableAppend> {
        let table = self.table.as_ref()?;
        let files = self.parts.iter().map(|part| TableFile {
            path: part.path.clone(),
            bytes: part.bytes,
            records: part.records,
            stats: part.stats.clone().unwrap_or_else(|| format!("{{\"numRecords\":{}}}", part.records)),
        });
        Some(TableAppend {
            app: table.app.clone(),
            txn: table.txn,
            columns: table.columns.clone(),
            files: files.collect(),
            id: table.id.clone(),
            seen: table.seen,
            committed_at: self.finished_at,
            stream: format!("{}/{}", self.source, self.stream),
            segment: format!("{}.s{:04}", self.key, self.segment),
        })
    }
}

impl CommitLog {
    /// Marks a segment that is about to be committed: whoever comes next sees to it that its table has it.
    pub(crate) async fn mark_open(&self, record: &CommitRecord) -> Result<(), StoreError> {
        self.store.put(&self.mark(record, TableMark::Open), "{}\n".into()).await
    }

    /// Marks a segment that its table has.
    pub(crate) async fn mark_done(
        &self,
        record: &CommitRecord,
        published: &TablePublished,
    ) -> Result<(), StoreError> {
        let mut text = serde_json::to_vec(published).expect("a mark has text keys only");
        text.push(b'\n');
        self.store.put(&self.mark(record, TableMark::Done), text.into()).await
    }

    /// What the table of a segment has of it, as its mark says; `None` without a mark. A mark that cannot be read
    /// says that the table has the segment all the same.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn published(&self, record: &CommitRecord) -> Result<Option<TablePublished>, StoreError> {
        let Some(table) = &record.table else { return Ok(None) };
        let Some(text) = self.store.get(&self.mark(record, TableMark::Done)).await? else { return Ok(None) };
        let rows = record.parts.iter().map(|part| part.records).fold(0, u64::saturating_add);
        let unread = || TablePublished { table: table.name.clone(), table_id: None, version: None, rows };
        Ok(Some(serde_json::from_slice(&text).unwrap_or_else(|_| unread())))
    }

    /// Where the mark of a segment is that says that its table has it.
    pub(crate) fn done_mark(&self, record: &CommitRecord) -> String {
        self.mark(record, TableMark::Done)
    }

    /// Where a segment's mark is: in the month in which the segment was committed.
    fn mark(&self, record: &CommitRecord, mark: TableMark) -> String {
        self.layout.table_mark(record.finished_at, &record.key, record.segment, mark)
    }
}
