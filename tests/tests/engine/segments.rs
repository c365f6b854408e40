//! Runs that are cut short, killed, repeated or raced: bronze is that of one uncut run.

use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_core::run::{CancellationToken, RunOptions};
use bronzegate_demo_api::{Fault, FaultKind, Shape, Stream, Style, When};
use bronzegate_tests::command_line::until;
use bronzegate_tests::{
    Bench, Failing, FaultyStore, SCHEDULED, TimedBench, expected, failure, parts, request,
};

pub(crate) const RECORDS: u64 = 115;

pub(crate) fn stream(style: Style) -> Stream {
    Stream::new("items", style, Shape::Small, RECORDS).page_size(10)
}

pub(crate) const BY_CURSOR: &str = "records: results
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 10 }, total: { body: total } }";

/// Each kind of pagination, twelve pages long.
fn paginations() -> [(Style, String); 8] {
    let sized = |text: &str, size: &str| {
        format!(
            "records: results\nconcurrency: 3\npagination: {{ {text}, page_size: {{ query: {size}, value: 10 }} }}"
        )
    };
    [
        (Style::Cursor, BY_CURSOR.to_owned()),
        (Style::Offset, sized("type: offset, send: { query: offset }", "limit")),
        (Style::Offset, sized("type: offset, send: { query: offset }, total: { body: total }", "limit")),
        (Style::Page, sized("type: page, send: { query: page }", "per_page")),
        (Style::Page, sized("type: page, send: { query: page }, total_pages: { body: total_pages }", "per_page")),
        (Style::LinkHeader, "records: $\npagination: { type: link_header }".to_owned()),
        (Style::NextUrl, "records: results\npagination: { type: next_url, next: { body: next } }".to_owned()),
        (
            Style::Stripe,
            "records: data\npagination: { type: cursor, next: { last_record: id }, send: { query: starting_after }, stop: [{ at: { body: has_more }, equals: false }] }".to_owned(),
        ),
    ]
}

/// More time than any test takes, less than the API asks to wait for.
pub(crate) const LONG: Duration = Duration::from_mins(5);

/// The API asks to wait for an hour at this page: a run with a deadline ends before it.
pub(crate) fn hour_at(page: u64) -> Vec<Fault> {
    vec![Fault::new("items", When::Page(page), FaultKind::retry_after(429, "3600")).always()]
}

#[tokio::test]
async fn a_run_cut_before_any_page_goes_on_there() {
    for (style, settings) in paginations() {
        let stream = stream(style);
        for page in 2..=12 {
            let bench = Bench::one(stream.clone(), hour_at(page), &settings).await;
            let first = bench.run_within("items", LONG).await;
            assert_eq!((first.status, &first.error), (Status::Partial, &None), "{style:?} {page}");
            let records = (page - 1) * 10;
            assert_eq!((first.counts.pages, first.counts.records), (page - 1, records), "{style:?}");
            assert_eq!(bench.records("items"), expected(Shape::Small, records), "{style:?} {page}");
            bench.api.set_faults(Vec::new());
            let before = bench.stats("items").requests;
            let second = bench.run("items").await;
            bench.assert_landed(&second, &stream);
            assert_eq!(second.counts.records, RECORDS - records);
            assert_eq!(second.cursor_in, first.cursor_out);
            let sequential = !matches!(style, Style::Offset | Style::Page);
            if sequential {
                assert_eq!(
                    bench.stats("items").requests - before,
                    13 - page,
                    "{style:?}: nothing is read twice"
                );
            }
            assert_eq!(bench.run("items").await.status, Status::AlreadyCommitted);
        }
    }
}

#[tokio::test]
async fn a_run_cut_before_every_page_lands_exactly() {
    for (style, settings) in paginations() {
        let stream = stream(style);
        let bench = Bench::one(stream.clone(), Vec::new(), &settings).await;
        for page in 2..=12 {
            bench.api.set_faults(hour_at(page));
            let report = bench.run_within("items", LONG).await;
            assert_eq!((report.status, report.counts.pages), (Status::Partial, 1), "{style:?}: {report:?}");
        }
        bench.api.set_faults(Vec::new());
        let report = bench.run("items").await;
        bench.assert_landed(&report, &stream);
        let commits = bench.commits("items");
        assert_eq!(commits.len(), 12);
        let last = &commits[11];
        assert_eq!(
            (last.segment, last.total_counts.records, last.total_counts.pages >= 12),
            (12, RECORDS, true)
        );
        assert_eq!(
            last.total_counts.requests,
            commits.iter().map(|commit| commit.counts.requests).sum::<u64>()
        );
        let states: Vec<usize> =
            commits.iter().filter_map(|commit| Some(commit.page_state.as_ref()?.to_string().len())).collect();
        assert!(states.len() == 11 && states.iter().all(|&bytes| bytes < 4_096), "{states:?}");
    }
}

#[tokio::test]
async fn a_short_deadline_cuts_a_slow_run_until_it_is_complete() {
    for (style, settings) in [&paginations()[0], &paginations()[1]] {
        let stream = Stream { records: 400, ..stream(*style) };
        let timed = TimedBench::new(stream.clone(), settings, Duration::from_millis(12)).await;
        let mut reports = Vec::new();
        while reports.last().is_none_or(|report: &RunReport| report.status == Status::Partial) {
            reports.push(timed.run_within("items", Duration::from_millis(200)).await);
        }
        let (last, cut) = reports.split_last().unwrap();
        timed.bench.assert_landed(last, &stream);
        assert!(cut.len() >= 2, "forty pages of 12 ms, in runs that may fetch for 160 ms: {style:?}");
        assert!(reports.iter().all(|report| report.counts.pages > 0));
    }
}

#[tokio::test]
async fn a_repeat_is_noticed_across_segments() {
    let bench = Bench::one(stream(Style::Cursor), hour_at(6), BY_CURSOR).await;
    assert_eq!(bench.run_within("items", LONG).await.status, Status::Partial);
    bench.api.set_faults(vec![Fault::new("items", When::Page(6), FaultKind::CursorLoop { period: 4 })]);
    let report = bench.run("items").await;
    let (kind, message) = failure(&report);
    assert_eq!(kind, ErrorKind::Data);
    assert!(message.starts_with("demo/items, page 6: the API names a cursor or next URL again"), "{message}");
    bench.api.set_faults(vec![Fault::new("items", When::Page(6), FaultKind::RepeatPage)]);
    assert!(failure(&bench.run("items").await).1.contains("records are those of an earlier page"));
    // What the segment before has brought stays, and the run can still be completed.
    bench.api.set_faults(Vec::new());
    bench.assert_landed(&bench.run("items").await, &stream(Style::Cursor));
}

#[tokio::test]
async fn guards_count_over_all_segments() {
    for (more, why) in
        [("max_pages: 11", "needs more than max_pages (11)"), ("total: { body: total }", "but 115 came")]
    {
        let settings = BY_CURSOR.replace("total: { body: total }", more);
        let bench = Bench::one(stream(Style::Cursor), hour_at(8), &settings).await;
        assert_eq!(bench.run_within("items", LONG).await.status, Status::Partial);
        let off = FaultKind::TotalOff { by: 1 };
        bench.api.set_faults(vec![Fault::new("items", When::Request(1), off).always()]);
        let report = bench.run("items").await;
        let (kind, message) = failure(&report);
        assert!(kind == ErrorKind::Data && message.contains(why), "{message}");
    }
}

#[tokio::test]
async fn a_stop_commits_what_is_whole() {
    let pause = Duration::from_mins(1);
    for (style, settings) in paginations() {
        let stalled = FaultKind::Stall { after_bytes: 100, pause };
        let faults = vec![Fault::new("items", When::Page(4), stalled).always()];
        let bench = Bench::one(stream(style), faults, &settings).await;
        let (run, stop) = (bench.stream("items"), CancellationToken::default());
        let stats = run.stats();
        let meanwhile = async {
            // The fourth page is on its way and will not come.
            until("three pages and a request", || {
                stats.counts().pages >= 3 && bench.stats("items").requests >= 4
            })
            .await;
            stop.cancel();
        };
        let plan = request(SCHEDULED);
        let (report, ()) = tokio::join!(
            run.run(bench.store(), plan, RunOptions { stop: stop.clone(), ..RunOptions::default() }),
            meanwhile
        );
        assert_eq!(
            (report.status, report.counts.pages, report.exit_code()),
            (Status::Partial, 3, 3),
            "{style:?}"
        );
        assert_eq!(bench.records("items"), expected(Shape::Small, 30));
        bench.api.set_faults(Vec::new());
        bench.assert_landed(&bench.run("items").await, &stream(style));
    }
}

#[tokio::test]
async fn a_stop_before_the_first_page_is_an_interruption() {
    let bench = Bench::one(stream(Style::Cursor), Vec::new(), BY_CURSOR).await;
    let stop = CancellationToken::default();
    stop.cancel();
    let report = bench
        .stream("items")
        .run(bench.store(), request(SCHEDULED), RunOptions { stop, ..RunOptions::default() })
        .await;
    let message = "demo/items: interrupted before the first page; nothing was committed";
    assert_eq!((failure(&report), report.exit_code()), ((ErrorKind::Interrupted, message), 130));
    bench.assert_nothing_visible("items");
}

#[tokio::test]
async fn a_run_that_came_to_its_turn_late_and_read_nothing_is_partial() {
    let bench = Bench::one(stream(Style::Cursor), Vec::new(), BY_CURSOR).await;
    let stop = CancellationToken::default();
    stop.cancel();
    let options = RunOptions { stop, is_late: true, ..RunOptions::default() };
    let report = bench.stream("items").run(bench.store(), request(SCHEDULED), options).await;
    assert_eq!((report.status, report.error.is_none()), (Status::Partial, true), "{report:?}");
    assert_eq!(report.warnings, ["no page came in the time that the streams before this one left"]);
    bench.assert_nothing_visible("items");
    bench.assert_landed(&bench.run("items").await, &stream(Style::Cursor));
}

#[tokio::test]
async fn not_even_one_page_within_the_deadline_fails() {
    let stalled = FaultKind::Stall { after_bytes: 100, pause: Duration::from_mins(1) };
    for fault in [stalled, FaultKind::retry_after(503, "3600"), FaultKind::retry_after(429, "3600")] {
        let timed = TimedBench::new(stream(Style::Cursor), BY_CURSOR, Duration::ZERO).await;
        timed.bench.api.set_faults(vec![Fault::new("items", When::Page(1), fault).always()]);
        let passing = async {
            until("the request", || timed.bench.stats("items").requests >= 1).await;
            timed.clock.advance(LONG);
        };
        let (report, ()) = tokio::join!(timed.run_within("items", LONG), passing);
        let message = "demo/items: not even one page came within the deadline; nothing was committed";
        assert_eq!(failure(&report), (ErrorKind::Api, message));
        timed.bench.assert_nothing_visible("items");
    }
}

#[tokio::test]
async fn one_page_may_use_the_time_kept_for_committing() {
    // Of 500 ms, 400 are for fetching; the first page takes longer.
    let timed = TimedBench::new(stream(Style::Cursor), BY_CURSOR, Duration::from_millis(420)).await;
    let report = timed.run_within("items", Duration::from_millis(500)).await;
    assert_eq!((report.status, report.counts.pages), (Status::Partial, 1), "{report:?}");
}

#[tokio::test]
async fn the_same_event_again_asks_the_api_for_nothing() {
    let bench = Bench::one(stream(Style::Cursor), Vec::new(), BY_CURSOR).await;
    let first = bench.run("items").await;
    let requests = bench.api.stats().connections;
    let files = bench.everything();
    for at in ["2026-11-22T17:00:00Z", "2026-11-22T18:00:00+01:00", "2026-11-22T17:00:00.000Z"] {
        let again = bench.run_at("items", at).await;
        assert_eq!((again.status, again.exit_code(), &again.error), (Status::AlreadyCommitted, 0, &None));
        assert_eq!((&again.key, &again.batch_id, again.counts.requests), (&first.key, &first.batch_id, 0));
    }
    assert_eq!(bench.api.stats().connections, requests);
    assert_eq!(bench.everything(), files, "nothing is touched");
    // Another time is another run, in a folder of its own date.
    let next = bench.run_at("items", "2026-11-23T00:30:00+01:00").await;
    assert_eq!(next.status, Status::Complete);
    assert_eq!(next.parts, ["demo/items/ingest_date=2026-11-22/20261122233000-s0001-p00001.ndjson"]);
    assert_eq!(bench.records("items").len() as u64, 2 * RECORDS);
}

#[tokio::test]
async fn of_two_copies_at_once_one_wins() {
    for (style, settings) in paginations() {
        let stream = stream(style);
        let bench = Bench::one(stream.clone(), Vec::new(), &settings).await;
        let (one, two) = tokio::join!(bench.run("items"), bench.run("items"));
        let mut outcomes = [one.status, two.status];
        outcomes.sort_by_key(|status| status.as_str());
        assert_eq!(outcomes, [Status::AlreadyCommitted, Status::Complete], "{one:?} {two:?}");
        let winner = if one.status == Status::Complete { one } else { two };
        bench.assert_landed(&winner, &stream);
        assert_eq!(bench.commits("items").len(), 1);
        assert_eq!(parts(&bench.target(), "demo", "items").len(), winner.parts.len());
    }
}

#[tokio::test]
async fn who_loses_against_a_partial_segment_is_partial_too() {
    let bench = Bench::one(stream(Style::Cursor), Vec::new(), BY_CURSOR).await;
    let held = FaultyStore::new(bench.store(), 0, Failing::HeldAtCommit);
    let winner = async {
        held.moment().await;
        bench.api.set_faults(hour_at(5));
        let winner = bench.run_within("items", LONG).await;
        held.release();
        winner
    };
    let (loser, winner) = tokio::join!(bench.run_into("items", Arc::new(held.clone())), winner);
    assert_eq!(winner.status, Status::Partial);
    // The loser had read everything; what counts is what is committed.
    assert_eq!((loser.status, loser.exit_code(), &loser.error), (Status::Partial, 3, &None));
    assert_eq!(bench.records("items"), expected(Shape::Small, 40));
    bench.api.set_faults(Vec::new());
    bench.assert_landed(&bench.run("items").await, &stream(Style::Cursor));
}

#[tokio::test]
async fn a_run_counts_for_itself() {
    let bench = Bench::one(stream(Style::Cursor), Vec::new(), BY_CURSOR).await;
    let run = bench.stream("items");
    for at in ["2026-11-22T17:00:00Z", "2026-11-22T18:00:00Z"] {
        let report = run.run(bench.store(), request(at), RunOptions::default()).await;
        assert_eq!((report.counts.records, report.counts.pages, report.counts.requests), (RECORDS, 12, 12));
    }
    let commits = bench.commits("items");
    assert_eq!(commits[0].counts.requests, commits[1].counts.requests);
}

#[tokio::test]
async fn ratios_compare_with_the_runs_before() {
    let settings = "records: results\nexpect: { min_records: 3 }\npagination: { type: cursor, next: { body: paging.next.after }, send: { query: after } }";
    let bench = Bench::one(stream(Style::Cursor), Vec::new(), settings).await;
    let first = bench.run_at("items", "2026-11-22T10:00:00Z").await;
    assert_eq!((first.records_ratio, first.warnings.len()), (None, 0));
    let second = bench.run_at("items", "2026-11-22T11:00:00Z").await;
    assert_eq!(second.records_ratio, Some(1.0));
    assert!(second.duration_ratio.is_some_and(|ratio| ratio >= 0.0));
    // A breach of `expect` warns, and the run still commits.
    bench.api.set_faults(vec![Fault::new("items", When::Request(1), FaultKind::status(204)).always()]);
    let empty = bench.run_at("items", "2026-11-22T12:00:00Z").await;
    assert_eq!((empty.status, empty.exit_code(), empty.records_ratio), (Status::Complete, 0, Some(0.0)));
    assert_eq!(
        empty.warnings,
        [
            "0 records came, fewer than the 3 of `expect.min_records`",
            "0 times the usual number of records came, less than the 0.5 of `expect.records_ratio` (the default)"
        ]
    );
    let commits = bench.commits("items");
    assert_eq!(commits[2].history.iter().map(|run| run.records).collect::<Vec<_>>(), [RECORDS, RECORDS, 0]);
    assert!(commits[2].parts.is_empty());
}
