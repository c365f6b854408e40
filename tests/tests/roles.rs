//! The vendors' roles of the table of real APIs: each with its authentication, its pagination and
//! its rate limit in its own dialect, read exactly and with no request too many.

use std::time::Duration;

use bronzegate_core::clock::{Clock as _, Deadline};
use bronzegate_core::extract::Stop;
use bronzegate_demo_api::{Auth, Dialect, RateLimit, Shape, Stream, StreamStats, Style};
use bronzegate_tests::{Bench, SCHEDULED, one_stream, request, test_clock};

/// Reads the stream and returns what the API counted.
async fn lands(stream: Stream, settings: &str) -> StreamStats {
    let bench = Bench::one(stream.clone(), Vec::new(), settings).await;
    let report = bench.run(&stream.name).await;
    bench.assert_landed(&report, &stream);
    let stats = bench.stats(&stream.name);
    assert_eq!(report.counts.records, stream.records);
    assert_eq!(report.counts.requests, stats.requests + bench.api.stats().oauth.requests);
    assert_eq!((stats.unauthenticated, stats.throttled), (0, report.counts.retries), "{stats:?}");
    stats
}

/// A limit that a run of some twenty requests runs into.
fn limited(stream: Stream) -> Stream {
    stream.limited(12, Duration::from_millis(300))
}

#[tokio::test]
async fn hubspot_lists_by_cursor_and_refuses_with_429_without_retry_after() {
    let stream = limited(Stream::new("contacts", Style::HubSpot, Shape::Crm, 1_835).auth(Auth::Bearer));
    let settings = "records: results
auth: { type: bearer, token: { secret: token } }
rate_limit: { remaining: { header: X-HubSpot-RateLimit-Remaining }, reset: { header: X-HubSpot-RateLimit-Interval-Milliseconds, unit: ms } }
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 100 } }";
    let stats = lands(stream, settings).await;
    // Its headers tell when nothing is left, so no request is refused.
    assert_eq!((stats.requests, stats.throttled), (19, 0));
}

#[tokio::test]
async fn hubspot_searches_by_post_with_the_cursor_in_the_body() {
    let stream = Stream::new("contacts", Style::HubSpot, Shape::Crm, 230).auth(Auth::Bearer);
    let settings = "records: results
method: POST
auth: { type: bearer, token: { secret: token } }
body: { sorts: [createdate] }
pagination: { type: cursor, next: { body: paging.next.after }, send: { body: after }, page_size: { body: limit, value: 100 }, total: { body: total } }";
    assert_eq!(lands(stream, settings).await.requests, 3);
}

#[tokio::test]
async fn shopify_rest_follows_links_and_waits_for_decimal_seconds() {
    let stream = limited(Stream::new("orders", Style::ShopifyRest, Shape::Crm, 900).auth(Auth::ShopifyToken));
    let settings = "records: orders
auth: { type: api_key, in: header, name: X-Shopify-Access-Token, value: { secret: token } }
params: { status: any }
pagination: { type: link_header, page_size: { query: limit, value: 50 } }";
    // With `page_info` the API refuses `status`: the link is followed as it is given.
    let stats = lands(stream, settings).await;
    assert_eq!(stats.requests - stats.throttled, 18);
    assert!(stats.throttled > 0 && stats.statuses[&429] == stats.throttled, "{stats:?}");
}

#[tokio::test]
async fn shopify_graphql_is_throttled_inside_a_200_and_ends_at_has_next_page() {
    let stream =
        limited(Stream::new("orders", Style::ShopifyGraphql, Shape::Crm, 960).auth(Auth::ShopifyToken));
    let settings = "method: POST
records: data.orders.nodes
auth: { type: api_key, in: header, name: X-Shopify-Access-Token, value: { secret: token } }
retry: { base: 100ms, max: 400ms, max_attempts: 20 }
body: { query: '{ orders }', variables: { after: null } }
pagination:
  type: cursor
  next: { body: data.orders.pageInfo.endCursor }
  send: { body: variables.after }
  page_size: { body: variables.first, value: 50 }
  stop: [{ at: { body: data.orders.pageInfo.hasNextPage }, equals: false }]
responses:
  - { when: { at: { body: errors.0.extensions.code }, equals: THROTTLED }, then: retry }";
    let stats = lands(stream, settings).await;
    assert_eq!(stats.requests - stats.throttled, 20);
    assert!(stats.throttled > 0 && stats.statuses.keys().eq(&[200]), "{stats:?}");
}

#[tokio::test]
async fn github_says_403_when_limited_and_when_it_takes_requests_again() {
    let stream = Stream::new("issues", Style::GitHub, Shape::Crm, 900).auth(Auth::Bearer);
    let stream = stream.rate_limit(RateLimit::new(5, Duration::from_secs(1), Dialect::GitHub403));
    let settings = "records: $
auth: { type: bearer, token: { secret: token } }
pagination: { type: link_header, page_size: { query: per_page, value: 100 } }";
    let stats = lands(stream, settings).await;
    // What remains is told with every page, so nothing needs to be refused.
    assert_eq!((stats.requests, stats.throttled), (9, 0));
}

#[tokio::test]
async fn github_refusing_at_once_is_waited_for() {
    // The first request uses up the quota of another client: refused with 403 and `retry-after`.
    let stream = Stream::new("issues", Style::GitHub, Shape::Crm, 60).auth(Auth::Bearer);
    let stream = stream.rate_limit(RateLimit::new(1, Duration::from_secs(1), Dialect::GitHub403));
    let settings = "records: $
auth: { type: bearer, token: { secret: token } }";
    let bench = Bench::one(stream.clone(), Vec::new(), settings).await;
    let (first, second) = tokio::join!(
        bench.run_at("issues", "2026-11-22T17:00:00Z"),
        bench.run_at("issues", "2026-11-22T18:00:00Z")
    );
    for report in [&first, &second] {
        assert_eq!(report.error, None);
    }
    let stats = bench.stats("issues");
    assert_eq!((stats.statuses[&403], first.counts.retries + second.counts.retries), (1, 1));
}

#[tokio::test]
async fn stripe_pages_by_the_last_record_until_has_more_is_false() {
    let stream = limited(Stream::new("charges", Style::Stripe, Shape::Crm, 1_500).auth(Auth::Basic));
    let settings = "records: data
auth: { type: basic, username: { secret: username }, password: { secret: password } }
pagination:
  type: cursor
  next: { last_record: id }
  send: { query: starting_after }
  page_size: { query: limit, value: 100 }
  stop: [{ at: { body: has_more }, equals: false }]";
    let stats = lands(stream, settings).await;
    assert_eq!(stats.requests - stats.throttled, 15);
}

#[tokio::test]
async fn salesforce_follows_relative_urls_until_there_is_none() {
    let stream =
        Stream::new("accounts", Style::Salesforce, Shape::Crm, 1_030).page_size(100).max_page_size(100);
    let settings = "records: records
params: { q: SELECT Id FROM Account }
auth: { type: oauth2_client_credentials, token_url: BASE/oauth/token, client_id: { secret: client_id }, client_secret: { secret: client_secret }, client_auth: basic }
pagination: { type: next_url, next: { body: nextRecordsUrl }, total: { body: totalSize }, stop: [{ at: { body: done }, equals: true }] }";
    assert_eq!(lands(limited(stream.auth(Auth::OAuth2)), settings).await.pages, 11);
}

#[tokio::test]
async fn slack_ends_at_an_empty_cursor_and_is_limited_with_429() {
    let stream = limited(Stream::new("channels", Style::Slack, Shape::Crm, 1_500).auth(Auth::Bearer));
    let stats = lands(stream, SLACK).await;
    assert_eq!(stats.requests - stats.throttled, 15);
}

#[tokio::test]
async fn slack_says_ratelimited_inside_a_200() {
    let stream = Stream::new("channels", Style::Slack, Shape::Crm, 1_500).auth(Auth::Bearer);
    let stream = stream.rate_limit(RateLimit::new(12, Duration::from_millis(300), Dialect::InBody));
    let settings = format!("{SLACK}\nretry: {{ base: 100ms, max: 400ms, max_attempts: 20 }}");
    let stats = lands(stream, &settings).await;
    assert!(stats.throttled > 0 && stats.statuses.keys().eq(&[200]), "{stats:?}");
    assert_eq!(stats.requests - stats.throttled, 15);
}

const SLACK: &str = "records: { at: channels, if_absent: empty }
auth: { type: bearer, token: { secret: token } }
pagination: { type: cursor, next: { body: response_metadata.next_cursor }, send: { query: cursor }, page_size: { query: limit, value: 100 } }
responses:
  - { when: { at: { body: ok }, equals: false }, and: { at: { body: error }, equals: ratelimited }, then: retry }
  - { when: { at: { body: ok }, equals: false }, then: fail, message: { body: error } }";

#[tokio::test]
async fn slack_refuses_a_wrong_token_inside_a_200() {
    let stream = Stream::new("channels", Style::Slack, Shape::Crm, 10).auth(Auth::Bearer);
    let bench = Bench::one(stream, Vec::new(), SLACK).await;
    bench.vault.lock().unwrap().token = "wrong".to_owned();
    let report = bench.run("channels").await;
    let message = bronzegate_tests::failure(&report).1.to_owned();
    assert_eq!(message, "demo/channels, page 1: HTTP 200: invalid_auth");
    bench.assert_nothing_visible("channels");
}

#[tokio::test]
async fn jira_lowers_the_page_size_silently_and_resets_at_an_instant() {
    let stream = Stream::new("search", Style::Jira, Shape::Crm, 640).auth(Auth::Basic).page_size(40);
    let stream = stream.max_page_size(40).limited(9, Duration::from_secs(1));
    let settings = "records: issues
auth: { type: basic, username: demo-user, password: { secret: password } }
pagination: { type: cursor, next: { body: nextPageToken }, send: { query: nextPageToken }, page_size: { query: maxResults, value: 100 }, stop: [{ at: { body: isLast }, equals: true }] }";
    let stats = lands(stream, settings).await;
    assert_eq!((stats.requests, stats.throttled), (16, 0));
}

#[tokio::test]
async fn notion_takes_its_cursor_in_a_post_and_demands_a_version() {
    let stream = limited(Stream::new("search", Style::Notion, Shape::Crm, 1_401).auth(Auth::Bearer));
    let settings = "method: POST
records: results
headers: { Notion-Version: 2022-06-28 }
auth: { type: bearer, token: { secret: token } }
pagination: { type: cursor, next: { body: next_cursor }, send: { body: start_cursor }, page_size: { body: page_size, value: 100 } }";
    let stats = lands(stream, settings).await;
    assert_eq!(stats.requests - stats.throttled, 15);
}

#[tokio::test]
async fn graph_follows_its_odata_link_with_a_fetched_token() {
    let stream = limited(Stream::new("users", Style::Graph, Shape::Crm, 1_500).auth(Auth::OAuth2));
    let settings = "records: value
params: { $top: '100', $count: 'true', $select: 'id,displayName' }
auth: { type: oauth2_client_credentials, token_url: BASE/oauth/token, client_id: demo-client, client_secret: { secret: client_secret }, scopes: [.default] }
pagination: { type: next_url, next: { body: '/@odata.nextLink' }, total: { body: '/@odata.count' } }";
    let stats = lands(stream, settings).await;
    assert_eq!(stats.requests - stats.throttled, 15);
}

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
        assert_eq!(lands(stream, &settings).await.requests, 3, "{auth:?}");
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
        a.run(bench.store(), event, Deadline::NONE, Stop::default()),
        b.run(bench.store(), event, Deadline::NONE, Stop::default()),
    );
    bench.assert_landed(&a, &stream("a"));
    bench.assert_landed(&b, &stream("b"));
    let (requests, waited) = ((a.counts.requests + b.counts.requests) as u32, clock.elapsed());
    assert!(waited >= Duration::from_millis(10) * (requests - 1), "{requests} requests in {waited:?}");
}
