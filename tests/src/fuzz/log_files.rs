//! Files of a commit log that somebody has damaged: a run over them ends, and so does a look at them.

use std::path::PathBuf;
use std::time::Duration;

use bronzegate_core::bronze::{CommitLog, Layout};
use bronzegate_core::clock::{Clock as _, SystemClock};
use bronzegate_core::health::{Period, StreamHealth};
use bronzegate_core::report::Status;
use bronzegate_demo_api::{Fault, FaultKind, Shape, Stream, Style, When};
use fastrand::Rng;

use super::Outcome;
use super::mutation::mutated_at_the_edges;
use super::told::{Told, is_tellable};
use crate::Bench;

const SETTINGS: [(Style, &str); 3] = [
    (
        Style::Page,
        "records: results\npagination: { type: page, send: { query: page }, page_size: { query: per_page, value: 10 } }",
    ),
    (Style::NextUrl, "records: results\npagination: { type: next_url, next: { body: next } }"),
    (
        Style::NextUrl,
        "records: results\npagination: { type: next_url, next: { body: next } }\nincremental: { cursor: id, format: integer, key: id, from: { query: since } }",
    ),
];

/// Pieces that files of a log have, or should not have.
const PIECES: [&str; 8] = [
    "null",
    "{}",
    "[]",
    "\"\"",
    "\"position\":{\"page\":18446744073709551615}",
    "\"segment\":0",
    "\u{1b}[2J",
    "true",
];

/// How long a run may take that has nothing to wait for.
const LONG: Duration = Duration::from_mins(5);

pub(super) async fn case(mut random: Rng, _: Told) -> Outcome {
    let (style, settings) = random.choice(SETTINGS.iter()).expect("there are some");
    let stream = Stream::new("items", *style, Shape::Small, 50).page_size(10);
    let hour = Fault::new("items", When::Request(4), FaultKind::retry_after(429, "3600")).always();
    let faults = if random.bool() { vec![hour] } else { Vec::new() };
    let bench = Bench::one(stream, faults, settings).await;
    let first = bench.run_within("items", LONG).await;
    if first.status == Status::Failed {
        // What is fetched ahead may be told to wait before the first page has come.
        return Ok("did not begin");
    }
    bench.api.set_faults(Vec::new());
    let path = damage(&bench, &mut random)?;
    let second = bench.run_within("items", LONG).await;
    is_tellable(&second)?;
    look(&bench).await?;
    Ok(match (second.status, path.ends_with("head.json")) {
        // It is a hint: damaged or not, nothing depends on it.
        (Status::Failed, true) => return Err(format!("{} stops a run: {second:?}", path.display())),
        (Status::Failed, _) => "failed",
        _ => "went on",
    })
}

/// Damages one file of the log, or adds one of a name that nobody gives.
fn damage(bench: &Bench, random: &mut Rng) -> Result<PathBuf, String> {
    let mut files = bench.everything();
    files.retain(|(path, _)| {
        path.to_string_lossy().contains("_bronzegate") && path.extension().is_some_and(|of| of == "json")
    });
    files.sort();
    let (path, content) = random.choice(&files).ok_or("there is a log")?;
    let content = match random.u8(..8) {
        0 => Vec::new(),
        1 => "[".repeat(random.usize(1..100_000)).into_bytes(),
        2 => random.choice(&files).map(|(_, other)| other.clone()).unwrap_or_default(),
        _ => mutated_at_the_edges(content, &PIECES, random),
    };
    let path = if random.u8(..8) == 0 {
        path.with_file_name("seq-99999999999999999999.s0001.json")
    } else {
        path.clone()
    };
    std::fs::write(&path, content).map_err(|error| error.to_string())?;
    Ok(path)
}

/// What `runs` does.
async fn look(bench: &Bench) -> Result<(), String> {
    let log = CommitLog::new(bench.store(), Layout::new("demo", "items"));
    let period =
        Period { since: None, until: None, grace: Duration::from_mins(5), now: SystemClock::default().now() };
    let error = log.last_error().await;
    let records = match log.all().await {
        Ok(records) => records,
        Err(error) => {
            let told = bronzegate_core::error::Error::from(error).to_string();
            return if told.chars().any(char::is_control) {
                Err(format!("this is told: {told:?}"))
            } else {
                Ok(())
            };
        }
    };
    let health = StreamHealth::new(["demo", "items"], records, bench.source.stream("items"), &period);
    let health = health.with_error(error, &period);
    health.entries();
    health.is_healthy();
    Ok(())
}
