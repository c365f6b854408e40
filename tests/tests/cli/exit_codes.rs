//! The exit codes of docs/reference/exit-codes.md, one by one: the code, the message somebody sees, and the report.

use std::fs;
use std::time::Duration;

use bronzegate_demo_api::{Auth, Fault, FaultKind, InvalidJson, Options, Shape, Stream, Style, When};
use bronzegate_tests::command_line::{Shell, files, run_line, until};
use bronzegate_tests::{SCHEDULED, SEED, one_stream};

const SETTINGS: &str = "records: results
auth: { type: bearer, token: { secret: token } }
retry: { max_attempts: 3, base: 1ms, max: 2ms }
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 10 } }";

fn stream(name: &str) -> Stream {
    Stream::new(name, Style::Cursor, Shape::Small, 30).page_size(10).auth(Auth::Bearer)
}

async fn shell(faults: Vec<Fault>) -> Shell {
    Shell::new(vec![stream("items")], faults, &one_stream("items", SETTINGS)).await
}

fn always(page: u64, kind: FaultKind) -> Vec<Fault> {
    vec![Fault::new("items", When::Page(page), kind).always()]
}

/// The run fails with that code in both forms of output, and leaves nothing.
async fn fails(shell: &Shell, code: i32, kind: &str, message: &str) {
    let json = shell.run_at("demo/items").await;
    json.assert_failed(code, kind, message);
    let told = shell.run(&format!("run demo/items --at {SCHEDULED}")).await;
    assert_eq!(told.code(), Some(code), "{told:?}");
    let error = told.err.lines().find(|line| line.starts_with("error: demo/items")).unwrap_or_default();
    assert!(error.contains(message), "{told:?}");
    assert!(told.out.contains("failed") && told.out.contains(kind), "{told:?}");
}

async fn fails_and_leaves_nothing(shell: &Shell, code: i32, kind: &str, message: &str) {
    fails(shell, code, kind, message).await;
    assert_eq!(shell.run_at("demo/items").await.report()["parts"], serde_json::json!([]));
    shell.assert_nothing_visible("items");
}

#[tokio::test]
async fn a_complete_run_and_its_repetition_are_0() {
    let shell = shell(Vec::new()).await;
    let report = shell.run_at("demo/items").await.assert(0, "complete");
    assert_eq!((&report["records"], &report["error"]), (&30.into(), &serde_json::Value::Null));
    shell.assert_records("items", Shape::Small, 30);
    let before = shell.everything();
    let requests = shell.api.stats().stream("items").requests;
    let again = shell.run_at("demo/items").await.assert(0, "already_committed");
    assert_eq!((&again["key"], &again["batch_id"]), (&report["key"], &report["batch_id"]));
    let told = shell.run(&format!("run demo/items --at {SCHEDULED}")).await;
    assert!(told.code() == Some(0) && told.out.contains("already_committed"), "{told:?}");
    assert_eq!(told.err, "");
    assert_eq!(shell.everything(), before, "nothing is written");
    assert_eq!(shell.api.stats().stream("items").requests, requests, "nothing is asked");
}

#[tokio::test]
async fn what_is_wrong_with_the_command_line_is_2() {
    let shell = shell(Vec::new()).await;
    for (line, message) in [
        ("", "Usage"),
        ("fetch", "unrecognized subcommand 'fetch'"),
        ("run", "<SOURCE[/STREAM]>"),
        ("run demo --fast", "unexpected argument '--fast'"),
        ("run Demo", "`Demo` is not a name"),
        ("run ../demo", "is not a name"),
        ("run demo/items --at yesterday", "write a date"),
        ("run demo/items --at 2026-11-22T17:00:00", "with its offset"),
        ("run demo/items --deadline 15", "duration"),
        ("run demo/items --at=-000001-01-01T00:00:00Z", "write a date"),
        ("backfill demo/items --from=-000001-01-01T00:00:00Z --to 2026-01-01", "write how long ago"),
        (
            "backfill demo/items --from 2026-01-01 --to 2026-01-02 --rate-share=1e-12",
            "it is from 0.0001 to 1",
        ),
        ("run nowhere", "there is no file sources/nowhere.yaml; the sources there are: demo"),
        ("run demo/nothing", "demo has no stream `nothing`; it has: items"),
        ("sample demo", "name a stream too"),
        ("run demo --target s3://B/x", "the bucket's name"),
        ("run demo --target gs://bucket/x", "write a folder, s3://… or abfss://…"),
        ("run demo --target abfss://bronze", "abfss://bronze"),
        ("run demo --secrets vault", "write env, file:<path>"),
        ("run demo --log loud=x=y", "--log `loud=x=y`"),
        ("check --sources nowhere", "cannot read the sources folder nowhere"),
    ] {
        let ended = shell.run(line).await;
        assert_eq!(ended.code(), Some(2), "{line}: {ended:?}");
        assert!(ended.err.contains(message), "{line}: {ended:?}");
        assert_eq!(ended.out, "", "{line}");
    }
    assert!(!shell.target().exists() && shell.api.stats().connections == 0);
}

/// Twelve mistakes of different kinds; each line that has one says so.
const TWELVE: &str = "speed: fast # 3
timeout: { connect: 10 } # 4
retry: { max_attempts: 0 } # 5
auth: { type: bearer, token: LITERAL-SECRET } # 6
streams:
  contacts:
    path: contacts # 9
    method: DELETE # 10
    records: [a] # 11
    pagination: { type: cursor, next: { body: paging.next.after } } # 12
    output: { compression: lz4 } # 13
  deals:
    path: /deals
    records: results
    schedule: { cron: \"30 2 * * 1\" } # 17
    expect: { min_record: 100 } # 18
  deals: { path: /deals, records: results } # 19
";

#[tokio::test]
async fn twelve_mistakes_in_a_file_are_2_and_all_told_with_their_lines() {
    let shell = shell(Vec::new()).await;
    shell.source("crm", TWELVE);
    let marked = TWELVE.lines().filter_map(|line| line.split_once(" # ")?.1.parse::<u64>().ok());
    let marked: Vec<_> = marked.collect();
    assert_eq!(marked.len(), 12);
    for line in ["run crm", "run crm --json", "sample crm/contacts", "check crm --offline"] {
        let ended = shell.run(line).await;
        assert_eq!(ended.code(), Some(2), "{ended:?}");
        let text = format!("{}{}", ended.out, ended.err);
        assert!(text.contains("12 problems"), "{line}: {text}");
        let lines = text.lines().filter_map(|line| {
            line.trim_start().strip_prefix("sources/crm.yaml:")?.split_once(':')?.0.parse::<u64>().ok()
        });
        assert_eq!(lines.collect::<Vec<_>>(), marked, "{line}: {text}");
        assert!(!text.contains("LITERAL-SECRET"), "{text}");
    }
    let check = shell.run("check crm --offline --json").await.report();
    let problems = check["problems"].as_array().unwrap();
    assert_eq!(problems.iter().filter_map(|problem| problem["line"].as_u64()).collect::<Vec<_>>(), marked);
    assert!(!shell.target().exists());
}

#[tokio::test]
async fn a_run_that_its_deadline_cuts_is_3() {
    let shell = shell(always(2, FaultKind::retry_after(429, "3600"))).await;
    let cut = shell.run(&format!("{} --deadline 5m", run_line("demo/items"))).await;
    let report = cut.assert(3, "partial");
    assert_eq!((&report["records"], &report["pages"], &report["error"]), (&10.into(), &1.into(), &().into()));
    shell.assert_records("items", Shape::Small, 10);
    let told = shell.run(&format!("run demo/items --at {SCHEDULED} --deadline 5m")).await;
    assert_eq!(told.code(), Some(5), "no page came: {told:?}");
    shell.api.set_faults(Vec::new());
    let rest = shell.run_at("demo/items").await.assert(0, "complete");
    assert_eq!((&rest["cursor_in"], &rest["records"]), (&report["cursor_out"], &20.into()));
    shell.assert_records("items", Shape::Small, 30);
}

#[tokio::test]
async fn a_secret_that_cannot_be_used_is_4() {
    let mut shell = shell(Vec::new()).await;
    for (value, message) in [("", "empty"), ("demo-\ntoken", "line break"), ("\n", "empty")] {
        shell.set("BRONZEGATE_SECRET_TOKEN", value);
        fails_and_leaves_nothing(&shell, 4, "auth", message).await;
    }
    shell.unset("BRONZEGATE_SECRET_TOKEN");
    fails_and_leaves_nothing(&shell, 4, "auth", "BRONZEGATE_SECRET_TOKEN").await;
    assert_eq!(shell.api.stats().connections, 0, "nothing is sent without a secret");
    shell.set("BRONZEGATE_SECRET_TOKEN", "demo-token\n");
    shell.run_at("demo/items").await.assert(0, "complete");
}

#[tokio::test]
async fn a_secrets_file_that_cannot_be_used_is_4() {
    let mut shell = shell(Vec::new()).await;
    shell.set("BRONZEGATE_SECRETS", "file:vault.json");
    fails_and_leaves_nothing(&shell, 4, "auth", "vault.json").await;
    for (content, message) in [
        ("", "vault.json is not a JSON object of secrets (line 1, column 0)"),
        ("{\n\"token\": \"half", "vault.json is not a JSON object of secrets (line 2, column 14)"),
        ("[\"demo-token\"]", "vault.json is not a JSON object of secrets"),
        ("{\"token\": 7}", "neither text nor an object"),
        ("{\"token\": \"\"}", "empty"),
        ("{\"other\": \"x\"}", "no such member"),
        ("{\"token\": \"a\\nb\"}", "line break"),
    ] {
        shell.file("vault.json", content);
        fails_and_leaves_nothing(&shell, 4, "auth", message).await;
    }
    assert_eq!(shell.api.stats().connections, 0, "nothing is sent without a secret");
    shell.file("vault.json", "{\"token\": \"demo-token\"}");
    shell.run_at("demo/items").await.assert(0, "complete");
}

#[tokio::test]
async fn a_credential_that_the_api_refuses_is_4() {
    let mut shell = shell(Vec::new()).await;
    shell.set("BRONZEGATE_SECRET_TOKEN", "stale-token");
    fails_and_leaves_nothing(&shell, 4, "auth", "401").await;
    shell.set("BRONZEGATE_SECRET_TOKEN", "demo-token");
    shell.api.set_faults(always(2, FaultKind::status(403)));
    fails_and_leaves_nothing(&shell, 4, "auth", "403").await;
}

#[tokio::test]
async fn an_api_that_fails_after_retries_is_5() {
    let shell = shell(always(2, FaultKind::status(503))).await;
    fails_and_leaves_nothing(&shell, 5, "api", "page 2").await;
    let report = shell.run_at("demo/items").await.report();
    let counted = ["requests", "retries", "api_errors", "records", "pages"].map(|name| &report[name]);
    assert_eq!(counted, [4, 2, 3, 0, 0].map(serde_json::Value::from).each_ref());
    shell.api.set_faults(always(1, FaultKind::status(404)));
    fails_and_leaves_nothing(&shell, 5, "api", "404").await;
}

#[tokio::test]
async fn a_malformed_page_is_6() {
    for kind in [FaultKind::InvalidJson(InvalidJson::TrailingComma), FaultKind::RepeatCursor] {
        let shell = shell(always(2, kind)).await;
        fails_and_leaves_nothing(&shell, 6, "data", "page 2").await;
    }
}

#[tokio::test]
async fn a_target_that_is_no_folder_is_7() {
    let mut shell = shell(Vec::new()).await;
    shell.file("flat", "mine");
    for target in ["flat", "flat/bronze"] {
        shell.set("BRONZEGATE_TARGET", target);
        fails(&shell, 7, "store", target).await;
    }
    assert_eq!(fs::read_to_string(shell.path("flat")).unwrap(), "mine");
    assert_eq!(shell.run("runs demo/items").await.code(), Some(7));
    assert_eq!(shell.api.stats().connections, 0, "the store is opened before the API is asked");
}

#[tokio::test]
async fn a_file_in_a_folders_place_is_7_until_it_is_gone() {
    for (place, committed) in [
        ("_bronzegate", false),
        ("_bronzegate/staging", false),
        ("_bronzegate/demo/items", false),
        ("demo", true),
        ("demo/items/ingest_date=2026-11-22", true),
    ] {
        let shell = shell(Vec::new()).await;
        let path = shell.target().join(place);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, "mine").unwrap();
        fails(&shell, 7, "store", "a file is where the folder").await;
        assert_eq!(files(&shell.target().join("demo")).iter().find(|file| **file != path), None, "{place}");
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
        fs::remove_file(&path).unwrap();
        let requests = shell.api.stats().stream("items").requests;
        shell.run_at("demo/items").await.assert(0, if committed { "already_committed" } else { "complete" });
        assert_eq!(shell.api.stats().stream("items").requests == requests, committed, "{place}");
        shell.assert_records("items", Shape::Small, 30);
        assert_eq!(shell.staged(), Vec::<std::path::PathBuf>::new(), "{place}");
    }
}

#[tokio::test]
async fn a_run_interrupted_before_its_first_page_is_130() {
    for signal in ["INT", "TERM"] {
        let latency = Duration::from_mins(1);
        let options = Options { seed: SEED, streams: vec![stream("items")], latency, ..Options::default() };
        let shell = Shell::with(options, &one_stream("items", SETTINGS)).await;
        let run = shell.start(&run_line("demo/items"));
        until("a request is sent", || shell.api.stats().stream("items").requests > 0).await;
        run.signal(signal).await;
        let ended = run.ended().await;
        ended.assert_failed(130, "interrupted", "interrupted before the first page; nothing was committed");
        assert!(ended.err.contains("stopping: what is whole is committed"), "{ended:?}");
        shell.assert_nothing_visible("items");
    }
}

fn three(first: &str, second: &str, third: &str) -> String {
    // A rate limit of its own: a stream that is told to wait stops no other.
    let settings = format!("{SETTINGS}\nrate_limit: {{ requests_per_second: 1000 }}").replace('\n', "\n    ");
    let stream = |name: &str| format!("  {name}:\n    path: /{name}\n    {settings}\n");
    format!("streams:\n{}{}{}", stream(first), stream(second), stream(third))
}

#[tokio::test]
async fn of_several_streams_the_first_that_failed_in_file_order_decides() {
    let streams = || vec![stream("good"), stream("broken"), stream("denied"), stream("cut")];
    let faults = vec![
        // It fails last of all, and is still told first.
        Fault::new(
            "broken",
            When::Page(1),
            FaultKind::Stall { after_bytes: 1, pause: Duration::from_millis(150) },
        ),
        Fault::new("broken", When::Page(3), FaultKind::InvalidJson(InvalidJson::GarbageAfter)).always(),
        Fault::new("denied", When::Page(1), FaultKind::status(403)).always(),
        Fault::new("cut", When::Page(2), FaultKind::retry_after(429, "3600")).always(),
    ];
    for (order, code) in [
        (["good", "broken", "denied"], 6),
        (["denied", "good", "broken"], 4),
        (["cut", "good", "denied"], 4),
        (["good", "cut", "good2"], 3),
    ] {
        let mut streams = streams();
        streams.push(stream("good2"));
        let shell = Shell::new(streams, faults.clone(), &three(order[0], order[1], order[2])).await;
        let ended = shell.run(&format!("{} --deadline 5m", run_line("demo"))).await;
        assert_eq!(ended.code(), Some(code), "{ended:?}");
        let reports = ended.reports();
        let told: Vec<_> = reports.iter().filter_map(|report| report["stream"].as_str()).collect();
        assert_eq!(told, order, "one report a stream, in file order");
        shell.assert_records("good", Shape::Small, 30);
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_opened_is_reported_for_every_stream() {
    let mut shell =
        Shell::new(vec![stream("a"), stream("b"), stream("c")], Vec::new(), &three("a", "b", "c")).await;
    let flat = shell.file("flat", "");
    shell.set("BRONZEGATE_TARGET", &flat.display().to_string());
    let ended = shell.run_at("demo").await;
    assert_eq!(ended.code(), Some(7), "{ended:?}");
    let reports = ended.reports();
    assert_eq!(reports.len(), 3, "{ended:?}");
    assert!(reports.iter().all(|report| report["error"]["kind"] == "store"), "{ended:?}");
}

#[tokio::test]
async fn the_help_documents_the_codes() {
    let shell = shell(Vec::new()).await;
    let help = shell.run("--help").await;
    assert_eq!((help.code(), help.err.as_str()), (Some(0), ""));
    for code in ["0", "2", "3", "4", "5", "6", "7", "130"] {
        let documented = |line: &str| line.trim_start().starts_with(&format!("{code}  "));
        assert!(help.out.lines().any(documented), "{code}: {}", help.out);
    }
    let run = shell.run("run --help").await;
    assert!(run.code() == Some(0) && run.out.contains("(130)"), "{run:?}");
}
