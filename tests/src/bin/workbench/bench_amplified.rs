//! Memory where a small body becomes much: each way found, as rows of the benchmark's table.

use std::io::Write as _;
use std::path::Path;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::Outcome;
use crate::bench::{ingest, line};
use crate::output::say;
use crate::process::{Api, measure_ending};

/// A small body, or two.
struct Amplified {
    name: &'static str,
    /// How the stream is read, `s: { path: /s, … }`, and its parent if it has one.
    streams: &'static str,
    /// What each stream of the API answers, by its name.
    answers: Vec<(&'static str, Value)>,
    /// The exit code of the run.
    ends_with: i32,
}

fn amplified() -> std::io::Result<Vec<Amplified>> {
    const TABLE: &str = "s: { path: /s, records: $ }";
    const RESULTS: &str = "s: { path: /s, records: results }";
    let members = vec!["\"_batch_id\":1"; 8_000].join(",");
    let mut spaces = GzEncoder::new(Vec::new(), Compression::best());
    spaces.write_all(&vec![b' '; 400 << 20])?;
    let rows = format!("{}\n{}", "n".repeat(100_000), "1\n".repeat(40_000));
    let parent = format!("{{\"results\":[{{\"id\":\"{}\"}}]}}", "x".repeat(4_000));
    let children = format!("{{\"results\":[{}1]}}", "1,".repeat(30_000));
    Ok(vec![
        Amplified {
            name: "memory at a header of 100 KB and 40,000 rows",
            streams: TABLE,
            answers: vec![("s", answer("text/csv", rows.as_bytes(), None))],
            ends_with: 6,
        },
        Amplified {
            name: "memory at a row of 12 MB of control characters",
            streams: TABLE,
            answers: vec![(
                "s",
                answer("text/csv", format!("a\n{}\n", "\u{1}".repeat(12 << 20)).as_bytes(), None),
            )],
            ends_with: 6,
        },
        Amplified {
            name: "memory at 30,000 records below a parent of 4 KB",
            streams: "p: { path: /p, records: results }\n  s: { path: /s, params: { of: '{{ parent.id }}' }, records: results, parent: { stream: p, fields: [id] } }",
            answers: vec![
                ("p", answer("application/json", parent.as_bytes(), None)),
                ("s", answer("application/json", children.as_bytes(), None)),
            ],
            ends_with: 0,
        },
        Amplified {
            name: "memory at 8,000 members to be renamed",
            streams: RESULTS,
            answers: vec![(
                "s",
                answer("application/json", format!("{{\"results\":[{{{members}}}]}}").as_bytes(), None),
            )],
            ends_with: 0,
        },
        Amplified {
            name: "memory at 400 MB of spaces in 400 KB of gzip",
            streams: RESULTS,
            answers: vec![("s", answer("application/json", &spaces.finish()?, Some("gzip")))],
            ends_with: 6,
        },
    ])
}

/// A fault of the demo API that answers with this body.
fn answer(content_type: &str, body: &[u8], coding: Option<&str>) -> Value {
    let headers: Vec<_> = coding.iter().map(|coding| json!(["content-encoding", coding])).collect();
    let body = json!({ "base64": BASE64_STANDARD.encode(body) });
    json!({ "status": { "code": 200, "body": body, "headers": headers, "content_type": content_type } })
}

/// Runs each of them and prints its row.
pub(crate) fn run() -> Outcome {
    for amplified in amplified()? {
        let folder = tempfile::tempdir()?;
        row(&amplified, folder.path())?;
    }
    Ok(())
}

fn row(amplified: &Amplified, folder: &Path) -> Outcome {
    let rule = |(stream, kind): &(&str, Value)| json!({ "stream": stream, "at": { "every": 1 }, "times": u32::MAX, "kind": kind });
    let faults: Vec<_> = amplified.answers.iter().map(rule).collect();
    let file = folder.join("faults.json");
    std::fs::write(&file, serde_json::to_vec(&faults)?)?;
    let file = file.display().to_string();
    let api =
        Api::start(&["--faults", &file, "--stream", "s=single:small:1", "--stream", "p=single:small:1"])?;
    let text = format!("source: bench\nbase_url: {}\nstreams:\n  {}\n", api.base_url, amplified.streams);
    std::fs::write(folder.join("bench.yaml"), text)?;
    let usage = measure_ending(ingest(folder, folder)?.args(["run", "bench/s"]), amplified.ends_with)?;
    say(&line(amplified.name, &[usage], &[]));
    Ok(())
}
