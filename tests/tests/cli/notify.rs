//! `BRONZEGATE_NOTIFY`: a message when a run fails or breaches, and a run that never fails by it.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::http::StatusCode;
use axum::routing::post;
use bronzegate_demo_api::{Fault, FaultKind, Shape, Stream, Style, When};
use bronzegate_tests::command_line::Shell;
use serde_json::{Value, json};

/// A webhook that keeps what it gets.
struct Webhook {
    address: String,
    messages: Arc<Mutex<Vec<Value>>>,
}

impl Webhook {
    async fn start(status: StatusCode) -> Self {
        let messages: Arc<Mutex<Vec<Value>>> = Arc::default();
        let kept = messages.clone();
        let keep = move |body: String| async move {
            let message = serde_json::from_str(&body).unwrap_or(Value::String(body));
            kept.lock().expect("no holder panics").push(message);
            status
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}/services/T0/B0/token", listener.local_addr().expect("it is bound"));
        tokio::spawn(async move {
            let router = Router::new().route("/services/{*rest}", post(keep));
            axum::serve(listener, router).await
        });
        Self { address, messages }
    }

    fn messages(&self) -> Vec<Value> {
        self.messages.lock().expect("no holder panics").clone()
    }
}

async fn shell(least: u64) -> Shell {
    let stream = Stream::new("items", Style::Single, Shape::Small, 3);
    let yaml = format!(
        "retry: {{ max_attempts: 1 }}\nstreams:\n  items: {{ path: /items, records: results, pagination: {{ type: none }}, expect: {{ min_records: {least} }} }}"
    );
    Shell::new(vec![stream], Vec::new(), &yaml).await
}

#[tokio::test]
async fn a_breach_and_a_failure_are_told_without_what_the_api_answered() {
    let mut shell = shell(10).await;
    let webhook = Webhook::start(StatusCode::OK).await;
    shell.set("BRONZEGATE_NOTIFY", &webhook.address);
    shell.run_at("demo").await.assert(0, "complete");
    let text = "bronzegate (test): `run demo`: look at 1 of 1 stream\n• demo/items complete, 3 records, run \
                at-20261122T170000Z: 3 records came, fewer than the 10 of `expect.min_records`";
    assert_eq!(webhook.messages(), [json!({ "text": text })]);
    let kind = FaultKind::Status {
        code: 500,
        body: Some(br#"{"name":"Ada"}"#.to_vec().into()),
        headers: Vec::new(),
        content_type: None,
    };
    shell.api.set_faults(vec![Fault::new("items", When::Page(1), kind).always()]);
    let failed = shell.run("run demo --json").await;
    assert_eq!(failed.code(), Some(5), "{failed:?}");
    let told = webhook.messages().pop().expect("a message")["text"].clone();
    let told = told.as_str().unwrap_or_default();
    assert!(told.contains("• demo/items failed: api (exit code 5, run at-"), "{told}");
    assert!(!told.contains("Ada"), "{told}");
    let refused = shell.run("run nope").await;
    assert_eq!(refused.code(), Some(2), "{refused:?}");
    let told = json!({ "text": "bronzegate (test): `run nope` did not begin: config (exit code 2)" });
    assert_eq!(webhook.messages().pop(), Some(told));
}

#[tokio::test]
async fn a_run_as_expected_is_not_told() {
    let mut shell = shell(1).await;
    let webhook = Webhook::start(StatusCode::OK).await;
    shell.set("BRONZEGATE_NOTIFY", &webhook.address);
    shell.run_at("demo").await.assert(0, "complete");
    shell.run_at("demo").await.assert(0, "already_committed");
    assert_eq!(webhook.messages(), Vec::<Value>::new());
}

#[tokio::test]
async fn a_webhook_that_fails_changes_nothing_of_the_run_and_its_address_is_not_shown() {
    let mut shell = shell(10).await;
    let refusing = Webhook::start(StatusCode::NOT_FOUND).await;
    for (day, (address, why)) in [
        (refusing.address.as_str(), "the webhook refused the message"),
        ("http://127.0.0.1:1/services/T0/B0/token", "the address cannot be reached"),
        ("http://hooks.example.com/services/T0/B0/token", "write an https:// URL"),
    ]
    .into_iter()
    .enumerate()
    {
        shell.set("BRONZEGATE_NOTIFY", address);
        let ended = shell.run(&format!("run demo --at 2026-01-0{}T00:00:00Z --json", day + 1)).await;
        ended.assert(0, "complete");
        assert!(ended.err.contains("BRONZEGATE_NOTIFY") && ended.err.contains(why), "{ended:?}");
        assert!(!ended.err.contains("T0"), "{ended:?}");
    }
}
