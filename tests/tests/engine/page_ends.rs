//! Ends that are none: what a page says of the end is compared with the pages around it.

use std::time::Duration;

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_demo_api::{By, Fault, FaultKind, Framing, Layout, Quirks, Said, Shape, Stream, Style, When};
use bronzegate_tests::{Bench, expected, failure};

pub(super) const RECORDS: u64 = 200;

fn stream(style: Style, records: u64) -> Stream {
    Stream::new("items", style, Shape::Small, records).page_size(20)
}

/// A stream whose pages are counted and written as a layout says.
pub(super) fn laid_out(by: By, body: Vec<(&str, Said)>, records: u64) -> Stream {
    let body = body.into_iter().map(|(at, said)| (at.to_owned(), said)).collect();
    let layout = Layout {
        by,
        size: Some("limit".to_owned()),
        records: "results".to_owned(),
        body,
        headers: Vec::new(),
    };
    let mut stream = stream(Style::Layout, records);
    stream.quirks = Quirks { layout, ..Quirks::default() };
    stream
}

pub(super) fn by_page(more: &str) -> String {
    format!(
        "records: results\npagination: {{ type: page, start: 1, send: {{ query: page }}, page_size: {{ query: per_page, value: 20 }}{more} }}"
    )
}

fn by_offset(more: &str) -> String {
    format!(
        "records: results\npagination: {{ type: offset, send: {{ query: offset }}, page_size: {{ query: limit, value: 20 }}{more} }}"
    )
}

fn by_cursor(more: &str) -> String {
    format!(
        "records: results\npagination: {{ type: cursor, next: {{ body: paging.next.after }}, send: {{ query: after }}, page_size: {{ query: limit, value: 20 }}{more} }}"
    )
}

pub(super) async fn run(stream: Stream, faults: Vec<Fault>, settings: &str) -> (Bench, RunReport) {
    let bench = Bench::one(stream, faults, settings).await;
    let (report, _) = bench.run_waiting("items").await;
    (bench, report)
}

fn at_page(page: u64, kind: FaultKind) -> Fault {
    Fault::new("items", When::Page(page), kind)
}

fn no_records() -> FaultKind {
    let body = "{\"results\":[]}".into();
    FaultKind::RawBody { content_type: "application/json".to_owned(), body, status: 200 }
}

#[track_caller]
fn assert_all((bench, report): &(Bench, RunReport)) {
    assert_eq!((report.status, &report.error), (Status::Complete, &None), "{report:?}");
    let records = bench.records("items");
    assert_eq!(records, expected(Shape::Small, records.len() as u64));
    assert_eq!(report.counts.records, RECORDS, "{report:?}");
}

#[track_caller]
fn assert_refused((bench, report): &(Bench, RunReport), why: &str) {
    let (kind, message) = failure(report);
    assert!(kind == ErrorKind::Data && message.contains(why), "{message}");
    bench.assert_nothing_visible("items");
}

#[tokio::test]
async fn a_page_that_is_empty_once_is_no_end_where_a_later_one_has_records() {
    for (style, settings) in [(Style::Page, by_page("")), (Style::Offset, by_offset(""))] {
        for concurrency in ["", "\nconcurrency: 1"] {
            let settings = format!("{settings}{concurrency}");
            for page in [1, 3, 10] {
                for kind in [no_records(), FaultKind::EmptyPage, FaultKind::status(204)] {
                    let faults = vec![at_page(page, kind)];
                    assert_all(&run(stream(style, RECORDS), faults, &settings).await);
                }
            }
            let faults = vec![at_page(3, no_records()).always()];
            let outcome = run(stream(style, RECORDS), faults, &settings).await;
            assert_refused(&outcome, "which lies after it: the API leaves some out");
        }
    }
}

#[tokio::test]
async fn a_page_within_the_stated_number_that_is_empty_once_is_asked_for_again() {
    for concurrency in ["", "\nconcurrency: 1"] {
        let settings = format!("{}{concurrency}", by_page(", total_pages: { body: total_pages }"));
        for page in [2, 3, 10] {
            for kind in [no_records(), FaultKind::status(204)] {
                let faults = vec![at_page(page, kind)];
                assert_all(&run(stream(Style::Page, RECORDS), faults, &settings).await);
            }
        }
    }
    // One that stays empty is a page like any other.
    let hidden = vec![at_page(3, no_records()).always()];
    let settings = by_page(", total_pages: { body: total_pages }");
    let (bench, report) = run(stream(Style::Page, RECORDS), hidden, &settings).await;
    assert_eq!((report.status, report.counts.records), (Status::Complete, RECORDS - 20), "{report:?}");
    assert_eq!(bench.stats("items").requests, 12);
}

#[tokio::test]
async fn a_page_that_does_not_come_when_it_is_looked_at_again_is_no_end() {
    for (style, settings) in
        [(Style::Cursor, by_cursor("")), (Style::Offset, by_offset("")), (Style::Page, by_page(""))]
    {
        let settings = format!("{settings}\nconcurrency: 1");
        let fails = Fault::new("items", When::Request(4), FaultKind::status(500)).always();
        let (bench, report) =
            run(stream(style, RECORDS), vec![at_page(3, no_records()), fails], &settings).await;
        let (kind, message) = failure(&report);
        assert!(kind == ErrorKind::Api && message.contains("HTTP 500"), "{style:?}: {message}");
        bench.assert_nothing_visible("items");
    }
}

#[tokio::test]
async fn a_last_page_that_there_is_no_time_to_look_at_again_is_left_to_the_next_segment() {
    let stated = laid_out(By::Page("page".to_owned()), vec![("pages", Said::Pages)], RECORDS);
    let by_number = by_page(", total_pages: { body: pages }").replace("per_page", "limit");
    let named = laid_out(By::Cursor("after".to_owned()), vec![("next", Said::Next)], RECORDS);
    let by_name = "records: results\npagination: { type: cursor, next: { body: next }, send: { query: after }, page_size: { query: limit, value: 20 } }";
    for (stream, settings) in [(stated, format!("{by_number}\nconcurrency: 1")), (named, by_name.to_owned())]
    {
        let bench = Bench::one(stream, Vec::new(), &settings).await;
        let hour = FaultKind::retry_after(429, "3600");
        bench.api.set_faults(vec![Fault::new("items", When::Request(11), hour).always()]);
        let cut = bench.run_within("items", Duration::from_mins(5)).await;
        assert_eq!((cut.status, cut.counts.records), (Status::Partial, RECORDS - 20), "{cut:?}");
        bench.api.set_faults(Vec::new());
        let rest = bench.run("items").await;
        assert_eq!((rest.status, &rest.error), (Status::Complete, &None), "{rest:?}");
        assert_eq!(bench.records("items"), expected(Shape::Small, RECORDS));
    }
}

#[tokio::test]
async fn a_page_that_a_cursor_named_and_is_empty_once_is_asked_for_again() {
    for kind in [no_records(), FaultKind::status(204)] {
        let faults = vec![at_page(2, kind)];
        assert_all(&run(stream(Style::Cursor, RECORDS), faults, &by_cursor("")).await);
    }
    // After a total that is not reached, too; an empty page after a short one is no news.
    let faults = vec![at_page(2, no_records())];
    let total = by_cursor(", total: { body: total }");
    assert_all(&run(stream(Style::Cursor, RECORDS), faults, &total).await);
    let mut naming = stream(Style::Cursor, 35);
    naming.quirks.names_next_at_end = true;
    let (bench, report) = run(naming, Vec::new(), &by_cursor(", on_repeat: end")).await;
    assert_eq!((report.status, bench.stats("items").requests), (Status::Complete, 3), "{report:?}");
}

#[tokio::test]
async fn a_number_of_pages_that_is_too_low_does_not_end_the_pages() {
    for (by, start) in [(By::Page("page".to_owned()), 1), (By::PageFromZero("page".to_owned()), 0)] {
        let pages = Said::Just(4.into());
        let stale = laid_out(by.clone(), vec![("pages", pages)], RECORDS);
        let settings = format!(
            "records: results\npagination: {{ type: page, start: {start}, send: {{ query: page }}, page_size: {{ query: limit, value: 20 }}, total_pages: {{ body: pages }} }}\nresponses: [{{ when: {{ at: {{ status: true }}, equals: 404 }}, then: end }}]"
        );
        let outcome = run(stale, Vec::new(), &settings).await;
        assert_all(&outcome);
        assert!(
            outcome.1.warnings[0].starts_with("the API states 4 pages, and there are more"),
            "{:?}",
            outcome.1
        );
        // Nothing is asked for after a last page that is short, and nothing comes of it after one that is full.
        for (records, requests) in [(RECORDS, 11), (RECORDS - 1, 10)] {
            let right = laid_out(by.clone(), vec![("pages", Said::Pages)], records);
            let (bench, report) = run(right, Vec::new(), &settings).await;
            assert_eq!((report.counts.records, &report.warnings), (records, &Vec::new()), "{report:?}");
            assert_eq!((bench.stats("items").requests, report.counts.api_errors), (requests, 0));
        }
    }
}

#[tokio::test]
async fn a_number_of_pages_as_large_as_numbers_get_does_not_end_them_early() {
    let pages = Said::Just(u64::MAX.into());
    let stream = laid_out(By::Page("page".to_owned()), vec![("pages", pages)], RECORDS);
    let settings = by_page(", total_pages: { body: pages }").replace("per_page", "limit");
    // The third page is empty, which is a page like any other where more are stated.
    let outcome = run(stream, vec![at_page(3, no_records())], &settings).await;
    let (kind, message) = failure(&outcome.1);
    assert!(kind == ErrorKind::Data && message.contains("1000 pages in a row had no records"), "{message}");
}

#[tokio::test]
async fn an_offset_behind_the_end_may_be_answered_with_the_last_page() {
    for (style, settings) in [
        (Style::Offset, by_offset(", total: { body: total }")),
        (Style::Page, by_page(", total: { body: total }")),
    ] {
        let mut clamping = match style {
            Style::Page => laid_out(By::Page("page".to_owned()), vec![("total", Said::Total)], RECORDS),
            _ => stream(style, RECORDS),
        };
        clamping.quirks.clamps = true;
        let settings = if style == Style::Page { settings.replace("per_page", "limit") } else { settings };
        let outcome = run(clamping.clone(), Vec::new(), &settings).await;
        assert_all(&outcome);
        // A repeat before the total is reached is none of the end.
        let off = Fault::new("items", When::Request(1), FaultKind::TotalOff { by: 30 }).always();
        let outcome = run(clamping, vec![off], &settings).await;
        assert_refused(&outcome, "the page's records are those of an earlier page");
    }
}

#[tokio::test]
async fn rows_behind_a_page_that_the_api_made_smaller_are_not_passed_over_as_hidden() {
    let settings = by_offset(", advance: requested, total: { body: total }");
    for cap in [10, 15, 3] {
        let capped = stream(Style::Offset, RECORDS).max_page_size(cap);
        let outcome = run(capped, Vec::new(), &settings).await;
        assert_refused(&outcome, &format!("Write `value: {cap}` in `page_size`"));
    }
    let mut hiding = stream(Style::Offset, RECORDS);
    hiding.quirks.hidden_every = Some(5);
    let (bench, report) = run(hiding, Vec::new(), &settings).await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None));
    assert_eq!(bench.records("items"), bench.api.records("items"));
    assert_eq!(bench.stats("items").requests, 11, "one of them looks after the first short page");
}

#[tokio::test]
async fn a_full_page_that_names_no_next_one_although_others_did_is_looked_at_in_half() {
    let by_next = |size: &str| {
        format!(
            "records: results\npagination: {{ type: cursor, next: {{ body: next }}, send: {{ query: after }}{size} }}"
        )
    };
    let sized = by_next(", page_size: { query: limit, value: 20 }");
    let layout = || laid_out(By::Cursor("after".to_owned()), vec![("next", Said::Next)], RECORDS);
    let mut renaming = layout();
    renaming.quirks.renames_next = Some((3, "cursor".to_owned()));
    let outcome = run(renaming.clone(), Vec::new(), &sized).await;
    assert_refused(
        &outcome,
        "nothing stands at body next, where the next page is named, although pages before",
    );
    // Without a size to ask for less by, the run is marked.
    let (bench, report) = run(renaming, Vec::new(), &by_next("")).await;
    assert_eq!((report.status, report.counts.records), (Status::Complete, 60));
    assert!(bench.commits("items")[0].may_lack);
    assert!(
        report.warnings[0].contains("20, and nothing at body next: nothing proves"),
        "{:?}",
        report.warnings
    );
    // Where the last page is full, its half names a next one.
    let outcome = run(layout(), Vec::new(), &sized).await;
    assert_all(&outcome);
    assert_eq!((outcome.1.warnings.len(), outcome.0.stats("items").requests), (0, 11));
    assert!(!outcome.0.commits("items")[0].may_lack);
}

#[tokio::test]
async fn a_number_of_records_at_which_servers_cut_is_marked_unless_something_proves_the_end() {
    let single = Stream::new("items", Style::Single, Shape::Small, 1_000);
    let (bench, report) = run(single, Vec::new(), "records: results\npagination: { type: none }").await;
    assert!(report.warnings[0].starts_with("exactly 1000 records came"), "{:?}", report.warnings);
    assert!(bench.commits("items")[0].may_lack);
    let paged = || Stream::new("items", Style::Page, Shape::Small, 1_000);
    let settings = by_page("").replace("value: 20", "value: 100");
    let (bench, _) = run(paged(), Vec::new(), &settings).await;
    assert!(bench.commits("items")[0].may_lack, "an empty page proves nothing where servers cut");
    let proven = by_page(", total_pages: { body: total_pages }").replace("value: 20", "value: 100");
    let short = by_page("").replace("value: 20", "value: 300");
    for settings in [proven, short] {
        let (bench, report) = run(paged(), Vec::new(), &settings).await;
        assert_eq!((report.counts.records, report.warnings.len()), (1_000, 0), "{:?}", report.warnings);
        assert!(!bench.commits("items")[0].may_lack);
    }
}

#[tokio::test]
async fn caches_are_asked_to_stay_out_and_an_answer_out_of_one_is_told_once() {
    let aged = FaultKind::Status {
        code: 200,
        body: Some("{\"results\":[{\"id\":1}]}".into()),
        headers: vec![("Age".to_owned(), "3600".to_owned())],
        content_type: None,
    };
    let echo = vec![at_page(1, FaultKind::EchoSecret)];
    let fails = "\nresponses: [{ when: { at: { status: true }, equals: 400 }, then: fail, message: { body: error.headers } }]";
    let (_, report) = run(stream(Style::Cursor, RECORDS), echo, &format!("{}{fails}", by_cursor(""))).await;
    assert!(failure(&report).1.contains("cache-control: no-cache"), "{report:?}");
    let single = Stream::new("items", Style::Single, Shape::Small, 3);
    let (bench, report) = run(single, vec![at_page(1, aged)], "records: results").await;
    assert_eq!((report.status, report.warnings.len()), (Status::Complete, 1), "{report:?}");
    assert!(report.warnings[0].starts_with("a page came out of a cache that has kept it for 3600 s (Age)"));
    assert_eq!(bench.commits("items")[0].warnings, report.warnings);
}

#[tokio::test]
async fn a_carried_value_goes_with_the_very_next_request_and_never_with_a_later_one() {
    let page = |id: u32, more: &str| FaultKind::RawBody {
        content_type: "application/json".to_owned(),
        body: format!("{{\"results\":[{{\"id\":{id}}}]{more}}}").into_bytes().into(),
        status: 200,
    };
    // Each page is behind the session that the one before it gave; the third gives none.
    let given = [page(1, ",\"session\":\"one\""), page(2, ",\"session\":\"two\""), page(3, "")];
    let mut faults: Vec<_> = (1..).zip(given).map(|(number, kind)| at_page(number, kind)).collect();
    faults.push(at_page(4, FaultKind::EchoSecret));
    let settings = "records: results\npagination: { type: page, start: 1, send: { query: page }, page_size: { query: per_page, value: 1 }, carry: [{ from: { body: session }, to: { query: session } }] }\nresponses: [{ when: { at: { status: true }, equals: 400 }, then: fail, message: { body: error.target } }]";
    let (bench, report) = run(stream(Style::Page, RECORDS), faults, settings).await;
    let (_, message) = failure(&report);
    assert!(message.contains("page=4") && !message.contains("session"), "{message}");
    assert_eq!(bench.stats("items").requests, 4, "nothing is fetched ahead of what is carried");
    let faults = vec![at_page(1, page(1, ",\"session\":\"one\"")), at_page(2, FaultKind::EchoSecret)];
    let (_, report) = run(stream(Style::Page, RECORDS), faults, settings).await;
    assert!(failure(&report).1.contains("session=one"), "{report:?}");
}

/// A list whose place the API keeps, by a cursor that stays the same.
fn scrolled() -> Stream {
    let said = vec![("scroll", Said::Next), ("total", Said::Total)];
    let mut stream = laid_out(By::Cursor("scroll".to_owned()), said, RECORDS);
    stream.quirks.keeps_place = true;
    stream
}

const SCROLL: &str = "records: results\nconcurrency: 1\npagination: { type: cursor, next: { body: scroll, stateful: true }, send: { query: scroll }, page_size: { query: limit, value: 20 }, total: { body: total } }";

#[tokio::test]
async fn a_lost_page_of_a_place_that_the_api_keeps_is_not_asked_for_again() {
    assert_all(&run(scrolled(), Vec::new(), SCROLL).await);
    for kind in [FaultKind::Reset, FaultKind::CutBody { after_bytes: 50, framing: Framing::ContentLength }] {
        let (bench, report) = run(scrolled(), vec![at_page(3, kind)], SCROLL).await;
        let (_, message) = failure(&report);
        assert!(message.contains("may have moved on, so the page is not asked for again"), "{message}");
        bench.assert_nothing_visible("items");
        assert_eq!(bench.stats("items").requests, 3);
        // The next run begins again.
        let again = bench.run("items").await;
        assert_all(&(bench, again));
    }
    // What was refused has moved nothing; the first page opens another list.
    for (page, kind) in [(1, FaultKind::Reset), (1, FaultKind::status(503))] {
        assert_all(&run(scrolled(), vec![at_page(page, kind)], SCROLL).await);
    }
}

#[tokio::test]
async fn a_cut_run_of_a_place_that_the_api_keeps_begins_anew() {
    let bench = Bench::one(scrolled(), vec![at_page(3, FaultKind::retry_after(429, "3600"))], SCROLL).await;
    let report = bench.run_within("items", Duration::from_mins(5)).await;
    let (kind, message) = failure(&report);
    assert!(kind == ErrorKind::Api && message.contains("where no other run can go on"), "{message}");
    bench.assert_nothing_visible("items");
    let again = bench.run("items").await;
    assert_all(&(bench, again));
}
