//! The benchmark: each workload against the yardstick in the same run, as a Markdown table.
//!
//! The figures depend on the machine; the ratios are what to quote. Each row is the median of
//! [`RUNS`] pairs, product and yardstick in turn.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::Outcome;
use crate::bench_amplified;
use crate::bench_twins;
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
    stream: String,
    runs: usize,
}

/// A stream by cursor, `limit` records a page.
fn by_cursor(limit: u32, output: &str) -> String {
    format!(
        "records: results, pagination: {{ type: cursor, next: {{ body: paging.next.after }}, send: {{ query: after }}, \
         page_size: {{ query: limit, value: {limit} }}, total: {{ body: total }} }}{output}"
    )
}

const CRM: &[&str] = &["--stream", "s=cursor:crm:100000"];
const SMALL: &[&str] = &["--stream", "s=cursor:small:500000"];

/// The workloads, in the order of the table.
fn workloads() -> Vec<Workload> {
    let mut all = cursors();
    all.extend([
        Workload {
            name: "2,000 pages of 20 ms by offset, concurrency 32",
            api: &["--latency", "20ms", "--stream", "s=offset:crm:200000"],
            yardstick: Some(("offset", "/s?limit=100")),
            stream: format!("concurrency: 32, {OFFSET}"),
            runs: RUNS,
        },
        Workload {
            name: "one page of 1 GB",
            api: &["--stream", "s=single:crm:920000"],
            yardstick: Some(("single", "/s?")),
            stream: "records: results".to_owned(),
            runs: 3,
        },
    ]);
    all.extend(tables());
    all.extend(memory());
    all
}

/// One page after the other: each row against a yardstick of its own.
fn cursors() -> Vec<Workload> {
    const GZIP: &[&str] = &["--gzip", "--stream", "s=cursor:crm:100000"];
    let row = |name, api, limit, output, style, path| Workload {
        name,
        api,
        yardstick: Some((style, path)),
        stream: by_cursor(limit, output),
        runs: RUNS,
    };
    let (crm, small) = ("/s?limit=100", "/s?limit=1000");
    let (gzip, zstd) = (", output: { compression: gzip }", ", output: { compression: zstd }");
    vec![
        row("100,000 CRM records by cursor, 100 a page", CRM, 100, "", "cursor", crm),
        row("the same against a bare splice", CRM, 100, "", "splice", crm),
        row("500,000 small records by cursor, 1,000 a page", SMALL, 1000, "", "cursor", small),
        row("the same against a bare splice", SMALL, 1000, "", "splice", small),
        row("CRM in gzip responses, against decompressing alone", GZIP, 100, "", "unpacked", crm),
        row("CRM into gzip parts, against compressing alone", CRM, 100, gzip, "splice-gzip", crm),
        row("CRM into zstd parts, against compressing alone", CRM, 100, zstd, "splice-zstd", crm),
    ]
}

const OFFSET: &str = "records: results, pagination: { type: offset, send: { query: offset }, page_size: { query: limit, value: 100 }, total: { body: total } }";

/// Pages of 110 KB, compared with each other.
fn tables() -> [Workload; 4] {
    const COLUMNS: &str = "{ member: id, type: string }, { member: createdAt, type: timestamp }, { member: updatedAt, type: timestamp }, { member: archived, type: boolean }, { member: properties, type: string }";
    let row = |name, stream| Workload {
        name,
        api: &["--stream", "s=offset:crm:100000"],
        yardstick: None,
        stream,
        runs: RUNS,
    };
    [
        row("100,000 CRM records by offset, as NDJSON", OFFSET.to_owned()),
        row("the same into a table", format!("{OFFSET}, output: {{ table: t }}")),
        row(
            "the same into a table with 5 columns",
            format!("{OFFSET}, output: {{ table: t, columns: [{COLUMNS}] }}"),
        ),
        Workload {
            name: "one page of 1 GB into a table",
            api: &["--stream", "s=single:crm:920000"],
            yardstick: None,
            stream: "records: results, output: { table: t }".to_owned(),
            runs: 1,
        },
    ]
}

/// A stream that is read once for each record of [`PARENTS`].
const CHILDREN: &str =
    "path: '/s/{{ parent.id }}', records: results, concurrency: 16, parent: { stream: p, fields: [id] }";
const PARENTS: &str = "p: { path: /p, records: results, pagination: { type: offset, send: { query: offset }, page_size: { query: limit, value: 100 } } }";

/// What is measured once, for its peak.
fn memory() -> [Workload; 4] {
    let row = |name, api, stream| Workload { name, api, yardstick: None, stream, runs: 1 };
    [
        row("memory at 25,000 CRM records", &["--stream", "s=cursor:crm:25000"], by_cursor(100, "")),
        row("memory at 200,000 CRM records", &["--stream", "s=cursor:crm:200000"], by_cursor(100, "")),
        row(
            "memory at 1,000 parents of 10 records",
            &["--stream", "p=offset:small:1000", "--stream", "s=single:small:10"],
            CHILDREN.to_owned(),
        ),
        row(
            "memory at 20,000 parents of 10 records",
            &["--stream", "p=offset:small:20000", "--stream", "s=single:small:10"],
            CHILDREN.to_owned(),
        ),
    ]
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
    bench_twins::run()?;
    bench_twins::splitter()?;
    bench_amplified::run()?;
    start_up()
}

fn row(workload: &Workload, base_url: &str, folder: &Path) -> Outcome {
    let settings = &workload.stream;
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
