//! Uploads: staged, published, given up.

use bronzegate_core::bronze::{Checksum, Receipt, StoreError};
use bytes::Bytes;

use super::{STREAM, Store, area, get, list, stage};

/// Where most cases publish.
const PATH: &str = "shop/orders/ingest_date=2026-11-22/20261122170000-s0001-p00001.ndjson";

pub(super) async fn check(open: &impl AsyncFn(&str) -> Store) {
    an_upload_is_invisible_until_it_is_published(open("uploads-invisible").await).await;
    any_process_publishes_from_the_receipt_and_may_repeat_it(open).await;
    publishing_twice_at_once_is_publishing_once(open).await;
    another_content_at_the_path_is_a_conflict(open("uploads-conflict").await).await;
    the_same_content_at_the_path_counts_as_published(open("uploads-same").await).await;
    of_two_uploads_to_one_path_the_first_published_stays(open("uploads-rivals").await).await;
    an_upload_that_is_gone_is_lost(open("uploads-lost").await).await;
    an_upload_given_up_leaves_nothing(open("uploads-abort").await).await;
    giving_up_a_published_upload_leaves_the_object(open("uploads-late-abort").await).await;
    a_big_part_in_odd_pieces_is_whole(open("uploads-big").await).await;
    a_part_of_no_bytes_is_an_empty_object(open("uploads-empty").await).await;
    uploads_of_one_run_do_not_mix(open("uploads-several").await).await;
}

async fn an_upload_is_invisible_until_it_is_published(store: Store) {
    let mut part = store.stage(PATH, &area("0001")).await.expect("an upload begins");
    assert_eq!((get(&store, PATH).await, list(&store, "").await.len()), (None, 0), "when it begins");
    part.write(Bytes::from_static(b"{}\n")).await.expect("an upload is written");
    assert_eq!((get(&store, PATH).await, list(&store, "").await.len()), (None, 0), "when it is written");
    let upload = part.finish().await.expect("an upload is finished");
    assert_eq!((get(&store, PATH).await, list(&store, "").await.len()), (None, 0), "when it is finished");
    let checksum = Checksum::of(b"{}\n");
    let receipt = Receipt { path: PATH.to_owned(), records: 1, bytes: 3, checksum, upload, stats: None };
    store.publish(&receipt).await.expect("an upload is published");
    assert_eq!(get(&store, PATH).await.as_deref(), Some(&b"{}\n"[..]));
    assert_eq!(list(&store, "").await, [PATH]);
}

async fn any_process_publishes_from_the_receipt_and_may_repeat_it(open: &impl AsyncFn(&str) -> Store) {
    const TARGET: &str = "uploads-other-process";
    let staging = open(TARGET).await;
    let receipt = stage(&staging, PATH, "0001", b"{\"id\":1}\n").await;
    let text = serde_json::to_string(&receipt).expect("a receipt is plain data");
    drop((staging, receipt));
    for _ in 0..2 {
        let store = open(TARGET).await;
        let receipt: Receipt = serde_json::from_str(&text).expect("a receipt is plain data");
        store.publish(&receipt).await.expect("any process publishes, as often as it likes");
        assert_eq!(get(&store, PATH).await.as_deref(), Some(&b"{\"id\":1}\n"[..]));
    }
}

async fn publishing_twice_at_once_is_publishing_once(open: &impl AsyncFn(&str) -> Store) {
    const TARGET: &str = "uploads-publish-race";
    for round in 0..10 {
        let path = format!("race/{round}.ndjson");
        let content = format!("{round}\n").repeat(50_000);
        let receipt = stage(&open(TARGET).await, &path, "0001", content.as_bytes()).await;
        let mut publishers = Vec::new();
        for _ in 0..4 {
            let (store, receipt) = (open(TARGET).await, receipt.clone());
            publishers.push(tokio::spawn(async move { store.publish(&receipt).await }));
        }
        for publisher in publishers {
            publisher.await.expect("a publisher does not panic").expect("each of them succeeds");
        }
        assert_eq!(get(&open(TARGET).await, &path).await.expect("it is there"), content);
    }
}

async fn another_content_at_the_path_is_a_conflict(store: Store) {
    store.put_new(PATH, Bytes::from_static(b"other")).await.expect("an object is put");
    // Also where only the checksum tells them apart.
    for content in [&b"{}\n"[..], b"OTHER"] {
        let receipt = stage(&store, PATH, "0001", content).await;
        let published = store.publish(&receipt).await;
        assert!(matches!(published, Err(StoreError::Conflict { .. })), "{published:?}");
        assert_eq!(get(&store, PATH).await.as_deref(), Some(&b"other"[..]), "it is not replaced");
    }
}

async fn the_same_content_at_the_path_counts_as_published(store: Store) {
    store.put_new(PATH, Bytes::from_static(b"{}\n")).await.expect("an object is put");
    let receipt = stage(&store, PATH, "0001", b"{}\n").await;
    let published = store.publish(&receipt).await;
    // A store that keeps no checksum of objects that others wrote may call it a conflict, never lost.
    assert!(matches!(published, Ok(()) | Err(StoreError::Conflict { .. })), "{published:?}");
    assert_eq!(get(&store, PATH).await.as_deref(), Some(&b"{}\n"[..]));
}

async fn of_two_uploads_to_one_path_the_first_published_stays(store: Store) {
    let first = stage(&store, PATH, "0001", b"first\n").await;
    let second = stage(&store, PATH, "0001", b"second\n").await;
    store.publish(&second).await.expect("the first to publish wins");
    let published = store.publish(&first).await;
    assert!(matches!(published, Err(StoreError::Conflict { .. })), "{published:?}");
    assert_eq!(get(&store, PATH).await.as_deref(), Some(&b"second\n"[..]));
}

async fn an_upload_that_is_gone_is_lost(store: Store) {
    let receipt = stage(&store, PATH, "0001", b"{}\n").await;
    store.abort(&receipt).await.expect("an upload is given up");
    let pending = store.pending(STREAM).await.expect("what is not published is listed");
    match store.publish(&receipt).await {
        Err(StoreError::Lost { .. }) => {
            assert_eq!((get(&store, PATH).await, pending.len()), (None, 0), "{pending:?}");
        }
        // A store that cannot take an upload back lets it expire.
        published => {
            assert!(published.is_ok(), "{published:?}");
            assert_eq!(get(&store, PATH).await.as_deref(), Some(&b"{}\n"[..]));
        }
    }
}

async fn an_upload_given_up_leaves_nothing(store: Store) {
    let mut open_part = store.stage(PATH, &area("0001")).await.expect("an upload begins");
    open_part.write(Bytes::from_static(b"{}\n")).await.expect("an upload is written");
    open_part.abort().await.expect("an open upload is given up");
    let mut dropped = store.stage(PATH, &area("0001")).await.expect("an upload begins");
    dropped.write(Bytes::from_static(b"{}\n")).await.expect("an upload is written");
    drop(dropped);
    let receipt = stage(&store, PATH, "0001", b"{}\n").await;
    store.abort(&receipt).await.expect("a finished upload is given up");
    store.abort(&receipt).await.expect("one that is gone already is no error");
    assert_eq!((get(&store, PATH).await, list(&store, "").await.len()), (None, 0));
}

async fn giving_up_a_published_upload_leaves_the_object(store: Store) {
    let receipt = stage(&store, PATH, "0001", b"{}\n").await;
    store.publish(&receipt).await.expect("an upload is published");
    store.abort(&receipt).await.expect("one that is gone already is no error");
    assert_eq!(get(&store, PATH).await.as_deref(), Some(&b"{}\n"[..]));
}

async fn a_big_part_in_odd_pieces_is_whole(store: Store) {
    // Over the 5 MiB that S3 asks of a multipart upload's parts, and over two 8 MiB blocks.
    const SIZE: usize = 21 << 20;
    let content = (0..SIZE).map(|at| (at % 251) as u8).collect::<Bytes>();
    let mut part = store.stage(PATH, &area("0001")).await.expect("an upload begins");
    let (mut at, mut length) = (0, 1);
    while at < SIZE {
        let end = (at + length).min(SIZE);
        part.write(content.slice(at..end)).await.expect("an upload is written");
        (at, length) = (end, length * 3 + 1);
    }
    let upload = part.finish().await.expect("an upload is finished");
    let checksum = Checksum::of(&content);
    let receipt =
        Receipt { path: PATH.to_owned(), records: 1, bytes: SIZE as u64, checksum, upload, stats: None };
    store.publish(&receipt).await.expect("an upload is published");
    store.publish(&receipt).await.expect("a repeat compares it, and it is the same");
    assert!(get(&store, PATH).await.is_some_and(|found| found == content), "it is whole");
}

async fn a_part_of_no_bytes_is_an_empty_object(store: Store) {
    let part = store.stage(PATH, &area("0001")).await.expect("an upload begins");
    let upload = part.finish().await.expect("an upload is finished");
    let receipt = Receipt {
        path: PATH.to_owned(),
        records: 0,
        bytes: 0,
        checksum: Checksum::of(b""),
        upload,
        stats: None,
    };
    store.publish(&receipt).await.expect("an upload is published");
    store.publish(&receipt).await.expect("a repeat is no error");
    assert_eq!(get(&store, PATH).await.as_deref(), Some(&b""[..]));
}

async fn uploads_of_one_run_do_not_mix(store: Store) {
    let paths = ["shop/orders/p1.ndjson", "shop/orders/p2.ndjson"];
    let mut one = store.stage(paths[0], &area("0001")).await.expect("an upload begins");
    let two = stage(&store, paths[1], "0001", b"two\n").await;
    one.write(Bytes::from_static(b"one\n")).await.expect("an upload is written");
    let upload = one.finish().await.expect("an upload is finished");
    let checksum = Checksum::of(b"one\n");
    let one = Receipt { path: paths[0].to_owned(), records: 1, bytes: 4, checksum, upload, stats: None };
    store.publish(&two).await.expect("an upload is published");
    assert_eq!(list(&store, "").await, [paths[1]]);
    store.publish(&one).await.expect("an upload is published");
    assert_eq!(get(&store, paths[0]).await.as_deref(), Some(&b"one\n"[..]));
    assert_eq!(get(&store, paths[1]).await.as_deref(), Some(&b"two\n"[..]));
}
