//! `make smoke-azure`, which is meant for a subscription, against what stands in for one here.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::sync::Arc;

use bronzegate_azure::BLOB_ENDPOINT;
use bronzegate_azure::functions::HTTP;
use bronzegate_demo_api::{Options, Shape, Stream, Style};
use bronzegate_tests::azure::{Held, Server, reply};
use bronzegate_tests::azure_deployment::Deployment;
use bronzegate_tests::command_line::program;
use bronzegate_tests::functions_host::request;
use bronzegate_tests::one_stream;
use serde_json::{Value, json};
use tokio::process::Command;
use tokio::sync::Mutex;

#[tokio::test(flavor = "multi_thread")]
async fn the_checks_for_a_subscription_pass_on_what_stands_in_for_one() {
    let stream = Stream::new("items", Style::Single, Shape::Small, 10);
    let options = Options { streams: vec![stream], ..Options::default() };
    let deployment = Deployment::new(options, &one_stream("items", "records: results")).await;
    deployment.vault.hold("bronzegate-smoke", Held::Value("what the smoke test sends"));
    let mut variables = deployment.app.variables().clone();
    let app = front(deployment).await;
    for (name, value) in [
        ("BRONZEGATE_SMOKE_APP", app.0.url().to_string()),
        ("BRONZEGATE_SMOKE_KEY", "key".to_owned()),
        ("BRONZEGATE_SMOKE_EVENT", json!({ "source": "demo", "stream": "items" }).to_string()),
    ] {
        variables.insert(name.to_owned(), value);
    }
    let (ok, told) = smoke(&variables).await;
    assert!(ok, "{told}");
    for expected in [
        "store: it keeps the contract",
        "vault: bronzegate-smoke is read",
        "vault: a new version is written",
        "run: exact with faults on",
        "run: exact after SIGKILL",
        "function app: demo/items is committed",
        "all is well",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    assert!(!told.contains("what the smoke test sends"), "no secret is shown");

    variables.remove("BRONZEGATE_SMOKE_KEY");
    variables.remove(BLOB_ENDPOINT);
    variables.remove("BRONZEGATE_TARGET");
    let (ok, told) = smoke(&variables).await;
    assert!(!ok && told.contains("BRONZEGATE_TARGET is not set"), "{told}");
}

async fn smoke(variables: &BTreeMap<String, String>) -> (bool, String) {
    let mut command = Command::new(program("workbench"));
    command.arg("smoke-azure").env_clear().envs(variables).stdin(Stdio::null()).kill_on_drop(true);
    let output = command.output().await.expect("the workbench starts");
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).expect("text"))
}

/// The app's own address: a request goes through the host to the function, and what it queues is worked on.
async fn front(deployment: Deployment) -> (Server, Arc<Mutex<Deployment>>) {
    let deployment = Arc::new(Mutex::new(deployment));
    let own = deployment.clone();
    let server = Server::start(None, move |asked| {
        let own = own.clone();
        async move {
            if asked.headers().get("x-functions-key").is_none_or(|key| key != "key") {
                return reply(401, "text/plain", "");
            }
            let event: Value = serde_json::from_slice(asked.body()).expect("somebody sends JSON");
            let app = &mut own.lock().await.app;
            let answer = app.invoke(HTTP, request(&event), json!({})).await.outputs()["res"].take();
            app.work_all().await;
            let status = answer["statusCode"].as_u64().expect("it has a status");
            reply(status as u16, "application/json", answer["body"].as_str().unwrap_or_default().to_owned())
        }
    });
    (server.await, deployment)
}
