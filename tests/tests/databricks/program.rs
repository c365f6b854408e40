//! The program `bronzegate` with secrets of a scope, and with tables of a schema.

use bronzegate_demo_api::{Auth, Shape, Stream, Style};
use bronzegate_tests::azure::Certificates;
use bronzegate_tests::command_line::{Shell, run_line, until};
use bronzegate_tests::databricks::{Call, Fault, PlayedDatabricks};
use bronzegate_tests::{expected, one_stream};

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

/// The same with a stream that writes a table.
async fn shell_of_tables(played: &PlayedDatabricks) -> Shell {
    let mut shell = shell(played).await;
    shell.source("demo", &one_stream("items", &format!("{SETTINGS}\noutput: {{ table: items }}")));
    shell.set("BRONZEGATE_TARGET", &played.lakehouse().files().display().to_string());
    shell.set("BRONZEGATE_TABLES", "databricks:main.bronze");
    shell
}

/// The API's own bytes, sorted.
async fn records(played: &PlayedDatabricks) -> Vec<String> {
    let rows = played.lakehouse().rows("main.bronze.items").await;
    let record = |row: &serde_json::Value| row["record"].as_str().unwrap_or_default().to_owned();
    let mut records: Vec<_> = rows.iter().map(record).collect();
    records.sort();
    records
}

fn once() -> Vec<String> {
    let mut records = expected(Shape::Small, RECORDS);
    records.sort();
    records
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_fills_a_table_of_unity_catalog_once() {
    let played = PlayedDatabricks::start().await;
    let shell = shell_of_tables(&played).await;
    let report = shell.run(&run_line("demo/items")).await.assert(0, "complete");
    assert_eq!(
        (report["table"]["name"].as_str(), report["table"]["rows"].as_u64()),
        (Some("items"), Some(RECORDS))
    );
    assert_eq!(records(&played).await, once());
    shell.run(&run_line("demo/items")).await.assert(0, "already_committed");
    assert_eq!(records(&played).await, once());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_is_killed_between_statement_and_marker_is_finished_by_the_next() {
    let played = PlayedDatabricks::start().await;
    let shell = shell_of_tables(&played).await;
    // The first statement makes the table, the second loads it, and the run never hears of it.
    played.fail([(Call::Submit, Fault::Slow(1)), (Call::Submit, Fault::Silent)]);
    let mut killed = shell.start(&run_line("demo/items"));
    until("the table is loaded", || played.is_silent()).await;
    killed.kill();
    killed.ended().await;
    assert_eq!(records(&played).await, once(), "the rows are there, and nothing says so");
    shell.run(&run_line("demo/items")).await.assert(0, "already_committed");
    assert_eq!(records(&played).await, once());
    let marks = std::fs::read_dir(played.lakehouse().files().join("_bronzegate/demo/items/tables")).unwrap();
    assert_eq!(marks.count(), 1, "a month of marks");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_is_refused_ends_with_7_before_the_first_request() {
    let played = PlayedDatabricks::start().await;
    let mut shell = shell_of_tables(&played).await;
    shell.set("BRONZEGATE_TABLES", "databricks:main.silver");
    shell.run(&run_line("demo/items")).await.assert_failed(7, "store", "the schema main.silver is not there");
    shell.set("BRONZEGATE_TABLES", "databricks:main");
    let ended = shell.run(&run_line("demo/items")).await;
    assert!(
        ended.code() == Some(2) && ended.err.contains("write databricks:<catalog>.<schema>"),
        "{ended:?}"
    );
    assert_eq!(shell.api.stats().stream("items").requests, 0, "nothing is asked of the API");
}
