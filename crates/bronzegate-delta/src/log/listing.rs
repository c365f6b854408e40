//! Which versions and checkpoints a log has.

use std::collections::BTreeMap;

use bronzegate_core::bronze::BronzeStore;
use serde::Deserialize;

use super::failed::LogError;
use super::names::{self, FileKind, LOG, VERSIONS};

/// The hint to the newest checkpoint.
pub(crate) const LAST_CHECKPOINT: &str = "_last_checkpoint";

/// The files of a log, from some version on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Listing {
    /// `<table>/_delta_log`.
    folder: String,
    /// All files by their version, in order of their names.
    files: Vec<(i64, FileKind, String)>,
    /// The newest version; -1 where there is none.
    pub(crate) version: i64,
    /// The newest complete checkpoint.
    pub(crate) checkpoint: Option<Checkpoint>,
}

/// A checkpoint whose files are all there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    /// The version that it is of.
    pub(crate) version: i64,
    /// Whether it is a file of JSON lines; else they are Parquet.
    pub(crate) is_json: bool,
    /// Its paths; several only for one in parts.
    pub(crate) paths: Vec<String>,
}

/// What is read of the hint.
#[derive(Deserialize)]
struct LastCheckpoint {
    version: i64,
}

/// Lists a table's log: from the checkpoint that the hint names, else all of it.
///
/// The hint is only a hint: where what it names is not there, all is listed. None for a table without a log.
pub(crate) async fn list(store: &dyn BronzeStore, table: &str) -> Result<Option<Listing>, LogError> {
    if let Some(hint) = hint(store, table).await? {
        let listing = list_from(store, table, Some(hint)).await?;
        if listing.checkpoint.as_ref().is_some_and(|found| found.version >= hint) && listing.gap().is_none() {
            return Ok(Some(listing));
        }
    }
    let listing = list_from(store, table, None).await?;
    Ok((!listing.files.is_empty()).then_some(listing))
}

/// The version that the hint names; one that cannot be read is none.
pub(crate) async fn hint(store: &dyn BronzeStore, table: &str) -> Result<Option<i64>, LogError> {
    let found = store.get(&format!("{table}/{LOG}/{LAST_CHECKPOINT}")).await?;
    let hint = found.and_then(|content| serde_json::from_slice::<LastCheckpoint>(&content).ok());
    Ok(hint.map(|hint| hint.version).filter(|version| *version >= 0))
}

/// Lists a log's files from a version on.
pub(crate) async fn list_from(
    store: &dyn BronzeStore,
    table: &str,
    from: Option<i64>,
) -> Result<Listing, LogError> {
    let folder = format!("{table}/{LOG}");
    let after = from.map_or(String::new(), |version| format!("{folder}/{}", names::before(version)));
    let paths = store.list_after(&format!("{folder}/{VERSIONS}"), &after).await?;
    Ok(Listing::of(folder, paths))
}

impl Listing {
    fn of(folder: String, paths: Vec<String>) -> Self {
        let mut files = Vec::with_capacity(paths.len());
        for path in paths {
            let name = path.strip_prefix(&folder).and_then(|name| name.strip_prefix('/'));
            if let Some((version, kind)) = name.and_then(names::parse) {
                files.push((version, kind, path));
            }
        }
        let mut listing = Self { folder, files, version: -1, checkpoint: None };
        listing.checkpoint = listing.checkpoints().pop_last().map(|(_, checkpoint)| checkpoint);
        let newest = listing.commits().last().unwrap_or(-1);
        listing.version = newest.max(listing.checkpoint.as_ref().map_or(-1, |found| found.version));
        listing
    }

    /// The log's folder.
    pub(crate) fn folder(&self) -> &str {
        &self.folder
    }

    /// The path of a version's commit.
    pub(crate) fn commit(&self, version: i64) -> String {
        format!("{}/{}", self.folder, names::commit(version))
    }

    /// The versions whose commits are there, in order.
    pub(crate) fn commits(&self) -> impl Iterator<Item = i64> + '_ {
        self.files.iter().filter(|(_, kind, _)| *kind == FileKind::Commit).map(|(version, ..)| *version)
    }

    /// Whether the commit of a version is there.
    pub(crate) fn has_commit(&self, version: i64) -> bool {
        let start = self.files.partition_point(|(found, ..)| *found < version);
        self.files[start..]
            .iter()
            .take_while(|(found, ..)| *found == version)
            .any(|(_, kind, _)| *kind == FileKind::Commit)
    }

    /// All files, with their versions and kinds.
    pub(crate) fn files(&self) -> &[(i64, FileKind, String)] {
        &self.files
    }

    /// The complete checkpoints by version. Of several at one version the classic one is taken.
    pub(crate) fn checkpoints(&self) -> BTreeMap<i64, Checkpoint> {
        let mut found = BTreeMap::new();
        let mut parts: BTreeMap<(i64, u32), Vec<String>> = BTreeMap::new();
        for (version, kind, path) in &self.files {
            let (version, is_json) = (*version, *kind == FileKind::UuidJson);
            match kind {
                FileKind::Classic => {
                    found.insert(version, Checkpoint { version, is_json, paths: vec![path.clone()] });
                }
                FileKind::UuidJson | FileKind::UuidParquet => {
                    let one = || Checkpoint { version, is_json, paths: vec![path.clone()] };
                    found.entry(version).or_insert_with(one);
                }
                FileKind::Part { parts: all, .. } => {
                    parts.entry((version, *all)).or_default().push(path.clone());
                }
                FileKind::Commit | FileKind::Compacted | FileKind::Checksum => {}
            }
        }
        for ((version, all), paths) in parts {
            // One that lacks a part was never finished (PROTOCOL.md, "Checkpoints").
            if paths.len() == all as usize {
                found.entry(version).or_insert(Checkpoint { version, is_json: false, paths });
            }
        }
        found
    }

    /// The first version after the checkpoint whose commit is not there, though a newer one is.
    pub(crate) fn gap(&self) -> Option<i64> {
        let first = self.checkpoint.as_ref().map_or(0, |found| found.version + 1);
        let mut expected = first;
        for version in self.commits().filter(|version| *version >= first) {
            if version != expected {
                return Some(expected);
            }
            expected += 1;
        }
        // Files without any version that could be read: a checkpoint in parts that was never finished.
        (self.version < 0 && !self.files.is_empty()).then_some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listing(names: &[&str]) -> Listing {
        let mut paths: Vec<_> = names.iter().map(|name| format!("t/{LOG}/{name}")).collect();
        paths.sort();
        Listing::of(format!("t/{LOG}"), paths)
    }

    fn commits(versions: impl Iterator<Item = i64>) -> Vec<String> {
        versions.map(names::commit).collect()
    }

    fn with(versions: std::ops::Range<i64>, more: &[&str]) -> Listing {
        let commits = commits(versions);
        let names: Vec<_> = commits.iter().map(String::as_str).chain(more.iter().copied()).collect();
        listing(&names)
    }

    #[test]
    fn the_newest_complete_checkpoint_is_taken_whatever_its_kind() {
        let uuid = "80a083e8-7026-4e79-81be-64bd76c43a11";
        let parts = |version: i64, parts: &[u32]| -> Vec<String> {
            parts
                .iter()
                .map(|part| format!("{version:020}.checkpoint.{part:010}.0000000002.parquet"))
                .collect()
        };
        let (whole, half) = (parts(4, &[1, 2]), parts(6, &[1]));
        let (classic, json) = (names::classic(2), format!("{:020}.checkpoint.{uuid}.json", 5));
        let mut more = vec![classic.as_str(), half[0].as_str()];
        let found = with(0..8, &more);
        assert_eq!(found.checkpoint.as_ref().map(|found| found.version), Some(2), "half of one is none");
        more.extend(whole.iter().map(String::as_str));
        assert_eq!(with(0..8, &more).checkpoint.map(|found| found.paths.len()), Some(2));
        more.push(&json);
        let found = with(0..8, &more);
        assert_eq!(found.checkpoint.map(|found| (found.version, found.is_json)), Some((5, true)));
        assert_eq!(found.version, 7);
    }

    #[test]
    fn a_version_that_is_missing_is_seen_and_one_before_the_checkpoint_is_not() {
        assert_eq!(with(0..5, &[]).gap(), None);
        assert_eq!(with(1..5, &[]).gap(), Some(0));
        let checkpoint = names::classic(3);
        assert_eq!(with(2..6, &[&checkpoint]).gap(), None);
        assert_eq!(with(4..6, &[&checkpoint]).gap(), None);
        assert_eq!(with(5..6, &[&checkpoint]).gap(), Some(4));
        assert_eq!(with(0..0, &[&checkpoint]).version, 3, "a checkpoint alone is a table");
        let half = format!("{:020}.checkpoint.0000000001.0000000002.parquet", 6);
        assert_eq!(with(0..0, &[&half]).gap(), Some(0));
    }

    #[test]
    fn compacted_versions_and_checksums_take_nobodys_place() {
        let found = with(
            0..7,
            &["00000000000000000004.00000000000000000006.compacted.json", "00000000000000000009.crc"],
        );
        assert_eq!((found.version, found.gap()), (6, None));
        assert!(found.has_commit(4) && !found.has_commit(9));
    }
}
