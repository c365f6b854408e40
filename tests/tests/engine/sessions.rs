//! Sessions: a request of the source file logs in, and the token it brings goes where the file says.

use std::time::Duration;

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_demo_api::{Auth, Credentials, Fault, FaultKind, Options, Shape, Stream, Style, When};
use bronzegate_tests::{Bench, SEED, failure, one_stream};

const LOGINS: [&str; 3] = [
    "  request: { path: /login, body: { user: demo-user, password: { secret: password } } }
  token: { body: session.id }
  send: { header: X-Session }
  expires: { body: session.expires_in }",
    "  request: { url: BASE/login, form: { user: { secret: username }, password: { secret: password } }, headers: { X-Client: { secret: api-key } } }
  token: { header: X-Session-Id }
  send: { query: sid }
  expires: 30m",
    "  request: { path: /login, body: { user: { secret: username }, password: { secret: password } } }
  token: { body: session.id }
  send: { query: sid }
  base_url_from: { body: rest_url, hosts: [localhost] }",
];

const BY_URL: &str = "records: results
retry: { max_attempts: 3, base: 1ms, max: 2ms }
pagination: { type: next_url, next: { body: next } }";

fn stream() -> Stream {
    Stream::new("items", Style::NextUrl, Shape::Small, 100).page_size(10).auth(Auth::Session)
}

async fn bench(login: &str) -> Bench {
    let options = Options { seed: SEED, streams: vec![stream()], ..Options::default() };
    let bench =
        Bench::with(options, &one_stream("items", &format!("{BY_URL}\nauth:\n  type: login\n{login}"))).await;
    if login.contains("base_url_from") {
        let instance_url = Some(format!("http://localhost:{}", bench.api.port()));
        bench.api.set_credentials(Credentials { instance_url, ..bench.api.credentials() });
    }
    bench
}

#[tokio::test]
async fn a_session_reads_a_stream_exactly_and_is_renewed_when_it_is_refused() {
    for login in LOGINS {
        let bench = bench(login).await;
        bench.api.set_faults(vec![
            Fault::new("oauth", When::Request(1), FaultKind::status(502)),
            Fault::new("items", When::Page(3), FaultKind::Unauthorized),
            Fault::new("items", When::Page(6), FaultKind::status(500)),
        ]);
        let report = bench.run("items").await;
        bench.assert_landed(&report, &stream());
        assert_eq!((bench.api.stats().oauth.issued, bench.stats("items").unauthenticated), (2, 0), "{login}");
    }
}

#[tokio::test]
async fn a_rule_of_the_file_renews_a_session_too() {
    let bench = bench(&format!(
        "{}\nresponses: [{{ when: {{ at: {{ body: error }}, equals: session_expired }}, then: refresh_auth }}]",
        LOGINS[0]
    ))
    .await;
    let expired = FaultKind::ErrorInside200 { body: r#"{"error":"session_expired"}"#.into() };
    bench.api.set_faults(vec![Fault::new("items", When::Page(4), expired)]);
    let report = bench.run("items").await;
    bench.assert_landed(&report, &stream());
    assert_eq!(bench.api.stats().oauth.issued, 2);
}

#[tokio::test]
async fn a_session_in_the_query_is_not_saved_with_the_state() {
    for login in &LOGINS[1..] {
        let bench = bench(login).await;
        let wait = FaultKind::retry_after(429, "3600");
        bench.api.set_faults(vec![Fault::new("items", When::Page(4), wait).always()]);
        let cut = bench.run_within("items", Duration::from_mins(10)).await;
        assert_eq!(cut.status, Status::Partial, "{cut:?}");
        for (path, content) in bench.everything() {
            let text = String::from_utf8_lossy(&content).into_owned();
            assert!(!text.contains("demo-access") && !text.contains("sid="), "{}: {text}", path.display());
        }
        bench.api.set_faults(Vec::new());
        let rest = bench.run("items").await;
        bench.assert_landed(&rest, &stream());
    }
}

#[tokio::test]
async fn a_login_that_fails_says_why_and_shows_no_secret() {
    let refused = Credentials { password: "other".to_owned(), ..Credentials::default() };
    let bench = bench(LOGINS[0]).await;
    bench.api.set_credentials(refused);
    let report = bench.run("items").await;
    let (kind, message) = failure(&report);
    assert!(kind == ErrorKind::Auth && message.contains("/login: HTTP 401"), "{message}");

    for (kind, part) in [
        (
            FaultKind::ErrorInside200 { body: r#"{"ok":false}"#.into() },
            "its answer has no token at body session.id",
        ),
        (
            FaultKind::ErrorInside200 { body: "no JSON, demo-password".into() },
            "its answer has no token at body session.id",
        ),
        (
            FaultKind::ErrorInside200 { body: r#"{"session":{"id":"x","expires_in":"soon"}}"#.into() },
            "its answer has no time at body session.expires_in",
        ),
        (FaultKind::EchoSecret, "/login: HTTP 400"),
    ] {
        bench.api.set_faults(vec![Fault::new("oauth", When::Request(1), kind).always()]);
        let report = bench.run("items").await;
        let (kind, message) = failure(&report);
        assert!(kind == ErrorKind::Auth && message.contains(part), "{message}");
        assert!(!message.contains("demo-password"), "{message}");
    }
    assert_eq!(bench.stats("items").requests, 0);
}

#[tokio::test]
async fn a_session_whose_life_is_no_time_is_used_or_refused_and_no_sum_overflows() {
    for (expires_in, is_used) in
        [("1e300", true), ("18446744073709551615", true), ("253402300800", true), ("-1", true), ("0", true)]
    {
        let bench = bench(LOGINS[0]).await;
        let first = bench.run("items").await;
        bench.assert_landed(&first, &stream());
        let body = format!("{{\"session\":{{\"id\":\"x\",\"expires_in\":{expires_in}}}}}");
        let kind = FaultKind::ErrorInside200 { body: body.as_str().into() };
        bench.api.set_faults(vec![Fault::new("oauth", When::Request(1), kind).always()]);
        let report = bench.run_at("items", "2026-11-22T18:00:00Z").await;
        let (kind, message) = failure(&report);
        // The session is none of the API's, so one that is used is refused by the stream.
        assert_eq!(kind, ErrorKind::Auth, "{message}");
        assert_eq!(bench.stats("items").unauthenticated > 0, is_used, "{expires_in}: {message}");
    }
}
