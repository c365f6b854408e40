//! How far a segment is on its way into a table.

use std::sync::Arc;

use bytes::Bytes;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::bronze::{BronzeStore, CommitRecord, Layout, Receipt, StoreError, TablePublished};

/// The marks of a stream's segments.
#[derive(Clone, Debug)]
pub(super) struct Marks {
    pub(super) store: Arc<dyn BronzeStore>,
    pub(super) layout: Layout,
}

/// The files that are to become a segment's rows: what a commit record is to a segment of a table.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Staged {
    /// When they were staged.
    pub(super) at: Timestamp,
    /// The files, relative to the root of the tables.
    pub(super) parts: Vec<Receipt>,
}

impl Marks {
    /// What the table has of a segment, if it is known to have it.
    pub(super) async fn done(&self, record: &CommitRecord) -> Result<Option<TablePublished>, StoreError> {
        self.read(&self.path(record, "done")).await
    }

    /// Notes that the table has a segment.
    pub(super) async fn set_done(
        &self,
        record: &CommitRecord,
        published: &TablePublished,
    ) -> Result<(), StoreError> {
        self.store.put(&self.path(record, "done"), text(published)).await
    }

    /// The files of an attempt; each is numbered, from 1.
    pub(super) async fn staged(
        &self,
        record: &CommitRecord,
        attempt: u32,
    ) -> Result<Option<Staged>, StoreError> {
        self.read(&self.path(record, &format!("open{attempt}"))).await
    }

    /// Decides which files are an attempt's: those of whoever comes first. Returns them.
    pub(super) async fn decide(
        &self,
        record: &CommitRecord,
        attempt: u32,
        staged: &Staged,
    ) -> Result<Staged, StoreError> {
        let path = self.path(record, &format!("open{attempt}"));
        self.store.put_new(&path, text(staged)).await?;
        let gone = || StoreError::io("read", &path, "it was written, and is not there");
        self.staged(record, attempt).await?.ok_or_else(gone)
    }

    async fn read<T: for<'de> Deserialize<'de>>(&self, path: &str) -> Result<Option<T>, StoreError> {
        let Some(text) = self.store.get(path).await? else { return Ok(None) };
        serde_json::from_slice(&text).map(Some).map_err(|error| StoreError::io("read", path, error))
    }

    fn path(&self, record: &CommitRecord, ending: &str) -> String {
        self.layout.files_mark(&record.key, record.segment, ending)
    }
}

fn text(mark: &impl Serialize) -> Bytes {
    serde_json::to_vec(mark).expect("a mark has text keys only").into()
}
