//! Tokens of a run's last page, with which the next run asks for what has changed since.

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_demo_api::{
    By, Credentials, Fault, FaultKind, Layout, Quirks, Said, Shape, Stream, Style, TimeFormat, Timeline, When,
};
use bronzegate_tests::streams::changes::{at, change};
use bronzegate_tests::{Bench, SCHEDULED, Vendor, failure};
use rcgen::{KeyPair, PKCS_RSA_SHA256};
use serde_json::json;

use super::segments::LONG;

const AS_A_VALUE: &str = "pagination: { type: cursor, next: { body: next }, send: { query: cursor } }
    sync_token: { from: { body: token }, to: { query: since } }";
const AS_A_URL: &str = "pagination: { type: next_url, next: { body: next } }
    sync_token: { from: { body: delta }, to: { url: true } }";
/// It is sent to where later pages are asked for.
const AS_A_CURSOR: &str = "method: POST
    body: { all: yes }
    pagination: { type: cursor, next: { body: next }, send: { body: cursor }, next_request: { path: /files/continue } }
    sync_token: { from: { body: token }, to: { body: since } }";
const RESTART: &str = "
    responses: [{ when: { at: { status: true }, equals: 410 }, then: restart }]";

/// Files in pages of four, the last of which has a token.
fn files(keys: &str) -> Stream {
    let next = if keys == AS_A_URL { Said::Link } else { Said::Next };
    let body = vec![
        ("next".to_owned(), next),
        ("token".to_owned(), Said::Token),
        ("delta".to_owned(), Said::TokenLink),
    ];
    let layout = Layout { by: By::Cursor("cursor".to_owned()), body, ..Layout::default() };
    let timeline = Timeline::new("updatedAt", TimeFormat::Rfc3339, "updated_after", None);
    let records = (0..10).map(|id| change(id, &at(1, "00:00:00")));
    let mut stream = Stream::new("files", Style::Layout, Shape::Small, 0).page_size(4);
    stream.quirks = Quirks { layout, token: Some("since".to_owned()), ..Quirks::default() };
    stream.timeline(timeline.with(records))
}

fn yaml(keys: &str) -> String {
    format!("streams:\n  files:\n    path: /files\n    records: results\n    {keys}\n")
}

async fn bench(keys: &str, faults: Vec<Fault>) -> Bench {
    let keys_of_api = keys.trim_end_matches(RESTART);
    Bench::new(vec![files(keys_of_api)], faults, &yaml(keys)).await
}

async fn run(bench: &Bench, day: u32) -> RunReport {
    bench.run_at("files", &at(day, "00:00:00")).await
}

/// Adds files of these ids.
fn add(bench: &Bench, ids: std::ops::Range<u64>) {
    bench.api.append("files", ids.map(|id| change(id, &at(2, "00:00:00")))).expect("a timeline");
}

#[tokio::test]
async fn the_next_run_asks_with_the_token_of_the_last_page() {
    for keys in [AS_A_VALUE, AS_A_URL] {
        let bench = bench(keys, vec![]).await;
        let all = run(&bench, 2).await;
        assert_eq!(
            (all.status, all.counts.records, all.warnings.len()),
            (Status::Complete, 10, 0),
            "{all:?}"
        );
        add(&bench, 10..16);
        let changed = run(&bench, 3).await;
        assert_eq!((changed.status, changed.counts.records), (Status::Complete, 6), "{keys}: {changed:?}");
        let nothing = run(&bench, 4).await;
        assert_eq!((nothing.status, nothing.counts.records), (Status::Complete, 0), "{keys}: {nothing:?}");
        assert_eq!(bench.stats("files").requests, 3 + 2 + 1, "{keys}: nothing is asked twice");
        assert_eq!(nothing.records_ratio, Some(0.0), "measured by the run before, not by the one of all");
        add(&bench, 16..17);
        assert_eq!(run(&bench, 5).await.counts.records, 1, "{keys}");
        let tokens = bench.commits("files").into_iter().map(|commit| (commit.format, commit.sync.is_some()));
        assert_eq!(tokens.collect::<Vec<_>>(), [(2, true); 4]);
    }
}

#[tokio::test]
async fn a_run_with_a_token_begins_where_later_pages_are_asked_for() {
    let mut stream = files(AS_A_CURSOR);
    stream.quirks.continued_at = Some("continue".to_owned());
    stream.quirks.demanded_parameters = vec!["all".to_owned()];
    let bench = Bench::new(vec![stream], vec![], &yaml(AS_A_CURSOR)).await;
    let all = run(&bench, 2).await;
    assert_eq!((all.status, all.counts.records), (Status::Complete, 10), "{all:?}");
    add(&bench, 10..16);
    let changed = run(&bench, 3).await;
    assert_eq!((changed.status, changed.counts.records), (Status::Complete, 6), "{changed:?}");
}

#[tokio::test]
async fn a_cut_run_goes_on_with_the_token_it_was_begun_with() {
    for keys in [AS_A_VALUE, AS_A_URL] {
        let bench = bench(keys, vec![]).await;
        run(&bench, 2).await;
        add(&bench, 10..19);
        let hour = Fault::new("files", When::Request(5), FaultKind::retry_after(429, "3600")).always();
        bench.api.set_faults(vec![hour]);
        let cut = bench.run_within("files", LONG).await;
        assert_eq!((cut.status, cut.counts.records), (Status::Partial, 4), "{keys}: {cut:?}");
        bench.api.set_faults(Vec::new());
        let whole = bench.run("files").await;
        assert_eq!((whole.status, whole.counts.records), (Status::Complete, 5), "{keys}: {whole:?}");
        assert_eq!(bench.lines("files").len(), 19, "{keys}");
        assert_eq!(bench.run_at("files", "2026-11-22T18:00:00Z").await.counts.records, 0, "{keys}");
    }
}

#[tokio::test]
async fn what_a_cut_run_has_not_read_comes_with_the_event_after_it() {
    let bench = bench(AS_A_VALUE, vec![]).await;
    run(&bench, 2).await;
    add(&bench, 10..19);
    let hour = Fault::new("files", When::Request(5), FaultKind::retry_after(429, "3600")).always();
    bench.api.set_faults(vec![hour]);
    assert_eq!(bench.run_within("files", LONG).await.status, Status::Partial);
    bench.api.set_faults(Vec::new());
    let next = bench.run_at("files", "2026-11-22T18:00:00Z").await;
    assert_eq!((next.status, next.counts.records), (Status::Complete, 9), "{next:?}");
}

#[tokio::test]
async fn an_expired_token_begins_a_full_read_where_a_rule_says_so() {
    let gone = || Fault::new("files", When::Request(4), FaultKind::status(410));
    let keys = format!("{AS_A_VALUE}{RESTART}");
    let with_rule = bench(&keys, vec![gone()]).await;
    run(&with_rule, 2).await;
    add(&with_rule, 10..12);
    let again = run(&with_rule, 3).await;
    assert_eq!((again.status, again.counts.records), (Status::Complete, 12), "{again:?}");
    assert!(again.warnings.iter().any(|warning| warning.contains("everything is read again")), "{again:?}");
    assert_eq!(run(&with_rule, 4).await.counts.records, 0);
    let without = bench(AS_A_VALUE, vec![gone()]).await;
    run(&without, 2).await;
    assert_eq!(failure(&run(&without, 3).await).0, ErrorKind::Api);
}

#[tokio::test]
async fn what_a_run_had_read_before_its_token_expired_counts_once() {
    let gone = Fault::new("files", When::Request(5), FaultKind::status(410));
    let bench = bench(&format!("{AS_A_VALUE}{RESTART}"), vec![gone]).await;
    run(&bench, 2).await;
    add(&bench, 10..19);
    let again = run(&bench, 3).await;
    assert_eq!(
        (again.status, again.counts.records, again.counts.pages),
        (Status::Complete, 19, 5),
        "{again:?}"
    );
    assert_eq!(again.counts.requests, 7, "the page before, the refusal, and five pages");
    let commit = bench.commits("files").pop().expect("a commit");
    let in_parts: u64 = commit.parts.iter().map(|part| part.records).sum();
    assert_eq!((commit.counts.records, in_parts), (19, 19));
    assert_eq!(bench.lines("files").len(), 29);
}

#[tokio::test]
async fn a_last_page_without_a_token_fails_and_a_changed_request_reads_everything() {
    let mut bench = bench(&AS_A_VALUE.replace("body: token", "body: tokn"), vec![]).await;
    let report = run(&bench, 2).await;
    let (kind, told) = failure(&report);
    assert!(kind == ErrorKind::Data && told.contains("has no token for the next run"), "{told}");
    bench.reads_with(&yaml(AS_A_VALUE));
    assert_eq!(run(&bench, 2).await.counts.records, 10);
    bench.reads_with(&yaml(&format!("params: {{ fields: name }}\n    {AS_A_VALUE}")));
    let report = run(&bench, 3).await;
    assert_eq!((report.status, report.counts.records), (Status::Complete, 10), "{report:?}");
    let told = "its `sync_token` is not used: this run reads everything";
    assert!(report.warnings.iter().any(|warning| warning.contains(told)), "{report:?}");
}

#[tokio::test]
async fn a_token_that_another_release_knew_otherwise_is_used_with_the_same_file_alone() {
    for (comment, expected) in [("", 2), ("# another file\n", 12)] {
        let mut bench = bench(AS_A_VALUE, vec![]).await;
        run(&bench, 2).await;
        add(&bench, 10..12);
        let settings = bench.commits("files")[0].sync.clone().expect("it has a token").settings;
        bench.edit_commits("files", &settings, "0123456789abcdef");
        bench.reads_with(&format!("{}{comment}", yaml(AS_A_VALUE)));
        let report = run(&bench, 3).await;
        assert_eq!((report.status, report.counts.records), (Status::Complete, expected), "{report:?}");
    }
}

#[tokio::test]
async fn google_calendar_forgets_a_token_and_everything_is_read_again() {
    let vendor = Vendor::new("google-calendar").await;
    let key = KeyPair::generate_for(&PKCS_RSA_SHA256).expect("a key");
    let account = json!({ "client_email": "demo-account", "private_key": key.serialize_pem() });
    vendor.keep("google-calendar-service-account", account);
    let known = vendor.bench.api.credentials();
    vendor.bench.api.set_credentials(Credentials { assertion_key: key.public_key_pem(), ..known });
    let read = async |at: &str| {
        let report = vendor.run_at("events_by_token", at).await;
        assert_eq!((report.status, &report.error), (Status::Complete, &None), "{report:?}");
        report.counts.records
    };
    assert_eq!(read(SCHEDULED).await, 300);
    let changed = (1..=2).map(|id| change(id, "2026-11-22T18:00:00Z"));
    vendor.bench.api.append("events_by_token", changed).expect("a timeline");
    assert_eq!(read("2026-11-22T19:00:00Z").await, 2);
    assert_eq!(read("2026-11-22T20:00:00Z").await, 302, "the API does not know the token any more");
    assert_eq!(read("2026-11-22T21:00:00Z").await, 0);
}

#[tokio::test]
async fn microsoft_graph_gives_a_link_for_what_changes() {
    let vendor = Vendor::new("microsoft-graph").await;
    let read = async |at: &str| {
        let report = vendor.run_at("changed_users", at).await;
        assert_eq!((report.status, &report.error), (Status::Complete, &None), "{report:?}");
        report.counts.records
    };
    assert_eq!(read(SCHEDULED).await, 220);
    let changed = (1..=3).map(|id| change(id, "2026-11-22T18:00:00Z"));
    vendor.bench.api.append("changed_users", changed).expect("a timeline");
    assert_eq!(read("2026-11-22T19:00:00Z").await, 3);
    assert_eq!(read("2026-11-22T20:00:00Z").await, 0);
}
