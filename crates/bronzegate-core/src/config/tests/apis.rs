//! What real APIs ask of the grammar and no file of `sources/` has; those files are read by the
//! integration tests.

use crate::config::*;

#[track_caller]
fn stream(keys: &str) -> Stream {
    let mut text = "source: x\nbase_url: https://x.example\nstreams:\n  s:\n".to_owned();
    for line in keys.lines() {
        text.push_str("    ");
        text.push_str(line);
        text.push('\n');
    }
    let source = parse("x.yaml", &text).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
    source.streams[0].clone()
}

#[test]
fn what_is_carried_takes_the_place_of_a_text_of_the_body_and_of_nothing_else() {
    let keys = |pit: &str| {
        format!(
            "source: x\nbase_url: https://x.example\nstreams:\n  s:\n    path: /search\n    method: POST\n    records: hits\n    body: {{ pit: {pit} }}\n    pagination: {{ type: cursor, next: {{ last_record: sort }}, send: {{ body: after }}, carry: [{{ from: {{ body: pit_id }}, to: {{ body: pit.id }} }}] }}"
        )
    };
    assert!(parse("x.yaml", &keys("{ id: first }")).is_ok());
    let problems = parse("x.yaml", &keys("{ id: { a: 1 } }")).unwrap_err().to_string();
    assert!(problems.contains("body member pit.id is given in body too"), "{problems}");
}

#[test]
fn an_absent_list_and_an_inexact_total_can_be_said() {
    let stream = stream(
        "path: /table\nrecords: { at: result, if_absent: empty }\npagination: { type: offset, send: { query: skip }, page_size: { query: take, value: 100 }, total: { header: X-Total-Count, tolerance: 1% } }",
    );
    assert_eq!(stream.records.if_absent, IfAbsent::Empty);
    assert_eq!(stream.pagination.total.unwrap().tolerance, Tolerance::Percent(1.0));
}
