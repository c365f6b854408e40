//! Bodies of every shape: taken verbatim, or refused by name; and pages larger than memory likes.

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_demo_api::{Fault, FaultKind, InvalidJson, Shape, Stream, Style, When, WrongShape};
use bronzegate_tests::{Bench, expected, failure};

pub(crate) fn status_200(headers: &[(&str, &str)], content_type: &str, body: Vec<u8>) -> FaultKind {
    FaultKind::Status {
        code: 200,
        body: Some(body.into()),
        headers: headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect(),
        content_type: Some(content_type.to_owned()),
    }
}

/// Reads a stream of one page with this body.
pub(crate) async fn read(kind: FaultKind, settings: &str) -> (Bench, RunReport) {
    let faults = vec![Fault::new("items", When::Request(1), kind).always()];
    let stream = Stream::new("items", Style::Single, Shape::Small, 3);
    let bench = Bench::one(stream, faults, settings).await;
    let (report, _) = bench.run_waiting("items").await;
    (bench, report)
}

pub(crate) async fn read_json(body: impl Into<Vec<u8>>, settings: &str) -> (Bench, RunReport) {
    read(status_200(&[], "application/json", body.into()), settings).await
}

/// The body holds these records, each shown without the metadata after it.
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
pub(crate) async fn is_refused(kind: FaultKind, settings: &str, why: &str) {
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

pub(crate) const RESULTS: &str = "records: results";
const ROOT: &str = "records: $";

#[tokio::test]
async fn a_list_that_is_not_where_the_file_says_is_refused_by_name() {
    let settings = "records: results
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after } }";
    let stream = || Stream::new("items", Style::Cursor, Shape::Small, 30).page_size(10);
    for (shape, found) in [
        (
            WrongShape::Absent,
            "nothing stands there; the body's members are: total, paging; name the one that holds",
        ),
        (
            WrongShape::Null,
            "null stands there; the body's members are: results, total, paging; only if that is how",
        ),
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
        "records: { at: results, nulls: keep }",
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

#[tokio::test]
async fn a_wrong_path_is_told_with_the_one_that_is_meant() {
    json_is_refused(
        r#"{"items":[],"next":null}"#,
        "records: itms",
        "the body's members are: items, next; did you mean `items`?",
    )
    .await;
    json_is_refused(
        "[{\"a\":1}]",
        "records: data",
        "nothing stands there; the body is a list: write `records: $`",
    )
    .await;
    json_is_refused(
        "{\"data\":[]}",
        "records: rows",
        "the body's members are: data; name the one that holds the records; only if",
    )
    .await;
}

#[tokio::test]
async fn a_part_of_a_body_is_not_taken_for_the_whole() {
    let part = |range: &str| FaultKind::Status {
        code: 206,
        body: Some(b"[{\"a\":1}]".to_vec().into()),
        headers: vec![("Content-Range".to_owned(), range.to_owned())],
        content_type: Some("application/json".to_owned()),
    };
    is_refused(
        part("bytes 0-8/900"),
        ROOT,
        "HTTP 206: the API has sent a part (Content-Range: bytes 0-8/900)",
    )
    .await;
    is_refused(part("0-0/357"), ROOT, "(Content-Range: 0-0/357) and not the whole; `pagination` has to")
        .await;
    // Some APIs say so of the rows of a page.
    let paged = "records: $\npagination: { type: link_header }";
    let (bench, report) = read(part("0-0/357"), paged).await;
    assert_eq!((report.error, bench.records("items").len()), (None, 1));
}
