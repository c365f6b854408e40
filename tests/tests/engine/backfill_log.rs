//! A backfill event whose windows are committed for the most part: what it costs to skip them.

use std::sync::Arc;

use bronzegate_core::bronze::BronzeStore;
use bronzegate_core::clock::{Deadline, SystemClock};
use bronzegate_core::doors::{Answer, Dispatcher, Event, SourceFolder};
use bronzegate_core::report::Status;
use bronzegate_core::run::CancellationToken;
use bronzegate_core::secret::EnvSecrets;
use bronzegate_tests::streams::changes::{BOUNDED, changes, settings, ten_days};
use bronzegate_tests::{Bench, Failing, FaultyStore, lines};
use serde_json::json;

/// Runs a backfill of so many hours, and tells the calls of the store.
async fn calls(bench: &Bench, hours: usize) -> (Answer, u64) {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("demo.yaml"), &bench.text).expect("writable");
    // No call has this number: the store only counts.
    let store = Arc::new(FaultyStore::new(bench.store(), u64::MAX, Failing::Before));
    let dispatcher = Dispatcher::new(
        SourceFolder::local(folder.path()),
        store.clone() as Arc<dyn BronzeStore>,
        Arc::new(EnvSecrets::new(|_| None)),
        Arc::new(SystemClock::default()),
        "test",
    );
    let to = format!("2026-01-{:02}T{:02}:00:00Z", 1 + hours / 24, hours % 24);
    let event = json!({ "source": "demo", "stream": "changes",
        "backfill": { "from": "2026-01-01", "to": to, "window": "1h" } });
    let event = Event::parse(&event).expect("an event");
    let answer =
        dispatcher.handle(&event, Deadline::NONE, &CancellationToken::default()).await.expect("an answer");
    (answer, store.calls())
}

#[tokio::test]
async fn a_window_that_is_passed_over_costs_one_call_of_the_store() {
    let bench = Bench::one(changes(ten_days()), vec![], &settings(BOUNDED)).await;
    let (loaded, _) = calls(&bench, 40).await;
    assert_eq!(loaded.status(), Status::Complete, "{loaded:?}");
    let mut costs = Vec::new();
    for hours in [20, 40] {
        let (answer, cost) = calls(&bench, hours).await;
        let Answer::Runs { reports, windows } = &answer else { panic!("{answer:?}") };
        assert_eq!((reports.len(), windows.committed, windows.left), (0, hours, 0));
        assert_eq!(answer.status(), Status::AlreadyCommitted);
        costs.push(cost);
    }
    // One record for each window; the folder of the parts and the log are listed once.
    assert_eq!(costs[1] - costs[0], 20, "{costs:?}");
    assert!(costs[0] <= 20 + 6, "{costs:?}");
    assert_eq!(lines(&bench.target(), "demo", "changes").len(), 5);
}

#[tokio::test]
async fn the_cost_of_a_window_does_not_grow_with_the_log() {
    let bench = Bench::one(changes(ten_days()), vec![], &settings(BOUNDED)).await;
    let mut costs = Vec::new();
    for hours in [10, 20, 60, 70] {
        let (answer, cost) = calls(&bench, hours).await;
        let Answer::Runs { windows, .. } = &answer else { panic!("{answer:?}") };
        // What is left is what the windows cost that were loaded.
        costs.push(cost - windows.committed as u64);
    }
    assert!(costs[3] <= costs[1], "ten windows each: {costs:?}");
}
