//! A state that is set while a run goes on: one of the two commits, and nothing is overwritten.

use std::sync::Arc;

use bronzegate_core::bronze::BronzeStore;
use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_core::run::{Mend, RunOptions};
use bronzegate_tests::streams::changes::{OPEN, changes, settings, ten_days};
use bronzegate_tests::{Bench, Failing, FaultyStore, assert_complete, request};

const FIRST: &str = "2026-01-11T00:00:00Z";
const SECOND: &str = "2026-01-12T00:00:00Z";

async fn bench() -> Bench {
    let bench = Bench::one(changes(ten_days()), Vec::new(), &settings(OPEN)).await;
    assert_complete(&bench.run_at("changes", FIRST).await, 30);
    bench
}

fn fifth() -> Mend {
    Mend::Set { mark: "2026-01-05".to_owned(), partition: Vec::new() }
}

#[tokio::test]
async fn a_run_that_a_set_state_overtakes_begins_at_the_mark() {
    let bench = bench().await;
    let held = FaultyStore::new(bench.store(), 0, Failing::HeldAtCommit);
    let set = async {
        held.moment().await;
        let set = bench.stream("changes").mend(bench.store(), &fifth(), "a day was lost").await;
        held.release();
        set
    };
    let run = bench.stream("changes");
    let running =
        run.run(Arc::new(held.clone()) as Arc<dyn BronzeStore>, request(SECOND), RunOptions::default());
    let (report, set) = tokio::join!(running, set);
    assert_eq!(set.expect("nobody was before it").key, "seq-2");
    assert_eq!((report.status, report.key.as_deref()), (Status::Complete, Some("seq-3")), "{report:?}");
    let counted: Vec<_> = bench.commits("changes").iter().map(|commit| commit.counts.records).collect();
    assert_eq!(counted, [30, 0, 18], "from the fifth on, three a day");
}

#[tokio::test]
async fn a_state_is_not_set_over_a_run_that_commits_at_the_same_moment() {
    let bench = bench().await;
    let held = FaultyStore::new(bench.store(), 0, Failing::HeldAtCommit);
    let run = async {
        held.moment().await;
        let report = bench.run_at("changes", SECOND).await;
        held.release();
        report
    };
    let stream = bench.stream("changes");
    let mend = fifth();
    let setting = stream.mend(Arc::new(held.clone()) as Arc<dyn BronzeStore>, &mend, "a day was lost");
    let (set, report) = tokio::join!(setting, run);
    assert_eq!((report.status, report.key.as_deref()), (Status::Complete, Some("seq-2")), "{report:?}");
    let error = set.expect_err("the run was before it");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("a run has committed seq-2 at the same time"), "{error}");
    assert!(bench.commits("changes").iter().all(|commit| commit.mended.is_none()), "nothing was changed");
    // Without a key the record at the boundary comes again.
    assert_complete(&bench.run_at("changes", "2026-01-13T00:00:00Z").await, 1);
}
