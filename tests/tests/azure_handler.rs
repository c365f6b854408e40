//! The Functions custom handler: invocations of every function in, bronze on Azurite and outputs back.

use std::collections::BTreeSet;
use std::time::Duration;

use bronzegate_azure::functions::{App, HTTP, QUEUE};
use bronzegate_core::sources::SourceFolder;
use bronzegate_demo_api::{Fault, FaultKind, Framing, Options, Shape, Stream, Style, When};
use bronzegate_tests::azure::{Azurite, Call, Fault as Wrong, FaultProxy};
use bronzegate_tests::changes;
use bronzegate_tests::function_app::{Deployment, item};
use bronzegate_tests::functions::{Invoked, firing, request};
use bronzegate_tests::{SEED, one_stream, repository};
use serde_json::{Value, json};

const RECORDS: u64 = 500;
const SETTINGS: &str = "records: results
schedule: { every: 1h }
retry: { base: 5ms, max: 50ms }
auth: { type: bearer, token: { secret: token } }
output: { max_part_bytes: 40KiB }
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 20 } }";

fn stream() -> Stream {
    Stream::new("items", Style::Cursor, Shape::Small, RECORDS)
        .page_size(20)
        .auth(bronzegate_demo_api::Auth::Bearer)
}

fn options() -> Options {
    Options { seed: SEED, streams: vec![stream()], ..Options::default() }
}

fn faults() -> Vec<Fault> {
    let cut = FaultKind::CutBody { after_bytes: 500, framing: Framing::Chunked };
    vec![
        Fault::new("items", When::Request(3), FaultKind::status(503)).times(2),
        Fault::new("items", When::Page(9), cut),
        Fault::new("items", When::Page(15), FaultKind::Reset),
    ]
}

async fn deployment() -> Deployment {
    Deployment::new(options(), &one_stream("items", SETTINGS)).await
}

#[tokio::test]
async fn a_timer_queues_what_is_due_and_the_queue_lands_it_exactly_with_faults_on() {
    let options = Options { faults: faults(), ..options() };
    let mut deployment = Deployment::new(options, &one_stream("items", SETTINGS)).await;
    let timer = "ingest_timer_every_hour";
    let outputs =
        deployment.app.invoke(timer, firing("2026-11-22T17:00:00+00:00"), json!({})).await.outputs();
    // The firing is long ago: the host was away, and the last time that it missed is run.
    let queued = outputs["work"].as_array().unwrap();
    assert_eq!((queued.len(), &queued[0]["stream"]), (1, &json!("items")));
    deployment.app.queue.clear();
    deployment.put(item("items"));
    assert_eq!(deployment.app.work().await, Some(Invoked::Outputs(json!({}))));
    deployment.assert_records("items", Shape::Small, RECORDS).await;

    let told = deployment.app.events("bronzegate.run");
    assert_eq!(told.len(), 1);
    let members =
        ["source", "stream", "environment", "status", "kind", "key", "RunCompleted", "RunFailed", "Records"]
            .map(|name| told[0][name].clone());
    let want =
        json!(["demo", "items", "test", "complete", "scheduled", "at-20261122T170000Z", 1, 0, RECORDS]);
    assert_eq!(json!(members), want);
    assert!(told[0]["Retries"].as_u64() >= Some(4), "{}", told[0]);
}

#[tokio::test]
async fn the_same_item_twice_or_twice_at_once_appends_nothing() {
    let mut deployment = deployment().await;
    let mut other = deployment.second();
    let data = json!({ "item": item("items").to_string() });
    let (one, two) = tokio::join!(
        deployment.app.invoke(QUEUE, data.clone(), json!({})),
        other.invoke(QUEUE, data.clone(), json!({}))
    );
    assert_eq!((one.outputs(), two.outputs()), (json!({}), json!({})));
    assert_eq!(deployment.app.invoke(QUEUE, data, json!({})).await.outputs(), json!({}));
    deployment.assert_records("items", Shape::Small, RECORDS).await;
    let statuses: BTreeSet<_> = deployment
        .app
        .events("bronzegate.run")
        .into_iter()
        .chain(other.events("bronzegate.run"))
        .map(|line| line["status"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(statuses, ["already_committed", "complete"].map(str::to_owned).into());
}

#[tokio::test]
async fn killed_at_any_moment_the_item_again_gives_the_uncut_result() {
    for trial in 0..6_u64 {
        let options = Options { latency: Duration::from_millis(4), ..options() };
        let mut deployment = Deployment::new(options, &one_stream("items", SETTINGS)).await;
        let data = json!({ "item": item("items") });
        deployment.app.invoke_and_kill(QUEUE, data, pause(Duration::from_millis(trial * 60 + 10))).await;
        deployment.put(item("items"));
        deployment.app.work_all().await;
        deployment.assert_records("items", Shape::Small, RECORDS).await;
        assert_eq!(deployment.app.poison, Vec::<Value>::new());
    }
}

#[expect(clippy::disallowed_methods, reason = "a kill comes at a moment of the machine's own time")]
async fn pause(time: Duration) {
    tokio::time::sleep(time).await;
}

/// The calls of the store that an uncut run makes.
async fn calls() -> usize {
    let proxy = FaultProxy::start(Azurite::shared().endpoint()).await;
    let mut deployment =
        Deployment::through(&proxy.endpoint(), options(), &one_stream("items", SETTINGS)).await;
    deployment.put(item("items"));
    deployment.app.work_all().await;
    deployment.assert_records("items", Shape::Small, RECORDS).await;
    [Call::PutBlob, Call::PutBlock, Call::PutBlockList, Call::GetBlob, Call::GetProperties, Call::ListBlobs]
        .map(|call| proxy.seen(call))
        .iter()
        .sum()
}

#[tokio::test]
async fn storage_errors_at_every_call_change_nothing() {
    let calls = calls().await;
    assert!(calls > 10, "{calls} calls");
    let kinds = [Wrong::Status(500), Wrong::DoneBut(503), Wrong::CutBefore, Wrong::CutAfter];
    // Each call goes wrong in one way, and each way meets every fourth call.
    for at in 0..calls {
        let proxy = FaultProxy::start(Azurite::shared().endpoint()).await;
        proxy.fail_any(at, 1, kinds[at % kinds.len()]);
        let mut deployment =
            Deployment::through(&proxy.endpoint(), options(), &one_stream("items", SETTINGS)).await;
        deployment.put(item("items"));
        deployment.app.work_all().await;
        deployment.assert_records("items", Shape::Small, RECORDS).await;
    }
}

#[tokio::test]
async fn killed_while_any_call_of_the_store_is_open_the_item_again_lands() {
    let calls = calls().await;
    for at in 0..calls {
        let proxy = FaultProxy::start(Azurite::shared().endpoint()).await;
        let kind = if at % 2 == 0 { Wrong::HangBefore } else { Wrong::HangAfter };
        proxy.fail_any(at, 1, kind);
        let mut deployment =
            Deployment::through(&proxy.endpoint(), options(), &one_stream("items", SETTINGS)).await;
        let hangs = bronzegate_tests::command::until("a call hangs", || proxy.hanging() > 0);
        deployment.app.invoke_and_kill(QUEUE, json!({ "item": item("items") }), hangs).await;
        deployment.put(item("items"));
        deployment.app.work_all().await;
        deployment.assert_records("items", Shape::Small, RECORDS).await;
    }
}

#[tokio::test]
async fn a_run_longer_than_the_functions_time_is_queued_again_until_it_is_whole() {
    let options = Options { latency: Duration::from_millis(250), ..options() };
    let mut deployment = Deployment::new(options, &one_stream("items", SETTINGS)).await;
    deployment.app.set("AzureFunctionsJobHost__functionTimeout", "00:00:03");
    deployment.put(item("items"));
    let ended = deployment.app.work_all().await;
    assert!(ended.len() >= 3, "{ended:?}");
    for outputs in &ended[..ended.len() - 1] {
        assert_eq!(*outputs, Invoked::Outputs(json!({ "work": [item("items")] })));
    }
    deployment.assert_records("items", Shape::Small, RECORDS).await;
    let statuses: Vec<_> =
        deployment.app.events("bronzegate.run").iter().map(|line| line["status"].clone()).collect();
    assert!(statuses[..ended.len() - 1].iter().all(|status| status == "partial"), "{statuses:?}");
}

#[tokio::test]
async fn a_secret_that_is_rotated_between_two_requests_is_read_anew() {
    let mut deployment = deployment().await;
    deployment.put(item("items"));
    deployment.app.work_all().await;
    let rotated = deployment.api.rotate();
    deployment.keep(&rotated);
    let next = json!({ "source": "demo", "stream": "items", "scheduled_time": "2026-11-22T18:00:00Z" });
    deployment.put(next);
    assert_eq!(deployment.app.work_all().await, [Invoked::Outputs(json!({}))]);
    assert_eq!(deployment.lines("items").await.len() as u64, 2 * RECORDS);
    let log = deployment.app.log().join("\n");
    assert!(!log.contains(&rotated.token), "no token is logged");
}

#[tokio::test]
async fn a_token_that_expires_in_the_middle_of_an_upload_is_renewed() {
    let options = Options { latency: Duration::from_millis(150), ..options() };
    let mut deployment = Deployment::new(options, &one_stream("items", SETTINGS)).await;
    // Shorter than the run: the identity has to be asked again while parts are open.
    deployment.directory.set_lifetime(2);
    deployment.put(item("items"));
    assert_eq!(deployment.app.work_all().await, [Invoked::Outputs(json!({}))]);
    deployment.assert_records("items", Shape::Small, RECORDS).await;
    let asked = deployment.directory.given();
    let storage = asked.iter().filter(|token| token.resource.contains("storage")).count();
    assert!(storage >= 2, "{asked:?}");
}

#[tokio::test]
async fn a_person_s_backfill_becomes_one_item_for_each_window() {
    let changes = changes::changes(changes::ten_days());
    let yaml = one_stream("changes", &changes::settings(&format!("{}, key: id", changes::BOUNDED)));
    let options = Options { seed: SEED, streams: vec![changes], ..Options::default() };
    let mut deployment = Deployment::new(options, &yaml).await;
    let backfill = json!({ "from": "2026-01-01", "to": "2026-01-11", "window": "1d" });
    let body = json!({ "source": "demo", "stream": "changes", "backfill": backfill });
    let outputs = deployment.app.invoke(HTTP, request(&body), json!({})).await.outputs();
    assert_eq!(outputs["res"]["statusCode"], 202, "{outputs}");
    let answer: Value = serde_json::from_str(outputs["res"]["body"].as_str().unwrap()).unwrap();
    assert_eq!((&answer["queued"], answer["items"].as_array().map(Vec::len)), (&json!(10), Some(10)));
    let commits = answer["commits"][0].as_str().unwrap();
    assert!(
        commits.ends_with("@acme.dfs.core.windows.net/bronze/_bronzegate/demo/changes/commits/"),
        "{commits}"
    );
    assert_eq!(deployment.app.queue.len(), 10);
    assert_eq!(deployment.app.queue[0].0["rate_share"], 0.05, "half of the rate, for ten instances at most");
    // Another instance takes every other item.
    let mut other = deployment.second();
    for at in (0..10).rev().step_by(2) {
        let taken = deployment.app.queue.remove(at).unwrap();
        other.queue.push_back(taken);
    }
    let (one, two) = tokio::join!(deployment.app.work_all(), other.work_all());
    assert!(one.iter().chain(&two).all(|ended| matches!(ended, Invoked::Outputs(_))), "{one:?} {two:?}");
    let ids: BTreeSet<u64> = deployment
        .lines("changes")
        .await
        .iter()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["id"].as_u64().unwrap())
        .collect();
    assert_eq!((ids.len(), deployment.lines("changes").await.len()), (30, 30));
    let told = deployment.app.events("bronzegate.run");
    assert!(told.iter().all(|line| line["kind"] == "window"), "{told:?}");
}

#[tokio::test]
async fn a_person_s_run_is_queued_for_every_stream_and_what_is_wrong_is_told() {
    let mut deployment = deployment().await;
    let outputs =
        deployment.app.invoke(HTTP, request(&json!({ "source": "demo" })), json!({})).await.outputs();
    assert_eq!(
        (&outputs["res"]["statusCode"], &outputs["work"][0]["stream"]),
        (&json!(202), &json!("items"))
    );
    assert!(outputs["work"][0]["scheduled_time"].is_string(), "all tries at it are one run: {outputs}");
    for (body, why) in [
        (json!({ "source": "nope" }), "there is no file"),
        (json!({ "source": "demo", "stream": "nope" }), "demo has no stream `nope`; it has: items"),
        (json!({ "sources": "demo" }), "unknown field `sources`"),
        (json!("text"), "it is not a JSON object"),
        (
            json!({ "source": "demo", "stream": "items", "backfill": { "from": "2026-01-01", "to": "2026-01-02" } }),
            "no `incremental",
        ),
    ] {
        let outputs = deployment.app.invoke(HTTP, request(&body), json!({})).await.outputs();
        assert_eq!((&outputs["res"]["statusCode"], outputs.get("work")), (&json!(400), None), "{outputs}");
        let answer = outputs["res"]["body"].as_str().unwrap();
        assert!(answer.contains(why), "{answer}");
    }
}

#[tokio::test]
async fn what_trying_again_does_not_help_is_given_up_at_once_and_the_rest_after_five_times() {
    let mut deployment = deployment().await;
    deployment.put(json!({ "source": "demo", "stream": "nope" }));
    deployment.put(json!({ "what": "is this" }));
    deployment.app.work_all().await;
    assert_eq!(deployment.app.poison.len(), 2);
    let kinds: Vec<_> =
        deployment.app.events("bronzegate.poison").iter().map(|line| line["error_kind"].clone()).collect();
    assert_eq!(kinds, ["config", "config"]);

    let failing = Fault::new("items", When::Page(4), FaultKind::status(503)).always();
    deployment.api.set_faults(vec![failing]);
    deployment.put(item("items"));
    let ended = deployment.app.work_all().await;
    assert_eq!(ended.len(), 5);
    assert!(
        ended.iter().all(|ended| matches!(ended, Invoked::Failed(500, body) if body.contains("\"api\"")))
    );
    assert_eq!(deployment.app.poison.last(), Some(&item("items")));
    let last = deployment.app.events("bronzegate.poison").pop().unwrap();
    assert_eq!((&last["stream"], &last["dequeue_count"]), (&json!("items"), &json!(5)));
    assert_eq!(deployment.lines("items").await, Vec::<String>::new());
}

#[tokio::test]
async fn a_wrong_setting_is_the_answer_to_every_invocation_and_not_a_process_that_ends() {
    let mut deployment = deployment().await;
    deployment.app.set("BRONZEGATE_TARGET", "s3://bucket/bronze");
    for _ in 0..2 {
        let Invoked::Failed(500, body) =
            deployment.app.invoke(QUEUE, json!({ "item": "{}" }), json!({})).await
        else {
            panic!("it is refused")
        };
        assert!(body.contains("this is the Azure function; it takes abfss://"), "{body}");
    }
}

#[tokio::test]
async fn no_secret_and_no_record_is_in_the_log_at_any_level() {
    let mut deployment =
        Deployment::new(Options { faults: faults(), ..options() }, &one_stream("items", SETTINGS)).await;
    deployment.app.set("BRONZEGATE_LOG", "trace");
    deployment.put(item("items"));
    deployment.app.work_all().await;
    let log = deployment.app.log().join("\n");
    assert!(log.contains("run ended"), "{log}");
    let record = &deployment.records("items").await[7];
    for secret in [deployment.api.credentials().token.as_str(), "eyJ", record.as_str()] {
        assert!(!log.contains(secret), "the log holds {secret}");
    }
}

#[tokio::test]
async fn the_example_s_files_are_those_of_the_sources() {
    let sources = SourceFolder::local(repository().join("sources"));
    let (app, unusable) = App::of_folder(&sources).await.unwrap();
    assert!(unusable.is_empty(), "{unusable:?}");
    for (path, text) in app.files() {
        let file = repository().join("infra/examples/azure/app").join(&path);
        let found = std::fs::read_to_string(&file).unwrap_or_default();
        assert_eq!(found, text, "{path}: `make functions` writes it anew");
    }
    let files = app.files();
    let bindings = |function: &str| -> BTreeSet<String> {
        let text = &files[&format!("{function}/function.json")];
        let json: Value = serde_json::from_str(text).unwrap();
        let names = json["bindings"].as_array().unwrap().iter();
        names.map(|binding| binding["name"].as_str().unwrap().to_owned()).collect()
    };
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<BTreeSet<_>>();
    assert_eq!(bindings(QUEUE), names(&["item", "poison", "work"]));
    assert_eq!(bindings(HTTP), names(&["req", "res", "work"]));
    assert_eq!(files.keys().filter(|path| path.starts_with("ingest_timer_")).count(), app.timers().count());
}
