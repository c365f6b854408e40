//! Ticks that do not come as they should: late, or while the vault or the source files are away.

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
    let rule = |count| Rule { words: vec!["POST / "], skip: 0, count, spoiled: Spoiled::InternalError };
    proxy.spoil(rule(1_000));
    let (kind, message) = deployment.lambda.invoke(&tick(17), TIME).await.failure();
    assert_eq!(kind, "transient", "{message}");
    deployment.assert_nothing_visible("items").await;
    proxy.spoil(rule(0));
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
