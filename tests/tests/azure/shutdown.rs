//! The end of the Functions custom handler: SIGTERM, as a container is sent it.

use std::time::Duration;

use bronzegate_azure::functions::{HTTP, QUEUE};
use bronzegate_demo_api::{Options, Shape};
use bronzegate_tests::azure::{Azurite, Call, Fault, FaultProxy};
use bronzegate_tests::azure_deployment::{Deployment, item};
use bronzegate_tests::command_line::until;
use bronzegate_tests::functions_host::{Invoked, request};
use bronzegate_tests::streams::items::RECORDS;
use serde_json::{Value, json};

use super::handler::{options, yaml};

#[tokio::test]
async fn a_run_in_flight_is_committed_as_partial_and_the_process_ends_by_itself() {
    let mut deployment = slow(Duration::from_millis(100)).await;
    let (api, app) = (&deployment.api, &mut deployment.app);
    let pages = until("some pages are served", || api.stats().stream("items").pages > 3);
    let ended = app.invoke_and_terminate(QUEUE, data(&item("items")), pages).await;
    let mut next = item("items");
    next["continued"] = json!(1);
    assert_eq!(ended.outputs(), json!({ "work": [next] }));
    assert!(app.ended().await, "it ends with success");
    assert_eq!(app.events("bronzegate.run")[0]["status"], "partial");
    assert_eq!(app.work_all().await, [Invoked::Outputs(json!({}))]);
    deployment.assert_records("items", Shape::Small, RECORDS).await;
}

/// As the plans consumption and premium end an instance, without a signal.
#[tokio::test]
async fn a_forced_kill_loses_and_repeats_nothing_once_the_item_is_handed_out_again() {
    let mut deployment = slow(Duration::from_millis(100)).await;
    deployment.put(item("items"));
    let (api, app) = (&deployment.api, &mut deployment.app);
    let pages = until("some pages are served", || api.stats().stream("items").pages > 3);
    let killed = app.invoke_and_kill(QUEUE, data(&item("items")), pages).await;
    assert_eq!(killed, None, "it is killed before it answers");
    assert_eq!(deployment.lines("items").await.len(), 0, "nothing is visible");
    assert_eq!(deployment.app.work_all().await, [Invoked::Outputs(json!({}))]);
    deployment.assert_records("items", Shape::Small, RECORDS).await;
    assert_eq!(deployment.app.poison, Vec::<Value>::new());
}

#[tokio::test]
async fn a_run_of_which_nothing_came_is_put_back_as_it_was() {
    let mut deployment = slow(Duration::from_secs(2)).await;
    let (api, app) = (&deployment.api, &mut deployment.app);
    let asked = until("the API is asked", || api.stats().stream("items").requests > 0);
    let brought = continued(7);
    let ended = app.invoke_and_terminate(QUEUE, data(&brought), asked).await;
    assert_eq!(ended.outputs(), json!({ "work": [brought] }), "{:?}", app.log());
    assert_eq!(deployment.lines("items").await.len(), 0);
}

#[tokio::test]
async fn what_comes_after_the_signal_is_answered_and_an_item_put_back_as_it_was() {
    let proxy = FaultProxy::start(Azurite::shared().endpoint()).await;
    let options = Options { latency: Duration::from_millis(50), ..options() };
    let mut deployment = Deployment::through(&proxy.endpoint(), options, &yaml()).await;
    // One invocation stays open, so that the process does not end meanwhile.
    proxy.fail(Call::PutBlob, Fault::HangBefore, usize::MAX);
    let port = deployment.app.warm().await;
    let body = json!({ "Data": data(&item("items")), "Metadata": {} }).to_string();
    let open = reqwest::Client::new().post(format!("http://127.0.0.1:{port}/{QUEUE}")).body(body).send();
    let open = tokio::spawn(open);
    until("a page is served", || deployment.api.stats().stream("items").pages > 0).await;
    deployment.app.terminate().await;
    until("the run commits what it has", || proxy.hanging() > 0).await;

    for brought in [item("items"), continued(100)] {
        let again = deployment.app.invoke(QUEUE, data(&brought), json!({ "DequeueCount": "5" })).await;
        assert_eq!(again.outputs(), json!({ "work": [brought] }));
    }
    // One without a time keeps that at which it was queued first.
    let queued = json!({ "InsertionTime": "2026-11-22T17:00:00+00:00" });
    let untimed = json!({ "source": "demo", "stream": "items" });
    let again = deployment.app.invoke(QUEUE, data(&untimed), queued).await;
    assert_eq!(again.outputs(), json!({ "work": [item("items")] }));
    let asked = deployment.app.invoke(HTTP, request(&item("items")), json!({})).await.outputs();
    assert_eq!(asked["res"]["statusCode"], 202);
    assert_eq!(deployment.app.events("bronzegate.run"), [Value::Null; 0], "none of them was run");
    open.abort();
    deployment.app.stop().await;
}

async fn slow(latency: Duration) -> Deployment {
    Deployment::new(Options { latency, ..options() }, &yaml()).await
}

fn data(item: &Value) -> Value {
    json!({ "item": item.to_string() })
}

fn continued(times: u64) -> Value {
    let mut item = item("items");
    item["continued"] = json!(times);
    item
}
