//! Totals that an API states, or should: what is not to be compared with them is an error, never silence.

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_demo_api::{Fault, FaultKind, Shape, Stream, Style, When};
use bronzegate_tests::{Bench, failure};

/// A page of the records with these ids, and what else its body holds.
fn page(ids: std::ops::Range<u32>, more: &str) -> FaultKind {
    let records: Vec<_> = ids.map(|id| format!("{{\"id\":{id}}}")).collect();
    let body = format!("{{\"results\":[{}]{more}}}", records.join(","));
    FaultKind::RawBody { content_type: "application/json".to_owned(), body: body.into(), status: 200 }
}

/// Reads these pages by their number; what lies after them is empty.
async fn read(pages: Vec<FaultKind>, more: &str) -> (Bench, RunReport) {
    let settings = format!("records: results\npagination: {{ type: page, send: {{ query: page }}{more} }}");
    let faults = (1..).zip(pages);
    let faults = faults.map(|(number, kind)| Fault::new("items", When::Page(number), kind).always());
    let stream = Stream::new("items", Style::Page, Shape::Small, 0);
    let bench = Bench::one(stream, faults.collect(), &settings).await;
    let (report, _) = bench.run_waiting("items").await;
    (bench, report)
}

#[track_caller]
fn assert_holds((bench, report): &(Bench, RunReport), records: u64) {
    assert_eq!((report.status, &report.error), (Status::Complete, &None));
    assert_eq!((bench.records("items").len() as u64, report.counts.records), (records, records));
}

#[track_caller]
fn assert_refused((bench, report): &(Bench, RunReport), page: u64, why: &str) {
    let (kind, message) = failure(report);
    assert_eq!(kind, ErrorKind::Data, "{message}");
    assert!(message.starts_with(&format!("demo/items, page {page}: ")) && message.contains(why), "{message}");
    bench.assert_nothing_visible("items");
}

const TOTAL: &str = ", total: { body: total }";

#[tokio::test]
async fn a_total_that_no_response_states_is_refused_at_the_end() {
    let why = "there is nothing at body total, where `total` looks for it";
    // Its name is another, or it is null: two of five records came.
    for more in [",\"count\":5", ",\"total\":null", ",\"total\":\"\""] {
        assert_refused(&read(vec![page(0..2, more), page(0..0, more)], TOTAL).await, 2, why);
    }
    // The first page alone may state it, and where there is nothing no page need.
    assert_holds(&read(vec![page(0..2, ",\"total\":2"), page(0..0, "")], TOTAL).await, 2);
    let short = read(vec![page(0..2, ",\"total\":5"), page(0..0, "")], TOTAL).await;
    assert_refused(&short, 2, "the API says there are 5 records, but 2 came");
    assert_holds(&read(vec![page(0..0, "")], TOTAL).await, 0);
    assert_holds(&read(vec![FaultKind::status(204)], TOTAL).await, 0);
}

#[tokio::test]
async fn a_total_is_a_whole_number_however_it_is_written() {
    for total in ["5.0", "\"5\"", "\"5.00\"", "\" 5 \""] {
        let more = format!(",\"total\":{total}");
        let short = read(vec![page(0..2, &more), page(0..0, &more)], TOTAL).await;
        assert_refused(&short, 2, "the API says there are 5 records, but 2 came");
        assert_holds(&read(vec![page(0..5, &more), page(0..0, &more)], TOTAL).await, 5);
    }
    for total in ["5.5", "-1", "\"many\"", "true", "{\"value\":5}", "\"5.\"", "5e0"] {
        let more = format!(",\"total\":{total}");
        let why = format!("`total` leads to {} (at body total)", total.trim_matches('"'));
        assert_refused(&read(vec![page(0..2, &more)], TOTAL).await, 1, &why);
    }
    let pages = ", total_pages: { body: pages }";
    let outcome = read(vec![page(0..2, ",\"pages\":\"some\"")], pages).await;
    assert_refused(&outcome, 1, "`total_pages` leads to some (at body pages)");
}

#[tokio::test]
async fn a_number_of_pages_that_falls_is_told_and_does_not_end_the_pages_that_are_there() {
    let says = |ids, pages: u32| page(ids, &format!(",\"pages\":{pages}"));
    let settings = ", total_pages: { body: pages }";
    let told = "the stated number of pages fell from 5 to 2 while pages were read: rows";
    // The API miscounts: all pages are there.
    let all = vec![says(0..2, 5), says(2..4, 2), says(4..6, 2), says(6..8, 5), says(8..10, 5)];
    let outcome = read(all, settings).await;
    assert_holds(&outcome, 10);
    assert_eq!(outcome.1.warnings.len(), 1, "{:?}", outcome.1.warnings);
    assert!(outcome.1.warnings[0].starts_with(told), "{:?}", outcome.1.warnings);
    // Rows went: the first page after the lower number is empty, and the last that is asked for.
    let outcome = read(vec![says(0..2, 5), says(2..4, 2), says(0..0, 2)], settings).await;
    assert_holds(&outcome, 4);
    assert!(outcome.1.warnings[0].starts_with(told), "{:?}", outcome.1.warnings);
    assert_eq!(outcome.1.counts.pages, 3);
}

#[tokio::test]
async fn a_total_may_stand_within_a_text() {
    const RANGE: &str = ", total: { body: range, match: '/([0-9]+)$' }";
    let ranged = |range: &str| vec![page(0..2, &format!(",\"range\":\"{range}\"")), page(0..0, "")];
    assert_holds(&read(ranged("items 0-1/2"), RANGE).await, 2);
    assert_refused(
        &read(ranged("items 0-1/5"), RANGE).await,
        2,
        "the API says there are 5 records, but 2 came",
    );
    assert_refused(&read(ranged("items 0-1/*"), RANGE).await, 1, "which is no whole number");
}
