//! The sample invocations of the repository, through the real handler.

use std::fs;

use bronzegate_core::clock::{Clock as _, SystemClock};
use bronzegate_demo_api::Options;
use bronzegate_tests::azure::Held;
use bronzegate_tests::azure_deployment::Deployment;
use bronzegate_tests::functions_host::Invoked;
use bronzegate_tests::repository;
use jiff::SignedDuration;
use serde_json::{Value, json};

#[tokio::test]
async fn every_sample_of_an_invocation_does_what_its_name_says() {
    let text = fs::read_to_string(repository().join("crates/bronzegate-demo-api/src/demo/api.json")).unwrap();
    let mut options: Options = serde_json::from_str(&text).unwrap();
    options.port = 0;
    options.streams.retain(|stream| ["contacts", "tickets"].contains(&stream.name.as_str()));
    for stream in &mut options.streams {
        // What is sampled here are the invocations, not the pace.
        (stream.rate_limit, stream.records) = (None, stream.records.min(300));
    }
    options.faults.clear();
    let mut deployment = Deployment::new(options, "streams: {}").await;
    deployment.vault.hold("demo-token", Held::Value("demo-token"));
    for name in ["demo", "demo-tickets"] {
        let text = fs::read_to_string(repository().join(format!("sources/{name}.yaml"))).unwrap();
        let text = text.replace("7780", &deployment.api.port().to_string());
        // No example runs by itself; this is what the timer of the sample fires for.
        let text = text.replace("  tickets:\n", "  tickets:\n    schedule: { every: 1h }\n");
        deployment.file(&format!("sources/{name}.yaml"), &text);
    }

    let queue = invoke(&mut deployment, "azure-queue").await;
    assert_eq!(queue, json!({}));
    assert_eq!(records(&deployment), 300);

    let timer = invoke(&mut deployment, "azure-timer").await;
    assert_eq!(
        (timer["work"].as_array().map(Vec::len), &timer["work"][0]["stream"]),
        (Some(1), &json!("tickets"))
    );
    deployment.app.queue.clear();

    let http = invoke(&mut deployment, "azure-http").await;
    assert_eq!((&http["res"]["statusCode"], deployment.app.queue.len()), (&json!(202), 7));
    let ended = deployment.app.work_all().await;
    assert!(ended.iter().all(|ended| *ended == Invoked::Outputs(json!({}))), "{ended:?}");
    assert_eq!(records(&deployment), 300 + 14, "two tickets a day");

    let samples = fs::read_dir(repository().join("events")).unwrap();
    let azure =
        samples.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().starts_with("azure-"));
    assert_eq!(azure.count(), 3, "a sample more or less: say here what it does");
}

async fn invoke(deployment: &mut Deployment, name: &str) -> Value {
    let path = repository().join(format!("events/{name}.json"));
    let mut sample: Value = serde_json::from_str(&fs::read_to_string(path).expect("a sample")).expect("JSON");
    if let Some(next) = sample.pointer_mut("/Data/timer/ScheduleStatus/Next") {
        // Whatever the date of this machine is: the host was away for an hour.
        *next = json!(SystemClock::default().now() - SignedDuration::from_hours(1));
    }
    let function = sample["function"].as_str().expect("a name").to_owned();
    deployment.app.invoke(&function, sample["Data"].take(), sample["Metadata"].take()).await.outputs()
}

/// What all runs have brought so far.
fn records(deployment: &Deployment) -> u64 {
    let told = deployment.app.events("bronzegate.run");
    told.iter().map(|line| line["Records"].as_u64().expect("a number")).sum()
}
