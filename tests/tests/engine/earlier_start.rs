//! A `start` that is moved earlier after the first run: told, with the command that loads what is missing.

use bronzegate_core::report::RunReport;
use bronzegate_core::run::{RunOptions, RunRequest};
use bronzegate_core::window::{TimeWindow, parse_instant};
use bronzegate_demo_api::{Options, TimeFormat, Timeline};
use bronzegate_tests::command_line::Shell;
use bronzegate_tests::streams::changes::{BOUNDED, at, changes, settings, sorted, ten_days, with};
use bronzegate_tests::{Bench, SEED, assert_complete, one_stream};
use serde_json::json;

fn keys(start: &str) -> String {
    one_stream("changes", &settings(&format!("{BOUNDED}, key: id, start: {start}")))
}

const COMMAND: &str =
    "`bronzegate backfill demo/changes --from 2026-01-01T00:00:00Z --to 2026-01-05T00:00:00Z`";

fn told(report: &RunReport) -> Vec<&String> {
    report.warnings.iter().filter(|told| told.contains("`start`")).collect()
}

#[tokio::test]
async fn every_run_tells_it_until_a_backfill_has_loaded_it() {
    let mut bench = Bench::new(vec![changes(ten_days())], vec![], &keys("2026-01-05")).await;
    assert_complete(&bench.run_at("changes", &at(6, "00:00:00")).await, 3);
    bench.reads_with(&keys("2026-01-01"));
    for day in 7..9 {
        let report = bench.run_at("changes", &at(day, "00:00:00")).await;
        let [warning] = told(&report)[..] else { panic!("one warning: {report:?}") };
        assert!(warning.contains(COMMAND), "{warning}");
    }
    let [from, to] = ["2026-01-01", "2026-01-05"].map(|text| parse_instant(text).unwrap());
    let request = RunRequest::Window { window: TimeWindow::new(from, to).unwrap(), revision: 1 };
    let load = bench.stream("changes").run(bench.store(), request, RunOptions::default()).await;
    assert_complete(&load, 12);
    for day in 10..12 {
        let report = bench.run_at("changes", &at(day, "00:00:00")).await;
        assert_eq!(told(&report), [""; 0], "{report:?}");
    }
    let mut landed = sorted(bench.records("changes"));
    landed.dedup();
    assert_eq!(landed, sorted(ten_days()));
}

#[tokio::test]
async fn a_number_that_no_window_reaches_is_told_too() {
    let keys = |start: u32| {
        let keys = format!("cursor: id, format: integer, from: {{ query: since }}, key: id, start: {start}");
        one_stream("changes", &settings(&keys))
    };
    let timeline = Timeline::new("id", TimeFormat::Integer, "since", None);
    let rows = (1..9).map(|id| format!("{{\"id\":{id}}}"));
    let mut bench = Bench::new(vec![with(timeline.with(rows))], vec![], &keys(5)).await;
    assert_complete(&bench.run_at("changes", &at(1, "00:00:00")).await, 4);
    bench.reads_with(&keys(3));
    let report = bench.run_at("changes", &at(2, "00:00:00")).await;
    let [warning] = told(&report)[..] else { panic!("one warning: {report:?}") };
    assert!(
        warning.starts_with("`start` (3) is earlier than where the stream's runs began (5)"),
        "{warning}"
    );
}

#[tokio::test]
async fn check_and_runs_tell_it_before_the_next_run() {
    let streams = vec![changes(ten_days())];
    let options = Options { seed: SEED, streams, ..Options::default() };
    let shell = Shell::with(options, &keys("2026-01-05")).await;
    shell.run("run demo/changes --json").await.assert(0, "complete");
    for (start, is_told) in [("2026-01-05", false), ("2026-01-01", true)] {
        shell.source("demo", &keys(start));
        let check = shell.run("check demo").await;
        assert_eq!((check.code(), check.out.contains(COMMAND)), (Some(0), is_told), "{check:?}");
        let runs = shell.run("runs demo/changes --fail-on-breach").await;
        assert_eq!(
            (runs.code(), runs.out.contains(COMMAND)),
            (Some(i32::from(is_told)), is_told),
            "{runs:?}"
        );
        let lines = shell.run("runs demo/changes --json").await;
        let line =
            lines.out.lines().last().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
        assert_eq!(line.unwrap()["status"] == json!("not_loaded"), is_told, "{lines:?}");
    }
    let backfill = shell.run("backfill demo/changes --from 2026-01-01 --to 2026-01-05 --window 1d").await;
    assert_eq!(backfill.code(), Some(0), "{backfill:?}");
    let runs = shell.run("runs demo/changes --fail-on-breach").await;
    assert_eq!(runs.code(), Some(0), "{runs:?}");
}
