//! Where settings and secrets come from: flags, variables, and `.env` beside the sources.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use bronzegate_demo_api::{Auth, Shape, Stream, Style};
use bronzegate_tests::command_line::Shell;

const YAML: &str = "auth: { type: bearer, token: { secret: from-file } }
streams:
  items: { path: /items, records: results, pagination: { type: none } }";

async fn shell() -> Shell {
    let stream = Stream::new("items", Style::Single, Shape::Small, 3).auth(Auth::Bearer);
    Shell::new(vec![stream], Vec::new(), YAML).await
}

fn env_file(shell: &Shell, text: &str) {
    let path = shell.file(".env", text);
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("it is ours");
}

#[tokio::test]
async fn settings_and_secrets_are_read_from_env_beside_the_sources() {
    let shell = shell().await;
    let missing = shell.run("run demo --json").await;
    assert_eq!(missing.code(), Some(4), "{missing:?}");
    let token = shell.api.credentials().token;
    env_file(
        &shell,
        &format!("# by hand\nBRONZEGATE_SECRET_FROM_FILE='{token}'\nBRONZEGATE_TARGET=elsewhere\n"),
    );
    shell.run("run demo --json").await.assert(0, "complete");
    assert!(shell.path("elsewhere/demo/items").is_dir());
    // A flag goes first.
    shell.run("run demo --json --target flagged").await.assert(0, "complete");
    assert!(shell.path("flagged/demo/items").is_dir());
}

#[tokio::test]
async fn a_variable_goes_before_the_file() {
    let mut shell = shell().await;
    env_file(&shell, "BRONZEGATE_SECRET_FROM_FILE=wrong\nBRONZEGATE_TARGET=elsewhere\n");
    assert_eq!(shell.run("run demo --json").await.code(), Some(4));
    let token = shell.api.credentials().token;
    shell.set("BRONZEGATE_SECRET_FROM_FILE", &token);
    shell.set("BRONZEGATE_TARGET", "chosen");
    shell.run("run demo --json").await.assert(0, "complete");
    assert!(shell.path("chosen/demo/items").is_dir());
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named_with_its_line_and_no_value() {
    let shell = shell().await;
    env_file(&shell, "BRONZEGATE_TARGET=x\nBRONZEGATE_SECRET_FROM_FILE='s3cret\n");
    let refused = shell.run("run demo").await;
    assert_eq!(refused.code(), Some(2), "{refused:?}");
    assert!(refused.err.contains(".env:2: the value's quote is not closed"), "{refused:?}");
    assert!(!refused.err.contains("s3cret"), "{refused:?}");
}

#[tokio::test]
async fn a_file_that_others_may_read_gets_a_warning() {
    let shell = shell().await;
    let path = shell.file(".env", "BRONZEGATE_TARGET=bronze\n");
    fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("it is ours");
    let ended = shell.run("check demo --offline").await;
    assert!(ended.err.contains(".env can be read by others (mode 644)"), "{ended:?}");
}

#[tokio::test]
async fn pipes_get_no_colours() {
    let shell = shell().await;
    let ended = shell.run("run demo").await;
    assert_eq!(ended.code(), Some(4), "{ended:?}");
    assert!(!ended.out.contains('\u{1b}') && !ended.err.contains('\u{1b}'), "{ended:?}");
}
