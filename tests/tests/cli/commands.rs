//! `check`, `sample`, `runs`, `schema`, and the forms of `run`'s output.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use bronzegate_demo_api::{Auth, Fault, FaultKind, Shape, Stream, Style, When};
use bronzegate_tests::command_line::{Shell, files, run_line};
use bronzegate_tests::{SCHEDULED, expected};
use serde_json::{Value, json};

const TWO: &str = "auth: { type: bearer, token: { secret: token } }
streams:
  contacts:
    path: /contacts
    records: results
    pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 10 }, total: { body: total } }
  events:
    path: /events
    params: { per_page: \"10\" }
    auth: { type: api_key, in: header, name: X-Api-Key, value: { secret: api-key } }
    records: $
    pagination: { type: link_header }";

pub(crate) async fn shell(faults: Vec<Fault>) -> Shell {
    let contacts = Stream::new("contacts", Style::Cursor, Shape::Small, 25).auth(Auth::Bearer);
    let events = Stream::new("events", Style::LinkHeader, Shape::Crm, 5).auth(Auth::ApiKeyHeader);
    Shell::new(vec![contacts, events], faults, TWO).await
}

fn members(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[tokio::test]
async fn check_tells_what_was_found_where_and_writes_nothing() {
    let shell = shell(Vec::new()).await;
    let check = shell.run("check demo").await;
    assert_eq!((check.code(), check.err.as_str()), (Some(0), ""), "{check:?}");
    let text = check.out.replace(&shell.api.base_url(), "BASE");
    for line in [
        "sources/demo.yaml: 2 streams",
        "  secret `api-key`: usable",
        "  secret `token`: usable",
        "  contacts: 200 from BASE/contacts?limit=…",
        "    Ends when there is no link next. There is no mark: each run reads all there is.",
        "    1. GET BASE/contacts?limit=10",
        "       authorization: Bearer {secret: token}",
        "    2. GET BASE/contacts?limit=10&after=<what stands at body paging.next.after>",
        "    10 records on the first page, more follow",
        "    body total: 25",
        "  events: 200 from BASE/events?per_page=…",
        "    5 records on the first page, the last",
        "    link next: nothing there",
    ] {
        assert!(text.lines().any(|found| found == line), "`{line}` is not in:\n{text}");
    }
    assert!(text.lines().any(|line| line.starts_with("    body paging.next.after: c")), "{text}");
    let json = shell.run("check demo/contacts --json").await.report();
    assert_eq!(members(&json), ["source", "file", "problems", "secrets", "streams"]);
    let found = &json["streams"][0];
    assert_eq!((&found["stream"], &found["outcome"]), (&json!("contacts"), &json!("found")));
    assert_eq!(found["detail"]["records"], 10);
    assert_eq!(json["streams"].as_array().unwrap().len(), 1);
    assert!(!shell.target().exists());
}

#[tokio::test]
async fn check_of_all_files_tells_each_and_ends_with_the_first_code_that_is_wrong() {
    let shell = shell(vec![Fault::new("events", When::Page(1), FaultKind::status(403)).always()]).await;
    shell.source("alpha", "streams: { x: { path: /events, records: $ } }");
    shell.source("broken", "speed: fast\nstreams: { x: { path: /events, records: $ } }");
    let check = shell.run("check --json").await;
    let reports = check.reports();
    let names: Vec<_> = reports.iter().filter_map(|report| report["source"].as_str()).collect();
    assert_eq!(names, ["alpha", "broken", "demo"]);
    assert_eq!(check.code(), Some(4), "alpha sends no credential and is refused: {check:?}");
    assert_eq!(reports[1]["problems"][0]["line"], 3);
    assert_eq!(reports[2]["streams"][1]["detail"]["kind"], "auth");
    assert_eq!(shell.run("check broken").await.code(), Some(2));
    assert_eq!(shell.run("check demo/events").await.code(), Some(4));
    assert_eq!(shell.run("check demo/contacts").await.code(), Some(0));
}

#[tokio::test]
async fn check_names_a_missing_secret_and_still_asks_the_streams_that_need_none_of_it() {
    let mut shell = shell(Vec::new()).await;
    shell.unset("BRONZEGATE_SECRET_TOKEN");
    let check = shell.run("check demo").await;
    assert_eq!(check.code(), Some(4), "{check:?}");
    assert!(check.out.contains("BRONZEGATE_SECRET_TOKEN"), "{check:?}");
    assert!(check.out.contains("contacts: no request sent"), "{check:?}");
    assert!(check.out.contains("events: 200 from"), "{check:?}");
    assert_eq!(shell.api.stats().stream("contacts").requests, 0);
}

#[tokio::test]
async fn check_offline_sends_nothing_but_reads_files_and_secrets() {
    let mut shell = shell(Vec::new()).await;
    assert_eq!(shell.run("check --offline").await.code(), Some(0));
    shell.unset("BRONZEGATE_SECRET_API_KEY");
    assert_eq!(shell.run("check --offline").await.code(), Some(4));
    assert_eq!(shell.api.stats().connections, 0);
    fs::remove_file(shell.path("sources/demo.yaml")).unwrap();
    let empty = shell.run("check --offline").await;
    assert!(empty.code() == Some(2) && empty.err.contains("has no source files"), "{empty:?}");
}

#[tokio::test]
async fn sample_prints_the_apis_own_bytes_and_writes_nothing() {
    let shell = shell(Vec::new()).await;
    for (line, count) in [
        ("sample demo/contacts", 10),
        ("sample demo/contacts -n 3", 3),
        ("sample demo/contacts -n 14", 14),
        ("sample demo/contacts --records 99 --json", 25),
    ] {
        let sample = shell.run(line).await;
        assert_eq!((sample.code(), sample.err.as_str()), (Some(0), ""), "{sample:?}");
        let lines: Vec<_> = sample.out.lines().map(str::to_owned).collect();
        assert_eq!(lines, expected(Shape::Small, count), "{line}");
    }
    assert!(!shell.target().exists());
}

/// Columns whose values differ from run to run are replaced by what they are.
fn normalised(table: &str) -> String {
    let is_duration = |word: &str| {
        let digits = word.trim_end_matches(char::is_alphabetic);
        digits.len() < word.len()
            && matches!(&word[digits.len()..], "ms" | "s")
            && digits.parse::<f64>().is_ok()
    };
    let word = |word: &str| match word {
        _ if word.len() == 20 && word.ends_with('Z') && word.starts_with("20") => "TIME".to_owned(),
        _ if is_duration(word) => "DURATION".to_owned(),
        _ => word.to_owned(),
    };
    let line = |line: &str| line.split_whitespace().map(word).collect::<Vec<_>>().join(" ");
    table.lines().map(line).collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn runs_lists_each_run_of_the_log_once() {
    let shell = shell(Vec::new()).await;
    let none = shell.run("runs demo/contacts").await;
    assert_eq!((none.code(), none.out.as_str()), (Some(0), "demo/contacts: no committed runs\n"));
    assert!(!shell.target().exists());
    shell.run_at("demo/contacts").await.assert(0, "complete");
    let wait = FaultKind::retry_after(429, "3600");
    shell.api.set_faults(vec![Fault::new("contacts", When::Page(2), wait).always()]);
    let next = "run demo/contacts --at 2026-11-23T17:00:00Z --deadline 5m --json";
    shell.run(next).await.assert(3, "partial");
    let table = normalised(&shell.run("runs demo/contacts").await.out);
    let rows: Vec<_> = table.lines().collect();
    assert_eq!(rows[0], "demo/contacts: 2 runs, 1 marked");
    assert_eq!(rows[1], "RUN DUE STATUS RECORDS RATIO BYTES DURATION RATIO ERRORS FROM TO MARKS");
    assert!(rows[2].starts_with("at-20261122T170000Z TIME complete 25 - "), "{table}");
    assert!(rows[2].ends_with(" KiB DURATION - 0 - -"), "{table}");
    assert!(rows[3].starts_with("at-20261123T170000Z TIME partial 10 - "), "{table}");
    assert!(rows[3].contains(" KiB DURATION - 1 "), "{table}");
    assert_eq!(rows.len(), 4);
    shell.api.set_faults(Vec::new());
    shell.run(next).await.assert(0, "complete");
    let table = normalised(&shell.run("runs demo/contacts").await.out);
    let rows: Vec<_> = table.lines().skip(3).collect();
    assert!(rows[0].starts_with("at-20261123T170000Z TIME complete 25 1.00 "), "{table}");
    assert!(rows[1].starts_with("s0001 TIME partial 10 "), "{table}");
    assert!(rows[2].starts_with("s0002 TIME complete 15 "), "{table}");
    let json = shell.run("runs demo/contacts --json").await.reports();
    let told: Vec<_> =
        json.iter().map(|run| (&run["key"], run["segments"].as_array().unwrap().len())).collect();
    assert_eq!(told, [(&json!("at-20261122T170000Z"), 1), (&json!("at-20261123T170000Z"), 2)]);
    // The log speaks for itself, also when the source file is gone.
    fs::remove_file(shell.path("sources/demo.yaml")).unwrap();
    let alone = shell.run("runs demo/contacts").await;
    assert_eq!(normalised(&alone.out), table);
    assert!(alone.err.starts_with("note: without the source file, thresholds are the defaults"), "{alone:?}");
    assert_eq!(shell.run("runs demo/events").await.code(), Some(2));
}

/// The repository.
fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in the repository").to_owned()
}

#[tokio::test]
async fn the_schema_is_json_with_the_known_keys_and_the_one_that_is_checked_in() {
    let shell = shell(Vec::new()).await;
    let schema = shell.run("schema").await;
    assert_eq!((schema.code(), schema.err.as_str()), (Some(0), ""));
    let json: Value = serde_json::from_str(&schema.out).unwrap();
    let refused = shell.run("check nowhere").await;
    assert_eq!(refused.code(), Some(2));
    shell.source("wrong", "speed: fast\nstreams: {}");
    let wrong = shell.run("check wrong --offline").await.out;
    let known = wrong.lines().find_map(|line| line.split_once("known keys: ")).unwrap().1;
    let mut known: Vec<_> = known.split(", ").collect();
    let mut described = members(&json["properties"]);
    known.sort_unstable();
    described.sort_unstable();
    assert_eq!(described, known, "the schema and the parser know the same keys");
    assert_eq!(json["additionalProperties"], false);
    let checked_in = fs::read_to_string(repository().join("sources/source.schema.json")).unwrap();
    assert!(
        checked_in == schema.out,
        "sources/source.schema.json is not what `bronzegate schema` prints: make schema"
    );
}

#[tokio::test]
async fn the_sources_of_the_repository_are_right_and_name_their_schema() {
    let mut shell = shell(Vec::new()).await;
    let sources = repository().join("sources");
    shell.set("BRONZEGATE_SOURCES", sources.to_str().unwrap());
    let mut checked = 0;
    for path in files(&sources).iter().filter(|path| path.extension().is_some_and(|name| name == "yaml")) {
        let text = fs::read_to_string(path).unwrap();
        assert_eq!(
            text.lines().next(),
            Some("# yaml-language-server: $schema=./source.schema.json"),
            "{path:?}"
        );
        let name = path.file_stem().unwrap().to_str().unwrap();
        for secret in text.split("secret: ").skip(1) {
            let secret = secret.split([' ', ',', '}', '\n']).next().unwrap();
            let variable = secret.to_uppercase().replace('-', "_");
            shell.set(&format!("BRONZEGATE_SECRET_{variable}"), r#"{"any":"thing"}"#);
        }
        let check = shell.run(&format!("check {name} --offline --json")).await;
        let report = check.report();
        assert_eq!(report["problems"], json!([]), "{check:?}");
        checked += 1;
    }
    assert!(checked > 0);
}

#[tokio::test]
async fn the_json_report_is_one_object_a_line_with_the_members_of_config_md() {
    let shell = shell(vec![Fault::new("events", When::Page(1), FaultKind::status(404)).always()]).await;
    let ended = shell.run_at("demo").await;
    assert_eq!((ended.code(), ended.out.lines().count()), (Some(5), 2), "{ended:?}");
    let [complete, failed] = ended.reports().try_into().unwrap();
    let again = shell.run_at("demo/contacts").await.report();
    for report in [&complete, &failed, &again] {
        assert_eq!(
            members(report),
            [
                "source",
                "stream",
                "status",
                "key",
                "batch_id",
                "records",
                "bytes",
                "pages",
                "requests",
                "retries",
                "api_errors",
                "duration_ms",
                "parts",
                "cursor_in",
                "cursor_out",
                "records_ratio",
                "duration_ratio",
                "warnings",
                "error",
            ]
        );
    }
    assert_eq!(members(&failed["error"]), ["kind", "message"]);
    let parts: Vec<_> = complete["parts"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(parts, ["demo/contacts/ingest_date=2026-11-22/20261122170000-s0001-p00001.ndjson"]);
    let written = fs::metadata(shell.target().join(parts[0])).unwrap().len();
    let counted =
        ["records", "bytes", "pages", "requests", "retries", "api_errors"].map(|name| &complete[name]);
    assert_eq!(json!(counted), json!([25, written, 3, 3, 0, 0]));
}

#[tokio::test]
async fn a_piped_run_prints_its_table_and_no_progress() {
    let shell = shell(vec![Fault::new("contacts", When::Page(1), FaultKind::EmptyPage)]).await;
    let ended = shell.run(&format!("run demo --at {SCHEDULED}")).await;
    assert_eq!((ended.code(), ended.err.as_str()), (Some(0), ""), "{ended:?}");
    assert!(!ended.out.contains(['\u{1b}', '\r']), "{ended:?}");
    let table = normalised(&ended.out);
    let rows: Vec<_> = table.lines().collect();
    assert_eq!(rows[0], "STREAM STATUS RECORDS BYTES PAGES REQUESTS RETRIES DURATION ERROR");
    assert!(
        rows[1].starts_with("demo/contacts complete 25 ") && rows[2].starts_with("demo/events complete 5 ")
    );
    assert_eq!(rows[3..], ["2 files in ./bronze/demo"], "{table}");
}

#[tokio::test]
async fn a_warning_is_told_and_the_run_still_commits() {
    let shell = shell(Vec::new()).await;
    shell.source("demo", &TWO.replace("  events:", "    expect: { min_records: 100 }\n  events:"));
    let ended = shell.run(&format!("run demo/contacts --at {SCHEDULED}")).await;
    assert_eq!(ended.code(), Some(0));
    assert_eq!(
        ended.err,
        "warning: demo/contacts: 25 records came, fewer than the 100 of `expect.min_records`\n"
    );
    shell.assert_records("contacts", Shape::Small, 25);
}

/// A run goes on although nobody can be told, and says so where it can.
#[tokio::test]
async fn an_output_that_cannot_be_written_is_told_and_costs_no_records() {
    let shell = shell(Vec::new()).await;
    let full = fs::File::create("/dev/full").unwrap();
    let run = shell.start_command(&run_line("demo/contacts"), |command| {
        command.stdout(Stdio::from(full));
    });
    let ended = run.ended().await;
    assert_eq!(ended.code(), Some(7), "{ended:?}");
    assert!(ended.err.contains("cannot write to standard output"), "{ended:?}");
    shell.assert_records("contacts", Shape::Small, 25);
}

#[tokio::test]
async fn a_reader_that_has_gone_away_changes_nothing() {
    let shell = shell(Vec::new()).await;
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let run = shell.start_command(&run_line("demo/contacts"), |command| {
        command.stdout(Stdio::from(writer));
    });
    let ended = run.ended().await;
    assert_eq!((ended.code(), ended.err.as_str()), (Some(0), ""), "{ended:?}");
    shell.assert_records("contacts", Shape::Small, 25);
}

/// A flag goes before its variable.
#[tokio::test]
async fn settings_come_from_the_environment_and_flags_go_before_it() {
    let mut shell = shell(Vec::new()).await;
    shell.set("BRONZEGATE_TARGET", "elsewhere");
    shell.set("BRONZEGATE_ENVIRONMENT", "prod");
    shell.set("BRONZEGATE_LOG", "info");
    let ended = shell.run(&run_line("demo/events")).await;
    assert!(ended.code() == Some(0) && ended.err.contains("run ended"), "{ended:?}");
    assert!(!shell.target().exists() && shell.path("elsewhere/demo/events").is_dir());
    let ended = shell
        .run(&format!("{} --target bronze --environment test --log warn", run_line("demo/events")))
        .await;
    assert_eq!((ended.code(), ended.err.as_str()), (Some(0), ""), "{ended:?}");
    shell.assert_records("events", Shape::Crm, 5);
}
