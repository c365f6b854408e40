//! What becomes of a body is bounded, however it is packed, named or added to.

use std::io::Write as _;

use bronzegate_core::report::RunReport;
use bronzegate_demo_api::{Fault, Shape, Stream, Style, When};
use bronzegate_tests::{Bench, failure};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::bodies::{RESULTS, is_refused, read, status_200};

const TOO_MUCH: &str = "it unpacks to more than 500 times its size";

fn gzip(content: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(content).expect("it is as the test made it");
    encoder.finish().expect("it is as the test made it")
}

/// Bytes that the run has written anywhere.
fn stored(bench: &Bench) -> usize {
    bench.everything().iter().map(|(_, content)| content.len()).sum()
}

#[tokio::test]
async fn a_content_coding_has_the_bound_of_a_packed_file() {
    let body = [&b"{\"results\":["[..], &vec![b' '; 200 << 20], b"1]}"].concat();
    let packed = zstd::encode_all(&body[..], 19).unwrap();
    assert!(packed.len() < 50_000, "{}", packed.len());
    is_refused(status_200(&[("content-encoding", "zstd")], "application/json", packed), RESULTS, TOO_MUCH)
        .await;
}

#[tokio::test]
async fn packed_twice_a_body_is_held_against_its_bytes_on_the_wire() {
    // What gzip makes of a long line that repeats is itself a text that repeats: each layer alone stays below.
    let mut random = fastrand::Rng::with_seed(7);
    let long: String = std::iter::repeat_with(|| random.char('a'..='p')).take(20_000).collect();
    let lines = format!("{{\"x\":\"{long}\"}}\n").repeat(5_000).into_bytes();
    let file = gzip(&lines);
    let wire = zstd::encode_all(&file[..], 19).unwrap();
    assert!(lines.len() / file.len() < 500 && file.len() / wire.len() < 500, "{} {}", file.len(), wire.len());
    assert!(lines.len() / wire.len() > 500, "{} {} {}", lines.len(), file.len(), wire.len());
    let settings = "records: $\nformat: ndjson";
    let kind = status_200(&[("content-encoding", "zstd")], "application/gzip", wire);
    is_refused(kind, settings, TOO_MUCH).await;
    // The same file without the coding is what it is.
    let (_, report) = read(status_200(&[], "application/gzip", file), settings).await;
    assert_eq!((report.error, report.counts.records), (None, 5_000));
}

#[tokio::test]
async fn what_a_zip_archive_has_under_a_folders_name_counts() {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let deflated = zip::write::SimpleFileOptions::default();
    archive.start_file("data/", deflated).unwrap();
    archive.write_all(&vec![0; 100 << 20]).unwrap();
    archive.start_file("1.json", deflated).unwrap();
    archive.write_all(b"{\"results\":[1]}").unwrap();
    let archive = archive.finish().unwrap().into_inner();
    is_refused(status_200(&[], "application/zip", archive), RESULTS, TOO_MUCH).await;
}

#[tokio::test]
async fn rows_that_become_a_multiple_of_their_table_are_refused_and_leave_nothing() {
    let body = format!("{}\n{}", "n".repeat(100_000), "1\n".repeat(40_000));
    let kind = status_200(&[], "text/csv", body.into());
    is_refused(kind, "records: $", "become more than 500 times the body's size").await;
    let row = format!("a\n{}\n", "\u{1}".repeat(12 << 20));
    is_refused(status_200(&[], "text/csv", row.into()), "records: $", "a record is larger than 64 MiB").await;
}

#[tokio::test]
async fn members_that_are_renamed_do_not_multiply_a_record() {
    let members = vec!["\"_batch_id\":1"; 8_000].join(",");
    let body = format!("{{\"results\":[{{{members}}}]}}");
    let (bench, report) = read(status_200(&[], "application/json", body.clone().into()), RESULTS).await;
    assert_eq!((report.error, report.counts.records), (None, 1));
    assert!(bench.lines("items")[0].contains(r#""_source_batch_id":1,"_source_batch_id":1"#));
    assert!(stored(&bench) < 3 * body.len(), "{} of {}", stored(&bench), body.len());
}

/// A parent with this id, and its children.
async fn children(id: &str) -> (Bench, RunReport) {
    let parent = format!("{{\"results\":[{{\"id\":{id}}}]}}");
    let page = format!("{{\"results\":[{}1]}}", "1,".repeat(2_999));
    let yaml = "streams:
  parents: { path: /parents, records: results }
  children: { path: /children, params: { of: '{{ parent.id }}' }, records: results, parent: { stream: parents, fields: [id] } }";
    let streams = ["parents", "children"].map(|name| Stream::new(name, Style::Single, Shape::Small, 1));
    let json = |body: String| status_200(&[], "application/json", body.into());
    let faults = [("parents", json(parent)), ("children", json(page))];
    let faults = faults.map(|(name, kind)| Fault::new(name, When::Every(1), kind).always());
    let bench = Bench::new(streams.into(), faults.into(), yaml).await;
    let report = bench.run("children").await;
    (bench, report)
}

#[tokio::test]
async fn a_parents_value_is_written_to_each_child_only_up_to_4_kib() {
    let (bench, report) = children(&format!("\"{}\"", "x".repeat(4_000))).await;
    assert_eq!((report.error, report.counts.records), (None, 3_000));
    assert!(bench.lines("children").iter().all(|line| line.contains(",\"_parent_id\":\"xxx")));
    let (bench, report) = children(&format!("\"{}\"", "x".repeat(1 << 20))).await;
    assert!(failure(&report).1.contains("record 1 has a value of more than 4 KiB at `id`"), "{report:?}");
    bench.assert_nothing_visible("children");
}
