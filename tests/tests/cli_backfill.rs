//! `backfill`: every window once, whatever interrupts it, beside the schedule.

use std::time::Duration;

use bronzegate_core::bronze::{BronzeStore as _, LocalStore, StagingArea};
use bronzegate_demo_api::{Fault, FaultKind, Options, When};
use bronzegate_tests::changes::{BOUNDED, changes, settings, ten_days};
use bronzegate_tests::command::{Shell, until};
use bronzegate_tests::{SEED, lines, one_stream, parts};

const LINE: &str = "backfill demo/changes --from 2026-01-01 --to 2026-01-11 --window 1d";

async fn shell(faults: Vec<Fault>, latency: Duration) -> Shell {
    let yaml = one_stream("changes", &settings(&format!("{BOUNDED}, key: id, start: 2026-01-09")));
    let options =
        Options { seed: SEED, streams: vec![changes(ten_days())], faults, latency, ..Options::default() };
    Shell::with(options, &yaml).await
}

/// What bronze holds of the stream, without what bronzegate added.
fn records(shell: &Shell) -> Vec<String> {
    let own = |line: String| format!("{}}}", line.split(",\"_ingested_at\"").next().unwrap_or_default());
    let mut records: Vec<_> = lines(&shell.target(), "demo", "changes").into_iter().map(own).collect();
    records.sort();
    records
}

fn expected() -> Vec<String> {
    let mut records = ten_days();
    records.sort();
    records
}

#[tokio::test]
async fn every_window_is_loaded_once_and_the_same_command_again_loads_nothing() {
    let shell = shell(vec![], Duration::ZERO).await;
    let loaded = shell.run(&format!("{LINE} --parallel 3 --json")).await;
    assert_eq!(loaded.code(), Some(0), "{loaded:?}");
    let keys: Vec<_> =
        loaded.reports().iter().map(|report| report["key"].as_str().unwrap().to_owned()).collect();
    assert_eq!((keys.len(), keys[1].as_str()), (10, "window-20260102T000000Z-20260103T000000Z"));
    assert!(loaded.err.contains("10 windows to load: about 10 requests"), "{loaded:?}");
    assert_eq!(records(&shell), expected());
    let requests = shell.api.stats().stream("changes").requests;
    let again = shell.run(LINE).await;
    assert_eq!((again.code(), again.err.as_str()), (Some(0), ""), "{again:?}");
    assert_eq!(again.out.lines().filter(|line| line.contains("already_committed")).count(), 10, "{again:?}");
    assert_eq!(shell.api.stats().stream("changes").requests, requests);
    assert_eq!(records(&shell), expected());
}

#[tokio::test]
async fn the_schedules_cursor_is_left_alone() {
    let shell = shell(vec![], Duration::ZERO).await;
    let first = shell.run("run demo/changes --at 2026-01-10T12:00:00Z --json").await.assert(0, "complete");
    assert_eq!((&first["key"], first["records"].as_u64()), (&"seq-1".into(), Some(5)));
    assert_eq!(shell.run("backfill demo/changes --from 2026-01-01 --to 2026-01-09").await.code(), Some(0));
    let next = shell.run("run demo/changes --at 2026-01-11T00:00:00Z --json").await.assert(0, "complete");
    assert_eq!((&next["key"], &next["cursor_in"]), (&"seq-2".into(), &first["cursor_out"]));
    assert_eq!(records(&shell), expected());
}

#[tokio::test]
async fn a_dry_run_lists_the_windows_and_writes_nothing() {
    let shell = shell(vec![], Duration::ZERO).await;
    let listed = shell.run(&format!("{LINE} --dry-run --json")).await;
    assert_eq!((listed.code(), listed.reports().len()), (Some(0), 10), "{listed:?}");
    assert_eq!(listed.reports()[9]["to"], "2026-01-11T00:00:00Z");
    assert!(!shell.target().exists());
    assert_eq!(shell.api.stats().stream("changes").requests, 1, "the probe alone");
}

#[tokio::test]
async fn an_interrupted_backfill_is_gone_on_with_by_the_same_command() {
    let shell = shell(vec![], Duration::from_millis(30)).await;
    let running = shell.start(&format!("{LINE} --parallel 2 --json"));
    until("some windows", || shell.commits("changes").len() >= 3).await;
    running.signal("INT").await;
    let cut = running.ended().await;
    assert_eq!(cut.code(), Some(3), "{cut:?}");
    let before = shell.commits("changes").len();
    assert!((3..10).contains(&before), "{before}");
    let rest = shell.run(&format!("{LINE} --json")).await;
    assert_eq!((rest.code(), rest.reports().len()), (Some(0), 10 - before), "{rest:?}");
    assert_eq!(records(&shell), expected());
}

/// A run has died between the commit of a window and its publishing, as what it left says.
#[tokio::test]
async fn a_window_that_is_passed_over_as_committed_is_published() {
    let shell = shell(vec![], Duration::ZERO).await;
    assert_eq!(shell.run(LINE).await.code(), Some(0));
    let store = LocalStore::open(shell.target()).expect("the folder opens");
    let part = |shell: &Shell| parts(&shell.target(), "demo", "changes").remove(3);
    for alive in [false, true] {
        let missing = part(&shell);
        let text = std::fs::read_to_string(&missing).expect("readable");
        let key = "window-20260104T000000Z-20260105T000000Z.s0001";
        let area = StagingArea { stream: "demo/changes".to_owned(), segment: key.to_owned() };
        // The run that died, or the one that goes on for ever, has the part staged where its receipt says.
        let run = LocalStore::open(shell.target()).expect("the folder opens");
        let mut staged = run.stage("demo/changes/x", &area).await.expect("an upload begins");
        staged.write(text.into()).await.expect("it is written");
        staged.finish().await.expect("it is finished");
        std::fs::remove_file(&missing).expect("removable");
        let run = alive.then_some(run);
        assert_eq!(records(&shell).len(), 27);
        let looked = shell.run(&format!("{LINE} --dry-run")).await;
        assert_eq!((looked.code(), records(&shell).len()), (Some(0), 27), "{looked:?}");
        let again = shell.run(LINE).await;
        assert_eq!(again.code(), Some(0), "{again:?}");
        assert_eq!(records(&shell), expected(), "alive: {alive}");
        drop(run);
        assert_eq!(store.leftovers("demo/changes").await.expect("a sweep").len(), 0);
    }
}

#[tokio::test]
async fn a_window_that_fails_does_not_stop_the_others() {
    let fault = Fault::new("changes", When::Request(4), FaultKind::status(400));
    let shell = shell(vec![fault], Duration::ZERO).await;
    let first = shell.run(&format!("{LINE} --parallel 1")).await;
    assert_eq!(first.code(), Some(5), "{first:?}");
    assert!(first.out.contains("failed") && first.err.contains("HTTP 400"), "{first:?}");
    assert_eq!(shell.commits("changes").len(), 9);
    assert_eq!(shell.run(LINE).await.code(), Some(0));
    assert_eq!(records(&shell), expected());
}

#[tokio::test]
async fn again_loads_a_new_revision_and_what_is_left_of_it() {
    let shell = shell(vec![], Duration::ZERO).await;
    assert_eq!(shell.run(LINE).await.code(), Some(0));
    // The first revision's ten requests and its probe, a probe, and three windows.
    shell.api.set_faults(vec![Fault::new("changes", When::Request(16), FaultKind::status(400))]);
    let cut = shell.run(&format!("{LINE} --again --parallel 1")).await;
    assert_eq!(cut.code(), Some(5), "{cut:?}");
    let rest = shell.run(&format!("{LINE} --again --json")).await;
    assert_eq!((rest.code(), rest.reports().len()), (Some(0), 1), "{rest:?}");
    assert!(rest.reports()[0]["key"].as_str().unwrap().ends_with("-r2"), "{rest:?}");
    assert_eq!(records(&shell).len(), 60);
}

#[tokio::test]
async fn what_cannot_be_loaded_is_a_usage_error() {
    let shell = shell(vec![], Duration::ZERO).await;
    shell.source("bare", "streams: { t: { path: /changes, records: results } }");
    for (line, message) in [
        ("backfill demo/changes --from 2026-01-02 --to 2026-01-02", "`to` must be after `from`"),
        ("backfill demo/changes --from soon --to 2026-01-02", "write a date"),
        ("backfill demo/changes --from 2026-01-01 --to 2026-01-02 --window 1x", "15m, 6h, 1d"),
        ("backfill demo/changes --from 2026-01-01 --to 2026-01-02 --rate-share 2", "at most 1"),
        ("backfill bare/t --from 2026-01-01 --to 2026-01-02", "it has no `incremental:"),
        ("backfill demo/changes --from 1026-01-01 --to 2026-01-02 --window 1m", "more than 100000 windows"),
    ] {
        let ended = shell.run(line).await;
        assert_eq!(ended.code(), Some(2), "{ended:?}");
        assert!(ended.err.contains(message), "{line}: {ended:?}");
    }
    assert_eq!(shell.api.stats().stream("changes").requests, 0);
}
