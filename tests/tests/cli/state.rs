//! `state`: the marks of the log, and commits that set them.

use std::fs;

use bronzegate_tests::command_line::{Ended, Shell};
use bronzegate_tests::one_stream;
use bronzegate_tests::streams::changes::{OPEN, changes, settings, ten_days};
use serde_json::{Value, json};

async fn shell() -> Shell {
    let yaml = one_stream("changes", &settings(OPEN));
    Shell::new(vec![changes(ten_days())], Vec::new(), &yaml).await
}

/// A commit of the stream's log.
fn commit(shell: &Shell, name: &str) -> Value {
    let path = shell.target().join(format!("_bronzegate/demo/changes/commits/{name}.json"));
    serde_json::from_slice(&fs::read(path).expect("it is committed")).expect("JSON")
}

fn write_commit(shell: &Shell, name: &str, record: &Value) {
    let path = shell.target().join(format!("_bronzegate/demo/changes/commits/{name}.json"));
    fs::write(path, record.to_string()).expect("writable");
}

async fn run(shell: &Shell, day: u32) -> Ended {
    shell.run(&format!("run demo/changes --at 2026-01-{day}T00:00:00Z --json")).await
}

async fn set(shell: &Shell) -> Ended {
    // The reason is one word, because lines are split at spaces.
    shell.run("state set demo/changes --mark 2026-01-05 --why a-day-was-lost --json").await
}

#[tokio::test]
async fn the_state_shows_the_mark_and_the_last_run() {
    let shell = shell().await;
    let before = shell.run("state demo/changes --json").await.report();
    assert_eq!(before, json!({ "source": "demo", "stream": "changes", "last_run": null }));
    assert!(!shell.target().exists(), "looking creates nothing");
    run(&shell, 11).await.assert(0, "complete");
    let state = shell.run("state --json").await.report();
    assert_eq!(state["mark"], commit(&shell, "seq-1.s0001")["cursor_out"]);
    assert_eq!((&state["last_run"]["key"], &state["last_run"]["records"]), (&json!("seq-1"), &json!(30)));
    let table = shell.run("state").await;
    assert!(table.out.starts_with("STREAM        MARK  "), "{table:?}");
    assert!(table.out.contains("seq-1     complete"), "{table:?}");
}

#[tokio::test]
async fn the_next_run_begins_at_a_mark_that_was_set_and_the_log_says_why() {
    let shell = shell().await;
    run(&shell, 11).await.assert(0, "complete");
    let known = commit(&shell, "seq-1.s0001")["cursor_out"].clone();
    let changed = set(&shell).await;
    assert_eq!(changed.code(), Some(0), "{changed:?}");
    let expected = json!({ "source": "demo", "stream": "changes", "key": "seq-2", "segment": 1, "was": known,
        "mark": "2026-01-05T00:00:00Z", "action": "set", "why": "a-day-was-lost" });
    assert_eq!(changed.report(), expected);
    let record = commit(&shell, "seq-2.s0001");
    assert_eq!(record["mended"], json!({ "action": "set", "why": "a-day-was-lost" }));
    assert_eq!((&record["status"], &record["format"]), (&json!("complete"), &json!(1)));
    // The time that the schedule had asked for is done; the next one is due.
    run(&shell, 11).await.assert(0, "already_committed");
    let next = run(&shell, 12).await.assert(0, "complete");
    assert_eq!((&next["key"], &next["cursor_in"]), (&json!("seq-3"), &json!("2026-01-05T00:00:00Z")));
    assert_eq!(next["records"], 18, "three a day, from the fifth on");
    let runs = shell.run("runs demo/changes --json").await;
    assert!(runs.out.contains("the state was set: a-day-was-lost"), "{runs:?}");
    assert!(shell.run("runs demo/changes").await.out.contains("state_set 1 warning"));
    // The first run may lack something, since nothing proves its end; the commit that set the state is not marked.
    let judged = shell.run("runs demo/changes").await;
    assert!(judged.out.starts_with("demo/changes: 3 runs, 1 marked"), "{judged:?}");
}

#[tokio::test]
async fn after_a_reset_everything_is_read_again() {
    let shell = shell().await;
    run(&shell, 11).await.assert(0, "complete");
    let changed = shell.run("state reset demo/changes --why new-keys").await;
    assert_eq!(changed.code(), Some(0), "{changed:?}");
    assert!(
        changed.out.contains("demo/changes: the next run begins at the oldest record (was "),
        "{changed:?}"
    );
    assert_eq!(run(&shell, 12).await.assert(0, "complete")["records"], 30);
}

#[tokio::test]
async fn an_older_release_resumes_from_a_mark_that_was_set() {
    let shell = shell().await;
    run(&shell, 11).await.assert(0, "complete");
    assert_eq!(set(&shell).await.code(), Some(0));
    // To a reader that does not know the member, the record is that of a run that found nothing.
    let mut record = commit(&shell, "seq-2.s0001");
    record.as_object_mut().expect("an object").remove("mended");
    write_commit(&shell, "seq-2.s0001", &record);
    let next = run(&shell, 12).await.assert(0, "complete");
    assert_eq!((&next["cursor_in"], &next["records"]), (&json!("2026-01-05T00:00:00Z"), &json!(18)));
}

#[tokio::test]
async fn a_partial_run_ends_with_what_it_has_committed() {
    let shell = shell().await;
    run(&shell, 11).await.assert(0, "complete");
    // A run that was cut, with a page state that nothing can resume.
    let mut cut = commit(&shell, "seq-1.s0001");
    for (member, value) in [
        ("key", json!("seq-2")),
        ("status", json!("partial")),
        ("page_state", json!({ "from": "another age" })),
        ("parts", json!([])),
        ("history", json!([])),
    ] {
        cut[member] = value;
    }
    write_commit(&shell, "seq-2.s0001", &cut);
    run(&shell, 12).await.assert_failed(7, "store", "page state");
    let changed = set(&shell).await.report();
    assert_eq!((&changed["key"], &changed["segment"]), (&json!("seq-2"), &json!(2)));
    let next = run(&shell, 12).await.assert(0, "complete");
    assert_eq!((&next["key"], &next["records"]), (&json!("seq-3"), &json!(18)));
}

#[tokio::test]
async fn what_cannot_be_set_changes_nothing() {
    let shell = shell().await;
    shell.source("bare", "streams:\n  all: { path: /changes, records: $, pagination: { type: none } }");
    run(&shell, 11).await.assert(0, "complete");
    let before = shell.everything();
    for (line, why) in [
        ("state set demo/changes --mark tomorrow --why x", "the mark `tomorrow` is not "),
        ("state set demo/changes --mark 9000-01-01 --why x", "is still to come"),
        ("state set demo/changes --mark 2026-01-01 --why ", "write a reason of 1 to 500 characters"),
        ("state set demo/changes --mark 2026-01-01", "--why <TEXT>"),
        ("state set demo/changes --mark 2026-01-01 --partition eu --why x", "the stream has no partitions"),
        ("state set demo/nope --mark 2026-01-01 --why x", "nope"),
        ("state reset bare/all --why x", "it has no `incremental`"),
        ("state demo reset demo/changes --why x", "state"),
    ] {
        let refused = shell.run(line).await;
        assert_eq!(refused.code(), Some(2), "{line}: {refused:?}");
        assert!(refused.err.contains(why), "{line}: {refused:?}");
        assert_eq!(shell.everything(), before, "{line}");
    }
}
