//! Values that go from a response into the next request: each as it came, and none that cannot be read is taken
//! for the end.

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_demo_api::{
    By, Fault, FaultKind, Layout, Quirks, Said, Shape, Stream, Style, TimeFormat, Timeline, When,
};
use bronzegate_tests::{Bench, assert_complete, expected, failure};

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

#[tokio::test]
async fn a_carried_value_that_is_kept_goes_with_every_later_request_until_another_is_named() {
    let page = |id: u32, more: &str| FaultKind::RawBody {
        content_type: "application/json".to_owned(),
        body: format!("{{\"results\":[{{\"id\":{id}}}]{more}}}").into_bytes().into(),
        status: 200,
    };
    let settings = "records: results\npagination: { type: page, start: 1, send: { query: page }, page_size: { query: per_page, value: 1 }, carry: [{ from: { body: session }, to: { query: session }, if_absent: keep }] }\nresponses: [{ when: { at: { status: true }, equals: 400 }, then: fail, message: { body: error.target } }]";
    let given = [page(1, ",\"session\":\"one\""), page(2, ""), page(3, ",\"session\":\"two\""), page(4, "")];
    for (asked, sent) in [(2, "session=one"), (3, "session=one"), (4, "session=two"), (5, "session=two")] {
        let stream = Stream::new("items", Style::Page, Shape::Small, 50);
        let at_page = |page, kind| Fault::new("items", When::Page(page), kind);
        let before = (1..asked).zip(given.clone()).map(|(number, kind)| at_page(number, kind));
        let faults = before.chain([at_page(asked, FaultKind::EchoSecret)]).collect();
        let report = Bench::one(stream, faults, settings).await.run("items").await;
        assert!(failure(&report).1.contains(sent), "{sent}: {report:?}");
    }
}

/// A list whose later pages are asked for at a path of their own, as Dropbox has it.
fn continued() -> Stream {
    let said = [("cursor", Said::Next), ("has_more", Said::More)];
    let layout = Layout {
        by: By::Cursor("cursor".to_owned()),
        size: Some("limit".to_owned()),
        records: "results".to_owned(),
        body: said.map(|(at, said)| (at.to_owned(), said)).into(),
        headers: Vec::new(),
    };
    let mut stream = Stream::new("items", Style::Layout, Shape::Small, 95).page_size(20);
    stream.quirks = Quirks {
        layout,
        continued_at: Some("continue".to_owned()),
        demanded_parameters: vec!["folder".to_owned()],
        ..Quirks::default()
    };
    stream
}

#[tokio::test]
async fn pages_after_the_first_may_be_asked_for_by_another_request_with_nothing_but_a_cursor() {
    let settings = |next: &str| {
        format!(
            "method: POST\nbody: {{ folder: all }}\nrecords: results\npagination: {{ type: cursor, next: {{ body: cursor }}, send: {{ body: cursor }}, page_size: {{ body: limit, value: 20 }}, stop: [{{ at: {{ body: has_more }}, equals: false }}], next_request: {{ {next} }} }}\nresponses: [{{ when: {{ at: {{ status: true }}, equals: 400 }}, then: fail, message: {{ body: error.message }} }}]"
        )
    };
    let bench = Bench::one(continued(), hour_at(3), &settings("path: /items/continue")).await;
    assert_eq!(bench.run_within("items", LONG).await.status, Status::Partial);
    bench.api.set_faults(Vec::new());
    let report = bench.run("items").await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None), "{report:?}");
    assert_eq!(bench.records("items"), expected(Shape::Small, 95));
    for (next, why) in [
        ("path: /items/continue, body: { folder: x }", "unknown field 'folder'"),
        ("path: /items", "cursor is taken at continue alone"),
    ] {
        let report = Bench::one(continued(), vec![], &settings(next)).await.run("items").await;
        assert!(failure(&report).1.contains(why), "{why}: {report:?}");
    }
}

/// As `MediaWiki` continues: the text of the cursor comes again, and what is carried beside it tells the places apart.
#[tokio::test]
async fn values_that_continue_together_are_one_place() {
    const BETWEEN: [&str; 4] = [
        r#""continue":{"continue":"||","clcontinue":"a|1"}"#,
        r#""continue":{"continue":"||","clcontinue":"a|2"}"#,
        r#""continue":{"continue":"gcmcontinue||","gcmcontinue":"p2"}"#,
        r#""continue":{"continue":"||","gcmcontinue":"p2","clcontinue":"a|1"}"#,
    ];
    let page = |nth: usize, said: &str| {
        let body = format!("{{\"results\":[{{\"id\":{nth}}}],{said}}}");
        FaultKind::RawBody { content_type: "application/json".to_owned(), body: body.into(), status: 200 }
    };
    let settings = "records: results\npagination: { type: cursor, next: { body: continue.continue }, send: { query: continue }, carry: [{ from: { body: continue.gcmcontinue }, to: { query: gcmcontinue } }, { from: { body: continue.clcontinue }, to: { query: clcontinue } }] }";
    let of_pages = |said: Vec<&str>| {
        let pages = (1..)
            .zip(said)
            .map(|(nth, said)| Fault::new("items", When::Request(nth as u64), page(nth, said)));
        pages.collect::<Vec<_>>()
    };
    let stream = Stream::new("items", Style::Single, Shape::Small, 1);
    let said = BETWEEN.into_iter().chain(["\"batchcomplete\":true"]).collect();
    let bench = Bench::one(stream.clone(), of_pages(said), settings).await;
    assert_complete(&bench.run("items").await, 5);
    let again = [BETWEEN[0], BETWEEN[2], BETWEEN[0]].to_vec();
    let bench = Bench::one(stream, of_pages(again), settings).await;
    let report = bench.run("items").await;
    let (kind, told) = failure(&report);
    assert!(kind == ErrorKind::Data && told.contains("it makes no progress"), "{told}");
}
