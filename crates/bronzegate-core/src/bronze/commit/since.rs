//! The log from a time on, without reading what comes before.

use std::collections::BTreeMap;

use futures::stream::{StreamExt as _, TryStreamExt as _};
use jiff::{SignedDuration, Timestamp};

use super::log::{AT_ONCE, CommitLog};
use super::record::{CommitRecord, SegmentStatus};
use crate::bronze::layout::CommitName;
use crate::bronze::run_id::{RunId, RunKind};
use crate::bronze::store::StoreError;

/// How much the clocks of two machines may differ on which one run follows another.
const SKEW: SignedDuration = SignedDuration::from_hours(1);

impl CommitLog {
    /// The records of all runs that were due at `since` or later, in the order of [`names`](Self::names). `now` is the
    /// time of the question.
    ///
    /// Of older runs there are a few: at least one if the log has any, so that a caller knows that it has, and the
    /// segment that was committed last, as far as `head.json` knows.
    ///
    /// - The name of a snapshot run says when it was due, so the names are listed from `since` on.
    /// - The name of an incremental run says which run it follows, and no run is due before that one. So they are
    ///   read from the newest back to the first that is older. A run of an earlier version that was committed
    ///   before its time counts as of its commit.
    /// - The name of a window does not say when it was loaded, so the first record of each window is read.
    pub async fn since(&self, since: Timestamp, now: Timestamp) -> Result<Vec<CommitRecord>, StoreError> {
        let mut records = self.snapshots_since(since, now).await?;
        records.extend(self.sequence_since(since, now).await?);
        records.extend(self.windows_since(since).await?);
        let mut found = BTreeMap::new();
        for record in records {
            let id: RunId = record.key.parse().map_err(|_| self.foreign(&record))?;
            found.insert(CommitName { id, segment: record.segment }, record);
        }
        if let Some(last) = self.committed_last().await
            && !found.contains_key(&last)
            && let Some(record) = self.get(&last.id.to_string(), last.segment).await?
        {
            found.insert(last, record);
        }
        Ok(found.into_values().collect())
    }

    async fn snapshots_since(
        &self,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<CommitRecord>, StoreError> {
        let mut records = self.read(self.due_from(since, now).await?).await?;
        let Some(oldest) = records.first() else {
            return Ok(self.newest(RunKind::At, now).await?.into_iter().collect());
        };
        let mut earlier = self.remembered(oldest, since).await?;
        if earlier.is_none() {
            // A run with a long log before it remembers some of it, so this list is short.
            let names = self.names_of(RunKind::At).await?;
            let name = names.into_iter().rfind(|name| matches!(name.id, RunId::At(due) if due < since));
            earlier = self.read(name.into_iter().collect()).await?.pop();
        }
        records.extend(earlier);
        Ok(records)
    }

    /// An earlier run that a record remembers, if that is still in the log.
    async fn remembered(
        &self,
        record: &CommitRecord,
        since: Timestamp,
    ) -> Result<Option<CommitRecord>, StoreError> {
        let is_earlier = |key: &&str| matches!(key.parse(), Ok(RunId::At(due)) if due < since);
        match record.history.iter().map(|entry| entry.key.as_str()).rfind(is_earlier) {
            Some(key) => self.get(key, 1).await,
            None => Ok(None),
        }
    }

    async fn sequence_since(
        &self,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<CommitRecord>, StoreError> {
        let Some(newest) = self.newest(RunKind::Sequence, now).await? else { return Ok(Vec::new()) };
        let Ok(RunId::Sequence(last)) = newest.key.parse() else { return Err(self.foreign(&newest)) };
        let before = since.checked_sub(SKEW).unwrap_or(Timestamp::MIN);
        let mut records = Vec::new();
        let runs = (1..=last).rev().map(|number| self.segments(RunId::Sequence(number)));
        let mut runs = futures::stream::iter(runs).buffered(AT_ONCE);
        while let Some(run) = runs.try_next().await? {
            // Somebody has removed a run, so what is before it can only be listed.
            let Some(first) = run.first() else {
                return self.read(self.names_of(RunKind::Sequence).await?).await;
            };
            let is_older = first.scheduled_time.min(first.finished_at) < before;
            records.extend(run);
            if is_older {
                break;
            }
        }
        Ok(records)
    }

    async fn windows_since(&self, since: Timestamp) -> Result<Vec<CommitRecord>, StoreError> {
        let mut names = self.names_of(RunKind::Window).await?;
        let all = names.clone();
        names.dedup_by_key(|name| name.id);
        let mut records = self.read(names.clone()).await?;
        let asked = names.iter().zip(&records).filter(|(_, record)| since <= record.scheduled_time);
        let asked: Vec<CommitName> = asked.map(|(name, _)| *name).collect();
        let rest = all.into_iter().filter(|name| {
            let at = asked.binary_search_by_key(&name.id, |first| first.id);
            at.is_ok_and(|at| asked[at] != *name)
        });
        records.extend(self.read(rest.collect()).await?);
        Ok(records)
    }

    /// All segments of a run.
    async fn segments(&self, id: RunId) -> Result<Vec<CommitRecord>, StoreError> {
        let mut segments: Vec<CommitRecord> = Vec::new();
        while segments.last().is_none_or(|last| last.status == SegmentStatus::Partial) {
            let Some(next) = self.get(&id.to_string(), segments.len() as u32 + 1).await? else { break };
            segments.push(next);
        }
        Ok(segments)
    }

    fn foreign(&self, record: &CommitRecord) -> StoreError {
        let path = self.layout.commit(&record.key, record.segment);
        StoreError::Unreadable { path, reason: "its key is not that of a run".to_owned() }
    }
}
