//! What S3 sees of the store's uploads and listings.

use std::time::Duration;

use aws_sdk_s3::types::ServerSideEncryption;
use bronzegate_aws::S3Settings;
use bronzegate_core::bronze::{
    BronzeStore, ByteRange, Checksum, LocalStore, Receipt, StagingArea, StoreError, Upload,
};
use bronzegate_core::clock::{Clock as _, SystemClock};
use bronzegate_tests::moto;
use bronzegate_tests::spoiling_proxy::{Proxy, Rule, Spoiled};
use bytes::Bytes;

const STREAM: &str = "shop/orders";

fn area() -> StagingArea {
    StagingArea { stream: STREAM.to_owned(), segment: "seq-1.s0001".to_owned() }
}

async fn stage(store: &dyn BronzeStore, path: &str, content: &Bytes) -> Receipt {
    const PIECE: usize = 256 << 10;
    let mut part = store.stage(path, &area()).await.expect("an upload begins");
    let mut rest = content.clone();
    while !rest.is_empty() {
        let piece = rest.split_to(rest.len().min(PIECE));
        part.write(piece).await.expect("an upload is written");
    }
    let upload = part.finish().await.expect("an upload is finished");
    let (bytes, checksum) = (content.len() as u64, Checksum::of(content));
    Receipt { path: path.to_owned(), records: 1, bytes, checksum, upload, stats: None }
}

fn content(size: usize) -> Bytes {
    (0..size).map(|at| (at % 251) as u8).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_long_upload_sends_two_parts_at_once_and_never_more() {
    const SIZE: usize = 64 << 20;
    moto::bucket("uploads-long").await;
    let proxy = Proxy::start(moto::port()).await;
    proxy.spoil(Rule { words: vec!["PUT "], skip: 0, count: 0, spoiled: Spoiled::SlowDown });
    let store = moto::connect(proxy.port()).await.store("s3://uploads-long").unwrap();
    let (content, clock) = (content(SIZE), SystemClock::default());
    let begun = clock.elapsed();
    let receipt = stage(&*store, "1.ndjson", &content).await;
    store.publish(&receipt).await.unwrap();
    println!("{} MiB in {:?}", SIZE >> 20, clock.elapsed().checked_sub(begun).unwrap_or(Duration::ZERO));
    assert_eq!(proxy.most_at_once(), 2, "parts under way at once");
    let parts = proxy.seen().iter().filter(|line| line.contains("partNumber=")).count();
    assert_eq!(parts, 13, "parts of 5 MiB, each sent once");
    assert!(store.get("1.ndjson").await.unwrap().is_some_and(|found| found == content));
}

#[tokio::test]
async fn s3_itself_computes_the_checksum_of_the_receipt() {
    moto::bucket("uploads-checksum").await;
    let store = moto::connect(moto::port()).await.store("s3://uploads-checksum").unwrap();
    // The check value of CRC-64/NVME, as S3 writes it.
    let receipt = stage(&*store, "1", &Bytes::from_static(b"123456789")).await;
    store.publish(&receipt).await.unwrap();
    let request = moto::s3().await.head_object().bucket("uploads-checksum").key("1");
    let found = request.checksum_mode(aws_sdk_s3::types::ChecksumMode::Enabled).send().await.unwrap();
    assert_eq!(found.checksum_crc64_nvme(), Some("rosUhgp5mIg="));
}

#[tokio::test]
async fn a_key_of_kms_encrypts_objects_and_uploads() {
    const KEY: &str = "arn:aws:kms:eu-central-1:123456789012:key/one";
    moto::bucket("uploads-kms").await;
    let settings = S3Settings { kms_key: Some(KEY.to_owned()), owner: None };
    let aws = moto::connect(moto::port()).await;
    let store = aws.store_with("s3://uploads-kms", settings).unwrap();
    store.put_new("new", Bytes::new()).await.unwrap();
    store.put("put", Bytes::new()).await.unwrap();
    store.publish(&stage(&*store, "part", &Bytes::from_static(b"{}\n")).await).await.unwrap();
    for key in ["new", "put", "part"] {
        let found = moto::s3().await.head_object().bucket("uploads-kms").key(key).send().await.unwrap();
        assert_eq!(found.server_side_encryption(), Some(&ServerSideEncryption::AwsKms), "{key}");
        assert_eq!(found.ssekms_key_id(), Some(KEY), "{key}");
    }
}

#[tokio::test]
async fn a_bucket_of_another_owner_is_neither_read_nor_written() {
    moto::bucket("uploads-owner").await;
    let aws = moto::connect(moto::port()).await;
    let of = |owner: &str| S3Settings { kms_key: None, owner: Some(owner.to_owned()) };
    // moto's buckets are of this account.
    let own = aws.store_with("s3://uploads-owner", of("123456789012")).unwrap();
    let foreign = aws.store_with("s3://uploads-owner", of("210987654321")).unwrap();
    let receipt = stage(&*own, "part", &Bytes::from_static(b"{}\n")).await;
    let refused = [
        foreign.put_new("new", Bytes::new()).await.err(),
        foreign.put("put", Bytes::new()).await.err(),
        foreign.get("put").await.err(),
        foreign.get_range("put", ByteRange::From { offset: 0, length: 1 }).await.err(),
        foreign.list("").await.err(),
        foreign.list_after("", "a").await.err(),
        foreign.remove("put").await.err(),
        foreign.stage("part", &area()).await.err(),
        foreign.publish(&receipt).await.err(),
        foreign.abort(&receipt).await.err(),
        foreign.pending(STREAM).await.err(),
    ];
    for (call, error) in refused.into_iter().enumerate() {
        let error = error.unwrap_or_else(|| panic!("call {call} is let in"));
        let why = std::error::Error::source(&error).expect("S3 says why").to_string();
        assert!(why.contains("AccessDenied") || why.contains("403"), "call {call}: {why}");
    }
    own.publish(&receipt).await.unwrap();
    assert_eq!(own.list("").await.unwrap(), ["part"]);
}

#[tokio::test]
async fn uploads_of_the_stream_are_pending_until_they_are_published_or_given_up() {
    moto::bucket("uploads-pending").await;
    let store = moto::connect(moto::port()).await.store("s3://uploads-pending/lake").unwrap();
    let some = Bytes::from_static(b"{}\n");
    let one = stage(&*store, "shop/orders/1", &some).await;
    let two = stage(&*store, "shop/orders/2", &some).await;
    let twin = stage(&*store, "shop/orders/2", &some).await;
    stage(&*store, "shop/orders-2/1", &some).await;
    assert_eq!(store.pending(STREAM).await.unwrap(), ["shop/orders/1", "shop/orders/2"]);
    store.abort(&one).await.unwrap();
    store.publish(&two).await.unwrap();
    assert_eq!(store.pending(STREAM).await.unwrap(), ["shop/orders/2"]);
    store.publish(&twin).await.unwrap();
    assert_eq!(
        store.pending(STREAM).await.unwrap(),
        [""; 0],
        "the same content again needs no second upload"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_of_more_than_one_page_is_whole_and_one_that_begins_late_is_short() {
    const OBJECTS: usize = 1002;
    moto::bucket("uploads-pages").await;
    let proxy = Proxy::start(moto::port()).await;
    let direct = moto::connect(moto::port()).await.store("s3://uploads-pages/lake").unwrap();
    let store = moto::connect(proxy.port()).await.store("s3://uploads-pages/lake").unwrap();
    for number in 0..OBJECTS {
        direct.put(&format!("log/{number:04}"), Bytes::new()).await.unwrap();
    }
    let expected: Vec<_> = (0..OBJECTS).map(|number| format!("log/{number:04}")).collect();
    assert_eq!(store.list("log").await.unwrap(), expected);
    for (after, pages) in [("", 2), ("log/0000", 2), ("log/0001", 1), ("log/0990", 1), ("log/1001", 1)] {
        proxy.spoil(Rule { words: vec!["GET "], skip: 0, count: 0, spoiled: Spoiled::SlowDown });
        let found = store.list_after("log/", after).await.unwrap();
        assert_eq!(found, expected[expected.partition_point(|path| path.as_str() <= after)..], "{after}");
        assert_eq!(proxy.seen().len(), pages, "{after}: {:?}", proxy.seen());
    }
}

#[tokio::test]
async fn a_receipt_of_another_store_and_a_path_that_leaves_the_target_are_refused() {
    moto::bucket("uploads-foreign").await;
    let store = moto::connect(moto::port()).await.store("s3://uploads-foreign/lake").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let local = LocalStore::open(folder.path()).unwrap();
    let receipt = stage(&local, "shop/orders/1", &Bytes::from_static(b"{}\n")).await;
    assert_eq!(reason(store.publish(&receipt).await), "its receipt is not one of S3");
    assert_eq!(reason(store.abort(&receipt).await), "its receipt is not one of S3");
    assert!(reason(store.remove("../outside").await).starts_with("a path under the target is names"));
    let range = store.get_range("../outside", ByteRange::Last(1)).await.map(drop);
    assert!(reason(range).starts_with("a path under the target is names"));
    let own = stage(&*store, "shop/orders/1", &Bytes::from_static(b"{}\n")).await;
    let outside = Receipt { path: "../outside".to_owned(), ..own.clone() };
    let why = reason(store.publish(&outside).await);
    assert!(why.starts_with("a path under the target is names"), "{why}");
    let unchecked = Receipt { checksum: String::new(), ..own.clone() };
    assert_eq!(reason(store.publish(&unchecked).await), "its receipt has no CRC-64/NVME checksum");
    let empty = Receipt { upload: Upload(serde_json::json!({})), ..own };
    assert_eq!(reason(store.publish(&empty).await), "its receipt is not one of S3");
}

/// Why the store refused.
fn reason(refused: Result<(), StoreError>) -> String {
    match refused {
        Err(StoreError::Io { cause, .. }) => cause.to_string(),
        other => panic!("the store refuses: {other:?}"),
    }
}
