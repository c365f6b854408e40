//! Streams that write into Delta tables: the commands, and what other readers find.

use std::path::Path;

use bronzegate_demo_api::{Shape, Stream, Style};
use bronzegate_tests::command_line::{Shell, run_line};
use bronzegate_tests::delta::{DeltaPeer, PeerRoot, READERS};
use bronzegate_tests::streams::changes::{self, BOUNDED, change};
use bronzegate_tests::{expected, one_stream};
use serde_json::json;

const PAGES: &str = "pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after } }";

fn source(output: &str) -> String {
    format!(
        "streams:\n  contacts:\n    path: /contacts\n    records: results\n    {PAGES}\n    output: {output}"
    )
}

async fn shell(output: &str) -> Shell {
    let stream = Stream::new("contacts", Style::Cursor, Shape::Crm, 250).page_size(100);
    Shell::new(vec![stream], Vec::new(), &source(output)).await
}

/// The rows of a run's segment as each reader has them: the records, in the order of the parts.
async fn assert_rows(root: &Path, table: &str, segments: &[&str]) {
    let mut peer = DeltaPeer::start();
    let mut records: Vec<_> = segments
        .iter()
        .flat_map(|segment| {
            expected(Shape::Crm, 250).into_iter().map(|record| ((*segment).to_owned(), record))
        })
        .collect();
    records.sort();
    for reader in READERS {
        let rows = peer.rows(&PeerRoot::folder(root), table, reader).await;
        let mut found: Vec<_> = rows
            .into_iter()
            .map(|[stream, segment, record]| {
                assert_eq!(stream, "contacts");
                (segment, record)
            })
            .collect();
        found.sort();
        assert!(found == records, "{reader}: {} rows, {} expected", found.len(), records.len());
    }
}

#[tokio::test]
async fn a_run_appends_to_a_delta_table_that_every_reader_reads() {
    let mut shell = shell("{ table: crm, max_part_bytes: 16KiB }").await;
    shell.run(&run_line("demo/contacts")).await.assert_failed(2, "config", "no place for tables is set");
    shell.set("BRONZEGATE_TABLES", "./tables");
    let checked = shell.run("check demo").await;
    assert_eq!(checked.code(), Some(0), "{checked:?}");
    assert!(checked.out.contains("table crm: the first run creates it"), "{checked:?}");
    let report = shell.run(&run_line("demo/contacts")).await.assert(0, "complete");
    assert_eq!(report["table"], json!({ "name": "crm", "version": 1, "rows": 250 }));
    shell.run("run demo --at 2026-11-23T17:00:00Z --json").await.assert(0, "complete");
    let segments = ["at-20261122T170000Z.s0001", "at-20261123T170000Z.s0001"];
    assert_rows(&shell.path("tables"), "crm", &segments).await;
    let runs = shell.run("runs demo").await;
    assert!(runs.out.contains("crm v1: 250 rows") && runs.out.contains("crm v2: 250 rows"), "{runs:?}");
    let state = shell.run("state demo").await;
    assert!(state.out.contains("  TABLE\n") && state.out.contains("  crm v2"), "{state:?}");
    let state = shell.run("state demo --json").await.report();
    let table = &state["last_run"]["table"];
    let first =
        std::fs::read_to_string(shell.path("tables/crm/_delta_log/00000000000000000000.json")).unwrap();
    let id = table["table_id"].as_str().expect("the table has an id");
    assert!(first.contains(&format!("\"id\":\"{id}\"")), "{id}: {first}");
    assert_eq!(*table, json!({ "table": "crm", "table_id": id, "version": 2, "rows": 250 }));
    let checked = shell.run("check demo").await;
    assert!(checked.out.contains("table crm: version 2; columns: _ingested_at timestamp, "), "{checked:?}");
    shell.set("BRONZEGATE_TABLES", "./others");
    std::fs::create_dir(shell.path("others")).unwrap();
    let moved = shell.run("run demo --at 2026-11-24T17:00:00Z --json").await;
    moved.assert_failed(2, "config", "by the commit log");
}

#[tokio::test]
async fn columns_are_drafted_and_then_taken() {
    let mut shell = shell("{ table: crm }").await;
    shell.set("BRONZEGATE_TABLES", "./tables");
    let drafted = shell.run("columns demo/contacts -n 250").await;
    assert_eq!(drafted.code(), Some(0), "{drafted:?}");
    assert!(drafted.out.contains("    - { member: id, type: "), "{drafted:?}");
    let output: String = drafted.out.lines().skip(1).flat_map(|line| ["\n    ", line]).collect();
    shell.source("demo", &source(&output));
    shell.run(&run_line("demo/contacts")).await.assert(0, "complete");
    assert_rows(&shell.path("tables"), "crm", &["at-20261122T170000Z.s0001"]).await;
    let checked = shell.run("check demo --json").await.report();
    let columns = checked["streams"][0]["table"]["columns"].as_array().unwrap().clone();
    assert_eq!(columns.last(), Some(&json!(["_rescued", "string"])));
    assert!(columns.len() > 9, "{columns:?}");
}

#[tokio::test]
async fn files_become_rows_once_however_often_they_are_taken() {
    let mut shell = shell("{ compression: gzip }").await;
    shell.set("BRONZEGATE_TABLES", "./tables");
    shell.run(&run_line("demo/contacts")).await.assert(0, "complete");
    let refused = shell.run("table demo/contacts --from-files").await;
    assert_eq!(refused.code(), Some(2), "{refused:?}");
    shell.source("demo", &source("{ table: crm }"));
    for told in ["250 rows appended", "250 rows there before"] {
        let taken = shell.run("table demo/contacts --from-files").await;
        assert_eq!(taken.code(), Some(0), "{taken:?}");
        assert!(taken.out.contains(told), "{taken:?}");
    }
    shell.run("run demo --at 2026-11-23T17:00:00Z --json").await.assert(0, "complete");
    let segments = ["at-20261122T170000Z.s0001", "at-20261123T170000Z.s0001"];
    assert_rows(&shell.path("tables"), "crm", &segments).await;
}

#[tokio::test]
async fn check_tells_that_a_long_record_is_cut_where_fabric_shows_it() {
    let mut shell = shell("{ table: crm }").await;
    shell.set("BRONZEGATE_TABLES", "./tables");
    let told = "The SQL endpoint of a Fabric Lakehouse cuts `record` after 8000";
    let checked = shell.run("check demo").await;
    assert!(!checked.out.contains(told), "{checked:?}");
    let long = format!("{{\"id\":1,\"text\":\"{}\"}}", "x".repeat(9_000));
    let stream = changes::changes(vec![
        change(1, "2026-01-01T10:00:00Z"),
        long.replace("\"id\"", "\"updatedAt\":\"2026-01-01T11:00:00Z\",\"id\""),
    ]);
    let settings = format!("{}\noutput: {{ table: crm }}", changes::settings(BOUNDED));
    let mut shell = Shell::new(vec![stream], Vec::new(), &one_stream("changes", &settings)).await;
    shell.set("BRONZEGATE_TABLES", "./tables");
    let checked = shell.run("check demo").await;
    assert!(checked.out.contains("table crm: the first page has a record of 9053 bytes. "), "{checked:?}");
    assert!(checked.out.contains(told), "{checked:?}");
}
