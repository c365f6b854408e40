//! Comma-separated values and packed files: every row once, or an error by name.

use std::io::{Cursor, Seek, Write};
use std::time::Duration;

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_demo_api::{Fault, FaultKind, Framing, Pack, Shape, Stream, Style, When, csv_record};
use bronzegate_tests::streams::changes::change;
use bronzegate_tests::{Bench, expected, failure};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

const RECORDS: u64 = 115;

const BY_LINK: &str =
    "records: $\npagination: { type: link_header, page_size: { query: per_page, value: 10 } }";

fn rows(records: u64) -> Vec<String> {
    expected(Shape::Small, records).iter().map(|record| csv_record(record.as_bytes())).collect()
}

fn paged(pack: Pack) -> Stream {
    Stream::new("items", Style::LinkHeader, Shape::Small, RECORDS).page_size(10).csv(pack)
}

#[tokio::test]
async fn pages_of_csv_land_exactly_however_they_are_packed_and_whatever_fails() {
    for (pack, format) in [
        (Pack::Plain, ""),
        (Pack::Plain, "\nformat: csv"),
        (Pack::Gzip, "\nformat: csv"),
        (Pack::Zip, "\nformat: csv"),
    ] {
        let fault = |page, kind| Fault::new("items", When::Page(page), kind);
        let faults = vec![
            fault(2, FaultKind::CutBody { after_bytes: 300, framing: Framing::ContentLength }),
            fault(3, FaultKind::Reset),
            fault(4, FaultKind::CutBody { after_bytes: 200, framing: Framing::Chunked }),
            fault(5, FaultKind::status(503)),
            fault(6, FaultKind::gateway_page(200)),
            fault(7, FaultKind::SlowDrip { chunk_bytes: 1, every: Duration::ZERO }),
        ];
        let settings = format!("{BY_LINK}{format}\nretry: {{ base: 1ms, max: 2ms }}");
        let bench = Bench::one(paged(pack), faults, &settings).await;
        let report = bench.run("items").await;
        assert_eq!((report.status, &report.error), (Status::Complete, &None), "{pack:?}");
        assert_eq!(bench.records("items"), rows(RECORDS), "{pack:?}{format}");
        assert_eq!((report.counts.records, report.counts.pages), (RECORDS, 12));
        assert_eq!(bench.stats("items").requests, 12 + report.counts.retries);
        assert!(report.counts.retries >= 4, "{report:?}");
    }
}

#[tokio::test]
async fn a_cut_run_of_csv_pages_goes_on_behind_its_last_page() {
    let hour = vec![Fault::new("items", When::Page(7), FaultKind::retry_after(429, "3600")).always()];
    let bench = Bench::one(paged(Pack::Zip), hour, &format!("{BY_LINK}\nformat: csv")).await;
    let first = bench.run_within("items", Duration::from_mins(5)).await;
    assert_eq!((first.status, first.counts.records), (Status::Partial, 60));
    bench.api.set_faults(Vec::new());
    let second = bench.run("items").await;
    assert_eq!((second.status, second.counts.records), (Status::Complete, RECORDS - 60));
    assert_eq!(bench.records("items"), rows(RECORDS));
}

fn ok(content_type: &str, body: impl Into<Vec<u8>>) -> FaultKind {
    FaultKind::RawBody { content_type: content_type.to_owned(), body: body.into().into(), status: 200 }
}

/// Reads a stream of one page with this body; no wait takes time.
async fn read(kind: FaultKind, settings: &str) -> (Bench, bronzegate_core::report::RunReport) {
    let faults = vec![Fault::new("items", When::Request(1), kind).always()];
    let bench = Bench::one(Stream::new("items", Style::Single, Shape::Small, 3), faults, settings).await;
    let (report, _) = bench.run_waiting("items").await;
    (bench, report)
}

async fn holds(content_type: &str, body: impl Into<Vec<u8>>, settings: &str, records: &[&str]) {
    let (bench, report) = read(ok(content_type, body), settings).await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None), "{settings}");
    assert_eq!(bench.records("items"), records, "{settings}");
}

/// The body is bad data, told after so many requests; nothing of it is kept.
async fn is_refused(content_type: &str, body: impl Into<Vec<u8>>, settings: &str, requests: u64, why: &str) {
    let (bench, report) = read(ok(content_type, body), settings).await;
    let (kind, message) = failure(&report);
    assert_eq!(kind, ErrorKind::Data, "{message}");
    assert!(message.starts_with("demo/items, page 1") && message.contains(why), "{message}");
    assert_eq!(bench.stats("items").requests, requests, "{message}");
    bench.assert_nothing_visible("items");
}

const CSV: &str = "records: $\nformat: csv";

#[tokio::test]
async fn rows_become_records_of_strings() {
    holds(
        "text/csv",
        "id,n\r\n007,1.50\r\n,\"a \"\"b\"\"\r\nc\"\r\n",
        "records: $",
        &[r#"{"id":"007","n":"1.50"}"#, r#"{"id":"","n":"a \"b\"\r\nc"}"#],
    )
    .await;
    holds(
        "text/plain",
        "\u{feff}id;n\n1;x,y\n",
        "records: $\nformat: { csv: { delimiter: \";\" } }",
        &[r#"{"id":"1","n":"x,y"}"#],
    )
    .await;
    let headless = "records: $\nformat: { csv: { header: [a, b] } }";
    holds("application/octet-stream", "1,2\n", headless, &[r#"{"a":"1","b":"2"}"#]).await;
    // A member that bears a metadata name gives way, in a row as in any record.
    holds("text/csv", "_batch_id\n7\n", CSV, &[r#"{"_source_batch_id":"7"}"#]).await;
    holds("text/csv", "id\n", CSV, &[]).await;
    holds("text/csv", "", "format: csv\nrecords: { at: $, if_absent: empty }", &[]).await;
}

#[tokio::test]
async fn a_damaged_table_is_refused_at_once_with_its_line() {
    for (body, why) in [
        (&b"a,b\n1,2\n3\n"[..], "the record that ends in line 3 has 1 fields, the header 2"),
        (b"a,b\n1,2,3\n", "the record that ends in line 2 has 3 fields"),
        (b"a,a\n1,2\n", "the header names `a` twice"),
        (b"a,b\n1,\"2\n", "it ends too early"),
        (b"a,b\n1,\xff\n", "the record that ends in line 2 is not UTF-8"),
        (
            b"a,b\n\"1\"x,2\n",
            "the body is not valid at byte 7: something follows the closing quote of a field",
        ),
        (b"", "it is empty"),
    ] {
        is_refused("text/csv", body, CSV, 1, why).await;
    }
    // What says itself that it is something else is no table of one column.
    is_refused("application/json", "{\"error\":\"x\"}", CSV, 1, "it is not CSV").await;
    is_refused("text/html", "<html></html>", CSV, 1, "a web page, not data").await;
}

#[tokio::test]
async fn a_stream_of_documents_that_answers_in_lines_does_not_end_quietly() {
    let by_body = "records: $\npagination: { type: none, total: { body: total } }";
    is_refused("text/csv", "a\n1\n", by_body, 1, "`body total` is not to be found there").await;
    is_refused("application/x-ndjson", "{}\n", by_body, 1, "`body total` is not to be found there").await;
    is_refused("text/csv", "a\n1\n", "records: results", 1, "`records: results` is not to be found").await;
}

#[derive(Clone, Copy)]
enum Made {
    Stored,
    Deflated,
    /// Sizes and checksums follow the content.
    Streamed,
}

fn archive(files: &[(&str, &[u8])], made: Made) -> Vec<u8> {
    fn fill<W: Write + Seek>(mut zip: ZipWriter<W>, files: &[(&str, &[u8])], method: CompressionMethod) -> W {
        for (name, content) in files {
            zip.start_file(*name, SimpleFileOptions::default().compression_method(method))
                .expect("an archive in memory");
            zip.write_all(content).expect("an archive in memory");
        }
        zip.finish().expect("an archive in memory")
    }
    let whole = || ZipWriter::new(Cursor::new(Vec::new()));
    match made {
        Made::Stored => fill(whole(), files, CompressionMethod::Stored).into_inner(),
        Made::Deflated => fill(whole(), files, CompressionMethod::Deflated).into_inner(),
        Made::Streamed => {
            fill(ZipWriter::new_stream(Vec::new()), files, CompressionMethod::Deflated).into_inner()
        }
    }
}

#[tokio::test]
async fn an_archives_files_are_read_in_order_in_their_format() {
    for made in [Made::Stored, Made::Deflated, Made::Streamed] {
        let csv = archive(&[("1.csv", b"a,b\n1,2\n"), ("2.csv", b"b,a\n3,4"), ("3.csv", b"a,b\n")], made);
        let rows = [r#"{"a":"1","b":"2"}"#, r#"{"b":"3","a":"4"}"#];
        for content_type in ["application/zip", "application/octet-stream", "text/csv"] {
            holds(content_type, csv.clone(), CSV, &rows).await;
        }
        let json = archive(&[("1.json", b"{\"d\":[{\"a\":1}]}"), ("2.json", b"{\"d\":[{\"a\":2}]}")], made);
        holds("application/zip", json, "records: d", &["{\"a\":1}", "{\"a\":2}"]).await;
        let lines = archive(&[("1", b"{\"a\":1}\n{\"a\":2}\n")], made);
        holds("application/zip", lines, "records: $\nformat: ndjson", &["{\"a\":1}", "{\"a\":2}"]).await;
    }
    let empty = "records: { at: $, if_absent: empty }";
    holds("application/zip", archive(&[], Made::Stored), empty, &[]).await;
    is_refused("application/zip", archive(&[], Made::Stored), CSV, 1, "nothing stands there").await;
}

/// What is damaged on the server stays so, and what is damaged on the way does not: it is asked for
/// again, and then it is bad data.
#[tokio::test]
async fn a_damaged_archive_is_asked_for_again_and_then_refused() {
    let whole = archive(&[("1.csv", b"a,b\n1,2\n"), ("2.csv", b"a,b\n3,4\n")], Made::Stored);
    let damaged = "the packed file is damaged";
    // Within an entry, within the directory, and within its end.
    for length in [20, 45, 60, whole.len() - 30, whole.len() - 5] {
        is_refused("application/zip", &whole[..length], CSV, 5, damaged).await;
    }
    let mut flipped = whole.clone();
    let at = whole.windows(3).position(|bytes| bytes == b"3,4").unwrap();
    flipped[at] = b'5';
    is_refused("application/zip", flipped, CSV, 5, "the checksum of an archive's entry does not fit").await;
    let streamed = archive(&[("1.csv", b"a,b\n1,2\n")], Made::Streamed);
    let mut flipped = streamed.clone();
    let at = streamed.windows(4).position(|bytes| bytes == b"PK\x07\x08").unwrap();
    flipped[at + 4] ^= 1;
    is_refused("application/zip", flipped, CSV, 5, "the checksum of an archive's entry does not fit").await;

    let gzip = |length: usize| {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(b"a,b\n1,2\n").unwrap();
        let mut file = encoder.finish().unwrap();
        file.truncate(file.len() - length);
        file
    };
    holds("application/gzip", gzip(0), CSV, &[r#"{"a":"1","b":"2"}"#]).await;
    is_refused("application/gzip", gzip(3), CSV, 5, damaged).await;
    is_refused("application/gzip", gzip(12), CSV, 5, damaged).await;
    let zstd = zstd::encode_all(&b"a,b\n1,2\n"[..], 3).unwrap();
    holds("application/octet-stream", zstd.clone(), CSV, &[r#"{"a":"1","b":"2"}"#]).await;
    is_refused("application/zstd", &zstd[..zstd.len() - 2], CSV, 5, damaged).await;
}

#[tokio::test]
async fn an_archive_that_is_not_to_be_unpacked_is_refused_at_once() {
    let mut encrypted = archive(&[("1.csv", b"a\n1\n")], Made::Stored);
    // The lowest flag of the entry's header.
    encrypted[6] |= 1;
    is_refused("application/zip", encrypted, CSV, 1, "an entry of the archive is encrypted").await;
    let bomb = archive(&[("1", &vec![b'\n'; 80 << 20])], Made::Deflated);
    assert!(bomb.len() < 200_000);
    let lines = "records: $\nformat: ndjson";
    is_refused("application/zip", bomb, lines, 1, "it unpacks to more than 500 times its size").await;
}

#[tokio::test]
async fn what_lies_beside_the_table_in_an_archive_is_refused_by_name() {
    let csv = ("data.csv", &b"a,b\n1,2\n"[..]);
    for (beside, named) in [
        ([csv, ("README.txt", b"Made by the vendor\nsee the licence\n")], "README.txt"),
        ([("LICENSE", b"MIT\n"), csv], "data.csv"),
        ([csv, ("more.csv", b"a,b,c\n1,2,3\n")], "more.csv"),
    ] {
        let why = format!("the columns of `{named}` are not those of the files before it");
        is_refused("application/zip", archive(&beside, Made::Deflated), CSV, 1, &why).await;
    }
}

#[tokio::test]
async fn only_what_is_new_is_read_from_csv_too() {
    let at = |minute: u64| format!("2026-01-01T10:{minute:02}:00Z");
    let all: Vec<_> = (0..25).map(|id| change(id, &at(id))).collect();
    let stream = bronzegate_tests::streams::changes::changes(all.clone()).csv(Pack::Gzip);
    let stream = Stream { style: Style::LinkHeader, ..stream };
    let settings = "records: $
format: csv
pagination: { type: link_header }
incremental: { cursor: updatedAt, format: rfc3339, from: { query: updated_after }, to: { query: updated_before }, start: 2026-01-01, key: id }";
    let bench = Bench::one(stream, vec![], settings).await;
    let first = bench.run_at("changes", &at(15)).await;
    assert_eq!((first.status, first.counts.records), (Status::Complete, 15), "{first:?}");
    let second = bench.run_at("changes", &at(59)).await;
    assert_eq!((second.status, second.counts.records), (Status::Complete, 10), "{second:?}");
    let rows: Vec<_> = all.iter().map(|record| csv_record(record.as_bytes())).collect();
    assert_eq!(bench.records("changes"), rows);
}
