//! The sample events of the repository, through the real handler.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bronzegate_demo_api::DemoApi;
use bronzegate_tests::aws_deployment::TIME;
use bronzegate_tests::lambda_runtime::Lambda;
use bronzegate_tests::{moto, repository};
use serde_json::{Value, json};

/// A function with the repository's source files, and the demo API that they are for.
#[tokio::test]
async fn every_sample_of_an_event_does_what_its_name_says() {
    let text = fs::read_to_string(repository().join("crates/bronzegate-demo-api/src/demo/api.json")).unwrap();
    let mut options: bronzegate_demo_api::Options = serde_json::from_str(&text).unwrap();
    options.port = 0;
    options.streams.retain(|stream| ["contacts", "tickets"].contains(&stream.name.as_str()));
    for stream in &mut options.streams {
        // What is sampled here are the events, not the pace.
        (stream.rate_limit, stream.records) = (None, stream.records.min(300));
    }
    options.faults.clear();
    let api = DemoApi::start(options).await.unwrap();
    let folder = tempfile::tempdir().unwrap();
    copy_sources(&folder.path().join("sources"), api.port());
    moto::bucket("events").await;
    let mut variables: BTreeMap<_, _> = moto::variables().into_iter().collect();
    for (name, value) in [
        ("BRONZEGATE_TARGET", "s3://events/bronze"),
        ("BRONZEGATE_SECRETS", "env"),
        ("BRONZEGATE_SECRET_DEMO_TOKEN", "demo-token"),
    ] {
        variables.insert(name.to_owned(), value.to_owned());
    }
    let mut lambda = Lambda::new(variables, folder.path()).await;

    let schedule = lambda.invoke(&event("aws-schedule"), TIME).await.answer();
    assert_eq!((&schedule["status"], &schedule["reports"][0]["records"]), (&json!("complete"), &json!(300)));
    let rule = lambda.invoke(&event("aws-rule"), TIME).await.answer();
    assert_eq!(rule["status"], "already_committed", "the rule's time is the schedule's");
    let window = lambda.invoke(&event("aws-window"), TIME).await.answer();
    assert_eq!((&window["status"], &window["reports"][0]["records"]), (&json!("complete"), &json!(2)));
    let messages = lambda.invoke(&event("aws-sqs"), TIME).await.answer();
    assert_eq!(messages, json!({ "batchItemFailures": [] }));
    let list = lambda.invoke(&event("aws-backfill-list"), TIME).await.answer();
    assert_eq!((&list["count"], &list["rate_share"]), (&json!(31), &json!(0.125)));
    let mut records = 0;
    loop {
        let backfill = lambda.invoke(&event("aws-backfill"), TIME).await.answer();
        let reports = backfill["reports"].as_array().unwrap();
        records += reports.iter().map(|report| report["records"].as_u64().unwrap()).sum::<u64>();
        if backfill["status"] != "partial" {
            break;
        }
    }
    assert_eq!(records, 60, "62 tickets, of which the window has brought 2");

    let watch = lambda.invoke(&event("aws-watch"), TIME).await.answer();
    assert_eq!(
        watch,
        json!({ "status": "complete", "streams": 0, "missed": [] }),
        "no stream has a schedule"
    );

    let samples = fs::read_dir(repository().join("events")).unwrap();
    let aws = samples.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().starts_with("aws-"));
    assert_eq!(aws.count(), 7, "a sample more or less: say here what it does");
}

fn event(name: &str) -> Value {
    let path = repository().join(format!("events/{name}.json"));
    serde_json::from_str(&fs::read_to_string(path).expect("a sample")).expect("a sample is JSON")
}

fn copy_sources(target: &Path, port: u16) {
    fs::create_dir(target).expect("a folder");
    for name in ["demo.yaml", "demo-tickets.yaml"] {
        let text = fs::read_to_string(repository().join("sources").join(name)).expect("a source file");
        fs::write(target.join(name), text.replace("7780", &port.to_string())).expect("writable");
    }
}
