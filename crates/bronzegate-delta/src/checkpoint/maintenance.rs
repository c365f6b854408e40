//! When a checkpoint is written, and what it takes.
//!
//! Checkpoints are ours to write: an engine writes one only at versions of its own. One is written for tables of the
//! plain protocol alone, where all that the log can say is understood. Others keep the checkpoints that their own
//! engine writes.

use bronzegate_core::bronze::{BronzeStore, Receipt, StagingArea, StoreError};
use bronzegate_core::clock::Clock;
use bytes::Bytes;
use serde_json::json;

use super::cleanup::clean_up;
use super::tail::{Expiry, Tail};
use crate::columnar::{CheckpointWriter, Row, Wanted, Written, blocking, rows};
use crate::log::{LAST_CHECKPOINT, LOG, LogError, Snapshot, classic, hint, replay};

/// What keeps reading one table cheap.
pub(crate) struct Maintenance<'a> {
    pub(crate) store: &'a dyn BronzeStore,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) table: &'a str,
}

/// A checkpoint that was written.
struct Finished {
    written: Written,
    actions: u64,
    adds: u64,
}

impl Maintenance<'_> {
    /// Writes a checkpoint and removes what has expired, where that is due. Returns the version from which on the next
    /// one is due, where that is known. What went wrong is logged.
    pub(crate) async fn run(&self) -> Option<i64> {
        match self.maintain().await {
            Ok(due) => due,
            Err(error) => {
                tracing::warn!(table = self.table, %error, "no checkpoint was written; reading the table is slower");
                None
            }
        }
    }

    async fn maintain(&self) -> Result<Option<i64>, LogError> {
        let Some(snapshot) = replay(self.store, self.clock, self.table, None).await? else { return Ok(None) };
        if snapshot.version() < snapshot.checkpoint_due() {
            return Ok(Some(snapshot.checkpoint_due()));
        }
        if let Some(reason) = left_to_others(&snapshot) {
            tracing::debug!(table = self.table, reason, "checkpoints are left to other writers");
            return Ok(None);
        }
        let tail = Tail::read(self.store, &snapshot).await?;
        let version = tail.version;
        let finished = self.write(&snapshot, tail).await?;
        self.point_to(version, &finished).await?;
        clean_up(self.store, self.table, &snapshot.metadata, self.clock.now()).await?;
        Ok(Some(version.saturating_add(snapshot.metadata.checkpoint_interval())))
    }

    /// Writes the checkpoint of the last version that was added up. One that is there already is as good.
    async fn write(&self, snapshot: &Snapshot, tail: Tail) -> Result<Finished, LogError> {
        let stream = format!("{}/{LOG}", self.table);
        for left in self.store.leftovers(&stream).await? {
            left.discard().await?;
        }
        let path = format!("{stream}/{}", classic(tail.version));
        let area = StagingArea { stream, segment: format!("checkpoint-{}", tail.version) };
        let mut part = self.store.stage(&path, &area).await?;
        let expiry = Expiry::of(&snapshot.metadata, self.clock.now());
        let old = snapshot.listing.checkpoint.clone().map_or_else(Vec::new, |found| found.paths);
        let name = path.clone();
        let copied = blocking(self.store, Some(&mut part), &path, move |bridge| {
            let mut copy =
                Copy { writer: CheckpointWriter::new(&bridge, &name)?, expiry, actions: 0, adds: 0 };
            for old in old {
                rows(&bridge, &old, Wanted::Everything, |row| {
                    if tail.keeps(&row) { copy.take(&row) } else { Ok(()) }
                })?;
            }
            for row in tail.into_rows() {
                copy.take(&row)?;
            }
            Ok(Finished { actions: copy.actions, adds: copy.adds, written: copy.writer.finish()? })
        });
        let finished = match copied.await {
            Ok(finished) => finished,
            Err(error) => {
                part.abort().await?;
                return Err(error);
            }
        };
        let receipt = Receipt {
            path,
            records: finished.actions,
            bytes: finished.written.bytes,
            checksum: finished.written.checksum.clone(),
            upload: part.finish().await?,
            stats: None,
        };
        match self.store.publish(&receipt).await {
            Err(StoreError::Conflict { .. }) => self.store.abort(&receipt).await?,
            done => done?,
        }
        Ok(finished)
    }

    /// Points readers to the checkpoint, unless they are pointed to a newer one. Some readers look for the version in
    /// the first bytes, and for a size (PROTOCOL.md, "Last Checkpoint File Schema").
    async fn point_to(&self, version: i64, finished: &Finished) -> Result<(), LogError> {
        if hint(self.store, self.table).await?.is_some_and(|known| known > version) {
            return Ok(());
        }
        let content = json!({
            "version": version,
            "size": finished.actions,
            "sizeInBytes": finished.written.bytes,
            "numOfAddFiles": finished.adds,
        });
        let path = format!("{}/{LOG}/{LAST_CHECKPOINT}", self.table);
        Ok(self.store.put(&path, Bytes::from(content.to_string())).await?)
    }
}

/// Why a table gets no checkpoint from us.
fn left_to_others(snapshot: &Snapshot) -> Option<&'static str> {
    let metadata = &snapshot.metadata;
    let is_off =
        |name: &str| metadata.property(name).is_some_and(|value| value.eq_ignore_ascii_case("false"));
    if !snapshot.protocol.is_plain() {
        Some("its protocol has features")
    } else if snapshot.listing.checkpoint.as_ref().is_some_and(|found| found.is_json) {
        Some("its newest checkpoint is of another kind")
    } else if is_off("delta.checkpoint.writeStatsAsJson")
        || metadata.is_on("delta.checkpoint.writeStatsAsStruct")
    {
        Some("its checkpoints have statistics in another form")
    } else if metadata.property("delta.checkpointPolicy").is_some_and(|policy| policy != "classic") {
        Some("its checkpoints follow a policy")
    } else {
        None
    }
}

/// Writes what has not expired, and counts.
struct Copy {
    writer: CheckpointWriter,
    expiry: Expiry,
    actions: u64,
    adds: u64,
}

impl Copy {
    fn take(&mut self, row: &Row) -> Result<(), LogError> {
        if !self.expiry.keeps(row) {
            return Ok(());
        }
        self.actions += 1;
        self.adds += u64::from(matches!(row, Row::Add(_)));
        self.writer.write(row)
    }
}
