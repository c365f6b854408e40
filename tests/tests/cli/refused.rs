//! What a refused command leaves: nothing; and what ends a process otherwise is an exit code.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use bronzegate_core::bronze::Running;
use bronzegate_core::clock::{Clock as _, SystemClock};
use bronzegate_demo_api::{Fault, FaultKind, Shape, Stream, Style, When};
use bronzegate_tests::command_line::{Process, Shell, program, run_line, until};
use bronzegate_tests::lambda_runtime::Lambda;
use bronzegate_tests::{SCHEDULED, one_stream};
use serde_json::json;
use tokio::process::Command;

const SETTINGS: &str = "records: results
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 20 } }";

async fn shell() -> Shell {
    let stream = Stream::new("items", Style::Cursor, Shape::Crm, 500).page_size(20);
    Shell::new(vec![stream], Vec::new(), &one_stream("items", SETTINGS)).await
}

/// Begins the command within another one.
fn within(shell: &Shell, line: &str, program: &str, arguments: &[&str]) -> Process {
    shell.start_command(line, |command| {
        let inner = command.as_std();
        let mut outer = Command::new(program);
        outer.args(arguments).arg(inner.get_program()).args(inner.get_args());
        outer.env_clear().envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))));
        outer.current_dir(inner.get_current_dir().expect("a folder")).stdin(Stdio::null());
        outer.stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
        *command = outer;
    })
}

#[tokio::test]
async fn a_command_that_is_refused_is_no_failed_run() {
    let shell = shell().await;
    shell.run(&run_line("demo/items")).await.assert(0, "complete");
    let before = shell.everything();
    for (line, message) in [
        ("run demo/items --restart --json", "no partial run"),
        ("run demo/items --at 9000-01-01T00:00:00Z --json", "is still to come"),
    ] {
        shell.run(line).await.assert_failed(2, "config", message);
        assert_eq!(shell.everything(), before, "{line}");
    }
    let runs = shell.run("runs demo/items --fail-on-breach").await;
    assert_eq!(runs.code(), Some(0), "{runs:?}");
}

#[tokio::test]
async fn a_file_that_grows_beyond_the_processs_limit_is_7_and_no_signal() {
    let shell = shell().await;
    // In blocks of 512 or 1024 bytes, as shells differ.
    let limited = within(&shell, &run_line("demo/items"), "sh", &["-c", "ulimit -f 16; exec \"$0\" \"$@\""])
        .ended()
        .await;
    limited.assert_failed(7, "store", "File too large");
    shell.assert_nothing_visible("items");
    shell.run_at("demo/items").await.assert(0, "complete");
    shell.assert_records("items", Shape::Crm, 500);
}

#[tokio::test]
async fn a_run_beside_another_is_skipped_unless_it_is_meant() {
    let shell = shell().await;
    let now = SystemClock::default().now();
    let note = Running::new(None, "process 1".to_owned(), now, now + Duration::from_mins(3));
    let folder = shell.target().join("_bronzegate/demo/items");
    fs::create_dir_all(&folder).expect("a folder");
    fs::write(folder.join("running.json"), serde_json::to_vec(&note).expect("JSON")).expect("writable");
    let line = run_line("demo/items");
    let skipped = shell.run(&line).await.assert(3, "skipped");
    assert!(
        skipped["warnings"][0].as_str().is_some_and(|told| told.contains("in flight since")),
        "{skipped}"
    );
    assert_eq!(shell.api.stats().stream("items").requests, 0);
    shell.run(&format!("{line} --beside")).await.assert(0, "complete");
    shell.assert_records("items", Shape::Crm, 500);
}

#[tokio::test]
async fn a_schema_that_is_larger_than_a_file_may_be_is_7_and_no_signal() {
    let shell = shell().await;
    let script = "ulimit -f 1; exec \"$0\" \"$@\" > schema.json";
    let limited = within(&shell, "schema", "sh", &["-c", script]).ended().await;
    assert!(limited.code() == Some(7) && limited.err.contains("File too large"), "{limited:?}");
}

#[tokio::test]
async fn a_part_that_is_larger_than_the_lambda_handler_may_write_is_an_error_of_the_store() {
    let shell = shell().await;
    let command = ["sh", "-c", "ulimit -f 16; exec \"$0\""].map(PathBuf::from);
    let command = command.into_iter().chain([program("bootstrap")]).collect();
    let settings = [
        ("BRONZEGATE_SOURCES", shell.path("sources").display().to_string()),
        ("BRONZEGATE_TARGET", shell.path("bronze").display().to_string()),
        ("BRONZEGATE_SECRETS", "env".to_owned()),
    ];
    let variables = settings.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    let mut lambda = Lambda::running(command, variables, &shell.path("")).await;
    let event = json!({ "source": "demo", "stream": "items", "scheduled_time": SCHEDULED });
    let (kind, message) = lambda.invoke(&event, Duration::from_mins(1)).await.failure();
    assert!(kind == "store" && message.contains("File too large"), "{kind}: {message}");
    // The function stays, and so does the folder that it holds for its uploads.
    let left = shell.staged();
    assert!(shell.commits("items").is_empty() && left.iter().all(|path| path.ends_with("lock")), "{left:?}");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_folder_without_links_and_renames_is_refused_before_the_first_request() {
    let shell = shell().await;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/without_links.py");
    let script = script.to_str().expect("text");
    let refused = within(&shell, &run_line("demo/items"), "python3", &[script]).ended().await;
    refused.assert_failed(7, "store", "neither hard links nor exclusive renames");
    assert_eq!(shell.api.stats().stream("items").requests, 0);
    assert!(shell.staged().is_empty());
    shell.assert_nothing_visible("items");
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_process_that_holds_secrets_leaves_no_core_dump() {
    let shell = shell().await;
    shell.api.set_faults(vec![Fault::new("items", When::Page(1), FaultKind::Held).always()]);
    // What the process begins with is its parent's, so it is raised as far as it goes.
    let raised = ["-c", "ulimit -S -c \"$(ulimit -H -c)\"; exec \"$0\" \"$@\""];
    let mut running = within(&shell, &run_line("demo/items"), "sh", &raised);
    until("the page is asked for", || shell.api.stats().stream("items").faults > 0).await;
    let limits = fs::read_to_string(format!("/proc/{}/limits", running.id())).expect("the process is there");
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).expect("a limit");
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"], "{core}");
    running.kill();
}
