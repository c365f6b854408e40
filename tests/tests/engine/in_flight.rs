//! Events that come while another's run of the stream is in flight: they are skipped, and nothing is lost by it.

use std::path::PathBuf;
use std::time::Duration;

use bronzegate_core::bronze::Running;
use bronzegate_core::clock::{Clock as _, Deadline, later};
use bronzegate_core::report::{RunReport, Status};
use bronzegate_core::run::{RunOptions, RunRequest};
use bronzegate_demo_api::{Fault, FaultKind, Shape, Stream, Style, When};
use bronzegate_tests::command_line::until;
use bronzegate_tests::streams::changes::{BOUNDED, change, settings, with};
use bronzegate_tests::{TimedBench, assert_complete, expected};
use jiff::{SignedDuration, Timestamp};

const RECORDS: u64 = 200;

const SETTINGS: &str = "records: results
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 10 } }";

/// A stream of 20 pages, each of which takes so many seconds of the clock.
async fn timed(each: u64) -> TimedBench {
    let stream = Stream::new("items", Style::Cursor, Shape::Small, RECORDS).page_size(10);
    TimedBench::new(stream, SETTINGS, Duration::from_secs(each)).await
}

async fn run_at(timed: &TimedBench, at: Timestamp, options: RunOptions) -> RunReport {
    let run = timed.bench.stream_with("items", timed.clock.clone());
    run.run(timed.bench.store(), RunRequest::Scheduled { at: Some(at) }, options).await
}

async fn tick(timed: &TimedBench) -> RunReport {
    run_at(timed, timed.clock.now(), RunOptions::default()).await
}

fn note(timed: &TimedBench) -> PathBuf {
    timed.bench.target().join("_bronzegate/demo/items/running.json")
}

fn noted(timed: &TimedBench) -> Option<Running> {
    Some(serde_json::from_slice(&std::fs::read(note(timed)).ok()?).expect("it is a note"))
}

fn write_note(timed: &TimedBench, at: Option<Timestamp>, end: Timestamp) {
    let running = Running::new(at, "process 1".to_owned(), timed.clock.now(), end);
    std::fs::create_dir_all(note(timed).parent().expect("it is in a folder")).expect("a folder");
    std::fs::write(note(timed), serde_json::to_vec(&running).expect("JSON")).expect("writable");
}

fn seconds(seconds: i64) -> SignedDuration {
    SignedDuration::from_secs(seconds)
}

#[track_caller]
fn assert_skipped(report: &RunReport) {
    assert_eq!((report.status, report.exit_code(), &report.error), (Status::Skipped, 3, &None), "{report:?}");
    assert_eq!((&report.key, report.counts.requests, report.warnings.len()), (&None, 0, 1));
    assert!(report.warnings[0].starts_with("skipped: "), "{:?}", report.warnings);
}

/// Holds the answer of a page until the rules are replaced.
fn hold(timed: &TimedBench, page: u64) {
    timed.bench.api.set_faults(vec![Fault::new("items", When::Page(page), FaultKind::Held)]);
}

#[tokio::test]
async fn of_ten_ticks_during_one_load_those_behind_its_first_note_are_skipped() {
    let timed = timed(3).await;
    let began = timed.clock.now();
    hold(&timed, 12);
    let ticks = async {
        until("it is noted", || noted(&timed).is_some()).await;
        for _ in 0..9 {
            assert_skipped(&tick(&timed).await);
            timed.clock.advance(Duration::from_secs(3));
        }
        timed.bench.api.set_faults(Vec::new());
    };
    let (first, ()) = tokio::join!(tick(&timed), ticks);
    assert_complete(&first, RECORDS);
    assert_eq!(timed.bench.records("items"), expected(Shape::Small, RECORDS));
    assert_eq!(timed.bench.stats("items").requests, first.counts.requests, "the load has the API to itself");
    let note = noted(&timed).expect("a note");
    assert_eq!((note.at, note.until <= timed.clock.now()), (Some(began), true), "{note:?}");
    assert_eq!(note.key, first.key);
    // The next tick has its turn at once.
    assert_complete(&tick(&timed).await, RECORDS);
}

#[tokio::test]
async fn a_short_run_makes_no_extra_put() {
    let timed = timed(0).await;
    assert_complete(&tick(&timed).await, RECORDS);
    assert_eq!(noted(&timed), None);
}

#[tokio::test]
async fn the_note_of_a_run_that_was_killed_is_over_after_three_minutes() {
    let timed = timed(3).await;
    let began = timed.clock.now();
    hold(&timed, 15);
    tokio::select! {
        report = tick(&timed) => panic!("it is cut: {report:?}"),
        () = until("it is noted", || noted(&timed).is_some()) => {}
    }
    timed.bench.api.set_faults(Vec::new());
    let end = noted(&timed).expect("a note").until;
    assert!(end <= began + seconds(60 + 180), "{end}");
    assert_skipped(&tick(&timed).await);
    // The same event, delivered again, is no other.
    let again = run_at(&timed, began, RunOptions::default()).await;
    assert_complete(&again, RECORDS);
    timed.clock.advance(Duration::from_secs(1));
    assert_complete(&tick(&timed).await, RECORDS);
}

#[tokio::test]
async fn nobody_runs_in_the_pause_of_a_partial_run_but_its_own_event() {
    for comes in [true, false] {
        let timed = timed(3).await;
        let began = timed.clock.now();
        let deadline = Deadline::within(&*timed.clock, Duration::from_secs(40));
        let cut = run_at(&timed, began, RunOptions::until(deadline)).await;
        assert_eq!(cut.status, Status::Partial, "{cut:?}");
        let left = noted(&timed).expect("a note").until.duration_since(timed.clock.now());
        assert!(left > seconds(100) && left <= seconds(120), "{left}");
        timed.clock.advance(Duration::from_mins(1));
        assert_skipped(&tick(&timed).await);
        let beside = RunOptions { beside: true, ..RunOptions::default() };
        if comes {
            let rest = run_at(&timed, began, RunOptions::default()).await;
            assert_eq!((rest.status, &rest.error), (Status::Complete, &None), "{rest:?}");
            assert_eq!(timed.bench.records("items"), expected(Shape::Small, RECORDS));
        } else {
            timed.clock.advance(Duration::from_secs(61));
        }
        assert_complete(&tick(&timed).await, RECORDS);
        timed.clock.advance(Duration::from_secs(1));
        write_note(&timed, Some(began), timed.clock.now() + seconds(100));
        assert_complete(&run_at(&timed, timed.clock.now(), beside).await, RECORDS);
    }
}

/// A process that was stopped (SIGSTOP) while others went on, and continues.
#[tokio::test]
async fn a_run_that_stood_still_while_another_took_its_turn_repeats_nothing() {
    let first: Timestamp = "2026-11-22T10:00:00Z".parse().expect("a time");
    let records: Vec<_> = (0..100)
        .map(|nth| change(nth, &(first + SignedDuration::from_mins(nth.cast_signed())).to_string()))
        .collect();
    let timeline = bronzegate_demo_api::Timeline::new(
        "updatedAt",
        bronzegate_demo_api::TimeFormat::Rfc3339,
        "updated_after",
        Some("updated_before"),
    );
    let keys = settings(&format!("{BOUNDED}, key: id, start: 2026-11-22"));
    let timed = TimedBench::new(with(timeline.with(records.clone())), &keys, Duration::from_secs(4)).await;
    let run = |at: Timestamp| {
        let run = timed.bench.stream_with("changes", timed.clock.clone());
        let store = timed.bench.store();
        async move { run.run(store, RunRequest::Scheduled { at: Some(at) }, RunOptions::default()).await }
    };
    let mut stopped = std::pin::pin!(run(timed.clock.now()));
    tokio::select! {
        report = &mut stopped => panic!("it is stopped before: {report:?}"),
        () = timed.clock.sleep(Duration::from_secs(24)) => {}
    }
    timed.clock.advance(Duration::from_mins(10));
    let other = run(timed.clock.now()).await;
    assert_eq!((other.status, &other.error), (Status::Complete, &None), "{other:?}");
    let went_on = stopped.await;
    assert_eq!(went_on.error, None, "{went_on:?}");
    let mut landed = timed.bench.records("changes");
    landed.sort();
    let mut all = records;
    all.sort();
    assert_eq!(landed, all);
}

/// The holder's clock is an hour behind or ahead: its notes are over when they are written, or hold for an hour.
#[tokio::test]
async fn clocks_that_are_an_hour_off_keep_nobody_away() {
    let timed = timed(0).await;
    for hours in [-1, 1] {
        let now = timed.clock.now();
        let off = SignedDuration::from_hours(hours);
        write_note(&timed, Some(now - seconds(60)), now + off + seconds(180));
        assert_complete(&tick(&timed).await, RECORDS);
        timed.clock.advance(Duration::from_secs(1));
    }
}

#[tokio::test]
async fn a_note_that_cannot_be_read_keeps_nobody_away() {
    let timed = timed(0).await;
    std::fs::create_dir_all(note(&timed).parent().expect("it is in a folder")).expect("a folder");
    for text in ["", "{}", "[[[", "{\"format\":2}"] {
        std::fs::write(note(&timed), text).expect("writable");
        assert_complete(&tick(&timed).await, RECORDS);
        timed.clock.advance(Duration::from_secs(1));
    }
    write_note(&timed, None, later(timed.clock.now(), Duration::from_mins(3)));
    assert_skipped(&tick(&timed).await);
}

#[tokio::test]
async fn a_note_that_cannot_be_written_is_told_once_and_stops_nothing() {
    let timed = timed(10).await;
    std::fs::create_dir_all(note(&timed).join("in the way")).expect("a folder");
    let report = tick(&timed).await;
    assert_eq!((report.status, report.counts.records), (Status::Complete, RECORDS), "{report:?}");
    let told = report
        .warnings
        .iter()
        .filter(|told| told.starts_with("that the run is in flight could not be noted"));
    assert_eq!(told.count(), 1, "{:?}", report.warnings);
}

#[tokio::test]
async fn a_run_that_fails_leaves_the_next_its_turn() {
    let timed = timed(3).await;
    let fails = Fault::new("items", When::Page(15), FaultKind::status(404)).always();
    timed.bench.api.set_faults(vec![fails]);
    assert_eq!(tick(&timed).await.status, Status::Failed);
    assert!(noted(&timed).expect("it took 45 s").until <= timed.clock.now());
    timed.bench.api.set_faults(Vec::new());
    assert_complete(&tick(&timed).await, RECORDS);
}
