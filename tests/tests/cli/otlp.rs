//! `OTEL_EXPORTER_OTLP_ENDPOINT`: what a collector gets of a run, and a run that never fails by it.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use bronzegate_demo_api::{Fault, FaultKind, Shape, Stream, Style, When};
use bronzegate_tests::command_line::Shell;
use serde_json::{Value, json};

/// What came for a signal, and the header with the credential.
type Got = (String, String, Value);

/// A collector that keeps what it gets.
struct Collector {
    address: String,
    got: Arc<Mutex<Vec<Got>>>,
}

impl Collector {
    async fn start(status: StatusCode) -> Self {
        let got: Arc<Mutex<Vec<Got>>> = Arc::default();
        let kept = got.clone();
        let keep = move |Path(signal): Path<String>, headers: HeaderMap, body: String| async move {
            let key = headers.get("x-key").and_then(|key| key.to_str().ok()).unwrap_or_default().to_owned();
            let body = serde_json::from_str(&body).expect("JSON");
            kept.lock().expect("no holder panics").push((signal, key, body));
            status
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("it is bound"));
        tokio::spawn(
            async move { axum::serve(listener, Router::new().route("/v1/{signal}", post(keep))).await },
        );
        Self { address, got }
    }

    fn taken(&self) -> Vec<Got> {
        std::mem::take(&mut *self.got.lock().expect("no holder panics"))
    }
}

async fn shell(collector: &Collector) -> Shell {
    let streams = ["items", "parts"].map(|name| Stream::new(name, Style::Single, Shape::Small, 3));
    let yaml = "retry: { max_attempts: 1 }\nstreams:\n  items: { path: /items, records: results }\n  parts: { path: /parts, records: results }";
    let mut shell = Shell::new(streams.to_vec(), Vec::new(), yaml).await;
    shell.set("OTEL_EXPORTER_OTLP_ENDPOINT", &collector.address);
    shell.set("OTEL_EXPORTER_OTLP_HEADERS", "x-key=a%20b");
    shell
}

/// The attributes of a span or a point, by name.
fn attributes(of: &Value) -> Value {
    let all = of["attributes"].as_array().expect("a list").iter();
    let all =
        all.map(|one| (one["key"].as_str().expect("a name").to_owned(), one["value"]["stringValue"].clone()));
    Value::Object(all.collect())
}

#[tokio::test]
async fn a_command_is_a_trace_and_its_streams_are_spans_and_points_of_metrics() {
    let collector = Collector::start(StatusCode::OK).await;
    let shell = shell(&collector).await;
    let kind = FaultKind::Status {
        code: 500,
        body: Some(br#"{"name":"Ada"}"#.to_vec().into()),
        headers: Vec::new(),
        content_type: None,
    };
    shell.api.set_faults(vec![Fault::new("parts", When::Page(1), kind).always()]);
    assert_eq!(shell.run_at("demo").await.code(), Some(5));
    let got = collector.taken();
    let [(traces, key, trace), (metrics, _, metric)] = got.as_slice() else { panic!("{got:?}") };
    assert_eq!((traces.as_str(), metrics.as_str(), key.as_str()), ("traces", "metrics", "a b"));
    assert!(!format!("{got:?}").contains("Ada"), "{got:?}");
    let resource = &trace["resourceSpans"][0]["resource"];
    let told = attributes(resource);
    assert_eq!(
        (&told["service.name"], &told["deployment.environment.name"]),
        (&json!("bronzegate"), &json!("test"))
    );
    let spans = trace["resourceSpans"][0]["scopeSpans"][0]["spans"].as_array().expect("a list");
    let of = |name: &str| {
        spans.iter().find(|span| span["name"] == name).unwrap_or_else(|| panic!("{name}: {trace}"))
    };
    let (root, items, parts) = (of("run demo"), of("demo/items"), of("demo/parts"));
    for span in [items, parts] {
        assert_eq!((&span["parentSpanId"], &span["traceId"]), (&root["spanId"], &root["traceId"]));
        let time = |key: &str| span[key].as_str().and_then(|text| text.parse::<i128>().ok()).expect("a time");
        assert!(time("startTimeUnixNano") <= time("endTimeUnixNano"), "{span}");
    }
    let expected = json!({ "source": "demo", "stream": "items", "status": "complete", "run.key": "at-20261122T170000Z" });
    assert_eq!((attributes(items), &items["status"]["code"]), (expected, &json!(1)));
    assert_eq!(parts["status"], json!({ "code": 2, "message": "api" }));
    let all = metric["resourceMetrics"][0]["scopeMetrics"][0]["metrics"].as_array().expect("a list");
    let records = all.iter().find(|metric| metric["name"] == "bronzegate.records").expect("the records");
    let points = records["gauge"]["dataPoints"].as_array().expect("a list");
    let values: Vec<_> = points
        .iter()
        .map(|point| (attributes(point)["stream"].clone(), point["asDouble"].as_f64()))
        .collect();
    assert!(
        values.contains(&(json!("items"), Some(3.0))) && values.contains(&(json!("parts"), Some(0.0))),
        "{values:?}"
    );
}

#[tokio::test]
async fn a_collector_that_fails_changes_nothing_of_the_run_and_one_that_is_none_is_refused() {
    let collector = Collector::start(StatusCode::SERVICE_UNAVAILABLE).await;
    let mut shell = shell(&collector).await;
    let ended = shell.run_at("demo").await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
    assert!(ended.err.contains("the collector refused what it got"), "{ended:?}");
    // What did not begin is a span of its own.
    assert_eq!(collector.taken().len(), 2);
    assert_eq!(shell.run("run nope").await.code(), Some(2));
    let got = collector.taken();
    let span = &got[0].2["resourceSpans"][0]["scopeSpans"][0]["spans"][0];
    assert_eq!(
        (&span["name"], &span["status"]),
        (&json!("run nope"), &json!({ "code": 2, "message": "config" }))
    );
    shell.set("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4318");
    let ended = shell.run_at("demo").await;
    assert!(ended.code() == Some(2) && ended.err.contains("OTEL_EXPORTER_OTLP_ENDPOINT"), "{ended:?}");
}
