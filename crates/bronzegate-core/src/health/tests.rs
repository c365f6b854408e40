use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::*;
use crate::bronze::{
    CommitLog, CommitRecord, HistoryEntry, LastError, Layout, LocalStore, RunId, SegmentStatus,
    extend_history,
};
use crate::config::{Stream, parse};
use crate::error::ErrorKind;
use crate::report::{Counts, Failure};

fn time(text: &str) -> Timestamp {
    format!("2026-11-22T{text}:00Z").parse().unwrap()
}

/// A segment that was due on the hour; its run's totals, and the records of the runs before.
fn record(key: &str, due: &str, segment: u32, total: u64, before: &[u64]) -> CommitRecord {
    let entry = |records: u64, key: &str| HistoryEntry {
        key: key.to_owned(),
        records,
        duration_ms: 10 * records,
        more: false,
        first: false,
    };
    let mut history: Vec<_> = before.iter().map(|records| entry(*records, "before")).collect();
    history.push(entry(total, key));
    let counts = Counts { records: total, requests: 10, ..Counts::default() };
    CommitRecord {
        format: CommitRecord::FORMAT,
        source: "crm".to_owned(),
        stream: "deals".to_owned(),
        key: key.to_owned(),
        segment,
        batch_id: String::new(),
        scheduled_time: time(due),
        status: SegmentStatus::Complete,
        parts: Vec::new(),
        window: None,
        cursor_in: Some(format!("in {segment}")),
        cursor_out: Some(format!("out {segment}")),
        page_state: None,
        cursor: None,
        parents: None,
        sync: None,
        table: None,
        counts,
        total_counts: counts,
        started_at: time(due),
        finished_at: time(due),
        duration_ms: 10 * total,
        total_duration_ms: 10 * total,
        history,
        warnings: vec![format!("warning {segment}")],
        may_lack: false,
        branch_members: Vec::new(),
        paging: std::collections::BTreeMap::new(),
        columns: None,
        mended: None,
        engine_version: String::new(),
        config_fingerprint: String::new(),
        environment: String::new(),
    }
}

fn partial(record: CommitRecord) -> CommitRecord {
    CommitRecord { status: SegmentStatus::Partial, history: Vec::new(), ..record }
}

fn settings(lines: &str) -> Stream {
    let text = format!(
        "source: crm\nbase_url: https://crm.example\nstreams:\n  deals:\n    path: /deals\n    records: $\n{lines}"
    );
    let source = parse("crm.yaml", &text).unwrap_or_else(|problems| panic!("{problems}"));
    source.streams[0].clone()
}

const HOURLY: &str = "    schedule: { every: 1h }\n    expect: { records_ratio: 0.8 }\n";

fn period() -> Period {
    Period { since: None, until: None, grace: Duration::from_mins(30), now: time("17:00") }
}

fn health(records: Vec<CommitRecord>, settings: Option<&Stream>, period: &Period) -> StreamHealth {
    StreamHealth::new(["crm", "deals"], records, settings, period)
}

fn failed(at: &str) -> LastError {
    let failure = Failure {
        kind: ErrorKind::Api,
        message: "HTTP 400".to_owned(),
        is_transient: false,
        is_quota: false,
    };
    LastError { at: time(at), failure, key: None, batch_id: None }
}

#[test]
fn a_failure_is_open_until_something_is_committed() {
    let of = |error: &str, period: &Period| {
        let health = health(vec![record("at-1", "14:00", 1, 5, &[])], None, period);
        let health = health.with_error(Some(failed(error)), period);
        (health.last_error.is_some(), health.open_error().is_some(), health.is_healthy())
    };
    assert_eq!(of("15:00", &period()), (true, true, false));
    assert_eq!(of("13:00", &period()), (true, false, true));
    // The commit that says that it is over need not be in the period.
    assert_eq!(
        of("13:00", &Period { since: Some(time("12:30")), until: Some(time("13:30")), ..period() }),
        (true, false, true)
    );
    assert_eq!(of("15:00", &Period { until: Some(time("15:00")), ..period() }), (false, false, true));
}

fn told(health: &StreamHealth) -> Vec<String> {
    let told = |entry: &Entry<'_>| match entry {
        Entry::Run(run) => {
            let breaches: Vec<_> = run.breaches.iter().map(|breach| breach.threshold.as_str()).collect();
            format!("{}x{} {:?} {}", run.key, run.segments.len(), run.status, breaches.join(" "))
        }
        Entry::Gap(gap) => format!("missing {} {}", gap.missing, gap.made_up_by.as_deref().unwrap_or("-")),
    };
    health.entries().iter().map(|entry| told(entry).trim_end().to_owned()).collect()
}

#[test]
fn segments_of_a_key_are_one_run_and_gaps_stand_between_runs() {
    let records = vec![
        record("at-20261122T100000Z", "10:00", 1, 100, &[]),
        partial(record("at-20261122T120000Z", "12:00", 1, 40, &[])),
        record("at-20261122T120000Z", "12:00", 2, 79, &[100]),
        partial(record("at-20261122T150000Z", "15:00", 1, 10, &[])),
    ];
    let stream = settings(HOURLY);
    let health = health(records, Some(&stream), &period());
    assert_eq!(
        told(&health),
        [
            "at-20261122T100000Zx1 Complete",
            "missing 1 -",
            "at-20261122T120000Zx2 Complete records_ratio",
            "missing 2 -",
            "at-20261122T150000Zx1 Partial",
            "missing 1 -",
        ],
        "17:00 may still be under way"
    );
    assert_eq!((health.marked(), health.missing(), health.is_healthy()), (2, 4, false));
    let run = &health.runs[1];
    assert_eq!((run.cursor_in.as_deref(), run.cursor_out.as_deref()), (Some("in 1"), Some("out 2")));
    assert_eq!((run.counts.records, run.usual_records), (79, Some(100.0)));
    assert_eq!(run.warnings, ["warning 1", "warning 2"]);
}

#[test]
fn an_incremental_stream_makes_up_for_what_is_missing_with_its_next_complete_run() {
    let records = vec![
        record("seq-1", "10:00", 1, 100, &[]),
        partial(record("seq-2", "13:00", 1, 100, &[])),
        record("seq-3", "15:00", 1, 100, &[]),
    ];
    let stream = settings(
        "    schedule: { every: 1h }\n    incremental: { cursor: at, format: rfc3339, from: { query: since } }\n",
    );
    assert_eq!(
        told(&health(records, Some(&stream), &period())),
        [
            "seq-1x1 Complete",
            "missing 2 seq-3",
            "seq-2x1 Partial",
            "missing 1 seq-3",
            "seq-3x1 Complete",
            "missing 1 -",
        ]
    );
}

#[test]
fn an_incremental_stream_has_a_usual_number_of_records_after_a_few_runs_that_bring_some() {
    let usual = |key: &str, before: &[u64], stream: Option<&Stream>| {
        let health = health(vec![record(key, "14:00", 1, 0, before)], stream, &period());
        health.runs[0].breaches.iter().map(|breach| breach.threshold.as_str()).collect::<Vec<_>>().join(" ")
    };
    for before in [&[100][..], &[100, 100], &[9, 9, 9], &[5, 0, 0, 20]] {
        assert_eq!(usual("seq-5", before, None), "", "{before:?}");
        // A stated ratio is taken exactly.
        assert_eq!(usual("seq-5", before, Some(&settings(HOURLY))), "records_ratio", "{before:?}");
    }
    assert_eq!(usual("seq-5", &[100, 100, 100], None), "records_ratio");
    assert_eq!(
        usual("at-20261122T140000Z", &[9], None),
        "records_ratio",
        "a snapshot brings the same each time"
    );
}

#[test]
fn windows_stand_apart_and_are_held_against_the_error_rate_alone() {
    let key = "window-20260101T000000Z-20260102T000000Z";
    let mut window = record(key, "11:00", 1, 1, &[]);
    window.history.clear();
    window.total_counts.api_errors = 2;
    let records = vec![record("at-20261122T100000Z", "10:00", 1, 100, &[]), window];
    let stream = settings("    schedule: { every: 1d }\n    expect: { min_records: 50 }\n");
    let health = health(records, Some(&stream), &period());
    assert_eq!((health.runs.len(), health.windows.len(), health.missing()), (1, 1, 0));
    let breaches: Vec<_> = health.windows[0].breaches.iter().map(ToString::to_string).collect();
    assert_eq!(
        breaches,
        ["20 % of the requests failed, more than the 5 % of `expect.error_rate` (the default)"]
    );
}

#[test]
fn a_period_leaves_out_runs_but_not_what_they_prove() {
    let records = || {
        vec![
            record("at-20261122T100000Z", "10:00", 1, 100, &[]),
            record("at-20261122T140000Z", "14:00", 1, 100, &[]),
        ]
    };
    let stream = settings(HOURLY);
    let since = Period { since: Some(time("12:30")), until: Some(time("16:00")), ..period() };
    assert_eq!(
        told(&health(records(), Some(&stream), &since)),
        ["missing 1 -", "at-20261122T140000Zx1 Complete", "missing 1 -"]
    );
    let before = Period { until: Some(time("12:00")), ..period() };
    assert_eq!(
        told(&health(records(), Some(&stream), &before)),
        ["at-20261122T100000Zx1 Complete", "missing 1 -"]
    );
    // Without its file, nobody knows when it should have run.
    let unknown = health(records(), None, &period());
    assert_eq!((unknown.runs.len(), unknown.missing(), unknown.is_healthy()), (2, 0, true));
}

#[test]
fn a_stream_that_never_ran_is_not_healthy_if_it_has_a_schedule() {
    let stream = settings(HOURLY);
    let never = health(Vec::new(), Some(&stream), &period());
    assert!(never.never_ran && never.gaps.is_empty() && !never.is_healthy());
    let since = Period { since: Some(time("14:30")), ..period() };
    assert_eq!(told(&health(Vec::new(), Some(&stream), &since)), ["missing 2 -"]);
    let by_hand = settings("");
    assert!(health(Vec::new(), Some(&by_hand), &period()).is_healthy());
}

/// A log of a day: runs with gaps, one a little early, one resumed, and windows loaded in between.
async fn logged(log: &CommitLog, is_snapshot: bool) {
    let mut before: Vec<HistoryEntry> = Vec::new();
    let runs = ["01:00", "02:00", "03:00", "06:00", "06:50", "08:00", "09:00", "13:00", "14:00"];
    for (number, due) in runs.iter().enumerate() {
        let id = if is_snapshot { RunId::At(time(due)) } else { RunId::Sequence(number as u64 + 1) };
        let mut run = record(&id.to_string(), due, 1, 100 + number as u64, &[]);
        if *due == "08:00" {
            log.commit(&CommitRecord { page_state: Some(json!({})), ..partial(run.clone()) }).await.unwrap();
            // It was resumed long after its time.
            (run.segment, run.finished_at) = (2, time("15:30"));
        }
        before = extend_history(&before, run.history_entry());
        run.history.clone_from(&before);
        log.commit(&run).await.unwrap();
    }
    for (day, due) in [("01", "12:00"), ("02", "04:00")] {
        let key = format!("window-202501{day}T000000Z-202501{day}T120000Z");
        log.commit(&record(&key, due, 1, 1, &[])).await.unwrap();
    }
}

#[tokio::test]
async fn the_part_of_a_log_that_is_read_for_a_period_says_what_all_of_it_does() {
    let incremental =
        format!("{HOURLY}    incremental: {{ cursor: at, format: rfc3339, from: {{ query: since }} }}\n");
    for (is_snapshot, stream) in [(true, settings(HOURLY)), (false, settings(&incremental))] {
        for head in ["13:00", "14:00", "08:00"] {
            let folder = tempfile::tempdir().unwrap();
            let store = Arc::new(LocalStore::open(folder.path()).unwrap());
            let log = CommitLog::new(store, Layout::new("crm", "deals"));
            logged(&log, is_snapshot).await;
            let all = log.all().await.unwrap();
            let last = all
                .iter()
                .rfind(|record| !record.key.starts_with('w') && record.scheduled_time == time(head));
            log.update_head(last.unwrap()).await;
            for minute in (0..17 * 60).step_by(10) {
                let since = time("00:00") + SignedDuration::from_mins(minute);
                let period = Period { since: Some(since), until: Some(time("16:40")), ..period() };
                let part = log.since(period.read_from().unwrap(), period.now).await.unwrap();
                assert!(since < time("05:00") || part.len() < all.len(), "{since}: {} records", part.len());
                let [all, part] = [all.clone(), part].map(|records| health(records, Some(&stream), &period));
                let what = format!("{is_snapshot} {head} {since}");
                assert_eq!(told(&part), told(&all), "{what}");
                let windows = |health: &StreamHealth| -> Vec<String> {
                    health.windows.iter().map(|run| run.key.clone()).collect()
                };
                assert_eq!(windows(&part), windows(&all), "{what}");
                assert_eq!((part.never_ran, part.missing()), (all.never_ran, all.missing()), "{what}");
            }
        }
    }
}

#[tokio::test]
async fn a_failure_is_got_over_by_an_old_run_that_was_resumed_since() {
    let folder = tempfile::tempdir().unwrap();
    let log = CommitLog::new(Arc::new(LocalStore::open(folder.path()).unwrap()), Layout::new("crm", "deals"));
    logged(&log, true).await;
    let period = Period { since: Some(time("14:30")), ..period() };
    let is_open = async || {
        let records = log.since(period.read_from().unwrap(), period.now).await.unwrap();
        health(records, None, &period).with_error(Some(failed("15:00")), &period).open_error().is_some()
    };
    let newest = log.get(&RunId::At(time("14:00")).to_string(), 1).await.unwrap().unwrap();
    log.update_head(&newest).await;
    assert!(is_open().await, "nobody says that another run was committed since");
    let resumed = log.get(&RunId::At(time("08:00")).to_string(), 2).await.unwrap().unwrap();
    log.update_head(&resumed).await;
    assert!(!is_open().await);
}
