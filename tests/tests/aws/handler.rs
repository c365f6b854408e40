//! The Lambda handler: events of every trigger in, bronze on S3 and an answer out.

use bronzegate_demo_api::{Credentials, Fault, FaultKind, Shape, Stream, When};
use bronzegate_tests::aws_deployment::{Deployment, TIME, scheduled};
use bronzegate_tests::command_line::until;
use bronzegate_tests::lambda_runtime::Invoked;
use bronzegate_tests::one_stream;
use bronzegate_tests::streams::items::{RECORDS, SETTINGS, cut_at, faults, stream};
use serde_json::{Value, json};

async fn deployment() -> Deployment {
    Deployment::new(vec![stream()], Vec::new(), &one_stream("items", SETTINGS)).await
}

/// What the function has logged of its runs.
pub(super) fn metrics(deployment: &Deployment) -> Vec<Value> {
    let lines = deployment.lambda.log();
    let objects = lines.iter().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    objects.filter(|line| line.get("RunCompleted").is_some()).collect()
}

#[tokio::test]
async fn a_scheduled_event_lands_exactly_whatever_goes_wrong_on_the_way() {
    let mut deployment = Deployment::new(vec![stream()], faults(), &one_stream("items", SETTINGS)).await;
    let answer = deployment.lambda.invoke(&scheduled(Some("items")), TIME).await.answer();
    assert_eq!(answer["status"], "complete", "{answer}");
    let report = &answer["reports"][0];
    assert_eq!((&report["records"], &report["key"]), (&json!(RECORDS), &json!("at-20261122T170000Z")));
    assert!(report["retries"].as_u64() >= Some(4), "{report}");
    deployment.assert_records("items", Shape::Small, RECORDS).await;

    let metrics = metrics(&deployment);
    assert_eq!(metrics.len(), 1);
    let told = ["Source", "Stream", "Environment", "RunCompleted", "RunFailed", "Records", "ColdStart"]
        .map(|name| metrics[0][name].clone());
    assert_eq!(json!(told), json!(["demo", "items", "test", 1, 0, RECORDS, 1]));
}

#[tokio::test]
async fn the_same_event_again_appends_nothing_and_is_completed() {
    let mut deployment = deployment().await;
    for status in ["complete", "already_committed"] {
        let answer = deployment.lambda.invoke(&scheduled(Some("items")), TIME).await.answer();
        assert_eq!(answer["status"], status, "{answer}");
    }
    deployment.assert_records("items", Shape::Small, RECORDS).await;
    let metrics = metrics(&deployment);
    let cold: Vec<_> = metrics.iter().map(|line| (&line["ColdStart"], &line["RunCompleted"])).collect();
    assert_eq!(cold, [(&json!(1), &json!(1)), (&json!(0), &json!(1))]);
}

#[tokio::test]
async fn the_same_event_twice_at_once_appends_once() {
    let mut deployment = deployment().await;
    let mut other = deployment.second().await;
    let event = scheduled(Some("items"));
    let (one, two) = tokio::join!(deployment.lambda.invoke(&event, TIME), other.invoke(&event, TIME));
    let mut statuses = [one.answer(), two.answer()].map(|answer| answer["status"].to_string());
    statuses.sort();
    assert!(statuses[1] == "\"complete\"", "{statuses:?}");
    assert_eq!(statuses[0], "\"already_committed\"");
    deployment.assert_records("items", Shape::Small, RECORDS).await;
}

#[tokio::test]
async fn killed_at_any_moment_the_event_again_gives_the_uncut_result() {
    // From the first page to the last; the calls of AWS are met one by one elsewhere.
    for page in [1, 2, 6, 12, 18, 23, 24, 25] {
        let held = Fault::new("items", When::Page(page), FaultKind::Held);
        let mut deployment =
            Deployment::new(vec![stream()], vec![held], &one_stream("items", SETTINGS)).await;
        let event = scheduled(Some("items"));
        let Deployment { api, lambda, .. } = &mut deployment;
        let asked = until("the page is asked for", || api.stats().stream("items").faults > 0);
        assert_eq!(lambda.invoke_and_kill(&event, TIME, asked).await, Invoked::Died, "page {page}");
        deployment.invoke_until_answered(&event).await;
        deployment.assert_records("items", Shape::Small, RECORDS).await;
    }
}

#[tokio::test]
async fn a_run_longer_than_the_functions_time_finishes_over_several_invocations() {
    let faults = vec![cut_at(2), cut_at(14)];
    let mut deployment = Deployment::new(vec![stream()], faults, &one_stream("items", SETTINGS)).await;
    for (status, pages) in [("partial", 1), ("partial", 12), ("complete", 12)] {
        let answer = deployment.lambda.invoke(&scheduled(Some("items")), TIME).await.answer();
        assert_eq!((&answer["status"], &answer["reports"][0]["pages"]), (&json!(status), &json!(pages)));
        // A process that is warm still waits as long as the API has asked.
        deployment.lambda.stop().await;
    }
    deployment.assert_records("items", Shape::Small, RECORDS).await;
}

#[tokio::test]
async fn a_stream_that_fails_leaves_its_neighbours_alone_and_the_diagnostic_names_each() {
    let good = stream();
    let bad = Stream { name: "broken".to_owned(), path: "/broken".to_owned(), ..stream() };
    let fault = Fault::new("broken", When::Request(2), FaultKind::status(404)).always();
    let yaml = format!(
        "{}{}",
        one_stream("items", SETTINGS),
        one_stream("broken", SETTINGS).replace("streams:\n", "")
    );
    let mut deployment = Deployment::new(vec![good, bad], vec![fault], &yaml).await;
    let (kind, message) = deployment.lambda.invoke(&scheduled(None), TIME).await.failure();
    assert_eq!(kind, "api");
    assert!(message.contains("demo/items complete: 500 records"), "{message}");
    assert!(
        message.contains("demo/broken failed: demo/broken, page 2") && message.contains("404"),
        "{message}"
    );
    deployment.assert_records("items", Shape::Small, RECORDS).await;
    deployment.assert_nothing_visible("broken").await;
    let failed: Vec<_> = metrics(&deployment)
        .into_iter()
        .map(|line| (line["Stream"].clone(), line["RunFailed"].clone()))
        .collect();
    assert_eq!(json!(failed), json!([["items", 0], ["broken", 1]]));
}

#[tokio::test]
async fn a_secret_rotated_between_two_requests_is_picked_up() {
    let held = Fault::new("items", When::Request(6), FaultKind::Held);
    let mut deployment = Deployment::new(vec![stream()], vec![held], &one_stream("items", SETTINGS)).await;
    let warm = json!({ "source": "demo", "stream": "items", "scheduled_time": "2026-11-21T17:00:00Z" });
    deployment.lambda.start().await;
    let event = scheduled(Some("items"));
    let Deployment { api, lambda, vault, .. } = &mut deployment;
    let rotated = Credentials { token: "another-token".to_owned(), ..api.credentials() };
    // The vault has the new secret before the API stops taking the old one, as rotations go.
    let rotation = async {
        until("some pages are served", || api.stats().stream("items").faults > 0).await;
        vault.store(&rotated).await;
        api.set_credentials(rotated.clone());
        api.set_faults(vec![]);
    };
    let (answer, ()) = tokio::join!(lambda.invoke(&event, TIME), rotation);
    assert!(api.stats().stream("items").unauthenticated > 0, "the old secret was refused");
    assert_eq!(answer.answer()["status"], "complete");
    deployment.assert_records("items", Shape::Small, RECORDS).await;
    assert_eq!(deployment.lambda.invoke(&warm, TIME).await.answer()["status"], "complete");
}

#[tokio::test]
async fn messages_of_a_queue_fail_one_by_one() {
    let mut deployment = deployment().await;
    let message = |id: &str, body: String| {
        json!({"messageId": id, "receiptHandle": "r", "body": body, "attributes": {}, "messageAttributes": {},
            "md5OfBody": "", "eventSource": "aws:sqs", "eventSourceARN": "arn:aws:sqs:x:1:work", "awsRegion": "x"})
    };
    let batch = json!({ "Records": [
        message("good", scheduled(Some("items")).to_string()),
        message("not-json", "{".to_owned()),
        message("no-such-stream", json!({"source": "demo", "stream": "nothing"}).to_string()),
    ]});
    let answer = deployment.lambda.invoke(&batch, TIME).await.answer();
    assert_eq!(
        answer,
        json!({"batchItemFailures": [{"itemIdentifier": "not-json"}, {"itemIdentifier": "no-such-stream"}]})
    );
    deployment.assert_records("items", Shape::Small, RECORDS).await;
}

/// A message says no time, so that of its sending is the run's, at every delivery.
#[tokio::test]
async fn a_message_whose_function_was_killed_is_the_same_run_when_it_is_delivered_again() {
    let held = Fault::new("items", When::Page(12), FaultKind::Held);
    let mut deployment = Deployment::new(vec![stream()], vec![held], &one_stream("items", SETTINGS)).await;
    let delivery = |count: u32| {
        json!({ "Records": [{
            "messageId": "1", "receiptHandle": "r", "body": json!({"source": "demo", "stream": "items"}).to_string(),
            "attributes": { "SentTimestamp": "1795366800000", "ApproximateReceiveCount": count.to_string() },
            "messageAttributes": {}, "md5OfBody": "", "eventSource": "aws:sqs",
            "eventSourceARN": "arn:aws:sqs:x:1:work", "awsRegion": "x"
        }] })
    };
    let Deployment { api, lambda, .. } = &mut deployment;
    let asked = until("the page is asked for", || api.stats().stream("items").faults > 0);
    assert_eq!(lambda.invoke_and_kill(&delivery(1), TIME, asked).await, Invoked::Died);
    for count in 2..4 {
        let answer = deployment.invoke_until_answered(&delivery(count)).await;
        assert_eq!(answer, json!({ "batchItemFailures": [] }));
        deployment.assert_records("items", Shape::Small, RECORDS).await;
    }
}

#[tokio::test]
async fn an_eventbridge_rule_runs_what_it_is_called_after_at_its_time() {
    let mut deployment = deployment().await;
    let rule = json!({"version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.events",
        "account": "123456789012", "time": "2026-11-22T17:00:00Z", "region": "eu-central-1",
        "resources": ["arn:aws:events:eu-central-1:123456789012:rule/bronzegate.demo.items"], "detail": {}});
    let answer = deployment.lambda.invoke(&rule, TIME).await.answer();
    assert_eq!(answer["reports"][0]["key"], "at-20261122T170000Z");
    deployment.assert_records("items", Shape::Small, RECORDS).await;
}

#[tokio::test]
async fn what_is_wrong_with_an_event_or_a_setting_is_the_answer() {
    let mut deployment = deployment().await;
    for (event, message) in [
        (json!({"steam": 1}), "the event cannot be read"),
        (json!({"source": "crm"}), "there is no file sources/crm.yaml; the sources there are: demo"),
        (json!({"source": "demo", "stream": "x"}), "demo has no stream `x`"),
    ] {
        let (kind, found) = deployment.lambda.invoke(&event, TIME).await.failure();
        assert_eq!(kind, "config");
        assert!(found.contains(message), "{found}");
    }
    for (variable, value, message) in [
        ("BRONZEGATE_TARGET", "gs://x", "BRONZEGATE_TARGET `gs://x`"),
        ("BRONZEGATE_TARGET", "", "it is not set"),
        ("BRONZEGATE_SECRETS", "vault", "BRONZEGATE_SECRETS `vault`"),
    ] {
        let mut lambda = deployment.second().await;
        lambda.set(variable, value);
        let (kind, found) = lambda.invoke(&scheduled(None), TIME).await.failure();
        assert_eq!(kind, "config");
        assert!(found.contains(message), "{found}");
    }
}

#[tokio::test]
async fn an_empty_or_missing_secret_fails_as_auth_and_names_it() {
    let yaml = one_stream("items", &SETTINGS.replace("secret: token", "secret: absent"));
    let mut deployment = Deployment::new(vec![stream()], Vec::new(), &yaml).await;
    let (kind, message) = deployment.lambda.invoke(&scheduled(None), TIME).await.failure();
    assert_eq!(kind, "auth");
    assert!(message.contains("secret `absent` is missing"), "{message}");
}

#[tokio::test]
async fn at_debug_level_no_secret_and_no_record_is_logged() {
    let mut deployment = Deployment::new(vec![stream()], faults(), &one_stream("items", SETTINGS)).await;
    deployment.lambda.set("BRONZEGATE_LOG", "trace");
    deployment.lambda.invoke(&scheduled(None), TIME).await.answer();
    deployment.lambda.stop().await;
    let log = deployment.lambda.log();
    assert!(log.len() > 3, "{log:?}");
    let token = deployment.api.credentials().token;
    let id = bronzegate_tests::expected(Shape::Small, 1).remove(0);
    for line in &log {
        assert!(!line.contains(&token) && !line.contains("Bearer") && !line.contains(&id), "{line}");
        let line: Value = serde_json::from_str(line).expect("every line is JSON");
        let is_known = line.get("_aws").is_some() || line.get("level").is_some();
        assert!(is_known, "{line}");
    }
    let ended = log.iter().find(|line| line.contains("run ended")).expect("the outcome is logged");
    for member in ["request_id", "demo", "items", "20261122170000"] {
        assert!(ended.contains(member), "{ended}");
    }
}

#[tokio::test]
async fn nothing_is_asked_of_anybody_before_the_first_event() {
    let mut deployment = deployment().await;
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    deployment.lambda.set("AWS_ENDPOINT_URL", &address);
    deployment.lambda.start().await;
    // It has started, and asks for an event: whomever it called before has a connection waiting.
    let called = listener.accept();
    assert_eq!(called.unwrap_err().kind(), std::io::ErrorKind::WouldBlock, "somebody was called");
    assert_eq!(deployment.api.stats().stream("items").requests, 0);
}
