//! `backfill`: every window once, whatever interrupts it, beside the schedule.

use bronzegate_core::bronze::{BronzeStore as _, LocalStore, StagingArea};
use bronzegate_demo_api::{Fault, FaultKind, TimeFormat, Timeline, When};
use bronzegate_tests::command_line::{Shell, until};
use bronzegate_tests::streams::changes::{BOUNDED, changes, settings, sorted, ten_days, with};
use bronzegate_tests::{lines, one_stream, parts, without_metadata};

const LINE: &str = "backfill demo/changes --from 2026-01-01 --to 2026-01-11 --window 1d";

async fn shell(faults: Vec<Fault>) -> Shell {
    let yaml = one_stream("changes", &settings(&format!("{BOUNDED}, key: id, start: 2026-01-09")));
    Shell::new(vec![changes(ten_days())], faults, &yaml).await
}

/// What bronze holds of the stream, without what bronzegate added.
fn records(shell: &Shell) -> Vec<String> {
    sorted(lines(&shell.target(), "demo", "changes").iter().map(|line| without_metadata(line)).collect())
}

fn expected() -> Vec<String> {
    sorted(ten_days())
}

#[tokio::test]
async fn every_window_is_loaded_once_and_the_same_command_again_loads_nothing() {
    let shell = shell(vec![]).await;
    let loaded = shell.run(&format!("{LINE} --parallel 3 --json")).await;
    assert_eq!(loaded.code(), Some(0), "{loaded:?}");
    let keys: Vec<_> =
        loaded.reports().iter().map(|report| report["key"].as_str().unwrap().to_owned()).collect();
    assert_eq!((keys.len(), keys[1].as_str()), (10, "window-20260102T000000Z-20260103T000000Z"));
    assert!(loaded.err.contains("10 windows to load: about 10 requests"), "{loaded:?}");
    assert_eq!(records(&shell), expected());
    let requests = shell.api.stats().stream("changes").requests;
    let again = shell.run(LINE).await;
    assert_eq!((again.code(), again.err.as_str()), (Some(0), ""), "{again:?}");
    assert_eq!(again.out.lines().filter(|line| line.contains("already_committed")).count(), 10, "{again:?}");
    assert_eq!(shell.api.stats().stream("changes").requests, requests);
    assert_eq!(records(&shell), expected());
}

#[tokio::test]
async fn the_schedules_cursor_is_left_alone() {
    let shell = shell(vec![]).await;
    let first = shell.run("run demo/changes --at 2026-01-10T12:00:00Z --json").await.assert(0, "complete");
    assert_eq!((&first["key"], first["records"].as_u64()), (&"seq-1".into(), Some(5)));
    assert_eq!(shell.run("backfill demo/changes --from 2026-01-01 --to 2026-01-09").await.code(), Some(0));
    let next = shell.run("run demo/changes --at 2026-01-11T00:00:00Z --json").await.assert(0, "complete");
    assert_eq!((&next["key"], &next["cursor_in"]), (&"seq-2".into(), &first["cursor_out"]));
    assert_eq!(records(&shell), expected());
}

#[tokio::test]
async fn a_backfill_that_meets_a_quota_stops_its_windows_and_goes_on_later() {
    let shell = shell(vec![]).await;
    // The probe is the first request, and the first window's the second.
    let day = FaultKind::retry_after(429, "86400");
    shell.api.set_faults(vec![Fault::new("changes", When::Request(2), day).always()]);
    let loaded = shell.run(&format!("{LINE} --parallel 1 --json")).await;
    assert_eq!((loaded.code(), shell.api.stats().stream("changes").requests), (Some(5), 2), "{loaded:?}");
    let statuses: Vec<_> = loaded.reports().iter().map(|report| report["status"].clone()).collect();
    assert_eq!(statuses.iter().filter(|status| *status == "failed").count(), 1, "{statuses:?}");
    shell.api.set_faults(vec![]);
    assert_eq!(shell.run(LINE).await.code(), Some(0));
    assert_eq!(records(&shell), expected());
}

#[tokio::test]
async fn a_dry_run_lists_the_windows_and_writes_nothing() {
    let shell = shell(vec![]).await;
    let listed = shell.run(&format!("{LINE} --dry-run --json")).await;
    assert_eq!((listed.code(), listed.reports().len()), (Some(0), 10), "{listed:?}");
    assert_eq!(listed.reports()[9]["to"], "2026-01-11T00:00:00Z");
    assert!(!shell.target().exists());
    assert_eq!(shell.api.stats().stream("changes").requests, 1, "the probe alone");
    let table = shell.run(&format!("{LINE} --dry-run")).await.out;
    let columns: Vec<_> = table.lines().next().unwrap_or_default().split_whitespace().collect();
    assert_eq!(columns, ["FROM", "TO", "STATUS"], "nothing is counted yet");
}

#[tokio::test]
async fn a_terminal_shows_a_line_for_each_worker_and_a_bar_for_the_total() {
    // The probe is the first request; then there is one for each window.
    let held = Fault::new("changes", When::Request(2), FaultKind::Held).always();
    let shell = shell(vec![held]).await;
    let running = shell.start_on_terminal(&format!("{LINE} --parallel 3"));
    // Before any window has come there is a line for each of the first three, and the total below.
    let shown = || shell.screen();
    let window = |day: u32| format!("2026-01-{day:02}/2026-01-{:02}", day + 1);
    let has_three = |drawn: &str| (1..=3).all(|day| drawn.contains(&window(day)));
    until("three windows and the total", || {
        shown().split_inclusive("0/10 windows").any(|drawn| has_three(drawn) && drawn.ends_with("windows"))
    })
    .await;
    assert!(!shown().contains(&window(4)), "{}", shown());
    shell.api.set_faults(vec![Fault::new("changes", When::Request(11), FaultKind::Held)]);
    until("the last window", || shown().contains(&window(10)) && shown().contains("9/10 windows")).await;
    shell.api.set_faults(vec![]);
    let ended = running.ended().await;
    assert_eq!(ended.code(), Some(0), "{ended:?}");
}

#[tokio::test]
async fn a_share_of_a_rate_that_is_not_stated_is_told() {
    let shell = shell(vec![]).await;
    for (share, told) in [("0.5", true), ("1", false)] {
        let looked = shell.run(&format!("{LINE} --dry-run --rate-share {share}")).await;
        assert_eq!(looked.err.contains("no `requests_per_second` is stated"), told, "{looked:?}");
    }
}

#[tokio::test]
async fn an_interrupted_backfill_is_gone_on_with_by_the_same_command() {
    // The probe is a request too, so that four windows come.
    let held = Fault::new("changes", When::Request(6), FaultKind::Held).always();
    let shell = shell(vec![held]).await;
    let running = shell.start(&format!("{LINE} --parallel 2 --json"));
    until("some windows", || shell.commits("changes").len() >= 3).await;
    running.signal("INT").await;
    let cut = running.ended().await;
    assert_eq!(cut.code(), Some(3), "{cut:?}");
    shell.api.set_faults(vec![]);
    let before = shell.commits("changes").len();
    assert!((3..=4).contains(&before), "{before}");
    let rest = shell.run(&format!("{LINE} --json")).await;
    assert_eq!((rest.code(), rest.reports().len()), (Some(0), 10 - before), "{rest:?}");
    assert_eq!(records(&shell), expected());
}

/// A run has died between the commit of a window and its publishing, as what it left says.
#[tokio::test]
async fn a_window_that_is_passed_over_as_committed_is_published() {
    let shell = shell(vec![]).await;
    assert_eq!(shell.run(LINE).await.code(), Some(0));
    let store = LocalStore::open(shell.target()).expect("the folder opens");
    let part = |shell: &Shell| parts(&shell.target(), "demo", "changes").remove(3);
    for alive in [false, true] {
        let missing = part(&shell);
        let text = std::fs::read_to_string(&missing).expect("readable");
        let key = "window-20260104T000000Z-20260105T000000Z.s0001";
        let area = StagingArea { stream: "demo/changes".to_owned(), segment: key.to_owned() };
        // The run that died, or the one that goes on for ever, has the part staged where its receipt says.
        let run = LocalStore::open(shell.target()).expect("the folder opens");
        let mut staged = run.stage("demo/changes/x", &area).await.expect("an upload begins");
        staged.write(text.into()).await.expect("it is written");
        staged.finish().await.expect("it is finished");
        std::fs::remove_file(&missing).expect("removable");
        let run = alive.then_some(run);
        assert_eq!(records(&shell).len(), 27);
        let looked = shell.run(&format!("{LINE} --dry-run")).await;
        assert_eq!((looked.code(), records(&shell).len()), (Some(0), 27), "{looked:?}");
        let again = shell.run(LINE).await;
        assert_eq!(again.code(), Some(0), "{again:?}");
        assert_eq!(records(&shell), expected(), "alive: {alive}");
        drop(run);
        assert_eq!(store.leftovers("demo/changes").await.expect("a sweep").len(), 0);
    }
}

#[tokio::test]
async fn a_window_that_fails_does_not_stop_the_others() {
    let fault = Fault::new("changes", When::Request(4), FaultKind::status(400));
    let shell = shell(vec![fault]).await;
    let first = shell.run(&format!("{LINE} --parallel 1")).await;
    assert_eq!(first.code(), Some(5), "{first:?}");
    assert!(first.out.contains("failed") && first.err.contains("HTTP 400"), "{first:?}");
    assert_eq!(shell.commits("changes").len(), 9);
    assert_eq!(shell.run(LINE).await.code(), Some(0));
    assert_eq!(records(&shell), expected());
}

/// Whole centuries: two of the windows are over, and the third is not while this test is of any use.
const CENTURIES: &str = "backfill demo/changes --from 1826-01-11 --to 2126-01-11 --window 100y";

#[tokio::test]
async fn a_window_that_is_not_over_is_left_to_the_same_command_later() {
    let shell = shell(vec![]).await;
    for (committed, requests) in [(0, 5), (2, 5)] {
        let loaded = shell.run(CENTURIES).await;
        assert_eq!(loaded.code(), Some(3), "{loaded:?}");
        assert!(loaded.err.contains("not over yet: 1 window"), "{loaded:?}");
        let states = |state: &str| loaded.out.lines().filter(|line| line.contains(state)).count();
        assert_eq!((states("already_committed"), states("not_over")), (committed, 1), "{loaded:?}");
        assert_eq!(
            shell.api.stats().stream("changes").requests,
            requests,
            "the probe, an empty window, and three pages"
        );
        assert_eq!((shell.commits("changes").len(), records(&shell)), (2, expected()));
    }
    let listed = shell.run(&format!("{CENTURIES} --dry-run --json")).await;
    assert_eq!((listed.code(), &listed.reports()[2]["status"]), (Some(0), &"not_over".into()), "{listed:?}");
    let only = shell.run("backfill demo/changes --from 2026-01-11 --to 2126-01-11").await;
    assert_eq!(only.code(), Some(2), "{only:?}");
    assert!(only.err.contains("no window of the backfill is over"), "{only:?}");
    assert_eq!(shell.commits("changes").len(), 2);
}

#[tokio::test]
async fn a_probe_that_fails_for_reasons_of_its_own_does_not_stop_the_windows() {
    let fault = Fault::new("changes", When::Request(1), FaultKind::status(400));
    let shell = shell(vec![fault]).await;
    let loaded = shell.run(LINE).await;
    assert_eq!(loaded.code(), Some(0), "{loaded:?}");
    assert!(loaded.err.contains("10 windows to load; what they take is not known"), "{loaded:?}");
    assert!(loaded.err.contains("HTTP 400"), "{loaded:?}");
    assert_eq!(records(&shell), expected());
    let refused = Fault::new("changes", When::Every(1), FaultKind::status(401)).always();
    shell.api.set_faults(vec![refused]);
    let stopped = shell.run(&format!("{LINE} --revision 2")).await;
    assert_eq!((stopped.code(), shell.commits("changes").len()), (Some(4), 10), "{stopped:?}");
    assert_eq!(shell.api.stats().stream("changes").requests, 12, "one refused probe, no refused window");
}

#[tokio::test]
async fn a_window_that_holds_too_much_is_told_by_the_probe_and_split() {
    let timeline = Timeline::new("updatedAt", TimeFormat::Rfc3339, "updated_after", Some("updated_before"));
    let stream = with(Timeline { max_results: Some(10), ..timeline.with(ten_days()) });
    let split = "split_when: { at: { body: total }, over: 10 }, window: 1mo, start: 2026-01-01";
    let yaml = one_stream("changes", &settings(&format!("{BOUNDED}, key: id, {split}")));
    let shell = Shell::new(vec![stream], vec![], &yaml).await;
    let checked = shell.run("check demo/changes").await;
    assert_eq!(checked.code(), Some(0), "{checked:?}");
    assert!(checked.out.contains("a run splits it"), "{checked:?}");
    let loaded = shell.run("backfill demo/changes --from 2026-01-01 --to 2026-01-11").await;
    assert_eq!(loaded.code(), Some(0), "{loaded:?}");
    assert!(loaded.err.contains("will be split"), "{loaded:?}");
    assert_eq!(records(&shell), expected());
}

#[tokio::test]
async fn records_that_other_windows_have_brought_are_told_before_they_are_loaded_again() {
    let shell = shell(vec![]).await;
    assert_eq!(shell.run(LINE).await.code(), Some(0));
    for (line, told) in [
        ("--from 2026-01-04 --to 2026-01-06T12:00:00Z", true),
        ("--from 2026-01-11 --to 2026-01-12", false),
        ("--from 2026-01-04 --to 2026-01-06", true),
        ("--from 2026-01-04 --to 2026-01-06 --window 1d", false),
        ("--from 2026-01-04 --to 2026-01-06 --revision 2", false),
    ] {
        let ended = shell.run(&format!("backfill demo/changes --dry-run {line}")).await;
        assert_eq!(ended.code(), Some(0), "{ended:?}");
        assert_eq!(ended.err.contains("their records are loaded twice"), told, "{line}: {ended:?}");
    }
    let ended =
        shell.run("backfill demo/changes --dry-run --from 2026-01-04 --to 2026-01-06T12:00:00Z").await;
    assert!(ended.err.contains("committed with other bounds: 3 windows"), "{ended:?}");
}

#[tokio::test]
async fn again_tells_which_revision_it_goes_on_with_and_a_revision_can_be_said() {
    let shell = shell(vec![]).await;
    let (first, both) = (LINE.replace("2026-01-11", "2026-01-03"), LINE.replace("2026-01-11", "2026-01-05"));
    assert_eq!(shell.run(&first).await.code(), Some(0));
    assert_eq!(shell.run(&format!("{first} --again")).await.code(), Some(0));
    let looked = shell.run(&format!("{both} --again --dry-run")).await;
    assert!(
        looked.err.contains(
            "--again continues with revision 2, of which 2 of 4 windows are committed; --revision 3 loads all of them"
        ),
        "{looked:?}"
    );
    for (left, line) in [(4, "--revision 3 --json"), (0, "--revision 3 --json")] {
        let loaded = shell.run(&format!("{both} {line}")).await;
        assert_eq!((loaded.code(), loaded.reports().len()), (Some(0), left), "{loaded:?}");
        assert!(loaded.reports().iter().all(|report| report["key"].as_str().unwrap().ends_with("-r3")));
    }
    let unclear = shell.run(&format!("{both} --revision 3 --again")).await;
    assert_eq!(unclear.code(), Some(2), "{unclear:?}");
}

#[tokio::test]
async fn again_loads_a_new_revision_and_what_is_left_of_it() {
    let shell = shell(vec![]).await;
    assert_eq!(shell.run(LINE).await.code(), Some(0));
    // The first revision's ten requests and its probe, a probe, and three windows.
    shell.api.set_faults(vec![Fault::new("changes", When::Request(16), FaultKind::status(400))]);
    let cut = shell.run(&format!("{LINE} --again --parallel 1")).await;
    assert_eq!(cut.code(), Some(5), "{cut:?}");
    let rest = shell.run(&format!("{LINE} --again --json")).await;
    assert_eq!((rest.code(), rest.reports().len()), (Some(0), 1), "{rest:?}");
    assert!(rest.reports()[0]["key"].as_str().unwrap().ends_with("-r2"), "{rest:?}");
    assert_eq!(records(&shell).len(), 60);
}

#[tokio::test]
async fn what_cannot_be_loaded_is_a_usage_error() {
    let shell = shell(vec![]).await;
    shell.source("bare", "streams: { t: { path: /changes, records: results } }");
    for (line, message) in [
        ("backfill demo/changes --from 2026-01-02 --to 2026-01-02", "`to` must be after `from`"),
        ("backfill demo/changes --from soon --to 2026-01-02", "write how long ago"),
        ("backfill demo/changes --from 2026-01-01 --to 2026-01-02 --window 1x", "15m, 6h, 1d"),
        ("backfill demo/changes --from 2026-01-01 --to 2026-01-02 --rate-share 2", "from 0.0001 to 1"),
        ("backfill bare/t --from 2026-01-01 --to 2026-01-02", "it has no `incremental:"),
        ("backfill demo/changes --from 1026-01-01 --to 2026-01-02 --window 1m", "more than 100000 windows"),
    ] {
        let ended = shell.run(line).await;
        assert_eq!(ended.code(), Some(2), "{ended:?}");
        assert!(ended.err.contains(message), "{line}: {ended:?}");
    }
    assert_eq!(shell.api.stats().stream("changes").requests, 0);
}
