//! Cursors of every format: how records are told apart, and how requests ask for them.

use bronzegate_core::bronze::CommitRecord;
use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_core::run::{RunOptions, RunRequest};
use bronzegate_core::window::{TimeWindow, parse_instant};
use bronzegate_demo_api::{
    Fault, FaultKind, Pack, Quirks, Shape, Stream, Style, TimeFormat, Timeline, When, csv_record_of,
};
use bronzegate_tests::streams::changes::{BOUNDED, at, change, changes, settings, sorted, with};
use bronzegate_tests::{Bench, assert_complete, failure};

const KEY: &str = "key: id, start: 2026-01-01";

async fn load(bench: &Bench, from: &str, to: &str) -> RunReport {
    let [from, to] = [from, to].map(|text| parse_instant(text).expect("an instant"));
    let window = TimeWindow::new(from, to).expect("a window");
    let request = RunRequest::Window { window, revision: 1 };
    bench.stream("changes").run(bench.store(), request, RunOptions::default()).await
}

/// A format: how the API reads it, and the cursor of the nth day.
type Format = (&'static str, TimeFormat, fn(u64) -> String);

const FORMATS: [Format; 6] = [
    ("rfc3339", TimeFormat::Rfc3339, |nth| format!("\"2026-01-{nth:02}T00:00:00Z\"")),
    ("date", TimeFormat::Rfc3339, |nth| format!("\"2026-01-{nth:02}\"")),
    ("epoch_s", TimeFormat::EpochS, |nth| (1_767_225_600 + 86_400 * (nth - 1)).to_string()),
    ("epoch_ms", TimeFormat::EpochMs, |nth| (1_767_225_600_000 + 86_400_000 * (nth - 1)).to_string()),
    ("integer", TimeFormat::Integer, |nth| format!("90071992547409{nth:02}")),
    ("text", TimeFormat::Rfc3339, |nth| format!("\"2026-01-{nth:02} 00:00:00\"")),
];

async fn three_runs((format, read, cursor): Format, exclusive: bool) {
    let row = |id: u64, nth: u64| format!("{{\"id\":{id},\"at\":{}}}", cursor(nth));
    let timeline = Timeline { exclusive_from: exclusive, ..Timeline::new("at", read, "since", None) };
    let stream = with(timeline.with([row(1, 1), row(2, 2), row(3, 2)]));
    let keys = if exclusive { ", from_exclusive: true" } else { "" };
    let text = format!("cursor: at, format: {format}, from: {{ query: since }}, key: id{keys}");
    let bench = Bench::one(stream, vec![], &settings(&text)).await;
    assert_complete(&bench.run_at("changes", &at(10, "12:00:00")).await, 3);
    // A tie at the boundary, a later record, and one that shows up before the boundary, for which nobody looks.
    let late = row(6, 1);
    bench.api.append("changes", [row(4, 2), row(5, 3), late.clone()]).expect("the stream has a timeline");
    assert_complete(&bench.run_at("changes", &at(11, "12:00:00")).await, 2);
    bench.api.append("changes", [row(7, 3)]).expect("the stream has a timeline");
    assert_complete(&bench.run_at("changes", &at(12, "12:00:00")).await, 1);
    let mut all: Vec<_> = bench.api.records("changes");
    all.retain(|record| *record != late);
    assert_eq!(sorted(bench.records("changes")), sorted(all), "{format}");
    if matches!(format, "integer" | "text") {
        return;
    }
    let mut bench = bench;
    bench.reads_with(&bronzegate_tests::one_stream("changes", &settings(&format!("{text}, lookback: 48h"))));
    // From the first on, but for the two at the boundary.
    assert_complete(&bench.run_at("changes", &at(13, "12:00:00")).await, 5);
    assert!(bench.records("changes").contains(&late), "{format}");
}

#[tokio::test]
async fn successive_runs_bring_ties_and_what_is_new_in_every_format() {
    for format in FORMATS {
        three_runs(format, false).await;
    }
}

#[tokio::test]
async fn an_api_whose_beginning_is_exclusive_loses_nothing_between_runs() {
    for format in FORMATS.into_iter().filter(|(format, ..)| *format != "text") {
        three_runs(format, true).await;
    }
}

#[tokio::test]
async fn an_api_whose_beginning_is_exclusive_loses_nothing_between_windows() {
    let times = ["00:00:00", "00:00:00.5", "23:59:59.5"];
    let times = (1..=3).flat_map(|day| times.map(|time| at(day, time)));
    let records: Vec<_> = (0..).zip(times).map(|(id, time)| change(id, &time)).collect();
    let timeline = Timeline::new("updatedAt", TimeFormat::Rfc3339, "updated_after", Some("updated_before"));
    let timeline = Timeline { exclusive_from: true, ..timeline.with(records.clone()) };
    let text = settings(&format!("{BOUNDED}, {KEY}, from_exclusive: true, window: 1d"));
    let bench = Bench::one(with(timeline), vec![], &text).await;
    for day in 1..=3 {
        assert_complete(&load(&bench, &at(day, "00:00:00"), &at(day + 1, "00:00:00")).await, 3);
    }
    assert_eq!(sorted(bench.records("changes")), sorted(records.clone()));
    assert_eq!(
        bench.commits("changes")[0].window.clone().unwrap().from.as_deref(),
        Some("2026-01-01T00:00:00Z")
    );
    // The same windows where they are what is due, and where a run is cut at any of the bounds.
    let bench = bench.with_empty_folder();
    assert_complete(&bench.run_at("changes", &at(2, "00:00:00")).await, 3);
    assert_complete(&bench.run_at("changes", &at(4, "00:00:00")).await, 6);
    assert_eq!(sorted(bench.records("changes")), sorted(records));
}

#[tokio::test]
async fn a_record_that_changes_again_at_the_same_cursor_comes_as_a_new_version() {
    for look in ["", ", lookback: 1m"] {
        let tie = at(1, "10:00:00");
        let old: Vec<_> = (5..9).map(|id| change(id, &tie)).collect();
        let bench =
            Bench::one(changes(old.clone()), vec![], &settings(&format!("{BOUNDED}, {KEY}{look}"))).await;
        assert_complete(&bench.run_at("changes", &at(1, "10:00:01")).await, 4);
        let edited = change(7, &tie).replace("\"n7\"", "\"edited\"");
        bench.api.append("changes", [edited.clone()]).unwrap();
        assert_complete(&bench.run_at("changes", &at(1, "11:00:00")).await, 1);
        assert_complete(&bench.run_at("changes", &at(1, "12:00:00")).await, 0);
        let both: Vec<_> = old.into_iter().chain([edited]).collect();
        assert_eq!(bench.records("changes"), both);
    }
}

#[tokio::test]
async fn a_state_of_an_earlier_version_writes_the_records_at_its_cursor_once_more() {
    let tie = at(1, "10:00:00");
    let records = [change(1, &at(1, "09:00:00")), change(2, &tie), change(3, &tie)];
    let bench = Bench::one(changes(records), vec![], &settings(&format!("{BOUNDED}, {KEY}"))).await;
    assert_complete(&bench.run_at("changes", &at(1, "11:00:00")).await, 3);
    let path = bench.target().join("_bronzegate/demo/changes/commits/seq-1.s0001.json");
    let text = std::fs::read_to_string(&path).unwrap();
    assert!(text.contains("\"versions\""), "{text}");
    std::fs::write(&path, text.replace("\"versions\"", "\"keys\"")).unwrap();
    assert_complete(&bench.run_at("changes", &at(1, "12:00:00")).await, 2);
    assert_complete(&bench.run_at("changes", &at(1, "13:00:00")).await, 0);
}

#[tokio::test]
async fn a_key_that_is_null_is_none() {
    for id in ["null", "\"\""] {
        let record = change(1, &at(1, "10:00:00")).replace("\"id\":1", &format!("\"id\":{id}"));
        let bench = Bench::one(changes([record]), vec![], &settings(&format!("{BOUNDED}, {KEY}"))).await;
        let report = bench.run_at("changes", &at(1, "11:00:00")).await;
        let (kind, message) = failure(&report);
        assert!(kind == ErrorKind::Data && message.contains("record 1 has no key at `id`"), "{message}");
    }
}

#[tokio::test]
async fn an_empty_cursor_is_none_as_in_the_rows_of_a_table() {
    let columns = ["id", "at"].map(str::to_owned).to_vec();
    let rows = [
        r#"{"id":1,"at":"2026-01-01 10:00:00"}"#,
        r#"{"id":2,"at":""}"#,
        r#"{"id":3,"at":"2026-01-01 11:00:00"}"#,
    ];
    for (format, start) in [("rfc3339, timezone: UTC", "2026-01-01"), ("text", "'2026-01-01 00:00:00'")] {
        for csv in [true, false] {
            for (missing, kept) in [("error", None), ("keep", Some(3)), ("skip", Some(2))] {
                let timeline =
                    Timeline::new("at", TimeFormat::Rfc3339, "since", None).with(rows.map(str::to_owned));
                let mut stream =
                    Stream::new("changes", Style::LinkHeader, Shape::Small, 0).timeline(timeline);
                if csv {
                    stream = stream.csv(Pack::Plain);
                    stream.quirks = Quirks { columns: columns.clone(), ..Quirks::default() };
                }
                let text = format!(
                    "records: $\npagination: {{ type: link_header }}\nincremental: {{ cursor: at, format: {format}, from: {{ query: since }}, start: {start}, key: id, missing: {missing} }}"
                );
                let bench = Bench::one(stream, vec![], &text).await;
                let report = bench.run_at("changes", &at(2, "00:00:00")).await;
                let Some(kept) = kept else {
                    let (kind, message) = failure(&report);
                    assert!(
                        kind == ErrorKind::Data && message.contains("has no cursor at `at`"),
                        "{message}"
                    );
                    continue;
                };
                assert_complete(&report, kept);
                assert_eq!(report.warnings.len(), usize::from(missing == "skip"), "{report:?}");
                let written = |row: &&str| {
                    if csv { csv_record_of(&columns, row.as_bytes()) } else { (**row).to_owned() }
                };
                let mut want: Vec<_> = rows.iter().map(written).collect();
                want.retain(|row| missing == "keep" || !row.contains("\"at\":\"\""));
                assert_eq!(sorted(bench.records("changes")), sorted(want), "{format} {missing}");
            }
        }
    }
}

#[tokio::test]
async fn a_look_back_repeats_what_lies_behind_the_newest_but_not_its_ties() {
    let tie = at(1, "10:00:00");
    let before = change(0, &at(1, "09:59:30"));
    let records: Vec<_> = [before.clone()].into_iter().chain((1..4).map(|id| change(id, &tie))).collect();
    let look = settings(&format!("{BOUNDED}, {KEY}, lookback: 1m"));
    let bench = Bench::one(changes(records), vec![], &look).await;
    assert_complete(&bench.run_at("changes", &at(1, "10:00:01")).await, 4);
    bench.api.append("changes", [change(4, &tie)]).unwrap();
    assert_complete(&bench.run_at("changes", &at(1, "11:00:00")).await, 2);
    let found = bench.records("changes");
    assert_eq!(found.iter().filter(|record| **record == before).count(), 2, "{found:#?}");
    assert_eq!(found.iter().filter(|record| record.contains(&tie)).count(), 4, "{found:#?}");
}

#[tokio::test]
async fn windows_begin_as_far_behind_the_newest_as_is_looked_back() {
    let records = [change(1, &at(1, "12:00:00")), change(2, &at(2, "12:00:00"))];
    let look = settings(&format!("{BOUNDED}, {KEY}, window: 1d, lookback: 36h"));
    let bench = Bench::one(changes(records), vec![], &look).await;
    assert_complete(&bench.run_at("changes", &at(3, "00:00:00")).await, 2);
    bench.api.append("changes", [change(3, &at(2, "01:00:00")), change(4, &at(3, "05:00:00"))]).unwrap();
    let report = bench.run_at("changes", &at(4, "00:00:00")).await;
    assert_eq!((report.status, report.key.as_deref()), (Status::Complete, Some("seq-5")), "{report:?}");
    let mut commits = bench.commits("changes");
    commits.sort_by_key(|commit| commit.key.clone());
    let from = |commit: &CommitRecord| commit.window.clone().unwrap().from.unwrap();
    assert_eq!(commits[2..].iter().map(from).collect::<Vec<_>>(), [1, 2, 3].map(|day| at(day, "00:00:00")));
    for id in [3, 4] {
        let id = format!("\"id\":{id},");
        assert_eq!(bench.records("changes").iter().filter(|record| record.contains(&id)).count(), 1, "{id}");
    }
}

#[tokio::test]
async fn nothing_is_looked_back_at_from_before_the_start() {
    let old = change(1, "2025-12-31T23:59:30Z");
    let look = settings(&format!("{BOUNDED}, {KEY}, lookback: 1h"));
    let bench = Bench::one(changes([old.clone()]), vec![], &look).await;
    for day in 2..4 {
        assert_complete(&bench.run_at("changes", &at(day, "00:00:00")).await, 0);
    }
    bench.api.append("changes", [change(2, &at(1, "00:30:00"))]).unwrap();
    for (day, records) in [(4, 1), (5, 0)] {
        assert_complete(&bench.run_at("changes", &at(day, "00:00:00")).await, records);
    }
    for commit in bench.commits("changes") {
        assert_eq!(commit.window.unwrap().from.as_deref(), Some("2026-01-01T00:00:00Z"), "{}", commit.key);
    }
    // A beginning that the file names later opens no gap after what has been read.
    let mut bench = bench;
    let later = settings(&format!("{BOUNDED}, key: id, start: 2026-01-03, lookback: 1h"));
    bench.reads_with(&bronzegate_tests::one_stream("changes", &later));
    bench.api.append("changes", [change(3, &at(1, "00:45:00"))]).unwrap();
    assert_complete(&bench.run_at("changes", &at(6, "00:00:00")).await, 1);
}

#[tokio::test]
async fn headers_say_from_and_to() {
    let keys = "cursor: updatedAt, format: rfc3339, from: { header: X-Since }, to: { header: X-Until }";
    let text = format!(
        "{}\nresponses: [{{ when: {{ at: {{ status: true }}, equals: 400 }}, then: fail, message: {{ body: error.headers }} }}]",
        settings(keys)
    );
    let fault = Fault::new("changes", When::Request(1), FaultKind::EchoSecret);
    let bench = Bench::one(changes([]), vec![fault], &text).await;
    let report = load(&bench, "2026-01-01", "2026-01-02").await;
    let (kind, message) = failure(&report);
    assert_eq!(kind, ErrorKind::Api, "{message}");
    for header in ["x-since: 2026-01-01T00:00:00Z", "x-until: 2026-01-02T00:00:00Z"] {
        assert!(message.contains(header), "{message}");
    }
}
