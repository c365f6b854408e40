//! Pages in codings, in drops, and larger than memory likes; the parts and the lines they become.

use std::time::Duration;

use async_compression::tokio::bufread::{BrotliEncoder, GzipDecoder, GzipEncoder, ZstdDecoder, ZstdEncoder};
use bronzegate_core::error::ErrorKind;
use bronzegate_demo_api::{Fault, FaultKind, Framing, InvalidJson, Options, Shape, Stream, Style, When};
use bronzegate_tests::{Bench, SEED, expected, failure, one_stream, parts};
use tokio::io::{AsyncRead, AsyncReadExt as _};

use super::bodies::{RESULTS, is_refused, read, read_json, status_200};

async fn all(mut reader: impl AsyncRead + Unpin) -> Vec<u8> {
    let mut bytes = Vec::new();
    reader.read_to_end(&mut bytes).await.expect("the coding is whole");
    bytes
}

#[tokio::test]
async fn compressed_bodies_are_decompressed() {
    let body = format!("{{\"results\":[{}]}}", expected(Shape::Crm, 500).join(","));
    let body = body.as_bytes();
    let mut members = all(GzipEncoder::new(&body[..1_000])).await;
    members.extend(all(GzipEncoder::new(&body[1_000..])).await);
    let mut frames = all(ZstdEncoder::new(&body[..1_000])).await;
    frames.extend(all(ZstdEncoder::new(&body[1_000..])).await);
    for (coding, bytes) in [
        ("gzip", all(GzipEncoder::new(body)).await),
        ("x-gzip", members),
        ("br", all(BrotliEncoder::new(body)).await),
        ("zstd", all(ZstdEncoder::new(body)).await),
        ("zstd", frames),
        ("identity", body.to_vec()),
    ] {
        let whole = bytes.len();
        let kind = |bytes| status_200(&[("content-encoding", coding)], "application/json", bytes);
        let (bench, report) = read(kind(bytes.clone()), RESULTS).await;
        assert_eq!(report.error, None, "{coding}");
        assert_eq!(bench.records("items"), expected(Shape::Crm, 500), "{coding}");
        if coding != "identity" {
            // Damage counts as cut short: it is retried before it is told.
            let (bench, report) = read(kind(bytes[..whole - 9].to_vec()), RESULTS).await;
            assert_eq!((failure(&report).0, report.counts.retries), (ErrorKind::Api, 4), "{coding}");
            bench.assert_nothing_visible("items");
        }
    }
    let kind = status_200(&[("content-encoding", "compress")], "application/json", body.to_vec());
    is_refused(kind, RESULTS, "content encoding `compress` is not supported").await;
}

/// Lines do not show that some are missing.
#[tokio::test]
async fn lines_in_several_members_of_a_coding_are_all_read() {
    let halves = [expected(Shape::Small, 30), expected(Shape::Small, 60)[30..].to_vec()];
    let halves = halves.map(|half| half.join("\n") + "\n");
    let (mut members, mut frames) = (Vec::new(), Vec::new());
    for half in &halves {
        members.extend(all(GzipEncoder::new(half.as_bytes())).await);
        frames.extend(all(ZstdEncoder::new(half.as_bytes())).await);
    }
    for (coding, bytes) in [("gzip", members), ("zstd", frames)] {
        let kind = status_200(&[("content-encoding", coding)], "application/x-ndjson", bytes);
        let (bench, report) = read(kind, "records: $\nformat: ndjson").await;
        assert_eq!(report.error, None, "{coding}");
        assert_eq!(bench.records("items"), expected(Shape::Small, 60), "{coding}");
    }
}

#[tokio::test]
async fn an_api_that_compresses_lands_exactly() {
    let stream = Stream::new("items", Style::Cursor, Shape::Crm, 500).page_size(100);
    let options = Options { seed: SEED, streams: vec![stream.clone()], gzip: true, ..Options::default() };
    let settings = "records: results\npagination: { type: cursor, next: { body: paging.next.after }, send: { query: after } }";
    let bench = Bench::with(options, &one_stream("items", settings)).await;
    bench.assert_landed(&bench.run("items").await, &stream);
}

/// Three pages of some 13 MB each, more than is held until a page is known to be good.
fn large() -> Stream {
    Stream::new("items", Style::Cursor, Shape::Wide, 4_800).page_size(1_600)
}

const LARGE: &str = "records: results
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 1600 } }";

#[tokio::test]
async fn a_large_page_that_fails_late_leaves_no_trace_of_its_first_attempt() {
    let stream = large();
    let cut = |page, after_bytes, framing| {
        Fault::new("items", When::Page(page), FaultKind::CutBody { after_bytes, framing })
    };
    let faults = vec![
        cut(1, 9_500_000, Framing::Chunked),
        cut(2, 12_000_000, Framing::ContentLength).times(2),
        Fault::new("items", When::Page(3), FaultKind::InvalidJson(InvalidJson::Raw { body: "<".into() }))
            .times(0),
        cut(3, 1_000_000, Framing::Close),
    ];
    let settings = format!("{LARGE}\noutput: {{ max_part_bytes: 4MiB }}");
    let bench = Bench::one(stream.clone(), faults, &settings).await;
    let (report, _) = bench.run_waiting("items").await;
    bench.assert_landed(&report, &stream);
    assert_eq!(report.counts.retries, 4);
    let written = parts(&bench.target(), "demo", "items");
    assert_eq!(written.len(), report.parts.len());
    let bytes: u64 = written.iter().map(|part| part.metadata().unwrap().len()).sum();
    assert_eq!(bytes, report.counts.bytes);
    assert_no_leftovers(&bench);
}

#[tokio::test]
async fn a_large_page_that_never_becomes_whole_leaves_nothing() {
    let kind = FaultKind::CutBody { after_bytes: 12_000_000, framing: Framing::Chunked };
    let faults = vec![Fault::new("items", When::Page(2), kind).always()];
    let bench = Bench::one(large(), faults, &format!("{LARGE}\nretry: {{ max_attempts: 2 }}")).await;
    let (report, _) = bench.run_waiting("items").await;
    assert_eq!(failure(&report).0, ErrorKind::Api);
    bench.assert_nothing_visible("items");
    assert_no_leftovers(&bench);
    // Bad at its very end, after most of it was passed on.
    let mut whole = vec![b' '; 0];
    whole.extend_from_slice(
        format!("{{\"results\":[{}]}}x", expected(Shape::Wide, 1_500).join(",")).as_bytes(),
    );
    let (bench, report) = read_json(whole, RESULTS).await;
    assert_eq!(failure(&report).0, ErrorKind::Data);
    bench.assert_nothing_visible("items");
    assert_no_leftovers(&bench);
}

/// Data files are where readers look, or they are gone.
fn assert_no_leftovers(bench: &Bench) {
    let staged = bench.target().join("_bronzegate/staging");
    let left: Vec<_> = bench
        .everything()
        .into_iter()
        .filter(|(path, content)| path.starts_with(&staged) && !content.is_empty())
        .map(|(path, _)| path)
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[tokio::test]
async fn parts_roll_and_decode_to_the_same_lines() {
    let stream = Stream::new("items", Style::Cursor, Shape::Wide, 235).page_size(20);
    for (compression, extension) in [("none", "ndjson"), ("gzip", "ndjson.gz"), ("zstd", "ndjson.zst")] {
        let settings = format!(
            "records: results\noutput: {{ compression: {compression}, max_part_bytes: 20KiB }}\npagination: {{ type: cursor, next: {{ body: paging.next.after }}, send: {{ query: after }}, page_size: {{ query: limit, value: 20 }} }}"
        );
        let bench = Bench::one(stream.clone(), Vec::new(), &settings).await;
        let report = bench.run("items").await;
        assert_eq!(report.error, None);
        let files = parts(&bench.target(), "demo", "items");
        assert!(files.len() > 3, "{} parts", files.len());
        let mut records = Vec::new();
        for file in &files {
            assert!(file.to_str().unwrap().ends_with(extension), "{}", file.display());
            let bytes = std::fs::read(file).unwrap();
            let text = match compression {
                "gzip" => all(GzipDecoder::new(&bytes[..])).await,
                "zstd" => all(ZstdDecoder::new(&bytes[..])).await,
                _ => bytes,
            };
            let text = String::from_utf8(text).unwrap();
            assert!(text.ends_with('\n'));
            records.extend(
                text.lines().map(|line| format!("{}}}", &line[..line.rfind(",\"_ingested_at\"").unwrap()])),
            );
        }
        assert_eq!(records, expected(Shape::Wide, 235), "{compression}");
        let commit = &bench.commits("items")[0];
        assert_eq!(commit.parts.iter().map(|part| part.records).sum::<u64>(), 235);
        for (receipt, file) in commit.parts.iter().zip(&files) {
            assert!(file.ends_with(&receipt.path) && file.metadata().unwrap().len() == receipt.bytes);
        }
    }
}

#[tokio::test]
async fn a_body_in_drops_is_the_same_body() {
    let kind = FaultKind::SlowDrip { chunk_bytes: 7, every: Duration::from_micros(1) };
    let faults = vec![Fault::new("items", When::Request(1), kind).always()];
    let stream = Stream::new("items", Style::Cursor, Shape::Crm, 4).page_size(2);
    let settings = "records: results\npagination: { type: cursor, next: { body: paging.next.after }, send: { query: after } }";
    let bench = Bench::one(stream.clone(), faults, settings).await;
    bench.assert_landed(&bench.run("items").await, &stream);
}

#[tokio::test]
async fn every_line_bears_the_metadata_of_its_page() {
    let stream = Stream::new("items", Style::Cursor, Shape::Small, 30).page_size(10);
    let settings = "records: results\npagination: { type: cursor, next: { body: paging.next.after }, send: { query: after } }";
    let bench = Bench::one(
        stream,
        vec![Fault::new("items", When::Page(2), FaultKind::retry_after(429, "60.123"))],
        settings,
    )
    .await;
    let (report, _) = bench.run_waiting("items").await;
    assert_eq!(report.error, None);
    for (n, line) in bench.lines("items").iter().enumerate() {
        let arrived = if n < 10 { "2026-11-22T17:00:00.000Z" } else { "2026-11-22T17:01:00.123Z" };
        let tail = format!(
            r#","_ingested_at":"{arrived}","_source_system":"demo","_environment":"test","_batch_id":"20261122170000"}}"#
        );
        assert!(line.ends_with(&tail), "{line}");
    }
    assert_eq!(report.parts, ["demo/items/ingest_date=2026-11-22/20261122170000-s0001-p00001.ndjson"]);
}
