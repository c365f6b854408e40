//! The Functions custom handler while storage fails or the process is killed: at every call, bronze is that of an
//! uncut run once the item is handed out again.

use bronzegate_azure::functions::QUEUE;
use bronzegate_demo_api::{Auth, Options, Shape, Stream, Style};
use bronzegate_tests::azure::{Azurite, Call, Fault, FaultProxy};
use bronzegate_tests::azure_deployment::{Deployment, assert_sound, item};
use bronzegate_tests::command_line::until;
use bronzegate_tests::functions_host::Invoked;
use bronzegate_tests::streams::items::cut_at;
use bronzegate_tests::{SEED, one_stream};
use futures::future::join_all;
use serde_json::{Value, json};

const RECORDS: u64 = 120;
/// Three parts of six pages.
const SETTINGS: &str = "records: results
auth: { type: bearer, token: { secret: token } }
output: { max_part_bytes: 4KiB }
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 20 } }";
/// More calls than a run makes; a test that gets so far does not see the end of the run.
const TOO_MANY: usize = 60;
const TIMEOUT: &str = "AzureFunctionsJobHost__functionTimeout";

/// A deployment whose storage is behind a proxy.
struct Peer {
    deployment: Deployment,
    proxy: FaultProxy,
    /// Whether the storage does not list uncommitted blobs.
    refuses: bool,
}

impl Peer {
    async fn new() -> Self {
        Self::with(Vec::new()).await
    }

    async fn with(faults: Vec<bronzegate_demo_api::Fault>) -> Self {
        let stream =
            Stream::new("items", Style::Cursor, Shape::Small, RECORDS).page_size(20).auth(Auth::Bearer);
        let options = Options { seed: SEED, streams: vec![stream], faults, ..Options::default() };
        let proxy = FaultProxy::start(Azurite::shared().endpoint()).await;
        let mut deployment =
            Deployment::through(&proxy.endpoint(), options, &one_stream("items", SETTINGS)).await;
        deployment.put(item("items"));
        Self { deployment, proxy, refuses: false }
    }

    /// A deployment whose storage does not list uncommitted blobs.
    async fn refusing() -> Self {
        let peer = Self { refuses: true, ..Self::new().await };
        peer.recover();
        peer
    }

    fn recover(&self) {
        self.proxy.recover();
        if self.refuses {
            self.proxy.fail(Call::ListUncommitted, Fault::Status(400), usize::MAX);
        }
    }

    /// A deployment of which a first segment is committed, and the process gone; the rest is on the queue.
    async fn in_the_middle() -> Self {
        let mut peer = Self::with(vec![cut_at(4)]).await;
        peer.deployment.app.set(TIMEOUT, "00:01:00");
        let outputs = peer.work().await.outputs();
        assert_eq!(outputs["work"][0]["continued"], 1, "it is partial: {outputs}");
        peer.deployment.app.stop().await;
        peer
    }

    async fn work(&mut self) -> Invoked {
        self.deployment.app.work().await.expect("there is an item")
    }

    /// Kills the process while its call number `call` from now is open; `false` when the run made fewer.
    async fn killed_at(&mut self, call: usize, moment: Fault) -> bool {
        self.proxy.fail_any(call, 1, moment);
        let proxy = &self.proxy;
        let hangs = until("a call hangs", || proxy.hanging() > 0);
        let data = json!({ "item": self.deployment.app.queue[0].0 });
        let ended = self.deployment.app.invoke_and_kill(QUEUE, data, hangs).await;
        assert!(ended.is_none() || ended == Some(Invoked::Outputs(json!({}))), "{ended:?}");
        assert_sound(self.deployment.store(), "items").await;
        ended.is_none()
    }

    /// Whatever happened before: the items again give the uncut result.
    async fn assert_completes(&mut self) {
        self.recover();
        let ended = self.deployment.app.work_all().await;
        assert_eq!(ended.last(), Some(&Invoked::Outputs(json!({}))), "{ended:?}");
        self.deployment.assert_records("items", Shape::Small, RECORDS).await;
        assert_eq!(self.deployment.app.poison, Vec::<Value>::new());
    }
}

/// Kills the process at its n-th call of storage, for every n.
async fn killed_at_every_call(moment: Fault, peer: impl AsyncFn() -> Peer) {
    for call in 0..TOO_MANY {
        let mut peer = peer().await;
        let killed = peer.killed_at(call, moment).await;
        peer.assert_completes().await;
        if !killed {
            assert!(call > 10, "a run makes more than {call} calls");
            return;
        }
    }
    panic!("the run makes more than {TOO_MANY} calls");
}

#[tokio::test]
async fn killed_before_any_call_of_storage_is_done_the_item_again_gives_the_uncut_result() {
    killed_at_every_call(Fault::HangBefore, Peer::new).await;
}

#[tokio::test]
async fn killed_after_any_call_of_storage_is_done_the_item_again_gives_the_uncut_result() {
    killed_at_every_call(Fault::HangAfter, Peer::new).await;
}

#[tokio::test]
async fn storage_that_does_not_list_uncommitted_blobs_takes_runs_and_says_so_once() {
    killed_at_every_call(Fault::HangAfter, Peer::refusing).await;
    let mut peer = Peer::refusing().await;
    peer.deployment
        .put(json!({ "source": "demo", "stream": "items", "scheduled_time": "2026-11-22T18:00:00Z" }));
    assert_eq!(peer.deployment.app.work_all().await, [(); 2].map(|()| Invoked::Outputs(json!({}))));
    assert_eq!(peer.deployment.lines("items").await.len() as u64, 2 * RECORDS);
    let log = peer.deployment.app.log();
    let told = log.iter().filter(|line| line.contains("does not list uncommitted blobs")).count();
    assert_eq!(told, 1, "{log:?}");
}

#[tokio::test]
async fn killed_in_a_later_segment_the_item_again_gives_the_uncut_result() {
    // Every fourth call, from another one for each moment.
    for (nth, moment) in [Fault::HangBefore, Fault::HangAfter].into_iter().enumerate() {
        let mut call = 2 * nth;
        loop {
            let mut peer = Peer::in_the_middle().await;
            let killed = peer.killed_at(call, moment).await;
            peer.assert_completes().await;
            if !killed {
                break;
            }
            call += 4;
        }
        assert!(call > 4, "a segment makes more than {call} calls");
    }
}

#[tokio::test]
async fn an_item_that_comes_again_beside_the_one_that_was_put_back_appends_nothing() {
    let mut peer = Peer::in_the_middle().await;
    // The host that took the outputs died before it removed the message.
    peer.deployment.put(item("items"));
    let ended = peer.deployment.app.work_at_once().await;
    assert_eq!(ended, [Invoked::Outputs(json!({})), Invoked::Outputs(json!({}))]);
    peer.deployment.assert_records("items", Shape::Small, RECORDS).await;
    let told = peer.deployment.app.events("bronzegate.run");
    let mut statuses: Vec<_> = told.iter().map(|line| line["status"].as_str().unwrap()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, ["already_committed", "complete", "partial"]);
}

#[tokio::test]
async fn a_call_of_storage_that_fails_once_changes_nothing() {
    let kinds = [
        Fault::Status(500),
        Fault::Status(503),
        Fault::DoneBut(500),
        Fault::DoneBut(503),
        Fault::CutBefore,
        Fault::CutAfter,
    ];
    for (nth, kind) in kinds.into_iter().enumerate() {
        // Every third call, from another one for each kind: each is met by two, and the test stays short.
        let mut call = nth % 3;
        loop {
            let mut peer = Peer::new().await;
            peer.proxy.fail_any(call, 1, kind);
            assert_eq!(peer.work().await, Invoked::Outputs(json!({})), "{kind:?} at call {call}");
            peer.deployment.assert_records("items", Shape::Small, RECORDS).await;
            if peer.proxy.struck() == 0 {
                break;
            }
            call += 3;
        }
        assert!(call > 10, "a run makes more than {call} calls");
    }
}

#[tokio::test]
async fn storage_that_stays_away_is_a_store_error_and_the_item_again_completes() {
    // From the first call on, in the middle of the uploads, and at the commit.
    let calls = [None, Some(Call::PutBlock), Some(Call::PutBlockList), Some(Call::PutBlob)];
    join_all(calls.map(|call| async move {
        let mut peer = Peer::new().await;
        match call {
            None => peer.proxy.fail_any(0, usize::MAX, Fault::Status(503)),
            Some(call) => peer.proxy.fail(call, Fault::Status(503), usize::MAX),
        }
        let ended = peer.work().await;
        let Invoked::Failed(500, body) = &ended else { panic!("{call:?}: {ended:?}") };
        assert!(body.contains("\"store\"") && body.contains("503 ServerBusy"), "{call:?}: {body}");
        let visible = peer.deployment.lines("items").await;
        assert_eq!(visible, Vec::<String>::new(), "{call:?}: nothing is visible");
        peer.assert_completes().await;
    }))
    .await;
}

#[tokio::test]
async fn storage_that_does_not_answer_ends_with_the_functions_time_and_not_after_it() {
    let mut peer = Peer::new().await;
    peer.deployment.app.set(TIMEOUT, "00:00:02");
    peer.proxy.fail_any(4, usize::MAX, Fault::HangBefore);
    let ended = peer.work().await;
    let Invoked::Failed(500, body) = &ended else { panic!("{ended:?}") };
    assert!(body.contains("\"store\"") && body.contains("the run's time is up"), "{body}");
    assert_eq!(peer.deployment.lines("items").await, Vec::<String>::new(), "nothing is visible");
    peer.deployment.app.stop().await;
    peer.deployment.app.set(TIMEOUT, "00:01:00");
    peer.assert_completes().await;
}
