//! Service accounts: signed assertions as Google and Salesforce take them, and the base URL that comes with
//! a token.

use std::fs;
use std::path::PathBuf;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use bronzegate_core::clock::{Clock, Deadline, SystemClock};
use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_core::run::{Engine, RunOptions};
use bronzegate_core::secret::FileSecrets;
use bronzegate_demo_api::{Auth, Credentials, Fault, FaultKind, Framing, Shape, Stream, Style, When};
use bronzegate_tests::{Bench, SCHEDULED, TimedBench, failure, request};
use rcgen::{KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256};
use serde_json::json;
use tempfile::TempDir;

static RSA: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate_for(&PKCS_RSA_SHA256).expect("a key"));
static OTHER: LazyLock<KeyPair> = LazyLock::new(|| KeyPair::generate_for(&PKCS_RSA_SHA256).expect("a key"));
static EC: LazyLock<KeyPair> =
    LazyLock::new(|| KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).expect("a key"));

/// A bench with a vault in a file.
struct Account {
    bench: Bench,
    vault: TempDir,
}

impl Account {
    async fn new(stream: Stream, key: &KeyPair, settings: &str) -> Self {
        Self::on(Bench::one(stream, Vec::new(), settings).await, key)
    }

    /// The API of the bench knows the account, and the vault has its key.
    fn on(bench: Bench, key: &KeyPair) -> Self {
        bench.api.set_credentials(Credentials {
            assertion_key: key.public_key_pem(),
            assertion_issuer: "etl@acme.iam.example".to_owned(),
            ..Credentials::default()
        });
        let account = Self { bench, vault: tempfile::tempdir().expect("a folder") };
        account.keep(key);
        account
    }

    /// A key file as Google gives it out.
    fn keep(&self, key: &KeyPair) {
        let file = json!({
            "type": "service_account",
            "private_key_id": "k1",
            "private_key": key.serialize_pem(),
            "client_email": "etl@acme.iam.example",
        });
        fs::write(self.path(), json!({ "account": file, "pem": key.serialize_pem() }).to_string())
            .expect("writable");
    }

    fn path(&self) -> PathBuf {
        self.vault.path().join("vault.json")
    }

    /// Where the API says its tokens are good from now on.
    fn moves_to(&self, host: &str) {
        let instance_url = Some(format!("http://{host}:{}", self.bench.api.port()));
        self.bench.api.set_credentials(Credentials { instance_url, ..self.bench.api.credentials() });
    }

    async fn run(&self, deadline: Option<Duration>) -> RunReport {
        self.run_on(Arc::new(SystemClock::default()), deadline).await
    }

    async fn run_on(&self, clock: Arc<dyn Clock>, deadline: Option<Duration>) -> RunReport {
        let deadline = deadline.map_or(Deadline::NONE, |time| Deadline::within(&*clock, time));
        let engine =
            Engine::new(self.bench.source.clone(), Arc::new(FileSecrets::new(self.path())), clock, "test");
        let name = &self.bench.source.streams[0].name;
        let run = engine.stream(name).expect("it is there");
        run.run(self.bench.store(), request(SCHEDULED), RunOptions::until(deadline)).await
    }
}

const GOOGLE: &str = "records: issues
retry: { max_attempts: 5, base: 1ms, max: 2ms }
auth:
  type: jwt_bearer
  token_url: BASE/oauth/token
  private_key: { secret: account, field: private_key }
  key_id: { secret: account, field: private_key_id }
  issuer: { secret: account, field: client_email }
  scopes: [https://www.googleapis.com/auth/analytics.readonly]
pagination: { type: cursor, next: { body: nextPageToken }, send: { query: nextPageToken }, page_size: { query: maxResults, value: 20 } }";

fn google() -> Stream {
    Stream::new("rows", Style::Jira, Shape::Crm, 200).page_size(20).auth(Auth::OAuth2)
}

#[tokio::test]
async fn a_google_key_file_reads_a_stream_exactly_through_faults_and_expired_tokens() {
    let stream = google();
    let account = Account::new(stream.clone(), &RSA, GOOGLE).await;
    account.bench.api.set_faults(vec![
        Fault::new("oauth", When::Request(1), FaultKind::status(503)),
        Fault::new("rows", When::Page(2), FaultKind::EmptyPage),
        Fault::new("rows", When::Page(3), FaultKind::Unauthorized),
        Fault::new(
            "rows",
            When::Page(5),
            FaultKind::CutBody { after_bytes: 900, framing: Framing::ContentLength },
        ),
        Fault::new("rows", When::Page(7), FaultKind::retry_after(429, "0")),
        Fault::new("rows", When::Page(9), FaultKind::Unauthorized),
    ]);
    let report = account.run(None).await;
    account.bench.assert_landed(&report, &stream);
    let oauth = account.bench.api.stats().oauth;
    assert_eq!((oauth.issued, oauth.refused), (3, 0), "a token, and one for each 401");
}

#[tokio::test]
async fn a_token_that_expires_mid_run_is_renewed_before_it_is_refused() {
    let stream = google();
    // A token is given out, and two requests later it is too old.
    let TimedBench { bench, clock } =
        TimedBench::new(stream.clone(), GOOGLE, Duration::from_millis(200)).await;
    let account = Account::on(bench, &RSA);
    // It says of its tokens that they are good for no whole second, and means it.
    let token_lifetime = Duration::from_millis(500);
    account.bench.api.set_credentials(Credentials { token_lifetime, ..account.bench.api.credentials() });
    let report = account.run_on(clock, None).await;
    account.bench.assert_landed(&report, &stream);
    let issued = account.bench.api.stats().oauth.issued;
    assert_eq!(
        (issued, account.bench.stats("rows").unauthenticated),
        (11, 0),
        "a token for each page, and for the look at the last one, which is full"
    );
}

#[tokio::test]
async fn an_elliptic_key_signs_too_and_a_wrong_one_is_refused_unseen() {
    let stream = google();
    let settings = GOOGLE.replace("  scopes", "  algorithm: ES256\n  scopes");
    let account = Account::new(stream.clone(), &EC, &settings).await;
    let report = account.run(None).await;
    account.bench.assert_landed(&report, &stream);

    account.keep(&RSA);
    let bench = account.bench.with_empty_folder();
    let account = Account { bench, ..account };
    let report = account.run(None).await;
    let (kind, message) = failure(&report);
    assert!(
        kind == ErrorKind::Auth
            && message.contains("secret `account.private_key` is not a private key that ES256"),
        "{message}"
    );
}

#[tokio::test]
async fn an_assertion_that_does_not_hold_is_refused_and_the_key_is_not_shown() {
    for (from, to) in [
        ("", ""),
        ("  scopes", "  audience: https://elsewhere.example\n  scopes"),
        ("{ secret: account, field: client_email }", "someone@else.example"),
        ("  scopes", "  lifetime: 2h\n  scopes"),
    ] {
        let settings = GOOGLE.replacen(from, to, 1);
        let account = Account::new(google(), &RSA, &settings).await;
        if from.is_empty() {
            account.keep(&OTHER);
        }
        let report = account.run(None).await;
        let (kind, message) = failure(&report);
        assert_eq!((kind, account.bench.stats("rows").requests), (ErrorKind::Auth, 0), "{message}");
        assert!(message.contains("/oauth/token: HTTP 400 (invalid_grant)"), "{message}");
        let line = RSA.serialize_pem().lines().nth(1).expect("a key has lines").to_owned();
        assert!(!message.contains(&line), "{message}");
    }
}

const SALESFORCE: &str = "records: records
retry: { max_attempts: 5, base: 1ms, max: 2ms }
auth:
  type: jwt_bearer
  token_url: BASE/oauth/token
  private_key: { secret: pem }
  issuer: etl@acme.iam.example
  subject: reader@acme.example
  lifetime: 3m
  base_url_from: { body: instance_url }
params: { q: SELECT Id FROM Account }
pagination: { type: next_url, next: { body: nextRecordsUrl }, total: { body: totalSize }, stop: [{ at: { body: done }, equals: true }] }";

fn accounts() -> Stream {
    let stream = Stream::new("accounts", Style::Salesforce, Shape::Crm, 300);
    stream.page_size(30).max_page_size(30).auth(Auth::OAuth2)
}

#[tokio::test]
async fn a_salesforce_app_reads_its_instance_exactly_through_faults() {
    let stream = accounts();
    let account = Account::new(stream.clone(), &RSA, SALESFORCE).await;
    account.moves_to("localhost");
    account.bench.api.set_faults(vec![
        Fault::new("accounts", When::Page(2), FaultKind::status(503)),
        Fault::new("accounts", When::Page(4), FaultKind::Unauthorized),
        Fault::new("accounts", When::Page(6), FaultKind::Reset),
    ]);
    let report = account.run(None).await;
    account.bench.assert_landed(&report, &stream);
    assert_eq!(account.bench.stats("accounts").unauthenticated, 0, "only the instance was asked");
}

#[tokio::test]
async fn a_run_that_was_cut_goes_on_at_another_instance() {
    let stream = accounts();
    let account = Account::new(stream.clone(), &RSA, SALESFORCE).await;
    account.moves_to("localhost");
    let wait = FaultKind::retry_after(429, "3600");
    account.bench.api.set_faults(vec![Fault::new("accounts", When::Page(5), wait).always()]);
    let cut = account.run(Some(Duration::from_mins(10))).await;
    assert_eq!((cut.status, cut.counts.pages), (Status::Partial, 4), "{cut:?}");
    account.bench.api.set_faults(Vec::new());
    account.moves_to("127.0.0.1");
    let rest = account.run(None).await;
    account.bench.assert_landed(&rest, &stream);
    assert_eq!(account.bench.stats("accounts").unauthenticated, 0);
}

#[tokio::test]
async fn an_absolute_next_url_of_the_instance_is_followed_and_saved() {
    let stream = Stream::new("users", Style::Graph, Shape::Crm, 100).page_size(20).auth(Auth::OAuth2);
    let settings = SALESFORCE
        .replace("records: records", "records: value")
        .replace("params: { q: SELECT Id FROM Account }\n", "")
        .split("pagination")
        .next()
        .expect("it has some")
        .to_owned()
        + "pagination: { type: next_url, next: { body: \"/@odata.nextLink\" } }";
    let account = Account::new(stream.clone(), &RSA, &settings).await;
    account.moves_to("localhost");
    let wait = FaultKind::retry_after(429, "3600");
    account.bench.api.set_faults(vec![Fault::new("users", When::Page(3), wait).always()]);
    let cut = account.run(Some(Duration::from_mins(10))).await;
    assert_eq!(cut.status, Status::Partial, "{cut:?}");
    account.bench.api.set_faults(Vec::new());
    let rest = account.run(None).await;
    account.bench.assert_landed(&rest, &stream);
}

#[tokio::test]
async fn a_base_url_that_may_not_be_called_gets_no_request() {
    for (instance, hosts, part) in [
        ("http://localhost:1", ", hosts: ['*.my.salesforce.com']", "not among the hosts of base_url_from"),
        ("http://api.example.com", "", "over plain http"),
        ("ftp://x.example", "", "no URL of an API at body instance_url"),
        ("https://user:pw@x.example", "", "no URL of an API at body instance_url"),
        ("https://x.example/?a=1", "", "no URL of an API at body instance_url"),
    ] {
        let settings =
            SALESFORCE.replace("{ body: instance_url }", &format!("{{ body: instance_url{hosts} }}"));
        let account = Account::new(accounts(), &RSA, &settings).await;
        let credentials = account.bench.api.credentials();
        let instance_url = Some(instance.to_owned());
        account.bench.api.set_credentials(Credentials { instance_url, ..credentials });
        let report = account.run(None).await;
        let (_, message) = failure(&report);
        assert!(message.contains(part), "{instance}: {message}");
        assert_eq!(account.bench.stats("accounts").requests, 0, "{instance}");
    }
}
