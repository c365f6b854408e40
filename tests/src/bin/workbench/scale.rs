//! `scale`: what streams ask of their store by the length of their logs, counted on the emulators, and what 5,000 of them
//! do to functions within an hour. The tables go into `docs/operate/scale.md`.

use std::fmt::Write as _;
use std::fs;

use bronzegate_tests::scale::{Asked, Fleet, Kind, OnBlob, OnS3, asked, most_segments};
use bronzegate_tests::{marked_tables, repository};

use crate::Outcome;
use crate::output;

const PAGE: &str = "docs/operate/scale.md";
const COMMITS: [(u64, &str); 3] = [(10, "10"), (1_000, "1,000"), (100_000, "100,000")];
const KINDS: [(Kind, &str); 2] =
    [(Kind::Snapshot, "snapshot"), (Kind::Incremental, "incremental, nothing new")];

/// Prints the tables and writes those that are stale.
pub(crate) fn run() -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let requests = runtime.block_on(requests());
    let path = repository().join(PAGE);
    let text = fs::read_to_string(&path)?;
    let wanted = marked_tables::rewritten(&text, "<!-- scale: ", "<!-- end of scale -->", |name| {
        let table = match name {
            "requests" => requests.clone(),
            "throttled" => throttled(),
            "queued" => queued(),
            _ => return Err(format!("{PAGE}: there is no table {name}")),
        };
        output::say(&format!("{name}\n\n{table}"));
        Ok(table)
    })?;
    if wanted != text {
        fs::write(&path, wanted)?;
    }
    output::say(&format!(
        "An execution's history has room for {} segments, or for {} of which each is throttled 64 times.",
        most_segments(0),
        most_segments(64)
    ));
    Ok(())
}

/// The requests of each kind of stream on each emulator.
async fn requests() -> String {
    let mut table =
        "| store | stream | commits in the log | a run | a look of the watch | the runs of a day |\n|---|---|---|---|---|---|\n"
            .to_owned();
    for (kind, told) in KINDS {
        let (stream, yaml) = kind.stream();
        for (commits, number) in COMMITS {
            let on_s3 = asked(&mut OnS3::start(stream.clone(), &yaml).await, kind, commits).await;
            row(&mut table, "S3", told, number, &on_s3);
        }
    }
    for (commits, number) in COMMITS {
        for (kind, told) in KINDS {
            let (stream, yaml) = kind.stream();
            let on_blob = asked(&mut OnBlob::start(stream, &yaml).await, kind, commits).await;
            row(&mut table, "Blob storage", told, number, &on_blob);
        }
    }
    table
}

fn row(table: &mut String, store: &str, stream: &str, commits: &str, Asked { run, look, day }: &Asked) {
    let row = format!("| {store} | {stream} | {commits} | {run} | {look} | {day} |");
    output::say(&row);
    let _ = writeln!(table, "{row}");
}

/// 5,000 hourly streams of 500 sources.
const FLEET: Fleet =
    Fleet { events: 500, streams: 10, at_once: 4, seconds: 3.0, spread: 0.0, limit: usize::MAX };

/// That fleet on Lambda, which turns away what is too much.
fn throttled() -> String {
    let mut table =
        "| starts spread over | concurrency allowed | most at once | throttled | lost | longest wait | over after |\n|---|---|---|---|---|---|---|\n"
            .to_owned();
    for (minutes, limit) in [(0, 1_000), (0, 100), (0, 20), (15, 20), (30, 20), (55, 20)] {
        let load = Fleet { spread: f64::from(minutes) * 60.0, limit, ..FLEET }.run(1);
        let _ = writeln!(
            table,
            "| {} | {} | {} | {} | {} | {} s | {:.1} min |",
            spread(minutes),
            thousands(limit as f64),
            load.peak,
            thousands(load.throttled as f64),
            load.lost,
            thousands(load.latest),
            load.over / 60.0
        );
    }
    table
}

/// That fleet on Functions, where it waits in a queue.
fn queued() -> String {
    let mut table =
        "| instances, of four items each | starts spread over | most at once | longest wait | over after |\n|---|---|---|---|---|\n"
            .to_owned();
    for instances in [40, 10, 1] {
        for minutes in [0, 30] {
            let fleet = Fleet { spread: f64::from(minutes) * 60.0, limit: instances * 4, ..FLEET };
            let load = fleet.queued(1);
            let _ = writeln!(
                table,
                "| {instances} | {} | {} | {} s | {:.1} min |",
                spread(minutes),
                load.peak,
                thousands(load.latest),
                load.over / 60.0
            );
        }
    }
    table
}

/// A number below a million, with a comma before its last three digits.
fn thousands(number: f64) -> String {
    let text = format!("{number:.0}");
    match text.len().checked_sub(3) {
        Some(at) if at > 0 => format!("{},{}", &text[..at], &text[at..]),
        _ => text,
    }
}

fn spread(minutes: i32) -> String {
    if minutes == 0 { "nothing".to_owned() } else { format!("{minutes} minutes") }
}
