//! `Link` headers that are not as RFC 8288 has them.

use bronzegate_core::error::ErrorKind;
use bronzegate_demo_api::{Auth, Fault, FaultKind, Quirks, Shape, Stream, Style, When};
use bronzegate_tests::{Bench, expected, failure};

const RECORDS: u64 = 50;
const SETTINGS: &str = "records: $
auth: { type: bearer, token: { secret: token } }
pagination: { type: link_header, page_size: { query: per_page, value: 10 } }";

fn stream() -> Stream {
    Stream::new("items", Style::LinkHeader, Shape::Small, RECORDS).page_size(10).auth(Auth::Bearer)
}

/// The second page, with another `Link` header.
fn second_page(link: &str) -> Vec<Fault> {
    let records = expected(Shape::Small, RECORDS)[10..20].join(",");
    let kind = FaultKind::Status {
        code: 200,
        body: Some(format!("[{records}]").into()),
        headers: vec![("Link".to_owned(), link.to_owned())],
        content_type: None,
    };
    vec![Fault::new("items", When::Page(2), kind)]
}

#[tokio::test]
async fn a_link_is_read_as_servers_write_it() {
    for link in [
        "</items?page=3&per_page=10>; rel='next'",
        "</items?page=1&per_page=10>; title='a, b'; rel='prev', </items?page=3&per_page=10>; rel='last next'",
        "</items?q=caf\u{e9}&page=3&per_page=10>; title=\"\u{e9}\"; rel=\"next\"",
        // The next page of another resource is not this one's; a template is good for whoever wants none of it.
        "</other?page=9>; rel=next; anchor=\"/other\", </items?page=3&per_page=10>; rel=next",
        "</items?page=3&per_page=10{&sort,order}>; rel=next; anchor=\"/items\"",
    ] {
        let bench = Bench::one(stream(), second_page(link), SETTINGS).await;
        bench.assert_landed(&bench.run("items").await, &stream());
    }
}

#[tokio::test]
async fn a_link_that_cannot_be_read_is_an_error_and_not_the_end() {
    for (link, shown) in [
        ("https://api/items?page=3; rel=next", "https://api/items?page=3; rel=next"),
        ("</items?page=3; rel=\"next\"", "</items?page=3; rel=\"next\""),
        ("see demo-token", "see [secret]"),
    ] {
        let bench = Bench::one(stream(), second_page(link), SETTINGS).await;
        let report = bench.run("items").await;
        let (kind, message) = failure(&report);
        assert_eq!(kind, ErrorKind::Data, "{message}");
        let why = "demo/items, page 2: what the API names as its next page (link next) cannot be read";
        assert!(message.starts_with(&format!("{why}: `{shown}`")), "{message}");
        bench.assert_nothing_visible("items");
    }
    // One that can be read and has no next link is the end.
    let bench = Bench::one(stream(), second_page("</items?page=1>; rel=\"prev\""), SETTINGS).await;
    let report = bench.run("items").await;
    assert_eq!((report.counts.records, &report.error), (20, &None), "{report:?}");
}

#[tokio::test]
async fn a_template_in_place_of_the_next_url_is_expanded_without_variables() {
    let quirks = Quirks { templated_links: Some("{&sort,projection*}".to_owned()), ..Quirks::default() };
    for style in [Style::NextUrl, Style::LinkHeader] {
        let stream = Stream { quirks: quirks.clone(), ..Stream::new("items", style, Shape::Small, RECORDS) };
        let settings = match style {
            Style::NextUrl => {
                "records: results\npagination: { type: next_url, next: { body: next }, page_size: { query: limit, value: 10 } }"
            }
            _ => "records: $\npagination: { type: link_header, page_size: { query: per_page, value: 10 } }",
        };
        let bench = Bench::one(stream.clone(), vec![], settings).await;
        bench.assert_landed(&bench.run("items").await, &stream);
        assert!(bench.stats("items").requests >= 5, "{:?}", bench.stats("items"));
    }
}

#[tokio::test]
async fn what_stands_in_place_of_a_next_url_and_is_none_is_an_error_that_shows_it() {
    for (next, why) in [
        (
            "false",
            "and `false` stands there. Where this is how the API ends, say so: `stop: [{ at: { body: next }, equals: false }]`",
        ),
        ("true", "and `true` stands there"),
        ("7", "and `7` stands there"),
        (r#"{"href":"/items?page=2"}"#, "did you mean `next: { body: next.href }`?"),
        (r#"["/items?page=2"]"#, "stands there"),
    ] {
        let body = format!("{{\"results\":[1],\"next\":{next}}}");
        let kind = FaultKind::RawBody {
            content_type: "application/json".to_owned(),
            body: body.into(),
            status: 200,
        };
        let faults = vec![Fault::new("items", When::Every(1), kind).always()];
        let settings = "records: results\npagination: { type: next_url, next: { body: next } }";
        let bench =
            Bench::one(Stream::new("items", Style::NextUrl, Shape::Small, 3), faults.clone(), settings).await;
        let report = bench.run("items").await;
        let (kind, message) = failure(&report);
        assert_eq!(kind, ErrorKind::Data, "{message}");
        let told = "demo/items, page 1: expected a URL at body next, where the next page is looked for";
        assert!(message.starts_with(told) && message.contains(why), "{message}");
        assert_eq!(bench.stats("items").requests, 1);
        bench.assert_nothing_visible("items");
        // A boolean is no cursor either, and ends the pages where the file says so.
        let by_cursor =
            "records: results\npagination: { type: cursor, next: { body: next }, send: { query: after }";
        let stream = || Stream::new("items", Style::Cursor, Shape::Small, 3);
        if matches!(next, "true" | "false") {
            let bench = Bench::one(stream(), faults.clone(), &format!("{by_cursor} }}")).await;
            let report = bench.run("items").await;
            assert!(failure(&report).1.contains("expected a cursor at body next, and `"), "{report:?}");
        }
        if next == "false" {
            let stop = "stop: [{ at: { body: next }, equals: false }]";
            let bench = Bench::one(stream(), faults, &format!("{by_cursor}, {stop} }}")).await;
            let report = bench.run("items").await;
            assert_eq!((report.error, report.counts.records), (None, 1));
        }
    }
}
