//! A process that holds the note of a run in flight, and is stopped or killed with it.

use std::path::PathBuf;
use std::time::Duration;

use bronzegate_core::bronze::Running;
use bronzegate_core::clock::{Clock as _, SystemClock};
use bronzegate_demo_api::{Fault, FaultKind, Options, When};
use bronzegate_tests::command_line::{Process, Shell};
use bronzegate_tests::streams::changes::{BOUNDED, changes, settings, sorted, ten_days};
use bronzegate_tests::{SEED, lines, one_stream, without_metadata};

/// A run is noted after twenty seconds of the machine's own time.
const PATIENCE: Duration = Duration::from_mins(3);

async fn shell() -> Shell {
    let held = Fault::new("changes", When::Page(2), FaultKind::Held);
    let options =
        Options { seed: SEED, streams: vec![changes(ten_days())], faults: vec![held], ..Options::default() };
    let yaml = one_stream("changes", &settings(&format!("{BOUNDED}, key: id, start: 2026-01-01")));
    Shell::with(options, &yaml).await
}

fn note(shell: &Shell) -> PathBuf {
    shell.target().join("_bronzegate/demo/changes/running.json")
}

fn noted(shell: &Shell) -> Option<Running> {
    serde_json::from_slice(&std::fs::read(note(shell)).ok()?).ok()
}

/// A run of an event of then, which waits for its second page with its note written.
async fn holder(shell: &Shell, at: &str) -> Process {
    let process = shell.start(&format!("run demo/changes --at {at} --json"));
    let wait = async {
        let mut time = tokio::time::interval(Duration::from_millis(50));
        while noted(shell).is_none() {
            time.tick().await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, wait).await.is_ok(), "the run is not noted");
    process
}

/// The note as it is three minutes after its last renewal.
fn age(shell: &Shell) {
    let note_of = noted(shell).expect("a note");
    let over = Running { until: SystemClock::default().now(), ..note_of };
    std::fs::write(note(shell), serde_json::to_vec(&over).expect("JSON")).expect("writable");
}

/// Each record once, in any order.
fn assert_landed_once(shell: &Shell) {
    let landed =
        lines(&shell.target(), "demo", "changes").iter().map(|line| without_metadata(line)).collect();
    assert_eq!(sorted(landed), sorted(ten_days()));
}

const FIRST: &str = "2026-11-22T10:00:00Z";
const SECOND: &str = "2026-11-22T11:00:00Z";

#[tokio::test]
async fn a_process_that_is_stopped_with_its_note_and_continues_repeats_and_loses_nothing() {
    let shell = shell().await;
    let stopped = holder(&shell, FIRST).await;
    let note = noted(&shell).expect("a note");
    assert_eq!((note.at, note.holder), (Some(FIRST.parse().unwrap()), format!("process {}", stopped.id())));
    stopped.signal("STOP").await;
    let tick = format!("run demo/changes --at {SECOND} --json");
    shell.run(&tick).await.assert(3, "skipped");
    assert_eq!(shell.commits("changes").len(), 0);

    age(&shell);
    shell.api.set_faults(Vec::new());
    shell.run(&tick).await.assert(0, "complete");
    assert_landed_once(&shell);
    stopped.signal("CONT").await;
    // Another run has committed what it was to commit: it ends without an error, and adds nothing.
    let continued = stopped.ended().await;
    assert_eq!(continued.code(), Some(0), "{continued:?}");
    assert_landed_once(&shell);
    assert_eq!(shell.staged().len(), 0);
}

#[tokio::test]
async fn a_process_that_is_killed_with_its_note_keeps_others_away_only_until_the_note_is_over() {
    let shell = shell().await;
    let mut killed = holder(&shell, FIRST).await;
    killed.kill();
    killed.ended().await;
    shell.api.set_faults(Vec::new());
    let tick = format!("run demo/changes --at {SECOND} --json");
    shell.run(&tick).await.assert(3, "skipped");
    age(&shell);
    shell.run(&tick).await.assert(0, "complete");
    assert_landed_once(&shell);
    // The killed event, delivered again, has nothing left to do.
    let again = shell.run(&format!("run demo/changes --at {FIRST} --json")).await;
    assert_eq!(again.code(), Some(0), "{again:?}");
    assert_landed_once(&shell);
}
