//! Items for several streams of a source: those with the same schedule share a rate limit.

use bronzegate_core::clock::{Clock as _, SystemClock};
use bronzegate_demo_api::{Fault, FaultKind, InvalidJson, Options, Shape, Stream, When};
use bronzegate_tests::azure_deployment::Deployment;
use bronzegate_tests::functions_host::{Invoked, firing};
use bronzegate_tests::streams::items::{RECORDS, SETTINGS, cut_at, stream};
use bronzegate_tests::{SEED, one_stream};
use jiff::SignedDuration;
use serde_json::{Value, json};

const NAMES: [&str; 3] = ["items", "deals", "tickets"];

fn named(name: &str) -> Stream {
    Stream { name: name.to_owned(), path: format!("/{name}"), ..stream() }
}

async fn deployment(faults: Vec<Fault>) -> Deployment {
    let settings = |name: &str| {
        let schedule = if name == "tickets" { "1d" } else { "1h" };
        one_stream(name, &format!("{SETTINGS}\nschedule: {{ every: {schedule} }}")).replace("streams:\n", "")
    };
    let yaml = format!("streams:\n{}", NAMES.map(settings).concat());
    let options = Options { seed: SEED, streams: NAMES.map(named).into(), faults, ..Options::default() };
    Deployment::new(options, &yaml).await
}

fn item(streams: &[&str]) -> Value {
    json!({ "source": "demo", "streams": streams, "scheduled_time": "2026-11-22T17:00:00Z" })
}

#[tokio::test]
async fn a_timer_queues_one_item_for_all_streams_of_a_source() {
    let mut deployment = deployment(Vec::new()).await;
    let next = SystemClock::default().now() - SignedDuration::from_hours(1);
    let firing = firing(&next.to_string());
    let outputs = deployment.app.invoke("ingest_timer_every_hour", firing, json!({})).await.outputs();
    let queued = outputs["work"].as_array().unwrap();
    assert_eq!((queued.len(), &queued[0]["streams"]), (1, &json!(["items", "deals"])));
    assert_eq!(deployment.app.work_all().await, [Invoked::Outputs(json!({}))]);
    let told = deployment.app.events("bronzegate.run");
    let records: Vec<_> = told.iter().map(|line| (line["stream"].clone(), line["Records"].clone())).collect();
    assert_eq!(records, [(json!("items"), json!(RECORDS)), (json!("deals"), json!(RECORDS))]);
}

#[tokio::test]
async fn of_an_item_for_several_streams_what_is_left_is_put_back_and_what_is_lost_is_given_up() {
    let broken = FaultKind::InvalidJson(InvalidJson::Truncated);
    let faults = vec![cut_at(9), Fault::new("deals", When::Request(1), broken).always()];
    let mut deployment = deployment(faults).await;
    deployment.app.set("AzureFunctionsJobHost__functionTimeout", "00:01:00");
    deployment.put(item(&["items", "deals"]));
    let outputs = deployment.app.work().await.unwrap().outputs();
    let one = |stream: &str| json!({ "source": "demo", "stream": stream, "scheduled_time": "2026-11-22T17:00:00Z" });
    let mut left = one("items");
    left["continued"] = json!(1);
    assert_eq!(outputs, json!({ "work": [left], "poison": [one("deals")] }));
    let poison = deployment.app.events("bronzegate.poison");
    assert_eq!((&poison[0]["stream"], &poison[0]["error_kind"]), (&json!("deals"), &json!("data")));
    // A process that is warm still waits as long as the API has asked.
    deployment.app.stop().await;
    deployment.app.work_all().await;
    deployment.assert_records("items", Shape::Small, RECORDS).await;
    assert_eq!(deployment.lines("deals").await, Vec::<String>::new());
}
