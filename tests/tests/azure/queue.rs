//! The work queue of the Functions custom handler: items that take long, are put back, wait for an outage to pass, or
//! are given up.

use std::time::Duration;

use bronzegate_core::bronze::Running;
use bronzegate_core::clock::{Clock as _, SystemClock};
use bronzegate_demo_api::{Auth, Credentials, Fault, FaultKind, Job, Options, Shape, Stream, Style, When};
use bronzegate_tests::azure::{Azurite, Call, Fault as Wrong, FaultProxy, Held};
use bronzegate_tests::azure_deployment::{Deployment, item, keep};
use bronzegate_tests::command_line::until;
use bronzegate_tests::functions_host::{Invoked, firing};
use bronzegate_tests::one_stream;
use bronzegate_tests::streams::items::{RECORDS, cut_at};
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::handler::{deployment, options, yaml};

/// An export that is asked after less often than an invocation may take.
const EXPORT: &str = "auth: { type: bearer, token: { secret: token } }
job:
  submit: { path: /items, body: { operation: query }, id: { body: id } }
  poll: { path: \"/items/{{ job.id }}\", every: 1h, done: { at: { body: state }, equals: JobComplete }, timeout: 1d }
path: \"/items/{{ job.id }}/results\"
records: $
format: csv
pagination: { type: none }";

#[tokio::test]
async fn a_run_longer_than_the_functions_time_is_queued_again_until_it_is_whole() {
    // A minute is longer than the function's time, and shorter than what it would be without the file.
    let wait = |page| Fault::new("items", When::Page(page), FaultKind::retry_after(429, "60"));
    let options = Options { faults: vec![wait(9), wait(17)], ..options() };
    let mut deployment = Deployment::new(options, &yaml()).await;
    // Where no variable says otherwise, the app's own file does.
    deployment.file("host.json", &json!({ "version": "2.0", "functionTimeout": "00:00:30" }).to_string());
    deployment.put(item("items"));
    let mut ended = Vec::new();
    while let Some(invoked) = deployment.app.work().await {
        ended.push(invoked);
        // A process that is warm still waits as long as the API has asked.
        deployment.app.stop().await;
    }
    assert_eq!(ended.len(), 3, "{ended:?}");
    for (nth, outputs) in ended[..ended.len() - 1].iter().enumerate() {
        assert_eq!(*outputs, Invoked::Outputs(json!({ "work": [continued(nth + 1)] })));
    }
    deployment.assert_records("items", Shape::Small, RECORDS).await;
    let statuses: Vec<_> =
        deployment.app.events("bronzegate.run").iter().map(|line| line["status"].clone()).collect();
    assert!(statuses[..ended.len() - 1].iter().all(|status| status == "partial"), "{statuses:?}");
}

#[tokio::test]
async fn an_item_that_was_put_back_a_hundred_times_is_given_up() {
    let options = Options { faults: vec![cut_at(9)], ..options() };
    let mut deployment = Deployment::new(options, &yaml()).await;
    deployment.app.set("AzureFunctionsJobHost__functionTimeout", "00:01:00");
    deployment.put(continued(100));
    let outputs = deployment.app.work().await.unwrap().outputs();
    // Given back by hand, it has all its tries again.
    assert_eq!(outputs, json!({ "poison": [item("items")] }));
    let told = deployment.app.events("bronzegate.poison").pop().unwrap();
    assert_eq!(told["error_kind"], "api");
    let error = told["error"].as_str().unwrap();
    assert!(error.contains("still partial after 100 continuations"), "{error}");
    assert!(!deployment.lines("items").await.is_empty(), "what is committed stays");
    deployment.app.stop().await;
    deployment.put(item("items"));
    assert_eq!(deployment.app.work_all().await, [Invoked::Outputs(json!({}))]);
    deployment.assert_records("items", Shape::Small, RECORDS).await;
}

#[tokio::test]
async fn an_item_whose_run_only_waits_is_not_put_back_at_once() {
    let job = Job { polls: u32::MAX, ..Job::default() };
    let stream =
        Stream::new("items", Style::SalesforceBulk, Shape::Small, RECORDS).auth(Auth::Bearer).job(job);
    let mut deployment = Deployment::new(
        Options { streams: vec![stream], ..options() },
        &one_stream("items", EXPORT).replace("    path: /items\n", ""),
    )
    .await;
    deployment.app.set("AzureFunctionsJobHost__functionTimeout", "00:00:04");
    deployment.put(item("items"));
    for nth in 1..3 {
        let clock = SystemClock::default();
        let outputs = deployment.app.work().await.unwrap().outputs();
        assert_eq!(outputs, json!({ "work": [continued(nth)] }));
        // The next poll is further away than the function's time: without a wait it would go round and round.
        assert!(clock.elapsed() >= Duration::from_secs(1), "{:?}", clock.elapsed());
    }
}

#[tokio::test]
async fn a_secret_that_is_rotated_in_the_middle_of_a_run_is_read_anew() {
    let held = Fault::new("items", When::Request(6), FaultKind::Held);
    let options = Options { faults: vec![held], ..options() };
    let mut deployment = Deployment::new(options, &yaml()).await;
    deployment.put(item("items"));
    let rotated = Credentials { token: "another-token".to_owned(), ..deployment.api.credentials() };
    let Deployment { api, app, vault, .. } = &mut deployment;
    // The vault has the new secret before the API stops taking the old one, as rotations go.
    let rotation = async {
        until("some pages are served", || api.stats().stream("items").faults > 0).await;
        keep(vault, &rotated);
        api.set_credentials(rotated.clone());
        api.set_faults(vec![]);
    };
    let (ended, ()) = tokio::join!(app.work_all(), rotation);
    assert!(api.stats().stream("items").unauthenticated > 0, "the old secret was refused");
    assert_eq!(ended, [Invoked::Outputs(json!({}))]);
    deployment.assert_records("items", Shape::Small, RECORDS).await;
    let log = deployment.app.log().join("\n");
    assert!(!log.contains(&rotated.token), "no token is logged");
}

#[tokio::test]
async fn a_vault_that_is_away_fails_the_invocation_and_gives_nothing_up() {
    let mut deployment = deployment().await;
    let token = deployment.api.credentials().token.leak();
    deployment.vault.hold("token", Held::Away(u32::MAX, token));
    deployment.put(item("items"));
    let ended = deployment.app.work().await.unwrap();
    let Invoked::Failed(500, body) = ended else { panic!("{ended:?}") };
    assert!(body.contains("\"auth\"") && body.contains("503 ServiceUnavailable"), "{body}");
    assert_eq!((deployment.app.queue.len(), deployment.app.poison.len()), (1, 0));
    assert_eq!(deployment.app.events("bronzegate.poison"), Vec::<Value>::new());
    deployment.vault.hold("token", Held::Value(token));
    assert_eq!(deployment.app.work_all().await, [Invoked::Outputs(json!({}))]);
    deployment.assert_records("items", Shape::Small, RECORDS).await;

    deployment.vault.hold("token", Held::Forbidden("ForbiddenByRbac"));
    deployment.app.stop().await;
    deployment.put(at("2026-11-22T18:00:00Z"));
    deployment.app.work_all().await;
    assert_eq!(deployment.app.poison.len(), 1, "what is denied stays so");
    let error = deployment.app.events("bronzegate.poison").pop().unwrap()["error"].to_string();
    assert!(error.contains("secret `token` is denied"), "{error}");
}

#[tokio::test]
async fn source_files_are_read_from_a_container_and_its_outage_gives_nothing_up() {
    let proxy = FaultProxy::start(Azurite::shared().endpoint()).await;
    let mut deployment = Deployment::through(&proxy.endpoint(), options(), &yaml()).await;
    deployment.store().put("files/demo.yaml", deployment.source().into()).await.unwrap();
    let files = format!("{}/files", deployment.app.variables()["BRONZEGATE_TARGET"]);
    deployment.app.set("BRONZEGATE_SOURCES", &files);
    deployment.put(item("items"));
    proxy.fail(Call::GetBlob, Wrong::Status(503), usize::MAX);
    let Some(Invoked::Failed(500, body)) = deployment.app.work().await else { panic!("it fails") };
    assert!(body.contains("\"config\"") && body.contains("cannot read abfss://"), "{body}");
    let next = SystemClock::default().now() - SignedDuration::from_hours(1);
    let timer = deployment.app.invoke("ingest_timer_every_hour", firing(&next.to_string()), json!({})).await;
    assert!(matches!(timer, Invoked::Failed(500, _)), "the host fires again: {timer:?}");
    assert_eq!((deployment.app.queue.len(), deployment.app.poison.len()), (1, 0));
    proxy.recover();
    assert_eq!(deployment.app.work_all().await, [Invoked::Outputs(json!({}))]);
    deployment.assert_records("items", Shape::Small, RECORDS).await;
}

#[tokio::test]
async fn a_token_that_will_soon_expire_is_renewed_in_the_middle_of_an_upload() {
    let mut deployment = deployment().await;
    // No token is used for long that has less than five minutes left: the identity is asked again while
    // parts are open.
    deployment.tokens.set_lifetime(200);
    deployment.put(item("items"));
    assert_eq!(deployment.app.work_all().await, [Invoked::Outputs(json!({}))]);
    deployment.assert_records("items", Shape::Small, RECORDS).await;
    let asked = deployment.tokens.given();
    let storage = asked.iter().filter(|token| token.resource.contains("storage")).count();
    assert!(storage >= 2, "{asked:?}");
}

#[tokio::test]
async fn what_trying_again_does_not_help_is_given_up_at_once_and_the_rest_after_five_times() {
    let mut deployment = deployment().await;
    deployment.put(json!({ "source": "demo", "stream": "nope" }));
    deployment.put(json!({ "what": "is this" }));
    deployment.put(json!("abcd"));
    deployment.app.work_all().await;
    let given_up =
        [json!({ "source": "demo", "stream": "nope" }), json!({ "what": "is this" }), json!("abcd")];
    assert_eq!(deployment.app.poison, given_up);
    let kinds: Vec<_> =
        deployment.app.events("bronzegate.poison").iter().map(|line| line["error_kind"].clone()).collect();
    assert_eq!(kinds, ["config", "config", "config"]);

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

/// The item of a run at a time.
fn at(time: &str) -> Value {
    json!({ "source": "demo", "stream": "items", "scheduled_time": time })
}

/// The item, put back so often.
fn continued(times: usize) -> Value {
    let mut item = item("items");
    item["continued"] = json!(times);
    item
}

#[tokio::test]
async fn an_item_beside_a_run_in_flight_is_done_and_counts_as_no_run() {
    let mut deployment = deployment().await;
    let now = SystemClock::default().now();
    let at = "2026-11-22T16:00:00Z".parse().expect("a time");
    let other = Running::new(Some(at), "process 1".to_owned(), now, now + Duration::from_mins(9));
    let note = serde_json::to_vec(&other).expect("JSON");
    deployment.store().put("_bronzegate/demo/items/running.json", note.into()).await.expect("a note is put");
    deployment.put(item("items"));
    assert_eq!(deployment.app.work_all().await, [Invoked::Outputs(json!({}))]);
    assert_eq!(deployment.app.poison, Vec::<Value>::new());
    let runs = deployment.app.events("bronzegate.run");
    assert!(
        runs.iter().all(|run| run["status"] == "skipped" && run.get("RunCompleted").is_none()),
        "{runs:?}"
    );
    assert_eq!(
        (deployment.api.stats().stream("items").requests, deployment.lines("items").await.len()),
        (0, 0)
    );
}
