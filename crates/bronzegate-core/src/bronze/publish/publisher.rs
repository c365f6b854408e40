//! From a committed segment to what readers see, by whichever run comes to it.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;

use super::error::PublishError;
use super::publication::{complete, missing};
use super::stores::Stores;
use super::target_id::{known_target_id, target_id};
use crate::bronze::commit::{CommitLog, CommitRecord};
use crate::bronze::format::table_columns;
use crate::bronze::layout::{CommitName, Layout};
use crate::bronze::store::{BronzeStore, Receipt, StoreError};
use crate::bronze::table::{BronzeTable, TableState, Tables};
use crate::config::{Output, Stream};

/// The log of one stream, and the parts that its commits name.
#[derive(Clone, Debug)]
pub struct Publisher {
    pub(super) log: CommitLog,
    pub(super) stores: Stores,
    /// The table that the stream writes into, and where it is.
    table: Option<(String, Arc<dyn Tables>)>,
}

impl Publisher {
    /// The log and the parts of the layout's stream, which writes files.
    pub fn new(stores: impl Into<Stores>, layout: Layout) -> Self {
        let stores = stores.into();
        Self { log: CommitLog::new(stores.log.clone(), layout).of_one_run(), stores, table: None }
    }

    /// The log and the parts of the layout's stream with this output.
    ///
    /// # Errors
    /// When it writes into a table, and there is no place for tables.
    pub fn of(stores: impl Into<Stores>, layout: Layout, output: &Output) -> Result<Self, PublishError> {
        let mut publisher = Self::new(stores, layout);
        if let Some(table) = &output.table {
            let tables = publisher.stores.tables.clone().ok_or_else(|| Self::no_place(&table.name))?;
            publisher.table = Some((table.name.clone(), tables));
        }
        Ok(publisher)
    }

    /// What is said of a stream that writes into this table, where there is no place for tables.
    pub fn no_place(table: &str) -> PublishError {
        PublishError::NoPlace { table: table.to_owned(), place: None }
    }

    /// What the table of a stream is, and whether it would take the stream's rows; `None` where it writes files.
    ///
    /// # Errors
    /// Why a run would refuse the table.
    pub async fn look_at_table(&self, stream: &Stream) -> Result<Option<TableState>, PublishError> {
        let (Some(output), Some(table)) = (&stream.output.table, self.table()) else { return Ok(None) };
        let columns = table_columns(output, &stream.branch_members());
        table.look(&columns).await.map(Some).map_err(PublishError::Table)
    }

    /// The log.
    pub fn log(&self) -> &CommitLog {
        &self.log
    }

    /// Where uploads of the stream are staged.
    pub(crate) fn parts(&self) -> Arc<dyn BronzeStore> {
        self.table.as_ref().map_or_else(|| self.stores.log.clone(), |(_, tables)| tables.parts())
    }

    /// The table that the stream writes into.
    pub(crate) fn table(&self) -> Option<Arc<dyn BronzeTable>> {
        self.table.as_ref().map(|(name, tables)| tables.table(name))
    }

    /// The root of the table that the stream writes into.
    pub(crate) fn tables(&self) -> Option<&Arc<dyn Tables>> {
        self.table.as_ref().map(|(_, tables)| tables)
    }

    /// How many parts a segment of the stream may have, where that has a bound.
    pub(crate) fn most_parts(&self) -> Option<u32> {
        self.table.as_ref().and_then(|(_, tables)| tables.most_files())
    }

    /// The target's id; it is made where the target has none.
    pub(crate) async fn target_id(&self) -> Result<String, StoreError> {
        target_id(&*self.stores.log).await
    }

    /// Tells before anything is asked of an API whether the stores could commit what comes.
    ///
    /// # Errors
    /// Where one could not.
    pub(crate) async fn ready(&self) -> Result<(), StoreError> {
        self.stores.log.ready().await?;
        match &self.table {
            Some((_, tables)) => tables.parts().ready().await,
            None => Ok(()),
        }
    }

    /// Refuses to write into another place than the one that the log names.
    pub(crate) fn same_place(&self, record: &CommitRecord) -> Result<(), PublishError> {
        match (&self.table, &record.table) {
            (Some(_), Some(commit)) => self.stores.tables_of(commit).map(|_| ()),
            _ => Ok(()),
        }
    }

    /// The parts of a committed segment that are not objects yet, where they are files.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn unpublished<'a>(&self, record: &'a CommitRecord) -> Result<Vec<&'a Receipt>, StoreError> {
        if record.parts.is_empty() {
            return Ok(Vec::new());
        }
        let present = self.stores.log.list(&self.folder(record)).await?;
        Ok(missing(&record.parts, &present))
    }

    /// Publishes what a dead run left unpublished, and says how many parts that were.
    ///
    /// A commit that `head.json` names was published, since the hint is written afterwards; so parts
    /// that somebody has since moved or expired are not taken for lost ones. Whether a table has a segment, only its
    /// mark tells: other writers may have rewritten its files.
    ///
    /// # Errors
    /// As of [`publish`](Self::publish).
    pub async fn settle(&self, record: &CommitRecord) -> Result<usize, PublishError> {
        if record.parts.is_empty() || self.log.is_head(record).await {
            return Ok(0);
        }
        if record.table.is_some() {
            if self.log.published(record).await?.is_some() {
                return Ok(0);
            }
            self.publish(record).await?;
            return Ok(record.parts.len());
        }
        let missing = self.unpublished(record).await?;
        let count = missing.len();
        complete(&self.stores.log, missing.into_iter()).await?;
        Ok(count)
    }

    /// Gives up uploads that no commit will refer to.
    ///
    /// # Errors
    /// The first failure, after all were tried.
    pub async fn abort(&self, parts: &[Receipt]) -> Result<(), StoreError> {
        let (store, mut outcome) = (self.parts(), Ok(()));
        for part in parts {
            outcome = outcome.and(store.abort(part).await);
        }
        outcome
    }

    /// Publishes what dead runs of the stream had committed, and removes what else they left where the
    /// store keeps that.
    ///
    /// # Errors
    /// When a store fails.
    pub async fn sweep(&self, now: Timestamp) -> Result<(), PublishError> {
        let layout = self.log.layout();
        self.sweep_uploads(&self.stores.log, layout.stream()).await?;
        let pending = self.stores.log.pending(layout.stream()).await?;
        let segments: BTreeSet<_> = pending.iter().filter_map(|path| layout.parse_part(path)).collect();
        for name in segments {
            self.recover(name).await?;
        }
        let Some((_, tables)) = &self.table else { return Ok(()) };
        // Without an id the target has staged nothing for a table.
        if let Some(target) = known_target_id(&*self.stores.log).await? {
            self.sweep_uploads(&tables.parts(), &layout.staging_of(&target)).await?;
        }
        self.settle_open(now).await
    }

    async fn sweep_uploads(&self, store: &Arc<dyn BronzeStore>, stream: &str) -> Result<(), PublishError> {
        for leftover in store.leftovers(stream).await? {
            let Some(name) = Layout::parse_segment(leftover.segment()) else { continue };
            // Read after the store took hold of it: its run can commit no more.
            if self.recover(name).await? {
                leftover.discard().await?;
            }
        }
        Ok(())
    }

    /// Publishes a segment if it is committed. `false` when some of its uploads are gone.
    async fn recover(&self, name: CommitName) -> Result<bool, PublishError> {
        let Some(record) = self.log.get(&name.id.to_string(), name.segment).await? else { return Ok(true) };
        match self.settle(&record).await {
            Ok(_) => Ok(true),
            Err(error @ (PublishError::Store(StoreError::Lost { .. }) | PublishError::Gone { .. })) => {
                tracing::warn!(stream = self.log.layout().stream(), %error, "a dead run's uploads are left");
                Ok(false)
            }
            Err(error) => Err(error),
        }
    }

    /// Where the files of a commit are.
    pub(super) fn folder(&self, record: &CommitRecord) -> String {
        self.log.layout().parts(record.scheduled_time)
    }
}
