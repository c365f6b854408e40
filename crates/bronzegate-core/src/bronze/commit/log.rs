//! The log of one stream: what is committed, and the one put that decides.
//!
//! Segments of a run, and the runs of an incremental stream, are committed one after the other
//! without gaps; this is what lets the newest be found with a few reads instead of a listing.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use futures::stream::{StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};

use super::record::{CommitRecord, SegmentStatus};
use crate::bronze::layout::{CommitName, Layout};
use crate::bronze::run_id::{RunId, RunKind};
use crate::bronze::store::{BronzeStore, Created, Receipt, StoreError};
use crate::window::TimeWindow;

/// Uploads completed, and records read, at the same time.
const AT_ONCE: usize = 8;

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
}

impl Head {
    fn names(&self, record: &CommitRecord) -> bool {
        (self.key.as_str(), self.segment) == (&record.key, record.segment)
    }
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

    /// The newest segment of the newest run of a kind.
    ///
    /// The hint in `head.json` only says where to begin: an incremental stream's log is followed from
    /// there to its end. Without a usable hint, and for the other kinds, the log's names are listed.
    pub async fn newest(&self, kind: RunKind) -> Result<Option<CommitRecord>, StoreError> {
        if kind == RunKind::Sequence
            && let Some(Head { key, .. }) = self.head().await
            && let Ok(RunId::Sequence(number)) = key.parse()
            && let Some(newest) = self.follow(number).await?
        {
            return Ok(Some(newest));
        }
        let names = self.names().await?;
        match names.into_iter().rfind(|name| name.id.kind() == kind) {
            Some(name) => self.get(&name.id.to_string(), name.segment).await,
            None => Ok(None),
        }
    }

    /// The newest revision of a window that has a commit; `None` when the window has none.
    pub async fn revisions(&self, window: TimeWindow) -> Result<Option<u32>, StoreError> {
        let revision = |name: CommitName| match name.id {
            RunId::Window { from, to, revision } if (from, to) == (window.from(), window.to()) => {
                Some(revision)
            }
            _ => None,
        };
        Ok(self.names().await?.into_iter().filter_map(revision).max())
    }

    /// The names of all commits, from the oldest run to the newest within each kind.
    pub async fn names(&self) -> Result<Vec<CommitName>, StoreError> {
        let mut names = Vec::new();
        for path in self.store.list(&self.layout.commits()).await? {
            match self.layout.parse_commit(&path) {
                Some(name) => names.push(name),
                None if Path::new(&path).extension().is_some_and(|extension| extension == "json") => {
                    let reason = "its name is not that of a commit".to_owned();
                    return Err(StoreError::Unreadable { path, reason });
                }
                None => {}
            }
        }
        names.sort_unstable();
        Ok(names)
    }

    /// All records, in the order of [`names`](Self::names).
    pub async fn all(&self) -> Result<Vec<CommitRecord>, StoreError> {
        let names = self.names().await?;
        let read = names.into_iter().map(|name| async move {
            let key = name.id.to_string();
            let path = self.layout.commit(&key, name.segment);
            let reason = "it was listed and is gone".to_owned();
            self.get(&key, name.segment).await?.ok_or(StoreError::Unreadable { path, reason })
        });
        futures::stream::iter(read).buffered(AT_ONCE).try_collect().await
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
        let head = Head { key: record.key.clone(), segment: record.segment };
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

    /// Follows an incremental stream's log from a run to its end.
    async fn follow(&self, mut number: u64) -> Result<Option<CommitRecord>, StoreError> {
        let mut newest = None;
        loop {
            let key = RunId::Sequence(number).to_string();
            match self.newest_segment(&key).await? {
                Some(record) if record.status == SegmentStatus::Partial => return Ok(Some(record)),
                Some(record) => newest = Some(record),
                None => return Ok(newest),
            }
            number += 1;
        }
    }
}
