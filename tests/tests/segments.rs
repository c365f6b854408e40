//! Runs that are cut short, killed, repeated or raced: bronze is that of one uncut run.

use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::bronze::{BronzeStore as _, LocalStore};
use bronzegate_core::clock::Deadline;
use bronzegate_core::error::ErrorKind;
use bronzegate_core::extract::Stop;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_demo_api::{Fault, FaultKind, Options, Shape, Stream, Style, When};
use bronzegate_tests::{
    Bench, Failing, FaultyStore, SCHEDULED, SEED, expected, failure, one_stream, parts, request,
};

const RECORDS: u64 = 115;

fn stream(style: Style) -> Stream {
    Stream::new("items", style, Shape::Small, RECORDS).page_size(10)
}

const BY_CURSOR: &str = "records: results
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
const LONG: Duration = Duration::from_mins(5);

/// The API asks to wait for an hour at this page: a run with a deadline ends before it.
fn hour_at(page: u64) -> Vec<Fault> {
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
        let latency = Duration::from_millis(12);
        let options = Options { seed: SEED, streams: vec![stream.clone()], latency, ..Options::default() };
        let bench = Bench::with(options, &one_stream("items", settings)).await;
        let mut reports = Vec::new();
        while reports.last().is_none_or(|report: &RunReport| report.status == Status::Partial) {
            reports.push(bench.run_within("items", Duration::from_millis(200)).await);
        }
        let (last, cut) = reports.split_last().unwrap();
        bench.assert_landed(last, &stream);
        assert!(!cut.is_empty(), "{style:?}");
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
        let (run, stop) = (bench.stream("items"), Stop::default());
        let stats = run.stats();
        let meanwhile = async {
            // The fourth page is on its way and will not come.
            while stats.counts().pages < 3 || bench.stats("items").requests < 4 {
                tokio::task::yield_now().await;
            }
            stop.ask();
        };
        let plan = request(SCHEDULED);
        let (report, ()) =
            tokio::join!(run.run(bench.store(), plan, Deadline::NONE, stop.clone()), meanwhile);
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
    let stop = Stop::default();
    stop.ask();
    let report = bench.stream("items").run(bench.store(), request(SCHEDULED), Deadline::NONE, stop).await;
    let message = "demo/items: interrupted before the first page; nothing was committed";
    assert_eq!((failure(&report), report.exit_code()), ((ErrorKind::Interrupted, message), 130));
    bench.assert_nothing_visible("items");
}

#[tokio::test]
async fn not_even_one_page_within_the_deadline_fails() {
    let stalled = FaultKind::Stall { after_bytes: 100, pause: Duration::from_mins(1) };
    for fault in [stalled, FaultKind::retry_after(503, "3600"), FaultKind::retry_after(429, "3600")] {
        let faults = vec![Fault::new("items", When::Page(1), fault).always()];
        let bench = Bench::one(stream(Style::Cursor), faults, BY_CURSOR).await;
        let report = bench.run_within("items", Duration::from_millis(300)).await;
        let message = "demo/items: not even one page came within the deadline; nothing was committed";
        assert_eq!(failure(&report), (ErrorKind::Api, message));
        bench.assert_nothing_visible("items");
    }
}

#[tokio::test]
async fn one_page_may_use_the_time_kept_for_committing() {
    // Of 500 ms, 400 are for fetching; the first page takes longer.
    let stalled = FaultKind::Stall { after_bytes: 100, pause: Duration::from_millis(420) };
    let faults = vec![Fault::new("items", When::Page(1), stalled)];
    let bench = Bench::one(stream(Style::Cursor), faults, BY_CURSOR).await;
    let report = bench.run_within("items", Duration::from_millis(500)).await;
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
async fn who_loses_against_a_run_that_dies_publishes_its_parts() {
    let mut bench = in_parts(Vec::new()).await;
    let calls = calls().await;
    // From before the commit to the hint, the winner's last calls.
    for (failing, at) in [Failing::KilledBefore, Failing::KilledAfter]
        .into_iter()
        .flat_map(|failing| (calls - 7..calls).map(move |at| (failing, at)))
    {
        bench = bench.with_empty_folder();
        let held = FaultyStore::new(bench.store(), 0, Failing::HeldAtCommit);
        let winner = async {
            held.moment().await;
            killed(&bench, at, failing).await;
            let committed = !bench.commits("items").is_empty();
            held.release();
            committed
        };
        let (report, committed) = tokio::join!(bench.run_into("items", Arc::new(held.clone())), winner);
        let status = if committed { Status::AlreadyCommitted } else { Status::Complete };
        let what = format!("{failing:?} call {at} of {calls}");
        assert_eq!((report.status, &report.error), (status, &None), "{what}");
        assert_eq!(bench.records("items"), expected(Shape::Small, RECORDS), "{what}");
    }
}

#[tokio::test]
async fn a_run_counts_for_itself() {
    let bench = Bench::one(stream(Style::Cursor), Vec::new(), BY_CURSOR).await;
    let run = bench.stream("items");
    for at in ["2026-11-22T17:00:00Z", "2026-11-22T18:00:00Z"] {
        let report = run.run(bench.store(), request(at), Deadline::NONE, Stop::default()).await;
        assert_eq!((report.counts.records, report.counts.pages, report.counts.requests), (RECORDS, 12, 12));
    }
    let commits = bench.commits("items");
    assert_eq!(commits[0].counts.requests, commits[1].counts.requests);
}

/// Two pages to a part, so that there are parts to lose.
const IN_PARTS: &str = "output: { max_part_bytes: 6KiB }";

async fn in_parts(faults: Vec<Fault>) -> Bench {
    Bench::one(stream(Style::Cursor), faults, &format!("{BY_CURSOR}\n{IN_PARTS}")).await
}

fn store(bench: &Bench) -> Arc<LocalStore> {
    bench.store()
}

/// How many store calls a whole run makes.
async fn calls() -> u64 {
    let bench = in_parts(Vec::new()).await;
    let counted = FaultyStore::new(store(&bench), 0, Failing::Before);
    let report = bench.run_into("items", Arc::new(counted.clone())).await;
    bench.assert_landed(&report, &stream(Style::Cursor));
    assert!(report.parts.len() >= 4, "{} parts", report.parts.len());
    counted.calls()
}

#[tokio::test]
async fn a_store_error_at_any_call_fails_cleanly_and_the_next_run_lands() {
    let calls = calls().await;
    assert!(calls > 20, "{calls}");
    let mut bench = in_parts(Vec::new()).await;
    for failing in [Failing::Before, Failing::After, Failing::Gone] {
        for at in 1..=calls {
            bench = bench.with_empty_folder();
            let faulty = FaultyStore::new(store(&bench), at, failing);
            let report = bench.run_into("items", Arc::new(faulty)).await;
            let what = format!("{failing:?} at call {at} of {calls}");
            match &report.error {
                Some(error) => assert_eq!(error.kind, ErrorKind::Store, "{what}: {}", error.message),
                // The hint may be lost, and an error while giving up is no worse than the first.
                None => assert_eq!(report.status, Status::Complete, "{what}"),
            }
            if bench.commits("items").is_empty() {
                bench.assert_nothing_visible("items");
            }
            let again = bench.run("items").await;
            assert_eq!(again.error, None, "{what}");
            assert_eq!(bench.records("items"), expected(Shape::Small, RECORDS), "{what}");
            assert_eq!(bench.run("items").await.status, Status::AlreadyCommitted, "{what}");
        }
    }
}

/// Runs until the store's moment has come, and vanishes: nothing it does later has an effect.
async fn killed(bench: &Bench, at: u64, failing: Failing) {
    let others = locked_folders(bench).await;
    let faulty = FaultyStore::new(store(bench), at, failing);
    let (run, moment) = (bench.stream("items"), faulty.clone());
    let run = tokio::spawn(async move {
        run.run(Arc::new(faulty), request(SCHEDULED), Deadline::NONE, Stop::default()).await
    });
    moment.moment().await;
    run.abort();
    let _ = run.await;
    moment.bury();
    // File work that was under way goes on in its thread; a dead process has none, and no locks.
    while locked_folders(bench).await > others {
        tokio::task::yield_now().await;
    }
}

/// Staging folders that a living run holds.
async fn locked_folders(bench: &Bench) -> usize {
    let dead = store(bench).leftovers("demo/items").await.unwrap_or_default().len();
    let folders = std::fs::read_dir(bench.target().join("_bronzegate/staging/demo/items"));
    folders.map_or(0, Iterator::count).saturating_sub(dead)
}

#[tokio::test]
async fn a_run_killed_at_any_store_call_is_as_if_it_had_not_been() {
    let calls = calls().await;
    let mut bench = in_parts(Vec::new()).await;
    for failing in [Failing::KilledBefore, Failing::KilledAfter] {
        for at in 1..=calls {
            bench = bench.with_empty_folder();
            killed(&bench, at, failing).await;
            let what = format!("{failing:?} call {at} of {calls}");
            if bench.commits("items").is_empty() {
                bench.assert_nothing_visible("items");
            }
            let again = bench.run("items").await;
            assert_eq!(again.error, None, "{what}");
            assert_eq!(bench.records("items"), expected(Shape::Small, RECORDS), "{what}");
            let staged = bench.target().join("_bronzegate/staging");
            let files = bench.everything().into_iter().map(|(path, _)| path);
            let left: Vec<_> = files.filter(|path| path.starts_with(&staged)).collect();
            assert!(left.is_empty(), "{what}: the dead run's uploads are gone, but {left:?}");
        }
    }
}

#[tokio::test]
async fn a_partial_run_killed_at_any_store_call_goes_on_from_its_last_commit() {
    let first = in_parts(hour_at(5)).await;
    assert_eq!(first.run_within("items", LONG).await.status, Status::Partial);
    let counted = FaultyStore::new(store(&first), 0, Failing::Before);
    first.api.set_faults(Vec::new());
    first.run_into("items", Arc::new(counted.clone())).await;
    let calls = counted.calls();
    assert!(calls > 20, "{calls}");
    let mut bench = first;
    for failing in [Failing::KilledBefore, Failing::KilledAfter] {
        for at in 1..=calls {
            bench = bench.with_empty_folder();
            bench.api.set_faults(hour_at(5));
            assert_eq!(bench.run_within("items", LONG).await.status, Status::Partial);
            bench.api.set_faults(Vec::new());
            killed(&bench, at, failing).await;
            let again = bench.run("items").await;
            assert_eq!(again.error, None, "{failing:?} {at}");
            assert_eq!(bench.records("items"), expected(Shape::Small, RECORDS), "{failing:?} {at}");
        }
    }
}

#[tokio::test]
async fn a_later_run_publishes_what_a_killed_one_has_committed() {
    let calls = calls().await;
    let mut bench = in_parts(Vec::new()).await;
    for at in calls - 6..=calls {
        bench = bench.with_empty_folder();
        killed(&bench, at, Failing::KilledBefore).await;
        let committed = !bench.commits("items").is_empty();
        let next = bench.run_at("items", "2026-11-22T18:00:00Z").await;
        assert_eq!((next.status, &next.error), (Status::Complete, &None));
        let runs = if committed { 2 } else { 1 };
        assert_eq!(bench.records("items").len() as u64, runs * RECORDS, "call {at} of {calls}");
    }
}

#[tokio::test]
async fn a_failed_run_leaves_no_history_and_the_same_event_tries_again() {
    let faults = vec![Fault::new("items", When::Page(7), FaultKind::status(404))];
    let bench = in_parts(faults).await;
    assert_eq!(failure(&bench.run("items").await).0, ErrorKind::Api);
    bench.assert_nothing_visible("items");
    bench.assert_landed(&bench.run("items").await, &stream(Style::Cursor));
}

#[tokio::test]
async fn a_commit_record_tells_what_was_done() {
    let bench = in_parts(hour_at(5)).await;
    let partial = bench.run_within("items", LONG).await;
    bench.api.set_faults(vec![Fault::new("items", When::Page(6), FaultKind::retry_after(503, "0"))]);
    let complete = bench.run("items").await;
    let commits = bench.commits("items");
    let [first, last] = commits.as_slice() else { panic!("{} commits", commits.len()) };
    for (commit, report) in [(first, &partial), (last, &complete)] {
        assert_eq!((commit.source.as_str(), commit.stream.as_str()), ("demo", "items"));
        assert_eq!(
            (commit.key.as_str(), commit.batch_id.as_str()),
            ("at-20261122T170000Z", "20261122170000")
        );
        assert_eq!(
            (Some(&commit.key), Some(&commit.batch_id)),
            (report.key.as_ref(), report.batch_id.as_ref())
        );
        assert_eq!(commit.scheduled_time, SCHEDULED.parse().unwrap());
        assert_eq!(commit.counts, report.counts);
        assert_eq!(commit.parts.iter().map(|part| part.path.clone()).collect::<Vec<_>>(), report.parts);
        assert_eq!(commit.parts.iter().map(|part| part.records).sum::<u64>(), report.counts.records);
        assert_eq!((&commit.cursor_in, &commit.cursor_out), (&report.cursor_in, &report.cursor_out));
        assert!(commit.started_at <= commit.finished_at);
        assert_eq!(
            (commit.environment.as_str(), &commit.config_fingerprint),
            ("test", &bench.source.fingerprint)
        );
        assert!(!commit.engine_version.is_empty());
    }
    assert_eq!((first.segment, last.segment), (1, 2));
    assert_eq!((first.counts.pages, first.counts.requests, first.counts.api_errors), (4, 5, 1));
    assert_eq!((last.counts.pages, last.counts.requests, last.counts.retries), (8, 9, 1));
    assert_eq!(
        (last.total_counts.pages, last.total_counts.requests, last.total_counts.records),
        (12, 14, RECORDS)
    );
    assert!(first.page_state.is_some() && last.page_state.is_none());
    assert!(first.history.is_empty() && last.history.len() == 1);
    assert_eq!((last.history[0].records, last.history[0].key.as_str()), (RECORDS, "at-20261122T170000Z"));
    // Its name, as the protocol says.
    let log = bench.target().join("_bronzegate/demo/items/commits");
    for name in ["at-20261122T170000Z.s0001.json", "at-20261122T170000Z.s0002.json"] {
        assert!(log.join(name).is_file(), "{name}");
    }
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
            "0 times the usual number of records came, less than the 0.5 of `expect.records_ratio`"
        ]
    );
    let commits = bench.commits("items");
    assert_eq!(commits[2].history.iter().map(|run| run.records).collect::<Vec<_>>(), [RECORDS, RECORDS, 0]);
    assert!(commits[2].parts.is_empty());
}

#[tokio::test]
async fn a_target_that_cannot_be_written_is_a_store_error() {
    let bench = Bench::one(stream(Style::Cursor), Vec::new(), BY_CURSOR).await;
    let store = bench.store();
    // A file where the stream's folder should be.
    std::fs::write(bench.target().join("demo"), "in the way").unwrap();
    let report = bench.run_into("items", store).await;
    let (kind, message) = failure(&report);
    assert_eq!((kind, report.exit_code()), (ErrorKind::Store, 7), "{message}");
    assert!(message.contains("demo"), "{message}");
}
