//! A store that is slower than the API.

use std::sync::Arc;

use bronzegate_core::bronze::LocalStore;
use bronzegate_demo_api::{Shape, Stream, Style};
use bronzegate_tests::{Bench, Failing, FaultyStore, assert_complete, one_stream};

/// Pages of a hundred kilobytes.
const PAGES: u64 = 200;
const SETTINGS: &str = "records: results
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 100 } }";

#[tokio::test]
async fn a_store_that_is_slower_than_the_api_holds_the_fetching_back() {
    let stream = Stream::new("items", Style::Cursor, Shape::Crm, PAGES * 100).page_size(100);
    let bench = Bench::new(vec![stream.clone()], Vec::new(), &one_stream("items", SETTINGS)).await;
    let store = FaultyStore::new(bench.store(), 0, Failing::HeldAtStage);
    let running = bench.run_into("items", Arc::new(store.clone()));
    let held = async {
        store.moment().await;
        // What is not held back fetches everything in this time.
        let folder = tempfile::tempdir().unwrap();
        let other = bench.run_into("items", Arc::new(LocalStore::open(folder.path()).unwrap())).await;
        let requests = bench.stats("items").requests - other.counts.requests;
        assert_complete(&other, PAGES * 100);
        store.release();
        requests
    };
    let (report, requests) = tokio::join!(running, held);
    assert!(requests < PAGES / 3, "{requests} of {PAGES} pages were fetched into memory");
    bench.assert_landed(&report, &stream);
}
