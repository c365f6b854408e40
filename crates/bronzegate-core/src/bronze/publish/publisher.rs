//! From a committed segment to what readers see, by whichever run comes to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::publication::Publication;
use super::stores::Stores;
use crate::bronze::commit::{CommitLog, CommitRecord};
use crate::bronze::layout::{CommitName, Layout};
use crate::bronze::store::{BronzeStore, Receipt, StoreError};

/// The log of one stream, and the parts that its commits name.
#[derive(Clone, Debug)]
pub struct Publisher {
    log: CommitLog,
    parts: Arc<dyn BronzeStore>,
    publication: Publication,
}

impl Publisher {
    /// The log and the parts of the layout's stream.
    pub fn new(stores: impl Into<Stores>, layout: Layout) -> Self {
        let Stores { log, parts } = stores.into();
        Self { log: CommitLog::new(log, layout), parts, publication: Publication::Objects }
    }

    /// The log.
    pub fn log(&self) -> &CommitLog {
        &self.log
    }

    /// Where uploads are staged that this publishes.
    pub(crate) fn parts(&self) -> &Arc<dyn BronzeStore> {
        &self.parts
    }

    /// Publishes every part of a committed segment; any process may repeat this.
    ///
    /// # Errors
    /// When the store fails, an upload is gone, or another content stands at a part's path.
    pub async fn publish(&self, record: &CommitRecord) -> Result<(), StoreError> {
        self.complete(record.parts.iter()).await
    }

    /// The parts of a committed segment that are not published yet.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unpublished<'a>(&self, record: &'a CommitRecord) -> Result<Vec<&'a Receipt>, StoreError> {
        if record.parts.is_empty() {
            return Ok(Vec::new());
        }
        let present = self.parts.list(&self.folder(record)).await?;
        Ok(self.missing(record, &present))
    }

    /// Publishes what a dead run left unpublished, and says how many parts that were.
    ///
    /// A commit that `head.json` names was published, since the hint is written afterwards; so parts
    /// that somebody has since moved or expired are not taken for lost ones.
    ///
    /// # Errors
    /// As of [`publish`](Self::publish).
    pub async fn settle(&self, record: &CommitRecord) -> Result<usize, StoreError> {
        if record.parts.is_empty() || self.log.is_head(record).await {
            return Ok(0);
        }
        let missing = self.unpublished(record).await?;
        let count = missing.len();
        self.complete(missing.into_iter()).await?;
        Ok(count)
    }

    /// Gives up uploads that no commit will refer to.
    ///
    /// # Errors
    /// The first failure, after all were tried.
    pub async fn abort(&self, parts: &[Receipt]) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        for part in parts {
            outcome = outcome.and(self.parts.abort(part).await);
        }
        outcome
    }

    /// Publishes what dead runs of the stream had committed, and removes what else they left where the
    /// store keeps that.
    ///
    /// # Errors
    /// When a store fails.
    pub async fn sweep(&self) -> Result<(), StoreError> {
        let layout = self.log.layout();
        for leftover in self.parts.leftovers(layout.stream()).await? {
            let Some(name) = Layout::parse_segment(leftover.segment()) else { continue };
            // Read after the store took hold of it: its run can commit no more.
            if self.recover(name).await? {
                leftover.discard().await?;
            }
        }
        let pending = self.parts.pending(layout.stream()).await?;
        let segments: BTreeSet<_> = pending.iter().filter_map(|path| layout.parse_part(path)).collect();
        for name in segments {
            self.recover(name).await?;
        }
        Ok(())
    }

    /// Publishes a segment if it is committed. `false` when some of its uploads are gone.
    async fn recover(&self, name: CommitName) -> Result<bool, StoreError> {
        let Some(record) = self.log.get(&name.id.to_string(), name.segment).await? else { return Ok(true) };
        match self.settle(&record).await {
            Ok(_) => Ok(true),
            Err(error @ StoreError::Lost { .. }) => {
                tracing::warn!(stream = self.log.layout().stream(), %error, "a dead run's uploads are left");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    pub(super) async fn complete(&self, parts: impl Iterator<Item = &Receipt>) -> Result<(), StoreError> {
        self.publication.publish(&self.parts, parts).await
    }

    pub(super) fn missing<'a>(&self, record: &'a CommitRecord, present: &[String]) -> Vec<&'a Receipt> {
        self.publication.missing(&record.parts, present)
    }

    /// Where the parts of a commit are.
    pub(super) fn folder(&self, record: &CommitRecord) -> String {
        self.log.layout().parts(record.scheduled_time)
    }
}
