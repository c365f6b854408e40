//! How far a segment is on its way into a table.

use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::bronze::{BronzeStore, CommitRecord, Layout, StoreError, TableMark, TablePublished};

/// The marks of a stream's segments.
#[derive(Clone, Debug)]
pub(super) struct Marks {
    pub(super) store: Arc<dyn BronzeStore>,
    pub(super) layout: Layout,
}

/// When a segment was first tried to be appended.
#[derive(Serialize, Deserialize)]
struct Open {
    at: Timestamp,
}

impl Marks {
    /// Whether the table has a segment.
    pub(super) async fn is_done(&self, record: &CommitRecord) -> Result<bool, StoreError> {
        Ok(self.store.get(&self.path(record, TableMark::Done)).await?.is_some())
    }

    /// When a segment was first tried to be appended, which is now if nobody has before. A table that forgets
    /// transactions after a time cannot tell after it whether it has the segment.
    pub(super) async fn begun(&self, record: &CommitRecord, now: Timestamp) -> Result<Timestamp, StoreError> {
        let path = self.path(record, TableMark::Open);
        let text = serde_json::to_vec(&Open { at: now }).expect("a mark has text keys only");
        self.store.put_new(&path, text.into()).await?;
        let text = self.store.get(&path).await?.unwrap_or_default();
        let unreadable = |error: serde_json::Error| StoreError::io("read", &path, error);
        serde_json::from_slice(&text).map(|Open { at }| at).map_err(unreadable)
    }

    /// Notes that the table has a segment.
    pub(super) async fn done(
        &self,
        record: &CommitRecord,
        published: &TablePublished,
    ) -> Result<(), StoreError> {
        let text = serde_json::to_vec(published).expect("a mark has text keys only");
        self.store.put(&self.path(record, TableMark::Done), text.into()).await
    }

    fn path(&self, record: &CommitRecord, mark: TableMark) -> String {
        self.layout.files_mark(&record.key, record.segment, mark)
    }
}
