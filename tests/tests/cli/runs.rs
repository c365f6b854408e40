//! `runs` as a health view: what is marked, what is missing, and the page, looked at in a browser.

use std::fs;
use std::path::PathBuf;

use bronzegate_demo_api::{Fault, FaultKind, Options, Shape, Stream, Style, When};
use bronzegate_tests::browser::{View, look};
use bronzegate_tests::command_line::Shell;
use bronzegate_tests::streams::changes::{BOUNDED, changes, settings, ten_days};
use bronzegate_tests::{SEED, one_stream};
use serde_json::{Value, json};

const CONTACTS: &str = "records: results
schedule: { every: 1h }
expect: { max_records: 100, duration_ratio: 1000, error_rate: 20% }
retry: { max_attempts: 5, base: 1ms, max: 2ms }
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after } }";

/// Scheduled runs at 10, 11, 14 and 15 o'clock, of which 14 is empty and 15 is cut; a schedule's and a
/// backfill's runs of another stream.
async fn shell() -> Shell {
    let contacts = Stream::new("contacts", Style::Cursor, Shape::Small, 25).page_size(10);
    let streams = vec![contacts, changes(ten_days())];
    let settings = settings(&format!("{BOUNDED}, key: id, start: 2026-01-05"));
    let changes = one_stream("changes", &format!("schedule: {{ cron: \"0 12 * * *\" }}\n{settings}"));
    let yaml = format!("{}{}", one_stream("contacts", CONTACTS), changes.trim_start_matches("streams:\n"));
    let shell = Shell::with(Options { seed: SEED, streams, ..Options::default() }, &yaml).await;
    let contacts =
        |hour: u32| format!("run demo/contacts --at 2026-01-02T{hour}:00:00Z --deadline 5m --json");
    shell.run(&contacts(10)).await.assert(0, "complete");
    let failing =
        |kind: FaultKind| shell.api.set_faults(vec![Fault::new("contacts", When::Page(2), kind).times(2)]);
    failing(FaultKind::status(503));
    let retried = shell.run(&contacts(11)).await.assert(0, "complete");
    assert_eq!(
        retried["warnings"],
        json!(["40 % of the requests failed, more than the 20 % of `expect.error_rate`"])
    );
    shell.api.set_faults(vec![Fault::new("contacts", When::Page(1), FaultKind::status(204)).always()]);
    let empty = shell.run(&contacts(14)).await.assert(0, "complete");
    assert_eq!(
        empty["warnings"],
        json!([
            "0 times the usual number of records came, less than the 0.5 of `expect.records_ratio` (the default)"
        ])
    );
    let wait = FaultKind::retry_after(429, "3600");
    shell.api.set_faults(vec![Fault::new("contacts", When::Page(2), wait).always()]);
    shell.run(&contacts(15)).await.assert(3, "partial");
    shell.api.set_faults(Vec::new());
    for day in ["07", "08", "13"] {
        let line = format!("run demo/changes --at 2026-01-{day}T12:00:00Z --json");
        shell.run(&line).await.assert(0, "complete");
    }
    let backfill = shell.run("backfill demo/changes --from 2026-01-01 --to 2026-01-06 --window 1d").await;
    assert_eq!(backfill.code(), Some(0), "{backfill:?}");
    shell
}

/// The period of the runs; windows are due when they are loaded, which is now.
const CONTACTS_DAY: &str = "--until 2026-01-02T16:30:00Z";

#[tokio::test]
async fn what_is_marked_and_missing_stands_between_the_runs() {
    let shell = shell().await;
    let runs = shell.run(&format!("runs demo/contacts {CONTACTS_DAY}")).await;
    assert_eq!((runs.code(), runs.err.as_str()), (Some(0), ""), "{runs:?}");
    let lines: Vec<_> = runs.out.lines().collect();
    assert!(
        lines[0].starts_with("demo/contacts: 4 runs, 3 marked, 3 missing; every hour, next "),
        "{runs:?}"
    );
    let rows: Vec<Vec<_>> = lines[2..].iter().map(|line| line.split_whitespace().collect()).collect();
    let told: Vec<_> = rows.iter().map(|words| format!("{} {}", words[0], words[2])).collect();
    assert_eq!(
        told,
        [
            "at-20260102T100000Z complete",
            "at-20260102T110000Z complete",
            "- missing",
            "at-20260102T140000Z complete",
            "at-20260102T150000Z partial",
            "- missing",
        ],
        "{runs:?}"
    );
    let ends = [(1, "error_rate"), (2, "2 runs, the last at 2026-01-02T13:00:00Z"), (3, "records_ratio")];
    assert!(ends.iter().all(|(row, end)| lines[2 + row].ends_with(end)), "{runs:?}");
    // The same event again goes on: one run, with its segments below it.
    let rest = shell.run("run demo/contacts --at 2026-01-02T15:00:00Z --json").await.assert(0, "complete");
    assert_eq!(rest["records"], 15);
    let runs = shell.run(&format!("runs demo/contacts {CONTACTS_DAY} --json")).await.reports();
    let run = &runs[4];
    assert_eq!(
        (&run["key"], &run["status"], &run["records"]),
        (&json!("at-20260102T150000Z"), &json!("complete"), &json!(25))
    );
    let segments: Vec<_> =
        run["segments"].as_array().unwrap().iter().map(|segment| &segment["records"]).collect();
    assert_eq!(segments, [10, 15]);
    assert_eq!(
        runs[5],
        json!({"source": "demo", "stream": "contacts", "status": "missing", "from": "2026-01-02T16:00:00Z",
            "to": "2026-01-02T16:00:00Z", "missing": 1, "made_up_by": null})
    );
}

#[tokio::test]
async fn the_cursor_is_told_and_a_later_run_makes_up_for_a_missing_one() {
    let shell = shell().await;
    let runs = shell.run("runs demo/changes --until 2026-01-14 --json").await.reports();
    let told: Vec<_> = runs
        .iter()
        .map(|run| json!([run["key"], run["missing"], run["made_up_by"], run["cursor_out"]]))
        .collect();
    assert_eq!(
        told,
        [
            json!(["seq-1", null, null, "2026-01-07T08:00:00Z"]),
            json!(["seq-2", null, null, "2026-01-08T08:00:00Z"]),
            json!([null, 4, "seq-3", null]),
            json!(["seq-3", null, null, "2026-01-10T16:00:00Z"]),
        ]
    );
    let all = shell.run("runs demo/changes --since 2026-01-01 --json").await.reports();
    let windows: Vec<_> =
        all.iter().filter(|run| run["key"].as_str().is_some_and(|key| key.starts_with("window-"))).collect();
    assert_eq!(windows.len(), 5);
    assert!(
        windows.iter().all(|window| window["records_ratio"].is_null() && window["breaches"] == json!([]))
    );
    // Neither a backfill nor the first run, which brings everything, says what is usual.
    assert_eq!((runs[1]["usual_records"].as_f64(), runs[3]["usual_records"].as_f64()), (None, Some(3.0)));
    assert_eq!(runs[3]["records_ratio"].as_f64(), Some(7.0 / 3.0));
}

#[tokio::test]
async fn an_exit_code_tells_of_what_is_marked_if_it_is_asked_for() {
    let shell = shell().await;
    for (line, code) in [
        ("runs demo/contacts --since 2026-01-02T10:00:00Z --until 2026-01-02T10:30:00Z", 0),
        ("runs demo/contacts --since 2026-01-02T11:00:00Z --until 2026-01-02T11:30:00Z", 1),
        ("runs demo/contacts --since 2026-01-02T12:00:00Z --until 2026-01-02T12:30:00Z", 1),
        ("runs demo/contacts --since 2026-01-02T15:00:00Z --until 2026-01-02T15:30:00Z", 1),
    ] {
        assert_eq!(shell.run(line).await.code(), Some(0), "{line}");
        assert_eq!(shell.run(&format!("{line} --fail-on-breach")).await.code(), Some(code), "{line}");
    }
    // What is expected is looked up now, not remembered.
    let strict = CONTACTS.replace("max_records: 100", "max_records: 24");
    shell.source("demo", &one_stream("contacts", &strict));
    let line = "runs demo/contacts --since 2026-01-02T10:00:00Z --until 2026-01-02T10:30:00Z --fail-on-breach --json";
    let marked = shell.run(line).await;
    assert_eq!(marked.code(), Some(1));
    assert_eq!(
        marked.report()["breaches"],
        json!([{"threshold": "max_records", "value": 25.0, "limit": 24.0}])
    );
    let nowhere = shell.run("runs --html /nowhere/health.html").await;
    assert!(
        nowhere.code() == Some(2) && nowhere.err.contains("cannot write /nowhere/health.html"),
        "{nowhere:?}"
    );
}

const DESKTOP: View = View { name: "health-desktop", size: (1280, 900), dark: false };
const DARK: View = View { name: "health-dark", size: (1280, 900), dark: true };
const PHONE: View = View { name: "health-phone", size: (390, 844), dark: false };

/// What is true of every page in every view.
#[track_caller]
fn assert_sound(view: &Value, width: u32) {
    for seen in [view, &view["opened"]] {
        assert_eq!(seen["overflowing"], json!([]), "{view}");
        assert!(seen["page"]["width"].as_u64() <= Some(u64::from(width)), "{view}");
        assert_eq!(seen["unnamed"], 0, "every chart says what it shows");
    }
    assert_eq!(view["errors"], json!([]), "{view}");
    let requests = view["requests"].as_array().expect("a list");
    let outside = |request: &&Value| {
        !request.as_str().is_some_and(|url| url.starts_with("file://") || url.starts_with("data:"))
    };
    assert_eq!(requests.iter().filter(outside).count(), 0, "{requests:?}");
}

/// The bars, marks and gaps of a chart.
fn shown(section: &Value, chart: usize) -> [u64; 4] {
    let chart = &section["charts"][chart];
    ["bars", "marked", "cut", "gaps"].map(|name| chart[name].as_u64().expect("a number"))
}

async fn page(shell: &Shell, line: &str) -> PathBuf {
    let written = shell.run(&format!("{line} --html health.html")).await;
    assert_eq!((written.code(), written.out.as_str()), (Some(0), ""), "{written:?}");
    assert!(written.err.starts_with("health.html: ") && written.err.lines().count() == 1, "{written:?}");
    shell.path("health.html")
}

#[tokio::test]
async fn the_page_shows_runs_marks_gaps_and_errors_in_a_browser() {
    let shell = shell().await;
    let file = page(&shell, "runs demo --until 2026-01-14").await;
    let views = look(&file, &[DESKTOP, DARK, PHONE]).await;
    for (view, of) in views.iter().zip([DESKTOP, DARK, PHONE]) {
        assert_sound(view, of.size.0);
        let sections = view["sections"].as_array().unwrap();
        let named: Vec<_> = sections.iter().map(|section| section["name"].as_str().unwrap()).collect();
        assert_eq!(named, ["demo/contacts", "demo/changes"]);
        let contacts = &sections[0];
        // Until the 14th, hourly: what is missing after 15 o'clock is one gap more.
        assert_eq!([0, 1, 2].map(|chart| shown(contacts, chart)), [[4, 1, 1, 2], [4, 0, 1, 2], [4, 1, 1, 2]]);
        let titles = contacts["charts"][0]["titles"].as_array().unwrap();
        assert!(
            titles
                .iter()
                .any(|title| title.as_str().unwrap().contains("12:00 to 2026-01-02 13:00 are missing"))
        );
        let colors = contacts["charts"][0]["colors"].as_array().unwrap().len();
        assert_eq!(colors, 4, "what is marked, cut and missing looks different from a run");
        let rows = contacts["rows"].as_array().unwrap();
        assert_eq!(rows.len(), 6);
        assert!(rows[1].as_str().unwrap().starts_with("at-20260102T150000Z"), "the newest first: {rows:?}");
        let findings: Vec<_> =
            view["findings"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        let all = findings.join("\n");
        for text in [
            "at-20260102T110000Z: 40 % of the requests failed",
            "at-20260102T140000Z: 0 times the usual number of records came",
            "partial after 1 segment",
            "4 runs due from 2026-01-09 12:00 to 2026-01-12 12:00 are missing; seq-3 fetched what they would have",
        ] {
            assert!(all.contains(text), "`{text}` is not in {all}");
        }
    }
    assert_ne!(views[0]["background"], views[1]["background"], "dark is dark");
}

#[tokio::test]
async fn a_page_of_one_run_of_none_and_of_five_hundred_can_be_read() {
    let shell = shell().await;
    let day = "--since 2026-01-02T10:00:00Z --until 2026-01-02T10:30:00Z";
    let one = look(
        &page(&shell, &format!("runs demo/contacts {day}")).await,
        &[View { name: "health-one", ..DESKTOP }],
    )
    .await;
    assert_sound(&one[0], DESKTOP.size.0);
    assert_eq!(shown(&one[0]["sections"][0], 0), [1, 0, 0, 0]);

    let commits = shell.commits("contacts");
    let real = fs::read_to_string(&commits[0]).unwrap();
    for path in &commits {
        fs::remove_file(path).unwrap();
    }
    let none =
        look(&page(&shell, "runs demo/contacts").await, &[View { name: "health-none", ..PHONE }]).await;
    assert_sound(&none[0], PHONE.size.0);
    assert_eq!(none[0]["sections"][0]["badge"], "has never run");
    assert_eq!(none[0]["sections"][0]["charts"], json!([]));

    // A real record, again and again under other keys.
    let folder = commits[0].parent().unwrap();
    for nth in 0..500_u64 {
        let key = format!("at-202601{:02}T{:02}0000Z", nth / 24 + 1, nth % 24);
        let time = format!("2026-01-{:02}T{:02}:00:00Z", nth / 24 + 1, nth % 24);
        let mut record: Value = serde_json::from_str(&real).unwrap();
        record["key"] = json!(key);
        record["scheduled_time"] = json!(time);
        let records = if nth == 300 { 5 } else { 20 + nth % 7 };
        let entry = |key: &str, records| json!({"key": key, "records": records, "duration_ms": 40 + nth % 9});
        record["history"] = json!([entry("at-20251231T000000Z", 22), entry(&key, records)]);
        record["total_counts"]["records"] = json!(records);
        fs::write(folder.join(format!("{key}.s0001.json")), record.to_string()).unwrap();
    }
    let file = page(&shell, "runs demo/contacts --until 2026-01-21T20:00:00Z").await;
    let views = [View { name: "health-many", ..DESKTOP }, View { name: "health-many-phone", ..PHONE }];
    for (view, of) in look(&file, &views).await.iter().zip(views) {
        assert_sound(view, of.size.0);
        assert_eq!(shown(&view["sections"][0], 0), [500, 1, 0, 0]);
        assert_eq!(view["sections"][0]["rows"].as_array().unwrap().len(), 500);
        assert!(
            view["page"]["height"].as_u64() < Some(3000),
            "the table is closed at first: {}",
            view["page"]
        );
    }
}

#[tokio::test]
async fn beside_a_page_standard_output_has_the_json_alone() {
    let shell = shell().await;
    let both = shell.run(&format!("runs demo/contacts {CONTACTS_DAY} --json --html health.html")).await;
    assert_eq!(both.reports().len(), 6, "{both:?}");
    assert!(both.err.starts_with("health.html: 1 stream, 4 runs"), "{both:?}");
}

#[tokio::test]
async fn why_a_run_failed_is_told_until_something_is_committed_and_as_past_from_then_on() {
    let shell = shell().await;
    let said = FaultKind::Status {
        code: 400,
        body: Some(br#"{"error":"no"}"#.to_vec().into()),
        headers: Vec::new(),
        content_type: None,
    };
    shell.api.set_faults(vec![Fault::new("contacts", When::Page(2), said).always()]);
    let line = "run demo/contacts --at 2026-01-02T17:00:00Z --json --beside";
    let failed = shell.run(line).await.assert(5, "failed");
    let message = failed["error"]["message"].as_str().unwrap();
    let noted = fs::read(shell.target().join("_bronzegate/demo/contacts/last_error.json")).unwrap();
    let noted: Value = serde_json::from_slice(&noted).unwrap();
    assert_eq!(
        (&noted["kind"], &noted["message"], &noted["key"], &noted["batch_id"]),
        (&json!("api"), &json!(message), &json!("at-20260102T170000Z"), &json!("20260102170000"))
    );

    let runs = shell.run("runs demo/contacts --fail-on-breach").await;
    let lines: Vec<_> = runs.out.lines().collect();
    assert!(lines[0].contains("failed since"), "{runs:?}");
    assert!(lines[1].starts_with("FAILED at ") && lines[1].ends_with(message), "{runs:?}");
    let told = shell.run("runs demo/contacts --json").await.reports();
    let told = told.last().unwrap();
    assert_eq!(
        (&told["status"], &told["is_past"], &told["message"]),
        (&json!("failed"), &json!(false), &json!(message))
    );
    let views = look(&page(&shell, "runs demo/contacts").await, &[DESKTOP, PHONE]).await;
    for (view, of) in views.iter().zip([DESKTOP, PHONE]) {
        assert_sound(view, of.size.0);
        assert!(view["sections"][0]["badge"].as_str().unwrap().starts_with("failed, "), "{view}");
        let first = view["findings"][0].as_str().unwrap();
        assert!(first.starts_with("api ") && first.contains(message), "it stands first: {first}");
    }

    shell.api.set_faults(Vec::new());
    shell.run(line).await.assert(0, "complete");
    let runs = shell.run("runs demo/contacts").await;
    assert!(!runs.out.contains("FAILED") && runs.out.contains("got over a failure at "), "{runs:?}");
    let told = shell.run("runs demo/contacts --json").await.reports();
    assert_eq!(told.last().unwrap()["is_past"], true);
    let view = &look(&page(&shell, "runs demo/contacts").await, &[DESKTOP]).await[0];
    assert!(!view["sections"][0]["badge"].as_str().unwrap().contains("failed"), "{view}");
    let findings = view["findings"].to_string();
    assert!(findings.contains("over, something was committed since"), "{findings}");
}

#[tokio::test]
async fn all_sources_are_looked_at_unless_one_is_named() {
    let shell = shell().await;
    shell.source("other", &one_stream("contacts", CONTACTS));
    let runs = shell.run(&format!("runs {CONTACTS_DAY}")).await;
    let heads: Vec<_> =
        runs.out.lines().filter_map(|line| line.split_once(": ")).map(|(name, _)| name).collect();
    assert_eq!(heads, ["demo/contacts", "demo/changes", "other/contacts"], "{runs:?}");
    assert!(runs.out.contains("other/contacts: has a schedule and has never committed a run"), "{runs:?}");
    assert_eq!(shell.run("runs nowhere").await.code(), Some(2));
}

#[tokio::test]
async fn a_run_whose_rows_moved_while_it_read_them_is_marked() {
    let items = Stream::new("items", Style::Offset, Shape::Small, 25).page_size(10);
    let settings = "records: results
pagination: { type: offset, send: { query: offset }, page_size: { query: limit, value: 10 }, total: { body: total } }";
    let fell = Fault::new("items", When::Page(1), FaultKind::TotalOff { by: 2 });
    let shell = Shell::new(vec![items], vec![fell], &one_stream("items", settings)).await;
    let run = shell.run_at("demo/items").await.assert(0, "complete");
    assert!(run["warnings"][0].as_str().unwrap().starts_with("the stated total fell from 27 to 25"), "{run}");
    let runs = shell.run("runs demo/items --fail-on-breach").await;
    assert_eq!(runs.code(), Some(1), "{runs:?}");
    assert!(
        runs.out.contains("1 run, 1 marked") && runs.out.trim_end().ends_with("may_lack 1 warning"),
        "{runs:?}"
    );
    shell.api.set_faults(Vec::new());
    shell.run("run demo/items --at 2026-11-22T18:00:00Z --json").await.assert(0, "complete");
    let since = shell.run("runs demo/items --since 2026-11-22T17:30:00Z --fail-on-breach").await;
    assert_eq!(since.code(), Some(0), "{since:?}");
}

#[tokio::test]
async fn a_source_file_that_cannot_be_used_does_not_hide_the_others() {
    let shell = shell().await;
    shell.file("sources/broken.yaml", "source: broken\nstreams: {}\n");
    let runs = shell.run("runs").await;
    assert_eq!(runs.code(), Some(2), "{runs:?}");
    assert!(runs.out.contains("demo/contacts: 4 runs") && runs.err.contains("broken.yaml"), "{runs:?}");
    // One that is asked for by name is the whole question.
    let one = shell.run("runs broken").await;
    assert_eq!((one.code(), one.out.as_str()), (Some(2), ""), "{one:?}");
}
