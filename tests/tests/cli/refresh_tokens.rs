//! Refresh tokens from the command line: the vault that a process leaves behind, killed or not.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use bronzegate_demo_api::{Auth, Credentials, Options, Shape, Stream, Style};
use bronzegate_tests::SEED;
use bronzegate_tests::command_line::{Ended, Shell, files, run_line, until};
use bronzegate_tests::moto;
use bronzegate_tests::spoiling_proxy::{Proxy, Rule, Spoiled};

const RECORDS: u64 = 60;
const SOURCE: &str = "auth:
  type: oauth2_refresh_token
  token_url: BASE/oauth/token
  client_id: demo-client
  client_secret: { secret: client-secret }
  refresh_token: { secret: SECRET }
streams:
";

fn source(secret: &str) -> String {
    let mut text = SOURCE.replace("SECRET", secret);
    for name in ["one", "two", "three", "four"] {
        text.push_str("  ");
        text.push_str(name);
        text.push_str(": { path: /");
        text.push_str(name);
        text.push_str(", records: results, pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after } } }\n");
    }
    text
}

async fn shell(refresh_grace: bool, secret: &str) -> Shell {
    let stream =
        |name| Stream::new(name, Style::Cursor, Shape::Small, RECORDS).page_size(20).auth(Auth::OAuth2);
    let streams = ["one", "two", "three", "four"].map(stream).into();
    let credentials = Credentials { refresh_grace, ..Credentials::default() };
    Shell::with(Options { seed: SEED, streams, credentials, ..Options::default() }, &source(secret)).await
}

const VAULT: &str = "{\n  \"client-secret\" : \"demo-client-secret\",\n  \"other\": { \"n\": 1.50 },\n  \"refresh\":\"demo-refresh-token\"\n}\n";

async fn with_file() -> Shell {
    let mut shell = shell(false, "refresh").await;
    let path = shell.file("vault.json", VAULT);
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("its owner may");
    shell.set("BRONZEGATE_SECRETS", "file:vault.json");
    shell
}

/// Nothing that was printed or written but the vault has a token in it.
#[track_caller]
fn assert_clean(shell: &Shell, ended: &[Ended]) {
    let clean = |text: &str| {
        !["demo-refresh", "demo-access", "demo-client-secret"].iter().any(|token| text.contains(token))
    };
    assert!(ended.iter().all(|ended| clean(&ended.out) && clean(&ended.err)), "{ended:?}");
    for path in files(&shell.path("")) {
        let text = String::from_utf8_lossy(&fs::read(&path).expect("readable")).into_owned();
        assert!(path.ends_with("vault.json") || clean(&text), "{}: {text}", path.display());
    }
}

#[tokio::test]
async fn every_command_leaves_the_newest_token_in_the_file_and_shows_none() {
    let shell = with_file().await;
    let mut ended = Vec::new();
    for line in
        ["check demo/one --log trace", "sample demo/one -n 5 --log trace", "run demo --json --log trace"]
    {
        ended.push(shell.run(line).await);
        let token = shell.api.credentials().refresh_token;
        let expected = VAULT.replace("demo-refresh-token", &token);
        assert_eq!(fs::read_to_string(shell.path("vault.json")).unwrap(), expected, "{line}");
    }
    assert!(ended.iter().all(|ended| ended.code() == Some(0)), "{ended:?}");
    assert_eq!(shell.api.stats().oauth.issued, 3, "the streams of a command share one");
    assert_eq!(fs::metadata(shell.path("vault.json")).unwrap().permissions().mode() & 0o777, 0o600);
    assert_clean(&shell, &ended);
}

#[tokio::test]
async fn processes_at_once_take_turns_with_a_token_that_works_once() {
    let shell = with_file().await;
    let lines = ["one", "two", "three", "four"].map(|name| run_line(&format!("demo/{name}")));
    let processes: Vec<_> = lines.iter().map(|line| shell.start(line)).collect();
    let mut ended = Vec::new();
    for process in processes {
        ended.push(process.ended().await);
    }
    for ended in &ended {
        ended.assert(0, "complete");
    }
    let oauth = shell.api.stats().oauth;
    assert_eq!((oauth.issued, oauth.refused), (4, 0));
    let vault = fs::read_to_string(shell.path("vault.json")).unwrap();
    assert!(vault.contains("\"demo-refresh-token-use-4\""), "{vault}");
    assert_clean(&shell, &ended);
}

#[tokio::test]
async fn a_vault_that_cannot_take_a_new_token_is_refused_before_the_old_one_is_used() {
    let mut shell = shell(false, "refresh").await;
    shell.set("BRONZEGATE_SECRET_REFRESH", "demo-refresh-token");
    let ended = shell.run_at("demo/one").await;
    ended.assert_failed(4, "auth", "secret `refresh` cannot be replaced, and a refresh token has to be");
    ended.assert_failed(4, "auth", "use file:<path> or a cloud's vault");

    shell.file("vault.json", VAULT);
    shell.set("BRONZEGATE_SECRETS", "file:vault.json");
    // What stands where the new file is written is as good as a full disk.
    fs::create_dir(shell.path(".vault.json.new")).unwrap();
    let ended = shell.run_at("demo/one").await;
    ended.assert_failed(4, "auth", "secret `refresh` cannot be written");
    assert_eq!(shell.api.stats().oauth.requests, 0);
}

/// A run against Secrets Manager, killed after the token endpoint has answered and before the vault has
/// the new token; and the run after it.
async fn killed_before_the_write(refresh_grace: bool, secret: &str) -> (Shell, Ended) {
    // Two reads; the third call is the write.
    killed_at(2, refresh_grace, secret).await
}

/// The same, killed at the call after so many.
async fn killed_at(skip: usize, refresh_grace: bool, secret: &str) -> (Shell, Ended) {
    let mut shell = shell(refresh_grace, secret).await;
    for (name, value) in [("client-secret", "demo-client-secret"), (secret, "demo-refresh-token")] {
        // The client's secret is there already if the other test was faster.
        drop(moto::secrets().await.create_secret().name(name).secret_string(value).send().await);
    }
    let proxy = Proxy::start(moto::port()).await;
    for (name, value) in moto::variables_at(proxy.port()) {
        shell.set(&name, &value);
    }
    shell.set("BRONZEGATE_SECRETS", "aws-secretsmanager");
    proxy.spoil(Rule { words: vec!["POST "], skip, count: 1, spoiled: Spoiled::Silence });
    let mut process = shell.start(&run_line("demo/one"));
    until("the write", || proxy.silenced() == 1).await;
    process.kill();
    drop(process.ended().await);
    assert_eq!((shell.api.stats().oauth.issued, shell.api.stats().stream("one").requests), (1, 0));
    let after = shell.run_at("demo/one").await;
    (shell, after)
}

#[tokio::test]
async fn after_a_kill_before_the_write_a_grace_heals_the_next_run() {
    let (shell, after) = killed_before_the_write(true, "killed-with-grace").await;
    after.assert(0, "complete");
    shell.assert_records("one", Shape::Small, RECORDS);
    let kept = moto::secrets()
        .await
        .get_secret_value()
        .secret_id("killed-with-grace")
        .version_stage("AWSCURRENT")
        .send()
        .await
        .unwrap();
    assert_eq!(kept.secret_string(), Some("demo-refresh-token-use-2"));
    assert_clean(&shell, &[after]);
}

#[tokio::test]
async fn after_a_kill_before_the_write_an_endpoint_without_grace_refuses_the_next_run() {
    let (shell, after) = killed_before_the_write(false, "killed-without-grace").await;
    after.assert_failed(4, "auth", "HTTP 400 (invalid_grant)");
    shell.assert_nothing_visible("one");
}

/// The new token is in the vault by then, but under a label that nobody reads.
#[tokio::test]
async fn after_a_kill_between_the_write_and_its_label_the_next_run_finds_the_new_token() {
    let (shell, after) = killed_at(3, false, "killed-in-between").await;
    after.assert(0, "complete");
    shell.assert_records("one", Shape::Small, RECORDS);
    let manager = moto::secrets().await;
    let kept = manager.get_secret_value().secret_id("killed-in-between").version_stage("AWSCURRENT");
    assert_eq!(kept.send().await.unwrap().secret_string(), Some("demo-refresh-token-use-2"));
    assert_clean(&shell, &[after]);
}
