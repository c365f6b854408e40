//! Runs that cannot be resumed: they are begun again, and nothing is lost.

use std::collections::BTreeSet;
use std::time::Duration;

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_core::run::{RunOptions, RunRequest};
use bronzegate_core::{bronze::SegmentStatus, clock::Deadline};
use bronzegate_demo_api::{Fault, FaultKind, Shape, Stream, Style, When};
use bronzegate_tests::command_line::{Shell, run_line};
use bronzegate_tests::streams::changes::{BOUNDED, change, changes, settings};
use bronzegate_tests::{Bench, SCHEDULED, failure, one_stream};

/// The API takes requests for this page again in an hour: a run with a deadline is cut before it.
fn hour_at(stream: &str, page: u64) -> Vec<Fault> {
    vec![Fault::new(stream, When::Page(page), FaultKind::retry_after(429, "3600")).always()]
}

/// The cursor that leads to this page has expired.
fn expired(stream: &str, page: u64) -> Vec<Fault> {
    vec![Fault::new(stream, When::Page(page), FaultKind::status(410)).always()]
}

async fn restart(bench: &Bench, stream: &str, at: &str) -> RunReport {
    let request = RunRequest::Restart { at: at.parse().ok() };
    bench.stream(stream).run(bench.store(), request, RunOptions::default()).await
}

fn distinct(records: Vec<String>) -> BTreeSet<String> {
    records.into_iter().collect()
}

const LONG: Duration = Duration::from_mins(5);

#[tokio::test]
async fn a_run_whose_cursor_has_expired_fails_until_it_is_begun_anew_and_loses_nothing() {
    let records: Vec<_> = (0..45).map(|id| change(id, &format!("2026-01-01T10:{id:02}:00Z"))).collect();
    let settings = settings(&format!("{BOUNDED}, key: id, start: 2026-01-01"));
    let bench = Bench::one(changes(records.clone()), hour_at("changes", 3), &settings).await;
    let cut = bench.run_within("changes", LONG).await;
    assert_eq!((cut.status, cut.counts.records), (Status::Partial, 20), "{cut:?}");
    bench.api.set_faults(expired("changes", 3));
    for later in ["2026-11-23T17:00:00Z", "2026-11-24T17:00:00Z"] {
        assert_eq!(failure(&bench.run_at("changes", later).await).0, ErrorKind::Api);
    }
    // A cursor of the API's own making, from a first page of now, is good again.
    bench.api.set_faults(Vec::new());
    let new = change(99, "2026-11-23T10:00:00Z");
    bench.api.append("changes", [new.clone()]).unwrap();
    let anew = restart(&bench, "changes", "2026-11-25T17:00:00Z").await;
    assert_eq!((anew.status, anew.counts.records), (Status::Complete, 46), "{anew:?}");
    assert_eq!(
        anew.warnings,
        ["the run was begun again: records of the 20 that its earlier segments committed may come twice"]
    );
    let commits = bench.commits("changes");
    let chain: Vec<_> = commits.iter().map(|record| (record.key.as_str(), record.segment)).collect();
    assert_eq!(chain, [("seq-1", 1), ("seq-1", 2), ("seq-2", 1)], "the run first, then what is due");
    assert_eq!(commits[0].window, commits[1].window);
    let all: Vec<_> = records.into_iter().chain([new]).collect();
    assert_eq!(bench.records("changes").len(), 66);
    assert_eq!(distinct(bench.records("changes")), distinct(all));
    assert_eq!(bench.run_at("changes", "2026-11-26T17:00:00Z").await.counts.records, 0);
}

#[tokio::test]
async fn a_rule_begins_a_cut_run_anew_where_its_cursor_has_expired() {
    let rule = "\nresponses: [{ when: { at: { status: true }, equals: 410 }, then: restart }]";
    let records: Vec<_> = (0..45).map(|id| change(id, &format!("2026-01-01T10:{id:02}:00Z"))).collect();
    let incremental = settings(&format!("{BOUNDED}, key: id, start: 2026-01-01"));
    let snapshot = "records: results\npagination: { type: cursor, next: { body: paging.next.after }, send: { query: after } }";
    for settings in [incremental.as_str(), snapshot] {
        let settings = format!("{settings}{rule}");
        let bench = Bench::one(changes(records.clone()), hour_at("changes", 3), &settings).await;
        assert_eq!(bench.run_within("changes", LONG).await.status, Status::Partial);
        // Expired for good: the run begins anew once, and fails then.
        bench.api.set_faults(expired("changes", 3));
        let before = bench.stats("changes").requests;
        assert_eq!(failure(&bench.run("changes").await).0, ErrorKind::Api);
        assert_eq!(bench.stats("changes").requests - before, 4, "page 3, and pages 1 to 3");
        assert_eq!(bench.commits("changes").len(), 1);
        bench.api.set_faults(vec![Fault::new("changes", When::Page(3), FaultKind::status(410))]);
        let report = bench.run("changes").await;
        assert_eq!((report.status, report.counts.records), (Status::Complete, 45), "{report:?}");
        assert!(
            report
                .warnings
                .iter()
                .any(|warning| warning.starts_with("the run was begun anew: records of the 20")),
            "{report:?}"
        );
        assert_eq!(distinct(bench.records("changes")), distinct(records.clone()));
    }
    // Nothing is committed of a run that has not been cut: the next event begins anew anyway.
    let settings = format!("{incremental}{rule}");
    let bench = Bench::one(changes(records), expired("changes", 3), &settings).await;
    assert_eq!(failure(&bench.run("changes").await).0, ErrorKind::Api);
    assert_eq!((bench.stats("changes").requests, bench.commits("changes").len()), (3, 0));
}

#[tokio::test]
async fn only_a_partial_run_is_begun_anew() {
    let bench = Bench::one(changes([change(1, "2026-01-01T10:00:00Z")]), vec![], &settings(BOUNDED)).await;
    let refused = |report: RunReport| {
        let (kind, message) = failure(&report);
        assert_eq!(kind, ErrorKind::Config, "{message}");
        assert!(message.contains("there is no partial run to begin again"), "{message}");
    };
    refused(restart(&bench, "changes", SCHEDULED).await);
    assert_eq!(bench.run("changes").await.status, Status::Complete);
    for at in [SCHEDULED, "2026-11-23T17:00:00Z"] {
        refused(restart(&bench, "changes", at).await);
    }
    assert_eq!((bench.commits("changes").len(), bench.stats("changes").requests), (1, 1));
}

#[tokio::test]
async fn a_run_that_is_begun_anew_and_cut_goes_on_like_any_other() {
    let records: Vec<_> = (0..45).map(|id| change(id, "2026-01-01T10:00:00Z")).collect();
    let settings = settings(&format!("{BOUNDED}, key: id"));
    let bench = Bench::one(changes(records.clone()), hour_at("changes", 3), &settings).await;
    assert_eq!(bench.run_within("changes", LONG).await.status, Status::Partial);
    let clock = std::sync::Arc::new(bronzegate_core::clock::SystemClock::default());
    let deadline = Deadline::within(&*clock, LONG);
    let run = bench.stream_with("changes", clock);
    let request = RunRequest::Restart { at: SCHEDULED.parse().ok() };
    let cut = run.run(bench.store(), request, RunOptions::until(deadline)).await;
    assert_eq!((cut.status, cut.counts.records), (Status::Partial, 20), "{cut:?}");
    bench.api.set_faults(Vec::new());
    let rest = bench.run("changes").await;
    assert_eq!((rest.status, rest.counts.records), (Status::Complete, 25), "{rest:?}");
    assert!(!rest.warnings.iter().any(|warning| warning.contains("begun again")), "{rest:?}");
    let states: Vec<_> = bench.commits("changes").iter().map(|commit| commit.status).collect();
    assert_eq!(states, [SegmentStatus::Partial, SegmentStatus::Partial, SegmentStatus::Complete]);
    assert_eq!(distinct(bench.records("changes")), distinct(records));
}

#[tokio::test]
async fn a_run_whose_partitions_have_changed_says_so_and_can_be_begun_anew() {
    let yaml = |regions: &str| {
        let settings = settings(&format!("{BOUNDED}, key: id"));
        let own = "params: { region: '{{ partition.region }}' }";
        one_stream(
            "changes",
            &format!("{own}\npartitions: {{ region: [{regions}] }}\nconcurrency: 1\n{settings}"),
        )
    };
    let records: Vec<_> = (0..25).map(|id| change(id, "2026-01-01T10:00:00Z")).collect();
    let mut bench = Bench::new(vec![changes(records)], hour_at("changes", 3), &yaml("eu, us")).await;
    assert_eq!(bench.run_within("changes", LONG).await.counts.records, 20);
    bench.api.set_faults(Vec::new());
    bench.reads_with(&yaml("de, fr"));
    let report = bench.run("changes").await;
    let (kind, message) = failure(&report);
    assert!(kind == ErrorKind::Store && message.contains("`run --restart` begins it again"), "{message}");
    let anew = restart(&bench, "changes", SCHEDULED).await;
    assert_eq!((anew.status, anew.counts.records), (Status::Complete, 50), "{anew:?}");
}

#[tokio::test]
async fn a_snapshot_is_begun_anew_on_the_command_line_for_one_stream() {
    let settings = "records: results\npagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 10 }, total: { body: total } }";
    let stream = Stream::new("items", Style::Cursor, Shape::Small, 35).page_size(10);
    let shell = Shell::new(vec![stream], hour_at("items", 3), &one_stream("items", settings)).await;
    shell.run(&format!("{} --deadline 5m", run_line("demo/items"))).await.assert(3, "partial");
    shell.api.set_faults(expired("items", 3));
    for _ in 0..2 {
        shell.run_at("demo/items").await.assert_failed(5, "api", "page 3");
    }
    shell.api.set_faults(Vec::new());
    let all = shell.run(&format!("{} --restart", run_line("demo"))).await;
    assert!(all.code() == Some(2) && all.err.contains("--restart is for one stream"), "{all:?}");
    // By hand the newest run is the one that is meant.
    let anew = shell.run("run demo/items --json --restart").await.assert(0, "complete");
    assert_eq!((&anew["records"], &anew["key"]), (&35.into(), &"at-20261122T170000Z".into()));
    let found = shell.records("items");
    assert_eq!((found.len(), distinct(found).len()), (55, 35));
    let refused = shell.run(&format!("{} --restart", run_line("demo/items"))).await;
    refused.assert_failed(2, "config", "there is no partial run to begin again");
}
