//! What goes wrong on the way: retried as often and as late as `retry` says, then told.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::RunReport;
use bronzegate_demo_api::{
    BadGzip, Fault, FaultKind, Framing, InvalidJson, Payload, Shape, Stream, Style, When,
};
use bronzegate_tests::azure::Certificates;
use bronzegate_tests::{Bench, failure, one_stream};
use tokio::net::TcpListener;

const RECORDS: u64 = 95;

pub(crate) fn stream() -> Stream {
    Stream::new("items", Style::Cursor, Shape::Small, RECORDS).page_size(20)
}

pub(crate) fn settings(more: &str) -> String {
    format!(
        "records: results\npagination: {{ type: cursor, next: {{ body: paging.next.after }}, send: {{ query: after }}, page_size: {{ query: limit, value: 20 }} }}\n{more}"
    )
}

pub(crate) fn at_page(page: u64, kind: FaultKind) -> Fault {
    Fault::new("items", When::Page(page), kind)
}

/// Runs with these faults; waits take no time but are told.
pub(crate) async fn run(faults: Vec<Fault>, more: &str) -> (Bench, RunReport, Duration) {
    let bench = Bench::one(stream(), faults, &settings(more)).await;
    let (report, waited) = bench.run_waiting("items").await;
    (bench, report, waited)
}

/// The fault comes once, at page 2, and costs one retry.
pub(crate) async fn is_retried(kind: FaultKind, more: &str) -> Duration {
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
        assert_eq!(failed.0, kind, "{failed:?}");
        assert!(failed.1.starts_with(&format!("demo/items, page 2: HTTP {code} from http://")), "{failed:?}");
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
    // Long enough for the good pages on a busy machine.
    let pause = Duration::from_hours(1);
    let stalls = [(0, "read"), (500, "read"), (500, "total")].map(|(after_bytes, timeout)| async move {
        is_retried(FaultKind::Stall { after_bytes, pause }, &format!("timeout: {{ {timeout}: 2s }}")).await
    });
    futures::future::join_all(stalls).await;
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
    let what = "the answer is a web page, not data (content type text/html)";
    assert!(message.starts_with(&format!("demo/items, page 2, attempt 5: {what}")), "{message}");
    bench.assert_nothing_visible("items");
    // Where it says that it is JSON, it is bad JSON.
    let (kind, message) = fails_at_once(page("application/json"), "").await;
    assert_eq!(kind, ErrorKind::Data, "{message}");
    assert_eq!(fails_at_once(FaultKind::InvalidJson(InvalidJson::Truncated), "").await.0, ErrorKind::Data);
}

#[tokio::test]
async fn what_is_no_data_in_the_first_answer_is_asked_for_once() {
    for (content_type, body) in [
        ("text/html", "<html>Sign in</html>"),
        ("application/xml", "<error/>"),
        ("text/html; charset=x", "\u{e9}"),
    ] {
        let kind =
            FaultKind::RawBody { content_type: content_type.to_owned(), body: body.into(), status: 200 };
        let (bench, report, waited) = run(vec![at_page(1, kind).always()], "").await;
        let (kind, message) = failure(&report);
        assert_eq!((kind, report.counts.requests, waited), (ErrorKind::Data, 1, Duration::ZERO), "{message}");
        assert_eq!(bench.stats("items").requests, 1);
    }
}

#[tokio::test]
async fn a_certificate_of_an_unknown_authority_is_met_once() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let met = Arc::new(AtomicU64::new(0));
    let counted = met.clone();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Relaxed);
            let _ = Certificates::shared().acceptor().accept(stream).await;
        }
    });
    let bench = Bench::one(stream(), Vec::new(), &settings("")).await;
    let text =
        format!("source: demo\nbase_url: https://127.0.0.1:{port}\n{}\n", one_stream("items", &settings("")));
    let bench = Bench::over(bench.api, "demo", text);
    let (report, waited) = bench.run_waiting("items").await;
    let (kind, message) = failure(&report);
    assert_eq!((kind, report.counts.retries, waited), (ErrorKind::Api, 0, Duration::ZERO), "{message}");
    assert!(message.contains("from an unknown CA"), "{message}");
    assert_eq!(met.load(Relaxed), 1);
}

#[tokio::test]
async fn a_response_may_have_more_headers_than_a_library_expects() {
    let headers = (0..150).map(|nth| (format!("X-Trace-{nth}"), "x".to_owned())).collect();
    let kind = FaultKind::Status { code: 503, body: None, headers, content_type: None };
    is_retried(kind, "").await;
}

#[tokio::test]
async fn what_the_api_gives_and_no_request_can_carry_is_bad_data_at_once() {
    let page = |next: &str| {
        let body = format!(r#"{{"results":[{{"id":1}}],"paging":{{"next":{{"after":"{next}"}}}}}}"#);
        FaultKind::RawBody {
            content_type: "application/json".to_owned(),
            body: body.as_str().into(),
            status: 200,
        }
    };
    let long = "c".repeat(70_000);
    for (next, send, requests, cause) in [
        (long.as_str(), "query: after", 1, "at most 65534 can be sent"),
        ("a\\r\\nb", "header: X-After", 1, "cannot be sent"),
    ] {
        let settings = settings("").replace("query: after", send);
        let bench = Bench::one(stream(), vec![at_page(1, page(next)).always()], &settings).await;
        let (report, waited) = bench.run_waiting("items").await;
        let (kind, message) = failure(&report);
        assert_eq!((kind, waited), (ErrorKind::Data, Duration::ZERO), "{message}");
        assert!(message.starts_with("demo/items, page 2") && message.contains(cause), "{message}");
        assert_eq!(bench.stats("items").requests, requests);
        bench.assert_nothing_visible("items");
    }
}

#[tokio::test]
async fn used_up_attempts_name_the_status_and_the_attempt() {
    for (more, attempts) in [("", 5), ("retry: { max_attempts: 2 }", 2), ("retry: { max_attempts: 1 }", 1)] {
        let (bench, report, _) = run(vec![at_page(3, FaultKind::status(503)).always()], more).await;
        let (kind, message) = failure(&report);
        let attempt = if attempts > 1 { format!(", attempt {attempts}") } else { String::new() };
        let items = format!("{}/items", bench.api.base_url());
        let told =
            format!("demo/items, page 3{attempt}: HTTP 503 from {items}?limit=…&after=…: {{\"error\":{{");
        assert!(kind == ErrorKind::Api && message.starts_with(&told), "{message}");
        assert!(message.contains("a fault of the demo API"), "{message}");
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
    let (kind, message) = failure(&report);
    let told = "demo/items, page 3: HTTP 419, by a rule of `responses`; is secret `token` valid";
    assert!(kind == ErrorKind::Auth && message.starts_with(told), "{message}");
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

#[tokio::test]
async fn a_refusal_is_told_with_its_url_and_its_reason() {
    let bearer = "auth: { type: bearer, token: { secret: token } }";
    let refused = |said: &str| {
        let body = format!("{{\"error\":\"no\u{9b}31m such {said}\",\"x\":\"{}\"}}", "y".repeat(400));
        let content_type = "application/json".to_owned();
        at_page(2, FaultKind::RawBody { content_type, body: body.into(), status: 400 })
    };
    let (bench, report, _) = run(vec![refused("thing")], bearer).await;
    let (kind, message) = failure(&report);
    assert_eq!(kind, ErrorKind::Api, "{message}");
    let url = format!("{}/items?limit=…&after=…", bench.api.base_url());
    let told =
        format!("demo/items, page 2: HTTP 400 from {url}: {{\"error\":\"no 31m such thing\",\"x\":\"yyy");
    assert!(message.starts_with(&told) && message.ends_with("y…"), "{message}");
    assert!(message.chars().count() < told.chars().count() + 300, "{message}");
    // What repeats a secret once may repeat it in ways that nobody knows.
    let (_, report, _) = run(vec![refused("\\u0064emo-token")], bearer).await;
    let (kind, message) = failure(&report);
    assert_eq!(kind, ErrorKind::Api, "{message}");
    assert!(message.ends_with("after=…: [its text repeats a secret, and is withheld]"), "{message}");
    // A page of a gateway says nothing; a refused credential is named, not shown.
    let (_, report, _) = run(vec![at_page(2, FaultKind::gateway_page(403))], bearer).await;
    let (kind, message) = failure(&report);
    assert_eq!(kind, ErrorKind::Auth, "{message}");
    assert!(message.ends_with("after=…; is secret `token` valid, and may it read this?"), "{message}");
}
