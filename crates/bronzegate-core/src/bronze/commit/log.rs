//! The log of one stream: what is committed, and the one put that decides.
//!
//! Segments of a run, and the runs of an incremental stream, are committed one after the other
//! without gaps; this is what lets the newest be found with a few reads instead of a listing.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::stream::{StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};

use super::record::{CommitRecord, SegmentStatus};
use crate::bronze::layout::{CommitName, Layout};
use crate::bronze::run_id::{RunId, RunKind};
use crate::bronze::store::{BronzeStore, Created, Receipt, StoreError};

/// Uploads completed, and records read, at the same time.
pub(super) const AT_ONCE: usize = 8;

/// The commit log of one stream.
#[derive(Clone, Debug)]
pub struct CommitLog {
    pub(super) store: Arc<dyn BronzeStore>,
    pub(super) layout: Layout,
}

/// What `head.json` says: a commit that was among the newest when it was written.
#[derive(Serialize, Deserialize)]
struct Head {
    key: String,
    segment: u32,
    /// Of a window: the run of the schedule that was named before, so that a backfill does not hide it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<String>,
}

impl Head {
    fn names(&self, record: &CommitRecord) -> bool {
        (self.key.as_str(), self.segment) == (&record.key, record.segment)
    }

    /// The run of the schedule.
    fn run(self) -> Option<String> {
        if is_window(&self.key) { self.run } else { Some(self.key) }
    }
}

fn is_window(key: &str) -> bool {
    key.starts_with(RunKind::Window.prefix())
}

impl CommitLog {
    /// The log of the layout's stream.
    pub fn new(store: Arc<dyn BronzeStore>, layout: Layout) -> Self {
        Self { store, layout }
    }

    /// One segment's record.
    pub async fn get(&self, key: &str, segment: u32) -> Result<Option<CommitRecord>, StoreError> {
        let path = self.layout.commit(key, segment);
        let Some(text) = self.store.get(&path).await? else { return Ok(None) };
        let record = CommitRecord::from_json(&path, &text)?;
        if (record.key.as_str(), record.segment) == (key, segment) {
            return Ok(Some(record));
        }
        let reason = format!("it is the record of {}.s{:04}", record.key, record.segment);
        Err(StoreError::Unreadable { path, reason })
    }

    /// The newest segment of a run; `None` when nothing of it is committed.
    ///
    /// Reads one record of a run that is complete in one segment, else a number that grows with the
    /// logarithm of the segments.
    pub async fn newest_segment(&self, key: &str) -> Result<Option<CommitRecord>, StoreError> {
        let Some(mut newest) = self.get(key, 1).await? else { return Ok(None) };
        let mut absent = None;
        while newest.status == SegmentStatus::Partial {
            let present = newest.segment;
            let next = match absent {
                None => present.saturating_mul(2),
                Some(absent) if absent - present <= 1 => break,
                Some(absent) => present + (absent - present) / 2,
            };
            match self.get(key, next).await? {
                Some(record) => newest = record,
                None => absent = Some(next),
            }
        }
        Ok(Some(newest))
    }

    /// Commits a segment: the only decision point. With [`Created::No`] another run has committed
    /// it, and this one must give up its uploads.
    pub async fn commit(&self, record: &CommitRecord) -> Result<Created, StoreError> {
        let path = self.layout.commit(&record.key, record.segment);
        self.store.put_new(&path, record.to_json().into()).await
    }

    /// Publishes every part of a committed segment. One that is there already is compared with its
    /// receipt; any process may repeat this.
    pub async fn publish(&self, record: &CommitRecord) -> Result<(), StoreError> {
        self.publish_parts(record.parts.iter()).await
    }

    /// The parts of a committed segment that are not at their paths yet.
    pub async fn unpublished<'a>(&self, record: &'a CommitRecord) -> Result<Vec<&'a Receipt>, StoreError> {
        if record.parts.is_empty() {
            return Ok(Vec::new());
        }
        let present = self.list(&self.folder(record)).await?;
        let missing = |part: &&Receipt| present.binary_search(&part.path).is_err();
        Ok(record.parts.iter().filter(missing).collect())
    }

    /// Publishes what a dead run left unpublished, and says how many parts that were.
    ///
    /// A commit that `head.json` names was published, since the hint is written afterwards; so parts
    /// that somebody has since moved or expired are not taken for lost ones.
    pub async fn settle(&self, record: &CommitRecord) -> Result<usize, StoreError> {
        if record.parts.is_empty() || self.head().await.is_some_and(|head| head.names(record)) {
            return Ok(0);
        }
        let missing = self.unpublished(record).await?;
        let count = missing.len();
        self.publish_parts(missing.into_iter()).await?;
        Ok(count)
    }

    /// Gives up uploads that no commit will refer to. The first failure is told after all were tried.
    pub async fn abort(&self, parts: &[Receipt]) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        for part in parts {
            outcome = outcome.and(self.store.abort(part).await);
        }
        outcome
    }

    /// Publishes what dead runs of the stream had committed, and removes what else they left where the
    /// store keeps that.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        for leftover in self.store.leftovers(self.layout.stream()).await? {
            let Some(name) = Layout::parse_segment(leftover.segment()) else { continue };
            // Read after the store took hold of it: its run can commit no more.
            if self.recover(name).await? {
                leftover.discard().await?;
            }
        }
        let pending = self.store.pending(self.layout.stream()).await?;
        let segments: BTreeSet<_> = pending.iter().filter_map(|path| self.layout.parse_part(path)).collect();
        for name in segments {
            self.recover(name).await?;
        }
        Ok(())
    }

    /// Publishes a segment if it is committed. `false` when some of its uploads are gone.
    async fn recover(&self, name: CommitName) -> Result<bool, StoreError> {
        let Some(record) = self.get(&name.id.to_string(), name.segment).await? else { return Ok(true) };
        match self.settle(&record).await {
            Ok(_) => Ok(true),
            Err(error @ StoreError::Lost { .. }) => {
                tracing::warn!(stream = self.layout.stream(), %error, "a dead run's uploads are left");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Updates the hint, after the segment is published. What goes wrong here is logged and forgotten.
    pub async fn update_head(&self, record: &CommitRecord) {
        let run = if is_window(&record.key) { self.head().await.and_then(Head::run) } else { None };
        let head = Head { key: record.key.clone(), segment: record.segment, run };
        let text = serde_json::to_vec(&head).expect("a head has text keys only");
        if let Err(error) = self.store.put(&self.layout.head(), text.into()).await {
            tracing::warn!(stream = self.layout.stream(), %error, "the hint to the newest commit is not updated");
        }
    }

    async fn publish_parts(&self, parts: impl Iterator<Item = &Receipt>) -> Result<(), StoreError> {
        // Owned, so that the future of a whole run can move between threads.
        let publish = parts.cloned().map(|part| {
            let store = self.store.clone();
            async move { store.publish(&part).await }
        });
        futures::stream::iter(publish).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Where the parts of a commit are.
    pub(super) fn folder(&self, record: &CommitRecord) -> String {
        self.layout.parts(record.scheduled_time)
    }

    pub(super) async fn list(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        self.store.list(folder).await
    }

    pub(super) async fn publish_one(&self, part: &Receipt) -> Result<(), StoreError> {
        self.store.publish(part).await
    }

    /// The hint. One that cannot be read is none.
    async fn head(&self) -> Option<Head> {
        let text = self.store.get(&self.layout.head()).await.ok()??;
        serde_json::from_slice(&text).ok()
    }

    /// The segment that was committed last, as far as the hint knows; `None` where it cannot be read.
    ///
    /// It was so when it was written, if nobody has touched it since. It never says what the log has.
    pub(super) async fn committed_last(&self) -> Option<CommitName> {
        let Head { key, segment, .. } = self.head().await?;
        Some(CommitName { id: key.parse().ok()?, segment })
    }

    /// The record of the segment that was committed last, as far as the hint knows.
    pub async fn last_committed(&self) -> Result<Option<CommitRecord>, StoreError> {
        match self.committed_last().await {
            Some(name) => self.get(&name.id.to_string(), name.segment).await,
            None => Ok(None),
        }
    }

    /// The newest run of the schedule, as far as the hint knows: where to begin to look for it.
    pub(super) async fn hint(&self) -> Option<RunId> {
        self.head().await?.run()?.parse().ok()
    }
}
