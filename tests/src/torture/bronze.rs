//! What a reader finds in bronze, compared with the commit log and an uncut run.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use bronzegate_core::bronze::{
    BronzeStore, Checksum, CommitLog, CommitRecord, Layout, Receipt, SegmentStatus,
};
use bytes::Bytes;
use tokio::io::AsyncReadExt as _;

use super::lake::Lake;
use super::process::Places;
use super::scene::STREAM;
use super::trial::{Violation, ensure};
use crate::command_line::files;

/// What a reader sees of the stream: the records of each batch, in the order of the parts' names.
pub(super) type Seen = BTreeMap<String, Vec<String>>;

/// The stream in bronze at one moment.
pub(super) struct Bronze {
    content: Content,
    commits: Vec<CommitRecord>,
    seen: Seen,
}

enum Content {
    Files {
        parts: BTreeMap<String, Bytes>,
        /// Everything that is not hidden, whoever's it is.
        visible: Vec<String>,
    },
    Table {
        /// The rows of each segment.
        rows: BTreeMap<String, u64>,
        /// The segments that another writer may have taken away.
        gone: BTreeSet<String>,
    },
}

impl Bronze {
    /// Reads it with a handle of its own.
    pub(super) async fn read(store: Arc<dyn BronzeStore>) -> Result<Self, Violation> {
        let unreadable = |error| Violation::new(format!("bronze cannot be read: {error:?}"));
        // The parts first: a commit comes before its parts.
        let mut visible = store.list("").await.map_err(unreadable)?;
        visible.retain(|path| !path.starts_with('_'));
        let mut parts = BTreeMap::new();
        for path in &visible {
            let content = store.get(path).await.map_err(unreadable)?;
            let content = content.ok_or_else(|| Violation::new(format!("{path} was listed and is gone")))?;
            parts.insert(path.clone(), content);
        }
        let log = CommitLog::new(store, Layout::new("demo", STREAM));
        let commits = log.all().await.map_err(unreadable)?;
        let mut seen = Seen::new();
        for (path, content) in &parts {
            for line in lines(path, content).await? {
                let (batch, record) = taken_apart(path, &line)?;
                seen.entry(batch).or_default().push(record);
            }
        }
        Ok(Self { content: Content::Files { parts, visible }, commits, seen })
    }

    /// Reads the log with a handle of its own, for a stream whose rows are these in a table.
    pub(super) async fn read_table(
        store: Arc<dyn BronzeStore>,
        environment: &str,
        lake: &Lake,
    ) -> Result<Self, Violation> {
        let unreadable = |error| Violation::new(format!("bronze cannot be read: {error:?}"));
        // As of files: a commit comes before its rows.
        let all = lake.rows().await?;
        let commits = CommitLog::new(store, Layout::new("demo", STREAM)).all().await.map_err(unreadable)?;
        let (mut rows, mut seen) = (BTreeMap::new(), Seen::new());
        for ((_, segment), records) in all.into_iter().filter(|((of, _), _)| of == environment) {
            rows.insert(segment, records.len() as u64);
            for (batch, record) in records {
                seen.entry(batch).or_default().push(record);
            }
        }
        Ok(Self { content: Content::Table { rows, gone: lake.gone(environment) }, commits, seen })
    }

    /// What a reader sees.
    pub(super) fn seen(&self) -> &Seen {
        &self.seen
    }

    /// At any moment: what is visible is committed, as its receipt says, and the log has no gap.
    pub(super) fn check_sound(&self) -> Result<(), Violation> {
        match &self.content {
            Content::Files { parts, visible } => self.check_parts(parts, visible)?,
            Content::Table { rows, .. } => self.check_rows(rows)?,
        }
        self.check_log()
    }

    fn check_parts(&self, parts: &BTreeMap<String, Bytes>, visible: &[String]) -> Result<(), Violation> {
        let receipts = self.receipts()?;
        for path in visible {
            let receipt = receipts.get(path.as_str());
            let receipt = receipt.ok_or_else(|| Violation::new(format!("{path} is in no commit record")))?;
            let content = &parts[path];
            let found = (content.len() as u64, Checksum::of(content));
            let told = (receipt.bytes, receipt.checksum.clone());
            ensure(found == told, || format!("{path} is {found:?} and its receipt says {told:?}"))?;
        }
        Ok(())
    }

    /// A segment is one transaction: all of its rows are there, or none.
    fn check_rows(&self, rows: &BTreeMap<String, u64>) -> Result<(), Violation> {
        let committed = self.segments();
        for (segment, count) in rows {
            let told = committed.get(segment.as_str());
            ensure(told == Some(count), || format!("{segment} has {count} rows, its record says {told:?}"))?;
        }
        Ok(())
    }

    /// The records that each committed segment says that it has.
    fn segments(&self) -> BTreeMap<String, u64> {
        let named = |commit: &CommitRecord| format!("{}.s{:04}", commit.key, commit.segment);
        self.commits.iter().map(|commit| (named(commit), commit.counts.records)).collect()
    }

    /// Once every run is complete: what is committed is visible, too.
    pub(super) fn check_whole(&self) -> Result<(), Violation> {
        match &self.content {
            Content::Files { visible, .. } => {
                let visible: BTreeSet<&str> = visible.iter().map(String::as_str).collect();
                for path in self.receipts()?.keys() {
                    ensure(visible.contains(path), || format!("{path} is committed and not there"))?;
                }
            }
            Content::Table { rows, gone } => {
                for (segment, records) in self.segments().into_iter().filter(|(_, records)| *records > 0) {
                    ensure(rows.contains_key(&segment) || gone.contains(&segment), || {
                        format!("{segment} is committed with {records} records and not in the table")
                    })?;
                }
            }
        }
        Ok(())
    }

    /// Holds a whole bronze against an uncut run: in order where it has one, and not by batches where `loose`.
    pub(super) fn check_against(&self, uncut: &Seen, loose: bool, is_ordered: bool) -> Result<(), Violation> {
        match &self.content {
            Content::Table { gone, .. } if !gone.is_empty() => {
                // What is there is right, and what is not there was committed, so it has been taken away.
                let committed: u64 = self.commits.iter().map(|commit| commit.counts.records).sum();
                let expected = sorted(uncut).len() as u64;
                ensure(committed == expected, || format!("{committed} records committed of {expected}"))?;
                self.check_no_more_than(uncut)
            }
            _ if loose => self.check_same_records(uncut),
            Content::Files { .. } if is_ordered => self.check_equals(uncut),
            // Rows of a table have no order.
            Content::Files { .. } | Content::Table { .. } => self.check_same_batches(uncut),
        }
    }

    /// It is what an uncut run writes.
    fn check_equals(&self, uncut: &Seen) -> Result<(), Violation> {
        ensure(&self.seen == uncut, || differences(&self.seen, uncut))
    }

    /// The same, where the records of a batch have no order.
    fn check_same_batches(&self, uncut: &Seen) -> Result<(), Violation> {
        let [found, expected] = [&self.seen, uncut].map(|seen| {
            let mut seen = seen.clone();
            for records in seen.values_mut() {
                records.sort();
            }
            seen
        });
        ensure(found == expected, || differences(&found, &expected))
    }

    /// The same, where it depends on the cuts which run brings what.
    fn check_same_records(&self, uncut: &Seen) -> Result<(), Violation> {
        let [found, expected] =
            [&self.seen, uncut].map(|seen| BTreeMap::from([("all".into(), sorted(seen))]));
        ensure(found == expected, || differences(&found, &expected))
    }

    /// It has nothing else than an uncut run writes, however often; and all of it, where it is `whole`.
    pub(super) fn check_has(&self, uncut: &Seen, whole: bool) -> Result<(), Violation> {
        let [found, expected] = [&self.seen, uncut].map(|seen| {
            let mut records = sorted(seen);
            records.dedup();
            records
        });
        let strange = found.iter().find(|record| expected.binary_search(record).is_err());
        ensure(strange.is_none(), || format!("no run brings {strange:?}"))?;
        if !whole {
            return Ok(());
        }
        self.check_whole()?;
        let lost = expected.iter().find(|record| found.binary_search(record).is_err());
        ensure(lost.is_none(), || format!("lost: {lost:?}"))
    }

    /// No record of a batch is there more often than an uncut run writes it.
    pub(super) fn check_no_more_than(&self, uncut: &Seen) -> Result<(), Violation> {
        let mut left = sorted(uncut);
        for record in sorted(&self.seen) {
            let at = left.binary_search(&record);
            let at = at.map_err(|_| Violation::new(format!("there once too often: {record}")))?;
            left.remove(at);
        }
        Ok(())
    }

    fn receipts(&self) -> Result<BTreeMap<&str, &Receipt>, Violation> {
        let mut receipts = BTreeMap::new();
        for receipt in self.commits.iter().flat_map(|commit| &commit.parts) {
            let before = receipts.insert(receipt.path.as_str(), receipt);
            ensure(before.is_none(), || format!("{} is in two commit records", receipt.path))?;
        }
        Ok(receipts)
    }

    fn check_log(&self) -> Result<(), Violation> {
        let mut runs: BTreeMap<&str, Vec<&CommitRecord>> = BTreeMap::new();
        for commit in &self.commits {
            runs.entry(&commit.key).or_default().push(commit);
        }
        for (key, segments) in runs {
            let numbers: Vec<u32> = segments.iter().map(|commit| commit.segment).collect();
            let gapless = numbers.iter().copied().eq(1..=numbers.len() as u32);
            ensure(gapless, || format!("{key} has the segments {numbers:?}"))?;
            let (last, earlier) = segments.split_last().expect("a key comes from a commit");
            let partial = earlier.iter().all(|commit| commit.status == SegmentStatus::Partial);
            ensure(partial, || format!("{key} goes on after it was complete"))?;
            let records: u64 = segments.iter().map(|commit| commit.counts.records).sum();
            let told = last.total_counts.records;
            ensure(records == told, || format!("{key} counts {told} records of {records}"))?;
            let in_parts: u64 =
                segments.iter().flat_map(|commit| &commit.parts).map(|part| part.records).sum();
            ensure(records == in_parts, || format!("{key} has {in_parts} records in parts of {records}"))?;
        }
        Ok(())
    }
}

/// Of local folders: what a reader would not be shown by a listing of the store, and what dead runs left.
pub(super) fn check_folders(places: &Places) -> Result<(), Violation> {
    let Places { target, tables } = places;
    let staged = |root: &PathBuf| files(&root.join("_bronzegate/staging"));
    let staged: Vec<_> = std::iter::once(target).chain(tables).flat_map(staged).collect();
    ensure(staged.is_empty(), || format!("left of dead runs: {staged:?}"))?;
    for path in files(&target.join("demo")) {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        ensure(name.contains(".ndjson") && !name.starts_with('.'), || {
            format!("{} is no part", path.display())
        })?;
    }
    Ok(())
}

/// Everything that is seen, sorted.
pub(super) fn sorted(seen: &Seen) -> Vec<String> {
    let mut records: Vec<String> = seen.values().flatten().cloned().collect();
    records.sort();
    records
}

async fn lines(path: &str, content: &[u8]) -> Result<Vec<String>, Violation> {
    let mut text = String::new();
    let unpacked = match path.rsplit('.').next() {
        Some("gz") => GzipDecoder::new(content).read_to_string(&mut text).await,
        Some("zst") => ZstdDecoder::new(content).read_to_string(&mut text).await,
        _ => (&mut &*content).read_to_string(&mut text).await,
    };
    unpacked.map_err(|error| Violation::new(format!("{path} cannot be unpacked: {error}")))?;
    ensure(text.ends_with('\n'), || format!("{path} does not end with a line feed"))?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// The batch of a line, and the API's own bytes with the values of the parent, which stand after the
/// metadata and the values of the partition. All metadata but the time is compared with what it must be.
fn taken_apart(path: &str, line: &str) -> Result<(String, String), Violation> {
    const MIDDLE: &str = ",\"_source_system\":\"demo\",\"_environment\":\"test\",\"_batch_id\":\"";
    let apart = || {
        let (own, metadata) = line.rsplit_once(",\"_ingested_at\":\"")?;
        let (time, rest) = metadata.split_once('"')?;
        let (batch, mut parent) = rest.strip_prefix(MIDDLE)?.split_once('"')?;
        while let Some(member) =
            parent.strip_prefix(",\"_partition_").or_else(|| parent.strip_prefix(",\"_window_"))
        {
            parent = member.split_once("\":\"")?.1.split_once('"')?.1;
        }
        let is_parent = parent == "}" || parent.starts_with(",\"_parent_") && parent.ends_with('}');
        (time.len() == 24 && is_parent).then(|| (batch.to_owned(), format!("{own}{parent}")))
    };
    apart().ok_or_else(|| Violation::new(format!("{path} has a line without its metadata: {line}")))
}

fn differences(found: &Seen, expected: &Seen) -> String {
    let batches: BTreeSet<_> = found.keys().chain(expected.keys()).collect();
    let none = Vec::new();
    let told = batches.into_iter().filter(|batch| found.get(*batch) != expected.get(*batch)).map(|batch| {
        let [found, expected] = [found, expected].map(|seen| seen.get(batch).unwrap_or(&none));
        let first = found.iter().zip(expected).position(|(found, expected)| found != expected);
        let first = first.unwrap_or_else(|| found.len().min(expected.len()));
        format!(
            "batch {batch} has {} records where an uncut run writes {}; the first that differs is number {first}: {:?} instead of {:?}",
            found.len(),
            expected.len(),
            found.get(first),
            expected.get(first)
        )
    });
    told.collect::<Vec<_>>().join("; ")
}
