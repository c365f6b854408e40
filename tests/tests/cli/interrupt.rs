//! Ctrl-C and SIGTERM: what is whole is committed as partial, and the same command goes on from there.

use std::time::Duration;

use bronzegate_demo_api::{Fault, FaultKind, Shape, Stream, Style, When};
use bronzegate_tests::command_line::{Process, Shell, files, run_line, until};
use bronzegate_tests::{SCHEDULED, one_stream};

use crate::engine::jobs;

const RECORDS: u64 = 600;

/// Each kind of pagination, thirty pages long; those that can fetch ahead do.
fn paginations() -> [(Style, &'static str); 4] {
    [
        (
            Style::Cursor,
            "records: results\npagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 20 } }",
        ),
        (
            Style::Offset,
            "records: results\nconcurrency: 3\npagination: { type: offset, send: { query: offset }, page_size: { query: limit, value: 20 }, total: { body: total } }",
        ),
        (Style::LinkHeader, "records: $\npagination: { type: link_header }"),
        (Style::NextUrl, "records: results\npagination: { type: next_url, next: { body: next } }"),
    ]
}

async fn shell(style: Style, settings: &str) -> Shell {
    let stream = Stream::new("items", style, Shape::Small, RECORDS).page_size(20);
    let yaml = one_stream("items", &format!("{settings}\noutput: {{ max_part_bytes: 8KiB }}"));
    Shell::new(vec![stream], Vec::new(), &yaml).await
}

/// A run that waits for this page, which comes when the faults are set again.
async fn held_at(shell: &Shell, page: u64) -> Process {
    let before = shell.api.stats().stream("items").faults;
    shell.api.set_faults(vec![Fault::new("items", When::Page(page), FaultKind::Held).always()]);
    let run = shell.start(&run_line("demo/items"));
    until("the page is asked for", || shell.api.stats().stream("items").faults > before).await;
    run
}

#[tokio::test]
async fn an_interrupted_run_commits_partial_and_the_same_command_completes_it() {
    for (style, settings) in paginations() {
        for signal in ["INT", "TERM"] {
            let shell = shell(style, settings).await;
            let run = held_at(&shell, 6).await;
            run.signal(signal).await;
            let cut = run.ended().await;
            shell.api.set_faults(vec![]);
            let first = cut.assert(3, "partial");
            let records = first["records"].as_u64().unwrap();
            assert!((20..RECORDS).contains(&records) && records.is_multiple_of(20), "{style:?}: {cut:?}");
            assert!(cut.err.contains("stopping: what is whole is committed"), "{cut:?}");
            assert_eq!(cut.err.lines().count(), 1, "{cut:?}");
            shell.assert_records("items", Shape::Small, records);
            let rest = shell.run_at("demo/items").await.assert(0, "complete");
            assert_eq!((rest["records"].as_u64().unwrap(), &rest["key"]), (RECORDS - records, &first["key"]));
            shell.assert_records("items", Shape::Small, RECORDS);
            assert_eq!((shell.commits("items").len(), shell.staged().len()), (2, 0));
            shell.run_at("demo/items").await.assert(0, "already_committed");
        }
    }
}

#[tokio::test]
async fn a_run_interrupted_again_and_again_comes_to_its_end() {
    let (style, settings) = paginations()[0];
    let shell = shell(style, settings).await;
    for (cut, signal) in (1..=4).zip(["INT", "TERM"].into_iter().cycle()) {
        let run = held_at(&shell, cut * 6 + 1).await;
        run.signal(signal).await;
        run.ended().await.assert(3, "partial");
        shell.assert_records("items", Shape::Small, cut * 6 * 20);
    }
    shell.api.set_faults(vec![]);
    shell.run_at("demo/items").await.assert(0, "complete");
    shell.assert_records("items", Shape::Small, RECORDS);
    assert_eq!(shell.staged().len(), 0);
}

/// Without `--at` somebody presses up-arrow: the newest run is resumed.
#[tokio::test]
async fn a_run_without_a_time_goes_on_with_the_one_that_was_interrupted() {
    let (style, settings) = paginations()[0];
    let shell = shell(style, settings).await;
    let run = held_at(&shell, 5).await;
    run.signal("INT").await;
    let first = run.ended().await.assert(3, "partial");
    shell.api.set_faults(vec![]);
    let rest = shell.run("run demo/items --json").await.assert(0, "complete");
    assert_eq!(rest["key"], first["key"]);
    shell.assert_records("items", Shape::Small, RECORDS);
}

/// A run that waits for a response when the first signal comes.
async fn waiting(shell: &Shell) -> Process {
    let run = shell.start(&run_line("demo/items"));
    until("the third page is asked for", || shell.api.stats().stream("items").faults > 0).await;
    run
}

#[tokio::test]
async fn a_wait_for_the_api_does_not_hold_up_an_interrupted_run() {
    let (style, settings) = paginations()[0];
    let shell = shell(style, settings).await;
    let hour = Duration::from_hours(1);
    for kind in [
        FaultKind::Stall { after_bytes: 10, pause: hour },
        FaultKind::SlowDrip { chunk_bytes: 1, every: Duration::from_millis(100) },
        FaultKind::retry_after(429, "300"),
    ] {
        shell.api.set_faults(vec![Fault::new("items", When::Page(3), kind.clone()).always()]);
        let at = format!("2026-11-23T0{}:00:00Z", shell.api.stats().stream("items").faults % 10);
        let before = shell.api.stats().stream("items").faults;
        let run = shell.start(&format!("run demo/items --at {at} --json --beside"));
        until("the fault", || shell.api.stats().stream("items").faults > before).await;
        run.signal("TERM").await;
        let report = run.ended().await.assert(3, "partial");
        assert_eq!((&report["pages"], &report["records"]), (&2.into(), &40.into()), "{kind:?}");
    }
}

/// A terminal signals the whole group, and so does a wrapper that has signalled the process already.
#[tokio::test]
async fn one_signal_that_comes_twice_is_one() {
    let (style, settings) = paginations()[0];
    for signals in [["INT", "INT"], ["TERM", "INT"], ["TERM", "TERM"]] {
        let shell = shell(style, settings).await;
        let stall = FaultKind::Stall { after_bytes: 10, pause: Duration::from_hours(1) };
        shell.api.set_faults(vec![Fault::new("items", When::Page(3), stall)]);
        let run = waiting(&shell).await;
        // Stopped, so that the process sees both together and cannot end in between.
        run.signal("STOP").await;
        for signal in signals {
            run.signal(signal).await;
        }
        run.signal("CONT").await;
        let cut = run.ended().await.assert(3, "partial");
        assert_eq!(cut["records"], 40, "{signals:?}");
        shell.run_at("demo/items").await.assert(0, "complete");
        shell.assert_records("items", Shape::Small, RECORDS);
        assert_eq!(shell.staged().len(), 0);
    }
}

/// The submission of an export job, which a first signal waits for.
#[tokio::test]
async fn a_second_signal_leaves_at_once_and_nothing_is_lost() {
    let stall = FaultKind::Stall { after_bytes: 0, pause: Duration::from_hours(1) };
    let faults = vec![Fault::new("accounts", When::Request(1), stall)];
    let shell = Shell::new(vec![jobs::stream()], faults, &jobs::quick()).await;
    let mut run = shell.start(&run_line("demo/accounts"));
    until("the submission", || shell.api.stats().stream("accounts").faults > 0).await;
    while !run.is_over() {
        run.signal("INT").await;
        tokio::task::yield_now().await;
    }
    assert_eq!(run.ended().await.code(), Some(130));
    let rest = shell.run_at("demo/accounts").await.assert(0, "complete");
    assert_eq!(rest["records"], jobs::RECORDS);
    assert_eq!(shell.staged().len(), 0);
}

#[tokio::test]
async fn a_command_that_only_looks_leaves_at_the_first_signal() {
    let (style, settings) = paginations()[0];
    for line in ["check demo", "sample demo/items"] {
        let shell = shell(style, settings).await;
        let stall = FaultKind::Stall { after_bytes: 10, pause: Duration::from_hours(1) };
        shell.api.set_faults(vec![Fault::new("items", When::Page(1), stall)]);
        let look = shell.start(line);
        until("it asks", || shell.api.stats().stream("items").faults > 0).await;
        look.signal("INT").await;
        assert_eq!(look.ended().await.code(), Some(130), "{line}");
        assert_eq!(files(&shell.target()).len(), 0);
    }
}

#[tokio::test]
async fn every_stream_of_an_interrupted_source_commits_what_it_has() {
    let streams =
        ["a", "b"].map(|name| Stream::new(name, Style::Cursor, Shape::Small, RECORDS).page_size(20));
    let held = Fault::new("*", When::Page(4), FaultKind::Held).always();
    let settings = paginations()[0].1.replace('\n', "\n    ");
    let yaml = format!("streams:\n  a:\n    path: /a\n    {settings}\n  b:\n    path: /b\n    {settings}");
    let shell = Shell::new(streams.to_vec(), vec![held], &yaml).await;
    let run = shell.start(&format!("run demo --at {SCHEDULED} --json"));
    until("pages of both", || ["a", "b"].iter().all(|name| shell.api.stats().stream(name).faults > 0)).await;
    run.signal("INT").await;
    let cut = run.ended().await;
    assert_eq!(cut.code(), Some(3), "{cut:?}");
    assert!(cut.reports().iter().all(|report| report["status"] == "partial"), "{cut:?}");
    shell.api.set_faults(vec![]);
    assert_eq!(shell.run_at("demo").await.code(), Some(0));
    for name in ["a", "b"] {
        shell.assert_records(name, Shape::Small, RECORDS);
    }
}
