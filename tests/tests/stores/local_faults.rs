//! A local store that fails, and runs that are killed, at every call: bronze is that of one uncut run.

use std::sync::Arc;

use bronzegate_core::bronze::LocalStore;
use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_core::run::RunOptions;
use bronzegate_demo_api::{Fault, FaultKind, Shape, Style, When};
use bronzegate_tests::{Bench, Failing, FaultyStore, SCHEDULED, expected, failure, request};

use crate::engine::segments::{BY_CURSOR, LONG, RECORDS, hour_at, stream};

/// Two pages to a part, so that there are parts to lose.
const IN_PARTS: &str = "output: { max_part_bytes: 6KiB }";

async fn in_parts(faults: Vec<Fault>) -> Bench {
    Bench::one(stream(Style::Cursor), faults, &format!("{BY_CURSOR}\n{IN_PARTS}")).await
}

fn store(bench: &Bench) -> Arc<LocalStore> {
    bench.store()
}

/// How many store calls a whole run makes.
async fn calls() -> u64 {
    let bench = in_parts(Vec::new()).await;
    let counted = FaultyStore::new(store(&bench), 0, Failing::Before);
    let report = bench.run_into("items", Arc::new(counted.clone())).await;
    bench.assert_landed(&report, &stream(Style::Cursor));
    assert!(report.parts.len() >= 4, "{} parts", report.parts.len());
    counted.calls()
}

#[tokio::test]
async fn a_store_error_at_any_call_fails_cleanly_and_the_next_run_lands() {
    let calls = calls().await;
    assert!(calls > 20, "{calls}");
    let mut bench = in_parts(Vec::new()).await;
    for failing in [Failing::Before, Failing::After, Failing::Gone] {
        for at in 1..=calls {
            bench = bench.with_empty_folder();
            let faulty = FaultyStore::new(store(&bench), at, failing);
            let report = bench.run_into("items", Arc::new(faulty)).await;
            let what = format!("{failing:?} at call {at} of {calls}");
            match &report.error {
                Some(error) => assert_eq!(error.kind, ErrorKind::Store, "{what}: {}", error.message),
                // The hint may be lost, and an error while giving up is no worse than the first.
                None => assert_eq!(report.status, Status::Complete, "{what}"),
            }
            if bench.commits("items").is_empty() {
                bench.assert_nothing_visible("items");
            }
            let again = bench.run("items").await;
            assert_eq!(again.error, None, "{what}");
            assert_eq!(bench.records("items"), expected(Shape::Small, RECORDS), "{what}");
            assert_eq!(bench.run("items").await.status, Status::AlreadyCommitted, "{what}");
        }
    }
}

/// Runs until the store's moment has come, and vanishes: nothing it does later has an effect.
async fn killed(bench: &Bench, at: u64, failing: Failing) {
    let faulty = FaultyStore::new(store(bench), at, failing);
    let (run, moment) = (bench.stream("items"), faulty.clone());
    let dying = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.expect("a runtime is made");
        runtime.block_on(async {
            tokio::select! {
                biased;
                () = moment.moment() => {}
                report = run.run(Arc::new(faulty), request(SCHEDULED), RunOptions::default()) => {
                    panic!("it makes fewer calls: {report:?}");
                }
            }
        });
        moment.bury();
        // Waits for file work that is under way: a dead process has none, and no locks.
        drop(runtime);
    });
    dying.await.expect("the call comes");
}

#[tokio::test]
async fn a_run_killed_at_any_store_call_is_as_if_it_had_not_been() {
    let calls = calls().await;
    let mut bench = in_parts(Vec::new()).await;
    for failing in [Failing::KilledBefore, Failing::KilledAfter] {
        for at in 1..=calls {
            bench = bench.with_empty_folder();
            killed(&bench, at, failing).await;
            let what = format!("{failing:?} call {at} of {calls}");
            if bench.commits("items").is_empty() {
                bench.assert_nothing_visible("items");
            }
            let again = bench.run("items").await;
            assert_eq!(again.error, None, "{what}");
            assert_eq!(bench.records("items"), expected(Shape::Small, RECORDS), "{what}");
            let staged = bench.target().join("_bronzegate/staging");
            let files = bench.everything().into_iter().map(|(path, _)| path);
            let left: Vec<_> = files.filter(|path| path.starts_with(&staged)).collect();
            assert!(left.is_empty(), "{what}: the dead run's uploads are gone, but {left:?}");
        }
    }
}

#[tokio::test]
async fn a_partial_run_killed_at_any_store_call_goes_on_from_its_last_commit() {
    let first = in_parts(hour_at(5)).await;
    assert_eq!(first.run_within("items", LONG).await.status, Status::Partial);
    let counted = FaultyStore::new(store(&first), 0, Failing::Before);
    first.api.set_faults(Vec::new());
    first.run_into("items", Arc::new(counted.clone())).await;
    let calls = counted.calls();
    assert!(calls > 20, "{calls}");
    let mut bench = first;
    for failing in [Failing::KilledBefore, Failing::KilledAfter] {
        for at in 1..=calls {
            bench = bench.with_empty_folder();
            bench.api.set_faults(hour_at(5));
            assert_eq!(bench.run_within("items", LONG).await.status, Status::Partial);
            bench.api.set_faults(Vec::new());
            killed(&bench, at, failing).await;
            let again = bench.run("items").await;
            assert_eq!(again.error, None, "{failing:?} {at}");
            assert_eq!(bench.records("items"), expected(Shape::Small, RECORDS), "{failing:?} {at}");
        }
    }
}

#[tokio::test]
async fn a_later_run_publishes_what_a_killed_one_has_committed() {
    let calls = calls().await;
    let mut bench = in_parts(Vec::new()).await;
    for at in calls - 6..=calls {
        bench = bench.with_empty_folder();
        killed(&bench, at, Failing::KilledBefore).await;
        let committed = !bench.commits("items").is_empty();
        let next = bench.run_at("items", "2026-11-22T18:00:00Z").await;
        assert_eq!((next.status, &next.error), (Status::Complete, &None));
        let runs = if committed { 2 } else { 1 };
        assert_eq!(bench.records("items").len() as u64, runs * RECORDS, "call {at} of {calls}");
    }
}

#[tokio::test]
async fn a_failed_run_leaves_no_history_and_the_same_event_tries_again() {
    let faults = vec![Fault::new("items", When::Page(7), FaultKind::status(404))];
    let bench = in_parts(faults).await;
    assert_eq!(failure(&bench.run("items").await).0, ErrorKind::Api);
    bench.assert_nothing_visible("items");
    bench.assert_landed(&bench.run("items").await, &stream(Style::Cursor));
}

#[tokio::test]
async fn a_commit_record_tells_what_was_done() {
    let bench = in_parts(hour_at(5)).await;
    let partial = bench.run_within("items", LONG).await;
    bench.api.set_faults(vec![Fault::new("items", When::Page(6), FaultKind::retry_after(503, "0"))]);
    let complete = bench.run("items").await;
    let commits = bench.commits("items");
    let [first, last] = commits.as_slice() else { panic!("{} commits", commits.len()) };
    for (commit, report) in [(first, &partial), (last, &complete)] {
        assert_eq!((commit.source.as_str(), commit.stream.as_str()), ("demo", "items"));
        assert_eq!(
            (commit.key.as_str(), commit.batch_id.as_str()),
            ("at-20261122T170000Z", "20261122170000")
        );
        assert_eq!(
            (Some(&commit.key), Some(&commit.batch_id)),
            (report.key.as_ref(), report.batch_id.as_ref())
        );
        assert_eq!(commit.scheduled_time, SCHEDULED.parse().unwrap());
        assert_eq!(commit.counts, report.counts);
        assert_eq!(commit.parts.iter().map(|part| part.path.clone()).collect::<Vec<_>>(), report.parts);
        assert_eq!(commit.parts.iter().map(|part| part.records).sum::<u64>(), report.counts.records);
        assert_eq!((&commit.cursor_in, &commit.cursor_out), (&report.cursor_in, &report.cursor_out));
        assert!(commit.started_at <= commit.finished_at);
        assert_eq!(
            (commit.environment.as_str(), &commit.config_fingerprint),
            ("test", &bench.source.fingerprint)
        );
        assert!(!commit.engine_version.is_empty());
    }
    assert_eq!((first.segment, last.segment), (1, 2));
    assert_eq!((first.counts.pages, first.counts.requests, first.counts.api_errors), (4, 5, 1));
    assert_eq!((last.counts.pages, last.counts.requests, last.counts.retries), (8, 9, 1));
    assert_eq!(
        (last.total_counts.pages, last.total_counts.requests, last.total_counts.records),
        (12, 14, RECORDS)
    );
    assert!(first.page_state.is_some() && last.page_state.is_none());
    assert!(first.history.is_empty() && last.history.len() == 1);
    assert_eq!((last.history[0].records, last.history[0].key.as_str()), (RECORDS, "at-20261122T170000Z"));
    // Its name, as the protocol says.
    let log = bench.target().join("_bronzegate/demo/items/commits");
    for name in ["at-20261122T170000Z.s0001.json", "at-20261122T170000Z.s0002.json"] {
        assert!(log.join(name).is_file(), "{name}");
    }
}

#[tokio::test]
async fn a_target_that_cannot_be_written_is_a_store_error() {
    let bench = Bench::one(stream(Style::Cursor), Vec::new(), BY_CURSOR).await;
    let store = bench.store();
    // A file where the stream's folder should be.
    std::fs::write(bench.target().join("demo"), "in the way").unwrap();
    let report = bench.run_into("items", store).await;
    let (kind, message) = failure(&report);
    assert_eq!((kind, report.exit_code()), (ErrorKind::Store, 7), "{message}");
    assert!(message.contains("demo"), "{message}");
}

#[tokio::test]
async fn who_loses_against_a_run_that_dies_publishes_its_parts() {
    let mut bench = in_parts(Vec::new()).await;
    let calls = calls().await;
    // From before the commit to the hint, the winner's last calls.
    for (failing, at) in [Failing::KilledBefore, Failing::KilledAfter]
        .into_iter()
        .flat_map(|failing| (calls - 7..calls).map(move |at| (failing, at)))
    {
        bench = bench.with_empty_folder();
        let held = FaultyStore::new(bench.store(), 0, Failing::HeldAtCommit);
        let winner = async {
            held.moment().await;
            killed(&bench, at, failing).await;
            let committed = !bench.commits("items").is_empty();
            held.release();
            committed
        };
        let (report, committed) = tokio::join!(bench.run_into("items", Arc::new(held.clone())), winner);
        let status = if committed { Status::AlreadyCommitted } else { Status::Complete };
        let what = format!("{failing:?} call {at} of {calls}");
        assert_eq!((report.status, &report.error), (status, &None), "{what}");
        assert_eq!(bench.records("items"), expected(Shape::Small, RECORDS), "{what}");
    }
}
