//! The versions after a checkpoint, added up: what a new one has instead of, or beside, what the old one has.

use std::collections::HashMap;

use bronzegate_core::bronze::BronzeStore;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::actions::{Line, Metadata, Protocol, Txn};
use crate::columnar::Row;
use crate::log::{Lines, LogError, Snapshot, decode};

/// Bytes of actions that are added up before a checkpoint is written, though there are newer versions.
const ENOUGH: usize = 12 << 20;

/// The most bytes of actions; a single version may have more than [`ENOUGH`].
const MOST: usize = 48 << 20;

/// The names that `metaData` has; what else it may have would be lost.
const METADATA: &[&str] = &[
    "id",
    "name",
    "description",
    "format",
    "schemaString",
    "partitionColumns",
    "configuration",
    "createdTime",
];

/// The newest word of some versions on each file, application, and the table itself.
#[derive(Debug, Default)]
pub(crate) struct Tail {
    /// The last of the versions.
    pub(crate) version: i64,
    protocol: Option<Protocol>,
    metadata: Option<Map<String, Value>>,
    txns: HashMap<String, Txn>,
    /// By path.
    files: HashMap<String, Row>,
    bytes: usize,
}

impl Tail {
    /// Adds up the versions after the newest checkpoint: all, or as many as fit.
    pub(crate) async fn read(store: &dyn BronzeStore, snapshot: &Snapshot) -> Result<Self, LogError> {
        let listing = &snapshot.listing;
        let from = listing.checkpoint.as_ref().map_or(0, |found| found.version + 1);
        let mut tail = Self::default();
        for version in from..=listing.version {
            let path = listing.commit(version);
            let mut lines = Lines::new(store, &path);
            while let Some(line) = lines.next().await? {
                tail.take(line).map_err(|reason| LogError::damaged(&path, reason))?;
            }
            tail.version = version;
            if tail.bytes >= ENOUGH {
                break;
            }
        }
        Ok(tail)
    }

    fn take(&mut self, text: &str) -> Result<(), String> {
        let line = Line::parse(text)?;
        for name in line.names() {
            match name {
                "commitInfo" | "cdc" => continue,
                "protocol" => self.protocol = line.action(name)?,
                "metaData" => self.metadata = line.action(name)?,
                "txn" => {
                    let txn: Option<Txn> = line.action(name)?;
                    self.txns.extend(txn.map(|txn| (txn.app_id.clone(), txn)));
                }
                "add" => self.file(Row::Add(whole(&line, name)?)),
                "remove" => self.file(Row::Remove(whole(&line, name)?)),
                other => return Err(format!("it has the action {other}, which is not understood")),
            }
            self.bytes += text.len();
        }
        if self.bytes > MOST {
            return Err(format!("it has more than {MOST} bytes of actions"));
        }
        let unknown = |name: &&String| !METADATA.contains(&name.as_str());
        if let Some(name) = self.metadata.iter().flat_map(Map::keys).find(unknown) {
            return Err(format!("its metaData has {name}, which is not understood"));
        }
        match &self.protocol {
            Some(protocol) if !protocol.is_plain() => Err("its protocol has features".to_owned()),
            _ => Ok(()),
        }
    }

    fn file(&mut self, row: Row) {
        if let Row::Add(crate::columnar::Add { path, .. })
        | Row::Remove(crate::columnar::Remove { path, .. }) = &row
        {
            self.files.insert(decode(path), row);
        }
    }

    /// Whether a row of the old checkpoint still says what holds.
    pub(crate) fn keeps(&self, row: &Row) -> bool {
        match row {
            Row::Protocol(_) => self.protocol.is_none(),
            Row::Metadata(_) => self.metadata.is_none(),
            Row::Txn(txn) => !self.txns.contains_key(&txn.app_id),
            Row::Add(add) => !self.files.contains_key(&decode(&add.path)),
            Row::Remove(remove) => !self.files.contains_key(&decode(&remove.path)),
        }
    }

    /// What these versions say.
    pub(crate) fn into_rows(self) -> impl Iterator<Item = Row> {
        let table = self.protocol.map(Row::Protocol).into_iter().chain(self.metadata.map(Row::Metadata));
        table.chain(self.txns.into_values().map(Row::Txn)).chain(self.files.into_values())
    }
}

/// An action of which all is understood. Members that are null are those of features that the table has not.
fn whole<T: DeserializeOwned>(line: &Line<'_>, name: &str) -> Result<T, String> {
    let mut members: Map<String, Value> = line.action(name)?.unwrap_or_default();
    members.retain(|_, value| !value.is_null());
    serde_json::from_value(Value::Object(members))
        .map_err(|error| format!("its {name} is not understood: {error}"))
}

/// What a new checkpoint no longer has.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Expiry {
    /// Files that were removed before.
    removed: Option<i64>,
    /// Transactions that were written before.
    written: Option<i64>,
}

impl Expiry {
    pub(crate) fn of(metadata: &Metadata, now: Timestamp) -> Self {
        const WEEK: SignedDuration = SignedDuration::from_hours(24 * 7);
        let before = |kept: Option<SignedDuration>| Some(now.checked_sub(kept?).ok()?.as_millisecond());
        let retention = "delta.setTransactionRetentionDuration";
        let written =
            metadata.property(retention).and_then(|_| metadata.length(retention, SignedDuration::MAX));
        Self {
            removed: before(metadata.length("delta.deletedFileRetentionDuration", WEEK)),
            written: before(written),
        }
    }

    pub(crate) fn keeps(&self, row: &Row) -> bool {
        match row {
            // One that does not say when it was removed counts as removed long ago, as in the reference implementation.
            Row::Remove(remove) => {
                self.removed.is_none_or(|limit| remove.deletion_timestamp.unwrap_or(0) > limit)
            }
            Row::Txn(txn) => {
                self.written.zip(txn.last_updated).is_none_or(|(limit, written)| written > limit)
            }
            Row::Protocol(_) | Row::Metadata(_) | Row::Add(_) => true,
        }
    }
}
