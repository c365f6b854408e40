//! The command line on Azure: target, vault and source files there, with an application's secret as identity.

use bronzegate_azure::{BLOB_ENDPOINT, TransportOptions};
use bronzegate_demo_api::{Auth, Shape, Stream, Style};
use bronzegate_tests::azure::{Azurite, Certificates, Held, KeyVault, TokenEndpoints};
use bronzegate_tests::command_line::{Shell, own_bytes, run_line};
use bronzegate_tests::{expected, one_stream};

const RECORDS: u64 = 90;
const SETTINGS: &str = "records: results
auth: { type: bearer, token: { secret: token } }
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 20 } }";

/// A shell and what it has of Azure.
struct OnAzure {
    shell: Shell,
    container: String,
    tokens: TokenEndpoints,
    vault: KeyVault,
}

impl OnAzure {
    async fn new() -> Self {
        let stream = Stream::new("items", Style::Cursor, Shape::Small, RECORDS).auth(Auth::Bearer);
        let mut shell = Shell::new(vec![stream], Vec::new(), &one_stream("items", SETTINGS)).await;
        let azurite = Azurite::shared();
        let container = azurite.container().await;
        let token = shell.api.credentials().token.leak();
        let vault = KeyVault::start([("token", Held::Value(token))]).await;
        let roots = shell.file("roots.pem", &Certificates::shared().authority).display().to_string();
        let tokens = TokenEndpoints::start().await;
        for (name, value) in tokens.client_secret() {
            shell.set(&name, &value);
        }
        for (name, value) in [
            ("SSL_CERT_FILE", roots),
            (BLOB_ENDPOINT, azurite.endpoint().to_string()),
            ("BRONZEGATE_TARGET", place(&container, "lake")),
            ("BRONZEGATE_SECRETS", format!("azure-keyvault:{}", vault.url())),
        ] {
            shell.set(name, &value);
        }
        Self { shell, container, tokens, vault }
    }

    /// The API's own bytes of what the container holds of the stream.
    async fn records(&self) -> Vec<String> {
        let store = self.store("lake");
        let mut records = Vec::new();
        for path in store.list("demo/items").await.expect("a listing") {
            let content = store.get(&path).await.expect("readable").expect("it is there");
            records.extend(String::from_utf8(content.into()).expect("text").lines().map(own_bytes));
        }
        records
    }

    fn store(&self, folder: &str) -> std::sync::Arc<dyn bronzegate_core::bronze::BronzeStore> {
        let (azurite, options) = (Azurite::shared(), TransportOptions::default());
        let azure = azurite.connect(&self.tokens, azurite.endpoint(), &options);
        azure.store(&place(&self.container, folder)).expect("a target")
    }
}

fn place(container: &str, folder: &str) -> String {
    format!("abfss://{container}@acme.dfs.core.windows.net/{folder}")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_application_runs_into_a_container_with_secrets_from_key_vault() {
    let azure = OnAzure::new().await;
    let shell = &azure.shell;
    shell.run(&run_line("demo/items")).await.assert(0, "complete");
    assert_eq!(azure.records().await, expected(Shape::Small, RECORDS));
    shell.run(&run_line("demo/items")).await.assert(0, "already_committed");
    assert_eq!(azure.records().await.len() as u64, RECORDS);
    let runs = shell.run("runs demo/items").await;
    assert!(runs.code() == Some(0) && runs.out.contains("at-20261122T170000Z"), "{runs:?}");
    assert!(!shell.target().exists(), "nothing is written locally");
    let check = shell.run("check demo").await;
    assert_eq!(check.code(), Some(0), "{check:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn target_and_vault_are_flags_too() {
    let mut azure = OnAzure::new().await;
    let vault = azure.vault.url().clone();
    azure.shell.unset("BRONZEGATE_TARGET");
    azure.shell.unset("BRONZEGATE_SECRETS");
    let flags = format!("--target {} --secrets azure-keyvault:{vault}", place(&azure.container, "lake"));
    azure.shell.run(&format!("{} {flags}", run_line("demo/items"))).await.assert(0, "complete");
    assert_eq!(azure.records().await, expected(Shape::Small, RECORDS));
}

#[tokio::test(flavor = "multi_thread")]
async fn source_files_are_read_from_a_container() {
    let mut azure = OnAzure::new().await;
    let text = std::fs::read(azure.shell.path("sources/demo.yaml")).expect("the source file");
    azure.store("files").put("demo.yaml", text.into()).await.expect("a blob is put");
    std::fs::remove_dir_all(azure.shell.path("sources")).expect("removable");
    let files = place(&azure.container, "files");
    azure.shell.set("BRONZEGATE_SOURCES", &files);
    azure.shell.run(&run_line("demo/items")).await.assert(0, "complete");
    let absent = azure.shell.run("run crm").await;
    assert_eq!(absent.code(), Some(2));
    let why = format!("there is no file {files}/crm.yaml; the sources there are: demo");
    assert!(absent.err.contains(&why), "{absent:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_key_vault_does_not_allow_is_refused_at_check_with_the_rule() {
    let azure = OnAzure::new().await;
    azure.shell.source("named", &one_stream("items", &SETTINGS.replace("secret: token", "secret: a_b")));
    let check = azure.shell.run("check named").await;
    assert_eq!(check.code(), Some(4), "{check:?}");
    let told = format!("{}{}", check.out, check.err);
    let rule =
        "`a_b` cannot be the name of a secret in Azure Key Vault: 1 to 127 characters, each a letter A to Z";
    assert!(told.contains(rule), "{check:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_cloud_refuses_is_told_with_the_place() {
    let mut azure = OnAzure::new().await;
    azure.shell.set("BRONZEGATE_TARGET", "abfss://no-such-container@acme.dfs.core.windows.net/lake");
    azure.shell.run(&run_line("demo/items")).await.assert_failed(7, "store", "ContainerNotFound");
    azure.shell.set("BRONZEGATE_TARGET", &place(&azure.container, "lake"));
    azure.shell.source("demo", &one_stream("items", &SETTINGS.replace("secret: token", "secret: absent")));
    azure.shell.run(&run_line("demo/items")).await.assert_failed(4, "auth", "secret `absent` is missing");
    azure.shell.unset("AZURE_TENANT_ID");
    let ended = azure.shell.run(&run_line("demo/items")).await;
    assert_eq!(ended.code(), Some(2), "{ended:?}");
    assert!(ended.err.contains("AZURE_TENANT_ID"), "{ended:?}");
}
