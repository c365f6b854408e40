//! Progress is proved: repeats, empty and short pages, totals, and where the pages end.

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_demo_api::{Fault, FaultKind, Shape, Stream, Style, When};
use bronzegate_tests::{Bench, expected, failure};

const RECORDS: u64 = 235;

fn stream(style: Style) -> Stream {
    Stream::new("items", style, Shape::Small, RECORDS).page_size(20)
}

/// The settings of a cursor stream, with more of them in `pagination`.
fn by_cursor(more: &str) -> String {
    format!(
        "records: results\npagination: {{ type: cursor, next: {{ body: paging.next.after }}, send: {{ query: after }}, page_size: {{ query: limit, value: 20 }}{more} }}"
    )
}

fn by_offset(concurrency: u32, more: &str) -> String {
    format!(
        "records: results\nconcurrency: {concurrency}\npagination: {{ type: offset, send: {{ query: offset }}, page_size: {{ query: limit, value: 20 }}{more} }}"
    )
}

fn by_page(concurrency: u32, more: &str) -> String {
    format!(
        "records: results\nconcurrency: {concurrency}\npagination: {{ type: page, start: 1, send: {{ query: page }}, page_size: {{ query: per_page, value: 20 }}{more} }}"
    )
}

const BY_LINK: &str =
    "records: $\npagination: { type: link_header, page_size: { query: per_page, value: 20 }";
const BY_URL: &str = "records: results\npagination: { type: next_url, next: { body: next }, page_size: { query: limit, value: 20 }";

async fn run(style: Style, faults: Vec<Fault>, settings: &str) -> (Bench, RunReport) {
    let bench = Bench::one(stream(style), faults, settings).await;
    let (report, _) = bench.run_waiting("items").await;
    (bench, report)
}

fn fault(page: u64, kind: FaultKind) -> Vec<Fault> {
    vec![Fault::new("items", When::Page(page), kind)]
}

#[track_caller]
fn assert_stuck((bench, report): &(Bench, RunReport), page: u64, why: &str) {
    let (kind, message) = failure(report);
    assert_eq!(kind, ErrorKind::Data, "{message}");
    assert!(message.starts_with(&format!("demo/items, page {page}: ")) && message.contains(why), "{message}");
    bench.assert_nothing_visible("items");
}

/// The run is complete and bronze holds these of the API's records.
#[track_caller]
fn assert_holds((bench, report): &(Bench, RunReport), records: impl IntoIterator<Item = usize>) {
    assert_eq!((report.status, &report.error), (Status::Complete, &None));
    let all = expected(Shape::Small, RECORDS);
    let records: Vec<_> = records.into_iter().map(|n| all[n].clone()).collect();
    assert_eq!(bench.records("items"), records);
    assert_eq!(report.counts.records, records.len() as u64);
}

#[tokio::test]
async fn a_cursor_or_url_that_comes_again_is_no_progress() {
    let again = "a cursor or next URL again";
    for more in ["", ", on_repeat: allow"] {
        let cursor = by_cursor(more);
        let outcome = run(Style::Cursor, fault(2, FaultKind::RepeatCursor), &cursor).await;
        assert_stuck(&outcome, 2, again);
        assert_eq!(outcome.0.stats("items").requests, 2, "the repeated cursor is not asked for");
        let outcome = run(Style::Cursor, fault(3, FaultKind::CursorLoop { period: 2 }), &cursor).await;
        assert_stuck(&outcome, 3, again);
        let outcome = run(Style::Cursor, fault(9, FaultKind::CursorLoop { period: 8 }), &cursor).await;
        assert_stuck(&outcome, 9, again);
        for (style, settings) in [(Style::LinkHeader, BY_LINK), (Style::NextUrl, BY_URL)] {
            let settings = format!("{settings}{more} }}");
            let outcome = run(style, fault(3, FaultKind::CursorLoop { period: 2 }), &settings).await;
            assert_stuck(&outcome, 3, again);
        }
    }
}

#[tokio::test]
async fn a_cursor_back_to_the_first_page_is_noticed_by_its_records() {
    let outcome = run(Style::Cursor, fault(1, FaultKind::RepeatCursor), &by_cursor("")).await;
    assert_stuck(&outcome, 2, "the page's records are those of an earlier page");
    // The cursor changes for ever, the page does not.
    let outcome = run(Style::Cursor, fault(3, FaultKind::RepeatPage), &by_cursor("")).await;
    assert_stuck(&outcome, 3, "the page's records are those of an earlier page");
    let outcome = run(Style::Page, fault(3, FaultKind::RepeatPage), &by_page(4, "")).await;
    assert_stuck(&outcome, 3, "the page's records are those of an earlier page");
    let outcome = run(Style::Offset, fault(3, FaultKind::RepeatPage), &by_offset(4, "")).await;
    assert_stuck(&outcome, 3, "the page's records are those of an earlier page");
}

#[tokio::test]
async fn a_repeat_may_be_the_end() {
    let end = by_cursor(", on_repeat: end");
    // The page whose cursor repeats brings new records: it is written.
    assert_holds(&run(Style::Cursor, fault(2, FaultKind::RepeatCursor), &end).await, 0..40);
    // The page that repeats records is not.
    assert_holds(&run(Style::Cursor, fault(3, FaultKind::RepeatPage), &end).await, 0..40);
    let page = by_page(8, ", on_repeat: end");
    assert_holds(&run(Style::Page, fault(5, FaultKind::RepeatPage), &page).await, 0..80);
}

#[tokio::test]
async fn equal_pages_may_be_allowed() {
    let allow = by_cursor(", on_repeat: allow");
    let outcome = run(Style::Cursor, fault(3, FaultKind::RepeatPage), &allow).await;
    assert_holds(&outcome, (0..40).chain(20..40).chain(60..235));
}

#[tokio::test]
async fn an_empty_page_that_names_a_next_one_is_not_the_end() {
    let cursor = by_cursor("");
    let link = format!("{BY_LINK} }}");
    let url = format!("{BY_URL} }}");
    for (style, settings) in [(Style::Cursor, &cursor), (Style::LinkHeader, &link), (Style::NextUrl, &url)] {
        let outcome = run(style, fault(3, FaultKind::EmptyPage), settings).await;
        assert_holds(&outcome, 0..235);
        assert_eq!((outcome.1.counts.pages, outcome.0.stats("items").requests), (13, 13));
        let ending = settings.replace(" }", ", stop: [empty_page] }").replacen(
            ", stop: [empty_page] }",
            " }",
            settings.matches(" }").count() - 1,
        );
        assert_holds(&run(style, fault(3, FaultKind::EmptyPage), &ending).await, 0..40);
    }
}

#[tokio::test]
async fn an_empty_page_ends_pages_that_are_counted() {
    for concurrency in [1, 8] {
        let outcome = run(Style::Page, Vec::new(), &by_page(concurrency, "")).await;
        assert_holds(&outcome, 0..235);
        let outcome = run(Style::Offset, Vec::new(), &by_offset(concurrency, "")).await;
        assert_holds(&outcome, 0..235);
        // With a number of pages stated, one that is empty before the last is asked for again.
        let total = by_page(concurrency, ", total_pages: { body: total_pages }");
        let outcome = run(Style::Page, fault(4, FaultKind::EmptyPage), &total).await;
        assert_holds(&outcome, 0..235);
    }
}

#[tokio::test]
async fn a_thousand_empty_pages_in_a_row_are_too_many() {
    let empty = |times| vec![Fault::new("items", When::Request(2), FaultKind::EmptyPage).times(times)];
    assert_holds(&run(Style::Cursor, empty(999), &by_cursor("")).await, 0..235);
    let outcome = run(Style::Cursor, empty(1_000), &by_cursor("")).await;
    assert_stuck(&outcome, 1_001, "1000 pages in a row had no records");
}

#[tokio::test]
async fn a_short_page_is_the_end_only_where_the_file_says_so() {
    let short = || fault(2, FaultKind::ShortPage { records: 3 });
    assert_holds(&run(Style::Cursor, short(), &by_cursor("")).await, 0..235);
    assert_holds(&run(Style::Cursor, short(), &by_cursor(", stop: [short_page]")).await, 0..23);
    let condition = ", stop: [{ at: { body: paging.next.after }, equals: c14 }]";
    assert_holds(&run(Style::Cursor, Vec::new(), &by_cursor(condition)).await, 0..40);
    let either = ", stop: [empty_page, { at: { body: paging.next.after }, exists: false }]";
    assert_holds(&run(Style::Cursor, short(), &by_cursor(either)).await, 0..235);
}

#[tokio::test]
async fn a_short_page_among_pages_fetched_ahead_loses_and_repeats_nothing() {
    for total in ["", ", total: { body: total }"] {
        let settings = by_offset(8, total);
        for record in [0, 50, 119, 120, 219, 234] {
            let kind = FaultKind::ShortPage { records: 7 };
            let faults = vec![Fault::new("items", When::Record(record), kind)];
            assert_holds(&run(Style::Offset, faults, &settings).await, 0..235);
        }
        let kind = FaultKind::ShortPage { records: 1 };
        let faults = vec![Fault::new("items", When::Probability(0.3), kind).always()];
        assert_holds(&run(Style::Offset, faults, &settings).await, 0..235);
    }
    // The server lowers the page size: every page is short.
    let bench = Bench::one(stream(Style::Offset).max_page_size(13), Vec::new(), &by_offset(8, "")).await;
    let report = bench.run("items").await;
    let outcome = (bench, report);
    assert_holds(&outcome, 0..235);
    // 19 pages, and what was in flight in vain: before the lowered size is known, after the last
    // page, which is shorter still, and after the end.
    assert!(outcome.1.counts.requests <= 19 + 3 * 8, "{} requests", outcome.1.counts.requests);
}

#[tokio::test]
async fn nothing_beyond_a_stated_end_is_asked_for() {
    for (style, settings) in [
        (Style::Offset, by_offset(1, ", total: { header: X-Total-Count }")),
        (Style::Page, by_page(1, ", total_pages: { body: total_pages }")),
    ] {
        let outcome = run(style, Vec::new(), &settings).await;
        assert_holds(&outcome, 0..235);
        assert_eq!(outcome.0.stats("items").requests, 12, "{settings}");
    }
    let settings = by_offset(16, ", total: { body: total }");
    let outcome = run(Style::Offset, Vec::new(), &settings).await;
    assert_holds(&outcome, 0..235);
    assert!(outcome.0.stats("items").max_in_flight <= 16);
}

#[tokio::test]
async fn max_pages_is_a_guard_and_no_end() {
    assert_holds(&run(Style::Cursor, Vec::new(), &by_cursor(", max_pages: 12")).await, 0..235);
    let outcome = run(Style::Cursor, Vec::new(), &by_cursor(", max_pages: 11")).await;
    assert_stuck(&outcome, 11, "needs more than max_pages (11)");
    let outcome = run(Style::Offset, Vec::new(), &by_offset(4, ", max_pages: 3")).await;
    assert_stuck(&outcome, 3, "needs more than max_pages (3)");
}

fn off(by: i64) -> Vec<Fault> {
    vec![Fault::new("items", When::Request(1), FaultKind::TotalOff { by }).always()]
}

#[tokio::test]
async fn a_shortfall_fails_and_a_tolerance_allows_for_it() {
    for (style, settings) in
        [(Style::Cursor, by_cursor as fn(&str) -> String), (Style::Offset, |more| by_offset(4, more))]
    {
        let with = |tolerance: &str| settings(&format!(", total: {{ body: total{tolerance} }}"));
        let outcome = run(style, off(5), &with("")).await;
        let (kind, message) = failure(&outcome.1);
        assert_eq!(kind, ErrorKind::Data);
        assert!(message.contains("the API says there are 240 records, but 235 came"), "{message}");
        outcome.0.assert_nothing_visible("items");
        for (tolerance, passes) in [("5", true), ("4", false), ("2.1%", true), ("2%", false)] {
            let outcome = run(style, off(5), &with(&format!(", tolerance: {tolerance}"))).await;
            assert_eq!(outcome.1.status == Status::Complete, passes, "{tolerance}: {:?}", outcome.1);
        }
    }
}

#[tokio::test]
async fn a_surplus_warns_and_the_latest_total_counts() {
    let outcome = run(Style::Cursor, off(-5), &by_cursor(", total: { body: total }")).await;
    assert_holds(&outcome, 0..235);
    assert_eq!(outcome.1.warnings, ["the API says there are 230 records, and 235 came"]);
    assert_eq!(outcome.0.commits("items")[0].warnings, outcome.1.warnings);
    let early = vec![Fault::new("items", When::Request(1), FaultKind::TotalOff { by: 100 }).times(11)];
    let outcome = run(Style::Cursor, early, &by_cursor(", total: { body: total }")).await;
    assert_holds(&outcome, 0..235);
    assert!(outcome.1.warnings.is_empty());
}

#[tokio::test]
async fn a_total_that_falls_while_pages_are_counted_is_told_once() {
    let total = ", total: { body: total }";
    for (style, settings, told) in [
        (Style::Offset, by_offset(1, total), true),
        (Style::Offset, by_offset(4, total), true),
        (Style::Cursor, by_cursor(total), false),
    ] {
        // Two records more are stated on the first four pages, and on the sixth.
        let more = |page| Fault::new("items", When::Page(page), FaultKind::TotalOff { by: 2 });
        let outcome = run(style, vec![more(1), more(2), more(3), more(4), more(6)], &settings).await;
        assert_holds(&outcome, 0..235);
        let warnings = &outcome.1.warnings;
        assert_eq!(warnings.len(), usize::from(told), "{style:?}: {warnings:?}");
        assert_eq!(outcome.0.commits("items")[0].may_lack, told, "{style:?}");
        let text = "the stated total fell from 237 to 235 while pages were read: rows";
        assert!(warnings.iter().all(|warning| warning.starts_with(text)), "{warnings:?}");
    }
}

#[tokio::test]
async fn an_offset_advances_by_what_was_asked_for_where_rows_are_hidden() {
    for concurrency in [1, 4] {
        let settings = by_offset(concurrency, ", advance: requested, total: { body: total }");
        let hides = |page, kind| Fault::new("items", When::Page(page), kind);
        let faults = vec![hides(2, FaultKind::ShortPage { records: 3 }), hides(4, FaultKind::EmptyPage)];
        let outcome = run(Style::Offset, faults, &settings).await;
        assert_holds(&outcome, (0..23).chain(40..60).chain(80..235));
        assert!(outcome.1.warnings.is_empty(), "{:?}", outcome.1.warnings);
        assert_holds(&run(Style::Offset, fault(12, FaultKind::EmptyPage), &settings).await, 0..220);
        // All of what is behind the offset reached is a shortfall.
        let faults = vec![hides(5, FaultKind::status(204)).always()];
        let outcome = run(Style::Offset, faults, &settings).await;
        assert_eq!(failure(&outcome.1).0, ErrorKind::Data, "{:?}", outcome.1);
    }
}

#[tokio::test]
async fn no_content_is_the_end() {
    let none = |page| vec![Fault::new("items", When::Page(page), FaultKind::status(204)).always()];
    let outcome = run(Style::Cursor, none(3), &by_cursor("")).await;
    assert_holds(&outcome, 0..40);
    let outcome = run(Style::Cursor, fault(1, FaultKind::status(204)), &by_cursor("")).await;
    assert_holds(&outcome, 0..0);
    assert!(outcome.1.parts.is_empty() && outcome.0.commits("items").len() == 1);
    let total = by_cursor(", total: { body: total }");
    let outcome = run(Style::Cursor, none(3), &total).await;
    assert!(failure(&outcome.1).1.contains("but 40 came"), "{:?}", outcome.1);
}

#[tokio::test]
async fn carried_values_go_with_every_later_request() {
    let settings = format!(
        "{}\nresponses: [{{ when: {{ at: {{ status: true }}, equals: 400 }}, then: fail, message: {{ body: error.headers }} }}]",
        by_cursor(", carry: [{ from: { body: total }, to: { header: X-Carried } }]")
    );
    for (page, sent) in [(1, false), (2, true), (3, true)] {
        let outcome = run(Style::Cursor, fault(page, FaultKind::EchoSecret), &settings).await;
        let (kind, message) = failure(&outcome.1);
        assert_eq!(kind, ErrorKind::Api);
        assert_eq!(message.contains("x-carried: 235"), sent, "{message}");
    }
}

#[tokio::test]
async fn an_initial_cursor_begins_in_the_middle() {
    let outcome = run(Style::Cursor, Vec::new(), &by_cursor(", initial: c14")).await;
    assert_holds(&outcome, 40..235);
    let outcome = run(Style::Offset, Vec::new(), &by_offset(4, ", start: 40")).await;
    assert_holds(&outcome, 40..235);
    let outcome = run(Style::Page, Vec::new(), &by_page(4, "").replace("start: 1", "start: 3")).await;
    assert_holds(&outcome, 40..235);
}

#[tokio::test]
async fn an_initial_cursor_may_differ_from_branch_to_branch() {
    let partitions = "\npartitions: { from: [\"14\", \"1r\"] }\nbranch_fields: none";
    let settings = by_cursor(", initial: \"c{{ partition.from }}\"");
    let whole = run(Style::Cursor, Vec::new(), &by_cursor(", initial: c1r")).await;
    let (bench, report) = run(Style::Cursor, Vec::new(), &format!("{settings}{partitions}")).await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None), "{report:?}");
    let expected = 195 + whole.0.records("items").len();
    assert_eq!(bench.records("items").len(), expected);
}

#[tokio::test]
async fn a_parameter_that_the_api_ignores_is_the_first_thing_to_look_at() {
    for (style, settings, sent) in [
        (Style::Page, by_page(1, "").replace("query: page ", "query: pagee "), "query parameter pagee"),
        (Style::Offset, by_offset(1, "").replace("query: offset ", "query: skip "), "query parameter skip"),
    ] {
        let why =
            format!("Most likely it ignores what is sent: does `send` ({sent}) name the API's parameter? If");
        assert_stuck(&run(style, Vec::new(), &settings).await, 2, &why);
    }
}
