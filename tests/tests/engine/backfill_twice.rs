//! Backfills of what a stream's own runs have loaded, and the reverse: records come twice, which is said.

use std::sync::Arc;

use bronzegate_core::bronze::BronzeStore;
use bronzegate_core::clock::{Deadline, SystemClock};
use bronzegate_core::doors::{Answer, Dispatcher, Event, SourceFolder};
use bronzegate_core::run::CancellationToken;
use bronzegate_core::secret::EnvSecrets;
use bronzegate_demo_api::Options;
use bronzegate_tests::command_line::Shell;
use bronzegate_tests::streams::changes::{BOUNDED, at, changes, settings, ten_days};
use bronzegate_tests::{Bench, SEED, assert_complete, one_stream};
use serde_json::{Value, json};

const TWICE: &str =
    "loaded by scheduled runs up to 2026-01-06T16:00:01Z: what these windows share with them comes twice";

/// The schedule begins on the 5th.
fn from_the_5th() -> String {
    settings(&format!("{BOUNDED}, key: id, start: 2026-01-05"))
}

#[tokio::test]
async fn a_backfill_of_what_scheduled_runs_have_loaded_says_so_before_anything_is_loaded() {
    let options = Options { seed: SEED, streams: vec![changes(ten_days())], ..Options::default() };
    let shell = Shell::with(options, &one_stream("changes", &from_the_5th())).await;
    shell.run("run demo/changes --at 2026-01-08T00:00:00Z --json").await.assert(0, "complete");
    let [commit] = &shell.commits("changes")[..] else { panic!("one run") };
    // What the run would have found two days before.
    let text =
        std::fs::read_to_string(commit).unwrap().replace("2026-01-07T16:00:00Z", "2026-01-06T16:00:00Z");
    std::fs::write(commit, text).unwrap();
    for (from, to, is_told) in [
        ("2026-01-01", "2026-01-05", false),
        ("2026-01-01", "2026-01-06", true),
        ("2026-01-06", "2026-01-07", true),
        ("2026-01-07", "2026-01-08", false),
    ] {
        let line = format!("backfill demo/changes --from {from} --to {to} --window 1d");
        let listed = shell.run(&format!("{line} --dry-run")).await;
        assert_eq!((listed.code(), listed.err.contains(TWICE)), (Some(0), is_told), "{listed:?}");
    }
    let loaded = shell.run("backfill demo/changes --from 2026-01-04 --to 2026-01-06 --window 1d").await;
    assert!(loaded.code() == Some(0) && loaded.err.contains(TWICE), "{loaded:?}");
    // Another revision is asked for in order to load records twice.
    let again =
        shell.run("backfill demo/changes --from 2026-01-04 --to 2026-01-06 --window 1d --again").await;
    assert!(again.code() == Some(0) && !again.err.contains("scheduled runs"), "{again:?}");
}

async fn answer(bench: &Bench, backfill: Value) -> Answer {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("demo.yaml"), &bench.text).expect("writable");
    let dispatcher = Dispatcher::new(
        SourceFolder::local(folder.path()),
        bench.store() as Arc<dyn BronzeStore>,
        Arc::new(EnvSecrets::new(|_| None)),
        Arc::new(SystemClock::default()),
        "test",
    );
    let event = Event::parse(&json!({ "source": "demo", "stream": "changes", "backfill": backfill }));
    dispatcher
        .handle(&event.expect("an event"), Deadline::NONE, &CancellationToken::default())
        .await
        .expect("an answer")
}

#[tokio::test]
async fn the_answer_to_an_event_says_it_too() {
    let bench = Bench::one(changes(ten_days()), vec![], &from_the_5th()).await;
    assert_complete(&bench.run_at("changes", &at(7, "00:00:00")).await, 6);
    let days = |from: &str, to: &str| json!({ "from": from, "to": to, "window": "1d" });
    for (backfill, is_told) in
        [(days("2026-01-01", "2026-01-03"), false), (days("2026-01-03", "2026-01-06"), true)]
    {
        let mut list = backfill.clone();
        list["list_for"] = json!(4);
        let Answer::Windows(list) = answer(&bench, list).await else { panic!("it is a list") };
        let Answer::Runs { reports, .. } = answer(&bench, backfill).await else { panic!("they are run") };
        for warnings in [&list.warnings, &reports[0].warnings] {
            assert_eq!(warnings.iter().any(|warning| warning == TWICE), is_told, "{warnings:?}");
        }
    }
}

#[tokio::test]
async fn the_first_run_of_a_stream_says_what_backfills_have_loaded_behind_its_start() {
    for (start, is_told) in [("2026-01-01", true), ("2026-01-03", false)] {
        let settings = settings(&format!("{BOUNDED}, key: id, start: {start}, window: 4d"));
        let bench = Bench::one(changes(ten_days()), vec![], &settings).await;
        answer(&bench, json!({ "from": "2026-01-01", "to": "2026-01-03", "window": "1d" })).await;
        let first = bench.run_at("changes", &at(10, "00:00:00")).await;
        let said: Vec<_> =
            first.warnings.iter().filter(|text| text.contains("loaded by backfills")).collect();
        assert_eq!(said.len(), usize::from(is_told), "once, whatever the windows: {first:?}");
        assert!(said.iter().all(|text| text.contains("up to 2026-01-03T00:00:00Z")), "{said:?}");
        let next = bench.run_at("changes", &at(11, "00:00:00")).await;
        assert_eq!(next.warnings, [""; 0]);
    }
}
