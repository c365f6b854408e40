//! Windows and backfills through the Lambda handler: listed, run one by one, or all in one invocation.

use std::time::Duration;

use bronzegate_demo_api::{Fault, FaultKind, Options, When};
use bronzegate_tests::aws_deployment::{Deployment, TIME};
use bronzegate_tests::streams::changes::{BOUNDED, changes, settings, sorted, ten_days};
use bronzegate_tests::{SEED, one_stream, without_metadata};
use serde_json::{Value, json};

async fn deployment() -> Deployment {
    deployment_with(Duration::ZERO).await
}

async fn deployment_with(latency: Duration) -> Deployment {
    let yaml = one_stream("changes", &settings(&format!("{BOUNDED}, key: id, start: 2026-01-09")));
    let options = Options { seed: SEED, streams: vec![changes(ten_days())], latency, ..Options::default() };
    Deployment::with(options, &yaml).await
}

fn backfill(more: &Value) -> Value {
    let mut event = json!({ "source": "demo", "stream": "changes",
        "backfill": { "from": "2026-01-01", "to": "2026-01-11", "window": "1d" } });
    for (name, value) in more.as_object().expect("an object") {
        event["backfill"][name] = value.clone();
    }
    event
}

/// What bronze holds of the stream, without what bronzegate added.
async fn records(deployment: &Deployment) -> Vec<String> {
    let mut records = Vec::new();
    for (_, content) in deployment.objects("bronze/demo/changes/").await {
        records.extend(String::from_utf8(content).expect("a part is text").lines().map(without_metadata));
    }
    sorted(records)
}

fn expected() -> Vec<String> {
    sorted(ten_days())
}

#[tokio::test]
async fn a_list_of_windows_runs_nothing_and_each_of_its_windows_can_be_run() {
    let mut deployment = deployment().await;
    let list = deployment.lambda.invoke(&backfill(&json!({ "list_for": 4 })), TIME).await.answer();
    assert_eq!(
        (&list["count"], &list["revision"], &list["rate_share"]),
        (&json!(10), &json!(1), &json!(0.125))
    );
    assert_eq!(list["windows"][9], json!({ "from": "2026-01-10T00:00:00Z", "to": "2026-01-11T00:00:00Z" }));
    assert_eq!(deployment.api.stats().stream("changes").requests, 0, "nothing was run");
    for window in list["windows"].as_array().unwrap() {
        let event = json!({ "source": "demo", "stream": "changes", "window": window, "rate_share": list["rate_share"] });
        for status in ["complete", "already_committed"] {
            let answer = deployment.lambda.invoke(&event, TIME).await.answer();
            assert_eq!(answer["status"], status, "{answer}");
        }
    }
    assert_eq!(records(&deployment).await, expected());
}

#[tokio::test]
async fn a_backfill_without_a_state_machine_goes_on_until_the_time_is_up_and_then_from_there() {
    // Ten windows take five seconds, of which four are for fetching; one more second is left for the last page.
    let mut deployment = deployment_with(Duration::from_millis(500)).await;
    let answers = deployment.invoke_until_complete(&backfill(&json!({})), Duration::from_secs(5)).await;
    assert!(answers.len() > 1, "{answers:?}");
    assert!(answers[0]["windows_left"].as_u64() > Some(0), "{}", answers[0]);
    assert_eq!(records(&deployment).await, expected());
}

#[tokio::test]
async fn a_window_that_is_not_over_is_told_and_not_run() {
    let mut deployment = deployment().await;
    // The last of these centuries is not over while this test is of any use.
    let centuries = json!({ "from": "1826-01-11", "to": "2126-01-11", "window": "100y" });
    let event = backfill(&centuries);
    for (status, committed) in [("complete", json!(null)), ("already_committed", json!(2))] {
        let answer = deployment.lambda.invoke(&event, TIME).await.answer();
        assert_eq!((&answer["status"], &answer["windows_not_over"]), (&json!(status), &json!(1)), "{answer}");
        assert_eq!((&answer["windows_committed"], answer.get("windows_left")), (&committed, None));
    }
    assert_eq!(records(&deployment).await, expected());
    let mut question = event.clone();
    question["backfill"]["list_for"] = json!(4);
    let list = deployment.lambda.invoke(&question, TIME).await.answer();
    assert_eq!((&list["count"], &list["not_over"]), (&json!(2), &json!(1)));
    assert_eq!(list["windows"][1]["to"], "2026-01-11T00:00:00Z");
    let window = json!({ "source": "demo", "stream": "changes",
        "window": { "from": "2026-01-11", "to": "2126-01-11" } });
    let none = backfill(&json!({ "from": "2026-01-11", "to": "2126-01-11", "window": "100y" }));
    for event in [window, none] {
        let (kind, message) = deployment.lambda.invoke(&event, TIME).await.failure();
        assert_eq!(kind, "config");
        assert!(message.contains("over at"), "{message}");
    }
    assert_eq!(deployment.objects("bronze/_bronzegate/demo/changes/commits/").await.len(), 2);
}

#[tokio::test]
async fn a_window_that_is_refused_stops_the_others_and_one_that_fails_does_not() {
    let mut deployment = deployment().await;
    deployment.api.set_faults(vec![Fault::new("changes", When::Request(3), FaultKind::status(400))]);
    let (kind, _) = deployment.lambda.invoke(&backfill(&json!({})), TIME).await.failure();
    assert_eq!((kind.as_str(), deployment.api.stats().stream("changes").requests), ("api", 10));
    deployment.api.set_faults(vec![Fault::new("changes", When::Every(1), FaultKind::status(401)).always()]);
    let again = backfill(&json!({ "revision": 2 }));
    let (kind, _) = deployment.lambda.invoke(&again, TIME).await.failure();
    assert_eq!((kind.as_str(), deployment.api.stats().stream("changes").requests), ("auth", 11));
    deployment.api.set_faults(Vec::new());
    let rest = deployment.lambda.invoke(&backfill(&json!({})), TIME).await.answer();
    assert_eq!((&rest["status"], &rest["windows_committed"]), (&json!("complete"), &json!(9)));
    assert_eq!(records(&deployment).await, expected());
}

#[tokio::test]
async fn a_window_again_as_another_revision_is_appended() {
    let mut deployment = deployment().await;
    let window = |revision: u32| {
        json!({ "source": "demo", "stream": "changes",
            "window": { "from": "2026-01-03", "to": "2026-01-04", "revision": revision } })
    };
    let (first, second) = (
        deployment.lambda.invoke(&window(1), TIME).await.answer(),
        deployment.lambda.invoke(&window(2), TIME).await.answer(),
    );
    assert_eq!((&first["status"], &second["status"]), (&json!("complete"), &json!("complete")));
    assert_eq!(second["reports"][0]["key"], "window-20260103T000000Z-20260104T000000Z-r2");
    assert_eq!(records(&deployment).await.len(), 6);
}

#[tokio::test]
async fn what_has_no_windows_and_what_no_state_machine_can_hold_is_refused() {
    let mut deployment = deployment().await;
    let many = backfill(&json!({ "window": "1m", "list_for": 4 }));
    let (kind, message) = deployment.lambda.invoke(&many, TIME).await.failure();
    assert_eq!(kind, "config");
    assert!(message.contains("14400 windows"), "{message}");
}
