//! What real APIs ask of the grammar and no file of `sources/` has; those files are read by the
//! integration tests.

use super::super::*;

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
fn the_end_of_a_bulk_result_is_the_text_null_in_a_header() {
    let bulk = stream(
        "path: /results\nrecords: $\npagination:\n  type: cursor\n  next: { header: Sforce-Locator }\n  send: { query: locator }\n  stop: [{ at: { header: Sforce-Locator }, equals: 'null' }]",
    );
    let Stop::When(condition) = &bulk.pagination.stop[0] else { panic!("{:?}", bulk.pagination.stop) };
    assert_eq!(condition.test, Test::Equals("null".into()));
}

#[test]
fn a_point_in_time_whose_id_changes_is_carried() {
    let elastic = stream(
        "path: /_search\nmethod: POST\nrecords: hits.hits\nbody: { sort: [a], pit: { id: null } }\npagination:\n  type: cursor\n  next: { last_record: sort }\n  send: { body: search_after }\n  stop: [empty_page]\n  carry: [{ from: { body: pit_id }, to: { body: pit.id } }]",
    );
    assert_eq!(elastic.pagination.carry.len(), 1);
}

#[test]
fn an_absent_list_and_an_inexact_total_can_be_said() {
    let stream = stream(
        "path: /table\nrecords: { at: result, if_absent: empty }\npagination: { type: offset, send: { query: skip }, page_size: { query: take, value: 100 }, total: { header: X-Total-Count, tolerance: 1% } }",
    );
    assert_eq!(stream.records.if_absent, IfAbsent::Empty);
    assert_eq!(stream.pagination.total.unwrap().tolerance, Tolerance::Percent(1.0));
}
