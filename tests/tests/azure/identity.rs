//! Identities: each one that an environment may offer, against played token endpoints.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Output;
use std::sync::Arc;

use bronzegate_azure::{Azure, BLOB_ENDPOINT, TransportOptions};
use bronzegate_core::clock::SystemClock;
use bronzegate_tests::azure::{Azurite, Certificates, TokenEndpoints};
use bronzegate_tests::command_line::program;
use tempfile::TempDir;

const STORAGE: &str = "https://storage.azure.com";

#[tokio::test(flavor = "multi_thread")]
async fn a_function_app_uses_its_managed_identity() {
    let app = App::new().await;
    let read = app.read(&app.tokens.function_app()).await;
    assert_eq!(text(&read), (true, "content"));
    app.gave("managed", None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_id_makes_it_the_user_assigned_one() {
    let app = App::new().await;
    let mut variables = app.tokens.function_app();
    variables.insert("AZURE_CLIENT_ID".to_owned(), "11111111-2222-3333-4444-555555555555".to_owned());
    let read = app.read(&variables).await;
    assert_eq!(text(&read), (true, "content"));
    app.gave("managed", Some("11111111-2222-3333-4444-555555555555"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workload_hands_in_its_token_file() {
    let app = App::new().await;
    let file = app.folder.path().join("token");
    std::fs::write(&file, "federated-token").unwrap();
    let variables = app.tokens.workload(file.to_str().unwrap());
    assert_eq!(app.read_here(&variables).await, Ok("content".to_owned()));
    assert_eq!(app.tokens.given()[0].kind, "client_assertion");
    assert_eq!(app.tokens.given().len(), 1, "a token is kept");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_hands_in_its_secret() {
    let app = App::new().await;
    assert_eq!(app.read_here(&app.tokens.client_secret()).await, Ok("content".to_owned()));
    assert_eq!(app.tokens.given()[0].kind, "client_secret");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_signed_in_to_the_azure_cli_is_asked_once() {
    let app = App::new().await;
    let calls = app.folder.path().join("calls");
    let token = TokenEndpoints::storage_token();
    let answer = format!(r#"{{"accessToken":"{token}","expires_on":4102444800,"tokenType":"Bearer"}}"#);
    app.tool("az", &format!("echo \"$@\" >> {}\necho '{answer}'", calls.display()));
    let read = app.read(&BTreeMap::new()).await;
    assert_eq!(text(&read), (true, "content"));
    let calls = std::fs::read_to_string(calls).unwrap();
    assert_eq!(calls, format!("account get-access-token -o json --scope {STORAGE}/.default\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn where_nothing_is_offered_the_error_lists_what_was_tried_and_why_the_rest_was_not() {
    let app = App::new().await;
    let read = app.read(&BTreeMap::new()).await;
    let (ok, text) = text(&read);
    assert!(!ok, "{text}");
    for expected in [
        "no token from Azure CLI and Azure Developer CLI",
        "az",
        "azd",
        "managed: IDENTITY_ENDPOINT and IDENTITY_HEADER are not both set",
        "workload: AZURE_FEDERATED_TOKEN_FILE is not set",
        "client-secret: AZURE_CLIENT_SECRET is not set",
    ] {
        assert!(text.contains(expected), "{expected}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_that_is_refused_is_told_and_not_shown() {
    let app = App::new().await;
    let mut variables = app.tokens.client_secret();
    variables.insert("AZURE_CLIENT_SECRET".to_owned(), "wrong-one".to_owned());
    let error = app.read_here(&variables).await.unwrap_err();
    assert!(error.contains("no token from the client secret") && error.contains("AADSTS7000215"), "{error}");
    assert!(!error.contains("wrong-one"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_file_that_is_not_there_is_a_config_error() {
    let app = App::new().await;
    let error = app.read_here(&app.tokens.workload("nowhere/token")).await.unwrap_err();
    assert!(error.contains("workload identity cannot be used"), "{error}");
}

/// A blob, and the endpoints that give tokens for it.
struct App {
    tokens: TokenEndpoints,
    folder: TempDir,
    target: String,
}

impl App {
    async fn new() -> Self {
        let (azurite, tokens) = (Azurite::shared(), TokenEndpoints::start().await);
        let target = format!("abfss://{}@acme.dfs.core.windows.net", azurite.container().await);
        let writer = TokenEndpoints::start().await;
        let azure = azurite.connect(&writer, azurite.endpoint(), &TransportOptions::default());
        let store = azure.store(&target).expect("it is a target");
        store.put("x.txt", "content".into()).await.expect("a blob is put");
        Self { tokens, folder: tempfile::tempdir().expect("a folder"), target }
    }

    /// Reads the blob in a process with just this environment, and with this folder's tools.
    async fn read(&self, variables: &BTreeMap<String, String>) -> Output {
        let roots = self.folder.path().join("roots.pem");
        std::fs::write(&roots, &Certificates::shared().authority).expect("a file is written");
        let mut command = tokio::process::Command::new(program("workbench"));
        command.arg("azure-get").arg(roots).args([&self.target, "x.txt"]).env_clear().envs(variables);
        command.env(BLOB_ENDPOINT, Azurite::shared().endpoint().as_str()).env("PATH", self.folder.path());
        command.kill_on_drop(true).output().await.expect("the program runs")
    }

    /// Reads the blob in this process.
    async fn read_here(&self, variables: &BTreeMap<String, String>) -> Result<String, String> {
        let endpoint = Azurite::shared().endpoint().to_string();
        let transport = Certificates::shared().transport(&TransportOptions::default());
        let look_up = |name: &str| {
            if name == BLOB_ENDPOINT { Some(endpoint.clone()) } else { variables.get(name).cloned() }
        };
        let azure = Azure::connect_over(transport, look_up, Arc::new(SystemClock::default()));
        let store = azure.and_then(|azure| azure.store(&self.target)).map_err(|error| error.to_string())?;
        let mut content = None;
        for _ in 0..2 {
            let read = store.get("x.txt").await;
            content = read.map_err(|error| bronzegate_core::error::Error::from(error).to_string())?;
        }
        Ok(String::from_utf8_lossy(&content.expect("the blob is there")).into_owned())
    }

    /// Puts a program where the process looks for it.
    fn tool(&self, name: &str, script: &str) {
        let path = self.folder.path().join(name);
        std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a file is written");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755))
            .expect("a file is made a program");
    }

    fn gave(&self, kind: &str, client_id: Option<&str>) {
        let given = self.tokens.given();
        let [given] = &given[..] else { panic!("one token was given, not {given:?}") };
        assert_eq!(
            (given.kind, given.client_id.as_deref(), given.resource.as_str()),
            (kind, client_id, STORAGE)
        );
    }
}

/// Whether the process ended well, and what it said.
fn text(output: &Output) -> (bool, &str) {
    let said = if output.status.success() { &output.stdout } else { &output.stderr };
    (output.status.success(), std::str::from_utf8(said).expect("it says text").trim())
}
