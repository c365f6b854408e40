//! Bodies of JSON, lines and comma-separated values, drawn and then damaged, against other parsers.

use std::io::Write as _;
use std::time::Duration;

use bronzegate_core::report::{RunReport, Status};
use bronzegate_demo_api::{Fault, FaultKind, Shape, Stream, Style, When};
use fastrand::Rng;
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use super::Outcome;
use super::mutation::{NUMBERS, mutated};
use super::told::{Told, is_tellable};
use crate::{Bench, one_stream};

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Json,
    Lines,
    Table,
}

const DICTIONARY: [&str; 34] = [
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "\\ud83d\\ude00",
    "\u{0}",
    "\u{feff}",
    "é",
    "\u{2028}",
    "null",
    "true",
    "1e999",
    "-0.0",
    "01",
    "\"results\":[",
    "\"results\":null,",
    "{\"_batch_id\":1}",
    "[[[[[[[[",
    "\r\n",
    "\n",
    "\r",
    "\t",
    ";",
    "\"\"",
    "\"a\nb\"",
    "\u{85}",
    "//",
    "\u{fffd}",
];

pub(super) async fn case(mut random: Rng, _: Told) -> Outcome {
    let kind =
        *random.choice([Kind::Json, Kind::Json, Kind::Lines, Kind::Table].iter()).expect("there are some");
    let whole = match kind {
        Kind::Json => document(&mut random),
        Kind::Lines => (0..random.usize(0..20)).map(|_| value(&mut random, 2).to_string() + "\n").collect(),
        Kind::Table => table(&mut random),
    };
    let body = if random.u8(..4) == 0 {
        whole.into_bytes()
    } else {
        mutated(whole.as_bytes(), &DICTIONARY, &mut random)
    };
    let is_packed = random.u8(..5) == 0;
    let sent = if is_packed { packed(&body, &mut random) } else { body.clone() };
    let (settings, content_type) = match kind {
        Kind::Json => ("records: results", "application/json"),
        Kind::Lines => ("records: $\nformat: ndjson", "application/x-ndjson"),
        Kind::Table => ("records: $\nformat: csv", "text/csv"),
    };
    let fault =
        FaultKind::RawBody { content_type: content_type.to_owned(), body: sent.clone().into(), status: 200 };
    let yaml =
        format!("retry: {{ base: 1ms, max: 2ms, max_attempts: 2 }}\n{}", one_stream("items", settings));
    let stream = Stream::new("items", Style::Single, Shape::Small, 3);
    let bench =
        Bench::new(vec![stream], vec![Fault::new("items", When::Request(1), fault).always()], &yaml).await;
    let report = bench.run_within("items", Duration::from_secs(20)).await;
    is_tellable(&report)?;
    let shown = || format!("{:?}: {report:?}", String::from_utf8_lossy(&body));
    if report.status != Status::Complete {
        let is_fine = kind == Kind::Json && !is_packed && is_a_page(&body);
        return if is_fine { Err(format!("refused: {}", shown())) } else { Ok("refused") };
    }
    // What was damaged as a packed file may still be one.
    let Some(body) = (if is_packed { unpacked(&sent) } else { Some(body.clone()) }) else {
        return Err(format!("a damaged file was taken: {}", shown()));
    };
    match kind {
        Kind::Json => held_against(results(&body), &bench, &report),
        Kind::Lines => held_against(lines(&body), &bench, &report),
        Kind::Table => held_against(rows(&body), &bench, &report),
    }
    .map_err(|why| format!("{why}: {}", shown()))?;
    Ok("accepted")
}

/// What landed is what another parser reads, as far as that reads it.
fn held_against(
    read: Result<Option<Vec<Value>>, String>,
    bench: &Bench,
    report: &RunReport,
) -> Result<(), String> {
    let Some(expected) = read? else { return Ok(()) };
    if report.counts.records != expected.len() as u64 {
        return Err(format!("{} records of {}", report.counts.records, expected.len()));
    }
    for (line, expected) in bench.lines("items").iter().zip(&expected) {
        let is_plain =
            expected.as_object().is_some_and(|members| members.keys().all(|name| !name.starts_with('_')));
        let mut landed: Value = serde_json::from_str(line).map_err(|error| format!("{line}: {error}"))?;
        if let Some(members) = landed.as_object_mut() {
            members.retain(|name, _| !name.starts_with('_'));
        }
        if is_plain && landed != *expected {
            return Err(format!("{line} is not {expected}"));
        }
    }
    Ok(())
}

#[derive(serde::Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    results: Vec<&'a RawValue>,
}

/// Whether it is JSON with one list of objects; a member of that name twice is none.
fn is_a_page(body: &[u8]) -> bool {
    let Ok(page) = serde_json::from_slice::<Page>(body) else { return false };
    page.results.iter().all(|record| record.get().starts_with('{'))
        && serde_json::from_slice::<Value>(body).is_ok()
}

fn results(body: &[u8]) -> Result<Option<Vec<Value>>, String> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    serde_json::from_slice::<&RawValue>(body).map_err(|error| format!("no JSON was taken ({error})"))?;
    // Numbers of any size and lone surrogates are JSON, which no `Value` holds.
    let Ok(value) = serde_json::from_slice::<Value>(body) else { return Ok(None) };
    value
        .get("results")
        .and_then(Value::as_array)
        .cloned()
        .map(Some)
        .ok_or_else(|| "there is no list".to_owned())
}

fn lines(body: &[u8]) -> Result<Option<Vec<Value>>, String> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let lines = body.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let mut values = Some(Vec::new());
    for line in lines {
        serde_json::from_slice::<&RawValue>(line).map_err(|error| format!("no line was taken ({error})"))?;
        match (serde_json::from_slice(line), &mut values) {
            (Ok(value), Some(values)) => values.push(value),
            _ => values = None,
        }
    }
    Ok(values)
}

fn rows(body: &[u8]) -> Result<Option<Vec<Value>>, String> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut reader = csv::ReaderBuilder::new().from_reader(body);
    let names = reader.headers().map_err(|error| error.to_string())?.clone();
    let row = |row: csv::Result<csv::StringRecord>| {
        let row = row.map_err(|error| error.to_string())?;
        let members = names.iter().zip(&row).map(|(name, field)| (name.to_owned(), Value::from(field)));
        Ok::<_, String>(Value::Object(members.collect::<Map<_, _>>()))
    };
    reader.records().map(row).collect::<Result<_, _>>().map(Some)
}

fn document(random: &mut Rng) -> String {
    let records: Vec<_> = (0..random.usize(0..12)).map(|_| value(random, 3)).collect();
    let mut document = Map::new();
    for name in ["next", "results", "meta"] {
        if name == "results" {
            document.insert(name.to_owned(), records.clone().into());
        } else if random.bool() {
            document.insert(name.to_owned(), value(random, 2));
        }
    }
    Value::from(document).to_string()
}

/// An object with members of every kind.
fn value(random: &mut Rng, depth: usize) -> Value {
    let member = |random: &mut Rng| match random.u8(..8) {
        0 if depth > 0 => value(random, depth - 1),
        1 if depth > 0 => (0..random.usize(0..4)).map(|_| value(random, depth - 1)).collect(),
        2 => Value::Null,
        3 => random.bool().into(),
        4 => random.i64(..).into(),
        5 => random.f64().into(),
        _ => text(random).into(),
    };
    (0..random.usize(0..6)).map(|nth| (format!("m{nth}{}", text(random)), member(random))).collect()
}

fn text(random: &mut Rng) -> String {
    let char = |random: &mut Rng| match random.u8(..6) {
        0 => random.char(..),
        1 => *random.choice(['"', '\\', '\n', ',', '\u{7f}', 'é'].iter()).expect("some"),
        _ => random.alphanumeric(),
    };
    (0..random.usize(0..12)).map(|_| char(random)).collect()
}

fn table(random: &mut Rng) -> String {
    let columns = random.usize(1..6);
    let mut table = (0..columns).map(|nth| format!("c{nth}")).collect::<Vec<_>>().join(",");
    let end = if random.bool() { "\r\n" } else { "\n" };
    for _ in 0..random.usize(0..20) {
        table.push_str(end);
        let field = |random: &mut Rng| match random.u8(..4) {
            0 => format!("\"{}\"", text(random).replace('"', "\"\"")),
            1 => (*random.choice(NUMBERS.iter()).expect("some")).to_owned(),
            _ => text(random).chars().filter(|char| !"\"\r\n,".contains(*char)).collect::<String>() + "x",
        };
        table.push_str(&(0..columns).map(|_| field(random)).collect::<Vec<_>>().join(","));
    }
    table + end
}

fn packed(body: &[u8], random: &mut Rng) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).expect("memory takes it");
    let packed = encoder.finish().expect("memory takes it");
    if random.bool() { mutated(&packed, &["\u{1f}", "PK"], random) } else { packed }
}

fn unpacked(packed: &[u8]) -> Option<Vec<u8>> {
    if !packed.starts_with(b"\x1f\x8b\x08") {
        return Some(packed.to_vec());
    }
    let mut body = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(packed), &mut body).ok()?;
    Some(body)
}
