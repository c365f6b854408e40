//! Answers with status 200 that speak of an error, or that nobody can tell from one: refused, or told.

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_demo_api::{Fault, FaultKind, Framing, Pack, Shape, Stream, Style, When, csv_record};
use bronzegate_tests::{Bench, expected, failure};

use super::bodies::{is_refused, read, read_json, status_200};

const LINES: &str = "records: $\nformat: ndjson";
const CSV: &str = "records: $\nformat: csv";

fn lines(body: &str) -> FaultKind {
    status_200(&[], "application/x-ndjson", body.into())
}

fn text(content_type: &str, body: &str) -> FaultKind {
    status_200(&[], content_type, body.into())
}

/// The records land, and the warnings are in the report, its commit and the run's metrics.
#[track_caller]
fn is_told(bench: &Bench, report: &RunReport, records: u64, warning: &str) {
    assert_eq!((report.status, &report.error, report.counts.records), (Status::Complete, &None, records));
    assert!(report.warnings.len() == 1 && report.warnings[0].contains(warning), "{:?}", report.warnings);
    assert_eq!(bench.commits("items").last().expect("it is as the test made it").warnings, report.warnings);
    let metrics = bronzegate_core::doors::metrics::of_run(report);
    let told = metrics.iter().find(|metric| metric.name == "Warnings").map(|metric| metric.value);
    assert_eq!(told, Some(1.0));
}

#[tokio::test]
async fn errors_beside_the_data_of_graphql_are_an_error_unless_a_rule_accepts_them() {
    let body = r#"{"data":{"items":[{"id":1}]},"errors":[{"message":"field `price` is not yours"},{"message":"b"}]}"#;
    let graphql = "records: data.items\nmethod: POST\nbody: { query: '{ items { id } }' }";
    let why =
        "the API reports 2 errors beside the data; the first: field `price` is not yours. What it could not";
    let (bench, report) = read_json(body, graphql).await;
    let (kind, message) = failure(&report);
    assert!(kind == ErrorKind::Data && message.contains(why), "{message}");
    bench.assert_nothing_visible("items");
    let rule = "responses: [{ when: { at: { body: errors }, exists: true }, then: accept }]";
    let (bench, report) = read_json(body, &format!("{graphql}\n{rule}")).await;
    assert_eq!((report.status, report.warnings), (Status::Complete, vec![]));
    assert_eq!(bench.records("items"), [r#"{"id":1}"#]);
    for none in ["[]", "null", "{}", "\"none\""] {
        let body = format!(r#"{{"data":{{"items":[]}},"errors":{none}}}"#);
        let (_, report) = read_json(body, graphql).await;
        assert_eq!((report.status, report.warnings), (Status::Complete, vec![]), "{none}");
    }
    // Where it is no GraphQL, they may be about something that was not asked for.
    let (bench, report) = read_json(body, "records: data.items").await;
    is_told(
        &bench,
        &report,
        1,
        "the API reports 2 errors beside the data; the first: field `price` is not yours",
    );
}

#[tokio::test]
async fn a_null_in_place_of_a_record_is_an_error_unless_it_is_allowed() {
    let body = r#"{"results":[{"id":1},null]}"#;
    let (bench, report) = read_json(body, "records: results").await;
    assert!(failure(&report).1.contains("record 2 is null: the API could not give it out"), "{report:?}");
    bench.assert_nothing_visible("items");
    let (bench, report) = read_json(body, "records: { at: results, nulls: skip }").await;
    is_told(&bench, &report, 1, "1 nulls in place of records were left out");
    let (bench, report) = read_json(body, "records: { at: results, nulls: keep }").await;
    assert_eq!((report.counts.records, report.warnings.len()), (2, 0));
    assert!(bench.lines("items")[1].starts_with(r#"{"_value":null,"#));
}

#[tokio::test]
async fn an_object_is_no_record_where_the_file_says_list() {
    let note = r#"{"Note":"5 calls per minute"}"#;
    let list = "records: { at: $, shape: list }";
    let why =
        "the body is an object, and `shape: list` says that it is a list of records; its members are: Note";
    is_refused(status_200(&[], "application/json", note.into()), list, why).await;
    let (bench, report) = read_json("[{\"id\":1}]", list).await;
    assert_eq!((report.error, bench.records("items")), (None, vec!["{\"id\":1}".to_owned()]));
    // It is worth saying where the API answers a list.
    let faults =
        |body: &str| vec![Fault::new("items", When::Every(1), text("application/json", body)).always()];
    for (body, settings, count) in [("[1]", "records: $", 1), ("[1]", list, 0), ("{}", "records: $", 0)] {
        let stream = Stream::new("items", Style::Single, Shape::Small, 3);
        let bench = Bench::one(stream, faults(body), settings).await;
        let warnings = bench.stream("items").probe().await.unwrap().warnings;
        let told = warnings.iter().filter(|told| told.contains("records: { at: $, shape: list }")).count();
        assert_eq!(told, count, "{warnings:?}");
    }
}

#[tokio::test]
async fn a_last_line_that_speaks_of_an_error_is_told_and_a_rule_sees_it() {
    let body = "{\"id\":1}\n{\"id\":2}\n{\"error\":\"export aborted\"}\n";
    let (bench, report) = read(lines(body), LINES).await;
    is_told(&bench, &report, 3, "the last line, `{\"error\":\"export aborted\"}`, is more likely an error");
    let rule =
        "responses: [{ when: { at: { body: error }, exists: true }, then: fail, message: { body: error } }]";
    let (bench, report) = read(lines(body), &format!("{LINES}\n{rule}")).await;
    let (kind, message) = failure(&report);
    assert!(kind == ErrorKind::Api && message.contains("HTTP 200: export aborted"), "{message}");
    bench.assert_nothing_visible("items");
    let (_, report) = read(lines("{\"id\":1}\n{\"id\":2}\n"), &format!("{LINES}\n{rule}")).await;
    assert_eq!((report.counts.records, report.warnings.len()), (2, 0));
}

/// A body of CSV that ends with its connection, whole or cut after so many bytes.
async fn until_close(bytes: u64, settings: &str) -> (Bench, RunReport) {
    let cut = FaultKind::CutBody { after_bytes: bytes, framing: Framing::Close };
    let stream = Stream::new("items", Style::Single, Shape::Small, 20).csv(Pack::Plain);
    let bench = Bench::one(stream, vec![Fault::new("items", When::Every(1), cut).always()], settings).await;
    let (report, _) = bench.run_waiting("items").await;
    (bench, report)
}

#[tokio::test]
async fn lines_that_only_the_connection_ends_are_refused_until_the_file_takes_that_for_an_end() {
    let rows: Vec<_> =
        expected(Shape::Small, 20).iter().map(|record| csv_record(record.as_bytes())).collect();
    for settings in ["records: $", CSV, "records: $\nformat: { type: csv, encoding: utf-8 }"] {
        let (bench, report) = until_close(u64::MAX, settings).await;
        let (kind, message) = failure(&report);
        assert!(
            kind == ErrorKind::Data && message.contains("only the end of the connection tells"),
            "{message}"
        );
        assert_eq!(report.counts.retries, 0, "{message}");
        bench.assert_nothing_visible("items");
    }
    for settings in
        ["records: $\nformat: { end: connection }", "records: $\nformat: { csv: {}, end: connection }"]
    {
        let (bench, report) = until_close(u64::MAX, settings).await;
        assert_eq!((report.error, bench.records("items")), (None, rows.clone()), "{settings}");
    }
}

#[tokio::test]
async fn text_in_place_of_a_table_is_no_table_whatever_its_commas() {
    let limit = "Error: daily limit reached, try again tomorrow";
    let why = format!("the body is one line without line end, `{limit}`");
    is_refused(text("text/csv", limit), CSV, &why).await;
    let (bench, report) = read(text("text/csv", &format!("{limit}\n")), CSV).await;
    is_told(&bench, &report, 0, "was taken for the header of a table without rows");
    for (content_type, body) in [
        ("application/xml", "<error>daily limit, sorry</error>"),
        ("text/xml", "<?xml version=\"1.0\"?>\n<e/>\n"),
        ("text/csv", "<?xml version=\"1.0\"?>\n<error>no</error>\n"),
        ("text/csv", "\u{feff} {\"error\":\"limit, sorry\",\"code\":7}"),
        ("application/octet-stream", "[{\"error\":\"limit\"}]"),
    ] {
        let (bench, report) = read(text(content_type, body), CSV).await;
        let (kind, message) = failure(&report);
        assert!(kind == ErrorKind::Data && message.contains("it is not CSV"), "{body}: {message}");
        bench.assert_nothing_visible("items");
    }
}

#[tokio::test]
async fn a_rule_sees_an_error_of_json_in_place_of_a_table() {
    let rule = "responses: [{ when: { at: { body: error.code }, equals: 7 }, then: fail, message: { body: error.text } }]";
    let body = "{\"error\":{\"code\":7,\"text\":\"limit, sorry\"}}";
    for content_type in ["application/json", "text/csv"] {
        let (_, report) = read(text(content_type, body), &format!("{CSV}\n{rule}")).await;
        let (kind, message) = failure(&report);
        assert!(kind == ErrorKind::Api && message.contains("HTTP 200: limit, sorry"), "{message}");
    }
}

/// Runs a snapshot an hour later, which is answered by this table.
async fn next(bench: &Bench, hour: u32, body: &str) -> RunReport {
    bench.api.set_faults(vec![Fault::new("items", When::Every(1), text("text/csv", body)).always()]);
    bench.run_at("items", &format!("2026-11-22T{hour:02}:00:00Z")).await
}

#[tokio::test]
async fn the_columns_of_earlier_runs_tell_a_table_from_an_errors_text() {
    let stream = Stream::new("items", Style::Single, Shape::Small, 3);
    let settings = format!("{CSV}\nexpect: {{ records_ratio: 0 }}");
    let bench = Bench::one(stream, vec![], &settings).await;
    let first = next(&bench, 1, "id,name\n1,a\n").await;
    assert_eq!((first.status, first.warnings.len()), (Status::Complete, 0));
    // A table without rows is known by its header, with a line end or without.
    for (hour, body) in [(2, "id,name\n"), (3, "name,id")] {
        let report = next(&bench, hour, body).await;
        assert_eq!((report.status, report.counts.records, report.warnings.len()), (Status::Complete, 0, 0));
    }
    let why = "is not the header of the tables before it, which had the columns id, name: more likely an error's text";
    for body in ["Error: limit reached, try again\n", "Error: limit reached, try again", "id,name,more\n"] {
        let report = next(&bench, 4, body).await;
        let (kind, message) = failure(&report);
        assert!(kind == ErrorKind::Data && message.contains(why), "{message}");
    }
    // With rows it is a table, of which somebody is told once.
    let other = next(&bench, 5, "id,name,more\n1,a,b\n").await;
    is_told(
        &bench,
        &other,
        1,
        "the table's columns are id, name, more, and before this run they were id, name",
    );
    let same = next(&bench, 6, "id,name,more\n2,a,b\n").await;
    assert_eq!((same.status, same.warnings.len()), (Status::Complete, 0));
}
