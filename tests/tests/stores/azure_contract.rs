//! The store of OneLake and ADLS, on Azurite.

use bronzegate_azure::TransportOptions;
use bronzegate_core::bronze::{ByteRange, Checksum, Created, Receipt, StagingArea, StoreError};
use bronzegate_tests::azure::{Azurite, Call, Fault, FaultProxy, TokenEndpoints};
use bronzegate_tests::store_contract::{self, Store};
use bytes::Bytes;
use reqwest::Method;

const PATH: &str = "shop/orders/ingest_date=2026-11-22/20261122170000-s0001-p00001.ndjson";

#[tokio::test(flavor = "multi_thread")]
async fn azurite_meets_the_store_contract() {
    let (azurite, tokens) = (Azurite::shared(), TokenEndpoints::start().await);
    let azure = azurite.connect(&tokens, azurite.endpoint(), &TransportOptions::default());
    let container = azurite.container().await;
    store_contract::check(async |target| {
        azure.store(&adls(&container, &format!("{target}/bronze"))).unwrap()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_of_a_lakehouse_is_a_target() {
    let (azurite, tokens) = (Azurite::shared(), TokenEndpoints::start().await);
    let azure = azurite.connect(&tokens, azurite.endpoint(), &TransportOptions::default());
    let workspace = azurite.container().await;
    let store = azure
        .store(&format!("abfss://{workspace}@onelake.dfs.fabric.microsoft.com/Sales.Lakehouse/Files/bronze"))
        .unwrap();
    store.put_new("a/1.json", Bytes::from_static(b"1")).await.unwrap();
    assert_eq!(store.list("").await.unwrap(), ["a/1.json"]);
    let beside = azure.store(&adls(&workspace, "")).unwrap();
    assert_eq!(beside.list("").await.unwrap(), ["Sales.Lakehouse/Files/bronze/a/1.json"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_is_read_to_its_last_page() {
    let (store, proxy) = behind_a_proxy().await;
    let paths: Vec<String> = (0..20).map(|number| format!("many/{number:02}.json")).collect();
    for path in &paths {
        store.put(path, Bytes::from_static(b"x")).await.unwrap();
    }
    proxy.page(7);
    let before = proxy.seen(Call::ListBlobs);
    assert_eq!(store.list("many").await.unwrap(), paths);
    assert_eq!(proxy.seen(Call::ListBlobs) - before, 3);
    assert_eq!(store.list_after("many/", "many/04.json").await.unwrap(), paths[5..]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_prefix_within_a_name_spares_the_names_before_it() {
    let (store, proxy) = behind_a_proxy().await;
    for month in 1..=10 {
        for day in 1..=4 {
            store.put(&format!("log/at-2026{month:02}{day:02}"), Bytes::from_static(b"x")).await.unwrap();
        }
    }
    proxy.page(5);
    let found = store.list_after("log/at-202610", "log/at-20261002").await.unwrap();
    assert_eq!(found, ["log/at-20261003", "log/at-20261004"]);
    assert_eq!(proxy.seen(Call::ListWithinName), 1, "one page of eight");
}

#[tokio::test(flavor = "multi_thread")]
async fn onelake_is_asked_for_folders_alone() {
    let (azurite, directory) = (Azurite::shared(), TokenEndpoints::start().await);
    let proxy = FaultProxy::start(azurite.endpoint()).await;
    let azure = azurite.connect(&directory, &proxy.endpoint(), &TransportOptions::default());
    let workspace = azurite.container().await;
    let target = format!("abfss://{workspace}@onelake.dfs.fabric.microsoft.com/Sales.Lakehouse/Files/bronze");
    let store = azure.store(&target).unwrap();
    proxy.fail(Call::ListWithinName, Fault::Status(400), usize::MAX);
    for path in ["log/at-1", "log/at-2", "log/at-3", "log/seq-1", "logs/at-4"] {
        store.put(path, Bytes::from_static(b"x")).await.unwrap();
    }
    assert_eq!(store.list_after("log/at-", "log/at-1").await.unwrap(), ["log/at-2", "log/at-3"]);
    assert_eq!(store.list_after("log", "log/at-3").await.unwrap(), ["log/seq-1", "logs/at-4"]);
    assert_eq!((proxy.seen(Call::ListWithinName), proxy.struck()), (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn directories_of_a_hierarchical_namespace_are_no_objects() {
    let (store, azurite, container) = plain().await;
    store.put("many/1.json", Bytes::from_static(b"x")).await.unwrap();
    // As such a namespace shows a directory.
    let folder = [("x-ms-blob-type", "BlockBlob"), ("x-ms-meta-hdi_isfolder", "true")];
    azurite.call(Method::PUT, &format!("{container}/many/folder"), &folder).await;
    assert_eq!(store.list("many").await.unwrap(), ["many/1.json"]);
    assert_eq!(store.list_after("many/", "").await.unwrap(), ["many/1.json"]);
    assert_eq!(store.get("many/folder").await.unwrap(), None);
    for range in [
        ByteRange::Last(1),
        // Of one byte of an empty blob, Azurite tells a range that no client can read.
        ByteRange::From { offset: 0, length: 2 },
        ByteRange::From { offset: 9, length: 1 },
    ] {
        assert_eq!(store.get_range("many/folder", range).await.unwrap(), None, "{range:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rivals_on_one_path_do_not_overwrite_each_others_blocks() {
    let (store, ..) = plain().await;
    let mut one = store.stage(PATH, &area()).await.unwrap();
    let mut two = store.stage(PATH, &area()).await.unwrap();
    let (first, second) = (pattern(9 << 20, 1), pattern(9 << 20, 2));
    for piece in 0..9 {
        let piece = (piece << 20)..((piece + 1) << 20);
        one.write(first.slice(piece.clone())).await.unwrap();
        two.write(second.slice(piece)).await.unwrap();
    }
    let one = receipt(PATH, &first, one.finish().await.unwrap());
    let two = receipt(PATH, &second, two.finish().await.unwrap());
    store.publish(&one).await.unwrap();
    assert!(store.get(PATH).await.unwrap().is_some_and(|found| found == first), "it is all of the first");
    assert!(matches!(store.publish(&two).await, Err(StoreError::Conflict { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn blocks_that_are_gone_where_no_blob_is_are_lost() {
    let (store, azurite, container) = plain().await;
    let (one, two) = (stage(&store, PATH, b"one\n").await, stage(&store, PATH, b"two\n").await);
    // Publishing discards the rival's blocks; then the blob goes too.
    store.publish(&two).await.unwrap();
    azurite.call(Method::DELETE, &format!("{container}/{PATH}"), &[]).await;
    let published = store.publish(&one).await;
    assert!(matches!(published, Err(StoreError::Lost { .. })), "{published:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blob_without_the_checksum_in_its_metadata_is_read_and_compared() {
    let (store, azurite, container) = plain().await;
    let receipts = [stage(&store, PATH, b"{}\n").await, stage(&store, PATH, b"[]\n").await];
    store.publish(&receipts[0]).await.unwrap();
    // Set Blob Metadata replaces all of it by nothing.
    azurite.call(Method::PUT, &format!("{container}/{PATH}?comp=metadata"), &[]).await;
    store.publish(&receipts[0]).await.unwrap();
    assert!(matches!(store.publish(&receipts[1]).await, Err(StoreError::Conflict { .. })));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_that_is_damaged_on_its_way_is_refused() {
    let (store, proxy) = behind_a_proxy().await;
    proxy.fail(Call::PutBlock, Fault::Damaged, 1);
    let mut part = store.stage(PATH, &area()).await.unwrap();
    part.write(Bytes::from_static(b"{}\n")).await.unwrap();
    let error = part.finish().await.unwrap_err();
    assert!(message(error).contains("Crc64Mismatch"), "it says why");
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_say_what_the_service_said_and_what_to_do() {
    let (store, proxy) = behind_a_proxy().await;
    proxy.fail(Call::PutBlob, Fault::Status(403), 1);
    let error = store.put("x.json", Bytes::from_static(b"x")).await.unwrap_err();
    assert_eq!(
        message(error),
        "cannot write x.json: the service answered 403 AuthorizationPermissionMismatch: This request is not \
         authorized to perform this operation using this permission. (request played-by-the-proxy); the \
         identity needs the role Storage Blob Data Contributor on the container, and the account's network \
         rules must let this address in"
    );
    let (azurite, tokens) = (Azurite::shared(), TokenEndpoints::start().await);
    let azure = azurite.connect(&tokens, azurite.endpoint(), &TransportOptions::default());
    let store = azure.store(&adls("nowhere", "")).unwrap();
    for error in [store.get("x.json").await.unwrap_err(), store.list("").await.unwrap_err()] {
        let message = message(error);
        assert!(
            message.contains("404 ContainerNotFound") && message.contains("not created here"),
            "{message}"
        );
    }
    let error = store.get("../x.json").await.unwrap_err();
    assert_eq!(message(error), "cannot resolve ../x.json: it has an empty name, `.` or `..`");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_rivals_with_equal_content_one_creates_also_when_answers_are_lost() {
    let (store, proxy) = behind_a_proxy().await;
    for round in 0..10 {
        proxy.fail(Call::PutBlob, Fault::CutAfter, 2);
        let path = format!("race/{round}.json");
        let rivals = (0..4).map(|_| store.put_new(&path, Bytes::from_static(b"equal")));
        let created = futures::future::try_join_all(rivals).await.unwrap();
        assert_eq!(created.iter().filter(|created| **created == Created::Yes).count(), 1, "{created:?}");
    }
}

#[tokio::test]
async fn azurite_does_not_outlive_the_process_that_started_it() {
    let azurite = Azurite::start();
    let port = azurite.endpoint().port().unwrap();
    assert!(std::net::TcpStream::connect(("127.0.0.1", port)).is_ok(), "it listens");
    azurite.abandon();
    let gone = std::net::TcpStream::connect(("127.0.0.1", port)).unwrap_err();
    assert_eq!(gone.kind(), std::io::ErrorKind::ConnectionRefused, "{gone}");
}

/// A store on a container of its own.
async fn plain() -> (Store, &'static Azurite, String) {
    let (azurite, tokens) = (Azurite::shared(), TokenEndpoints::start().await);
    let azure = azurite.connect(&tokens, azurite.endpoint(), &TransportOptions::default());
    let container = azurite.container().await;
    let store = azure.store(&adls(&container, "")).expect("Azure is connected");
    // The token is had before the endpoints go.
    store.list("").await.expect("the store can be read");
    (store, azurite, container)
}

/// A store behind a proxy.
async fn behind_a_proxy() -> (Store, FaultProxy) {
    let (azurite, tokens) = (Azurite::shared(), TokenEndpoints::start().await);
    let proxy = FaultProxy::start(azurite.endpoint()).await;
    let azure = azurite.connect(&tokens, &proxy.endpoint(), &TransportOptions::default());
    let store = azure.store(&adls(&azurite.container().await, "")).expect("Azure is connected");
    store.list("").await.expect("the store can be read");
    (store, proxy)
}

fn adls(container: &str, folder: &str) -> String {
    format!("abfss://{container}@acme.dfs.core.windows.net/{folder}")
}

fn area() -> StagingArea {
    StagingArea { stream: "shop/orders".to_owned(), segment: "at-20261122T170000Z.s0001".to_owned() }
}

async fn stage(store: &Store, path: &str, content: &'static [u8]) -> Receipt {
    let mut part = store.stage(path, &area()).await.expect("an upload begins");
    part.write(Bytes::from_static(content)).await.expect("an upload is written");
    receipt(path, content, part.finish().await.expect("an upload is finished"))
}

fn receipt(path: &str, content: &[u8], upload: bronzegate_core::bronze::Upload) -> Receipt {
    let (bytes, checksum) = (content.len() as u64, Checksum::of(content));
    Receipt { path: path.to_owned(), records: 1, bytes, checksum, upload, stats: None }
}

fn pattern(size: usize, seed: usize) -> Bytes {
    (0..size).map(|at| ((at * seed) % 251) as u8).collect()
}

fn message(error: StoreError) -> String {
    bronzegate_core::error::Error::from(error).to_string()
}
