use std::time::Duration;

use bronzegate_core::bronze::{CommitRecord, HistoryEntry, SegmentStatus};
use bronzegate_core::config::{Stream, parse};
use bronzegate_core::health::{Period, StreamHealth};
use bronzegate_core::report::Counts;
use jiff::{SignedDuration, Timestamp};

use super::page;

fn first() -> Timestamp {
    "2026-11-01T00:00:00Z".parse().unwrap()
}

fn record(hour: i64, records: u64) -> CommitRecord {
    let due = first() + SignedDuration::from_hours(hour);
    let key = format!("at-{}", due.strftime("%Y%m%dT%H%M%SZ"));
    let entry = |key: &str, records| HistoryEntry {
        key: key.to_owned(),
        records,
        duration_ms: 5000,
        more: false,
        first: false,
    };
    let counts = Counts { records, bytes: 100 * records, requests: 10, ..Counts::default() };
    CommitRecord {
        format: CommitRecord::FORMAT,
        source: "crm".to_owned(),
        stream: "deals".to_owned(),
        key: key.clone(),
        segment: 1,
        batch_id: String::new(),
        scheduled_time: due,
        status: SegmentStatus::Complete,
        parts: Vec::new(),
        window: None,
        cursor_in: None,
        cursor_out: None,
        page_state: None,
        cursor: None,
        parents: None,
        sync: None,
        table: None,
        counts,
        total_counts: counts,
        started_at: due,
        finished_at: due,
        duration_ms: 5000,
        total_duration_ms: 5000,
        history: vec![entry("before", 100), entry(&key, records)],
        warnings: Vec::new(),
        may_lack: false,
        branch_members: Vec::new(),
        paging: std::collections::BTreeMap::new(),
        columns: None,
        mended: None,
        engine_version: String::new(),
        config_fingerprint: String::new(),
        environment: String::new(),
    }
}

fn stream() -> Stream {
    expecting("{}")
}

fn expecting(expect: &str) -> Stream {
    let text = format!(
        "source: crm\nbase_url: https://crm.example\nstreams: {{ deals: {{ path: /deals, records: $, schedule: {{ every: 1h }}, expect: {expect} }} }}"
    );
    parse("crm.yaml", &text).unwrap_or_else(|problems| panic!("{problems}")).streams[0].clone()
}

/// The heights of the lines of a page's nth chart, one for each run and threshold.
fn lines(page: &str, chart: usize) -> Vec<&str> {
    let svg = page.split("<svg").nth(chart + 1).unwrap().split("</svg>").next().unwrap();
    let path =
        svg.split_once(r#"<path class="limit" d=""#).map_or("", |(_, rest)| rest.split('"').next().unwrap());
    path.split('M').skip(1).map(|line| line.split_once(' ').unwrap().1).collect()
}

/// The page of a stream at so many hours after the first.
fn page_of(records: Vec<CommitRecord>, hours: i64) -> String {
    page_with(&stream(), records, hours)
}

fn page_with(stream: &Stream, records: Vec<CommitRecord>, hours: i64) -> String {
    let now = first() + SignedDuration::from_hours(hours);
    let period = Period { since: None, until: None, grace: Duration::from_mins(10), now };
    let health = StreamHealth::new(["crm", "deals"], records, Some(stream), &period);
    page(&[health], &period, "prod").unwrap()
}

fn count(page: &str, what: &str) -> usize {
    page.matches(what).count()
}

#[test]
fn a_bar_a_run_in_each_chart_and_bands_for_what_is_missing() {
    let records = vec![record(0, 100), record(1, 40), record(4, 100)];
    let page = page_of(records, 4);
    assert_eq!(count(&page, "<svg"), 3);
    assert_eq!(count(&page, r#"<rect class="run""#), 2 + 3 + 3);
    assert_eq!(count(&page, r#"<rect class="marked""#), 1);
    assert_eq!(count(&page, r#"<rect class="gap""#), 3);
    assert!(page.contains("2 runs due from 2026-11-01 02:00 to 2026-11-01 03:00 are missing"), "{page}");
    assert!(page.contains("0.4 times the usual number of records came"), "{page}");
}

#[test]
fn no_run_and_five_hundred_make_a_page_too() {
    let none = page_of(Vec::new(), 0);
    assert!(none.contains("has never run") && !none.contains("<svg"), "{none}");
    let records = (0..500).map(|hour| record(hour, if hour == 250 { 40 } else { 100 })).collect();
    let many = page_of(records, 500);
    assert_eq!(count(&many, r#"<rect class="run""#), 1500 - 1);
    assert!(many.contains(r#"viewBox="0 0 500 100""#));
    let period = Period { since: None, until: None, grace: Duration::from_mins(10), now: first() };
    assert!(page(&[], &period, "prod").unwrap().contains("There are no streams"));
}

#[test]
fn a_bar_that_stands_far_out_is_cut_and_the_page_says_so() {
    let mut records: Vec<_> = (0..5).map(|hour| record(hour, 100)).collect();
    records.push(record(5, 1_000_000));
    let page = page_of(records, 5);
    assert!(page.contains("upper edge 800, taller bars are cut"), "{page}");
}

#[test]
fn windows_that_were_due_together_are_one_bar_with_the_thresholds_of_a_whole_run() {
    // Three windows of 40, of which the log's history has the sum at the last.
    let window = |nth: u64, more: bool| {
        let mut record = record(1, 40);
        record.key = format!("seq-{nth}");
        let last = record.history.last_mut().unwrap();
        (last.key, last.records, last.more) = (format!("seq-{nth}"), 40 * nth, more);
        record
    };
    let records = || vec![record(0, 100), window(1, true), window(2, true), window(3, false)];
    let page = page_with(&expecting("{ records_ratio: 0.5 }"), records(), 2);
    assert_eq!(count(&page, r#"<rect class="run""#), 2 * 3);
    assert!(page.contains("seq-1 to seq-3 · 120 records"), "{page}");
    // Half of the usual 100 against an upper edge of 120.
    assert_eq!(lines(&page, 0), ["58.3h1", "58.3h1"]);
    // One run before it says nothing of an incremental stream, unless the file states a ratio.
    assert_eq!(lines(&page_of(records(), 2), 0), ["58.3h1"]);
}

#[test]
fn the_most_records_are_a_line_where_the_chart_reaches_so_far() {
    let records = || vec![record(0, 100), record(1, 100)];
    let limits = |expect: &str| lines(&page_with(&expecting(expect), records(), 2), 0).join(" ");
    assert_eq!(limits("{ max_records: 80 }"), "50h1 20h1 50h1 20h1");
    assert_eq!(limits("{ max_records: 1000000 }"), "50h1 50h1");
}

#[test]
fn short_runs_have_no_line_of_their_time_unless_one_is_stated() {
    let short = || {
        let record = record(0, 100);
        vec![CommitRecord { total_duration_ms: 900, ..record }]
    };
    assert!(lines(&page_of(short(), 1), 1).is_empty());
    assert_eq!(lines(&page_with(&expecting("{ duration_ratio: 2 }"), short(), 1), 1).len(), 1);
    assert_eq!(lines(&page_of(vec![record(0, 100)], 1), 1).len(), 1);
}

#[test]
fn text_from_outside_is_text() {
    let mut hostile = record(0, 100);
    hostile.warnings = vec!["<script>alert(1)</script> & \"so on\"".to_owned()];
    hostile.cursor_out = Some("</td><img src=x onerror=alert(1)>".to_owned());
    let page = page_of(vec![hostile], 0);
    assert!(!page.contains("<script") && !page.contains("<img"), "{page}");
    assert!(page.contains("&lt;script&gt;alert(1)"), "{page}");
}

#[test]
fn the_page_refers_to_nothing_outside_of_itself() {
    let page = page_of(vec![record(0, 100)], 0);
    for reference in ["http://", "https://", "src=", "url(", "@import"] {
        assert!(!page.contains(reference), "{reference}");
    }
}
