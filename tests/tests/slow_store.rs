//! A store that is slower than the API.

use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::clock::Deadline;
use bronzegate_core::extract::Stop;
use bronzegate_demo_api::{Shape, Stream, Style};
use bronzegate_tests::{Bench, Failing, FaultyStore, SCHEDULED, one_stream, request};

/// Pages of a hundred kilobytes.
const PAGES: u64 = 200;
const SETTINGS: &str = "records: results
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 100 } }";

#[tokio::test]
async fn a_store_that_is_slower_than_the_api_holds_the_fetching_back() {
    let stream = Stream::new("items", Style::Cursor, Shape::Crm, PAGES * 100).page_size(100);
    let bench = Bench::new(vec![stream.clone()], Vec::new(), &one_stream("items", SETTINGS)).await;
    let store = FaultyStore::new(bench.store(), 0, Failing::HeldAtStage);
    let run = bench.stream("items");
    let running = run.run(Arc::new(store.clone()), request(SCHEDULED), Deadline::NONE, Stop::default());
    let held = async {
        store.moment().await;
        let requests = until_quiet(|| bench.api.stats().stream("items").requests).await;
        store.release();
        requests
    };
    let (report, requests) = tokio::join!(running, held);
    assert!(requests < PAGES / 3, "{requests} of {PAGES} pages were fetched into memory");
    bench.assert_landed(&report, &stream);
}

/// The count once it has stopped to grow.
async fn until_quiet(count: impl Fn() -> u64) -> u64 {
    let mut time = tokio::time::interval(Duration::from_millis(20));
    let (mut last, mut quiet) = (count(), 0);
    while quiet < 15 {
        time.tick().await;
        let now = count();
        quiet = if now == last { quiet + 1 } else { 0 };
        last = now;
    }
    last
}
