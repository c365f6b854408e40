//! Events for several streams of a source, and the watch over the streams of all sources.

use bronzegate_demo_api::{Auth, Fault, FaultKind, Shape, Stream, Style, When};
use bronzegate_tests::aws_deployment::{Deployment, TIME};
use bronzegate_tests::lambda_runtime::Invoked;
use bronzegate_tests::one_stream;
use bronzegate_tests::streams::items::{RECORDS, SETTINGS, cut_at, stream};
use serde_json::{Value, json};

use super::handler::metrics;

fn named(name: &str) -> Stream {
    Stream { name: name.to_owned(), path: format!("/{name}"), ..stream() }
}

/// A source file with these streams.
fn yaml(names: &[&str], settings: &str) -> String {
    let streams = names.iter().map(|name| one_stream(name, settings).replace("streams:\n", ""));
    format!("streams:\n{}", streams.collect::<String>())
}

fn event(streams: &[&str]) -> Value {
    json!({ "source": "demo", "streams": streams, "scheduled_time": "2026-11-22T17:00:00Z" })
}

fn of_reports(answer: &Value, member: &str) -> Vec<String> {
    let reports = answer["reports"].as_array().expect("there are reports");
    reports.iter().map(|report| report[member].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn an_event_runs_the_streams_that_it_names_and_no_other() {
    let names = ["items", "deals", "tickets"];
    let mut deployment = Deployment::new(names.map(named).into(), Vec::new(), &yaml(&names, SETTINGS)).await;
    let answer = deployment.lambda.invoke(&event(&["tickets", "items"]), TIME).await.answer();
    assert_eq!(of_reports(&answer, "stream"), ["tickets", "items"]);
    assert_eq!((&answer["status"], &answer["records"]), (&json!("complete"), &json!(2 * RECORDS)));
    deployment.assert_records("tickets", Shape::Small, RECORDS).await;
    deployment.assert_nothing_visible("deals").await;
}

#[tokio::test]
async fn a_partial_stream_is_resumed_before_its_neighbours_failure_is_told() {
    let names = ["items", "broken"];
    let broken = Fault::new("broken", When::Request(2), FaultKind::status(404)).always();
    let faults = vec![cut_at(9), broken];
    // With a pace of its own it does not wait as long as the API asks its neighbour to.
    let paced = format!("{SETTINGS}\nrate_limit: {{ requests_per_second: 1000, burst: 1000 }}");
    let broken = one_stream("broken", &paced).replace("streams:\n", "");
    let text = format!("{}{broken}", yaml(&["items"], SETTINGS));
    let mut deployment = Deployment::new(names.map(named).into(), faults, &text).await;
    let event = event(&["items", "broken", "unknown"]);
    let partial = deployment.lambda.invoke(&event, TIME).await.answer();
    assert_eq!(partial["status"], "partial");
    assert_eq!(of_reports(&partial, "status"), ["partial", "failed", "failed"]);
    // A process that is warm still waits as long as the API has asked.
    deployment.lambda.stop().await;
    let (kind, message) = deployment.lambda.invoke(&event, TIME).await.failure();
    assert_eq!(kind, "api", "of `api` and `config` the one that another try may help");
    assert!(
        message.contains("demo/items complete") && message.contains("demo has no stream `unknown`"),
        "{message}"
    );
    deployment.assert_records("items", Shape::Small, RECORDS).await;
    deployment.assert_nothing_visible("broken").await;
    assert_eq!(metrics(&deployment).len(), 6);
}

#[tokio::test]
async fn twenty_streams_of_an_event_take_less_than_256_mib() {
    const EACH: u64 = 400;
    let names: Vec<String> = (0..20).map(|number| format!("stream{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let stream = |name: &&str| {
        let stream = Stream::new(*name, Style::Cursor, Shape::Wide, EACH).page_size(100);
        Stream { path: format!("/{name}"), ..stream.auth(Auth::Bearer) }
    };
    let settings = SETTINGS.replace("value: 20", "value: 100");
    let streams = names.iter().map(stream).collect();
    let mut deployment = Deployment::new(streams, Vec::new(), &yaml(&names, &settings)).await;
    let answer = match deployment.lambda.invoke(&event(&names), TIME).await {
        Invoked::Answer(answer) => answer,
        other => panic!("{other:?}"),
    };
    assert_eq!((&answer["status"], &answer["records"]), (&json!("complete"), &json!(20 * EACH)));
    let peak = deployment.lambda.peak_memory();
    assert!(peak < 256 << 20, "{} MiB", peak >> 20);
}

#[tokio::test]
async fn the_watch_tells_which_runs_are_missing_and_makes_each_a_metric() {
    let settings = format!("{SETTINGS}\nschedule: {{ every: 1h }}");
    let names = ["items", "new"];
    let text =
        format!("{}{}", yaml(&names, &settings), yaml(&["unscheduled"], SETTINGS).replace("streams:\n", ""));
    let mut deployment = Deployment::new(vec![named("items")], Vec::new(), &text).await;
    let watch = json!({ "watch": { "grace": "60m" } });
    let first = deployment.lambda.invoke(&watch, TIME).await.answer();
    assert_eq!(
        first,
        json!({ "status": "complete", "streams": 2, "missed": [] }),
        "nobody knows of an earlier time"
    );
    let ran = deployment.lambda.invoke(&event(&["items"]), TIME).await.answer();
    assert_eq!(ran["status"], "complete");

    let second = deployment.lambda.invoke(&watch, TIME).await.answer();
    let missed = second["missed"].as_array().unwrap();
    let told = |member: &str| missed.iter().map(|run| run[member].clone()).collect::<Vec<_>>();
    assert_eq!((told("stream"), told("reason")), (vec![json!("items")], vec![json!("no_run")]), "{second}");
    assert_eq!(told("last"), [json!("at-20261122T170000Z")]);
    let lines = deployment.lambda.log();
    let metrics: Vec<Value> = lines
        .iter()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|line| line.get("_aws").is_some())
        .collect();
    assert_eq!(metrics.len(), 1, "a healthy run has none");
    let members = ["Source", "Stream", "Environment", "Missed"].map(|name| metrics[0][name].clone());
    assert_eq!(json!(members), json!(["demo", "items", "test", 1]));
    let failed = deployment.lambda.invoke(&json!({ "watch": { "grace": "soon" } }), TIME).await.failure();
    assert!(failed.0 == "config" && failed.1.contains("`watch.grace` is `soon`"), "{failed:?}");
}
