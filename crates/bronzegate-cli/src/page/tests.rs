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
        counts,
        total_counts: counts,
        started_at: due,
        finished_at: due,
        duration_ms: 5000,
        total_duration_ms: 5000,
        history: vec![entry("before", 100), entry(&key, records)],
        error: None,
        warnings: Vec::new(),
        engine_version: String::new(),
        config_fingerprint: String::new(),
        environment: String::new(),
    }
}

fn stream() -> Stream {
    let text = "source: crm\nbase_url: https://crm.example\nstreams: { deals: { path: /deals, records: $, schedule: { every: 1h } } }";
    parse("crm.yaml", text).unwrap_or_else(|problems| panic!("{problems}")).streams[0].clone()
}

/// The page of a stream at so many hours after the first.
fn page_of(records: Vec<CommitRecord>, hours: i64) -> String {
    let now = first() + SignedDuration::from_hours(hours);
    let period = Period { since: None, until: None, grace: Duration::from_mins(10), now };
    let health = StreamHealth::new(["crm", "deals"], records, Some(&stream()), &period);
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
