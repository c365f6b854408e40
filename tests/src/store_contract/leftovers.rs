//! What dead runs leave behind. A store that expires uploads itself has none, and passes with that.

use bronzegate_core::bronze::StoreError;

use super::{STREAM, Store, area, get, stage};

pub(super) async fn check(open: &impl AsyncFn(&str) -> Store) {
    uploads_of_a_live_run_are_never_left_over(open).await;
    a_leftover_is_discarded_by_one_and_others_stay(open).await;
    a_leftover_that_is_dropped_can_still_be_published(open).await;
    discarding_leaves_what_is_published(open).await;
}

async fn uploads_of_a_live_run_are_never_left_over(open: &impl AsyncFn(&str) -> Store) {
    let (live, sweeping) = (open("leftovers-live").await, open("leftovers-live").await);
    let begun = live.stage("shop/orders/1.ndjson", &area("0001")).await.expect("an upload begins");
    let receipt = stage(&live, "shop/orders/2.ndjson", "0001", b"{}\n").await;
    for store in [&sweeping, &live] {
        assert_eq!(store.leftovers(STREAM).await.expect("leftovers are looked for").len(), 0);
    }
    begun.finish().await.expect("the live run goes on");
    live.publish(&receipt).await.expect("the live run publishes");
}

async fn a_leftover_is_discarded_by_one_and_others_stay(open: &impl AsyncFn(&str) -> Store) {
    const TARGET: &str = "leftovers-discard";
    let dead = open(TARGET).await;
    let receipts =
        [stage(&dead, "o/1.ndjson", "0001", b"1\n").await, stage(&dead, "o/2.ndjson", "0002", b"2\n").await];
    drop(dead);
    let store = open(TARGET).await;
    let found = store.leftovers(STREAM).await.expect("leftovers are looked for");
    if found.is_empty() {
        return;
    }
    let mut segments: Vec<_> = found.iter().map(|leftover| leftover.segment().to_owned()).collect();
    segments.sort();
    assert_eq!(segments, [area("0001").segment, area("0002").segment]);
    let elsewhere = open(TARGET).await.leftovers(STREAM).await.expect("leftovers are looked for");
    assert_eq!(elsewhere.len(), 0, "what one process holds no other gets");
    for leftover in found {
        if leftover.segment() == area("0001").segment {
            leftover.discard().await.expect("a leftover is discarded");
        }
    }
    let published = store.publish(&receipts[0]).await;
    assert!(matches!(published, Err(StoreError::Lost { .. })), "{published:?}");
    store.publish(&receipts[1]).await.expect("what was not discarded is still there");
    assert_eq!(store.leftovers(STREAM).await.expect("leftovers are looked for").len(), 0, "nothing is left");
}

async fn a_leftover_that_is_dropped_can_still_be_published(open: &impl AsyncFn(&str) -> Store) {
    const TARGET: &str = "leftovers-dropped";
    let receipt = stage(&open(TARGET).await, "o/1.ndjson", "0001", b"1\n").await;
    let store = open(TARGET).await;
    let held = store.leftovers(STREAM).await.expect("leftovers are looked for");
    drop(held);
    store.publish(&receipt).await.expect("the upload is still there");
    assert_eq!(get(&store, "o/1.ndjson").await.as_deref(), Some(&b"1\n"[..]));
}

async fn discarding_leaves_what_is_published(open: &impl AsyncFn(&str) -> Store) {
    const TARGET: &str = "leftovers-published";
    let dead = open(TARGET).await;
    let published = stage(&dead, "o/1.ndjson", "0001", b"1\n").await;
    stage(&dead, "o/2.ndjson", "0001", b"2\n").await;
    drop(dead);
    let store = open(TARGET).await;
    let held = store.leftovers(STREAM).await.expect("leftovers are looked for");
    store.publish(&published).await.expect("an upload is published, also out of a held leftover");
    for leftover in held {
        leftover.discard().await.expect("a leftover is discarded");
    }
    store.publish(&published).await.expect("it is there, and the same");
    assert_eq!(get(&store, "o/1.ndjson").await.as_deref(), Some(&b"1\n"[..]));
}
