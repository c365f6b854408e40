//! The Functions custom handler measured: its cold start and memory, and what writing to ADLS costs against a
//! local folder.

use std::fs;
use std::time::Duration;

use bronzegate_azure::functions::QUEUE;
use bronzegate_demo_api::{Auth, Options, Running, Shape, Stream, Style};
use bronzegate_tests::azure_deployment::{Deployment, item};
use bronzegate_tests::functions_host::FunctionApp;
use bronzegate_tests::one_stream;
use serde_json::{Value, json};

use crate::Outcome;
use crate::bare_upload::bare_upload;
use crate::figures::{ColdStarts, MANY, ROUNDS, SETTINGS, STREAM, mib, now};
use crate::output::say;

/// Prints the figures as a Markdown table.
pub(crate) fn run() -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(measure())
}

async fn measure() -> Outcome {
    say("| what | ready | first request to the API | first answer | peak RSS |");
    say("|---|---|---|---|---|");
    let mut small = deployment(100).await;
    let cold = cold_starts(&small.api, &mut small.app).await;
    say(&format!("| handler, ADLS on Azurite, Key Vault and identity played | {cold} |"));
    let mut local = small.second();
    local.set("BRONZEGATE_TARGET", "bronze");
    local.set("BRONZEGATE_SECRETS", "env");
    local.set("BRONZEGATE_SECRET_TOKEN", &small.api.credentials().token);
    let cold = cold_starts(&small.api, &mut local).await;
    say(&format!("| handler alone: local folder, secret in a variable | {cold} |"));
    let warm = warm_runs(&small.api, &mut local).await;
    say(&format!("| the same, warm | – | {warm} |"));

    say("\n| 200 MB by cursor | wall | peak RSS |");
    say("|---|---|---|");
    let mut large = deployment(MANY).await;
    let (wall, memory) = one_run(&mut large.app).await;
    say(&format!("| into ADLS (Azurite) | {:.1} s | {} |", wall.as_secs_f64(), mib(memory)));
    let wall = bare_upload(large.store(), "demo").await;
    say(&format!("| the same bytes, a bare upload into ADLS (Azurite) | {:.1} s | |", wall.as_secs_f64()));
    let mut local = large.second();
    local.set("BRONZEGATE_TARGET", "bronze");
    let (wall, memory) = one_run(&mut local).await;
    say(&format!("| into a local folder | {:.1} s | {} |", wall.as_secs_f64(), mib(memory)));
    if let Ok(zip) = fs::metadata("target/package/bronzegate-azure.zip") {
        say(&format!("\nbronzegate-azure.zip: {:.1} MB", zip.len() as f64 / 1e6));
    }
    Ok(())
}

async fn deployment(records: u64) -> Deployment {
    let stream = Stream::new(STREAM, Style::Cursor, Shape::Crm, records).page_size(100).auth(Auth::Bearer);
    let options = Options { seed: 1, streams: vec![stream], ..Options::default() };
    Deployment::new(options, &one_stream(STREAM, SETTINGS)).await
}

async fn cold_starts(api: &Running, app: &mut FunctionApp) -> String {
    let mut figures = ColdStarts::of(api);
    for round in 0..ROUNDS {
        app.stop().await;
        let at = format!("2026-11-22T{round:02}:00:00Z");
        let item = json!({ "source": "demo", "stream": STREAM, "scheduled_time": at });
        figures.begin();
        app.warm().await;
        figures.is_ready();
        figures.answered(work(app, &item)).await;
        figures.took(app.peak_memory());
    }
    figures.cells()
}

/// Items one after the other for one process, whose first is not measured.
async fn warm_runs(api: &Running, app: &mut FunctionApp) -> String {
    app.stop().await;
    app.warm().await;
    let item = |nth: usize| {
        let at = format!("2026-11-22T{nth:02}:00:00Z");
        json!({ "source": "demo", "stream": STREAM, "scheduled_time": at })
    };
    work(app, &item(ROUNDS)).await;
    let mut figures = ColdStarts::of(api);
    for round in ROUNDS + 1..=2 * ROUNDS {
        figures.begin();
        figures.answered(work(app, &item(round))).await;
        figures.took(app.peak_memory());
    }
    figures.cells()
}

async fn one_run(app: &mut FunctionApp) -> (Duration, u64) {
    app.warm().await;
    let began = now();
    work(app, &item(STREAM)).await;
    let wall = began.elapsed();
    let told = app.events("bronzegate.run");
    assert_eq!(told.last().map(|line| &line["status"]), Some(&json!("complete")), "{told:?}");
    (wall, app.peak_memory())
}

/// Hands out an item, which has to succeed.
async fn work(app: &mut FunctionApp, item: &Value) {
    app.invoke(QUEUE, json!({ "item": item.to_string() }), json!({})).await.outputs();
}
