//! What goes wrong on the way: retried as often and as late as config.md says, then told.

use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::clock::{Clock, Deadline, TestClock};
use bronzegate_core::error::ErrorKind;
use bronzegate_core::extract::Stop;
use bronzegate_core::report::RunReport;
use bronzegate_demo_api::{
    Auth, BadGzip, Credentials, Fault, FaultKind, Framing, InvalidJson, Options, Payload, Shape, Stream,
    Style, When, record,
};
use bronzegate_tests::{Bench, SCHEDULED, SEED, failure, one_stream, request, test_clock};

const RECORDS: u64 = 100;

fn stream() -> Stream {
    Stream::new("items", Style::Cursor, Shape::Small, RECORDS).page_size(20)
}

fn settings(more: &str) -> String {
    format!(
        "records: results\npagination: {{ type: cursor, next: {{ body: paging.next.after }}, send: {{ query: after }}, page_size: {{ query: limit, value: 20 }} }}\n{more}"
    )
}

fn at_page(page: u64, kind: FaultKind) -> Fault {
    Fault::new("items", When::Page(page), kind)
}

/// Runs with these faults; waits take no time but are told.
async fn run(faults: Vec<Fault>, more: &str) -> (Bench, RunReport, Duration) {
    let bench = Bench::one(stream(), faults, &settings(more)).await;
    let (report, waited) = bench.run_waiting("items").await;
    (bench, report, waited)
}

/// The fault comes once, at page 2, and costs one retry.
async fn is_retried(kind: FaultKind, more: &str) -> Duration {
    let (bench, report, waited) = run(vec![at_page(2, kind.clone())], more).await;
    bench.assert_landed(&report, &stream());
    let counts = report.counts;
    assert_eq!((counts.requests, counts.retries, counts.api_errors), (6, 1, 1), "{kind:?}");
    assert_eq!((bench.stats("items").requests, bench.stats("items").faults), (6, 1), "{kind:?}");
    waited
}

async fn fails_at_once(kind: FaultKind, more: &str) -> (ErrorKind, String) {
    let (bench, report, _) = run(vec![at_page(2, kind.clone()).always()], more).await;
    assert_eq!((report.counts.requests, report.counts.retries), (2, 0), "{kind:?}: {report:?}");
    bench.assert_nothing_visible("items");
    let (kind, message) = failure(&report);
    (kind, message.to_owned())
}

#[tokio::test]
async fn a_failed_response_in_a_strange_coding_is_judged_by_its_status() {
    let headers = vec![("content-encoding".to_owned(), "compress".to_owned())];
    let kind =
        FaultKind::Status { code: 503, body: Some(Payload::from("busy")), headers, content_type: None };
    is_retried(kind, "").await;
}

#[tokio::test]
async fn every_retryable_status_is_retried() {
    for code in [408, 425, 429, 500, 502, 503, 504] {
        let waited = is_retried(FaultKind::status(code), "").await;
        assert!(waited <= Duration::from_secs(1), "full jitter below the base: {waited:?}");
        is_retried(FaultKind::gateway_page(code), "").await;
    }
}

#[tokio::test]
async fn other_statuses_fail_at_once() {
    for (code, kind) in [
        (400, ErrorKind::Api),
        (402, ErrorKind::Api),
        (403, ErrorKind::Auth),
        (404, ErrorKind::Api),
        (410, ErrorKind::Api),
        (501, ErrorKind::Api),
        (304, ErrorKind::Api),
    ] {
        let failed = fails_at_once(FaultKind::status(code), "").await;
        assert_eq!(failed, (kind, format!("demo/items, page 2: HTTP {code}")));
    }
}

#[tokio::test]
async fn a_broken_connection_or_body_is_retried() {
    is_retried(FaultKind::Reset, "").await;
    for framing in [Framing::ContentLength, Framing::Chunked, Framing::Close] {
        for after_bytes in [0, 1, 100, 3_000] {
            is_retried(FaultKind::CutBody { after_bytes, framing }, "").await;
        }
    }
    for how in [BadGzip::Cut, BadGzip::Damaged] {
        is_retried(FaultKind::BadGzip(how), "").await;
    }
}

#[tokio::test]
async fn a_body_that_stalls_beyond_the_read_timeout_is_retried() {
    let pause = Duration::from_mins(1);
    for after_bytes in [0, 500] {
        is_retried(FaultKind::Stall { after_bytes, pause }, "timeout: { read: 200ms }").await;
    }
    is_retried(FaultKind::Stall { after_bytes: 500, pause }, "timeout: { total: 200ms }").await;
}

#[tokio::test]
async fn a_gateways_page_inside_a_200_is_retried_and_then_bad_data() {
    let page = |content_type: &str| FaultKind::RawBody {
        content_type: content_type.to_owned(),
        body: "<html>Sign in</html>".into(),
        status: 200,
    };
    is_retried(page("text/html"), "").await;
    is_retried(page("text/html; charset=utf-8"), "").await;
    let (bench, report, _) = run(vec![at_page(2, page("text/html")).always()], "").await;
    let (kind, message) = failure(&report);
    assert_eq!((kind, report.counts.retries), (ErrorKind::Data, 4));
    assert!(
        message.starts_with("demo/items, page 2, attempt 5: the body is not valid at byte 0"),
        "{message}"
    );
    assert!(message.ends_with("(content type text/html)"), "{message}");
    bench.assert_nothing_visible("items");
    // Where it says that it is JSON, it is bad JSON.
    let (kind, message) = fails_at_once(page("application/json"), "").await;
    assert_eq!(kind, ErrorKind::Data, "{message}");
    assert_eq!(fails_at_once(FaultKind::InvalidJson(InvalidJson::Truncated), "").await.0, ErrorKind::Data);
}

#[tokio::test]
async fn used_up_attempts_name_the_status_and_the_attempt() {
    for (more, attempts) in [("", 5), ("retry: { max_attempts: 2 }", 2), ("retry: { max_attempts: 1 }", 1)] {
        let (bench, report, _) = run(vec![at_page(3, FaultKind::status(503)).always()], more).await;
        let (kind, message) = failure(&report);
        let attempt = if attempts > 1 { format!(", attempt {attempts}") } else { String::new() };
        assert_eq!((kind, message), (ErrorKind::Api, &*format!("demo/items, page 3{attempt}: HTTP 503")));
        assert_eq!((report.counts.requests, report.counts.retries), (2 + attempts, attempts - 1));
        assert_eq!(report.counts.api_errors, attempts);
        bench.assert_nothing_visible("items");
    }
    let (_, report, _) = run(vec![at_page(1, FaultKind::Reset).always()], "").await;
    let (kind, message) = failure(&report);
    assert_eq!(kind, ErrorKind::Api);
    assert!(message.starts_with("demo/items, page 1, attempt 5: "), "{message}");
}

#[tokio::test]
async fn retry_after_is_obeyed_in_its_three_forms() {
    for (value, wait) in [("7", 7_000), ("2.5", 2_500), ("0", 0), ("Sun, 22 Nov 2026 17:00:30 GMT", 30_000)] {
        for status in [429, 503, 403] {
            let waited = is_retried(FaultKind::retry_after(status, value), "").await;
            assert_eq!(waited.as_millis(), wait, "{status} {value}");
        }
    }
}

fn limits(code: u16, headers: &[(&str, &str)]) -> FaultKind {
    let headers = headers.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect();
    let body = (code == 200).then(|| page_body(20, 20, Some("c14")).into());
    FaultKind::Status { code, body, headers, content_type: None }
}

/// A page of the cursor style.
fn page_body(first: u64, count: u64, next: Option<&str>) -> Vec<u8> {
    let records: Vec<_> = (first..first + count)
        .map(|n| String::from_utf8(record(SEED, Shape::Small, n)).expect("text"))
        .collect();
    let next = next.map_or_else(String::new, |next| format!(r#""next":{{"after":"{next}"}}"#));
    format!(r#"{{"results":[{}],"paging":{{{next}}}}}"#, records.join(",")).into_bytes()
}

#[tokio::test]
async fn resets_are_obeyed_in_each_unit_and_dialect() {
    let instant = "2026-11-22T17:00:30Z";
    for (headers, wait) in [
        ([("RateLimit-Remaining", "0"), ("RateLimit-Reset", "30")], 30_000),
        ([("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "30")], 30_000),
        ([("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "1795366830")], 30_000),
        ([("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "1795366830500")], 30_500),
        ([("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", instant)], 30_000),
        ([("RateLimit", "limit=10, remaining=0, reset=30"), ("X-Other", "")], 30_000),
        ([("RateLimit", "\"hour\";r=0;t=30"), ("X-Other", "")], 30_000),
    ] {
        for code in [429, 403] {
            assert_eq!(is_retried(limits(code, &headers), "").await.as_millis(), wait, "{code} {headers:?}");
        }
        // On a page, it is the next request that waits.
        let (bench, report, waited) = run(vec![at_page(2, limits(200, &headers))], "").await;
        bench.assert_landed(&report, &stream());
        assert_eq!((report.counts.requests, report.counts.retries), (5, 0));
        assert_eq!(waited.as_millis(), wait, "{headers:?}");
    }
    for (unit, value) in [
        ("seconds", "30"),
        ("ms", "30000"),
        ("epoch_s", "1795366830"),
        ("epoch_ms", "1795366830000"),
        ("iso8601", instant),
    ] {
        let more = format!(
            "rate_limit: {{ remaining: {{ header: X-Left }}, reset: {{ header: X-Back, unit: {unit} }} }}"
        );
        let said = [("X-Left", "0"), ("X-Back", value)];
        assert_eq!(is_retried(limits(429, &said), &more).await.as_secs(), 30, "{unit}");
        let (bench, report, waited) = run(vec![at_page(2, limits(200, &said))], &more).await;
        bench.assert_landed(&report, &stream());
        assert_eq!(waited.as_secs(), 30, "{unit}");
    }
}

#[tokio::test]
async fn a_page_with_quota_left_makes_nobody_wait() {
    let some = [("X-RateLimit-Remaining", "1"), ("X-RateLimit-Reset", "30")];
    let (bench, report, waited) = run(vec![at_page(2, limits(200, &some))], "").await;
    bench.assert_landed(&report, &stream());
    assert_eq!(waited, Duration::ZERO);
    // GitHub tells its quota with every response: a 502 with quota left waits like any other.
    let waited =
        is_retried(limits(502, &[("X-RateLimit-Remaining", "4999"), ("X-RateLimit-Reset", "3600")]), "");
    assert!(waited.await <= Duration::from_secs(1));
}

#[tokio::test]
async fn a_page_may_ask_to_wait_before_the_next() {
    for (value, wait) in [("3", 3_000), ("0.5", 500), ("Sun, 22 Nov 2026 17:00:30 GMT", 30_000)] {
        let (bench, report, waited) = run(vec![at_page(2, limits(200, &[("Retry-After", value)]))], "").await;
        bench.assert_landed(&report, &stream());
        assert_eq!((report.counts.retries, waited.as_millis()), (0, wait));
    }
}

#[tokio::test]
async fn the_last_page_waits_for_nobody() {
    let said = vec![("Retry-After".to_owned(), "3600".to_owned())];
    let last = FaultKind::Status {
        code: 200,
        body: Some(page_body(80, 20, None).into()),
        headers: said,
        content_type: None,
    };
    let (bench, report, waited) = run(vec![at_page(5, last)], "").await;
    bench.assert_landed(&report, &stream());
    assert_eq!(waited, Duration::ZERO);
}

#[tokio::test]
async fn a_wait_beyond_the_budget_is_not_begun_and_says_until_when() {
    let hour = [("X-RateLimit-Remaining", "0"), ("X-RateLimit-Reset", "3600")];
    for (kind, requests, cause) in [
        (FaultKind::retry_after(429, "3600"), 2, "page 2: HTTP 429; the"),
        (limits(200, &hour), 2, "page 3: the"),
        (limits(403, &hour), 2, "page 2: HTTP 403 (rate limit); the"),
    ] {
        let (bench, report, waited) = run(vec![at_page(2, kind).always()], "").await;
        let (kind, message) = failure(&report);
        assert_eq!((kind, waited), (ErrorKind::Api, Duration::ZERO), "{message}");
        let until = "API takes requests again at 2026-11-22T18:00:00Z, later than the retry budget";
        assert_eq!(message, format!("demo/items, {cause} {until}"));
        assert_eq!(bench.stats("items").requests, requests);
        bench.assert_nothing_visible("items");
    }
}

#[tokio::test]
async fn waits_add_up_to_the_budget() {
    let faults = vec![at_page(2, FaultKind::retry_after(429, "2")).always()];
    let (_, report, waited) = run(faults, "retry: { budget: 5s, max_attempts: 50 }").await;
    let (kind, message) = failure(&report);
    assert_eq!((kind, waited), (ErrorKind::Api, Duration::from_secs(4)), "{message}");
    assert_eq!(message, "demo/items, page 2, attempt 3: HTTP 429; the retry budget is used up");
}

#[tokio::test]
async fn a_refused_credential_is_renewed_once_a_request() {
    let bearer = "auth: { type: bearer, token: { secret: token } }";
    let unauthorized = |page, times| at_page(page, FaultKind::Unauthorized).times(times);
    let (bench, report, waited) = run(vec![unauthorized(2, 1), unauthorized(4, 1)], bearer).await;
    bench.assert_landed(&report, &stream());
    assert_eq!((report.counts.retries, waited), (2, Duration::ZERO));
    let (bench, report, _) = run(vec![unauthorized(3, 2)], bearer).await;
    assert_eq!(failure(&report), (ErrorKind::Auth, "demo/items, page 3: HTTP 401"));
    assert_eq!(bench.stats("items").requests, 4);
    bench.assert_nothing_visible("items");
    // Without a credential there is nothing to renew.
    let (bench, report, _) = run(vec![unauthorized(3, 2)], "").await;
    assert_eq!(failure(&report).0, ErrorKind::Auth);
    assert_eq!(bench.stats("items").requests, 3);
}

/// Runs the stream and does something to the bench once the API has had so many requests.
async fn run_and_then(bench: &Bench, requests: u64, then: impl FnOnce()) -> RunReport {
    let meanwhile = async {
        while bench.stats("items").requests < requests {
            tokio::task::yield_now().await;
        }
        then();
    };
    tokio::join!(bench.run("items"), meanwhile).0
}

async fn with_auth(auth: Auth, more: &str, credentials: Credentials) -> Bench {
    let options = Options {
        seed: SEED,
        streams: vec![stream().auth(auth)],
        latency: Duration::from_millis(5),
        credentials,
        ..Options::default()
    };
    Bench::with(options, &one_stream("items", &settings(more))).await
}

#[tokio::test]
async fn a_secret_rotated_mid_run_is_picked_up() {
    for (auth, more) in [
        (Auth::Bearer, "auth: { type: bearer, token: { secret: token } }"),
        (
            Auth::Basic,
            "auth: { type: basic, username: { secret: username }, password: { secret: password } }",
        ),
        (Auth::ApiKeyQuery, "auth: { type: api_key, in: query, name: api_key, value: { secret: api_key } }"),
    ] {
        let bench = with_auth(auth, more, Credentials::default()).await;
        let report = run_and_then(&bench, 3, || *bench.vault.lock().unwrap() = bench.api.rotate()).await;
        bench.assert_landed(&report, &stream());
        assert_eq!((report.counts.retries, bench.stats("items").unauthenticated), (1, 1), "{auth:?}");
        // Without the new secret in the vault it is an authentication error.
        let bench = with_auth(auth, more, Credentials::default()).await;
        let report = run_and_then(&bench, 3, || drop(bench.api.rotate())).await;
        assert_eq!(failure(&report).0, ErrorKind::Auth, "{auth:?}");
        bench.assert_nothing_visible("items");
    }
}

const OAUTH: &str = "auth: { type: oauth2_client_credentials, token_url: BASE/oauth/token, client_id: demo-client, client_secret: { secret: client_secret } }";

#[tokio::test]
async fn an_access_token_that_dies_mid_run_is_renewed() {
    let bench = with_auth(Auth::OAuth2, OAUTH, Credentials::default()).await;
    let report = run_and_then(&bench, 3, || bench.api.expire_tokens()).await;
    bench.assert_landed(&report, &stream());
    assert_eq!((bench.api.stats().oauth.issued, bench.stats("items").unauthenticated), (2, 1));
    // With it the client's secret is read again.
    let bench = with_auth(Auth::OAuth2, OAUTH, Credentials::default()).await;
    let report = run_and_then(&bench, 3, || *bench.vault.lock().unwrap() = bench.api.rotate()).await;
    bench.assert_landed(&report, &stream());
}

#[tokio::test]
async fn requests_at_once_renew_a_token_once() {
    let settings = "records: results\nconcurrency: 8\npagination: { type: page, send: { query: page }, page_size: { query: per_page, value: 5 } }";
    let stream = Stream::new("items", Style::Page, Shape::Small, 200).auth(Auth::OAuth2);
    let options = Options {
        seed: SEED,
        streams: vec![stream.clone()],
        latency: Duration::from_millis(5),
        ..Options::default()
    };
    let bench = Bench::with(options, &one_stream("items", &format!("{settings}\n{OAUTH}"))).await;
    let report = run_and_then(&bench, 12, || bench.api.expire_tokens()).await;
    bench.assert_landed(&report, &stream);
    let (tokens, refused) = (bench.api.stats().oauth.issued, bench.stats("items").unauthenticated);
    assert_eq!((tokens, report.counts.retries), (2, refused));
    assert!(refused >= 1);
}

#[tokio::test]
async fn an_access_token_is_renewed_before_it_expires() {
    let credentials = Credentials { token_lifetime: Duration::from_secs(100), ..Credentials::default() };
    let bench = with_auth(Auth::OAuth2, OAUTH, credentials).await;
    bench.api.set_faults(vec![at_page(3, FaultKind::retry_after(503, "61"))]);
    let (report, _) = bench.run_waiting("items").await;
    bench.assert_landed(&report, &stream());
    assert_eq!((bench.api.stats().oauth.issued, bench.stats("items").unauthenticated), (2, 0));
}

#[tokio::test]
async fn a_token_endpoint_that_refuses_is_an_authentication_error() {
    let bench = with_auth(Auth::OAuth2, OAUTH, Credentials::default()).await;
    bench.vault.lock().unwrap().client_secret = "outdated-secret".to_owned();
    let (report, _) = bench.run_waiting("items").await;
    let endpoint = format!("{}/oauth/token", bench.api.base_url());
    let message = format!("demo/items, page 1: token endpoint {endpoint}: HTTP 401 (invalid_client)");
    assert_eq!(failure(&report), (ErrorKind::Auth, message.as_str()));
    assert_eq!((bench.stats("items").requests, bench.api.stats().oauth.requests), (0, 1));
}

#[tokio::test]
async fn a_token_endpoint_that_fails_is_retried() {
    let bench = with_auth(Auth::OAuth2, OAUTH, Credentials::default()).await;
    let fails = |kind| Fault::new("oauth", When::Request(1), kind);
    bench.api.set_faults(vec![fails(FaultKind::status(503)).times(2), fails(FaultKind::Reset)]);
    let (report, _) = bench.run_waiting("items").await;
    bench.assert_landed(&report, &stream());
    assert_eq!((report.counts.retries, report.counts.api_errors), (3, 3));
    let bench = with_auth(Auth::OAuth2, OAUTH, Credentials::default()).await;
    bench.api.set_faults(vec![fails(FaultKind::status(500)).always()]);
    let (report, _) = bench.run_waiting("items").await;
    let (kind, message) = failure(&report);
    assert_eq!((kind, bench.api.stats().oauth.requests), (ErrorKind::Api, 5));
    assert!(message.starts_with("demo/items, page 1, attempt 5: token endpoint"), "{message}");
}

#[tokio::test]
async fn a_missing_or_unusable_secret_is_an_authentication_error() {
    for (name, why) in [("missing", "is missing"), ("empty", "is empty"), ("broken", "line break")] {
        let more = format!("auth: {{ type: bearer, token: {{ secret: {name} }} }}");
        let bench = with_auth(Auth::Bearer, &more, Credentials::default()).await;
        let report = bench.run("items").await;
        let (kind, message) = failure(&report);
        assert_eq!(kind, ErrorKind::Auth);
        assert!(message.contains(name) && message.contains(why), "{message}");
        assert_eq!(bench.api.stats().connections, 0);
    }
}

#[tokio::test]
async fn response_rules_come_before_the_defaults() {
    let rule = |status: u16, then: &str| {
        format!("responses: [{{ when: {{ at: {{ status: true }}, equals: {status} }}, then: {then} }}]")
    };
    is_retried(FaultKind::status(400), &rule(400, "retry")).await;
    let failed =
        fails_at_once(FaultKind::status(503), &rule(503, "fail, message: { body: error.message }")).await;
    assert_eq!(failed, (ErrorKind::Api, "demo/items, page 2: HTTP 503: a fault of the demo API".to_owned()));
    let failed = fails_at_once(FaultKind::status(503), &rule(503, "fail")).await;
    assert_eq!(failed.1, "demo/items, page 2: HTTP 503, by a rule of `responses`");
    let (bench, report, _) = run(vec![at_page(3, FaultKind::status(404))], &rule(404, "end")).await;
    assert_eq!((report.error, bench.records("items").len()), (None, 40));
    let bearer =
        format!("auth: {{ type: bearer, token: {{ secret: token }} }}\n{}", rule(419, "refresh_auth"));
    let (bench, report, _) = run(vec![at_page(3, FaultKind::status(419))], &bearer).await;
    bench.assert_landed(&report, &stream());
    let (_, report, _) = run(vec![at_page(3, FaultKind::status(419)).times(2)], &bearer).await;
    assert_eq!(failure(&report), (ErrorKind::Auth, "demo/items, page 3: HTTP 419, by a rule of `responses`"));
}

#[tokio::test]
async fn response_rules_look_into_a_200() {
    let body: Payload = r#"{"ok":false,"error":"internal"}"#.into();
    let inside = FaultKind::ErrorInside200 { body };
    let rule = |then: &str| {
        format!(
            "responses: [{{ when: {{ at: {{ body: ok }}, equals: false }}, and: {{ at: {{ body: error }}, equals: internal }}, then: {then} }}]"
        )
    };
    is_retried(inside.clone(), &rule("retry")).await;
    let failed = fails_at_once(inside.clone(), &rule("fail, message: { body: error }")).await;
    assert_eq!(failed, (ErrorKind::Api, "demo/items, page 2: HTTP 200: internal".to_owned()));
    let (bench, report, _) = run(vec![at_page(3, inside)], &rule("end")).await;
    assert_eq!((report.error, bench.records("items").len()), (None, 40));
}

#[tokio::test]
async fn no_secret_that_the_api_repeats_gets_anywhere() {
    let credentials = Credentials::default();
    let secrets = [
        credentials.token.clone(),
        credentials.password.clone(),
        credentials.api_key.clone(),
        "ZGVtby11c2VyOmRlbW8tcGFzc3dvcmQ=".to_owned(),
        "demo-access-0-1".to_owned(),
    ];
    for (auth, setting) in [
        (Auth::Bearer, "{ type: bearer, token: { secret: token } }"),
        (Auth::Basic, "{ type: basic, username: { secret: username }, password: { secret: password } }"),
        (Auth::ApiKeyQuery, "{ type: api_key, in: query, name: api_key, value: { secret: api_key } }"),
        (Auth::ApiKeyHeader, "{ type: api_key, in: header, name: X-Api-Key, value: { secret: api_key } }"),
        (Auth::OAuth2, &OAUTH[6..]),
    ] {
        for said in ["error.message", "error.headers", "error.target"] {
            let more = format!(
                "auth: {setting}\nresponses: [{{ when: {{ at: {{ status: true }}, equals: 400 }}, then: fail, message: {{ body: {said} }} }}]"
            );
            let bench = with_auth(auth, &more, credentials.clone()).await;
            bench.api.set_faults(vec![at_page(3, FaultKind::EchoSecret).always()]);
            let report = bench.run("items").await;
            assert_eq!(failure(&report).0, ErrorKind::Api);
            let mut shown = vec![serde_json::to_vec(&report).unwrap(), format!("{report:?}").into_bytes()];
            shown.extend(bench.everything().into_iter().map(|(_, content)| content));
            for (secret, text) in
                secrets.iter().flat_map(|secret| shown.iter().map(move |text| (secret, text)))
            {
                let text = String::from_utf8_lossy(text);
                assert!(!text.contains(secret), "{auth:?} {said}: {secret} in {text}");
            }
        }
    }
}

#[tokio::test]
async fn with_a_deadline_a_wait_may_be_longer_than_the_budget() {
    let faults = vec![at_page(1, FaultKind::retry_after(429, "900"))];
    let bench = Bench::one(stream(), faults, &settings("")).await;
    let clock = test_clock();
    let deadline = Deadline::within(&*clock, Duration::from_mins(50));
    let run = bench.stream_with("items", Arc::new(StillClock(clock.clone())));
    let report = run.run(bench.store(), request(SCHEDULED), deadline, Stop::default()).await;
    bench.assert_landed(&report, &stream());
    assert_eq!((report.counts.retries, clock.elapsed()), (1, Duration::from_mins(15)));
}

/// A clock on which only waits of less than half an hour ever end.
#[derive(Debug)]
struct StillClock(Arc<TestClock>);

#[async_trait::async_trait]
impl Clock for StillClock {
    fn now(&self) -> jiff::Timestamp {
        self.0.now()
    }

    fn elapsed(&self) -> Duration {
        self.0.elapsed()
    }

    async fn sleep(&self, time: Duration) {
        if time < Duration::from_mins(30) {
            self.0.sleep(time).await;
        } else {
            std::future::pending::<()>().await;
        }
    }
}

#[tokio::test]
async fn a_bad_day_lands_exactly() {
    let sized = |text: &str, size: &str| {
        format!(
            "records: results\nconcurrency: 4\nretry: {{ max_attempts: 50, budget: 10h }}\npagination: {{ {text}, page_size: {{ query: {size}, value: 7 }} }}"
        )
    };
    for (style, settings) in [
        (
            Style::Cursor,
            sized("type: cursor, next: { body: paging.next.after }, send: { query: after }", "limit"),
        ),
        (Style::Offset, sized("type: offset, send: { query: offset }, total: { body: total }", "limit")),
        (Style::Page, sized("type: page, send: { query: page }", "per_page")),
        (Style::NextUrl, sized("type: next_url, next: { body: next }", "limit")),
    ] {
        let often = |kind| Fault::new("items", When::Probability(0.08), kind).always();
        let cut = |after_bytes, framing| FaultKind::CutBody { after_bytes, framing };
        let faults = vec![
            often(FaultKind::status(503)),
            often(FaultKind::Reset),
            often(FaultKind::retry_after(429, "1")),
            often(cut(300, Framing::ContentLength)),
            often(cut(700, Framing::Chunked)),
            often(cut(500, Framing::Close)),
            often(FaultKind::BadGzip(BadGzip::Cut)),
            often(FaultKind::gateway_page(502)),
        ];
        let stream = Stream::new("items", style, Shape::Small, 700);
        let bench = Bench::one(stream.clone(), faults, &settings).await;
        let (report, _) = bench.run_waiting("items").await;
        bench.assert_landed(&report, &stream);
        assert!(report.counts.retries > 20, "{style:?}: {:?}", report.counts);
    }
}
