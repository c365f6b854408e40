//! A bounded number of trials, and the proof that a trial can be failed. `make torture` runs thousands.

use bronzegate_tests::torture::{Campaign, Kind, Sabotage, StoreKind, Summary};

/// The seeds of the trials that every test run makes.
const FIRST: u64 = 1;

/// How many of them a sabotaged store may pass. Some sabotage shows only where two runs decide at once,
/// which is up to the machine; the least noticed fails every fourth trial.
const PATIENCE: u64 = 240;

async fn campaign(seed: u64, (store, kinds): Of, trials: u64, sabotage: Option<Sabotage>) -> Summary {
    let kinds = Kind::named(kinds).expect("there are such kinds");
    let campaign = Campaign { seed, trials, store: Some(store), kinds, time: None, sabotage };
    campaign.run(|_| {}).await
}

/// Where, and of which kinds of streams.
type Of = (StoreKind, &'static str);

/// Whether a trial is failed on a store that does it.
async fn is_noticed(kinds: &'static str, sabotage: Sabotage) -> bool {
    const BATCH: usize = 6;
    for nth in (0..PATIENCE).step_by(BATCH) {
        let summary = campaign(FIRST + nth, (StoreKind::Local, kinds), BATCH as u64, Some(sabotage)).await;
        if !summary.failures.is_empty() {
            return true;
        }
    }
    false
}

/// Every trial is passed, and enough went wrong in them.
async fn assert_exact(of: Of, trials: u64) {
    let summary = campaign(FIRST, of, trials, None).await;
    let first = summary.failures.first().map_or("", |failure| &failure.account);
    assert!(first.is_empty(), "{} of {trials} failed, first {first}", summary.failures.len());
    let passed = summary.passed[&of.0];
    assert_eq!(passed.trials, trials);
    let tally = passed.tally;
    let least = trials / 10;
    assert!(tally.killed > least && tally.dropped > least && tally.failed > least, "{tally:?}");
    assert!(tally.runs > 3 * trials, "{tally:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bronze_in_a_folder_is_exact_whatever_happens() {
    assert_exact((StoreKind::Local, "all"), 60).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bronze_on_s3_is_exact_whatever_happens() {
    assert_exact((StoreKind::S3, "all"), 12).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bronze_on_azure_is_exact_whatever_happens() {
    assert_exact((StoreKind::Azure, "all"), 12).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_breaks_its_promise_is_noticed() {
    for sabotage in Sabotage::ALL {
        assert!(is_noticed("all", sabotage).await, "{sabotage:?} is not noticed");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_in_a_folder_is_exact_whatever_happens() {
    assert_exact((StoreKind::Local, "delta"), 30).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_on_s3_is_exact_whatever_happens() {
    assert_exact((StoreKind::S3, "delta"), 6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_on_azure_is_exact_whatever_happens() {
    assert_exact((StoreKind::Azure, "delta"), 6).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_table_on_a_store_that_breaks_its_promise_is_noticed() {
    for sabotage in [Sabotage::Replaces, Sabotage::PublishesLess, Sabotage::Garbles, Sabotage::Forgets] {
        assert!(is_noticed("delta", sabotage).await, "{sabotage:?} is not noticed");
    }
}
