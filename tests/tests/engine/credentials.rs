//! Credentials that are refused, rotated or expired while a run goes on; and that none is shown.

use std::time::Duration;

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::RunReport;
use bronzegate_demo_api::{Auth, Credentials, Fault, FaultKind, Options, Shape, Stream, Style, When};
use bronzegate_tests::command_line::until;
use bronzegate_tests::{Bench, SEED, failure, one_stream};

use super::faults::{at_page, run, settings, stream};

#[tokio::test]
async fn a_refused_credential_is_renewed_once_a_request() {
    let bearer = "auth: { type: bearer, token: { secret: token } }";
    let unauthorized = |page, times| at_page(page, FaultKind::Unauthorized).times(times);
    let (bench, report, waited) = run(vec![unauthorized(2, 1), unauthorized(4, 1)], bearer).await;
    bench.assert_landed(&report, &stream());
    assert_eq!((report.counts.retries, waited), (2, Duration::ZERO));
    let (bench, report, _) = run(vec![unauthorized(3, 2)], bearer).await;
    let (kind, message) = failure(&report);
    assert!(
        kind == ErrorKind::Auth && message.starts_with("demo/items, page 3: HTTP 401 from "),
        "{message}"
    );
    assert!(message.ends_with("; is secret `token` valid, and may it read this?"), "{message}");
    assert_eq!(bench.stats("items").requests, 4);
    bench.assert_nothing_visible("items");
    // Without a credential there is nothing to renew.
    let (bench, report, _) = run(vec![unauthorized(3, 2)], "").await;
    assert_eq!(failure(&report).0, ErrorKind::Auth);
    assert_eq!(bench.stats("items").requests, 3);
}

/// Runs the stream and does something to the bench while so many requests are answered, and no more sent.
pub(crate) async fn run_and_then(bench: &Bench, requests: u64, then: impl FnOnce()) -> RunReport {
    bench.api.set_faults(vec![Fault::new("items", When::Request(requests), FaultKind::Held).always()]);
    let meanwhile = async {
        until("the request", || bench.stats("items").faults > 0).await;
        then();
        bench.api.set_faults(vec![]);
    };
    tokio::join!(bench.run("items"), meanwhile).0
}

async fn with_auth(auth: Auth, more: &str, credentials: Credentials) -> Bench {
    let options =
        Options { seed: SEED, streams: vec![stream().auth(auth)], credentials, ..Options::default() };
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
    let bench = Bench::one(stream.clone(), vec![], &format!("{settings}\n{OAUTH}")).await;
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

/// Lives that no clock can count to, and none at all: the token is used, and no sum overflows.
#[tokio::test]
async fn a_token_whose_life_is_no_time_is_used_all_the_same() {
    for expires_in in [
        "1e300",
        "18446744073709551615",
        "253402300800",
        "9223372036",
        "\"99999999999999999999\"",
        "-1",
        "1e-320",
        "0",
        "null",
        "true",
        "[]",
        "\"soon\"",
    ] {
        let bench = with_auth(Auth::Bearer, OAUTH, Credentials::default()).await;
        let token = &bench.api.credentials().token;
        let body =
            format!("{{\"access_token\":\"{token}\",\"token_type\":\"Bearer\",\"expires_in\":{expires_in}}}");
        let kind = FaultKind::ErrorInside200 { body: body.as_str().into() };
        bench.api.set_faults(vec![Fault::new("oauth", When::Request(1), kind).always()]);
        let report = bench.run("items").await;
        bench.assert_landed(&report, &stream());
        assert!(bench.api.stats().oauth.requests >= 1, "{expires_in}");
    }
}
