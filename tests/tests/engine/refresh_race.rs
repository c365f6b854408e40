//! Refresh tokens in a vault without a lock: writes that fail, and runs that refresh at the same time.

use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::clock::{Clock, SystemClock};
use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_core::run::{Engine, RunOptions};
use bronzegate_core::secret::SecretStore;
use bronzegate_demo_api::{Auth, Credentials, Fault, FaultKind, Options, Shape, Stream, Style, When};
use bronzegate_tests::{Bench, MemoryVault, SCHEDULED, SEED, failure, request, test_clock};

const SOURCE: &str = "auth:
  type: oauth2_refresh_token
  token_url: BASE/oauth/token
  client_id: demo-client
  client_secret: { secret: ledger, field: client_secret }
  refresh_token: { secret: ledger, field: refresh_token }
retry: { max_attempts: 3, base: 1ms, max: 2ms, budget: 1m }
streams:
  items: { path: /items, records: results, pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 10 } } }
  others: { path: /others, records: results, pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 10 } } }";

const SECRET: &str =
    r#"{ "client_secret": "demo-client-secret",  "refresh_token":"demo-refresh-token", "n": 1.50 }"#;

async fn bench(refresh_grace: bool) -> Bench {
    let stream =
        |name: &str| Stream::new(name, Style::Cursor, Shape::Small, 60).page_size(10).auth(Auth::OAuth2);
    let credentials = Credentials { refresh_grace, ..Credentials::default() };
    let streams = vec![stream("items"), stream("others")];
    Bench::with(Options { seed: SEED, streams, credentials, ..Options::default() }, SOURCE).await
}

fn engine(bench: &Bench, vault: &Arc<MemoryVault>, clock: Arc<dyn Clock>) -> Engine {
    let secrets: Arc<dyn SecretStore> = vault.clone();
    Engine::new(bench.source.clone(), secrets, clock, "test")
}

async fn run(bench: &Bench, engine: &Engine, stream: &str) -> RunReport {
    let run = engine.stream(stream).expect("it is in the source");
    run.run(bench.store(), request(SCHEDULED), RunOptions::default()).await
}

fn saved(token: &str) -> String {
    SECRET.replace("demo-refresh-token", token)
}

#[tokio::test]
async fn the_new_token_is_saved_and_the_streams_share_what_it_gave() {
    let bench = bench(false).await;
    let vault = Arc::new(MemoryVault::new([("ledger", SECRET)]));
    let engine = engine(&bench, &vault, Arc::new(SystemClock::default()));
    for stream in ["items", "others"] {
        let report = run(&bench, &engine, stream).await;
        assert_eq!((report.status, report.counts.records), (Status::Complete, 60), "{report:?}");
    }
    assert_eq!(bench.api.stats().oauth.issued, 1);
    assert_eq!(vault.value("ledger"), saved("demo-refresh-token-use-1"), "no other byte is changed");
    bench.api.expire_tokens();
    bench.api.set_faults(vec![Fault::new("items", When::Page(3), FaultKind::Unauthorized)]);
    let bench = bench.with_empty_folder();
    let report = run(&bench, &engine, "items").await;
    assert_eq!((report.status, report.counts.records), (Status::Complete, 60), "{report:?}");
    assert_eq!(vault.value("ledger"), saved("demo-refresh-token-use-3"), "expired, and refused mid-run");
}

#[tokio::test]
async fn a_write_that_fails_is_tried_again_and_nothing_is_asked_of_the_api_before_it_is_done() {
    let bench = bench(false).await;
    let vault = Arc::new(MemoryVault::new([("ledger", SECRET)]));
    vault.fail_writes(5);
    let report = run(&bench, &engine(&bench, &vault, test_clock()), "items").await;
    assert_eq!(report.status, Status::Complete, "{report:?}");
    assert_eq!((vault.attempts(), bench.api.stats().oauth.issued), (6, 1));
    assert_eq!(vault.value("ledger"), saved("demo-refresh-token-use-1"));
}

#[tokio::test]
async fn a_token_that_cannot_be_saved_fails_the_run_is_not_used_and_is_saved_by_the_next() {
    let bench = bench(false).await;
    let vault = Arc::new(MemoryVault::new([("ledger", SECRET)]));
    vault.fail_writes(usize::MAX);
    let clock = test_clock();
    let engine = engine(&bench, &vault, clock.clone());
    let report = run(&bench, &engine, "items").await;
    let (kind, message) = failure(&report);
    assert_eq!(kind, ErrorKind::Auth);
    assert!(
        message.contains("has replaced the refresh token, and the new one could not be saved"),
        "{message}"
    );
    assert!(message.contains("secret `ledger` cannot be written: the test says so"), "{message}");
    assert!(!message.contains("use-1"), "{message}");
    assert_eq!(bench.stats("items").requests, 0, "the access token is not used");
    assert!(clock.elapsed() > Duration::from_secs(40), "it was tried as long as the budget says");
    // The process lives on, as a function between two events: the token is still there.
    vault.fail_writes(0);
    let report = run(&bench, &engine, "items").await;
    assert_eq!(report.status, Status::Complete, "{report:?}");
    assert_eq!(vault.value("ledger"), saved("demo-refresh-token-use-2"));
}

#[tokio::test]
async fn of_two_runs_with_one_token_the_refused_one_goes_on_with_the_others() {
    let bench = bench(false).await;
    let vault = Arc::new(MemoryVault::new([("ledger", SECRET)]).first_together(2));
    let engines = [0, 1].map(|_| engine(&bench, &vault, Arc::new(SystemClock::default())));
    let (one, two) = tokio::join!(run(&bench, &engines[0], "items"), run(&bench, &engines[1], "others"));
    for report in [one, two] {
        assert_eq!((report.status, report.counts.records), (Status::Complete, 60), "{report:?}");
    }
    let oauth = bench.api.stats().oauth;
    assert_eq!((oauth.issued, oauth.refused), (2, 1));
    assert_eq!(vault.value("ledger"), saved("demo-refresh-token-use-2"), "the newest is what is kept");
}

#[tokio::test]
async fn of_two_runs_within_a_grace_the_late_writer_goes_on_with_the_others_token() {
    let bench = bench(true).await;
    let vault = Arc::new(MemoryVault::new([("ledger", SECRET)]).first_together(2));
    let engines = [0, 1].map(|_| engine(&bench, &vault, Arc::new(SystemClock::default())));
    let (one, two) = tokio::join!(run(&bench, &engines[0], "items"), run(&bench, &engines[1], "others"));
    for report in [one, two] {
        assert_eq!((report.status, report.counts.records), (Status::Complete, 60), "{report:?}");
    }
    assert_eq!((vault.conflicts(), bench.api.stats().oauth.issued), (1, 3));
    assert_eq!(vault.value("ledger"), saved("demo-refresh-token-use-3"), "the newest is what is kept");
}

#[tokio::test]
async fn a_token_that_nobody_replaces_is_refused_in_the_end() {
    let bench = bench(false).await;
    let vault = Arc::new(MemoryVault::new([("ledger", &saved("revoked"))]));
    let clock = test_clock();
    let report = run(&bench, &engine(&bench, &vault, clock.clone()), "items").await;
    let (kind, message) = failure(&report);
    assert!(kind == ErrorKind::Auth && message.contains("HTTP 400 (invalid_grant)"), "{message}");
    assert_eq!(bench.api.stats().oauth.requests, 1, "it is not sent again");
    assert!(clock.elapsed() >= Duration::from_secs(7), "another run had time to save one");
}

#[tokio::test]
async fn an_endpoint_that_fails_is_asked_again_and_one_that_goes_on_failing_is_an_api_error() {
    let bench = bench(false).await;
    let vault = Arc::new(MemoryVault::new([("ledger", SECRET)]));
    bench.api.set_faults(vec![Fault::new("oauth", When::Request(1), FaultKind::status(503)).times(2)]);
    let report = run(&bench, &engine(&bench, &vault, test_clock()), "items").await;
    assert_eq!(report.status, Status::Complete, "{report:?}");
    bench.api.set_faults(vec![Fault::new("oauth", When::Request(1), FaultKind::status(503)).always()]);
    let bench = bench.with_empty_folder();
    let report = run(&bench, &engine(&bench, &vault, test_clock()), "items").await;
    assert_eq!(failure(&report).0, ErrorKind::Api);
}

#[tokio::test]
async fn a_new_token_is_saved_although_its_base_url_may_not_be_called() {
    let mut bench = bench(false).await;
    let credentials = bench.api.credentials();
    let instance_url = Some("https://elsewhere.example".to_owned());
    bench.api.set_credentials(Credentials { instance_url, ..credentials });
    let source = SOURCE.replace("BASE", &bench.api.base_url());
    for base in ["{ body: instance_url, hosts: ['*.my.example'] }", "{ body: nothing }"] {
        bench.reads_with(&source.replace("retry:", &format!("  base_url_from: {base}\nretry:")));
        let token = bench.api.credentials().refresh_token;
        let vault = Arc::new(MemoryVault::new([("ledger", saved(&token).as_str())]));
        let report = run(&bench, &engine(&bench, &vault, test_clock()), "items").await;
        assert_eq!(report.status, Status::Failed, "{report:?}");
        let new = bench.api.credentials().refresh_token;
        assert_ne!(new, token, "the endpoint has replaced it");
        assert_eq!(vault.value("ledger"), saved(&new), "{base}");
    }
}
