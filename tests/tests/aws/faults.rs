//! The Lambda handler while AWS fails or the process is killed: at every call, bronze is that of an
//! uncut run once the event is delivered again.

use std::time::Duration;

use bronzegate_demo_api::{Shape, Stream, Style};
use bronzegate_tests::aws_deployment::{Deployment, TIME, scheduled};
use bronzegate_tests::command_line::until;
use bronzegate_tests::lambda_runtime::Invoked;
use bronzegate_tests::one_stream;
use bronzegate_tests::spoiling_proxy::{Proxy, Rule, Spoiled};

const RECORDS: u64 = 120;
/// Three parts of six pages.
const SETTINGS: &str = "records: results
auth: { type: bearer, token: { secret: token } }
output: { max_part_bytes: 4KiB }
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 20 } }";
/// What the paths of S3 begin with, and those of other services do not.
const S3: &str = " /bronze-";
/// More calls than a run makes; a test that gets so far does not see the end of the run.
const TOO_MANY: usize = 60;

struct Peer {
    deployment: Deployment,
    proxy: Proxy,
}

impl Peer {
    /// A deployment whose AWS is behind a proxy.
    async fn new() -> Self {
        let stream = Stream::new("items", Style::Cursor, Shape::Small, RECORDS)
            .page_size(20)
            .auth(bronzegate_demo_api::Auth::Bearer);
        let mut deployment = Deployment::new(vec![stream], Vec::new(), &one_stream("items", SETTINGS)).await;
        let proxy = Proxy::start(bronzegate_tests::moto::port()).await;
        deployment.lambda.set("AWS_ENDPOINT_URL", &format!("http://127.0.0.1:{}", proxy.port()));
        Self { deployment, proxy }
    }

    fn spoil(&self, skip: usize, count: usize, spoiled: Spoiled) {
        self.proxy.spoil(Rule { words: Vec::new(), skip, count, spoiled });
    }

    /// Whatever happened before: the event again gives the uncut result.
    async fn assert_completes(&mut self) {
        self.spoil(0, 0, Spoiled::InternalError);
        self.deployment.invoke_until_answered(&scheduled(Some("items"))).await;
        self.deployment.assert_records("items", Shape::Small, RECORDS).await;
    }

    /// What can be read is committed.
    async fn assert_sound(&self) {
        let committed = self.deployment.objects("bronze/_bronzegate/demo/items/commits/").await;
        if committed.is_empty() {
            assert_eq!(self.deployment.objects("bronze/demo/").await.len(), 0, "nothing is visible");
        }
    }
}

/// Kills the process at its n-th call of AWS, for every n.
async fn killed_at_every_call(moment: Spoiled) {
    for call in 0..TOO_MANY {
        let mut peer = Peer::new().await;
        peer.spoil(call, 1, moment);
        let proxy = &peer.proxy;
        let struck = until("the call is reached", || proxy.silenced() > 0);
        let invoked = peer.deployment.lambda.invoke_and_kill(&scheduled(Some("items")), TIME, struck).await;
        if let Invoked::Answer(answer) = invoked {
            assert!(call > 10, "a run makes more than {call} calls");
            assert_eq!(answer["status"], "complete");
            return peer.assert_completes().await;
        }
        peer.assert_sound().await;
        peer.assert_completes().await;
    }
    panic!("the run makes more than {TOO_MANY} calls");
}

#[tokio::test]
async fn killed_before_any_call_of_aws_is_done_the_event_again_gives_the_uncut_result() {
    killed_at_every_call(Spoiled::Silence).await;
}

#[tokio::test]
async fn killed_after_any_call_of_aws_is_done_the_event_again_gives_the_uncut_result() {
    killed_at_every_call(Spoiled::SilenceAfter).await;
}

#[tokio::test]
async fn a_call_of_aws_that_fails_once_changes_nothing() {
    let kinds = [Spoiled::InternalError, Spoiled::SlowDown, Spoiled::CutBefore, Spoiled::CutAfter];
    for (nth, spoiled) in kinds.into_iter().enumerate() {
        // Every third call, from another one for each kind: all are met, and the test stays short.
        let mut call = nth % 3;
        loop {
            let mut peer = Peer::new().await;
            peer.spoil(call, 1, spoiled);
            let answer = peer.deployment.lambda.invoke(&scheduled(Some("items")), TIME).await.answer();
            assert_eq!(answer["status"], "complete", "{spoiled:?} at call {call}: {answer}");
            peer.deployment.assert_records("items", Shape::Small, RECORDS).await;
            if peer.proxy.seen().len() <= call {
                break;
            }
            call += 3;
        }
        assert!(call > 10, "a run makes more than {call} calls");
    }
}

#[tokio::test]
async fn s3_that_stays_away_is_a_store_error_and_the_event_again_completes() {
    // From the first call on, in the middle of the uploads, and at the commit.
    for (words, skip) in [(vec![S3], 0), (vec!["uploadId="], 1), (vec!["PUT ", "/commits/"], 0)] {
        let mut peer = Peer::new().await;
        peer.proxy.spoil(Rule { words, skip, count: usize::MAX, spoiled: Spoiled::SlowDown });
        let (kind, message) = peer.deployment.lambda.invoke(&scheduled(Some("items")), TIME).await.failure();
        assert_eq!(kind, "store", "{message}");
        assert!(message.contains("SlowDown"), "{message}");
        peer.assert_sound().await;
        peer.assert_completes().await;
    }
}

#[tokio::test]
async fn s3_that_does_not_answer_ends_with_the_functions_time_and_not_after_it() {
    let mut peer = Peer::new().await;
    // On a busy machine no page may have come by then: a longer time shows what is to be seen.
    let mut time = Duration::from_secs(2);
    let message = loop {
        let rule = Rule { words: vec![S3], skip: 4, count: usize::MAX, spoiled: Spoiled::Silence };
        peer.proxy.spoil(rule);
        let (kind, message) = peer.deployment.lambda.invoke(&scheduled(Some("items")), time).await.failure();
        if kind != "api" || time > Duration::from_secs(30) {
            assert_eq!(kind, "store", "{message}");
            break message;
        }
        time *= 2;
    };
    assert!(message.contains("the run's time is up"), "{message}");
    peer.deployment.lambda.stop().await;
    peer.assert_sound().await;
    peer.assert_completes().await;
}
