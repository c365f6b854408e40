//! Looks that do not come: what was not answered proves no end, and earlier runs are remembered.

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_demo_api::{By, Fault, FaultKind, Said, Stream, When};
use bronzegate_tests::{Bench, failure};

use super::page_ends::{RECORDS, by_page, laid_out, run};

/// Ten pages, of which each names the next one at `next`.
fn by_next() -> Stream {
    laid_out(By::Cursor("after".to_owned()), vec![("next", Said::Next)], RECORDS)
}

const BY_NEXT: &str = "records: results\npagination: { type: cursor, next: { body: next }, send: { query: after }, page_size: { query: limit, value: 20 } }";

#[tokio::test]
async fn a_look_in_half_that_does_not_come_proves_nothing_and_the_next_run_looks_again() {
    for kind in [FaultKind::status(503), FaultKind::retry_after(429, "86400"), FaultKind::Reset] {
        let mut renaming = by_next();
        renaming.quirks.renames_next = Some((3, "cursor".to_owned()));
        // The fourth request asks for half of the third page.
        let away = Fault::new("items", When::Request(4), kind.clone()).always();
        let bench = Bench::one(renaming, vec![away], BY_NEXT).await;
        let (report, _) = bench.run_waiting("items").await;
        assert_eq!(failure(&report).0, ErrorKind::Api, "{kind:?}: {report:?}");
        bench.assert_nothing_visible("items");
        bench.api.set_faults(Vec::new());
        let (report, _) = bench.run_waiting("items").await;
        assert!(failure(&report).1.contains("nothing stands at body next"), "{kind:?}: {report:?}");
    }
}

#[tokio::test]
async fn a_full_first_page_that_names_no_next_one_although_it_did_in_earlier_runs_is_looked_at_in_half() {
    let bench = Bench::one(by_next(), Vec::new(), BY_NEXT).await;
    let report = bench.run_at("items", "2026-01-02T00:00:00Z").await;
    assert_eq!((report.status, report.counts.records), (Status::Complete, RECORDS), "{report:?}");
    let renamed = FaultKind::NextRenamed { name: "cursor".to_owned() };
    bench.api.set_faults(vec![Fault::new("items", When::Record(0), renamed).always()]);
    let report = bench.run_at("items", "2026-01-03T00:00:00Z").await;
    let (kind, why) = failure(&report);
    assert!(
        kind == ErrorKind::Data
            && why.contains("although pages of other branches or runs named theirs there"),
        "{report:?}"
    );
}

#[tokio::test]
async fn a_look_behind_the_stated_end_that_is_not_let_in_now_proves_nothing() {
    let settings = by_page(", total_pages: { body: pages }").replace("per_page", "limit");
    let stale = laid_out(By::Page("page".to_owned()), vec![("pages", Said::Just(4.into()))], RECORDS);
    let away = Fault::new("items", When::Request(5), FaultKind::retry_after(429, "86400")).always();
    let (bench, report) = run(stale, vec![away], &settings).await;
    assert_eq!(failure(&report).0, ErrorKind::Api, "{report:?}");
    bench.assert_nothing_visible("items");
}
