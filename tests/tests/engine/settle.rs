//! Records that can be seen only some time after their own: `settle` waits for them, in runs, windows and backfills.

use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::clock::Clock as _;
use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_core::run::{RunOptions, RunRequest};
use bronzegate_core::window::TimeWindow;
use bronzegate_demo_api::{Manner, Quirks, Stream, TimeFormat, Timeline};
use bronzegate_tests::streams::changes::{BOUNDED, change, settings, sorted, with};
use bronzegate_tests::{TimedBench, assert_complete, failure};
use jiff::{SignedDuration, Timestamp};

fn timeline() -> Timeline {
    Timeline::new("updatedAt", TimeFormat::Rfc3339, "updated_after", Some("updated_before"))
}

/// A stream whose records can be seen ten minutes late: one every four minutes from 16:00 on.
fn late() -> (Stream, Vec<String>) {
    let first: Timestamp = "2026-11-22T16:00:00Z".parse().expect("it is as the test made it");
    let at = |nth: u64| first + SignedDuration::from_mins(4 * nth.cast_signed());
    let records: Vec<_> = (0..50).map(|nth| change(nth, &at(nth).to_string())).collect();
    let manner = Manner { late: Some(Duration::from_mins(10)), ..Manner::default() };
    (with(Timeline { manner, ..timeline().with(records.clone()) }), records)
}

async fn timed(stream: Stream, keys: &str) -> TimedBench {
    TimedBench::new(stream, &settings(keys), Duration::ZERO).await
}

async fn run_now(timed: &TimedBench) -> RunReport {
    let request = RunRequest::Scheduled { at: Some(timed.clock.now()) };
    let run = timed.bench.stream_with("changes", timed.clock.clone());
    run.run(timed.bench.store(), request, RunOptions::default()).await
}

#[tokio::test]
async fn records_that_appear_late_come_once_where_the_file_says_how_late() {
    let start = "key: id, start: 2026-11-22T16:00:00Z, window: 15m";
    for (settle, loses) in [("", true), (", settle: 10m", false)] {
        let (stream, records) = late();
        let timed = timed(stream, &format!("{BOUNDED}, {start}{settle}")).await;
        for _ in 0..16 {
            assert_eq!(run_now(&timed).await.status, Status::Complete);
            timed.clock.advance(Duration::from_mins(20));
        }
        let landed = sorted(timed.bench.records("changes"));
        assert_eq!(landed != sorted(records), loses, "{settle}: {} records", landed.len());
    }
}

#[tokio::test]
async fn a_run_that_finds_everything_too_young_commits_empty_and_asks_for_nothing() {
    let (stream, records) = late();
    let keys = format!("{BOUNDED}, key: id, start: 2026-11-22T16:52:00Z, settle: 10m");
    let timed = timed(stream, &keys).await;
    for time in ["first", "second"] {
        assert_complete(&run_now(&timed).await, 0);
        assert_eq!(run_now(&timed).await.status, Status::AlreadyCommitted, "{time}: the same event");
        timed.clock.advance(Duration::from_mins(1));
    }
    assert_eq!(timed.bench.stats("changes").requests, 0);
    let commits = timed.bench.commits("changes");
    assert_eq!(commits.len(), 2, "health sees that the schedule is kept");
    assert!(commits.iter().all(|commit| commit.history.is_empty()), "they say nothing of what is usual");
    timed.clock.advance(Duration::from_hours(6));
    assert_complete(&run_now(&timed).await, 37);
    assert_eq!(timed.bench.records("changes"), records[13..]);
}

#[tokio::test]
async fn a_window_is_loaded_when_its_records_are_there() {
    let (stream, _) = late();
    let timed = timed(stream, &format!("{BOUNDED}, start: 2026-11-22, settle: 10m")).await;
    let [from, to] = ["2026-11-22T16:40:00Z", "2026-11-22T17:00:00Z"].map(|at| at.parse().unwrap());
    let request = RunRequest::Window { window: TimeWindow::new(from, to).unwrap(), revision: 1 };
    let load = async || {
        let run = timed.bench.stream_with("changes", timed.clock.clone());
        run.run(timed.bench.store(), request, RunOptions::default()).await
    };
    for _ in 0..2 {
        let report = load().await;
        let (kind, message) = failure(&report);
        assert!(
            kind == ErrorKind::Config && message.contains("600s (`incremental.settle`) after"),
            "{message}"
        );
        timed.clock.advance(Duration::from_secs(299));
    }
    assert_eq!(timed.bench.stats("changes").requests, 0);
    timed.clock.advance(Duration::from_secs(2));
    assert_complete(&load().await, 5);
}

#[tokio::test]
async fn an_api_whose_clock_is_behind_is_told_where_windows_may_miss_its_records() {
    let told =
        |warnings: &[String]| warnings.iter().any(|warning| warning.contains("clock is 10 minutes behind"));
    let windows = "key: id, start: 2026-11-22, window: 6h";
    for (keys, is_told) in [
        (windows.to_owned(), true),
        (format!("{windows}, settle: 5m"), true),
        (format!("{windows}, settle: 11m"), false),
        ("key: id, start: 2026-11-22".to_owned(), false),
    ] {
        let quirks = Quirks { clock_behind: Some(600), ..Quirks::default() };
        let stream = Stream { quirks, ..with(timeline()) };
        let timed = timed(stream, &format!("{BOUNDED}, {keys}")).await;
        let report = run_now(&timed).await;
        assert_complete(&report, 0);
        assert_eq!(told(&report.warnings), is_told, "{keys}: {report:?}");
        assert_eq!(timed.bench.commits("changes").iter().any(|commit| told(&commit.warnings)), is_told);
        let probe = timed.bench.stream_with("changes", Arc::clone(&timed.clock) as _).probe().await.unwrap();
        // A backfill may load windows of any stream.
        assert_eq!(told(&probe.warnings), !keys.contains("11m"), "{keys}: {probe:?}");
    }
}
