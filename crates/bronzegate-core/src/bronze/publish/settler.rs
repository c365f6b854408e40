//! Many commits at once, compared with what is there: for whoever skips runs that are committed.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use super::error::PublishError;
use super::publication::{complete, missing};
use super::publisher::Publisher;
use crate::bronze::commit::CommitRecord;
use crate::bronze::store::StoreError;

/// Publishes what dead runs left unpublished, commit after commit, with one listing for each folder of
/// parts.
///
/// It need not know whether a run is dead: publishing is create-only, and a live run finds done what was
/// done for it.
#[derive(Debug)]
pub struct Settler<'a> {
    publisher: &'a Publisher,
    /// The paths in each folder that was listed.
    present: BTreeMap<String, Vec<String>>,
}

impl<'a> Settler<'a> {
    /// Nothing is listed yet.
    pub fn new(publisher: &'a Publisher) -> Self {
        Self { publisher, present: BTreeMap::new() }
    }

    /// Publishes the parts of a commit that are not at their paths, and says how many they were. Parts
    /// whose uploads are gone as well were moved or expired by somebody; they are logged and left.
    ///
    /// # Errors
    /// When the store fails, or another content stands at a path.
    pub async fn settle(&mut self, record: &CommitRecord) -> Result<usize, PublishError> {
        if record.parts.is_empty() {
            return Ok(0);
        }
        if record.table.is_some() {
            return self.publisher.settle(record).await;
        }
        let folder = self.publisher.folder(record);
        let present = match self.present.entry(folder) {
            Entry::Occupied(listed) => listed.into_mut(),
            Entry::Vacant(unlisted) => {
                let listed = self.publisher.stores.log.list(unlisted.key()).await?;
                unlisted.insert(listed)
            }
        };
        let missing = missing(&record.parts, present);
        for &part in &missing {
            match complete(&self.publisher.stores.log, std::iter::once(part)).await {
                Err(error @ StoreError::Lost { .. }) => {
                    tracing::warn!(%error, "a committed part is not where it was");
                }
                published => published?,
            }
        }
        Ok(missing.len())
    }
}
