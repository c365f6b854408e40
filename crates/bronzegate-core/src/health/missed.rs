//! Whether the newest scheduled run of a stream is there: what an hourly watch asks of every stream.
//!
//! Unlike [`StreamHealth`](super::StreamHealth) it looks at one time alone, so it reads a few files however long the log is.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::gap::{Busy, Search};
use crate::bronze::{CommitLog, CommitRecord, RunKind, SegmentStatus, StoreError};
use crate::config::Stream;

/// A scheduled run that is missing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Missed {
    /// The newest time at which the stream was due and that is a grace ago.
    pub due: Timestamp,
    /// Why it counts as missing.
    pub reason: MissedReason,
    /// The newest run in the log.
    pub last: Option<String>,
}

/// Why a run counts as missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum MissedReason {
    /// The newest run was due before.
    NoRun,
    /// The stream has no run at all, and was due since the watch first saw it.
    NeverRan,
    /// The newest run is partial, and nobody has resumed it for a grace.
    LeftPartial,
}

impl MissedReason {
    /// The reason's name in metrics and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoRun => "no_run",
            Self::NeverRan => "never_ran",
            Self::LeftPartial => "left_partial",
        }
    }
}

/// The run that is missing of a stream, if one is. A run in flight is none, and neither is what was due while one was.
///
/// # Errors
/// Those of the store.
pub async fn missed(
    log: &CommitLog,
    stream: &Stream,
    grace: Duration,
    now: Timestamp,
) -> Result<Option<Missed>, StoreError> {
    let before = SignedDuration::try_from(grace).unwrap_or(SignedDuration::MAX);
    let judged = now.checked_sub(before).unwrap_or(Timestamp::MIN);
    let Some(due) = stream.schedule.as_ref().and_then(|schedule| schedule.last_until(judged)) else {
        return Ok(None);
    };
    let kind = if stream.incremental.is_some() { RunKind::Sequence } else { RunKind::At };
    let newest = log.newest(kind, now).await?;
    let reason = match &newest {
        None => (due >= log.watched_since(now).await?).then_some(MissedReason::NeverRan),
        Some(run) if run.status == SegmentStatus::Partial => {
            (run.finished_at < judged).then_some(MissedReason::LeftPartial)
        }
        Some(run) if run.scheduled_time >= due => None,
        Some(run) => is_gap(log, stream, run, due, grace).await?.then_some(MissedReason::NoRun),
    };
    let Some(reason) = reason else { return Ok(None) };
    if log.running().await.is_some_and(|running| running.is_in_flight(now)) {
        return Ok(None);
    }
    Ok(Some(Missed { due, reason, last: newest.map(|run| run.key) }))
}

/// Whether nothing stands in for the run that was due then: no run near its time, and none that was in flight.
async fn is_gap(
    log: &CommitLog,
    stream: &Stream,
    newest: &CommitRecord,
    due: Timestamp,
    grace: Duration,
) -> Result<bool, StoreError> {
    let Some(schedule) = &stream.schedule else { return Ok(false) };
    let first = if newest.segment > 1 { log.get(&newest.key, 1).await? } else { None };
    let from = first.as_ref().unwrap_or(newest).started_at;
    let busy = [Busy { from, to: newest.finished_at, key: newest.key.clone() }];
    let search = Search {
        schedule,
        from: due,
        to: due.checked_add(SignedDuration::from_nanos(1)).unwrap_or(Timestamp::MAX),
        tolerance: grace,
        by_day: false,
        busy: &busy,
    };
    let by_day = stream.incremental.as_ref().is_some_and(|incremental| incremental.format.are_days());
    let is_same_day = by_day && super::gap::day(newest.scheduled_time) == super::gap::day(due);
    let gaps = search.gaps(&[newest.scheduled_time]);
    Ok(!is_same_day && gaps.iter().any(|gap| gap.during.is_none()))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::bronze::{Layout, LocalStore, RunId, Running, record};

    const HOURLY: &str = "schedule: { every: 1h }";

    fn stream(settings: &str) -> Stream {
        let text = format!(
            "source: crm\nbase_url: https://x.example\nstreams: {{ deals: {{ path: /p, records: $, pagination: {{ type: none }}, {settings} }} }}"
        );
        crate::config::parse("crm.yaml", &text).unwrap().streams.remove(0)
    }

    fn time(text: &str) -> Timestamp {
        format!("2026-11-{text}:00Z").parse().unwrap()
    }

    struct Bench {
        _folder: tempfile::TempDir,
        log: CommitLog,
    }

    impl Bench {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let store = Arc::new(LocalStore::open(folder.path()).unwrap());
            Self { _folder: folder, log: CommitLog::new(store, Layout::new("shop", "orders")) }
        }

        async fn ran(&self, due: &str, started: &str, finished: &str, status: SegmentStatus) {
            let id = RunId::At(time(due));
            let record = CommitRecord {
                scheduled_time: time(due),
                started_at: time(started),
                finished_at: time(finished),
                ..record(id, 1, status, Vec::new())
            };
            self.log.commit(&record).await.unwrap();
        }

        async fn missed(&self, settings: &str, now: &str) -> Option<(String, MissedReason)> {
            let found =
                missed(&self.log, &stream(settings), Duration::from_hours(1), time(now)).await.unwrap();
            found.map(|missed| (missed.due.strftime("%dT%H:%M").to_string(), missed.reason))
        }
    }

    #[tokio::test]
    async fn a_run_is_missing_when_its_grace_is_over_and_none_has_been_due_since() {
        let bench = Bench::new();
        bench.ran("22T10:00", "22T10:00", "22T10:01", SegmentStatus::Complete).await;
        assert_eq!(bench.missed(HOURLY, "22T11:59").await, None);
        let missing = Some(("22T11:00".to_owned(), MissedReason::NoRun));
        assert_eq!(bench.missed(HOURLY, "22T12:00").await, missing);
        bench.ran("22T11:20", "22T11:20", "22T12:05", SegmentStatus::Complete).await;
        assert_eq!(bench.missed(HOURLY, "22T12:06").await, None, "a run by hand stands in for it");
    }

    #[tokio::test]
    async fn weekly_and_monthly_schedules_are_watched_alike() {
        let bench = Bench::new();
        bench.ran("02T05:00", "02T05:00", "02T05:01", SegmentStatus::Complete).await;
        let weekly = "schedule: { cron: \"0 5 * * MON\" }";
        assert_eq!(bench.missed(weekly, "09T05:59").await, None);
        assert_eq!(
            bench.missed(weekly, "09T06:00").await,
            Some(("09T05:00".to_owned(), MissedReason::NoRun))
        );
        let monthly = "schedule: { cron: \"0 5 20 * *\" }";
        assert_eq!(
            bench.missed(monthly, "25T12:00").await,
            Some(("20T05:00".to_owned(), MissedReason::NoRun))
        );
        assert_eq!(bench.missed(monthly, "20T05:30").await, None);
    }

    #[tokio::test]
    async fn what_was_due_while_a_run_was_in_flight_is_not_missing() {
        let bench = Bench::new();
        bench.ran("22T10:00", "22T10:00", "22T12:30", SegmentStatus::Complete).await;
        assert_eq!(bench.missed(HOURLY, "22T13:45").await, None);
        assert_eq!(
            bench.missed(HOURLY, "22T14:00").await,
            Some(("22T13:00".to_owned(), MissedReason::NoRun))
        );
        let (began, until) = (time("22T13:59"), time("22T14:02"));
        bench.log.note_running(&Running::new(None, "x".to_owned(), began, until)).await.unwrap();
        assert_eq!(bench.missed(HOURLY, "22T14:00").await, None);
        assert!(bench.missed(HOURLY, "22T14:03").await.is_some());
    }

    #[tokio::test]
    async fn a_partial_run_that_nobody_resumes_is_missing() {
        let bench = Bench::new();
        bench.ran("22T10:00", "22T10:00", "22T10:15", SegmentStatus::Partial).await;
        assert_eq!(bench.missed(HOURLY, "22T11:15").await, None);
        let left = Some(("22T10:00".to_owned(), MissedReason::LeftPartial));
        assert_eq!(bench.missed(HOURLY, "22T11:16").await, left);
    }

    #[tokio::test]
    async fn a_new_stream_is_missing_only_when_it_was_due_since_it_was_first_seen() {
        let bench = Bench::new();
        let daily = "schedule: { every: 1d }";
        assert_eq!(bench.missed(daily, "22T10:00").await, None, "it was due before anybody knew of it");
        assert_eq!(bench.missed(daily, "23T00:59").await, None);
        let never = Some(("23T00:00".to_owned(), MissedReason::NeverRan));
        assert_eq!(bench.missed(daily, "23T01:00").await, never);
        assert_eq!(bench.missed("timeout: { read: 10s }", "23T01:00").await, None, "it has no schedule");
    }
}
