//! Keys in every place that a request has for them, and the pace that streams share.

use std::time::Duration;

use bronzegate_core::clock::Clock as _;
use bronzegate_core::run::RunOptions;
use bronzegate_demo_api::{Auth, Shape, Stream, Style};
use bronzegate_tests::{Bench, SCHEDULED, one_stream, request, test_clock};

#[tokio::test]
async fn two_keys_at_once_and_a_key_in_the_query() {
    for (auth, settings) in [
        (
            Auth::TwoHeaders,
            "{ type: headers, headers: { DD-API-KEY: { secret: api_key }, DD-APPLICATION-KEY: { secret: application_key } } }",
        ),
        (Auth::ApiKeyHeader, "{ type: api_key, in: header, name: X-Api-Key, value: { secret: api_key } }"),
        (Auth::ApiKeyQuery, "{ type: api_key, in: query, name: api_key, value: { secret: api_key } }"),
        (Auth::Bearer, "{ type: bearer, token: { secret: json, field: token } }"),
    ] {
        let stream = Stream::new("logs", Style::Cursor, Shape::Small, 30).page_size(10).auth(auth);
        let settings = format!(
            "records: results\nauth: {settings}\npagination: {{ type: cursor, next: {{ body: paging.next.after }}, send: {{ query: after }} }}"
        );
        let bench = Bench::one(stream.clone(), Vec::new(), &settings).await;
        bench.assert_landed(&bench.run("logs").await, &stream);
        let stats = bench.stats("logs");
        assert_eq!((stats.requests, stats.unauthenticated), (3, 0), "{auth:?}");
    }
}

#[tokio::test]
async fn streams_of_a_source_share_its_rate_limit() {
    const BY_PAGE: &str = "records: results\npagination: { type: page, send: { query: page }, total_pages: { body: total_pages } }";
    let stream = |name| Stream::new(name, Style::Page, Shape::Small, 100).page_size(10);
    let other = one_stream("b", BY_PAGE).replace("streams:\n", "");
    let yaml =
        format!("rate_limit: {{ requests_per_second: 100, burst: 1 }}\n{}{other}", one_stream("a", BY_PAGE));
    let bench = Bench::new(vec![stream("a"), stream("b")], Vec::new(), &yaml).await;
    let clock = test_clock();
    let engine = bench.engine(clock.clone());
    let (a, b) = (engine.stream("a").unwrap(), engine.stream("b").unwrap());
    let event = request(SCHEDULED);
    let (a, b) = tokio::join!(
        a.run(bench.store(), event, RunOptions::default()),
        b.run(bench.store(), event, RunOptions::default()),
    );
    bench.assert_landed(&a, &stream("a"));
    bench.assert_landed(&b, &stream("b"));
    let (requests, waited) = ((a.counts.requests + b.counts.requests) as u32, clock.elapsed());
    assert!(waited >= Duration::from_millis(10) * (requests - 1), "{requests} requests in {waited:?}");
}
