//! The Terraform module for AWS on moto: it can be applied, and its state machine runs what the handler answers.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use bronzegate_demo_api::{Fault, FaultKind, InvalidJson, Options, Shape, Stream, Style, When};
use bronzegate_tests::aws_deployment::{Deployment, TIME, scheduled};
use bronzegate_tests::lambda_runtime::Invoked;
use bronzegate_tests::moto::{Moto, REGION, s3_at, secrets_at};
use bronzegate_tests::streams::changes::{BOUNDED, change, changes, settings};
use bronzegate_tests::streams::items::cut_at;
use bronzegate_tests::terraform::Terraform;
use bronzegate_tests::{SEED, one_stream};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::aws_secrets;

pub(super) const RECORDS: u64 = 500;
/// Source files of every kind.
const SOURCES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../infra/modules/aws/tests/sources");
pub(super) const SETTINGS: &str = "records: results
retry: { base: 5ms, max: 50ms, max_attempts: 2 }
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 20 } }";

pub(super) fn options(faults: Vec<Fault>) -> Options {
    let stream = Stream::new("items", Style::Cursor, Shape::Small, RECORDS).page_size(20);
    Options { seed: SEED, streams: vec![stream], faults, ..Options::default() }
}

#[tokio::test]
async fn the_example_is_applied_without_drift_and_destroyed() {
    let moto = Moto::start();
    let Some(example) = Terraform::example(moto.port(), "lake", SOURCES.as_ref()).await else { return };
    example.apply(&[]).await;
    let outputs = example.outputs().await;
    assert_eq!(outputs["target"], "s3://lake/bronze");
    let command = outputs["secret_commands"]["shop-token"].as_str().unwrap();
    assert!(command.contains("create-secret --name bronzegate/dev/shop-token "), "{command}");
    let command = command.to_owned();
    let secrets = secrets_at(moto.port()).await;
    let made = secrets.list_secrets().send().await.unwrap();
    assert_eq!(made.secret_list().len(), 0, "secrets are not Terraform's");
    aws_secrets::assert_command_works(&moto, &command).await;
    // moto keeps neither of the two.
    let function = "module.bronzegate.aws_lambda_function.run";
    let mut lost: Vec<_> =
        ["dead_letter_config", "logging_config"].map(|name| format!("{function}.{name}")).into();
    // So each plan would publish another version, which the watch invokes.
    lost.push("module.bronzegate.aws_scheduler_schedule.watch.target".to_owned());
    assert_eq!(example.drift().await, lost);
    example.destroy().await;
    assert_eq!(example.resources().await, Vec::<String>::new());
    let buckets = s3_at(moto.port()).await.list_buckets().send().await.unwrap();
    assert_eq!(buckets.buckets().len(), 0);
    assert_eq!(aws_secrets::value(&moto).await.0, "third", "a credential outlives what it was for");
}

/// The rendered state machine on moto's interpreter.
struct Workflow {
    moto: Moto,
    arn: String,
    executions: AtomicU64,
}

/// How an execution ended.
#[derive(Debug)]
struct Executed {
    description: Value,
    events: Vec<Value>,
}

impl Workflow {
    /// None where Terraform cannot be run.
    async fn applied() -> Option<Self> {
        let moto = Moto::start();
        let interpreted =
            json!({ "stepfunctions": { "execute_state_machine": true }, "lambda": { "use_docker": false } });
        moto.set("config", interpreted.to_string()).await;
        let example = Terraform::example(moto.port(), "lake", SOURCES.as_ref()).await?;
        example.apply(&["module.bronzegate.aws_sfn_state_machine.run"]).await;
        let arn = text(&example.outputs().await["state_machine_arn"]).to_owned();
        Some(Self { moto, arn, executions: AtomicU64::new(0) })
    }

    /// Executes it for an event; the function answers this, one after another.
    async fn execute(&self, event: &Value, answers: &[&Invoked]) -> Executed {
        let results: Vec<_> = answers.iter().map(|answer| payload(answer).to_string()).collect();
        let canned = json!({ "results": results, "region": REGION }).to_string();
        self.moto.set("static/lambda-simple/response", canned).await;
        // moto makes no name of its own.
        let name = format!("execution-{}", self.executions.fetch_add(1, SeqCst));
        let start = json!({ "stateMachineArn": self.arn, "name": name, "input": event.to_string() });
        let execution = self.call("StartExecution", &start).await["executionArn"].clone();
        let execution = json!({ "executionArn": execution });
        let ended = tokio::time::timeout(TIME, async {
            let mut time = tokio::time::interval(Duration::from_millis(50));
            loop {
                time.tick().await;
                let description = self.call("DescribeExecution", &execution).await;
                if description["status"] != "RUNNING" {
                    return description;
                }
            }
        });
        let description = ended.await.expect("the execution ends");
        let history = self.call("GetExecutionHistory", &execution).await;
        Executed { description, events: list(&history["events"]).clone() }
    }

    async fn call(&self, action: &str, body: &Value) -> Value {
        let target = format!("AWSStepFunctions.{action}");
        let headers = [("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.0")];
        parsed(&self.moto.call("states", headers, body.to_string()).await)
    }
}

/// What Lambda hands to who invoked the function.
fn payload(answer: &Invoked) -> Value {
    match answer {
        Invoked::Answer(answer) => answer.clone(),
        Invoked::Failed { kind, message } => json!({ "errorType": kind, "errorMessage": message }),
        Invoked::Died => panic!("the handler died"),
    }
}

impl Executed {
    #[track_caller]
    fn assert(&self, status: &str) {
        assert_eq!(self.description["status"], status, "{self:#?}");
    }

    fn output(&self) -> Value {
        parsed(text(&self.description["output"]))
    }

    /// What the function was invoked with, windows of a backfill aside.
    fn invocations(&self) -> Vec<Value> {
        let parameters = self.events.iter().filter_map(|event| {
            let parameters = event["taskScheduledEventDetails"]["parameters"].as_str()?;
            Some(parsed(parameters)["Payload"].clone())
        });
        parameters.collect()
    }

    /// What left a state.
    fn output_of(&self, state: &str) -> Value {
        let mut exits = self.events.iter().map(|event| &event["stateExitedEventDetails"]);
        let exit = exits.rfind(|exit| exit["name"] == state).expect("the state was left");
        parsed(text(&exit["output"]))
    }
}

fn parsed(json: &str) -> Value {
    serde_json::from_str(json).expect("it is JSON")
}

fn text(value: &Value) -> &str {
    value.as_str().expect("it is text")
}

fn list(value: &Value) -> &Vec<Value> {
    value.as_array().expect("it is a list")
}

/// The handler's own answer when the API has these faults.
async fn failure_with(fault: FaultKind) -> Invoked {
    let fault = Fault::new("items", When::Request(1), fault).always();
    let options = options(vec![fault]);
    let mut deployment = Deployment::with(options, &one_stream("items", SETTINGS)).await;
    let failed = deployment.lambda.invoke(&scheduled(Some("items")), TIME).await;
    assert!(matches!(failed, Invoked::Failed { .. }), "{failed:?}");
    failed
}

/// The handler's own answers to a run that its time is too short for: partial, then complete.
async fn partial_and_complete() -> (Invoked, Invoked) {
    let options = options(vec![cut_at(9)]);
    let mut deployment = Deployment::with(options, &one_stream("items", SETTINGS)).await;
    let event = scheduled(Some("items"));
    let partial = deployment.lambda.invoke(&event, TIME).await;
    // A process that is warm still waits as long as the API has asked.
    deployment.lambda.stop().await;
    let complete = deployment.lambda.invoke(&event, TIME).await;
    assert_eq!(payload(&partial)["status"], "partial", "{partial:?}");
    assert_eq!(payload(&complete)["status"], "complete", "{complete:?}");
    (partial, complete)
}

#[tokio::test]
async fn an_event_is_invoked_until_it_is_complete_and_again_only_where_that_can_help() {
    let Some(workflow) = Workflow::applied().await else { return };
    let (partial, complete) = partial_and_complete().await;
    let data = failure_with(FaultKind::InvalidJson(InvalidJson::Truncated)).await;
    let api = failure_with(FaultKind::status(404)).await;
    let event = scheduled(Some("items"));

    let ended = workflow.execute(&event, &[&complete]).await;
    ended.assert("SUCCEEDED");
    assert_eq!(ended.output(), payload(&complete));
    assert_eq!(ended.invocations(), std::slice::from_ref(&event));
    // Each is billed, and the cost table counts on that.
    let entered = ended.events.iter().filter(|event| event["stateEnteredEventDetails"].is_object()).count();
    let counts = std::fs::read_to_string(bronzegate_tests::repository().join("infra/costs.json")).unwrap();
    assert_eq!(parsed(&counts)["aws"]["states_per_event"], entered);

    let ended = workflow.execute(&event, &[&partial, &complete]).await;
    ended.assert("SUCCEEDED");
    let records = |answer: &Invoked| payload(answer)["records"].as_u64().expect("a number");
    let mut summed = payload(&complete);
    summed["records"] = json!(records(&partial) + records(&complete));
    assert_eq!(ended.output(), summed);
    assert_eq!(ended.invocations(), [event.clone(), event.clone()]);

    let ended = workflow.execute(&event, &[&partial, &partial, &partial]).await;
    ended.assert("FAILED");
    assert_eq!(ended.description["error"], "TooManySegments");
    assert_eq!(ended.invocations().len(), 3);

    let ended = workflow.execute(&event, &[&data]).await;
    ended.assert("FAILED");
    assert_eq!(ended.description["error"], "data");
    assert!(ended.description["cause"].as_str().unwrap().contains("demo/items failed"), "{ended:#?}");
    assert_eq!(ended.invocations().len(), 1);

    let ended = workflow.execute(&event, &[&api, &complete]).await;
    ended.assert("SUCCEEDED");
    assert_eq!(ended.output(), payload(&complete));

    let ended = workflow.execute(&event, &[&api, &api]).await;
    ended.assert("FAILED");
    assert_eq!(ended.description["error"], "api");
}

#[tokio::test]
async fn an_event_without_a_time_is_due_at_the_start_of_its_execution_at_every_invocation() {
    let Some(workflow) = Workflow::applied().await else { return };
    let (partial, complete) = partial_and_complete().await;
    let mut times = Vec::new();
    for _ in 0..2 {
        let ended = workflow.execute(&json!({ "source": "demo" }), &[&partial, &partial, &complete]).await;
        ended.assert("SUCCEEDED");
        let invoked = ended.invocations();
        let time: Timestamp = text(&invoked[0]["scheduled_time"]).parse().expect("an instant");
        assert_eq!(invoked, vec![json!({ "source": "demo", "scheduled_time": time_of(&invoked[0]) }); 3]);
        times.push(time);
    }
    assert!(times[0] < times[1], "each execution has its own: {times:?}");
    // What says a time of its own is left as it is: a rule of EventBridge, and a window.
    let rule = json!({
        "version": "0", "id": "1", "detail-type": "Scheduled Event", "source": "aws.events", "account": "123456789012",
        "time": "2026-11-22T17:00:00Z", "region": REGION, "resources": ["arn:aws:events:x:1:rule/r"],
        "detail": { "source": "demo", "stream": "items" }
    });
    let window = json!({ "source": "demo", "stream": "items", "window": { "from": "2026-01-01", "to": "2026-01-02" } });
    for event in [rule, window] {
        let ended = workflow.execute(&event, &[&partial, &complete]).await;
        ended.assert("SUCCEEDED");
        assert_eq!(ended.invocations(), [event.clone(), event.clone()]);
    }
}

fn time_of(event: &Value) -> &str {
    text(&event["scheduled_time"])
}

#[tokio::test]
async fn each_error_is_tried_again_as_it_deserves() {
    let Some(workflow) = Workflow::applied().await else { return };
    let (_, complete) = partial_and_complete().await;
    let event = scheduled(Some("items"));
    let failed = |kind: &str| Invoked::Failed { kind: kind.to_owned(), message: "it says why".to_owned() };
    for (kind, is_tried_again) in [
        ("config", false),
        ("auth", false),
        ("data", false),
        ("api", true),
        ("store", true),
        ("interrupted", true),
        ("transient", true),
        ("Lambda.TooManyRequestsException", true),
        ("Lambda.ServiceException", true),
        ("Lambda.ClientExecutionTimeoutException", true),
        ("Lambda.Unknown", true),
        ("Sandbox.Timedout", true),
        ("Runtime.ExitError", true),
        ("SomethingThatNobodyHasSeenYet", true),
    ] {
        // What is not tried again must leave no answer for the next execution.
        let answers = [&failed(kind), &complete];
        let ended = workflow.execute(&event, &answers[..=usize::from(is_tried_again)]).await;
        if is_tried_again {
            ended.assert("SUCCEEDED");
            assert_eq!(ended.output()["status"], "complete", "{kind}");
        } else {
            ended.assert("FAILED");
            assert_eq!((ended.description["error"].as_str(), ended.invocations().len()), (Some(kind), 1));
        }
    }
}

/// As an account does whose concurrency is used up: before the first segment of a run, and between two.
#[tokio::test]
async fn a_throttled_tick_is_tried_again_and_lands_once() {
    let Some(workflow) = Workflow::applied().await else { return };
    let (partial, complete) = partial_and_complete().await;
    let throttled = Invoked::Failed {
        kind: "Lambda.TooManyRequestsException".to_owned(),
        message: "Rate Exceeded.".to_owned(),
    };
    let event = scheduled(Some("items"));
    let answers =
        [&throttled, &throttled, &throttled, &throttled, &partial, &throttled, &throttled, &complete];
    let ended = workflow.execute(&event, &answers).await;
    ended.assert("SUCCEEDED");
    let output = ended.output();
    let of = |answer: &Invoked| payload(answer)["records"].as_u64().expect("a count");
    assert_eq!(
        (&output["status"], output["records"].as_u64()),
        (&json!("complete"), Some(of(&partial) + of(&complete)))
    );
    // The interpreter tells the invocations that were let in: each with the same event, so that each is the same run.
    assert!(ended.invocations().iter().all(|invoked| *invoked == event), "{ended:#?}");
}

#[tokio::test]
async fn a_backfill_runs_every_window_and_fails_at_its_end_if_one_did() {
    let Some(workflow) = Workflow::applied().await else { return };
    let data = failure_with(FaultKind::InvalidJson(InvalidJson::Truncated)).await;
    let yaml = one_stream("changes", &settings(&format!("{BOUNDED}, key: id, start: 2026-01-09")));
    let records = (1..=3).map(|day| change(day, &format!("2026-01-0{day}T08:00:00Z")));
    let options = Options { seed: SEED, streams: vec![changes(records)], ..Options::default() };
    let mut deployment = Deployment::with(options, &yaml).await;
    let event = json!({
        "source": "demo", "stream": "changes",
        "backfill": { "from": "2026-01-01", "to": "2026-01-04", "window": "1d" },
    });
    let mut question = event.clone();
    question["backfill"]["list_for"] = json!(4);
    let listed = deployment.lambda.invoke(&question, TIME).await;
    let windows = payload(&listed)["windows"].as_array().unwrap().clone();
    assert_eq!((windows.len(), &payload(&listed)["count"]), (3, &json!(3)));
    let mut answers = Vec::new();
    for window in &windows {
        // As the state machine's ItemSelector makes it.
        let mut event = json!({ "source": "demo", "stream": "changes", "window": window });
        event["rate_share"] = payload(&listed)["rate_share"].clone();
        event["window"]["revision"] = payload(&listed)["revision"].clone();
        answers.push(deployment.lambda.invoke(&event, TIME).await);
    }

    let ended = workflow.execute(&event, &[&listed, &answers[0], &answers[1], &answers[2]]).await;
    ended.assert("SUCCEEDED");
    assert_eq!(ended.invocations()[0], question);
    assert_eq!(told(&ended.output(), &windows), ["[\"complete\",1,null]"; 3]);

    let ended = workflow.execute(&event, &[&listed, &answers[0], &data, &answers[2]]).await;
    ended.assert("FAILED");
    assert_eq!(ended.description["error"], "BackfillFailed");
    let cause = ended.description["cause"].as_str().unwrap();
    assert!(cause.starts_with("1 of 3 windows failed"), "{cause}");
    let rows = told(&ended.output_of("Sum"), &windows);
    assert_eq!(rows, ["[\"complete\",1,null]", "[\"complete\",1,null]", "[\"failed\",0,\"data\"]"]);
}

/// What each window did, sorted: which of them gets which canned answer is moto's choice.
#[track_caller]
fn told(output: &Value, windows: &[Value]) -> Vec<String> {
    let rows = list(&output["windows"]);
    let spans: Vec<_> = rows.iter().map(|row| json!({ "from": row["from"], "to": row["to"] })).collect();
    assert_eq!(spans, windows);
    let mut told: Vec<_> =
        rows.iter().map(|row| json!([row["status"], row["records"], row["error"]]).to_string()).collect();
    told.sort();
    told
}
