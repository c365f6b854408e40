//! Ticks that do not come as they should: late, or while the vault or the source files are away.

use std::time::Duration;

use bronzegate_core::bronze::Running;
use bronzegate_core::clock::{Clock as _, SystemClock};
use bronzegate_demo_api::Shape;
use bronzegate_tests::aws_deployment::{Deployment, TIME};
use bronzegate_tests::spoiling_proxy::{Proxy, Rule, Spoiled};
use bronzegate_tests::streams::items::{RECORDS, SETTINGS, stream};
use bronzegate_tests::{moto, one_stream};
use serde_json::{Value, json};

fn tick(hour: u64) -> Value {
    json!({ "source": "demo", "streams": ["items"], "scheduled_time": format!("2026-11-22T{hour}:00:00Z") })
}

#[tokio::test]
async fn a_late_tick_of_a_snapshot_is_a_run_of_its_own() {
    let mut deployment = Deployment::new(vec![stream()], Vec::new(), &one_stream("items", SETTINGS)).await;
    for (hour, status) in [(12, "complete"), (11, "complete"), (12, "already_committed"), (13, "complete")] {
        let answer = deployment.lambda.invoke(&tick(hour), TIME).await.answer();
        assert_eq!(answer["status"], status, "the tick of {hour}: {answer}");
    }
    let commits = deployment.objects("bronze/_bronzegate/demo/items/commits/").await;
    assert_eq!(commits.len(), 3);
    let parts = deployment.objects("bronze/demo/items/").await;
    let lines = parts.iter().map(|(_, content)| String::from_utf8_lossy(content).lines().count() as u64);
    assert_eq!(lines.sum::<u64>(), 3 * RECORDS);
}

#[tokio::test]
async fn a_vault_that_is_away_is_transient_and_the_tick_again_completes() {
    let mut deployment = Deployment::new(vec![stream()], Vec::new(), &one_stream("items", SETTINGS)).await;
    let proxy = Proxy::start(moto::port()).await;
    deployment.lambda.set("AWS_ENDPOINT_URL", &format!("http://127.0.0.1:{}", proxy.port()));
    // Secrets Manager's calls alone have no path.
    let rule = |count, spoiled| Rule { words: vec!["POST / "], skip: 0, count, spoiled };
    for spoiled in [Spoiled::InternalError, Spoiled::Throttled, Spoiled::CutBefore] {
        proxy.spoil(rule(1_000, spoiled));
        let (kind, message) = deployment.lambda.invoke(&tick(17), TIME).await.failure();
        assert_eq!(kind, "transient", "{spoiled:?}: {message}");
    }
    deployment.assert_nothing_visible("items").await;
    proxy.spoil(rule(0, Spoiled::InternalError));
    assert_eq!(deployment.lambda.invoke(&tick(17), TIME).await.answer()["status"], "complete");
    deployment.assert_records("items", Shape::Small, RECORDS).await;
}

#[tokio::test]
async fn source_files_on_s3_that_are_away_are_transient_and_the_tick_again_completes() {
    let mut deployment = Deployment::new(vec![stream()], Vec::new(), &one_stream("items", SETTINGS)).await;
    let text = std::fs::read(deployment.sources().join("demo.yaml")).expect("the source file");
    let put = moto::s3().await.put_object().bucket(&deployment.bucket).key("sources/demo.yaml");
    put.body(text.into()).send().await.expect("an object is put");
    let proxy = Proxy::start(moto::port()).await;
    deployment.lambda.set("AWS_ENDPOINT_URL", &format!("http://127.0.0.1:{}", proxy.port()));
    deployment.lambda.set("BRONZEGATE_SOURCES", &format!("s3://{}/sources", deployment.bucket));
    for spoiled in [Spoiled::SlowDown, Spoiled::InternalError, Spoiled::CutBefore] {
        proxy.spoil(Rule { words: vec!["/sources/demo.yaml"], skip: 0, count: 1_000, spoiled });
        let (kind, message) = deployment.lambda.invoke(&tick(17), TIME).await.failure();
        assert_eq!(kind, "transient", "{spoiled:?}: {message}");
    }
    deployment.assert_nothing_visible("items").await;
    proxy.spoil(Rule { words: vec!["nothing"], skip: 0, count: 0, spoiled: Spoiled::SlowDown });
    assert_eq!(deployment.lambda.invoke(&tick(17), TIME).await.answer()["status"], "complete");
    deployment.assert_records("items", Shape::Small, RECORDS).await;
}

#[tokio::test]
async fn a_tick_beside_a_run_in_flight_is_done_for_whoever_sent_it_and_counts_as_no_run() {
    let mut deployment = Deployment::new(vec![stream()], Vec::new(), &one_stream("items", SETTINGS)).await;
    let now = SystemClock::default().now();
    let at = "2026-11-22T16:00:00Z".parse().expect("a time");
    let other = Running::new(Some(at), "process 1".to_owned(), now, now + Duration::from_mins(9));
    let s3 = moto::s3().await;
    let key = "bronze/_bronzegate/demo/items/running.json";
    let put = s3.put_object().bucket(&deployment.bucket).key(key);
    put.body(serde_json::to_vec(&other).expect("JSON").into()).send().await.expect("an object is put");

    let answer = deployment.lambda.invoke(&tick(17), TIME).await.answer();
    assert_eq!((&answer["status"], &answer["records"]), (&json!("skipped"), &json!(0)), "{answer}");
    let message = json!({ "Records": [{
        "messageId": "1", "receiptHandle": "r", "body": tick(17).to_string(), "attributes": {}, "messageAttributes": {},
        "md5OfBody": "", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:x:1:work", "awsRegion": "x"
    }] });
    let answer = deployment.lambda.invoke(&message, TIME).await.answer();
    assert_eq!(answer, json!({ "batchItemFailures": [] }), "the queue forgets it");
    let log = deployment.lambda.log().concat();
    for name in ["RunCompleted", "RecordsRatio", "DurationRatio", "Breaches"] {
        assert!(!log.contains(name), "{name}: {log}");
    }
    assert_eq!(deployment.api.stats().stream("items").requests, 0);
    assert_eq!(deployment.objects("bronze/demo/").await.len(), 0);

    s3.delete_object().bucket(&deployment.bucket).key(key).send().await.expect("an object is removed");
    assert_eq!(deployment.lambda.invoke(&tick(18), TIME).await.answer()["status"], "complete");
    let commits = deployment.objects("bronze/_bronzegate/demo/items/commits/").await;
    let record: Value = serde_json::from_slice(&commits[0].1).expect("a record is JSON");
    let remembered = record["history"].as_array().expect("a history");
    assert_eq!(
        (commits.len(), remembered.len()),
        (1, 1),
        "the tick that was skipped is in no history: {record}"
    );
}
