//! APIs that cannot be asked from where: everything comes, and what is older than what has been read is left out here.

use bronzegate_core::error::ErrorKind;
use bronzegate_demo_api::{Shape, Stream, Style, TimeFormat, Timeline};
use bronzegate_tests::streams::changes::{at, change, settings, sorted, with};
use bronzegate_tests::{Bench, assert_complete, failure};

const KEYS: &str = "cursor: updatedAt, format: rfc3339, key: id";

/// One record an hour from the first of January on.
fn hourly(range: std::ops::Range<u32>) -> Vec<String> {
    let time = |nth: u32| at(nth / 24 + 1, &format!("{:02}:00:00", nth % 24));
    range.map(|nth| change(nth.into(), &time(nth))).collect()
}

fn timeline(newest_first: bool) -> Timeline {
    Timeline { newest_first, ..Timeline::new("updatedAt", TimeFormat::Rfc3339, "unknown", None) }
}

#[tokio::test]
async fn pages_end_at_the_first_that_lies_wholly_before_the_mark() {
    // Pages of ten: 3 new records are on the first, and the second has nothing new. Without the order all are read.
    for (order, newest_first, requests) in
        [(", order: descending", true, 4 + 2 + 2), ("", true, 4 + 4 + 4), ("", false, 4 + 4 + 4)]
    {
        let stream = with(timeline(newest_first).with(hourly(0..35)));
        let bench = Bench::one(stream, vec![], &settings(&format!("{KEYS}{order}"))).await;
        assert_complete(&bench.run_at("changes", &at(2, "11:30:00")).await, 35);
        bench.api.append("changes", hourly(35..38)).expect("a stream");
        assert_complete(&bench.run_at("changes", &at(2, "14:30:00")).await, 3);
        assert_complete(&bench.run_at("changes", &at(2, "15:30:00")).await, 0);
        assert_eq!(sorted(bench.records("changes")), sorted(hourly(0..38)), "{order}");
        assert_eq!(bench.stats("changes").requests, requests, "{order} {newest_first}");
    }
}

#[tokio::test]
async fn a_stated_total_counts_everything_and_pages_end_before_it() {
    let stream = Stream::new("changes", Style::Offset, Shape::Small, 0)
        .page_size(10)
        .timeline(timeline(true).with(hourly(0..35)));
    let text = format!(
        "records: results\nconcurrency: 1\npagination: {{ type: offset, send: {{ query: offset }}, page_size: {{ query: limit, \
         value: 10 }}, total: {{ body: total }} }}\nincremental: {{ {KEYS}, order: descending }}"
    );
    let bench = Bench::one(stream, vec![], &text).await;
    assert_complete(&bench.run_at("changes", &at(2, "11:30:00")).await, 35);
    bench.api.append("changes", hourly(35..38)).expect("a stream");
    let report = bench.run_at("changes", &at(2, "14:30:00")).await;
    assert_complete(&report, 3);
    assert!(bench.commits("changes").iter().all(|commit| !commit.may_lack), "{report:?}");
    assert_eq!(report.counts.pages, 2, "{report:?}");
    assert_eq!(sorted(bench.records("changes")), sorted(hourly(0..38)));
}

#[tokio::test]
async fn records_at_the_mark_come_if_they_have_changed_and_late_ones_by_lookback() {
    let bench = Bench::one(
        with(timeline(true).with(hourly(0..30))),
        vec![],
        &settings(&format!("{KEYS}, order: descending, lookback: 3h")),
    )
    .await;
    assert_complete(&bench.run_at("changes", &at(2, "05:30:00")).await, 30);
    let late = change(90, &at(2, "03:30:00"));
    let tie = change(91, &at(2, "05:00:00"));
    bench.api.append("changes", [late, tie]).expect("a stream");
    // What lies before the newest by no more than the lookback comes again: 02:00, 03:00 and 04:00.
    assert_complete(&bench.run_at("changes", &at(2, "06:30:00")).await, 2 + 3);
}

#[tokio::test]
async fn growing_numbers_need_no_question_either() {
    let number = |id: u64| format!("{{\"id\":{id},\"seq\":{}}}", id * 7);
    let timeline = Timeline::new("seq", TimeFormat::Integer, "unknown", None).with((0..25).map(number));
    let keys = "cursor: seq, format: integer, key: id, order: descending";
    let bench = Bench::one(with(Timeline { newest_first: true, ..timeline }), vec![], &settings(keys)).await;
    assert_complete(&bench.run_at("changes", &at(2, "00:00:00")).await, 25);
    bench.api.append("changes", (25..27).map(number)).expect("a stream");
    let report = bench.run_at("changes", &at(3, "00:00:00")).await;
    assert_complete(&report, 2);
    assert!(report.warnings.is_empty(), "{report:?}");
}

#[tokio::test]
async fn a_wrong_unit_is_found_although_nothing_is_asked_from_somewhere() {
    let stream = with(timeline(false).with([r#"{"id":1,"updatedAt":1767513600}"#.to_owned()]));
    let bench = Bench::one(stream, vec![], &settings("cursor: updatedAt, format: epoch_ms, key: id")).await;
    let report = bench.run_at("changes", &at(9, "00:00:00")).await;
    let (kind, message) = failure(&report);
    assert!(kind == ErrorKind::Data && message.contains("write `format: epoch_s`"), "{message}");
}
