//! Records that carry no time: windows are loaded whole, once they have ended, and the last ones again.

use std::collections::BTreeMap;

use bronzegate_core::error::ErrorKind;
use bronzegate_core::run::{RunOptions, RunRequest};
use bronzegate_core::window::{TimeWindow, parse_instant};
use bronzegate_demo_api::{Manner, Spelling, Stream, TimeFormat, Timeline};
use bronzegate_tests::streams::changes::{at, settings, with};
use bronzegate_tests::{Bench, assert_complete, failure};
use serde_json::Value;

/// Clicks at ten o'clock of each day; the answer is the sum of those that were asked for, without a time.
fn sums(days: std::ops::RangeInclusive<u32>) -> Stream {
    let day = |day: u32| format!("{{\"updatedAt\":\"{}\",\"clicks\":{day}}}", at(day, "10:00:00"));
    let manner = Manner { sum_of: Some("clicks".to_owned()), ..Manner::default() };
    let timeline = Timeline::new("updatedAt", TimeFormat::Rfc3339, "updated_after", Some("updated_before"));
    let asked = Some(Spelling::Pattern("%Y-%m-%d".to_owned()));
    with(Timeline { manner, asked, ..timeline.with(days.map(day)) })
}

const KEYS: &str = "windows_only: true, format: date, from: { query: updated_after }, to: { query: updated_before }, \
                    start: 2026-01-01, window: 1d";

/// The newest sum of each window, and how often each was loaded.
fn newest(bench: &Bench) -> (BTreeMap<String, i64>, BTreeMap<String, usize>) {
    let (mut sums, mut counts) = (BTreeMap::new(), BTreeMap::new());
    let lines = bench.lines("changes");
    let mut rows: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    rows.sort_by_key(|row| row["_batch_id"].as_str().map(str::to_owned));
    for row in rows {
        let window = format!(
            "{}/{}",
            row["_window_from"].as_str().expect("a text"),
            row["_window_to"].as_str().expect("a text")
        );
        *counts.entry(window.clone()).or_default() += 1;
        sums.insert(window, row["clicks"].as_i64().expect("a number"));
    }
    (sums, counts)
}

fn window(day: u32) -> String {
    format!("2026-01-{day:02}/2026-01-{:02}", day + 1)
}

#[tokio::test]
async fn each_window_is_loaded_once_when_it_has_ended() {
    let bench = Bench::one(sums(1..=9), vec![], &settings(KEYS)).await;
    // Nothing has ended, two days have, nothing more has, a week is caught up with.
    for (day, time, count) in [(1, "12:00:00", 0), (3, "00:00:00", 2), (3, "23:00:00", 0), (9, "06:00:00", 6)]
    {
        assert_complete(&bench.run_at("changes", &at(day, time)).await, count);
    }
    let (sums, counts) = newest(&bench);
    assert_eq!(sums, (1..=8).map(|day| (window(day), day.into())).collect());
    assert!(counts.values().all(|count| *count == 1), "{counts:?}");
    assert_eq!(bench.commits("changes").len(), 1 + 2 + 1 + 6);
}

#[tokio::test]
async fn the_last_windows_are_loaded_again_as_new_revisions_whenever_one_has_ended() {
    let keys = format!("{KEYS}, lookback: 2d, settle: 6h");
    let bench = Bench::one(sums(1..=9), vec![], &settings(&keys)).await;
    // The day is over, but not settled.
    assert_complete(&bench.run_at("changes", &at(4, "05:59:59")).await, 2);
    assert_complete(&bench.run_at("changes", &at(4, "06:00:00")).await, 2 + 1);
    // No new day has ended: nothing is loaded again.
    assert_complete(&bench.run_at("changes", &at(4, "18:00:00")).await, 0);
    bench
        .api
        .append("changes", [format!("{{\"updatedAt\":\"{}\",\"clicks\":100}}", at(3, "11:00:00"))])
        .unwrap();
    assert_complete(&bench.run_at("changes", &at(6, "12:00:00")).await, 2 + 2);
    let (sums, counts) = newest(&bench);
    let expected = [(1, 1), (2, 2), (3, 103), (4, 4), (5, 5)].map(|(day, sum)| (window(day), sum));
    assert_eq!(sums, expected.into_iter().collect());
    let expected = [(1, 2), (2, 3), (3, 2), (4, 1), (5, 1)].map(|(day, count)| (window(day), count));
    assert_eq!(counts, expected.into_iter().collect());
    let commits = bench.commits("changes");
    let revisions = commits.iter().filter_map(|commit| {
        let cursor = commit.cursor.as_ref()?;
        let from = cursor.from.as_ref().filter(|_| cursor.from != cursor.to)?;
        Some((from.text.clone(), cursor.windows.as_ref()?.revision))
    });
    let mut highest = BTreeMap::new();
    for (from, revision) in revisions {
        let known = highest.insert(from, revision).unwrap_or(0);
        assert_eq!(revision, known + 1, "{commits:#?}");
    }
}

#[tokio::test]
async fn a_backfill_loads_a_window_of_the_same_grid_and_no_other() {
    let bench = Bench::one(sums(1..=9), vec![], &settings(&KEYS.replace("1d", "2d"))).await;
    assert_complete(&bench.run_at("changes", &at(6, "00:00:00")).await, 2);
    let load = async |from: &str, to: &str| {
        let [from, to] = [from, to].map(|text| parse_instant(text).expect("a date"));
        let window = TimeWindow::new(from, to).expect("a window");
        let request = RunRequest::Window { window, revision: 1 };
        bench.stream("changes").run(bench.store(), request, RunOptions::default()).await
    };
    assert_complete(&load("2026-01-03", "2026-01-05").await, 1);
    let report = load("2026-01-02", "2026-01-04").await;
    let (kind, message) = failure(&report);
    assert!(kind == ErrorKind::Config && message.contains("none of the windows"), "{message}");
    assert_eq!(newest(&bench).1.get("2026-01-03/2026-01-05"), Some(&2));
}

#[tokio::test]
async fn one_date_a_request_needs_no_end() {
    let text = format!(
        "params: {{ updated_after: '{{{{ window.from }}}}', updated_before: '{{{{ window.from | add(\"1d\") }}}}' }}\n{}",
        settings("windows_only: true, format: date, start: 2026-01-01, window: 1d")
    );
    let bench = Bench::one(sums(1..=9), vec![], &text).await;
    assert_complete(&bench.run_at("changes", &at(5, "00:00:00")).await, 4);
    assert_eq!(newest(&bench).0, (1..=4).map(|day| (window(day), day.into())).collect());
}

#[tokio::test]
async fn a_cut_run_goes_on_where_it_was() {
    let bench = Bench::one(sums(1..=9), vec![], &settings(&format!("{KEYS}, lookback: 3d"))).await;
    for day in 2..=9 {
        for _ in 0..2 {
            let report = bench.run_at("changes", &at(day, "00:30:00")).await;
            assert_eq!(report.error, None, "{report:?}");
        }
    }
    let (sums, counts) = newest(&bench);
    assert_eq!(sums, (1..=8).map(|day| (window(day), day.into())).collect());
    let expected = [4, 4, 4, 4, 4, 3, 2, 1];
    assert_eq!(counts, (1..=8).map(window).zip(expected).collect(), "the same event again does nothing");
}
