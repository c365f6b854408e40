//! Incremental runs: only what is new, nothing lost and nothing repeated.

use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::bronze::{CommitRecord, SegmentStatus};
use bronzegate_core::clock::{Deadline, SystemClock};
use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_core::run::RunOptions;
use bronzegate_demo_api::{Fault, FaultKind, TimeFormat, Timeline, When};
use bronzegate_tests::command_line::until;
use bronzegate_tests::streams::changes::{BOUNDED, OPEN, at, change, changes, settings, sorted, with};
use bronzegate_tests::{Bench, Failing, FaultyStore, assert_complete, failure, request};

const KEY: &str = "key: id, start: 2026-01-01";

/// The runs of the stream in order of their numbers.
fn chain(bench: &Bench) -> Vec<CommitRecord> {
    let mut commits = bench.commits("changes");
    let number = |record: &CommitRecord| record.key["seq-".len()..].parse::<u64>().expect("a run's number");
    commits.sort_by_key(|record| (number(record), record.segment));
    commits
}

async fn run_within_a_minute(bench: &Bench, at: &str) -> RunReport {
    let clock = Arc::new(SystemClock::default());
    let deadline = Deadline::within(&*clock, Duration::from_mins(1));
    bench.stream_with("changes", clock).run(bench.store(), request(at), RunOptions::until(deadline)).await
}

#[tokio::test]
async fn a_run_brings_what_is_new_and_the_same_event_again_nothing() {
    for keys in [BOUNDED, OPEN] {
        let records: Vec<_> = (0..25).map(|id| change(id, &at(1, &format!("10:{id:02}:00")))).collect();
        let bench = Bench::one(changes(records.clone()), vec![], &settings(&format!("{keys}, {KEY}"))).await;
        let first = bench.run_at("changes", &at(2, "00:00:00")).await;
        assert_complete(&first, 25);
        assert_eq!(first.key.as_deref(), Some("seq-1"));
        assert_eq!(first.batch_id.as_deref(), Some("20260102000000-1"));
        assert_eq!(first.cursor_out.as_deref(), Some("2026-01-01T10:24:00Z"));
        for time in [at(2, "00:00:00"), at(1, "23:00:00")] {
            let again = bench.run_at("changes", &time).await;
            assert_eq!((again.status, again.counts.requests), (Status::AlreadyCommitted, 0), "{again:?}");
        }
        let new: Vec<_> = (25..30).map(|id| change(id, &at(2, "01:00:00"))).collect();
        bench.api.append("changes", new.clone()).unwrap();
        let second = bench.run_at("changes", &at(3, "00:00:00")).await;
        assert_complete(&second, 5);
        assert_eq!(second.cursor_in.as_deref(), Some("2026-01-01T10:24:00Z"));
        assert_complete(&bench.run_at("changes", &at(4, "00:00:00")).await, 0);
        assert_eq!(bench.records("changes"), [records, new].concat());
    }
}

#[tokio::test]
async fn ties_at_the_boundary_are_neither_lost_nor_repeated_whatever_their_number() {
    for ties in [1_u64, 40, 2_000] {
        let tie = at(1, "10:00:00");
        let settings = settings(&format!("{BOUNDED}, {KEY}"));
        let stream = changes((0..ties).map(|id| change(id, &tie))).page_size(500);
        let bench = Bench::one(stream, vec![], &settings).await;
        assert_complete(&bench.run_at("changes", &tie).await, 0);
        assert_complete(&bench.run_at("changes", &at(1, "10:00:01")).await, ties);
        let before = chain(&bench)[1].cursor.clone().unwrap();
        assert!(serde_json::to_vec(&before).unwrap().len() < 40_000, "the state has a bound");
        // Some more of the tie show up late, as far as the keys of all are remembered.
        let late = if ties <= 512 { ties..ties + 7 } else { 0..0 };
        bench.api.append("changes", late.clone().map(|id| change(id, &tie))).unwrap();
        bench.api.append("changes", [change(9_999, &at(1, "11:00:00"))]).unwrap();
        assert_complete(&bench.run_at("changes", &at(1, "12:00:00")).await, late.end - late.start + 1);
        let all = (0..ties).chain(late).map(|id| change(id, &tie)).chain([change(9_999, &at(1, "11:00:00"))]);
        assert_eq!(sorted(bench.records("changes")), sorted(all.collect()), "{ties}");
    }
}

#[tokio::test]
async fn without_a_key_the_records_at_the_boundary_come_again_rather_than_be_lost() {
    let settings = settings(&format!("{OPEN}, start: 2026-01-01"));
    let bench = Bench::one(changes([change(1, &at(1, "10:00:00"))]), vec![], &settings).await;
    assert_complete(&bench.run_at("changes", &at(1, "10:00:01")).await, 1);
    bench.api.append("changes", [change(2, &at(1, "10:00:00"))]).unwrap();
    assert_complete(&bench.run_at("changes", &at(1, "11:00:00")).await, 2);
}

#[tokio::test]
async fn a_record_that_appears_late_behind_the_newest_is_brought() {
    let bench =
        Bench::one(changes([change(1, &at(1, "10:00:00"))]), vec![], &settings(&format!("{BOUNDED}, {KEY}")))
            .await;
    assert_complete(&bench.run_at("changes", &at(1, "12:00:00")).await, 1);
    bench.api.append("changes", [change(2, &at(1, "11:59:59.5"))]).unwrap();
    assert_complete(&bench.run_at("changes", &at(1, "13:00:00")).await, 1);
    // What appears in front of it needs a look back, which brings what is known again.
    bench.api.append("changes", [change(3, &at(1, "11:59:58"))]).unwrap();
    assert_complete(&bench.run_at("changes", &at(1, "14:00:00")).await, 0);
    let mut bench = bench;
    let look = settings(&format!("{BOUNDED}, {KEY}, lookback: 1m"));
    bench.reads_with(&bronzegate_tests::one_stream("changes", &look));
    assert_complete(&bench.run_at("changes", &at(1, "15:00:00")).await, 1);
    assert_eq!(bench.records("changes").len(), 3);
}

#[tokio::test]
async fn order_does_not_matter_and_what_lies_beyond_the_end_waits_for_its_run() {
    let mut records: Vec<_> = (0..24).map(|hour| change(hour, &at(1, &format!("{hour:02}:30:00")))).collect();
    records.reverse();
    records.swap(3, 17);
    let timeline = Timeline::new("updatedAt", TimeFormat::Rfc3339, "updated_after", Some("updated_before"));
    let timeline = Timeline { sorted: false, beyond_to: 5, ..timeline.with(records.clone()) };
    let bench = Bench::one(with(timeline), vec![], &settings(&format!("{BOUNDED}, {KEY}"))).await;
    let first = bench.run_at("changes", &at(1, "12:00:00")).await;
    assert_complete(&first, 12);
    assert_eq!(first.cursor_out.as_deref(), Some("2026-01-01T11:30:00Z"));
    assert_complete(&bench.run_at("changes", &at(2, "00:00:00")).await, 12);
    assert_eq!(sorted(bench.records("changes")), sorted(records));
}

#[tokio::test]
async fn what_is_due_is_split_into_windows_that_commit_on_their_own() {
    let records: Vec<_> =
        [1, 1, 3, 5].iter().zip(0..).map(|(day, id)| change(id, &at(*day, "12:00:00"))).collect();
    let settings = settings(&format!("{BOUNDED}, {KEY}, window: 1d"));
    let bench = Bench::one(changes(records.clone()), vec![], &settings).await;
    let report = bench.run_at("changes", &at(5, "18:00:00")).await;
    assert_complete(&report, 4);
    assert_eq!((report.key.as_deref(), report.counts.pages), (Some("seq-5"), 5));
    let asked: Vec<_> =
        chain(&bench).into_iter().map(|record| record.window.unwrap().from.unwrap()).collect();
    assert_eq!(asked, [1, 2, 3, 4, 5].map(|day| at(day, "00:00:00")));
    let again = bench.run_at("changes", &at(5, "18:00:00")).await;
    assert_eq!((again.status, again.key.as_deref()), (Status::AlreadyCommitted, Some("seq-5")));
    assert_eq!(bench.records("changes"), records);
}

#[tokio::test]
async fn a_run_that_stops_between_windows_is_partial_and_the_same_event_goes_on() {
    let records: Vec<_> =
        (1..=6).map(|day| change(day, &at(u32::try_from(day).unwrap(), "12:00:00"))).collect();
    let settings = settings(&format!("{BOUNDED}, {KEY}, window: 1d"));
    let fault = |nth| Fault::new("changes", When::Request(nth), FaultKind::retry_after(429, "3600"));
    let bench = Bench::one(changes(records.clone()), vec![fault(3), fault(5)], &settings).await;
    for (status, windows) in [(Status::Partial, 2), (Status::Partial, 1), (Status::Complete, 3)] {
        let report = run_within_a_minute(&bench, &at(7, "00:00:00")).await;
        assert_eq!((report.status, report.counts.records), (status, windows), "{report:?}");
    }
    assert_eq!(bench.records("changes"), records);
    assert_eq!(chain(&bench).len(), 6, "no window twice");
}

#[tokio::test]
async fn a_failure_keeps_the_windows_before_it() {
    let records: Vec<_> =
        (1..=4).map(|day| change(day, &at(u32::try_from(day).unwrap(), "12:00:00"))).collect();
    let settings = settings(&format!("{BOUNDED}, {KEY}, window: 1d"));
    let fault = Fault::new("changes", When::Request(3), FaultKind::status(400));
    let bench = Bench::one(changes(records.clone()), vec![fault], &settings).await;
    let report = bench.run_at("changes", &at(5, "00:00:00")).await;
    assert_eq!(failure(&report).0, ErrorKind::Api);
    assert_eq!((bench.records("changes").len(), report.parts.len()), (2, 2));
    assert_complete(&bench.run_at("changes", &at(5, "00:00:00")).await, 2);
    assert_eq!(bench.records("changes"), records);
}

#[tokio::test]
async fn a_run_cut_within_a_window_is_gone_on_with_by_any_later_event() {
    let records: Vec<_> = (0..45).map(|id| change(id, &at(1, "12:00:00"))).collect();
    let fault = Fault::new("changes", When::Request(3), FaultKind::retry_after(429, "3600"));
    let bench =
        Bench::one(changes(records.clone()), vec![fault], &settings(&format!("{BOUNDED}, {KEY}"))).await;
    let cut = run_within_a_minute(&bench, &at(2, "00:00:00")).await;
    assert_eq!((cut.status, cut.key.as_deref()), (Status::Partial, Some("seq-1")), "{cut:?}");
    bench.api.append("changes", [change(99, &at(2, "12:00:00"))]).unwrap();
    let rest = bench.run_at("changes", &at(3, "00:00:00")).await;
    assert_eq!((rest.status, rest.key.as_deref()), (Status::Complete, Some("seq-2")), "{rest:?}");
    let all: Vec<_> = records.into_iter().chain([change(99, &at(2, "12:00:00"))]).collect();
    assert_eq!(bench.records("changes"), all);
    assert!(chain(&bench)[0].status == SegmentStatus::Partial && chain(&bench)[0].cursor.is_some());
}

#[tokio::test]
async fn two_runs_at_once_cannot_both_move_the_cursor() {
    let records: Vec<_> =
        (1..=9).map(|day| change(day, &at(u32::try_from(day).unwrap(), "12:00:00"))).collect();
    let settings = settings(&format!("{BOUNDED}, {KEY}, window: 1d"));
    let bench = Bench::one(changes(records.clone()), vec![], &settings).await;
    let (late, early) = (at(10, "00:00:00"), at(8, "00:00:00"));
    let runs = [&late, &late, &early].map(|time| bench.run_at("changes", time));
    for report in futures::future::join_all(runs).await {
        assert!(matches!(report.status, Status::Complete | Status::AlreadyCommitted), "{report:?}");
    }
    assert_eq!(bench.records("changes"), records);
    let chain = chain(&bench);
    for pair in chain.windows(2) {
        let [before, after] = [&pair[0], &pair[1]].map(|record| record.window.clone().unwrap());
        assert_eq!(before.to, after.from, "{chain:#?}");
    }
}

#[tokio::test]
async fn a_run_that_loses_to_one_scheduled_earlier_goes_on_to_its_own_time() {
    let records: Vec<_> =
        (1..=9).map(|day| change(day, &at(u32::try_from(day).unwrap(), "12:00:00"))).collect();
    // The first request is the late event's; its page comes when the early event's run is over.
    let fault = Fault::new("changes", When::Request(1), FaultKind::Held);
    let settings = settings(&format!("{BOUNDED}, {KEY}"));
    let bench = Bench::one(changes(records.clone()), vec![fault], &settings).await;
    let (late, early) = (at(10, "00:00:00"), at(8, "00:00:00"));
    let meanwhile = async {
        until("the late event's request", || bench.stats("changes").faults > 0).await;
        let report = bench.run_at("changes", &early).await;
        bench.api.set_faults(vec![]);
        report
    };
    let (late, early) = tokio::join!(bench.run_at("changes", &late), meanwhile);
    assert_complete(&early, 7);
    assert_complete(&late, 2);
    assert_eq!((early.key.as_deref(), late.key.as_deref()), (Some("seq-1"), Some("seq-2")));
    assert_eq!(bench.records("changes"), records);
}

/// Wherever a run is while another, scheduled for another time, commits the first of its windows and is cut.
#[tokio::test]
async fn a_run_that_is_overtaken_at_any_store_call_goes_on_to_its_own_time() {
    let records: Vec<_> =
        (1..=4).map(|day| change(day, &at(u32::try_from(day).unwrap(), "12:00:00"))).collect();
    let settings = settings(&format!("{BOUNDED}, {KEY}, window: 1d"));
    let mut bench = Bench::one(changes(records.clone()), vec![], &settings).await;
    let (late, early) = (at(5, "00:00:00"), at(4, "00:00:00"));
    let mut call = 1;
    loop {
        bench = bench.with_empty_folder();
        let held = FaultyStore::new(bench.store(), call, Failing::Held);
        let run = bench.stream("changes");
        let options = RunOptions { beside: true, ..RunOptions::default() };
        let running = run.run(Arc::new(held.clone()), request(&late), options);
        let overtaking = async {
            held.moment().await;
            let next = bench.stats("changes").requests + 2;
            let cut = FaultKind::retry_after(429, "3600");
            bench.api.set_faults(vec![Fault::new("changes", When::Request(next), cut).always()]);
            let cut = run_within_a_minute(&bench, &early).await;
            bench.api.set_faults(vec![]);
            held.release();
            cut
        };
        let mut running = std::pin::pin!(running);
        let overtaken = tokio::select! {
            report = &mut running => break assert_complete(&report, 4),
            cut = overtaking => cut,
        };
        let report = running.await;
        assert_eq!(overtaken.error, None, "{overtaken:?}");
        assert_eq!(report.status, Status::Complete, "call {call}: {report:?}");
        assert_eq!(bench.records("changes"), records, "call {call}");
        for commit in chain(&bench) {
            assert!(bench.lines("changes").iter().any(|line| line.contains(&commit.batch_id)), "{commit:?}");
        }
        call += 1;
    }
    assert!(call > 20, "{call}");
}

#[tokio::test]
async fn integers_go_beyond_what_a_number_holds_and_texts_are_bytes() {
    let row = |version: &str, id: u32| format!("{{\"id\":{id},\"v\":{version}}}");
    let timeline = Timeline::new("v", TimeFormat::Integer, "since", None);
    let big = "170141183460469231731687303715884105000";
    let stream = with(timeline.with([row("9", 1), row("10", 2), row(big, 3)]));
    let bench =
        Bench::one(stream, vec![], &settings("cursor: v, format: integer, from: { query: since }, key: id"))
            .await;
    assert_complete(&bench.run_at("changes", &at(1, "00:00:00")).await, 3);
    bench.api.append("changes", [row(big, 4), row(&big.replace("000", "001"), 5)]).unwrap();
    let second = bench.run_at("changes", &at(2, "00:00:00")).await;
    assert_complete(&second, 2);
    assert_eq!(second.cursor_in.as_deref(), Some(big));
    let numbers: Vec<_> = bench.records("changes");
    assert_eq!(numbers.len(), 5, "{numbers:?}");
}

#[tokio::test]
async fn a_start_that_is_not_reached_yet_is_said() {
    let settings = settings(&format!("{BOUNDED}, start: 2027-01-01"));
    let bench = Bench::one(changes([]), vec![], &settings).await;
    let report = bench.run_at("changes", &at(1, "00:00:00")).await;
    assert!(failure(&report).1.contains("`incremental.start` is not before the run's time"), "{report:?}");
}
