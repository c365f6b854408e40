//! Records that lie outside of what was asked: a file with the wrong format fails, an API that has not understood the
//! question gets a warning.

use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::clock::{Deadline, SystemClock};
use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_core::run::{RunOptions, RunRequest};
use bronzegate_core::window::{TimeWindow, parse_instant};
use bronzegate_demo_api::{Fault, FaultKind, Grain, Manner, TimeFormat, Timeline, When};
use bronzegate_tests::streams::changes::{BOUNDED, at, change, changes, settings, with};
use bronzegate_tests::{Bench, assert_complete, failure, request};
use jiff::{SignedDuration, Timestamp};

/// 1 September 2026, in seconds.
const SEPTEMBER: u64 = 1_788_220_800;

fn five(factor: u64) -> Vec<String> {
    (0..5).map(|nth| format!("{{\"id\":{nth},\"at\":{}}}", (SEPTEMBER + nth * 60) * factor)).collect()
}

/// An API that knows other names than those that it is asked by, and answers everything.
fn deaf(records: Vec<String>) -> Timeline {
    Timeline::new("at", TimeFormat::EpochS, "other", Some("another")).with(records)
}

async fn load(bench: &Bench, from: &str, to: &str) -> RunReport {
    let [from, to] = [from, to].map(|text| parse_instant(text).expect("an instant"));
    let request = RunRequest::Window { window: TimeWindow::new(from, to).expect("a window"), revision: 1 };
    bench.stream("changes").run(bench.store(), request, RunOptions::default()).await
}

/// The warnings that tell of it.
fn outside(report: &RunReport) -> Vec<&String> {
    report.warnings.iter().filter(|told| told.contains("outside of what was asked")).collect()
}

#[tokio::test]
async fn a_number_in_another_unit_than_the_file_says_fails_the_run_and_names_it() {
    let keys = |format: &str, to: &str| {
        settings(&format!("cursor: at, format: {format}, from: {{ query: since }}{to}, start: 2026-08-01"))
    };
    for (records, format, right) in [
        (five(1), "epoch_ms", "write `format: epoch_s`"),
        (five(1_000), "epoch_s", "write `format: epoch_ms`"),
    ] {
        for to in ["", ", to: { query: until }"] {
            let bench = Bench::one(with(deaf(records.clone())), vec![], &keys(format, to)).await;
            let report = bench.run_at("changes", "2026-10-01T00:00:00Z").await;
            let (kind, message) = failure(&report);
            assert!(kind == ErrorKind::Data && message.contains(right), "{message}");
            bench.assert_nothing_visible("changes");
            let check = bench.stream("changes").probe().await.unwrap_err();
            assert!(check.kind() == ErrorKind::Data && check.to_string().contains(right), "{check}");
        }
    }
    // The right format brings them.
    let bench = Bench::one(with(deaf(five(1))), vec![], &keys("epoch_s", "")).await;
    assert_complete(&bench.run_at("changes", "2026-10-01T00:00:00Z").await, 5);
}

#[tokio::test]
async fn parents_in_another_unit_fail_their_children() {
    let parent = "cursor: at, format: epoch_ms, from: { query: since }, to: { query: until }, start: 2026-08-01, window: 1mo";
    let parents = settings(parent).replace('\n', "\n    ");
    let child = "path: /changes\n    records: results\n    parent: { stream: changes, fields: [id] }\n    params: { of: '{{ parent.id }}' }";
    let yaml = format!("streams:\n  changes:\n    path: /changes\n    {parents}\n  child:\n    {child}\n");
    let bench = Bench::new(vec![with(deaf(five(1)))], vec![], &yaml).await;
    let report = bench.run("child").await;
    let (kind, message) = failure(&report);
    assert!(kind == ErrorKind::Data && message.contains("write `format: epoch_s`"), "{message}");
}

#[tokio::test]
async fn records_that_are_all_elsewhere_are_one_warning() {
    // What the API is asked by is not what it knows.
    let keys = settings(&BOUNDED.replace("updated_after", "since").replace("updated_before", "until"));
    let deaf = Bench::one(changes((0..4).map(|id| change(id, &at(9, "10:00:00")))), vec![], &keys).await;
    let report = load(&deaf, "2026-01-01", "2026-01-02").await;
    assert_complete(&report, 0);
    let [warning] = &report.warnings[..] else { panic!("one warning: {report:?}") };
    let told =
        "all 4 records lie outside of what was asked (from 2026-01-01T00:00:00Z to 2026-01-02T00:00:00Z)";
    assert!(warning.starts_with(told), "{warning}");
    assert_eq!(deaf.commits("changes")[0].warnings, report.warnings);
}

#[tokio::test]
async fn an_api_that_filters_by_days_is_asked_for_hours() {
    let manner = Manner { whole: Some(Grain::Day), ..Manner::default() };
    let timeline = Timeline::new("updatedAt", TimeFormat::Rfc3339, "updated_after", Some("updated_before"));
    let records = (0..3).map(|id| change(id, &at(1, "05:00:00")));
    let bench =
        Bench::one(with(Timeline { manner, ..timeline.with(records) }), vec![], &settings(BOUNDED)).await;
    for (from, to, records) in [("05", "06", 3), ("12", "13", 0)] {
        let hour = |hour: &str| format!("2026-01-01T{hour}:00:00Z");
        let report = load(&bench, &hour(from), &hour(to)).await;
        assert_complete(&report, records);
        assert_eq!(outside(&report), [""; 0], "{report:?}");
    }
}

#[tokio::test]
async fn ids_that_begin_anew_are_told_where_the_api_does_not_filter() {
    let row = |id: u32| format!("{{\"id\":{id}}}");
    let timeline = Timeline::new("id", TimeFormat::Integer, "other", None);
    let keys = settings("cursor: id, format: integer, from: { query: since }, key: id");
    let bench = Bench::one(with(timeline.clone().with((995..1_000).map(row))), vec![], &keys).await;
    let first = bench.run_at("changes", &at(1, "00:00:00")).await;
    assert_complete(&first, 5);
    assert_eq!(outside(&first), [""; 0]);
    let same = bench.run_at("changes", &at(2, "00:00:00")).await;
    assert_complete(&same, 0);
    assert_eq!(outside(&same), [""; 0], "the newest is still there");

    let anew = Bench::one(with(timeline.with((1..4).map(row))), vec![], &keys).await;
    let run = anew.stream("changes");
    let report = run.run(bench.store(), request(&at(3, "00:00:00")), RunOptions::default()).await;
    assert_complete(&report, 0);
    let [warning] = &outside(&report)[..] else { panic!("one warning: {report:?}") };
    assert!(warning.starts_with("all 3 records lie outside of what was asked (from 999 on)"), "{warning}");
    assert!(
        warning.contains("they are from 1 to 3") && warning.contains("may have begun again"),
        "{warning}"
    );
}

/// One a day for 84 days, of which the API gives out the last seven where it is not asked for others.
fn recent(name: &str) -> Timeline {
    let first: Timestamp = "2026-08-01T12:00:00Z".parse().expect("it is as the test made it");
    let day = |nth: u64| first + SignedDuration::from_hours(24 * nth.cast_signed());
    let records = (0..84).map(|nth| change(nth, &day(nth).to_string()));
    let manner = Manner { by_default_the_last: Some(Duration::from_hours(7 * 24)), ..Manner::default() };
    Timeline { manner, ..Timeline::new("updatedAt", TimeFormat::Rfc3339, name, None).with(records) }
}

#[tokio::test]
async fn a_first_run_that_gets_only_the_newest_is_told_with_the_oldest_record() {
    let keys =
        "cursor: updatedAt, format: rfc3339, from: { query: updated_after }, key: id, start: 2026-08-01";
    let end = "2026-10-24T00:00:00Z";
    for (name, records, is_told) in [("updated_since", 8, true), ("updated_after", 84, false)] {
        let bench = Bench::one(with(recent(name)), vec![], &settings(keys)).await;
        let told = |warnings: &[String]| {
            let oldest = "the oldest record is of 2026-10-16T12:00:00Z";
            warnings
                .iter()
                .any(|told| told.contains(oldest) && told.contains("query parameter updated_after"))
        };
        let check = bench.stream("changes").probe().await.unwrap();
        assert_eq!(told(&check.warnings), is_told, "{check:?}");
        let first = bench.run_at("changes", end).await;
        assert_complete(&first, records);
        assert_eq!((told(&first.warnings), told(&bench.commits("changes")[0].warnings)), (is_told, is_told));
        let next = bench.run_at("changes", "2026-10-25T00:00:00Z").await;
        assert!(!told(&next.warnings), "{next:?}");
    }
}

#[tokio::test]
async fn the_oldest_record_is_that_of_all_segments() {
    let keys =
        "cursor: updatedAt, format: rfc3339, from: { query: updated_after }, key: id, start: 2026-08-01";
    let fault = Fault::new("changes", When::Request(3), FaultKind::retry_after(429, "3600"));
    let bench = Bench::one(with(recent("updated_after")), vec![fault], &settings(keys)).await;
    let at = request("2026-10-24T00:00:00Z");
    let clock = Arc::new(SystemClock::default());
    let deadline = Deadline::within(&*clock, Duration::from_mins(1));
    let cut = bench.stream_with("changes", clock).run(bench.store(), at, RunOptions::until(deadline)).await;
    assert_eq!((cut.status, cut.counts.records), (Status::Partial, 20), "{cut:?}");
    let rest = bench.run_at("changes", "2026-10-24T00:00:00Z").await;
    assert_complete(&rest, 64);
    assert!(rest.warnings.iter().all(|told| !told.contains("the oldest record")), "{rest:?}");
}
