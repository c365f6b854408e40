//! Storage errors at every call of the Blob service, before it is done and after.

use std::time::Duration;

use bronzegate_azure::TransportOptions;
use bronzegate_core::bronze::{ByteRange, Checksum, Created, RangeRead, Receipt, StagingArea, StoreError};
use bronzegate_tests::azure::{Azurite, Call, Fault, FaultProxy, TokenEndpoints};
use bronzegate_tests::store_contract::Store;
use bytes::Bytes;
use futures::future::join_all;

const PATH: &str = "shop/orders/ingest_date=2026-11-22/20261122170000-s0001-p00001.ndjson";

/// How long a store waits for an answer, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a call is made that goes wrong: once, and five times more.
const ATTEMPTS: usize = 6;

/// How long it waits where an answer never comes.
const SHORT: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn a_put_that_decides_is_right_whatever_becomes_of_its_answer() {
    each_passing_fault(async |fault| {
        let bed = Bed::meeting(fault).await;
        bed.proxy.fail(Call::PutBlob, fault, 1);
        let content = Bytes::from_static(b"{\"own\":true}");
        let created = bed.store.put_new("log/1.json", content.clone()).await.unwrap();
        assert_eq!(created, Created::Yes, "{fault:?}: nobody else was there");
        bed.proxy.fail(Call::PutBlob, fault, 1);
        let created = bed.store.put_new("log/1.json", content.clone()).await.unwrap();
        assert_eq!(created, Created::No, "{fault:?}: another call was there, if with the same content");
        assert_eq!(bed.store.get("log/1.json").await.unwrap(), Some(content));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_part_is_published_once_whatever_becomes_of_a_call() {
    each_passing_fault(async |fault| {
        let bed = Bed::meeting(fault).await;
        // The second publishing compares what stands there.
        for call in [Call::PutBlock, Call::PutBlockList, Call::GetProperties] {
            bed.proxy.fail(call, fault, 1);
        }
        let receipt = bed.stage(b"{}\n").await;
        assert_eq!(bed.store.get(PATH).await.unwrap(), None, "{fault:?}: it is invisible");
        for _ in 0..2 {
            bed.store.publish(&receipt).await.unwrap();
            assert_eq!(bed.store.get(PATH).await.unwrap().as_deref(), Some(&b"{}\n"[..]), "{fault:?}");
        }
        assert!(bed.proxy.seen(Call::GetProperties) >= 2, "{fault:?}: the comparison failed once too");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_removed_is_gone_whatever_becomes_of_the_answer() {
    each_passing_fault(async |fault| {
        let bed = Bed::meeting(fault).await;
        bed.store.put("hint.json", Bytes::from_static(b"{}")).await.unwrap();
        bed.proxy.fail(Call::DeleteBlob, fault, 1);
        bed.store.remove("hint.json").await.unwrap();
        assert_eq!(bed.store.get("hint.json").await.unwrap(), None, "{fault:?}");
        assert_eq!(bed.proxy.seen(Call::DeleteBlob), 2, "{fault:?}: it was repeated");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn each_way_to_say_that_something_is_there_is_understood() {
    // 409 where the namespace is hierarchical, 412 where the other came meanwhile.
    for status in [409, 412] {
        let bed = Bed::new().await;
        bed.proxy.fail(Call::PutBlob, Fault::DoneBut(status), 1);
        let own = bed.store.put_new("log/1.json", Bytes::from_static(b"{}")).await.unwrap();
        assert_eq!(own, Created::Yes, "{status}: it is this call's");
        bed.proxy.fail(Call::PutBlob, Fault::Status(status), 1);
        let other = bed.store.put_new("log/1.json", Bytes::from_static(b"{}")).await.unwrap();
        assert_eq!(other, Created::No, "{status}");

        let receipt = bed.stage(b"{}\n").await;
        bed.proxy.fail(Call::PutBlockList, Fault::DoneBut(status), 1);
        bed.store.publish(&receipt).await.unwrap();
        bed.store.put(PATH, Bytes::from_static(b"[]\n")).await.unwrap();
        bed.proxy.fail(Call::PutBlockList, Fault::Status(status), 1);
        let conflict = bed.store.publish(&receipt).await.unwrap_err();
        assert!(matches!(conflict, StoreError::Conflict { .. }), "{status}: {conflict}");
        assert_eq!(bed.proxy.struck(), 4, "{status}: none was tried again");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_and_listings_are_repeated_also_when_cut_in_the_middle() {
    let faults = Fault::PASSING.into_iter().chain([Fault::CutShort]);
    join_all(faults.map(|fault| async move {
        let bed = Bed::meeting(fault).await;
        bed.store.put(PATH, Bytes::from_static(b"{\"id\":1}\n")).await.unwrap();
        bed.proxy.fail(Call::GetBlob, fault, 1);
        let end = bed.store.get_range(PATH, ByteRange::From { offset: 7, length: 9 }).await.unwrap();
        assert_eq!(end, Some(RangeRead { content: Bytes::from_static(b"}\n"), size: 9 }), "{fault:?}");
        bed.proxy.fail(Call::GetBlob, fault, 1);
        bed.proxy.fail(Call::ListBlobs, fault, 1);
        let before = (bed.proxy.seen(Call::GetBlob), bed.proxy.seen(Call::ListBlobs));
        assert_eq!(bed.store.get(PATH).await.unwrap().as_deref(), Some(&b"{\"id\":1}\n"[..]), "{fault:?}");
        assert_eq!(bed.store.list("shop").await.unwrap(), [PATH], "{fault:?}");
        assert!(bed.proxy.seen(Call::GetBlob) >= before.0 + 2, "{fault:?}: the read failed once");
        assert!(bed.proxy.seen(Call::ListBlobs) >= before.1 + 2, "{fault:?}: the listing failed once");
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_stays_away_is_an_error_in_bounded_time_and_nothing_is_visible() {
    let calls = [
        Call::PutBlob,
        Call::PutBlock,
        Call::PutBlockList,
        Call::GetBlob,
        Call::GetProperties,
        Call::DeleteBlob,
        Call::ListBlobs,
        Call::ListWithinName,
        Call::ListUncommitted,
    ];
    join_all(calls.map(|call| async move {
        let bed = Bed::new().await;
        let receipt = bed.stage(b"{}\n").await;
        if call == Call::GetProperties {
            bed.store.publish(&receipt).await.unwrap();
        }
        bed.proxy.fail(call, Fault::Status(503), usize::MAX);
        let outcome = match call {
            Call::PutBlob => bed.store.put_new("x.json", Bytes::new()).await.map(drop),
            Call::PutBlock => bed.try_to_stage().await,
            Call::PutBlockList | Call::GetProperties => bed.store.publish(&receipt).await,
            Call::GetBlob => bed.store.get(PATH).await.map(drop),
            Call::DeleteBlob => bed.store.remove("x.json").await,
            Call::ListBlobs => bed.store.list("").await.map(drop),
            Call::ListWithinName => bed.store.list_after("sho", "").await.map(drop),
            Call::ListUncommitted => bed.store.pending("shop/orders").await.map(drop),
        };
        let error = bronzegate_core::error::Error::from(outcome.unwrap_err()).to_string();
        assert!(error.contains("503 ServerBusy"), "{call:?}: {error}");
        assert_eq!(bed.proxy.struck(), ATTEMPTS, "{call:?}");
        if !matches!(call, Call::GetBlob | Call::GetProperties) {
            assert_eq!(bed.store.get(PATH).await.unwrap(), None, "{call:?}: nothing is visible");
        }
    }))
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_will_soon_expire_is_renewed_in_the_middle_of_an_upload() {
    let bed = Bed::new().await;
    // Azurite still takes them, but no token is used for long that has less than five minutes left.
    bed.tokens.set_lifetime(200);
    let store = bed.anew();
    let content: Bytes = (0..9 << 20).map(|at: u32| (at % 251) as u8).collect();
    let mut part = store.stage(PATH, &area()).await.unwrap();
    part.write(content.slice(..5 << 20)).await.unwrap();
    let before = bed.proxy.tokens();
    part.write(content.slice(5 << 20..)).await.unwrap();
    let receipt = receipt(&content, part.finish().await.unwrap());
    assert!(bed.proxy.tokens() > before, "the upload's later calls have a token of their own");
    store.publish(&receipt).await.unwrap();
    assert!(store.get(PATH).await.unwrap().is_some_and(|found| found == content), "it is whole");
}

/// Runs a case with every passing fault at once, each on a store of its own.
async fn each_passing_fault(case: impl AsyncFn(Fault)) {
    join_all(Fault::PASSING.map(|fault| case(fault))).await;
}

/// A store behind a proxy of its own.
struct Bed {
    store: Store,
    proxy: FaultProxy,
    tokens: TokenEndpoints,
    target: String,
}

impl Bed {
    async fn new() -> Self {
        Self::patient(PATIENCE).await
    }

    /// One whose store does not wait long if the fault is that nothing is answered.
    async fn meeting(fault: Fault) -> Self {
        let hangs = matches!(fault, Fault::HangBefore | Fault::HangAfter);
        Self::patient(if hangs { SHORT } else { PATIENCE }).await
    }

    async fn patient(patience: Duration) -> Self {
        let (azurite, tokens) = (Azurite::shared(), TokenEndpoints::start().await);
        let proxy = FaultProxy::start(azurite.endpoint()).await;
        let target = format!("abfss://{}@acme.dfs.core.windows.net", azurite.container().await);
        let store = open(&tokens, &proxy, &target, patience);
        // The token is had, and the connection is open.
        store.get("warm/up.json").await.expect("the store can be read");
        Self { store, proxy, tokens, target }
    }

    /// The same store with an identity that has no token yet.
    fn anew(&self) -> Store {
        open(&self.tokens, &self.proxy, &self.target, PATIENCE)
    }

    async fn stage(&self, content: &'static [u8]) -> Receipt {
        let mut part = self.store.stage(PATH, &area()).await.expect("an upload begins");
        part.write(Bytes::from_static(content)).await.expect("an upload is written");
        receipt(content, part.finish().await.expect("an upload is finished"))
    }

    async fn try_to_stage(&self) -> Result<(), StoreError> {
        let mut part = self.store.stage(PATH, &area()).await?;
        part.write(Bytes::from_static(b"{}\n")).await?;
        part.finish().await.map(drop)
    }
}

fn open(tokens: &TokenEndpoints, proxy: &FaultProxy, target: &str, patience: Duration) -> Store {
    let options = TransportOptions { read: patience, ..TransportOptions::default() };
    let azure = Azurite::shared().connect(tokens, &proxy.endpoint(), &options);
    azure.store(target).expect("it is a target")
}

fn area() -> StagingArea {
    StagingArea { stream: "shop/orders".to_owned(), segment: "at-20261122T170000Z.s0001".to_owned() }
}

fn receipt(content: &[u8], upload: bronzegate_core::bronze::Upload) -> Receipt {
    let (bytes, checksum) = (content.len() as u64, Checksum::of(content));
    Receipt { path: PATH.to_owned(), records: 1, bytes, checksum, upload, stats: None }
}
