//! Requests that are signed, and sessions of cookies: each compared with the field's own libraries.

use std::sync::Arc;

use aws_sdk_s3::config::{Credentials, SharedCredentialsProvider};
use bronzegate_aws::{Aws, AwsSigner};
use bronzegate_core::bronze::{BronzeStore, LocalStore};
use bronzegate_core::clock::SystemClock;
use bronzegate_core::config;
use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_core::run::{Engine, RunOptions};
use bronzegate_core::secret::FileSecrets;
use bronzegate_core::signer::RequestSigner;
use bronzegate_tests::{SCHEDULED, SignedApi, failure, lines, request};
use rcgen::{CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, PKCS_RSA_SHA256};
use serde_json::{Value, json};
use sha2::Digest as _;
use tempfile::TempDir;
use tokio::sync::OnceCell;

/// A source at the API, with its vault and bronze.
struct Source {
    /// Its process ends with this value.
    _api: SignedApi,
    folder: TempDir,
    yaml: String,
}

impl Source {
    fn new(api: SignedApi, vault: &Value, path: &str, auth: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::write(folder.path().join("vault.json"), vault.to_string()).expect("writable");
        let base = api.base_url();
        let auth = auth.replace("BASE", &base);
        let yaml = format!(
            "source: demo\nbase_url: {base}\nauth: {{ {auth} }}\nparams: {{ q: \"a b/+ü~*\" }}\nstreams:\n  items:\n    path: {path}\n    records: results\n    concurrency: 1\n    pagination: {{ type: page, send: {{ query: page }}, start: 1, total_pages: {{ body: pages }} }}\n    retry: {{ base: 1ms, max: 2ms }}"
        );
        Self { _api: api, folder, yaml }
    }

    async fn run(&self, signer: Option<Arc<dyn RequestSigner>>) -> RunReport {
        let source = config::parse("demo.yaml", &self.yaml);
        let source = source.unwrap_or_else(|problems| panic!("{problems}\n{}", self.yaml));
        let secrets = Arc::new(FileSecrets::new(self.folder.path().join("vault.json")));
        let engine = Engine::new(Arc::new(source), secrets, Arc::new(SystemClock::default()), "test");
        let store: Arc<dyn BronzeStore> =
            Arc::new(LocalStore::open(self.folder.path().join("bronze")).expect("a folder"));
        let run = engine.with_signer(signer).stream("items").expect("it is there");
        run.run(store, request(SCHEDULED), RunOptions::default()).await
    }

    /// All six records landed, let in by this library.
    async fn lands(&self, peer: &str, signer: Option<Arc<dyn RequestSigner>>) {
        let report = self.run(signer).await;
        assert_eq!((report.status, &report.error), (Status::Complete, &None), "{}", self.yaml);
        let lines = lines(&self.folder.path().join("bronze"), "demo", "items");
        let records: Vec<Value> =
            lines.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        let ids: Vec<_> = records.iter().map(|record| record["id"].as_u64().expect("a number")).collect();
        assert_eq!(ids, [2, 3, 4, 5, 6, 7]);
        assert!(records.iter().all(|record| record["peer"] == peer), "{records:?}");
        let log = std::fs::read_dir(self.folder.path().join("bronze/_bronzegate/demo/items/commits"));
        for commit in log.expect("a log") {
            let text = std::fs::read_to_string(commit.expect("an entry").path()).expect("text");
            for secret in ["session-one", "value-", "token&secret", "the-key", "session-token"] {
                assert!(!text.contains(secret), "{secret} in {text}");
            }
        }
    }
}

#[tokio::test]
async fn oauth1_signs_as_oauthlib_does() {
    let vault = json!({ "netsuite": { "secret": "consumer secret/+", "token": "token", "token_secret": "token&secret" } });
    for method in ["HMAC-SHA256", "HMAC-SHA1"] {
        let auth = format!(
            "type: oauth1, consumer_key: consumer key, consumer_secret: {{ secret: netsuite, field: secret }}, token: {{ secret: netsuite, field: token }}, token_secret: {{ secret: netsuite, field: token_secret }}, signature_method: {method}, realm: \"4711\""
        );
        Source::new(SignedApi::start(), &vault, "/oauth1/items", &auth).lands("oauthlib", None).await;
        let wrong = Source::new(SignedApi::start(), &vault, "/oauth1/items", &auth.replace("4711", "4712"));
        let report = wrong.run(None).await;
        assert_eq!(failure(&report).0, ErrorKind::Auth);
    }
}

#[tokio::test]
async fn oauth1_signs_the_fields_of_a_form_as_oauthlib_does() {
    let vault = json!({ "netsuite": { "secret": "consumer secret/+", "token": "token", "token_secret": "token&secret" }, "key": "key &+é=1" });
    let auth = "type: oauth1, consumer_key: consumer key, consumer_secret: { secret: netsuite, field: secret }, token: { secret: netsuite, field: token }, token_secret: { secret: netsuite, field: token_secret }, realm: \"4711\"";
    let form = "method: POST\n    form: { b5: \"=%3D\", a3: [a, \"2 q\"], c2: \"\", q: \"+*~ü\", key: { secret: key } }";
    for headers in ["", "\n    headers: { Content-Type: Application/X-WWW-Form-Urlencoded; charset=utf-8 }"] {
        let mut source = Source::new(SignedApi::start(), &vault, "/oauth1/items", auth);
        let paged = source.yaml.replace("send: { query: page }", "send: { body: page }");
        source.yaml =
            paged.replace("    concurrency: 1\n", &format!("    concurrency: 1\n    {form}{headers}\n"));
        source.lands("oauthlib", None).await;
    }
}

#[tokio::test]
async fn sigv4_signs_as_botocore_does_with_the_platforms_identity() {
    let auth = "type: aws_sigv4, service: execute-api, region: eu-central-1";
    let keys = Credentials::new("AKIDEXAMPLE", "secret/key", Some("session-token".to_owned()), None, "test");
    let sdk =
        aws_config::SdkConfig::builder().credentials_provider(SharedCredentialsProvider::new(keys)).build();
    let clock = Arc::new(SystemClock::default());
    let aws = Arc::new(OnceCell::new_with(Some(Aws::new(sdk, clock.clone()))));
    let source = Source::new(SignedApi::start(), &json!({}), "/sigv4/items", auth);
    source.lands("botocore", Some(Arc::new(AwsSigner::new(aws, Arc::new(|_: &str| None), clock)))).await;
    let without = Source::new(SignedApi::start(), &json!({}), "/sigv4/items", auth);
    let report = without.run(None).await;
    let (kind, message) = failure(&report);
    assert!(kind == ErrorKind::Auth && message.contains("was built without AWS"), "{message}");
}

#[tokio::test]
async fn a_client_assertion_is_one_that_pyjwt_takes() {
    for (algorithm, kind) in [
        ("RS256", &PKCS_RSA_SHA256),
        ("RS384", &PKCS_RSA_SHA256),
        ("PS256", &PKCS_RSA_SHA256),
        ("ES256", &PKCS_ECDSA_P256_SHA256),
        ("ES384", &PKCS_ECDSA_P384_SHA384),
    ] {
        let key = KeyPair::generate_for(kind).expect("a key");
        let certificate = CertificateParams::default().self_signed(&key).expect("a certificate");
        let thumbprint = base64_url(&sha2::Sha256::digest(certificate.der()));
        let api = SignedApi::start();
        let keys =
            json!({ "public": key.public_key_pem(), "algorithm": algorithm, "thumbprint": thumbprint });
        api.keep_keys(keys.to_string()).await;
        let vault = json!({ "key": key.serialize_pem(), "certificate": certificate.pem() });
        let auth = format!(
            "type: oauth2_client_credentials, token_url: BASE/token, client_id: client-7, client_assertion: {{ private_key: {{ secret: key }}, key_id: k1, certificate: {{ secret: certificate }}, algorithm: {algorithm} }}"
        );
        Source::new(api, &vault, "/items", &auth).lands("PyJWT", None).await;
    }
}

fn base64_url(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes)
}

#[tokio::test]
async fn cookies_of_a_session_are_sent_by_name_and_taken_when_they_rotate() {
    let vault = json!({ "password": "the-password" });
    let auth = "type: login, request: { path: /login, body: { password: { secret: password } } }, send: { cookie: [JSESSIONID, rotating] }";
    Source::new(SignedApi::start(), &vault, "/session", auth).lands("cookies", None).await;
    let missing = auth.replace("rotating", "other");
    let report = Source::new(SignedApi::start(), &vault, "/session", &missing).run(None).await;
    let (kind, message) = failure(&report);
    assert!(kind == ErrorKind::Auth && message.contains("no cookie `other`"), "{message}");
}

#[tokio::test]
async fn a_header_may_have_text_before_its_secret() {
    let auth = "type: headers, headers: { Authorization: { secret: key, prefix: \"Token \" } }";
    let vault = json!({ "key": "the-key" });
    Source::new(SignedApi::start(), &vault, "/prefixed", auth).lands("prefix", None).await;
}
