//! The command line on the clouds: target, vault and source files there, credentials as a developer has them.

use bronzegate_demo_api::{Auth, Shape, Stream, Style};
use bronzegate_tests::command_line::{Shell, own_bytes, run_line};
use bronzegate_tests::{expected, moto, one_stream};

const RECORDS: u64 = 90;
const SETTINGS: &str = "records: results
auth: { type: bearer, token: { secret: token } }
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 20 } }";

/// A shell whose AWS is moto; its secret is in Secrets Manager, and its profile in a file.
async fn on_aws(bucket: &str) -> Shell {
    let stream = Stream::new("items", Style::Cursor, Shape::Small, RECORDS).auth(Auth::Bearer);
    let mut shell = Shell::new(vec![stream], Vec::new(), &one_stream("items", SETTINGS)).await;
    moto::bucket(bucket).await;
    let token = shell.api.credentials().token;
    let made = moto::secrets().await.create_secret().name(format!("{bucket}/token")).secret_string(token);
    made.send().await.expect("a secret is made");
    let profile = format!("[profile work]\nregion = {}\n", moto::REGION);
    let keys = "[work]\naws_access_key_id = testing\naws_secret_access_key = testing\n";
    let (config, keys) = (shell.file("config", &profile), shell.file("credentials", keys));
    for (name, value) in [
        ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", moto::port())),
        ("AWS_CONFIG_FILE", config.display().to_string()),
        ("AWS_SHARED_CREDENTIALS_FILE", keys.display().to_string()),
        ("AWS_PROFILE", "work".to_owned()),
        ("BRONZEGATE_TARGET", format!("s3://{bucket}/lake")),
        ("BRONZEGATE_SECRETS", format!("aws-secretsmanager:{bucket}/")),
    ] {
        shell.set(name, &value);
    }
    shell
}

/// The API's own bytes of what the bucket holds of the stream.
async fn records(bucket: &str) -> Vec<String> {
    let store = moto::connect(moto::port()).await.store(&format!("s3://{bucket}/lake")).expect("a target");
    let mut records = Vec::new();
    for path in store.list("demo/items").await.expect("a listing") {
        let content = store.get(&path).await.expect("readable").expect("it is there");
        records.extend(String::from_utf8(content.into()).expect("text").lines().map(own_bytes));
    }
    records
}

#[tokio::test]
async fn a_developers_profile_runs_into_s3_with_secrets_from_secrets_manager() {
    let shell = on_aws("cli-run").await;
    shell.run(&run_line("demo/items")).await.assert(0, "complete");
    assert_eq!(records("cli-run").await, expected(Shape::Small, RECORDS));
    shell.run(&run_line("demo/items")).await.assert(0, "already_committed");
    let runs = shell.run("runs demo/items").await;
    assert!(runs.code() == Some(0) && runs.out.contains("at-20261122T170000Z"), "{runs:?}");
    assert!(!shell.target().exists(), "nothing is written locally");
    let check = shell.run("check demo").await;
    assert_eq!(check.code(), Some(0), "{check:?}");
}

#[tokio::test]
async fn a_secret_that_this_machine_lacks_leaves_nothing_on_a_shared_target() {
    let mut shell = on_aws("cli-lacks").await;
    shell.set("BRONZEGATE_SECRETS", "env");
    shell.unset("BRONZEGATE_SECRET_TOKEN");
    shell.run(&run_line("demo/items")).await.assert_failed(4, "auth", "secret `token` is missing");
    let store = moto::connect(moto::port()).await.store("s3://cli-lacks/lake").expect("a target");
    assert_eq!(store.list("_bronzegate").await.expect("a listing"), [""; 0]);
    // What the API refuses says the same to all machines.
    shell.set("BRONZEGATE_SECRET_TOKEN", "wrong");
    shell.run(&run_line("demo/items")).await.assert_failed(4, "auth", "HTTP 401");
    assert_eq!(
        store.list("_bronzegate").await.expect("a listing"),
        ["_bronzegate/demo/items/last_error.json"]
    );
}

#[tokio::test]
async fn source_files_are_read_from_s3() {
    let mut shell = on_aws("cli-sources").await;
    let text = std::fs::read(shell.path("sources/demo.yaml")).expect("the source file");
    let put = moto::s3().await.put_object().bucket("cli-sources").key("files/demo.yaml").body(text.into());
    put.send().await.expect("an object is put");
    std::fs::remove_dir_all(shell.path("sources")).expect("removable");
    shell.set("BRONZEGATE_SOURCES", "s3://cli-sources/files");
    shell.run(&run_line("demo/items")).await.assert(0, "complete");
    let absent = shell.run("run crm").await;
    assert_eq!(absent.code(), Some(2));
    assert!(
        absent.err.contains("there is no file s3://cli-sources/files/crm.yaml; the sources there are: demo"),
        "{absent:?}"
    );
}

#[tokio::test]
async fn what_the_cloud_refuses_is_told_with_the_place() {
    let mut shell = on_aws("cli-refused").await;
    shell.set("BRONZEGATE_TARGET", "s3://no-such-bucket/lake");
    let ended = shell.run(&run_line("demo/items")).await;
    ended.assert_failed(7, "store", "NoSuchBucket");
    shell.set("BRONZEGATE_TARGET", "s3://cli-refused/lake");
    shell.set("BRONZEGATE_SECRETS", "aws-secretsmanager:nowhere/");
    let ended = shell.run(&run_line("demo/items")).await;
    ended.assert_failed(4, "auth", "`nowhere/token` in Secrets Manager (eu-central-1)");
    shell.unset("AWS_PROFILE");
    let ended = shell.run(&run_line("demo/items")).await;
    assert_eq!(ended.code(), Some(2), "{ended:?}");
    assert!(ended.err.contains("no AWS region is set"), "{ended:?}");
}
