//! The program `bronzegate` with secrets of a scope.

use bronzegate_demo_api::{Auth, Shape, Stream, Style};
use bronzegate_tests::azure::Certificates;
use bronzegate_tests::command_line::{Shell, run_line};
use bronzegate_tests::databricks::PlayedDatabricks;
use bronzegate_tests::one_stream;

const RECORDS: u64 = 60;
const SETTINGS: &str = "records: results
auth: { type: bearer, token: { secret: api-token } }
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 20 } }";

async fn shell(played: &PlayedDatabricks) -> Shell {
    let stream = Stream::new("items", Style::Cursor, Shape::Small, RECORDS).auth(Auth::Bearer);
    let mut shell = Shell::new(vec![stream], Vec::new(), &one_stream("items", SETTINGS)).await;
    played.put_secret("api-token", shell.api.credentials().token.as_bytes());
    let roots = shell.file("roots.pem", &Certificates::shared().authority).display().to_string();
    shell.set("SSL_CERT_FILE", &roots);
    shell.set("BRONZEGATE_SECRETS", "databricks:bronze");
    for (name, value) in played.principal() {
        shell.set(&name, &value);
    }
    shell
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_reads_its_secret_from_a_scope() {
    let played = PlayedDatabricks::start().await;
    let shell = shell(&played).await;
    assert_eq!(shell.run("check demo").await.code(), Some(0));
    shell.run(&run_line("demo/items")).await.assert(0, "complete");
    shell.assert_records("items", Shape::Small, RECORDS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_scope_ends_with_4_and_two_identities_with_2() {
    let played = PlayedDatabricks::start().await;
    let mut shell = shell(&played).await;
    shell.set("BRONZEGATE_SECRETS", "databricks:brnze");
    shell.run(&run_line("demo/items")).await.assert_failed(4, "auth", "Scope brnze does not exist!");
    shell.set("BRONZEGATE_SECRETS", "databricks");
    let ended = shell.run(&run_line("demo/items")).await;
    assert!(ended.code() == Some(2) && ended.err.contains("write databricks:<scope>"), "{ended:?}");
    shell.set("BRONZEGATE_SECRETS", "databricks:bronze");
    shell.set("DATABRICKS_TOKEN", "dapi-another");
    let ended = shell.run(&run_line("demo/items")).await;
    assert!(ended.code() == Some(2) && ended.err.contains("two identities for Databricks"), "{ended:?}");
    shell.set("DATABRICKS_AUTH_TYPE", "pat");
    shell.run(&run_line("demo/items")).await.assert_failed(
        4,
        "auth",
        "the token of DATABRICKS_TOKEN is revoked",
    );
    shell.unset("DATABRICKS_HOST");
    let ended = shell.run(&run_line("demo/items")).await;
    assert!(ended.code() == Some(2) && ended.err.contains("DATABRICKS_HOST is not set"), "{ended:?}");
}
