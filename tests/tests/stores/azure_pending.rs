//! What the store of Azure finds of runs that died: by a listing that not every service takes, and that has to
//! stay cheap.

use bronzegate_azure::TransportOptions;
use bronzegate_core::bronze::{Checksum, Layout, Receipt, StagingArea};
use bronzegate_core::clock::{Clock as _, SystemClock};
use bronzegate_tests::azure::{Azurite, Call, Fault, FaultProxy, TokenEndpoints};
use bronzegate_tests::store_contract::Store;
use bytes::Bytes;
use jiff::SignedDuration;

const STREAM: &str = "shop/orders";

#[tokio::test(flavor = "multi_thread")]
async fn what_is_staged_and_not_published_is_pending() {
    let (store, _proxy) = adls().await;
    let path = part(STREAM, 0, 1);
    let staged = stage(&store, &path).await;
    let published = stage(&store, &part(STREAM, 0, 2)).await;
    stage(&store, &part("shop/customers", 0, 1)).await;
    store.publish(&published).await.unwrap();
    store.put(&part(STREAM, 0, 3), Bytes::new()).await.unwrap();
    assert_eq!(store.pending(STREAM).await.unwrap(), [path]);
    store.publish(&staged).await.unwrap();
    assert_eq!(store.pending(STREAM).await.unwrap(), [""; 0]);
    assert_eq!(store.list("shop").await.unwrap().len(), 3, "what is not published is not listed");
}

#[tokio::test(flavor = "multi_thread")]
async fn uploads_are_looked_for_as_long_as_azure_keeps_them_and_old_parts_are_not_listed() {
    let (store, proxy) = adls().await;
    let oldest = part(STREAM, 6, 1);
    stage(&store, &oldest).await;
    for number in 0..30 {
        store.put(&part(STREAM, 40, number), Bytes::from_static(b"{}\n")).await.unwrap();
    }
    // With old folders in it, a listing would have three pages more.
    proxy.page(10);
    assert_eq!(store.pending(STREAM).await.unwrap(), [oldest]);
    let listings = proxy.seen(Call::ListUncommitted);
    assert!(listings <= 3, "{listings} pages for one part");
}

#[tokio::test(flavor = "multi_thread")]
async fn onelake_is_not_asked_for_uncommitted_blobs() {
    let (azurite, tokens) = (Azurite::shared(), TokenEndpoints::start().await);
    let proxy = FaultProxy::start(azurite.endpoint()).await;
    let azure = azurite.connect(&tokens, &proxy.endpoint(), &TransportOptions::default());
    let workspace = azurite.container().await;
    let target = format!("abfss://{workspace}@onelake.dfs.fabric.microsoft.com/Sales.Lakehouse/Files/bronze");
    let store = azure.store(&target).unwrap();
    proxy.fail(Call::ListUncommitted, Fault::Status(400), usize::MAX);
    let staged = stage(&store, &part(STREAM, 0, 1)).await;
    assert_eq!(store.pending(STREAM).await.unwrap(), [""; 0]);
    assert_eq!(proxy.seen(Call::ListUncommitted), 0);
    store.publish(&staged).await.unwrap();
    assert_eq!(store.list("shop").await.unwrap(), [staged.path]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listing_that_the_service_does_not_take_finds_nothing_and_another_refusal_is_an_error() {
    let (store, proxy) = adls().await;
    let path = part(STREAM, 0, 1);
    stage(&store, &path).await;
    for status in [400, 409, 501] {
        proxy.fail(Call::ListUncommitted, Fault::Status(status), 1);
        let before = proxy.struck();
        assert_eq!(store.pending(STREAM).await.unwrap(), [""; 0], "{status}");
        assert_eq!(proxy.struck() - before, 1, "{status}: it is not tried again");
        assert_eq!(store.pending(STREAM).await.unwrap(), [path.as_str()], "{status}: it is asked again");
    }
    proxy.fail(Call::ListUncommitted, Fault::Status(403), 1);
    let error = bronzegate_core::error::Error::from(store.pending(STREAM).await.unwrap_err()).to_string();
    assert!(error.starts_with("cannot list the uploads of shop/orders: the service answered 403"), "{error}");
}

/// A store behind a proxy.
async fn adls() -> (Store, FaultProxy) {
    let (azurite, tokens) = (Azurite::shared(), TokenEndpoints::start().await);
    let proxy = FaultProxy::start(azurite.endpoint()).await;
    let azure = azurite.connect(&tokens, &proxy.endpoint(), &TransportOptions::default());
    let target = format!("abfss://{}@acme.dfs.core.windows.net/bronze", azurite.container().await);
    let store = azure.store(&target).expect("it is a target");
    // The token is had before the endpoints go.
    store.list("").await.expect("the store can be read");
    (store, proxy)
}

/// The path of a part of a run that was due so many days ago.
fn part(stream: &str, days_ago: i64, number: u32) -> String {
    let (source, name) = stream.split_once('/').expect("it has a source");
    let day = SystemClock::default().now() - SignedDuration::from_hours(24 * days_ago);
    let folder = Layout::new(source, name).parts(day);
    format!("{folder}/{}-s0001-p{number:05}.ndjson", day.strftime("%Y%m%d%H%M%S"))
}

async fn stage(store: &Store, path: &str) -> Receipt {
    let area = StagingArea { stream: STREAM.to_owned(), segment: "at-20261122T170000Z.s0001".to_owned() };
    let mut part = store.stage(path, &area).await.expect("an upload begins");
    part.write(Bytes::from_static(b"{}\n")).await.expect("an upload is written");
    let upload = part.finish().await.expect("an upload is finished");
    Receipt {
        path: path.to_owned(),
        records: 1,
        bytes: 3,
        checksum: Checksum::of(b"{}\n"),
        upload,
        stats: None,
    }
}
