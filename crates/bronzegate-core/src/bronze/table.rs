//! The port to tables: what a Delta log and a Unity Catalog table have in common.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::bronze::store::{BronzeStore, StoreError};
use crate::config::ColumnType;

/// A root below which tables are, and the parts that are to become their rows.
///
/// A part lies at `<table>/<source>/<stream>/ingest_date=<date>/<file>.parquet`, relative to the root. It is an
/// upload that nobody can read until its segment is committed; then it is completed, and its table learns of it.
pub trait Tables: fmt::Debug + Send + Sync {
    /// The root as somebody wrote it, for messages and for the commit record.
    fn location(&self) -> String;

    /// What the tables are made by.
    fn kind(&self) -> TableKind;

    /// Where parts are staged and completed: paths of receipts are relative to it.
    fn parts(&self) -> Arc<dyn BronzeStore>;

    /// How many files one transaction takes, where that has a bound. A segment ends at the page in which it has as many,
    /// so a page may bring some more.
    fn most_files(&self) -> Option<u32> {
        None
    }

    /// The table of a name, which `[a-z0-9_-]+` matches. Nothing is asked yet.
    fn table(&self, name: &str) -> Arc<dyn BronzeTable>;
}

/// Who keeps the list of a table's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TableKind {
    /// A Delta log beside the files, written by bronzegate.
    Delta,
    /// A Unity Catalog table of Databricks, loaded by `COPY INTO`.
    Databricks,
}

/// One table. Implementations translate; when to append is the commit protocol's choice.
#[async_trait]
pub trait BronzeTable: fmt::Debug + Send + Sync {
    /// Reads what the table is, before the first request of a run, and refuses what [`append`](Self::append) would
    /// refuse. `columns` are all columns that the parts will have, in order.
    ///
    /// # Errors
    /// [`TableError::Refused`] by name, [`TableError::Store`] when it cannot be read.
    async fn look(&self, columns: &[TableColumn]) -> Result<TableState, TableError>;

    /// Appends the files of a committed segment as one transaction, however often and by whomever it is called.
    /// A table that is not there is created; columns that it lacks are added.
    ///
    /// The files are complete objects by then.
    ///
    /// # Errors
    /// As of [`look`](Self::look); [`TableError::Unknown`] where whether it was appended can no longer be told. The
    /// segment stays committed, and any later run may try again.
    async fn append(&self, append: &TableAppend) -> Result<Appended, TableError>;

    /// Whether a segment is in the table already: asked where files of a committed segment are gone, because another
    /// writer may have rewritten their rows and removed them. `None` where it is not.
    ///
    /// # Errors
    /// As of [`append`](Self::append).
    async fn find(&self, append: &TableAppend) -> Result<Option<Appended>, TableError> {
        let _ = append;
        Ok(None)
    }

    /// What keeps reading cheap (a checkpoint, an expired log entry), where it is due. It never fails a run: what went
    /// wrong is logged.
    async fn maintain(&self, version: i64);
}

/// One column of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableColumn {
    /// Its name in the table.
    pub name: String,
    /// Its type, in the words of Delta's schema: `string`, `decimal(18,2)`.
    #[serde(rename = "type")]
    pub kind: ColumnType,
}

/// A committed segment as a table learns of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableAppend {
    /// Who appends: `bronzegate/<target id>/<source>/<stream>[/<key>]`. Delta's `appId`.
    pub app: String,
    /// The transaction's number; of one `app` it only grows.
    pub txn: i64,
    /// All columns of the files, in order.
    pub columns: Vec<TableColumn>,
    /// The files; one segment is one transaction.
    pub files: Vec<TableFile>,
    /// The table's id when the segment was committed, where it was there.
    pub id: Option<String>,
    /// The newest version that was seen before the segment was committed; -1 where there was none.
    pub seen: i64,
    /// When the segment was committed.
    pub committed_at: Timestamp,
    /// `<source>/<stream>`.
    pub stream: String,
    /// The run's key and segment: `seq-3.s0001`.
    pub segment: String,
}

/// One complete file of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableFile {
    /// Its path, relative to the root of the tables.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its rows.
    pub records: u64,
    /// Delta's statistics of it, as JSON text.
    pub stats: String,
}

/// What a table is at a time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableState {
    /// Its id, where it is there.
    pub id: Option<String>,
    /// Its newest version; -1 where it is not there.
    pub version: i64,
    /// Its columns with their types, in its own words.
    pub columns: Vec<(String, String)>,
    /// Lines for somebody: protocol, features, how far.
    pub notes: Vec<String>,
}

/// What an append did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The id of the table that has the rows, where tables of that kind have one.
    pub table_id: Option<String>,
    /// The table's version that has the rows, where the table tells one.
    pub version: Option<i64>,
    /// The rows that the segment has in the table.
    pub rows: u64,
    /// Whether this call appended them; else they were there before.
    pub now: bool,
}

/// Why a table does not take rows.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The table is one that cannot be appended to.
    #[error(
        "table {table}: {reason}; nothing is lost: what is committed is appended by the first run after that is mended"
    )]
    Refused {
        /// Its name.
        table: String,
        /// The feature, column or answer, by name, and what to do.
        reason: String,
    },
    /// Whether the segment is in the table can no longer be told.
    #[error("table {table}: cannot tell whether {segment} was appended: {reason}")]
    Unknown {
        /// The table's name.
        table: String,
        /// The segment.
        segment: String,
        /// Why, and the command that settles it by hand.
        reason: String,
    },
    /// A store or a service failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
