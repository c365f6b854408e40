//! Values that go from a response into the next request: each as it came, and none that cannot be read is taken
//! for the end.

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_demo_api::{
    By, Fault, FaultKind, Layout, Quirks, Shape, Stream, Style, TimeFormat, Timeline, When,
};
use bronzegate_tests::{Bench, assert_complete, failure};

use super::segments::{LONG, hour_at};

/// Records sorted by a score, as a search has them: any double, and a number longer than any that a machine has.
fn scored() -> Vec<String> {
    let mut random = fastrand::Rng::with_seed(7);
    let mut score = || loop {
        let score = f64::from_bits(random.u64(..));
        if score.is_finite() {
            return format!("{score:e}");
        }
    };
    (0..400)
        .map(|nth| format!("{{\"id\":{nth},\"sort\":[{},123456789012345678901234567{nth:03}]}}", score()))
        .collect()
}

#[tokio::test]
async fn numbers_go_back_to_the_api_with_their_own_digits_and_through_the_commit_log() {
    let layout = Layout {
        by: By::Sort("search_after".to_owned()),
        size: Some("size".to_owned()),
        records: "hits.hits".to_owned(),
        body: Vec::new(),
        headers: Vec::new(),
    };
    let records = scored();
    let timeline = Timeline::new("id", TimeFormat::Integer, "never", None).with(records.clone());
    let mut stream = Stream::new("items", Style::Layout, Shape::Small, 0).timeline(timeline);
    stream.quirks = Quirks { layout, ..Quirks::default() };
    let settings = "method: POST\nrecords: hits.hits\npagination: { type: cursor, next: { last_record: sort }, send: { body: search_after }, page_size: { body: size, value: 2 } }";
    let bench = Bench::one(stream, vec![], settings).await;
    for page in [2, 60, 61, 150] {
        bench.api.set_faults(hour_at(page));
        let report = bench.run_within("items", LONG).await;
        assert_eq!((report.status, &report.error), (Status::Partial, &None), "{report:?}");
    }
    bench.api.set_faults(Vec::new());
    let report = bench.run("items").await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None), "{report:?}");
    assert_eq!(bench.records("items"), records);
}

#[tokio::test]
async fn an_integer_of_any_length_goes_into_a_body_as_it_came() {
    let long = "36893488147419103233";
    let timeline = Timeline::new("v", TimeFormat::Integer, "since", None);
    let stream = Stream::new("items", Style::Cursor, Shape::Small, 0)
        .timeline(timeline.with([format!("{{\"id\":1,\"v\":{long}}}")]));
    let settings = "method: POST\nrecords: results\nincremental: { cursor: v, format: integer, from: { body: since }, key: id }\nresponses: [{ when: { at: { status: true }, equals: 400 }, then: fail, message: { body: error.body } }]";
    let bench = Bench::one(stream, vec![], settings).await;
    assert_complete(&bench.run_at("items", "2026-01-01T00:00:00Z").await, 1);
    bench.api.set_faults(vec![Fault::new("items", When::Request(1), FaultKind::EchoSecret)]);
    let report = bench.run_at("items", "2026-01-02T00:00:00Z").await;
    let (_, message) = failure(&report);
    assert!(message.contains(&format!("{{\"since\":{long}}}")), "{message}");
}

#[tokio::test]
async fn a_cursor_that_cannot_be_read_is_an_error_and_not_the_end() {
    let body = r#"{"results":[{"id":1}],"paging":{"next":{"after":"\ud800abc"}},"pit":"\udc00","next":"/items?\ud800"}"#;
    let page =
        FaultKind::RawBody { content_type: "application/json".to_owned(), body: body.into(), status: 200 };
    for (style, pagination, why) in [
        (
            Style::Cursor,
            "type: cursor, next: { body: paging.next.after }, send: { query: after }",
            r"what the API names as its next page (body paging.next.after) cannot be read: `\ud800abc`",
        ),
        (
            Style::NextUrl,
            "type: next_url, next: { body: next }",
            r"what the API names as its next page (body next) cannot be read: `/items?\ud800`",
        ),
        (
            Style::Page,
            "type: page, send: { query: page }, carry: [{ from: { body: pit }, to: { query: pit } }]",
            r"what is to be carried to the next page (body pit) cannot be read: `\udc00`",
        ),
    ] {
        let stream = Stream::new("items", style, Shape::Small, 50).page_size(10);
        let fault = Fault::new("items", When::Page(2), page.clone());
        let settings = format!("records: results\nconcurrency: 1\npagination: {{ {pagination} }}");
        let bench = Bench::one(stream, vec![fault], &settings).await;
        let report = bench.run("items").await;
        let (kind, message) = failure(&report);
        let message = message.replace('"', "");
        assert_eq!(kind, ErrorKind::Data, "{message}");
        assert!(message.starts_with(&format!("demo/items, page 2: {why}")), "{message}");
        assert_eq!(bench.stats("items").requests, 2);
        bench.assert_nothing_visible("items");
    }
}
