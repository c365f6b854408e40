//! Rows of the benchmark that compare the product with itself: the same records read in two ways, in turn.

use std::process::Command;

use bronzegate_demo_api::Shape;
use bytes::Bytes;

use crate::Outcome;
use crate::bench::{ingest, line};
use crate::output::say;
use crate::process::{Api, Usage, measure};

/// Two ways to read the same records.
struct Twins {
    name: &'static str,
    api: &'static [&'static str],
    /// What the source file says of other streams, and the settings of stream `s`.
    streams: [String; 2],
    /// What the program is told, for each.
    commands: [&'static [&'static str]; 2],
    runs: usize,
}

const RUN: &[&str] = &["run", "bench/s"];
const KEYED: &str = ", incremental: { cursor: updatedAt, format: rfc3339, start: 2020-01-01, key: id }";
const SNAPSHOT: &str = "";
const CURSOR: &str = "pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 100 }, total: { body: total } }";
const OFFSET: &str = "pagination: { type: offset, send: { query: offset }, page_size: { query: limit, value: 100 }, total: { body: total } }";
/// A backfill of 30 windows, so many at once.
const fn backfill(at_once: &'static str) -> [&'static str; 10] {
    const DATES: [&str; 6] = ["--from", "2024-01-01", "--to", "2024-10-27", "--window", "10d"];
    let [from, begin, to, end, window, length] = DATES;
    ["backfill", "bench/s", from, begin, to, end, window, length, "--parallel", at_once]
}

/// The rows, in the order of the table.
fn twins() -> Vec<Twins> {
    let streams = |settings: &str| {
        [KEYED, SNAPSHOT].map(|more| format!("s: {{ path: /s, records: results, {settings}{more} }}"))
    };
    let children = [KEYED, SNAPSHOT].map(|more| {
        format!(
            "p: {{ path: /p, records: results, {OFFSET} }}\n  \
             s: {{ path: '/s/{{{{ parent.id }}}}', records: results, concurrency: 16, parent: {{ stream: p, fields: [id] }}{more} }}"
        )
    });
    let windows = || format!("s: {{ path: /s, records: results{KEYED} }}");
    let against_snapshot =
        |name, api| Twins { name, api, streams: streams(CURSOR), commands: [RUN, RUN], runs: 5 };
    vec![
        against_snapshot(
            "100,000 CRM records, incremental with `key`, against a snapshot",
            &["--stream", "s=cursor:crm:100000"],
        ),
        against_snapshot(
            "10,000 records of 8 KB, incremental with `key`, against a snapshot",
            &["--stream", "s=cursor:wide:10000"],
        ),
        Twins {
            name: "2 records each of 100,000 parents, incremental with `key`, against a snapshot",
            api: &["--stream", "p=offset:small:100000", "--stream", "s=single:small:2"],
            streams: children,
            commands: [RUN, RUN],
            runs: 1,
        },
        Twins {
            name: "30 windows of one page of 50 ms, 8 at once, against one after the other",
            api: &["--latency", "50ms", "--stream", "s=single:small:100"],
            streams: [windows(), windows()],
            commands: [const { &backfill("8") }, const { &backfill("1") }],
            runs: 3,
        },
    ]
}

/// Measures every pair and prints its row.
pub(crate) fn run() -> Outcome {
    for twins in twins() {
        let api = Api::start(twins.api)?;
        let mut figures = [Vec::new(), Vec::new()];
        for run in 0..=twins.runs {
            for (nth, figures) in figures.iter_mut().enumerate() {
                let usage = once(&api.base_url, &twins.streams[nth], twins.commands[nth])?;
                // The first pair warms up.
                if run > 0 {
                    figures.push(usage);
                }
            }
        }
        say(&line(twins.name, &figures[0], &figures[1]));
    }
    Ok(())
}

fn once(base_url: &str, streams: &str, arguments: &[&str]) -> Result<Usage, Box<dyn std::error::Error>> {
    let folder = tempfile::tempdir()?;
    let file = format!("source: bench\nbase_url: {base_url}\nstreams:\n  {streams}\n");
    std::fs::write(folder.path().join("bench.yaml"), file)?;
    let mut command: Command = ingest(folder.path(), folder.path())?;
    measure(command.args(arguments))
}

/// The splitter alone, on one thread: how fast it reads pages of records that are in memory.
#[expect(clippy::disallowed_methods, reason = "a benchmark measures the machine's own time")]
pub(crate) fn splitter() -> Outcome {
    const ROUNDS: usize = 40;
    /// As they arrive.
    const CHUNK: usize = 64 << 10;
    for (name, shape, records) in [("CRM", Shape::Crm, 5_000), ("small", Shape::Small, 30_000)] {
        let records: Vec<_> = (0..records).map(|nth| bronzegate_demo_api::record(1, shape, nth)).collect();
        let body =
            [&b"{\"results\":["[..], &records.join(&b","[..]), b"],\"paging\":{\"next\":{\"after\":\"x\"}}}"]
                .concat();
        let body = Bytes::from(body);
        let mut best = f64::INFINITY;
        for _ in 0..ROUNDS {
            let began = std::time::Instant::now();
            let found = bronzegate_core::records_of(&body, &["results".to_owned()], CHUNK)?;
            best = best.min(began.elapsed().as_secs_f64());
            if found != records.len() as u64 {
                return Err(format!("{found} records of {}", records.len()).into());
            }
        }
        say(&format!(
            "| the splitter alone, {name} records | {:.2} GB/s, the best of {ROUNDS} | | | | | | |",
            body.len() as f64 / best / 1e9
        ));
    }
    Ok(())
}
