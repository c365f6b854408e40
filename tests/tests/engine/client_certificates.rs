//! Certificates of the client, and authorities of one's own: compared with OpenSSL, as Python has it.

use std::path::PathBuf;
use std::sync::Arc;

use bronzegate_core::bronze::{BronzeStore, LocalStore};
use bronzegate_core::clock::SystemClock;
use bronzegate_core::config;
use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_core::run::{Engine, RunOptions};
use bronzegate_core::secret::FileSecrets;
use bronzegate_tests::{SCHEDULED, SignedApi, TlsFiles, failure, lines, request};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::{Map, Value};
use tempfile::TempDir;

type Authority = CertifiedIssuer<'static, KeyPair>;

/// An authority, and a folder with certificates of it.
struct Office {
    authority: Authority,
    folder: TempDir,
}

impl Office {
    fn open(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let authority = CertifiedIssuer::self_signed(params, key).expect("an authority");
        let office = Self { authority, folder: tempfile::tempdir().expect("a folder") };
        office.write("authority", &office.authority.pem());
        let (certificate, key) = office.issue("127.0.0.1");
        office.write("certificate", &certificate);
        office.write("key", &key);
        office
    }

    /// A certificate of this name, and its key.
    fn issue(&self, name: &str) -> (String, String) {
        let mut params = CertificateParams::new(vec![name.to_owned()]).expect("a name");
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.authority).expect("a certificate");
        (certificate.pem(), key.serialize_pem())
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).expect("writable");
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn server(&self, is_demanded: bool) -> SignedApi {
        let [certificate, key, authority] = ["certificate", "key", "authority"].map(|name| self.path(name));
        SignedApi::over_tls(
            TlsFiles { certificate: &certificate, key: &key, authority: &authority },
            is_demanded,
        )
    }
}

/// A source, its vault, and bronze.
struct Bench {
    folder: TempDir,
    engine: Engine,
}

impl Bench {
    fn new(base_url: &str, secrets: &[(&str, &str)], settings: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let bench_vault = folder.path().join("vault.json");
        let text = format!(
            "source: demo\nbase_url: {base_url}\n{settings}\nretry: {{ base: 1ms, max: 2ms, max_attempts: 3 }}\nstreams: {{ items: {{ path: /certified, records: results, pagination: {{ type: next_url, next: {{ body: next }}, single_page: true }} }} }}"
        );
        let source =
            config::parse("demo.yaml", &text).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
        let vault = Arc::new(FileSecrets::new(bench_vault));
        let engine = Engine::new(Arc::new(source), vault, Arc::new(SystemClock::default()), "test");
        let bench = Self { folder, engine };
        bench.keeps(secrets);
        bench
    }

    fn keeps(&self, secrets: &[(&str, &str)]) {
        let secrets = secrets.iter().map(|(name, text)| ((*name).to_owned(), Value::from(*text)));
        let secrets = Value::Object(secrets.collect::<Map<_, _>>());
        std::fs::write(self.folder.path().join("vault.json"), secrets.to_string()).expect("writable");
    }

    async fn run(&self) -> RunReport {
        let bronze: Arc<dyn BronzeStore> =
            Arc::new(LocalStore::open(self.folder.path().join("bronze")).expect("a folder"));
        let run = self.engine.stream("items").expect("it is there");
        run.run(bronze, request(SCHEDULED), RunOptions::default()).await
    }

    /// Whom the certificates of the requests name, by page.
    fn peers(&self) -> Vec<Value> {
        let lines = lines(&self.folder.path().join("bronze"), "demo", "items");
        lines.iter().map(|line| serde_json::from_str::<Value>(line).expect("JSON")["peer"].clone()).collect()
    }
}

const TLS: &str = "tls: { ca: { secret: ca }, certificate: { secret: certificate }, key: { secret: key } }";

#[tokio::test]
async fn a_certificate_is_shown_to_hosts_that_get_credentials_and_to_no_other() {
    let office = Office::open("ours");
    let (certificate, key) = office.issue("reader");
    let ca = office.authority.pem();
    let secrets = [("ca", ca.as_str()), ("certificate", &certificate), ("key", &key)];
    let (api, elsewhere) = (office.server(true), office.server(false));
    let [own, other] = [&api, &elsewhere].map(SignedApi::base_url);
    let host = other.trim_start_matches("https://");
    let settings = |credentials: bool| {
        format!(
            "{TLS}\nparams: {{ next: \"{other}/certified\" }}\nallowed_hosts: [{{ host: \"{host}\", credentials: {credentials} }}]"
        )
    };
    for (credentials, seen) in [(true, Value::from("reader")), (false, Value::Null)] {
        let bench = Bench::new(&own, &secrets, &settings(credentials));
        let report = bench.run().await;
        assert_eq!((report.status, &report.error), (Status::Complete, &None), "{credentials}");
        assert_eq!(bench.peers(), [Value::from("reader"), seen]);
    }
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_where_the_file_names_it() {
    let office = Office::open("ours");
    let api = office.server(false);
    let ca = office.authority.pem();
    let indented = ca.trim_end().replace('\n', "\n    ");
    let in_file = format!("tls:\n  ca: |\n    {indented}");
    for settings in ["tls: { ca: { secret: ca } }", &in_file] {
        let report = Bench::new(&api.base_url(), &[("ca", &ca)], settings).run().await;
        assert_eq!((report.status, &report.error), (Status::Complete, &None), "{settings}");
    }
    let report = Bench::new(&api.base_url(), &[], "").run().await;
    let (kind, message) = failure(&report);
    assert_eq!((kind, report.counts.requests), (ErrorKind::Api, 1), "{message}");
    assert!(
        message.contains("an unknown CA") && message.contains("name it with `tls: { ca: … }`"),
        "{message}"
    );
}

#[tokio::test]
async fn a_certificate_that_is_refused_is_read_again_and_then_told() {
    let (office, other) = (Office::open("ours"), Office::open("theirs"));
    let api = office.server(true);
    let ca = office.authority.pem();
    let (certificate, key) = office.issue("reader");
    let (strange, strange_key) = other.issue("stranger");
    let good = [("ca", ca.as_str()), ("certificate", &certificate), ("key", &key)];
    let wrong = [("ca", ca.as_str()), ("certificate", &strange), ("key", &strange_key)];
    for (secrets, settings) in [(&wrong, TLS), (&good, "tls: { ca: { secret: ca } }")] {
        let report = Bench::new(&api.base_url(), secrets, settings).run().await;
        let (kind, message) = failure(&report);
        assert_eq!(kind, ErrorKind::Auth, "{message}");
        assert!(message.contains("the server refuses the certificate of the client"), "{message}");
    }
    // Replaced in the vault between two runs of a warm engine.
    let bench = Bench::new(&api.base_url(), &wrong, TLS);
    assert_eq!(failure(&bench.run().await).0, ErrorKind::Auth);
    bench.keeps(&good);
    let report = bench.run().await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None));
    let torn = [("ca", "-----BEGIN no"), ("certificate", certificate.as_str()), ("key", key.as_str())];
    let report = Bench::new(&api.base_url(), &torn, TLS).run().await;
    let (kind, message) = failure(&report);
    assert!(
        kind == ErrorKind::Auth && message.contains("secret `ca`, which is `tls.ca`, is no"),
        "{message}"
    );
}
