//! Bodies of every shape: taken verbatim, or refused by name; and pages larger than memory likes.

use std::time::Duration;

use async_compression::tokio::bufread::{BrotliEncoder, GzipDecoder, GzipEncoder, ZstdDecoder, ZstdEncoder};
use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_demo_api::{
    Fault, FaultKind, Framing, InvalidJson, Options, Shape, Stream, Style, When, WrongShape,
};
use bronzegate_tests::{Bench, SEED, expected, failure, one_stream, parts};
use tokio::io::{AsyncRead, AsyncReadExt as _};

fn status_200(headers: &[(&str, &str)], content_type: &str, body: Vec<u8>) -> FaultKind {
    FaultKind::Status {
        code: 200,
        body: Some(body.into()),
        headers: headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
        content_type: Some(content_type.to_owned()),
    }
}

/// Reads a stream of one page with this body.
async fn read(kind: FaultKind, settings: &str) -> (Bench, RunReport) {
    let faults = vec![Fault::new("items", When::Request(1), kind).always()];
    let stream = Stream::new("items", Style::Single, Shape::Small, 3);
    let bench = Bench::one(stream, faults, settings).await;
    let (report, _) = bench.run_waiting("items").await;
    (bench, report)
}

async fn read_json(body: impl Into<Vec<u8>>, settings: &str) -> (Bench, RunReport) {
    read(status_200(&[], "application/json", body.into()), settings).await
}

/// The body holds these records, each shown without the metadata behind it.
async fn holds(body: impl Into<Vec<u8>>, settings: &str, records: &[&str]) {
    let body = body.into();
    let shown = String::from_utf8_lossy(&body[..body.len().min(300)]).into_owned();
    let (bench, report) = read_json(body, settings).await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None), "{shown}");
    assert_eq!(report.counts.records, records.len() as u64, "{shown}");
    let lines: Vec<_> = bench
        .lines("items")
        .into_iter()
        .map(|line| {
            line[..line.find("\"_ingested_at\":").expect("metadata")].trim_end_matches(',').to_owned()
        })
        .collect();
    assert_eq!(lines, records, "{shown}");
}

/// The body is bad data: told at once, and nothing of it is kept.
async fn is_refused(kind: FaultKind, settings: &str, why: &str) {
    let (bench, report) = read(kind.clone(), settings).await;
    let (error, message) = failure(&report);
    assert_eq!(error, ErrorKind::Data, "{message}");
    assert!(message.contains(why), "{message}");
    assert_eq!((report.counts.requests, report.counts.retries), (1, 0), "{message}");
    bench.assert_nothing_visible("items");
}

async fn json_is_refused(body: impl Into<Vec<u8>>, settings: &str, why: &str) {
    is_refused(status_200(&[], "application/json", body.into()), settings, why).await;
}

const RESULTS: &str = "records: results";
const ROOT: &str = "records: $";

#[tokio::test]
async fn a_list_that_is_not_where_the_file_says_is_refused_by_name() {
    let settings = "records: results
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after } }";
    let stream = || Stream::new("items", Style::Cursor, Shape::Small, 30).page_size(10);
    for (shape, found) in [
        (WrongShape::Absent, "nothing stands there; the body's members are: total, paging; if that"),
        (WrongShape::Null, "null stands there; the body's members are: results, total, paging; if that"),
        (WrongShape::Object, "an object stands there; the body's members are: results, total, paging"),
        (WrongShape::Scalar, "a scalar stands there; the body's members are: results, total, paging"),
    ] {
        let fault = || vec![Fault::new("items", When::Page(2), FaultKind::WrongShape(shape))];
        let bench = Bench::one(stream(), fault(), settings).await;
        let report = bench.run("items").await;
        let message = format!("demo/items, page 2: `records: results` should be an array, but {found}");
        let (kind, text) = failure(&report);
        assert!(kind == ErrorKind::Data && text.starts_with(&message), "{text}");
        assert_eq!(bench.stats("items").requests, 2);
        bench.assert_nothing_visible("items");

        let empty = settings.replace("records: results", "records: { at: results, if_absent: empty }");
        let bench = Bench::one(stream(), fault(), &empty).await;
        let report = bench.run("items").await;
        if matches!(shape, WrongShape::Absent | WrongShape::Null) {
            let all = expected(Shape::Small, 30);
            assert_eq!(report.error, None);
            assert_eq!(bench.records("items"), [&all[..10], &all[20..]].concat());
        } else {
            assert_eq!(failure(&report).0, ErrorKind::Data, "{shape:?}");
        }
    }
}

#[tokio::test]
async fn a_body_of_another_shape_than_the_whole_is_refused() {
    json_is_refused("42", ROOT, "`records: $` should be an array").await;
    json_is_refused("null", ROOT, "`records: $` should be an array").await;
    json_is_refused("\"text\"", ROOT, "`records: $` should be an array").await;
    json_is_refused("[]", RESULTS, "`records: results` should be an array").await;
    json_is_refused("true", RESULTS, "`records: results` should be an array").await;
    json_is_refused("{\"results\":{\"a\":[]}}", "records: results.b", "but nothing stands there").await;
    json_is_refused("{}", RESULTS, "but nothing stands there").await;
}

#[tokio::test]
async fn records_of_every_kind_are_kept() {
    holds(
        r#"{"results":[1.50,"a",null,true,[1,[2]],{},{ },{"a":1e400},-0]}"#,
        RESULTS,
        &[
            r#"{"_value":1.50"#,
            r#"{"_value":"a""#,
            r#"{"_value":null"#,
            r#"{"_value":true"#,
            r#"{"_value":[1,[2]]"#,
            "{",
            "{",
            r#"{"a":1e400"#,
            r#"{"_value":-0"#,
        ],
    )
    .await;
    holds(r#"{"results":[]}"#, RESULTS, &[]).await;
    holds("[]", ROOT, &[]).await;
    // An object is one record.
    holds(r#"{"a":{"b":[1]}}"#, ROOT, &[r#"{"a":{"b":[1]}"#]).await;
    holds(r#"{"a":{"b":[1, {"c":2}]}}"#, "records: a.b", &[r#"{"_value":1"#, r#"{"c":2"#]).await;
    holds(r#"{"a/b":[{"x":1}]}"#, "records: /a~1b", &[r#"{"x":1"#]).await;
}

#[tokio::test]
async fn a_record_over_several_lines_becomes_one() {
    let pretty = "{\r\n  \"results\": [\r\n    {\r\n      \"a\": [\n1,\t2 ],\r\n      \"b\": \"x\\ny\"\r\n    },\r\n    {\n}\r\n  ]\r\n}\r\n";
    holds(pretty, RESULTS, &["{      \"a\": [1,\t2 ],      \"b\": \"x\\ny\"    ", "{"]).await;
}

#[tokio::test]
async fn what_json_allows_is_kept_as_it_is() {
    for record in [
        r#"{"a":1,"a":2"#,
        r#"{"lone":"\ud800","low":"\udc00x","pair":"\ud83d\ude00""#,
        "{\"é\":\"€\u{10ffff}\u{2028}\",\"del\":\"\u{7f}\"",
        r#"{"n":123456789012345678901234567890.000100E+05"#,
        r#"{"quote":"\"],{}[\\""#,
        r#"{"":"""#,
    ] {
        holds(format!("{{\"results\":[{record}}}]}}"), RESULTS, &[record]).await;
        holds(format!("\u{feff}{{\"x\":{{}},\"results\":[{record}}}]}}"), RESULTS, &[record]).await;
        holds(format!("[{record}}}]"), ROOT, &[record]).await;
    }
}

#[tokio::test]
async fn a_member_with_a_metadata_name_is_kept_under_another() {
    holds(
        r#"{"results":[{"_batch_id":7},{"\u005fbatch_id":1,"_source_batch_id":2},{"_ingested_at":[]}]}"#,
        RESULTS,
        &[
            r#"{"_source_batch_id":7"#,
            r#"{"_source_source_batch_id":1,"_source_batch_id":2"#,
            r#"{"_source_ingested_at":[]"#,
        ],
    )
    .await;
}

#[tokio::test]
async fn bodies_that_are_not_json_are_refused_at_once() {
    for (how, why) in [
        (InvalidJson::Nan, "a number or literal that JSON does not have"),
        (InvalidJson::BadUtf8, "not UTF-8"),
        (InvalidJson::TrailingComma, "`]` may not stand here"),
        (InvalidJson::GarbageAfter, "something follows the end of the document"),
        (InvalidJson::Truncated, "it ends too early"),
        (InvalidJson::Deep { depth: 600 }, "nested deeper than 512"),
        (InvalidJson::Deep { depth: 100_000 }, "nested deeper than 512"),
        (InvalidJson::Raw { body: "".into() }, "it is empty"),
        (InvalidJson::Raw { body: "  \n ".into() }, "it is empty"),
        (InvalidJson::Raw { body: "\u{feff}".into() }, "it is empty"),
    ] {
        is_refused(FaultKind::InvalidJson(how), RESULTS, why).await;
    }
    for body in [
        &b"{\"results\":[{\"a\":1}{\"a\":2}]}"[..],
        b"{\"results\":[{\"a\":01}]}",
        b"{\"results\":[{\"a\":\"\t\"}]}",
        b"{\"results\":[{\"a\":\"\\x\"}]}",
        b"{\"results\":[{'a':1}]}",
        b"{\"results\":[{\"a\":1}],}",
        b"{\"results\":[{\"a\"}]}",
        b"{\"results\":[1}",
        b"[1]",
        b"\xef\xbb\xbf\xef\xbb\xbf{\"results\":[]}",
        b"{\"results\":[]}\0",
        b"\xff\xfe{\0}\0",
    ] {
        if body != b"[1]" {
            json_is_refused(body, RESULTS, "the body is not valid at byte").await;
        }
    }
}

#[tokio::test]
async fn nesting_up_to_512_is_taken() {
    // The envelope is an object and an array, the record an object: three levels.
    for (depth, taken) in [(509, true), (510, false)] {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        let body = format!("{{\"results\":[{{\"a\":{open}{close}}}]}}");
        if taken {
            holds(body, RESULTS, &[&format!("{{\"a\":{open}{close}")]).await;
        } else {
            json_is_refused(body, RESULTS, "nested deeper than 512").await;
        }
    }
}

#[tokio::test]
async fn a_records_member_that_stands_twice_is_refused() {
    let why = "the member that `records` names stands twice";
    json_is_refused(r#"{"results":[{"a":1}],"x":1,"results":[]}"#, RESULTS, why).await;
    json_is_refused(r#"{"results":[{"a":1}],"r\u0065sults":[{"a":2}]}"#, RESULTS, why).await;
    holds(r#"{"results":[{"a":1}],"x":{"results":[2]}}"#, RESULTS, &[r#"{"a":1"#]).await;
}

#[tokio::test]
async fn ndjson_is_one_record_a_line() {
    let ndjson = |body: &str| status_200(&[], "application/x-ndjson; charset=utf-8", body.into());
    for body in ["{\"a\":1}\n{\"a\":2}\n", "{\"a\":1}\n{\"a\":2}", "{\"a\":1}\r\n\r\n{\"a\":2}\r\n\n"] {
        let (bench, report) = read(ndjson(body), ROOT).await;
        assert_eq!(report.error, None, "{body}");
        assert_eq!(bench.records("items"), ["{\"a\":1}", "{\"a\":2}"], "{body}");
        // The file may say so where the content type does not.
        holds(body, "records: $\nformat: ndjson", &["{\"a\":1", "{\"a\":2"]).await;
    }
    for body in [
        "{\"a\":1}\n{\"a\":\n2}\n",
        "{\"a\":1}{\"a\":2}\n",
        "{\"a\":1}\n{\"a\":2",
        "{\"a\":1},\n{\"a\":2}\n",
        "{\"a\":1}\nx\n",
    ] {
        is_refused(ndjson(body), ROOT, "the body is not valid at byte").await;
    }
    json_is_refused("{\"a\":1}\n{\"a\":2}\n", ROOT, "something follows the end of the document").await;
    let (bench, report) = read(ndjson("[{\"a\":1},{\"a\":2}]\n"), "records: $\nformat: json").await;
    assert_eq!((report.error, bench.records("items").len()), (None, 2));
}

#[tokio::test]
async fn valid_json_is_taken_whatever_its_content_type_says() {
    for content_type in
        ["text/html", "text/plain", "application/octet-stream", "nonsense", "application/vnd.api+json"]
    {
        let (bench, report) =
            read(status_200(&[], content_type, b"{\"results\":[{\"a\":1}]}".to_vec()), RESULTS).await;
        assert_eq!((report.error, bench.records("items").len()), (None, 1), "{content_type}");
    }
}

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
