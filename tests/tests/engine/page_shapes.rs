//! What is no page, although its status is 200: an error's text in place of a table, an object in place of a list.

use std::time::Duration;

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_demo_api::{Fault, FaultKind, Shape, Stream, Style, When};
use bronzegate_tests::{Bench, failure};

fn ok(content_type: &str, body: &str) -> FaultKind {
    FaultKind::RawBody { content_type: content_type.to_owned(), body: body.into(), status: 200 }
}

fn csv(body: &str) -> FaultKind {
    ok("text/csv", body)
}

fn json(body: &str) -> FaultKind {
    ok("application/json", body)
}

/// A source of pages that are counted, of which each is as given and those after are not there.
async fn bench(pages: Vec<FaultKind>, settings: &str) -> Bench {
    let faults = (1..).zip(pages);
    let faults = faults.map(|(number, kind)| Fault::new("items", When::Page(number), kind).always());
    let stream = Stream::new("items", Style::Page, Shape::Small, 0);
    Bench::one(stream, faults.collect(), settings).await
}

async fn read(pages: Vec<FaultKind>, settings: &str) -> (Bench, RunReport) {
    let bench = bench(pages, settings).await;
    let (report, _) = bench.run_waiting("items").await;
    (bench, report)
}

async fn holds(pages: Vec<FaultKind>, settings: &str, records: &[&str], warning: Option<&str>) {
    let (bench, report) = read(pages, settings).await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None), "{settings}");
    assert_eq!(bench.records("items"), records, "{settings}");
    assert_eq!(report.warnings.len(), warning.iter().len(), "{:?}", report.warnings);
    assert!(warning.is_none_or(|warning| report.warnings[0].contains(warning)), "{:?}", report.warnings);
}

async fn is_refused(pages: Vec<FaultKind>, settings: &str, page: u64, why: &str) {
    let (bench, report) = read(pages, settings).await;
    let (kind, message) = failure(&report);
    assert_eq!(kind, ErrorKind::Data, "{message}");
    assert!(message.starts_with(&format!("demo/items, page {page}: ")) && message.contains(why), "{message}");
    bench.assert_nothing_visible("items");
}

const SINGLE: &str = "records: $\nformat: csv";
const PAGED: &str = "records: $\nformat: csv\npagination: { type: page, send: { query: page } }";

#[tokio::test]
async fn an_errors_text_between_pages_of_csv_is_no_table_without_rows() {
    let first = || csv("a,b\n1,2\n");
    for text in ["Service temporarily unavailable", "Sorry, no\n", "a\n", "a,b,c\n", "Error\nask again\n"] {
        let why = "those before it are a table with the columns a, b. The API has most likely answered";
        is_refused(vec![first(), ok("text/plain", text)], PAGED, 2, why).await;
    }
    // The same columns in another order, and no rows, are a page of the table.
    let records = [r#"{"a":"1","b":"2"}"#, r#"{"b":"3","a":"4"}"#];
    holds(vec![first(), csv("b,a\n3,4"), csv("a,b\n")], PAGED, &records, None).await;
    // JSON and a table are not the pages of one stream.
    let by_type = "records: $\npagination: { type: page, send: { query: page } }";
    let why = "the page is a table with the columns gone, and those before it are JSON";
    is_refused(vec![json("[{\"a\":1}]"), csv("gone\n")], by_type, 2, why).await;
}

#[tokio::test]
async fn a_later_segment_knows_the_columns_of_the_earlier_ones() {
    let wait = FaultKind::retry_after(429, "3600");
    let bench = bench(vec![csv("a,b\n1,2\n"), wait], PAGED).await;
    let first = bench.run_within("items", Duration::from_mins(5)).await;
    assert_eq!((first.status, first.counts.records), (Status::Partial, 1), "{first:?}");
    bench.api.set_faults(vec![Fault::new("items", When::Page(2), csv("export expired\n")).always()]);
    let second = bench.run("items").await;
    let (kind, message) = failure(&second);
    assert_eq!(kind, ErrorKind::Data, "{message}");
    assert!(message.contains("those before it are a table with the columns a, b"), "{message}");
    let faults = [(2, csv("a,b\n3,4\n")), (3, csv("a,b\n"))];
    let faults = faults.map(|(page, kind)| Fault::new("items", When::Page(page), kind).always());
    bench.api.set_faults(faults.to_vec());
    let third = bench.run("items").await;
    assert_eq!((third.status, &third.error), (Status::Complete, &None));
    assert_eq!(bench.records("items"), [r#"{"a":"1","b":"2"}"#, r#"{"a":"3","b":"4"}"#]);
}

#[tokio::test]
async fn a_table_has_the_columns_that_the_file_reads() {
    let cursor = "incremental: { cursor: at, format: date, from: { query: since }, key: id }";
    let incremental = format!("{SINGLE}\n{cursor}");
    for (text, why) in [
        (
            "error: export expired\n",
            "the table has no column `at`, which `incremental.cursor` names; its columns are: error",
        ),
        ("Sorry, not now", "the table has no column `at`"),
        ("at,name\n", "the table has no column `id`, which `incremental.key` names"),
    ] {
        is_refused(vec![csv(text)], &incremental, 1, why).await;
    }
    holds(vec![csv("id,at\n")], &incremental, &[], None).await;
    holds(vec![csv("id,at")], &incremental, &[], None).await;
    let by_last = "records: $\nformat: csv\npagination: { type: cursor, next: { last_record: id }, send: { query: after } }";
    is_refused(vec![csv("no luck\n")], by_last, 1, "the table has no column `id`, which `last_record` names")
        .await;
}

#[tokio::test]
async fn one_line_without_an_end_is_more_likely_an_error_than_a_table() {
    let line = "`error: export expired`";
    let unended = format!("the body is one line without line end, {line}");
    is_refused(vec![csv("error: export expired")], SINGLE, 1, &unended).await;
    // Whoever says that it is a table is told all the same.
    let told = format!("the body's only line, {line}, was taken for the header of a table without rows");
    holds(vec![csv("error: export expired\n")], SINGLE, &[], Some(&told)).await;
    let may_be_absent = "format: csv\nrecords: { at: $, if_absent: empty }";
    holds(vec![csv("error: export expired")], may_be_absent, &[], Some(&told)).await;
    // Exports without rows, and a table of one column.
    is_refused(vec![csv("a,b")], SINGLE, 1, "the body is one line without line end, `a, b`").await;
    holds(vec![csv("a,b\n")], SINGLE, &[], Some("the body's only line, `a, b`, was taken for the header"))
        .await;
    holds(vec![csv("a,b")], may_be_absent, &[], Some("the body's only line, `a, b`")).await;
    holds(vec![csv("a\n1")], SINGLE, &[r#"{"a":"1"}"#], None).await;
    holds(vec![csv("")], may_be_absent, &[], None).await;
    holds(vec![csv("7")], "records: $\nformat: { csv: { header: [a] } }", &[r#"{"a":"7"}"#], None).await;
}

#[tokio::test]
async fn an_object_is_a_record_only_where_there_is_one_page() {
    let error = || json("{\"message\":\"internal error\",\"code\":17}");
    let why =
        "the body is an object, and with pages `records: $` is an array; its members are: message, code.";
    let list = || json("[{\"a\":1},{\"a\":2}]");
    let by_page = "records: $\npagination: { type: page, send: { query: page } }";
    is_refused(vec![list(), error()], by_page, 2, why).await;
    is_refused(vec![error()], by_page, 1, why).await;
    holds(vec![list(), json("[]")], by_page, &["{\"a\":1}", "{\"a\":2}"], None).await;
    holds(vec![error()], "records: $", &["{\"message\":\"internal error\",\"code\":17}"], None).await;
}
