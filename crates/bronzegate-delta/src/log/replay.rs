//! The state of a table: its newest checkpoint and the versions after it (PROTOCOL.md, "Action Reconciliation").

use bronzegate_core::bronze::BronzeStore;
use bronzegate_core::clock::Clock;
use futures::stream::{self, StreamExt as _, TryStreamExt as _};

use super::commit::{Facts, facts};
use super::failed::LogError;
use super::listing::{Checkpoint, Listing, list};
use super::sought::Sought;
use crate::actions::{CommitTimes, Metadata, Protocol, Txn};
use crate::columnar::{Row, Wanted, blocking, rows};
use crate::race;

/// Versions that are read at the same time.
const AT_ONCE: usize = 4;

/// Listings of a log that others change meanwhile, before it counts as damaged.
const LISTINGS: u32 = 6;

/// A table at its newest version.
#[derive(Debug)]
pub(crate) struct Snapshot {
    pub(crate) listing: Listing,
    pub(crate) protocol: Protocol,
    pub(crate) metadata: Metadata,
    /// The newest transaction of the application that is sought, and where it is.
    pub(crate) txn: Option<FoundTxn>,
    /// Of the newest version, where its commit is there.
    pub(crate) times: CommitTimes,
}

/// A transaction in the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoundTxn {
    pub(crate) txn: Txn,
    /// The version that has it; `None` where only the checkpoint tells.
    pub(crate) version: Option<i64>,
    /// How many of the sought files that version adds.
    pub(crate) added: usize,
}

impl Snapshot {
    pub(crate) fn version(&self) -> i64 {
        self.listing.version
    }

    /// The version from which on another checkpoint is due.
    pub(crate) fn checkpoint_due(&self) -> i64 {
        let last = self.listing.checkpoint.as_ref().map_or(0, |found| found.version);
        last.saturating_add(self.metadata.checkpoint_interval())
    }
}

/// Reads a table; `None` where there is none.
pub(crate) async fn replay(
    store: &dyn BronzeStore,
    clock: &dyn Clock,
    table: &str,
    sought: Option<&Sought>,
) -> Result<Option<Snapshot>, LogError> {
    for listings in 1.. {
        let Some(listing) = list(store, table).await? else { return Ok(None) };
        let failed = match listing.gap() {
            Some(version) => LogError::damaged(
                listing.folder(),
                format!("version {version} is missing, and no checkpoint stands for it; restore the log"),
            ),
            None => match state(store, listing, sought).await {
                Ok(snapshot) => return Ok(Some(snapshot)),
                Err(error) => error,
            },
        };
        // A listing is no snapshot: others add versions and remove old ones while it is made.
        let may_pass = matches!(failed, LogError::Gone { .. }) || !matches!(failed, LogError::Store(_));
        if !may_pass || listings >= LISTINGS {
            return Err(failed);
        }
        clock.sleep(race::wait(listings)).await;
    }
    Ok(None)
}

async fn state(
    store: &dyn BronzeStore,
    listing: Listing,
    sought: Option<&Sought>,
) -> Result<Snapshot, LogError> {
    let mut whole = Facts::default();
    let mut found = None;
    if let Some(checkpoint) = &listing.checkpoint {
        whole = checkpoint_facts(store, checkpoint, sought).await?;
        found = whole.txn.take().map(|txn| FoundTxn { txn, version: None, added: 0 });
    }
    let from = listing.checkpoint.as_ref().map_or(0, |found| found.version + 1);
    let versions = listing.commits().filter(|version| *version >= from);
    let commits: Vec<_> = versions.map(|version| (version, listing.commit(version))).collect();
    let mut read = stream::iter(commits)
        .map(
            |(version, path)| async move { Ok::<_, LogError>((version, facts(store, &path, sought).await?)) },
        )
        .buffered(AT_ONCE)
        .boxed();
    let mut newest = None;
    while let Some((version, facts)) = read.try_next().await? {
        whole.protocol = facts.protocol.or(whole.protocol);
        whole.metadata = facts.metadata.or(whole.metadata);
        if let Some(txn) = facts.txn {
            found = Some(FoundTxn { txn, version: Some(version), added: facts.added });
        }
        newest = Some((version, facts.times));
    }
    drop(read);
    let times = match newest {
        Some((version, times)) if version == listing.version => times,
        _ if listing.has_commit(listing.version) => {
            facts(store, &listing.commit(listing.version), None).await?.times
        }
        _ => CommitTimes::default(),
    };
    let missing =
        |what: &str| LogError::damaged(listing.folder(), format!("it has no {what}; restore the log"));
    let protocol = whole.protocol.ok_or_else(|| missing("protocol"))?;
    let metadata = whole.metadata.ok_or_else(|| missing("metaData"))?;
    Ok(Snapshot { protocol, metadata, txn: found, times, listing })
}

/// What a checkpoint says. All of it that is not a file stands in its own file or parts, so its sidecars, which list
/// files alone, are not read (PROTOCOL.md, "V2 Spec").
async fn checkpoint_facts(
    store: &dyn BronzeStore,
    checkpoint: &Checkpoint,
    sought: Option<&Sought>,
) -> Result<Facts, LogError> {
    let mut whole = Facts::default();
    for path in &checkpoint.paths {
        let read = if checkpoint.is_json {
            facts(store, path, sought).await?
        } else {
            parquet_facts(store, path, sought.map(|sought| sought.app.clone())).await?
        };
        whole.protocol = read.protocol.or(whole.protocol);
        whole.metadata = read.metadata.or(whole.metadata);
        whole.txn = read.txn.or(whole.txn);
    }
    match whole {
        Facts { protocol: Some(_), metadata: Some(_), .. } => Ok(whole),
        _ => Err(LogError::damaged(&checkpoint.paths[0], "this checkpoint lacks protocol or metaData")),
    }
}

async fn parquet_facts(store: &dyn BronzeStore, path: &str, app: Option<String>) -> Result<Facts, LogError> {
    let name = path.to_owned();
    blocking(store, None, path, move |bridge| {
        let mut found = Facts::default();
        rows(&bridge, &name, Wanted::State, |row| {
            match row {
                Row::Protocol(protocol) => found.protocol = Some(protocol),
                Row::Metadata(raw) => {
                    let metadata = Metadata::parse(raw);
                    found.metadata = Some(metadata.map_err(|reason| LogError::damaged(&name, reason))?);
                }
                Row::Txn(txn) if Some(&txn.app_id) == app.as_ref() => found.txn = Some(txn),
                Row::Txn(_) | Row::Add(_) | Row::Remove(_) => {}
            }
            Ok(())
        })?;
        Ok(found)
    })
    .await
}
