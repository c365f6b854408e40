//! The time that a run is for: one that is still to come is refused, and none blocks the present one.

use std::fs;

use bronzegate_core::clock::{Clock as _, SystemClock};
use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_demo_api::{Options, Shape, Stream, Style};
use bronzegate_tests::command_line::Shell;
use bronzegate_tests::streams::changes::{BOUNDED, at, change, changes, settings};
use bronzegate_tests::{Bench, SEED, assert_complete, failure, one_stream};
use jiff::SignedDuration;
use serde_json::{Value, json};

const KEY: &str = "key: id, start: 2026-01-01";

fn in_minutes(minutes: i64) -> String {
    (SystemClock::default().now() + SignedDuration::from_mins(minutes)).to_string()
}

#[tokio::test]
async fn a_time_that_is_still_to_come_is_refused_and_one_that_clocks_differ_by_is_a_time_like_others() {
    let snapshot = Stream::new("changes", Style::Cursor, Shape::Small, 1);
    let paged = "records: results\npagination: { type: cursor, next: { body: paging.next.after }, send: { query: after } }";
    for (stream, settings) in [
        (changes([change(1, &at(1, "10:00:00"))]), settings(&format!("{BOUNDED}, {KEY}"))),
        (snapshot, paged.to_owned()),
    ] {
        let bench = Bench::one(stream, vec![], &settings).await;
        let refused = bench.run_at("changes", &in_minutes(10)).await;
        let (kind, message) = failure(&refused);
        assert_eq!((kind, refused.exit_code()), (ErrorKind::Config, 2));
        assert!(
            message.starts_with("demo/changes: the run's time ") && message.contains("is still to come"),
            "{message}"
        );
        bench.assert_nothing_visible("changes");
        assert_eq!(bench.stats("changes").requests, 0);
        let soon = in_minutes(3);
        assert_complete(&bench.run_at("changes", &soon).await, 1);
        assert_eq!(bench.run_at("changes", &soon).await.status, Status::AlreadyCommitted);
        assert_eq!(bench.commits("changes").len(), 1);
    }
}

async fn shell() -> Shell {
    let streams = vec![changes([change(1, &at(1, "10:00:00"))])];
    let yaml = one_stream("changes", &settings(&format!("{BOUNDED}, {KEY}")));
    Shell::with(Options { seed: SEED, streams, ..Options::default() }, &yaml).await
}

#[tokio::test]
async fn a_log_of_a_version_that_took_such_times_is_gone_on_with_and_says_so() {
    let shell = shell().await;
    let line = "run demo/changes --at 2999-01-01T00:00:00Z --json";
    shell.run(line).await.assert_failed(2, "config", "the run's time 2999-01-01T00:00:00Z is still to come");
    shell.run("run demo/changes --json").await.assert(0, "complete");
    let [commit] = &shell.commits("changes")[..] else { panic!("one run") };
    let mut record: Value = serde_json::from_slice(&fs::read(commit).unwrap()).unwrap();
    record["scheduled_time"] = json!("2999-01-01T00:00:00Z");
    // Times are whole seconds: a run in the second of the one before would have nothing to do.
    record["finished_at"] = json!("2026-02-01T00:00:00Z");
    fs::write(commit, record.to_string()).unwrap();

    let runs = shell.run("runs demo/changes --fail-on-breach").await;
    assert_eq!(runs.code(), Some(1), "{runs:?}");
    assert!(runs.out.lines().any(|line| line.starts_with("seq-1 ") && line.ends_with("future")), "{runs:?}");

    shell.api.append("changes", [change(2, &at(1, "11:00:00"))]).unwrap();
    let next = shell.run("run demo/changes --json").await.assert(0, "complete");
    assert_eq!((&next["key"], &next["records"]), (&json!("seq-2"), &json!(1)));
    let record: Value = serde_json::from_slice(&fs::read(&shell.commits("changes")[1]).unwrap()).unwrap();
    assert!(record["scheduled_time"].as_str() < Some("2999"), "{record}");
}
