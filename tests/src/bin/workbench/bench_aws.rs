//! The Lambda handler measured: its cold start and memory beside a handler in Python that does the same
//! event, and what writing to S3 costs against a local folder.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

use bronzegate_demo_api::{Auth, Options, Running, Shape, Stream, Style};
use bronzegate_tests::aws_deployment::{Deployment, scheduled};
use bronzegate_tests::lambda_runtime::Lambda;
use bronzegate_tests::{moto, one_stream, repository};
use serde_json::{Value, json};

use crate::Outcome;
use crate::bare_upload::bare_upload;
use crate::figures::{ColdStarts, MANY, ROUNDS, SETTINGS, STREAM, mib, now};
use crate::output::say;

const TIME: Duration = Duration::from_mins(5);

/// Prints the figures as a Markdown table.
pub(crate) fn run() -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure())
}

async fn measure() -> Outcome {
    say("| what | first request to the API | first answer | peak RSS |");
    say("|---|---|---|---|");
    let mut small = deployment(100, Shape::Crm).await;
    let at = |nth: usize| format!("2026-11-22T{nth:02}:00:00Z");
    let event = |nth: usize| json!({ "source": "demo", "stream": STREAM, "scheduled_time": at(nth) });
    let cold = cold_starts(&small.api, &mut small.lambda, event).await;
    say(&format!("| handler, S3 and Secrets Manager on moto | {cold} |"));
    let mut local = small.second().await;
    local.set("BRONZEGATE_TARGET", "bronze");
    local.set("BRONZEGATE_SECRETS", "env");
    local.set("BRONZEGATE_SECRET_TOKEN", &small.api.credentials().token);
    let cold = cold_starts(&small.api, &mut local, event).await;
    say(&format!("| handler alone: local folder, secret in a variable | {cold} |"));
    let warm = warm_runs(&small.api, &mut local, event).await;
    say(&format!("| the same, warm | {warm} |"));
    let mut python = yardstick(&small).await;
    let (url, bucket) = (format!("{}/{STREAM}", small.api.base_url()), small.bucket.clone());
    let secret = small.vault.name("token");
    let event = |nth: usize| {
        json!({ "source": "demo", "stream": STREAM, "scheduled_time": at(nth), "url": url, "page_size": 100,
            "bucket": bucket, "secret": secret })
    };
    let cold = cold_starts(&small.api, &mut python, event).await;
    say(&format!("| Python: boto3 and requests, on moto | {cold} |"));

    say("\n| 200 MB by cursor | wall | peak RSS |");
    say("|---|---|---|");
    let mut large = deployment(MANY, Shape::Crm).await;
    let (wall, memory) = one_run(&mut large.lambda).await;
    say(&format!("| into S3 (moto) | {:.1} s | {} |", wall.as_secs_f64(), mib(memory)));
    let store = moto::connect(moto::port()).await.store(&format!("s3://{}/bronze", large.bucket));
    let wall = bare_upload(&*store.expect("it is a target"), "demo").await;
    say(&format!("| the same bytes, a bare upload into S3 (moto) | {:.1} s | |", wall.as_secs_f64()));
    let mut local = large.second().await;
    local.set("BRONZEGATE_TARGET", "bronze");
    let (wall, memory) = one_run(&mut local).await;
    say(&format!("| into a local folder | {:.1} s | {} |", wall.as_secs_f64(), mib(memory)));
    if let Ok(zip) = fs::metadata("target/package/bronzegate-aws.zip") {
        say(&format!("\nbronzegate-aws.zip: {:.1} MB", zip.len() as f64 / 1e6));
    }
    Ok(())
}

async fn deployment(records: u64, shape: Shape) -> Deployment {
    let stream = Stream::new(STREAM, Style::Cursor, shape, records).page_size(100).auth(Auth::Bearer);
    let options = Options { seed: 1, streams: vec![stream], ..Options::default() };
    Deployment::with(options, &one_stream(STREAM, SETTINGS)).await
}

async fn yardstick(deployment: &Deployment) -> Lambda {
    let command =
        vec![repository().join(".venv/bin/python"), repository().join("tests/python/lambda_yardstick.py")];
    let mut variables: BTreeMap<_, _> = deployment.lambda.variables().clone();
    variables.insert("AWS_DEFAULT_REGION".to_owned(), moto::REGION.to_owned());
    Lambda::running(command, variables, &std::env::temp_dir()).await
}

async fn cold_starts(api: &Running, lambda: &mut Lambda, event: impl Fn(usize) -> Value) -> String {
    let mut figures = ColdStarts::of(api);
    for round in 0..ROUNDS {
        lambda.stop().await;
        let event = event(round);
        figures.begin();
        let answered = async {
            lambda.invoke(&event, TIME).await.answer();
        };
        figures.answered(answered).await;
        figures.took(lambda.peak_memory());
    }
    figures.cells()
}

/// Events one after the other for one process, whose first is not measured.
async fn warm_runs(api: &Running, lambda: &mut Lambda, event: impl Fn(usize) -> Value) -> String {
    lambda.stop().await;
    lambda.invoke(&event(ROUNDS), TIME).await.answer();
    let mut figures = ColdStarts::of(api);
    for round in ROUNDS + 1..=2 * ROUNDS {
        figures.begin();
        let answered = async {
            lambda.invoke(&event(round), TIME).await.answer();
        };
        figures.answered(answered).await;
        figures.took(lambda.peak_memory());
    }
    figures.cells()
}

async fn one_run(lambda: &mut Lambda) -> (Duration, u64) {
    lambda.start().await;
    let began = now();
    let answer = lambda.invoke(&scheduled(Some(STREAM)), TIME).await.answer();
    assert_eq!(answer["status"], "complete", "{answer}");
    (began.elapsed(), lambda.peak_memory())
}
