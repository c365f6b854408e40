//! A deployment on Azure as the tests have it: the demo API, a container on Azurite, a played Key Vault and
//! managed identity, and the real handler behind the played Functions host.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use bronzegate_azure::{BLOB_ENDPOINT, TransportOptions};
use bronzegate_core::bronze::BronzeStore;
use bronzegate_demo_api::{Credentials, DemoApi, Options, Running, Shape};
use serde_json::{Value, json};
use tempfile::TempDir;
use url::Url;

use crate::azure::{Azurite, Certificates, Held, KeyVault, TokenEndpoints};
use crate::bench::{SCHEDULED, expected};
use crate::command_line::{assert_same, own_bytes};
use crate::functions_host::FunctionApp;

/// The work queue's name.
pub const WORK_QUEUE: &str = "bronzegate-work";

/// One deployment; its container is nobody else's.
pub struct Deployment {
    /// The API.
    pub api: Running,
    /// The function app.
    pub app: FunctionApp,
    /// The vault.
    pub vault: KeyVault,
    /// Who gives out tokens.
    pub tokens: TokenEndpoints,
    /// The container.
    pub container: String,
    store: Arc<dyn BronzeStore>,
    folder: TempDir,
}

impl Deployment {
    /// Serves the streams; `sources/demo.yaml` reads them, with these lines after its `base_url`.
    ///
    /// # Panics
    /// When something of it cannot be started.
    pub async fn new(options: Options, yaml: &str) -> Self {
        Self::through(Azurite::shared().endpoint(), options, yaml).await
    }

    /// As [`new`](Self::new), with the Blob endpoint at another address: a proxy's.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub async fn through(endpoint: &Url, options: Options, yaml: &str) -> Self {
        let api = DemoApi::start(options).await.expect("the demo API starts");
        let tokens = TokenEndpoints::start().await;
        let vault = KeyVault::start([("token", Held::Value("")), ("api-key", Held::Value(""))]).await;
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("sources")).expect("a folder for sources");
        let text = format!("source: demo\nbase_url: {}\n{yaml}\n", api.base_url());
        fs::write(folder.path().join("sources/demo.yaml"), text.replace("BASE", &api.base_url()))
            .expect("writable");
        let roots = folder.path().join("roots.pem");
        fs::write(&roots, &Certificates::shared().authority).expect("writable");
        let container = Azurite::shared().container().await;
        let target = format!("abfss://{container}@acme.dfs.core.windows.net/bronze");
        let mut variables: BTreeMap<String, String> = tokens.function_app();
        for (name, value) in [
            ("BRONZEGATE_TARGET", target.clone()),
            ("BRONZEGATE_SECRETS", format!("azure-keyvault:{}", vault.url())),
            ("BRONZEGATE_ENVIRONMENT", "test".to_owned()),
            ("BRONZEGATE_QUEUE", WORK_QUEUE.to_owned()),
            ("BRONZEGATE_AZURE_IDENTITY", "managed".to_owned()),
            (BLOB_ENDPOINT, endpoint.to_string()),
            ("SSL_CERT_FILE", roots.display().to_string()),
        ] {
            variables.insert(name.to_owned(), value);
        }
        let azure =
            Azurite::shared().connect(&tokens, Azurite::shared().endpoint(), &TransportOptions::default());
        let store = azure.store(&target).expect("it is a target");
        let app = FunctionApp::new(variables, folder.path());
        let deployment = Self { api, app, vault, tokens, container, store, folder };
        keep(&deployment.vault, &deployment.api.credentials());
        deployment
    }

    /// Writes a file in the app's folder.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn file(&self, path: &str, text: &str) {
        fs::write(self.folder.path().join(path), text).expect("writable");
    }

    /// The app's folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The source file's text.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn source(&self) -> String {
        fs::read_to_string(self.folder.path().join("sources/demo.yaml")).expect("readable")
    }

    /// Where bronze is.
    pub fn store(&self) -> &dyn BronzeStore {
        &*self.store
    }

    /// The same, for as long as it is needed.
    pub fn shared_store(&self) -> Arc<dyn BronzeStore> {
        Arc::clone(&self.store)
    }

    /// Another instance of the same function app.
    pub fn second(&self) -> FunctionApp {
        FunctionApp::new(self.app.variables().clone(), self.folder.path())
    }

    /// Puts an item on the work queue.
    pub fn put(&mut self, item: Value) {
        self.app.queue.push_back((item, 0));
    }

    /// The API's own bytes of a stream's records, in the order of the parts.
    ///
    /// # Panics
    /// When they cannot be read.
    pub async fn records(&self, stream: &str) -> Vec<String> {
        self.lines(stream).await.iter().map(|line| own_bytes(line)).collect()
    }

    /// The lines of a stream's parts, in the order of the parts.
    ///
    /// # Panics
    /// When they cannot be read.
    pub async fn lines(&self, stream: &str) -> Vec<String> {
        lines(&*self.store, stream).await
    }

    /// Asserts that bronze holds these records of a stream, each once, in the API's order and bytes.
    ///
    /// # Panics
    /// When it does not.
    pub async fn assert_records(&self, stream: &str, shape: Shape, count: u64) {
        assert_same(&self.records(stream).await, &expected(shape, count));
    }
}

/// Asserts that what can be read of a stream of the source `demo` is committed: no part is visible that no
/// commit names.
///
/// # Panics
/// When one is.
pub async fn assert_sound(store: &dyn BronzeStore, stream: &str) {
    let parts = store.list(&format!("demo/{stream}/")).await.expect("a folder is listed");
    let mut log = String::new();
    for path in store.list(&format!("_bronzegate/demo/{stream}/commits/")).await.expect("a folder is listed")
    {
        let record = store.get(&path).await.expect("a record is read").expect("it was listed");
        log.push_str(std::str::from_utf8(&record).expect("a record is text"));
    }
    for part in parts {
        assert!(log.contains(&part), "{part} is visible, and no commit names it");
    }
}

/// The lines of the parts that a store has of a stream of the source `demo`, in the order of the parts.
///
/// # Panics
/// When they cannot be read.
pub async fn lines(store: &dyn BronzeStore, stream: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for path in store.list(&format!("demo/{stream}/")).await.expect("a folder is listed") {
        let content = store.get(&path).await.expect("a part is read").expect("it was listed");
        let text = String::from_utf8(content.to_vec()).expect("a part is text");
        assert!(text.is_empty() || text.ends_with('\n'), "the last line is whole");
        lines.extend(text.lines().map(str::to_owned));
    }
    lines
}

/// Keeps credentials of the API in a vault.
pub fn keep(vault: &KeyVault, credentials: &Credentials) {
    // A vault's values live as long as the test process.
    vault.hold("token", Held::Value(credentials.token.clone().leak()));
    vault.hold("api-key", Held::Value(credentials.api_key.clone().leak()));
}

/// The work item of a schedule at the time of all tests.
pub fn item(stream: &str) -> Value {
    json!({ "source": "demo", "stream": stream, "scheduled_time": SCHEDULED })
}
