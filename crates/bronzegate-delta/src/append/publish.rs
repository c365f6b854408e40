//! Appending a segment: the steps of the commit protocol's twin.
//!
//! At most one version of a log has a segment's transaction. Take two, i < j: who put j had read every version up to
//! j - 1, since versions are contiguous, created once, and read after they are written; it had found the transaction,
//! and would not have put it. At least one has it, since a segment stays open until this has returned.

use std::collections::HashSet;

use bronzegate_core::bronze::{
    Appended, BronzeStore, Created, StoreError, TableAppend, TableError, TableFile,
};
use bronzegate_core::clock::Clock;
use bytes::Bytes;

use super::commit;
use super::found::{Found, find};
use crate::gate;
use crate::log::{LOG, Snapshot, Sought, before, commit as commit_name, replay};
use crate::race;

/// Tries to put a version, before it counts as a failure of the store.
const TRIES: u32 = 200;

/// Puts in a row whose answer was an error.
const FAILURES: u32 = 6;

/// One append to one table.
pub(crate) struct Publish<'a> {
    pub(crate) store: &'a dyn BronzeStore,
    pub(crate) clock: &'a dyn Clock,
    pub(crate) table: &'a str,
    pub(crate) append: &'a TableAppend,
}

/// What became of a put.
enum Put {
    /// The version is ours.
    Won,
    /// Another has it, or nobody knows.
    Lost,
}

/// How the tries have gone so far.
#[derive(Default)]
struct Tries {
    all: u32,
    failures: u32,
    warned: bool,
    /// The version that this call has put.
    put: Option<i64>,
}

impl Publish<'_> {
    /// Appends the segment unless it is there. Returns what was done, and the version from which on a checkpoint is due.
    pub(crate) async fn run(&self) -> Result<(Appended, i64), TableError> {
        let paths = self.paths()?;
        let sought = self.sought(&paths);
        let mut tries = Tries::default();
        loop {
            tries.all += 1;
            if tries.all > TRIES {
                let cause = format!("another writer was faster {TRIES} times");
                return Err(StoreError::io("append to", self.table, cause).into());
            }
            let snapshot = replay(self.store, self.clock, self.table, Some(&sought)).await;
            let Some(snapshot) = snapshot.map_err(|error| error.of(self.table))? else {
                let first = commit::create(&self.append.columns, self.now());
                self.put(0, first, &mut tries).await?;
                continue;
            };
            self.warn_of_another_table(&snapshot, &mut tries);
            let found = find(self.store, self.clock, &snapshot, &sought, self.append).await;
            match found.map_err(|error| error.of(self.table))? {
                Found::Yes(version) => {
                    return Ok((self.appended(&snapshot, version, &tries), snapshot.checkpoint_due()));
                }
                Found::No => {}
                Found::Unknown(reason) => return Err(self.unknown(reason)),
            }
            let next = snapshot.version() + 1;
            let content = self.content(&snapshot, &paths).map_err(|reason| self.refused(reason))?;
            let Content::Append(content) = content else {
                self.put(next, content.into_bytes(), &mut tries).await?;
                continue;
            };
            if matches!(self.put(next, content.clone(), &mut tries).await?, Put::Won) {
                tries.put = Some(next);
                if self.is_the_end(next, &content).await? {
                    return Ok((self.appended(&snapshot, Some(next), &tries), snapshot.checkpoint_due()));
                }
            }
        }
    }

    /// Whether the segment is there; its files may not be any more.
    pub(crate) async fn find(&self) -> Result<Option<Appended>, TableError> {
        let sought = self.sought(&self.paths()?);
        let snapshot = replay(self.store, self.clock, self.table, Some(&sought)).await;
        let Some(snapshot) = snapshot.map_err(|error| error.of(self.table))? else { return Ok(None) };
        let found = find(self.store, self.clock, &snapshot, &sought, self.append).await;
        match found.map_err(|error| error.of(self.table))? {
            Found::Yes(version) => Ok(Some(self.appended(&snapshot, version, &Tries::default()))),
            Found::No => Ok(None),
            Found::Unknown(reason) => Err(self.unknown(reason)),
        }
    }

    fn sought(&self, paths: &[String]) -> Sought {
        Sought {
            table: self.table.to_owned(),
            app: self.append.app.clone(),
            txn: self.append.txn,
            paths: paths.iter().cloned().collect::<HashSet<_>>(),
        }
    }

    /// The version to put next.
    fn content(&self, snapshot: &Snapshot, paths: &[String]) -> Result<Content, String> {
        gate::check(snapshot, &self.append.columns)?;
        let missing = gate::missing(&snapshot.metadata, &self.append.columns)?;
        if missing.is_empty() {
            return commit::append(snapshot, self.append, paths, self.now()).map(Content::Append);
        }
        Ok(Content::Columns(commit::add_columns(snapshot, &missing, self.now())))
    }

    /// Creates a version. A lost race and an answer that never came are waited for, since only the log knows.
    async fn put(&self, version: i64, content: Bytes, tries: &mut Tries) -> Result<Put, TableError> {
        let path = format!("{}/{LOG}/{}", self.table, commit_name(version));
        match self.store.put_new(&path, content).await {
            Ok(Created::Yes) => {
                tries.failures = 0;
                return Ok(Put::Won);
            }
            Ok(Created::No) => tries.failures = 0,
            Err(error) => {
                tries.failures += 1;
                if tries.failures >= FAILURES {
                    return Err(error.into());
                }
                tracing::warn!(table = self.table, version, %error, "whether a version was put is not known");
            }
        }
        self.clock.sleep(race::wait(tries.all.max(tries.failures))).await;
        Ok(Put::Lost)
    }

    /// Whether the version that was just put is as it was put, and the newest. Else the log is read again: the version
    /// may have been replaced (by a writer that cannot create only, as Spark on S3 before Hadoop 3.4.2), or put below
    /// a checkpoint whose own versions were removed meanwhile.
    async fn is_the_end(&self, version: i64, content: &Bytes) -> Result<bool, TableError> {
        let folder = format!("{}/{LOG}", self.table);
        let path = format!("{folder}/{}", commit_name(version));
        match self.store.get(&path).await? {
            Some(found) if found == *content => {}
            Some(_) => {
                tracing::warn!(
                    table = self.table,
                    version,
                    "another writer replaced a version of the log, and must not: let it write with a log store that \
                     creates only (Hadoop 3.4.2 or later); the segment is appended again"
                );
                return Ok(false);
            }
            None => return Ok(false),
        }
        let newer =
            self.store.list_after(&format!("{folder}/0"), &format!("{folder}/{}", before(version))).await?;
        Ok(newer.iter().all(|found| *found == path))
    }

    /// The files relative to the table.
    fn paths(&self) -> Result<Vec<String>, TableError> {
        let within = |file: &TableFile| {
            let path = file.path.strip_prefix(self.table).and_then(|path| path.strip_prefix('/'));
            path.map(str::to_owned).ok_or_else(|| {
                self.refused(format!("the file {} of {} lies outside of it", file.path, self.append.segment))
            })
        };
        self.append.files.iter().map(within).collect()
    }

    fn appended(&self, snapshot: &Snapshot, version: Option<i64>, tries: &Tries) -> Appended {
        let rows = self.append.files.iter().map(|file| file.records).fold(0, u64::saturating_add);
        let table_id = Some(snapshot.metadata.id.clone());
        Appended { table_id, version, rows, now: tries.put.is_some() && tries.put == version }
    }

    fn warn_of_another_table(&self, snapshot: &Snapshot, tries: &mut Tries) {
        let id = &snapshot.metadata.id;
        if !tries.warned && self.append.id.as_ref().is_some_and(|expected| expected != id) {
            tries.warned = true;
            let segment = &self.append.segment;
            tracing::warn!(
                table = self.table,
                segment,
                id,
                "the table is another than when the segment was committed; it is appended to this one"
            );
        }
    }

    fn refused(&self, reason: String) -> TableError {
        TableError::Refused { table: self.table.to_owned(), reason }
    }

    fn unknown(&self, reason: String) -> TableError {
        let (table, segment) =
            (self.table.to_owned(), format!("{} {}", self.append.stream, self.append.segment));
        TableError::Unknown { table, segment, reason }
    }

    fn now(&self) -> i64 {
        self.clock.now().as_millisecond()
    }
}

/// A version to put.
enum Content {
    /// It appends the segment.
    Append(Bytes),
    /// It adds columns, and the segment comes after it.
    Columns(Bytes),
}

impl Content {
    fn into_bytes(self) -> Bytes {
        match self {
            Self::Append(bytes) | Self::Columns(bytes) => bytes,
        }
    }
}
