//! Every pagination brings every record once, verbatim and in order.

use bronzegate_core::report::Status;
use bronzegate_demo_api::{By, Layout, Quirks, Said, Shape, Stream, Style};
use bronzegate_tests::{Bench, expected};

async fn ingests_exactly(stream: Stream, yaml: &str) {
    let (name, shape, records) = (stream.name.clone(), stream.shape, stream.records);
    let bench =
        Bench::new(vec![stream], Vec::new(), &format!("streams:\n  {name}:\n    path: /{name}\n{yaml}"))
            .await;
    let report = bench.run(&name).await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None), "{name}: {report:?}");
    assert_eq!(report.counts.records, records, "{name}");
    assert_eq!(bench.records(&name), expected(shape, records), "{name}");
}

#[tokio::test]
async fn every_generic_style_lands_exactly() {
    let stream = |name: &str, style| Stream::new(name, style, Shape::Crm, 235).page_size(20);
    ingests_exactly(stream("single", Style::Single), "    records: results\n").await;
    ingests_exactly(stream("ndjson", Style::Ndjson), "    records: $\n").await;
    ingests_exactly(
        stream("cursor", Style::Cursor),
        "    records: results\n    pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, total: { body: total } }\n",
    )
    .await;
    for concurrency in [1, 4] {
        ingests_exactly(
            stream("offset", Style::Offset),
            &format!("    records: results\n    concurrency: {concurrency}\n    pagination: {{ type: offset, send: {{ query: offset }}, page_size: {{ query: limit, value: 20 }}, total: {{ header: X-Total-Count }} }}\n"),
        )
        .await;
        ingests_exactly(
            stream("page", Style::Page),
            &format!("    records: results\n    concurrency: {concurrency}\n    pagination: {{ type: page, send: {{ query: page }}, page_size: {{ query: per_page, value: 20 }}, total_pages: {{ body: total_pages }} }}\n"),
        )
        .await;
    }
    ingests_exactly(
        stream("link", Style::LinkHeader),
        "    records: $\n    pagination: { type: link_header }\n",
    )
    .await;
    ingests_exactly(
        stream("next-url", Style::NextUrl),
        "    records: results\n    pagination: { type: next_url, next: { body: next } }\n",
    )
    .await;
    ingests_exactly(
        stream("relative", Style::NextUrl).relative_links(),
        "    records: results\n    pagination: { type: next_url, next: { body: next } }\n",
    )
    .await;
}

#[tokio::test]
async fn pages_counted_from_zero_end_at_the_last_one() {
    let layout = Layout {
        by: By::PageFromZero("page".to_owned()),
        size: Some("size".to_owned()),
        records: "content".to_owned(),
        body: vec![("totalPages".to_owned(), Said::Pages)],
        headers: Vec::new(),
    };
    // The last page full or not, one page, and more requests at once than there are pages.
    for records in [235, 240, 20, 30] {
        for concurrency in [1, 4] {
            let mut stream = Stream::new("pages", Style::Layout, Shape::Small, records).page_size(20);
            stream.quirks = Quirks { layout: layout.clone(), ..Quirks::default() };
            ingests_exactly(
                stream,
                &format!("    records: content\n    concurrency: {concurrency}\n    pagination: {{ type: page, start: 0, send: {{ query: page }}, page_size: {{ query: size, value: 20 }}, total_pages: {{ body: totalPages }} }}\n"),
            )
            .await;
        }
    }
}

#[tokio::test]
async fn a_template_may_say_which_page_and_a_size_may_be_known_without_being_sent() {
    let stream = |style| Stream::new("items", style, Shape::Small, 235).page_size(20);
    for (style, keys) in [
        (
            Style::Offset,
            "params: { offset: '{{ offset }}' }\n    pagination: { type: offset, page_size: 20, total: { body: total } }",
        ),
        (
            Style::Page,
            "params: { page: '{{ page }}' }\n    pagination: { type: page, page_size: 20, stop: [short_page] }",
        ),
        (
            Style::Page,
            "pagination: { type: page, send: { query: page }, page_size: { header: X-Size, value: 20 }, total_pages: { body: total_pages } }",
        ),
    ] {
        ingests_exactly(stream(style), &format!("    records: results\n    {keys}\n")).await;
    }
}

#[tokio::test]
async fn a_cursor_may_be_a_parameter_of_the_url_that_names_the_next_page() {
    let stream = Stream::new("items", Style::NextUrl, Shape::Small, 235).page_size(20);
    let parameter = |name: &str| {
        format!(
            "    records: results\n    pagination: {{ type: cursor, next: {{ body: next, parameter: {name} }}, send: {{ query: {name} }}, page_size: {{ query: limit, value: 20 }} }}\n"
        )
    };
    ingests_exactly(stream.clone(), &parameter("cursor")).await;
    ingests_exactly(stream.clone().relative_links(), &parameter("cursor")).await;
    let yaml = format!("streams:\n  items:\n    path: /items\n{}", parameter("after"));
    let report = Bench::new(vec![stream], Vec::new(), &yaml).await.run("items").await;
    let message = format!("{:?}", report.error);
    assert!(message.contains("expected a URL with the parameter `after` at body next"), "{message}");
}

#[tokio::test]
async fn the_next_page_may_be_named_within_a_text() {
    let stream = Stream::new("items", Style::NextUrl, Shape::Small, 235).page_size(20);
    let keys = |pattern: &str| {
        format!(
            "    records: results\n    pagination: {{ type: next_url, next: {{ body: next, match: '{pattern}' }}, page_size: {{ query: limit, value: 20 }} }}\n"
        )
    };
    ingests_exactly(stream.clone(), &keys("^http://[^/]+(/items.*)$")).await;
    let yaml = format!("streams:\n  items:\n    path: /items\n{}", keys("page=(.*)"));
    let report = Bench::new(vec![stream], Vec::new(), &yaml).await.run("items").await;
    let message = format!("{:?}", report.error);
    assert!(message.contains("finds at body next, where the next page is looked for"), "{message}");
}
