//! The Functions custom handler: invocations of every function in, bronze on Azurite and outputs back.

use std::collections::BTreeSet;

use bronzegate_azure::functions::{HOST, HTTP, QUEUE};
use bronzegate_core::clock::{Clock as _, SystemClock};
use bronzegate_demo_api::{Options, Shape};
use bronzegate_tests::azure_deployment::{Deployment, item};
use bronzegate_tests::command_line::{assert_same, own_bytes};
use bronzegate_tests::functions_host::{Invoked, firing, invocation_id, request};
use bronzegate_tests::streams::changes;
use bronzegate_tests::streams::items::{RECORDS, SETTINGS, faults, stream};
use bronzegate_tests::{SEED, expected, one_stream};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

pub(crate) fn options() -> Options {
    Options { seed: SEED, streams: vec![stream()], ..Options::default() }
}

/// The app's source.
pub(crate) fn yaml() -> String {
    one_stream(
        "items",
        &format!("{SETTINGS}\nschedule: {{ every: 1h }}\noutput: {{ max_part_bytes: 40KiB }}"),
    )
}

pub(crate) async fn deployment() -> Deployment {
    Deployment::new(options(), &yaml()).await
}

#[tokio::test]
async fn a_timer_queues_what_is_due_and_the_queue_lands_it_exactly_with_faults_on() {
    let options = Options { faults: faults(), ..options() };
    let mut deployment = Deployment::new(options, &yaml()).await;
    // The host meant to fire an hour ago: it was away, and the last time that it missed is run.
    let next = SystemClock::default().now() - SignedDuration::from_hours(1);
    let timer = "ingest_timer_every_hour";
    let outputs = deployment.app.invoke(timer, firing(&next.to_string()), json!({})).await.outputs();
    let queued = outputs["work"].as_array().unwrap();
    assert_eq!((queued.len(), &queued[0]["stream"]), (1, &json!("items")));
    let time: Timestamp = queued[0]["scheduled_time"].as_str().unwrap().parse().unwrap();
    assert!(time > next && time.as_second() % 3600 == 0, "{time} is the schedule's own");
    assert_eq!(deployment.app.work_all().await, [Invoked::Outputs(json!({}))]);
    let batch = time.strftime("%Y%m%d%H%M%S").to_string();
    let lines = deployment.lines("items").await;
    let records: Vec<_> =
        lines.iter().map(|line| own_bytes(&line.replace(&batch, "20261122170000"))).collect();
    assert_same(&records, &expected(Shape::Small, RECORDS));

    let told = deployment.app.events("bronzegate.run");
    assert_eq!(told.len(), 1);
    let members =
        ["source", "stream", "environment", "status", "kind", "key", "RunCompleted", "RunFailed", "Records"]
            .map(|name| told[0][name].clone());
    let key = time.strftime("at-%Y%m%dT%H%M%SZ").to_string();
    let want = json!(["demo", "items", "test", "complete", "scheduled", key, 1, 0, RECORDS]);
    assert_eq!(json!(members), want);
    assert!(told[0]["Retries"].as_u64() >= Some(4), "{}", told[0]);
    // The second invocation of the app, and the first to work on an item.
    assert_eq!((&told[0]["invocation_id"], &told[0]["ColdStart"]), (&json!(invocation_id(2)), &json!(1)));
    let ended = deployment.app.log().into_iter().find(|line| line.contains("run ended")).unwrap();
    assert!(ended.contains(&invocation_id(2)), "{ended}");
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
async fn the_same_item_twice_at_once_in_one_process_appends_nothing() {
    let mut deployment = deployment().await;
    deployment.put(item("items"));
    deployment.put(item("items"));
    let ended = deployment.app.work_at_once().await;
    assert_eq!(ended, [Invoked::Outputs(json!({})), Invoked::Outputs(json!({}))]);
    deployment.assert_records("items", Shape::Small, RECORDS).await;
    let told = deployment.app.events("bronzegate.run");
    let mut statuses: Vec<_> = told.iter().map(|line| line["status"].as_str().unwrap()).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, ["already_committed", "complete"]);
    let cold: u64 = told.iter().map(|line| line["ColdStart"].as_u64().unwrap()).sum();
    assert_eq!(cold, 1);
}

#[tokio::test]
async fn an_instance_gets_no_more_items_at_once_than_it_is_made_for_and_lands_them_all() {
    let mut deployment = deployment().await;
    for hour in 10..16 {
        deployment.put(at(&format!("2026-11-22T{hour}:00:00Z")));
    }
    let most = HOST.batch_size + HOST.new_batch_threshold;
    assert_eq!(deployment.app.work_at_once().await.len() as u64, most);
    assert!(deployment.app.work_all().await.iter().all(|ended| *ended == Invoked::Outputs(json!({}))));
    assert_eq!(deployment.lines("items").await.len() as u64, 6 * RECORDS);
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
async fn windows_that_are_not_over_are_left_out_and_told_while_somebody_listens() {
    let changes = changes::changes(changes::ten_days());
    let yaml = one_stream("changes", &changes::settings(&format!("{}, key: id", changes::BOUNDED)));
    let options = Options { seed: SEED, streams: vec![changes], ..Options::default() };
    let mut deployment = Deployment::new(options, &yaml).await;
    let mut ask = async |what: Value| {
        let mut body = json!({ "source": "demo", "stream": "changes" });
        body.as_object_mut().unwrap().extend(what.as_object().unwrap().clone());
        let outputs = deployment.app.invoke(HTTP, request(&body), json!({})).await.outputs();
        let answer: Value = serde_json::from_str(outputs["res"]["body"].as_str().unwrap()).unwrap();
        (outputs["res"]["statusCode"].as_u64().unwrap(), answer)
    };
    let span = |from: &str, to: &str| json!({ "from": from, "to": to, "window": "1y" });
    let (status, answer) = ask(json!({ "backfill": span("2020-01-01", "3000-01-01") })).await;
    let all = answer["queued"].as_u64().unwrap() + answer["windows_not_over"].as_u64().unwrap();
    assert_eq!((status, all), (202, 980), "{answer}");
    let window = json!({ "from": "2026-01-01T00:00:00Z", "to": "3000-01-01T00:00:00Z" });
    let (status, answer) = ask(json!({ "window": window })).await;
    assert!(status == 400 && answer["error"].as_str().unwrap().contains("is not over"), "{answer}");
}

#[tokio::test]
async fn one_backfill_of_a_stream_is_under_way_at_a_time_and_a_revision_is_the_next() {
    let changes = changes::changes(changes::ten_days());
    let yaml = one_stream("changes", &changes::settings(&format!("{}, key: id", changes::BOUNDED)));
    let options = Options { seed: SEED, streams: vec![changes], ..Options::default() };
    let mut deployment = Deployment::new(options, &yaml).await;
    let asked = |revision: u32| {
        let backfill =
            json!({ "from": "2026-01-01", "to": "2026-01-11", "window": "1d", "revision": revision });
        request(&json!({ "source": "demo", "stream": "changes", "backfill": backfill }))
    };
    for (revision, status, why, lines) in [
        (2, 400, "revision 2 is not the next one, which is 1", 0),
        (1, 202, "\"queued\":10", 0),
        (1, 400, "is under way, 10 of its windows are left", 30),
        (3, 400, "revision 3 is not the next one, which is 2", 30),
        (2, 202, "\"queued\":10", 60),
    ] {
        let outputs = deployment.app.invoke(HTTP, asked(revision), json!({})).await.outputs();
        let answer = outputs["res"]["body"].as_str().unwrap().replace(' ', "");
        assert_eq!(outputs["res"]["statusCode"], status, "{answer}");
        assert!(answer.contains(&why.replace(' ', "")), "{answer}");
        if status == 400 {
            assert_eq!(outputs.get("work"), None, "{outputs}");
        }
        if lines > 0 {
            deployment.app.work_all().await;
        }
        assert_eq!(deployment.lines("changes").await.len(), lines);
    }
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
        (at("2999-01-01T00:00:00Z"), "the run's time 2999-01-01T00:00:00Z is still to come"),
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
    let mut deployment = Deployment::new(Options { faults: faults(), ..options() }, &yaml()).await;
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

/// The item of a run at a time.
fn at(time: &str) -> Value {
    json!({ "source": "demo", "stream": "items", "scheduled_time": time })
}
