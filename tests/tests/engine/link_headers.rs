//! `Link` headers that are not as RFC 8288 has them.

use bronzegate_core::error::ErrorKind;
use bronzegate_demo_api::{Auth, Fault, FaultKind, Shape, Stream, Style, When};
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
