//! Azurite: one for all tests of a process, over TLS and with tokens, on a free port.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use bronzegate_azure::{Azure, BLOB_ENDPOINT, TransportOptions};
use bronzegate_core::clock::SystemClock;
use bytes::Bytes;
use reqwest::Method;
use url::Url;

use super::certificates::Certificates;
use super::token_endpoints::TokenEndpoints;

const ACCOUNT: &str = "devstoreaccount1";

/// A running Azurite.
pub struct Azurite {
    endpoint: Url,
    containers: AtomicU64,
    /// Its standard input is a pipe of this process: closed, it ends.
    process: Child,
}

impl Azurite {
    /// The one of this process. It ends with it.
    ///
    /// # Panics
    /// When it is not installed (`make .node/installed`) or does not start.
    pub fn shared() -> &'static Self {
        static SHARED: OnceLock<Azurite> = OnceLock::new();
        SHARED.get_or_init(Self::start)
    }

    /// Starts one that this process would leave behind if it were killed now.
    ///
    /// # Panics
    /// As [`shared`](Self::shared).
    pub fn start() -> Self {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
        let program = tests.join("../.node/node_modules/azurite/dist/src/blob/main.js");
        assert!(program.is_file(), "Azurite is missing: install it first: make .node/installed");
        // Azurite writes there whenever it likes, and removes the folder at its end.
        let folder = tempfile::tempdir().expect("a folder").keep();
        let certificates = Certificates::shared();
        for (name, content) in [("cert.pem", &certificates.server), ("key.pem", &certificates.key)] {
            std::fs::write(folder.join(name), content).expect("a file is written");
        }
        let mut process = Command::new("node")
            .arg("--require")
            .arg(tests.join("fixtures/dies-with-its-parent.cjs"))
            .arg("--require")
            .arg(tests.join("fixtures/puts-under-many-names.cjs"))
            .arg(program)
            .args(["--silent", "--disableTelemetry", "--skipApiVersionCheck", "--inMemoryPersistence"])
            .args(["--blobHost", "127.0.0.1", "--blobPort", "0"])
            .args(["--oauth", "basic", "--cert", "cert.pem", "--key", "key.pem"])
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Node.js is installed");
        let lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let mut addresses = lines.map_while(Result::ok).filter_map(|line| {
            Some(line.split_once("successfully listen")?.1.split_once("https://")?.1.to_owned())
        });
        let address = addresses.next().expect("Azurite says where it listens");
        // Read on: what it prints later must not fail.
        std::thread::spawn(move || addresses.for_each(drop));
        let endpoint = format!("https://{}/{ACCOUNT}", address.trim()).parse().expect("it is an address");
        Self { endpoint, containers: AtomicU64::new(0), process }
    }

    /// Closes the pipe, as the end of this process would, and waits for Azurite's own end.
    ///
    /// # Panics
    /// When it cannot be waited for.
    pub fn abandon(mut self) {
        drop(self.process.stdin.take());
        self.process.wait().expect("a child can be waited for");
    }

    /// The Blob endpoint with the account.
    pub fn endpoint(&self) -> &Url {
        &self.endpoint
    }

    /// Creates a container of its own for a test, and returns its name.
    ///
    /// # Panics
    /// When it cannot be created.
    pub async fn container(&self) -> String {
        let name = format!("test-{}", self.containers.fetch_add(1, Ordering::SeqCst));
        self.call(Method::PUT, &format!("{name}?restype=container"), &[]).await;
        name
    }

    /// Does to the account what the product never does; `path` is `<container>/<blob>[?query]`.
    ///
    /// # Panics
    /// When it fails.
    pub async fn call(&self, method: Method, path: &str, headers: &[(&str, &str)]) {
        self.call_with(method, path, headers, Bytes::new()).await;
    }

    /// The same with a body.
    ///
    /// # Panics
    /// When it fails.
    pub async fn call_with(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Bytes) {
        let token = TokenEndpoints::storage_token();
        let client = Certificates::shared().client();
        let mut request = client
            .request(method, format!("{}/{path}", self.endpoint))
            .bearer_auth(token)
            .header("x-ms-version", "2021-08-06")
            .header("content-length", body.len())
            .body(body);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().await.expect("Azurite answers");
        let status = answer.status();
        let text = answer.text().await.expect("an answer has a text");
        assert!(status.is_success(), "{status}: {text}");
    }

    /// Azure as an application with a secret sees it, with the Blob endpoint at `endpoint`.
    ///
    /// # Panics
    /// When it cannot be connected.
    pub fn connect(&self, tokens: &TokenEndpoints, endpoint: &Url, options: &TransportOptions) -> Azure {
        let mut variables: BTreeMap<String, String> = tokens.client_secret();
        variables.insert(BLOB_ENDPOINT.to_owned(), endpoint.to_string());
        let transport = Certificates::shared().transport(options);
        let clock = Arc::new(SystemClock::default());
        Azure::connect_over(transport, |name| variables.get(name).cloned(), clock)
            .expect("Azure is connected")
    }
}
