//! A bounded number of trials, and the proof that a trial can be failed. `make torture` runs thousands.

use bronzegate_tests::torture::{Campaign, Sabotage, StoreKind, Summary};

/// The seeds of the trials that every test run makes.
const FIRST: u64 = 1;

async fn campaign(store: StoreKind, trials: u64, sabotage: Option<Sabotage>) -> Summary {
    let campaign = Campaign { seed: FIRST, trials, store: Some(store), kind: None, time: None, sabotage };
    campaign.run(|_| {}).await
}

/// Every trial is passed, and enough went wrong in them.
async fn assert_exact(store: StoreKind, trials: u64) {
    let summary = campaign(store, trials, None).await;
    let first = summary.failures.first().map_or("", |failure| &failure.account);
    assert!(first.is_empty(), "{} of {trials} failed, first {first}", summary.failures.len());
    let passed = summary.passed[&store];
    assert_eq!(passed.trials, trials);
    let tally = passed.tally;
    let least = trials / 10;
    assert!(tally.killed > least && tally.dropped > least && tally.failed > least, "{tally:?}");
    assert!(tally.runs > 3 * trials, "{tally:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bronze_in_a_folder_is_exact_whatever_happens() {
    assert_exact(StoreKind::Local, 60).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bronze_on_s3_is_exact_whatever_happens() {
    assert_exact(StoreKind::S3, 12).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bronze_on_azure_is_exact_whatever_happens() {
    assert_exact(StoreKind::Azure, 12).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_breaks_its_promise_is_noticed() {
    for sabotage in Sabotage::ALL {
        let summary = campaign(StoreKind::Local, 12, Some(sabotage)).await;
        assert!(!summary.failures.is_empty(), "{sabotage:?} is not noticed");
    }
}
