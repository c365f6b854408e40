//! `airbyte`: more than a hundred streams of a manifest, read with Airbyte's own runner and with what `import` makes of it, from
//! the same API. Both have to bring the same records.

mod records;
mod ways;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use bronzegate_core::report::Status;
use bronzegate_demo_api::{DemoApi, Options, Shape, Stream, Style};
use bronzegate_scaffold::airbyte;
use bronzegate_tests::{Bench, repository};
use serde_json::value::RawValue;

use self::records::canonical;
use self::ways::{WAYS, Way};
use super::{Outcome, output};

/// Records of a stream, and records of its pages.
const SIZES: [(u64, u64); 8] = [(0, 10), (1, 10), (9, 10), (10, 10), (11, 10), (30, 10), (47, 10), (47, 7)];

/// How many records the parents' list has.
const PARENTS: u64 = 3;

/// Reads all of them with both, and tells where they differ.
pub(super) fn run(python: &str) -> Outcome {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(compare(python))
}

async fn compare(python: &str) -> Outcome {
    let mut streams = vec![Stream::new("parents", Style::Single, Shape::Small, PARENTS)];
    for way in &WAYS {
        for (records, size) in SIZES {
            streams.push(way.list(name(way, records, size), records));
        }
    }
    let api = DemoApi::start(Options { seed: 7, streams, ..Options::default() }).await?;
    let manifest = manifest(&api.base_url());
    let folder = tempfile::tempdir()?;
    let (manifest_path, config_path) =
        (folder.path().join("manifest.yaml"), folder.path().join("config.json"));
    std::fs::write(&manifest_path, &manifest)?;
    std::fs::write(&config_path, "{}")?;
    let theirs = read(python, &manifest_path, &config_path)?;
    let options = airbyte::Options { name: "demo".to_owned(), ..airbyte::Options::default() };
    let report = airbyte::import(&manifest, &options, "2026-11-22T17:00:00Z".parse()?)?;
    let [source] = report.sources.as_slice() else {
        return Err(format!("not one source file\n{report}").into());
    };
    let bench = Bench::over(api, "demo", source.text.clone());
    let (mut same, mut differing) = (BTreeMap::<String, u32>::new(), Vec::new());
    for stream in &report.streams {
        let Some(place) = &stream.stream else {
            differing.push(format!("{}: {:?}", stream.name, stream.refused));
            continue;
        };
        let own = place.trim_start_matches("demo/");
        let run = bench.run(own).await;
        let mut ours: Vec<_> =
            bench.records(own).iter().map(|record| canonical(record)).collect::<Result<_, _>>()?;
        ours.sort();
        let mut wanted = theirs.get(&stream.name).cloned().unwrap_or_default();
        wanted.sort();
        if run.status == Status::Complete && ours == wanted {
            *same.entry(way_of(&stream.name).to_owned()).or_default() += 1;
        } else {
            let first = ours.iter().zip(&wanted).find(|(ours, wanted)| ours != wanted);
            differing.push(format!(
                "{}: {} records here, {} there; {:?}; {first:?}",
                stream.name,
                ours.len(),
                wanted.len(),
                run.error
            ));
        }
    }
    output::say("| way | streams that bring the same records |\n|---|---|");
    for way in &WAYS {
        output::say(&format!("| {} | {} of {} |", way.name, same.get(way.name).unwrap_or(&0), SIZES.len()));
    }
    let count: u32 = same.values().sum();
    output::say(&format!("{count} streams bring the same records, {} differ", differing.len()));
    if differing.is_empty() { Ok(()) } else { Err(differing.join("\n").into()) }
}

fn name(way: &Way, records: u64, size: u64) -> String {
    format!("{}_{records}_{size}", way.name)
}

/// The way of a stream's name.
fn way_of(name: &str) -> &str {
    name.rsplitn(3, '_').nth(2).unwrap_or(name)
}

fn manifest(base_url: &str) -> String {
    let mut text = format!(
        "version: 6.0.0\ntype: DeclarativeSource\ncheck: {{ type: CheckStream, stream_names: [offset_1_10] }}\ndefinitions:\n  parents:\n    type: DeclarativeStream\n    name: parents\n    \
         retriever:\n      type: SimpleRetriever\n      requester: {{ type: HttpRequester, url_base: \"{base_url}\", path: /parents }}\n      record_selector: {{ type: RecordSelector, \
         extractor: {{ type: DpathExtractor, field_path: [results] }} }}\n    schema_loader: {{ type: InlineSchemaLoader, schema: {{ type: object, properties: {{}} }} }}\nstreams:\n"
    );
    for way in &WAYS {
        for (records, size) in SIZES {
            let name = name(way, records, size);
            let path = way.records.replace("NAME", &name);
            let retriever = way.retriever(size);
            let _ = write!(
                text,
                "  - type: DeclarativeStream\n    name: {name}\n    retriever:\n      type: SimpleRetriever\n      {retriever}\n      record_selector: {{ type: RecordSelector, extractor: {{ type: DpathExtractor, field_path: [{path}] }} }}\n      \
                 requester:\n        type: HttpRequester\n        url_base: \"{base_url}\"\n        path: /{name}\n        {}\n    {}\n    schema_loader: {{ type: InlineSchemaLoader, schema: {{ type: object, properties: {{}} }} }}\n",
                way.requester, way.stream
            );
        }
    }
    text
}

/// The records of each stream as Airbyte's runner brings them.
fn read(
    python: &str,
    manifest: &Path,
    config: &Path,
) -> Result<BTreeMap<String, Vec<String>>, Box<dyn std::error::Error>> {
    let script = repository().join("tests/python/airbyte_read.py");
    let read = Command::new(python).arg(script).arg(manifest).arg(config).output()?;
    if !read.status.success() {
        return Err(format!("Airbyte's runner failed: {}", String::from_utf8_lossy(&read.stderr)).into());
    }
    let mut streams: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in String::from_utf8(read.stdout)?.lines().filter(|line| line.starts_with('{')) {
        let message: BTreeMap<&str, &RawValue> = serde_json::from_str(line)?;
        let name: String = message
            .get("stream")
            .map(|name| serde_json::from_str(name.get()))
            .transpose()?
            .unwrap_or_default();
        if let Some(error) = message.get("error") {
            output::warn(&format!("{name}: {error}"));
        } else if let Some(data) = message.get("data") {
            streams.entry(name).or_default().push(canonical(data.get())?);
        }
    }
    Ok(streams)
}
