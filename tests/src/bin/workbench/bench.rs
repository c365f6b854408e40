//! The benchmark: each workload against the yardstick in the same run, as a Markdown table.
//!
//! The figures depend on the machine; the ratios are what to quote. Each row is the median of
//! [`RUNS`] pairs, product and yardstick in turn.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::Outcome;
use crate::bench_amplified;
use crate::output::say;
use crate::process::{Api, Usage, measure, program};

/// Pairs of runs a row.
const RUNS: usize = 5;

/// One workload.
struct Workload {
    name: &'static str,
    /// The demo API's arguments.
    api: &'static [&'static str],
    /// The yardstick's style and the stream's path with its fixed query.
    yardstick: Option<(&'static str, &'static str)>,
    /// The stream's settings in the source file.
    stream: &'static str,
    runs: usize,
}

const CURSOR: &str = "records: results, pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: SIZE }, total: { body: total } }";

/// A stream that is read once for each record of [`PARENTS`].
const CHILDREN: &str =
    "path: '/s/{{ parent.id }}', records: results, concurrency: 16, parent: { stream: p, fields: [id] }";
const PARENTS: &str = "p: { path: /p, records: results, pagination: { type: offset, send: { query: offset }, page_size: { query: limit, value: 100 } } }";

/// The workloads, in the order of the table.
fn workloads() -> [Workload; 12] {
    let cursor = |name, api, yardstick, stream, runs| Workload { name, api, yardstick, stream, runs };
    [
        cursor(
            "100,000 CRM records by cursor, 100 a page",
            &["--stream", "s=cursor:crm:100000"],
            Some(("cursor", "/s?limit=100")),
            "100",
            RUNS,
        ),
        cursor(
            "500,000 small records by cursor, 1,000 a page",
            &["--stream", "s=cursor:small:500000"],
            Some(("cursor", "/s?limit=1000")),
            "1000",
            RUNS,
        ),
        Workload {
            name: "2,000 pages of 20 ms by offset, concurrency 32",
            api: &["--latency", "20ms", "--stream", "s=offset:crm:200000"],
            yardstick: Some(("offset", "/s?limit=100")),
            stream: "records: results, concurrency: 32, pagination: { type: offset, send: { query: offset }, page_size: { query: limit, value: 100 }, total: { body: total } }",
            runs: RUNS,
        },
        Workload {
            name: "one page of 1 GB",
            api: &["--stream", "s=single:crm:920000"],
            yardstick: Some(("single", "/s?")),
            stream: "records: results",
            runs: 3,
        },
        Workload { name: "100,000 CRM records by offset, as NDJSON", stream: FILES, ..table(RUNS) },
        Workload { name: "the same into a table", stream: TABLE, ..table(RUNS) },
        Workload { name: "the same into a table with 5 columns", stream: COLUMNS, ..table(RUNS) },
        Workload {
            name: "one page of 1 GB into a table",
            api: &["--stream", "s=single:crm:920000"],
            stream: "records: results, output: { table: t }",
            ..table(1)
        },
        cursor("memory at 25,000 CRM records", &["--stream", "s=cursor:crm:25000"], None, "100", 1),
        cursor("memory at 200,000 CRM records", &["--stream", "s=cursor:crm:200000"], None, "100", 1),
        cursor(
            "memory at 1,000 parents of 10 records",
            &["--stream", "p=offset:small:1000", "--stream", "s=single:small:10"],
            None,
            CHILDREN,
            1,
        ),
        cursor(
            "memory at 20,000 parents of 10 records",
            &["--stream", "p=offset:small:20000", "--stream", "s=single:small:10"],
            None,
            CHILDREN,
            1,
        ),
    ]
}

/// Pages of 110 KB, compared with each other.
const FILES: &str = "records: results, pagination: { type: offset, send: { query: offset }, page_size: { query: limit, value: 100 }, total: { body: total } }";
const TABLE: &str = "records: results, pagination: { type: offset, send: { query: offset }, page_size: { query: limit, value: 100 }, total: { body: total } }, output: { table: t }";
const COLUMNS: &str = "records: results, pagination: { type: offset, send: { query: offset }, page_size: { query: limit, value: 100 }, total: { body: total } }, output: { table: t, columns: [{ member: id, type: string }, { member: createdAt, type: timestamp }, { member: updatedAt, type: timestamp }, { member: archived, type: boolean }, { member: properties, type: string }] }";

fn table(runs: usize) -> Workload {
    Workload { name: "", api: &["--stream", "s=offset:crm:100000"], yardstick: None, stream: "", runs }
}

/// Runs every workload and prints the table.
pub(crate) fn run() -> Outcome {
    say("| workload | wall | CPU | peak RSS | yardstick wall | CPU | wall ratio | CPU ratio |");
    say("|---|---|---|---|---|---|---|---|");
    for workload in workloads() {
        let folder = tempfile::tempdir()?;
        let api = Api::start(workload.api)?;
        row(&workload, &api.base_url, folder.path())?;
    }
    bench_amplified::run()?;
    start_up()
}

fn row(workload: &Workload, base_url: &str, folder: &Path) -> Outcome {
    let settings = match workload.stream.parse::<u64>() {
        Ok(size) => CURSOR.replace("SIZE", &size.to_string()),
        Err(_) => workload.stream.to_owned(),
    };
    let stream = match settings.strip_prefix("path:") {
        Some(_) => format!("{PARENTS}\n  s: {{ {settings} }}"),
        None => format!("s: {{ path: /s, {settings} }}"),
    };
    let file = format!("source: bench\nbase_url: {base_url}\nstreams:\n  {stream}\n");
    std::fs::write(folder.join("bench.yaml"), file)?;
    let mut product = Vec::new();
    let mut yardstick = Vec::new();
    for run in 0..=workload.runs {
        let target = TempDir::new_in(folder)?;
        let mut command = ingest(folder, target.path())?;
        if settings.contains("table:") {
            command.arg("--tables").arg(target.path().join("tables"));
        }
        let usage = measure(command.args(["run", "bench/s"]))?;
        let compared = match workload.yardstick {
            Some((style, path)) => Some(measure(
                Command::new(std::env::current_exe()?)
                    .args(["yardstick", style, &format!("{base_url}{path}")])
                    .arg(target.path().join("bodies")),
            )?),
            None => None,
        };
        // The first pair warms up.
        if run > 0 {
            product.push(usage);
            yardstick.extend(compared);
        }
    }
    say(&line(workload.name, &product, &yardstick));
    Ok(())
}

fn start_up() -> Outcome {
    let folder = tempfile::tempdir()?;
    let api = Api::start(&["--stream", "s=single:small:1"])?;
    std::fs::write(
        folder.path().join("bench.yaml"),
        format!(
            "source: bench\nbase_url: {}\nstreams:\n  s: {{ path: /s, records: results }}\n",
            api.base_url
        ),
    )?;
    for (name, arguments) in [
        ("`bronzegate --version`", vec!["--version"]),
        ("`bronzegate check`, one file", vec!["check", "bench"]),
    ] {
        let mut runs = Vec::new();
        for _ in 0..20 {
            let mut command = if arguments.len() == 1 {
                Command::new(program("bronzegate")?)
            } else {
                ingest(folder.path(), folder.path())?
            };
            runs.push(measure(command.args(&arguments))?);
        }
        say(&line(name, &runs, &[]));
    }
    Ok(())
}

pub(crate) fn ingest(sources: &Path, target: &Path) -> Result<Command, Box<dyn std::error::Error>> {
    let mut command = Command::new(program("bronzegate")?);
    command.env("BRONZEGATE_SOURCES", sources).env("BRONZEGATE_TARGET", target.join("bronze"));
    Ok(command)
}

pub(crate) fn line(name: &str, product: &[Usage], yardstick: &[Usage]) -> String {
    let of = |runs: &[Usage], figure: fn(&Usage) -> f64| median(runs.iter().map(figure).collect());
    let pairs = |figure: fn(&Usage) -> f64| {
        median(product.iter().zip(yardstick).map(|(a, b)| figure(a) / figure(b)).collect())
    };
    let time = |seconds: Option<f64>| match seconds {
        None => "–".to_owned(),
        Some(seconds) if seconds < 0.1 => format!("{:.1} ms", seconds * 1000.0),
        Some(seconds) => format!("{seconds:.2} s"),
    };
    let ratio = |ratio: Option<f64>| ratio.map_or_else(|| "–".to_owned(), |ratio| format!("{ratio:.2}x"));
    let rss = product.iter().map(|usage| usage.rss).fold(0.0, f64::max);
    format!(
        "| {name} | {} | {} | {rss:.1} MiB | {} | {} | {} | {} |",
        time(of(product, |usage| usage.wall)),
        time(of(product, |usage| usage.cpu)),
        time(of(yardstick, |usage| usage.wall)),
        time(of(yardstick, |usage| usage.cpu)),
        ratio(pairs(|usage| usage.wall)),
        ratio(pairs(|usage| usage.cpu)),
    )
}

fn median(mut figures: Vec<f64>) -> Option<f64> {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied()
}
