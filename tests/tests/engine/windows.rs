//! Runs of one window: what is asked for, what is written, and what is left to the neighbours.

use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::bronze::{CommitLog, Layout};
use bronzegate_core::clock::{Clock, Deadline, SystemClock, TestClock};
use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_core::run::{RunOptions, RunRequest};
use bronzegate_core::window::{TimeWindow, parse_instant};
use bronzegate_demo_api::{Fault, FaultKind, Stream, TimeFormat, Timeline, When};
use bronzegate_tests::command_line::until;
use bronzegate_tests::streams::changes::{BOUNDED, OPEN, change, changes, settings, sorted, with};
use bronzegate_tests::{Bench, ManualClock, failure, test_clock};

fn window(from: &str, to: &str) -> TimeWindow {
    let [from, to] = [from, to].map(|text| parse_instant(text).expect("an instant"));
    TimeWindow::new(from, to).expect("a window")
}

async fn load(bench: &Bench, from: &str, to: &str, revision: u32) -> RunReport {
    let request = RunRequest::Window { window: window(from, to), revision };
    bench.stream("changes").run(bench.store(), request, RunOptions::default()).await
}

/// Four a day for three days: at both ends of each, and two at one instant.
fn three_days() -> Vec<String> {
    (0..3_u64)
        .flat_map(|day| {
            let at = move |hour: &str| format!("2026-01-0{}T{hour}", day + 1);
            [("00:00:00Z", 0), ("12:00:00.5Z", 1), ("12:00:00.500Z", 2), ("23:59:59.999999999Z", 3)]
                .map(|(hour, nth)| change(day * 4 + nth, &at(hour)))
        })
        .collect()
}

#[tokio::test]
async fn neighbouring_windows_bring_each_record_once_whatever_the_api_adds() {
    for (inclusive_to, beyond_to, sorted_by_time) in [(false, 0, true), (true, 0, true), (true, 3, false)] {
        let mut records = three_days();
        records.rotate_left(5);
        let timeline =
            Timeline::new("updatedAt", TimeFormat::Rfc3339, "updated_after", Some("updated_before"));
        let timeline = Timeline { inclusive_to, beyond_to, sorted: sorted_by_time, ..timeline.with(records) };
        let bench = Bench::one(with(timeline), vec![], &settings(BOUNDED)).await;
        for (from, to) in
            [("2026-01-02", "2026-01-03"), ("2026-01-01", "2026-01-02"), ("2026-01-03", "2026-01-04")]
        {
            let report = load(&bench, from, to, 1).await;
            assert_eq!((report.status, report.counts.records), (Status::Complete, 4), "{report:?}");
            let outside = inclusive_to && to != "2026-01-04";
            assert_eq!(report.warnings.len(), usize::from(outside), "{report:?}");
            assert!(!outside || report.warnings[0].contains("outside of the window"), "{report:?}");
        }
        assert_eq!(sorted(bench.records("changes")), sorted(three_days()));
    }
}

#[tokio::test]
async fn a_window_is_named_by_its_bounds_and_loaded_again_only_as_a_new_revision() {
    let bench = Bench::one(changes(three_days()), vec![], &settings(BOUNDED)).await;
    let log = CommitLog::new(bench.store(), Layout::new("demo", "changes"));
    let day = window("2026-01-01", "2026-01-02");
    assert_eq!(log.revisions(day).await.unwrap(), None);
    let first = load(&bench, "2026-01-01T01:00:00+01:00", "2026-01-02", 1).await;
    assert_eq!(first.key.as_deref(), Some("window-20260101T000000Z-20260102T000000Z"));
    let again = load(&bench, "2026-01-01", "2026-01-02", 1).await;
    assert_eq!((again.status, again.key), (Status::AlreadyCommitted, first.key));
    assert_eq!(bench.records("changes").len(), 4);
    let second = load(&bench, "2026-01-01", "2026-01-02", 2).await;
    assert_eq!((second.status, second.counts.records), (Status::Complete, 4));
    assert_eq!(log.revisions(day).await.unwrap(), Some(2));
    assert_eq!(bench.records("changes").len(), 8);
    let asked = bench.commits("changes")[0].window.clone().unwrap();
    assert_eq!(asked.from.as_deref(), Some("2026-01-01T00:00:00Z"));
    assert_eq!(asked.to.as_deref(), Some("2026-01-02T00:00:00Z"));
}

#[tokio::test]
async fn a_stream_that_cannot_be_asked_for_a_window_says_what_is_missing() {
    let bare = "records: results\npagination: { type: none }";
    for (settings, part) in [
        (bare.to_owned(), "it has no `incremental:"),
        (settings("cursor: id, format: integer, from: { query: since }"), "is none of time"),
        (settings(&BOUNDED.replace("rfc3339", "date")), "whole days"),
    ] {
        let bench = Bench::one(changes(three_days()), vec![], &settings).await;
        let report = load(&bench, "2026-01-01", "2026-01-01T12:00:00Z", 1).await;
        let (kind, message) = failure(&report);
        assert_eq!(kind, ErrorKind::Config);
        assert!(message.contains("demo/changes") && message.contains(part), "{message}");
        assert_eq!(bench.stats("changes").requests, 0);
    }
}

#[tokio::test]
async fn every_format_is_written_where_the_file_says() {
    let at = |seconds: u64| format!("{{\"id\":{seconds},\"at\":{seconds}}}");
    let day = 1_767_225_600;
    let records = || [at(day - 1), at(day), at(day + 86_399), at(day + 86_400)];
    let timeline = Timeline::new("at", TimeFormat::EpochS, "since", Some("until")).with(records());
    let millis = |record: String| record.replace("\"at\":", "\"ms\":0,\"at\":").replace('}', "000}");
    let in_ms = Timeline::new("at", TimeFormat::EpochMs, "since", Some("until")).with(records().map(millis));
    let template = "params: { since: '{{ window.from }}', until: '{{ window.to }}' }\n";
    let keys = |format: &str| format!("cursor: at, format: {format}");
    for (timeline, text) in [
        (
            timeline.clone(),
            settings(&format!("{}, from: {{ query: since }}, to: {{ query: until }}", keys("epoch_s"))),
        ),
        (timeline, format!("{template}{}", settings(&format!("{}, start: 2026-01-01", keys("epoch_s"))))),
        (in_ms, format!("{template}{}", settings(&format!("{}, start: 2026-01-01", keys("epoch_ms"))))),
    ] {
        let bench = Bench::one(with(timeline), vec![], &text).await;
        let report = load(&bench, "2026-01-01", "2026-01-02", 1).await;
        assert_eq!((report.status, report.counts.records), (Status::Complete, 2), "{report:?}");
        assert_eq!(report.warnings, [""; 0], "the API was asked for no more");
    }
    let days = ["2025-12-31", "2026-01-01", "2026-01-02"].map(|day| change(1, day));
    let bench = Bench::one(changes(days), vec![], &settings(&BOUNDED.replace("rfc3339", "date"))).await;
    assert_eq!(load(&bench, "2026-01-01", "2026-01-02", 1).await.counts.records, 1);
}

#[tokio::test]
async fn an_api_without_an_end_is_cut_at_the_windows_end() {
    let bench = Bench::one(changes(three_days()), vec![], &settings(OPEN)).await;
    let report = load(&bench, "2026-01-01", "2026-01-02", 1).await;
    assert_eq!((report.counts.records, report.warnings.len()), (4, 1), "{report:?}");
    assert!(report.warnings[0].starts_with("8 records"), "{report:?}");
}

#[tokio::test]
async fn a_record_without_cursor_fails_the_run_unless_the_file_says_otherwise() {
    let records = || {
        let full = (0..14).map(|id| change(id, "2026-01-01T10:00:00Z"));
        full.chain([r#"{"id":14}"#.to_owned(), r#"{"id":15,"updatedAt":null}"#.to_owned()])
    };
    // Those without a time sort first; served as they came to be, they are on the second page.
    let timeline = Timeline::new("updatedAt", TimeFormat::Rfc3339, "updated_after", Some("updated_before"));
    let stream = || with(Timeline { sorted: false, ..timeline.clone().with(records()) });
    let bench = Bench::one(stream(), vec![], &settings(BOUNDED)).await;
    let report = load(&bench, "2026-01-01", "2026-01-02", 1).await;
    let (kind, message) = failure(&report);
    assert_eq!(kind, ErrorKind::Data);
    assert!(
        message.contains("page 2") && message.contains("record 5 has no cursor at `updatedAt`"),
        "{message}"
    );
    bench.assert_nothing_visible("changes");
    for (missing, count, warnings) in [("keep", 16, 1), ("skip", 14, 1)] {
        let bench = Bench::one(stream(), vec![], &settings(&format!("{BOUNDED}, missing: {missing}"))).await;
        let report = load(&bench, "2026-01-01", "2026-01-02", 1).await;
        assert_eq!((report.counts.records, report.warnings.len()), (count, warnings), "{report:?}");
    }
    let unreadable = changes([r#"{"id":1,"updatedAt":"soon"}"#.to_owned()]);
    let bench = Bench::one(unreadable, vec![], &settings(BOUNDED)).await;
    let report = load(&bench, "2026-01-01", "2026-01-02", 1).await;
    assert!(
        failure(&report).1.contains("record 1 has a cursor at `updatedAt` that is not an ISO 8601"),
        "{report:?}"
    );
}

#[tokio::test]
async fn a_window_that_is_cut_goes_on_at_its_next_page_in_its_own_folder() {
    let records: Vec<_> = (0..45).map(|id| change(id, "2026-01-01T10:00:00Z")).collect();
    let fault = Fault::new("changes", When::Request(3), FaultKind::retry_after(429, "3600"));
    let bench = Bench::one(changes(records.clone()), vec![fault], &settings(BOUNDED)).await;
    let request = RunRequest::Window { window: window("2026-01-01", "2026-01-02"), revision: 1 };
    let clock = Arc::new(SystemClock::default());
    let deadline = Deadline::within(&*clock, Duration::from_mins(1));
    let cut =
        bench.stream_with("changes", clock).run(bench.store(), request, RunOptions::until(deadline)).await;
    assert_eq!((cut.status, cut.counts.pages), (Status::Partial, 2), "{cut:?}");
    let later = test_clock();
    later.advance(Duration::from_hours(24 * 400));
    let run = bench.stream_with("changes", later);
    let rest = run.run(bench.store(), request, RunOptions::default()).await;
    assert_eq!((rest.status, rest.key), (Status::Complete, cut.key), "{:?}", rest.error);
    assert_eq!(bench.records("changes"), records);
    let folder = |part: &String| part.rsplit_once('/').map(|(folder, _)| folder.to_owned());
    assert_eq!(cut.parts.iter().map(folder).next(), rest.parts.iter().map(folder).next());
}

#[tokio::test]
async fn a_share_of_the_rate_limit_takes_so_much_longer() {
    let stream: Stream = changes((0..200).map(|id| change(id, "2026-01-01T10:00:00Z")));
    let yaml = format!("rate_limit: {{ requests_per_second: 10, burst: 1 }}\n{}", settings(BOUNDED));
    let bench = Bench::one(stream, vec![], &yaml).await;
    let mut took = Vec::new();
    for (share, revision) in [(1.0, 1), (0.25, 2)] {
        let clock = test_clock();
        let engine = bench.engine(clock.clone()).with_rate_share(share).unwrap();
        let request = RunRequest::Window { window: window("2026-01-01", "2026-01-02"), revision };
        let run = engine.stream("changes").unwrap();
        let report = run.run(bench.store(), request, RunOptions::default()).await;
        assert_eq!(report.counts.requests, 20, "{report:?}");
        took.push(clock.elapsed().as_secs_f64());
    }
    assert!((3.8..4.2).contains(&(took[1] / took[0])), "{took:?}");
    for share in [0.0, 1.5, f64::NAN] {
        let refused = bench.engine(Arc::new(SystemClock::default())).with_rate_share(share);
        assert_eq!(refused.unwrap_err().kind(), ErrorKind::Config);
    }
}

#[tokio::test]
async fn a_window_is_not_committed_before_it_has_ended() {
    let bench = Bench::one(changes(three_days()), vec![], &settings(BOUNDED)).await;
    let clock = Arc::new(TestClock::at("2026-01-01T23:59:59Z".parse().expect("a time")));
    let request = RunRequest::Window { window: window("2026-01-01", "2026-01-02"), revision: 1 };
    let run = bench.stream_with("changes", clock.clone());
    let early = run.run(bench.store(), request, RunOptions::default()).await;
    let (kind, message) = failure(&early);
    assert_eq!(kind, ErrorKind::Config);
    assert!(message.contains("is not over at 2026-01-01T23:59:59Z"), "{message}");
    bench.assert_nothing_visible("changes");
    clock.advance(Duration::from_secs(1));
    let report = run.run(bench.store(), request, RunOptions::default()).await;
    assert_eq!((report.status, report.counts.records), (Status::Complete, 4), "{report:?}");
}

#[tokio::test]
async fn a_window_that_has_no_turn_in_its_time_is_partial_and_the_next_try_has_it() {
    let yaml = format!("rate_limit: {{ requests_per_second: 0.5, burst: 1 }}\n{}", settings(BOUNDED));
    let bench = Bench::one(changes(three_days()), vec![], &yaml).await;
    let clock = ManualClock::new();
    // A request in four seconds, in runs of one, which wait for four fifths of that.
    let engine = bench.engine(clock.clone()).with_rate_share(0.5).unwrap();
    let run = engine.stream("changes").unwrap();
    let load = async |from, to| {
        let request = RunRequest::Window { window: window(from, to), revision: 1 };
        let deadline = Deadline::within(&*clock, Duration::from_secs(1));
        let mut running = std::pin::pin!(run.run(bench.store(), request, RunOptions::until(deadline)));
        let stats = run.stats();
        let passing = async {
            until("it waits for its turn", || stats.is_held_back() || stats.is_waiting()).await;
            clock.advance(Duration::from_millis(800));
        };
        tokio::select! {
            biased;
            report = &mut running => return report,
            () = passing => {}
        }
        running.await
    };
    assert_eq!(load("2026-01-01", "2026-01-02").await.status, Status::Complete);
    for _ in 0..4 {
        let report = load("2026-01-02", "2026-01-03").await;
        assert_eq!((report.status, report.counts.pages, report.error), (Status::Partial, 0, None));
    }
    // 3.2 of the 4 seconds have passed, and the rest passes within its own time.
    assert_eq!(load("2026-01-02", "2026-01-03").await.status, Status::Complete);
    assert_eq!(bench.records("changes").len(), 8);
}

/// A stream that gives out ten records at most and says how many there are.
fn capped(records: impl IntoIterator<Item = String>) -> Stream {
    let timeline = Timeline::new("updatedAt", TimeFormat::Rfc3339, "updated_after", Some("updated_before"));
    with(Timeline { max_results: Some(10), ..timeline.with(records) })
}

fn splitting(min_window: &str) -> String {
    settings(&format!(
        "{BOUNDED}, key: id, start: 2026-01-01, window: 1d, split_when: {{ at: {{ body: total }}, over: 10 }}, min_window: {min_window}"
    ))
}

#[tokio::test]
async fn a_window_that_holds_too_much_is_halved_until_it_fits() {
    let records: Vec<_> = (0..48)
        .map(|half| change(half, &format!("2026-01-01T{:02}:{:02}:00Z", half / 2, half % 2 * 30)))
        .collect();
    let bench = Bench::one(capped(records.clone()), vec![], &splitting("15m")).await;
    let report = load(&bench, "2026-01-01", "2026-01-02", 1).await;
    assert_eq!((report.status, report.counts.records), (Status::Complete, 48), "{report:?}");
    assert_eq!(bench.records("changes"), records);
    assert!(
        bench
            .commits("changes")
            .iter()
            .all(|commit| commit.key == "window-20260101T000000Z-20260102T000000Z")
    );
    let again = load(&bench, "2026-01-01", "2026-01-02", 1).await;
    assert_eq!(again.status, Status::AlreadyCommitted);
    let bench = bench.with_empty_folder();
    let report = bench.run_at("changes", "2026-01-02T00:00:00Z").await;
    assert_eq!((report.status, report.counts.records), (Status::Complete, 48), "{report:?}");
    assert_eq!(bench.records("changes"), records);
}

#[tokio::test]
async fn a_split_window_that_is_cut_between_its_parts_goes_on_there() {
    let records: Vec<_> = (0..24).map(|hour| change(hour, &format!("2026-01-01T{hour:02}:00:00Z"))).collect();
    // The first request finds too much, the next too, then the first quarter's page comes.
    let fault = Fault::new("changes", When::Request(5), FaultKind::status(400));
    let bench = Bench::one(capped(records.clone()), vec![fault], &splitting("15m")).await;
    let cut = load(&bench, "2026-01-01", "2026-01-02", 1).await;
    assert_eq!(failure(&cut).0, ErrorKind::Api);
    let before = bench.records("changes").len();
    assert!(before > 0 && before < 24, "{before}");
    let rest = load(&bench, "2026-01-01", "2026-01-02", 1).await;
    assert_eq!(rest.status, Status::Complete, "{rest:?}");
    assert_eq!(bench.records("changes"), records);
}

#[tokio::test]
async fn a_window_that_grows_too_large_behind_a_committed_page_is_begun_anew_in_halves() {
    let hour = |hour: u64| change(hour, &format!("2026-01-01T{hour:02}:00:00Z"));
    let hours: Vec<_> = (0..24).map(hour).collect();
    for scheduled in [false, true] {
        let fault = Fault::new("changes", When::Request(2), FaultKind::retry_after(429, "3600"));
        let bench =
            Bench::one(capped(hours[..9].to_vec()).page_size(5), vec![fault], &splitting("15m")).await;
        let request = if scheduled {
            bronzegate_tests::request("2026-01-02T00:00:00Z")
        } else {
            RunRequest::Window { window: window("2026-01-01", "2026-01-02"), revision: 1 }
        };
        let clock = Arc::new(SystemClock::default());
        let deadline = Deadline::within(&*clock, Duration::from_mins(1));
        let run = bench.stream_with("changes", clock);
        let cut = run.run(bench.store(), request, RunOptions::until(deadline)).await;
        assert_eq!((cut.status, cut.counts.records), (Status::Partial, 5), "{cut:?}");
        bench.api.append("changes", hours[9..].to_vec()).unwrap();
        let run = bench.stream("changes");
        let rest = run.run(bench.store(), request, RunOptions::default()).await;
        assert_eq!((rest.status, rest.counts.records), (Status::Complete, 24), "{rest:?}");
        let told =
            "the run was begun again: records of the 5 that its earlier segments committed may come twice";
        assert_eq!(rest.warnings, [told]);
        let mut found = sorted(bench.records("changes"));
        assert_eq!(found.len(), 29);
        found.dedup();
        assert_eq!(found, sorted(hours.clone()));
        let again = run.run(bench.store(), request, RunOptions::default()).await;
        assert_eq!(again.status, Status::AlreadyCommitted, "{again:?}");
    }
}

#[tokio::test]
async fn a_window_that_never_fits_fails_loudly() {
    let bench =
        Bench::one(capped((0..11).map(|id| change(id, "2026-01-01T10:00:00Z"))), vec![], &splitting("1h"))
            .await;
    let report = load(&bench, "2026-01-01", "2026-01-02", 1).await;
    let (kind, message) = failure(&report);
    assert_eq!(kind, ErrorKind::Data);
    assert!(
        message.contains("holds more than the API gives out") && message.contains("min_window"),
        "{message}"
    );
    assert!(bench.records("changes").is_empty());
}
