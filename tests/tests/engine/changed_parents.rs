//! Children of those parents alone that have changed since the last run, and of all of them every so often.

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_demo_api::{Fault, FaultKind, Shape, Stream, Style, When};
use bronzegate_tests::streams::changes::{BOUNDED, at, change, changes, settings};
use bronzegate_tests::{Bench, failure};

use super::segments::LONG;

/// The source file; `parent` and `of_parents` are further keys of the parent and of its `incremental`.
fn yaml(parent: &str, of_parents: &str) -> String {
    let own = settings(&format!("{BOUNDED}, start: 2026-01-01, key: id{of_parents}")).replace('\n', "\n    ");
    format!(
        "streams:
  changes:
    path: /changes
    {own}
  tasks:
    path: '/tasks/{{{{ parent.id }}}}'
    records: results
    parent: {{ stream: changes, fields: [id], concurrency: 1, {parent} }}
"
    )
}

const WEEKLY: &str = "changed: true, full_every: 7d";

/// Parents 1 to 4, which changed on the days of their ids, with two tasks each.
async fn bench(parent: &str, of_parents: &str, faults: Vec<Fault>) -> Bench {
    let parents = (1..=4).map(|id| change(id, &at(id as u32, "12:00:00")));
    let tasks = |id: u64| Stream::new(format!("tasks/{id}"), Style::Single, Shape::Small, 2);
    let streams = std::iter::once(changes(parents)).chain((1..=4).map(tasks)).collect();
    Bench::new(streams, faults, &yaml(parent, of_parents)).await
}

/// A run on this day, and the ids of the parents whose tasks it brings.
async fn run(bench: &Bench, day: u32) -> (RunReport, Vec<u64>) {
    let before = bench.lines("tasks").len();
    let report = bench.run_at("tasks", &at(day, "00:00:00")).await;
    let mut parents: Vec<u64> =
        bench.lines("tasks").split_off(before).iter().map(|line| parent(line)).collect();
    parents.sort_unstable();
    parents.dedup();
    (report, parents)
}

fn parent(line: &str) -> u64 {
    let line: serde_json::Value = serde_json::from_str(line).expect("a line is JSON");
    line["_parent_id"].as_u64().expect("an id is a number")
}

/// Makes parents change at noon of a day.
fn touch(bench: &Bench, day: u32, ids: &[u64]) {
    let changed = ids.iter().map(|id| change(*id, &at(day, "12:00:00")));
    bench.api.append("changes", changed).expect("the stream has a timeline");
}

#[tokio::test]
async fn only_parents_that_have_changed_since_the_last_run_are_asked_for_their_children() {
    let bench = bench(WEEKLY, "", vec![]).await;
    let (first, all) = run(&bench, 10).await;
    assert_eq!((first.status, all), (Status::Complete, vec![1, 2, 3, 4]), "{first:?}");
    assert_eq!(first.cursor_out, Some(at(4, "12:00:00")), "how far the parents have been read");
    touch(&bench, 10, &[2]);
    let before = bench.stats("tasks/1").requests;
    let (second, changed) = run(&bench, 11).await;
    assert_eq!((second.status, changed), (Status::Complete, vec![2]), "{second:?}");
    assert_eq!(bench.stats("tasks/1").requests, before, "nobody asked for others");
    let (third, none) = run(&bench, 12).await;
    assert_eq!((third.status, third.counts.records, none), (Status::Complete, 0, vec![]), "{third:?}");
    assert_eq!(third.records_ratio, Some(0.0), "measured by the run before, not by the one of all");
    touch(&bench, 12, &[4]);
    assert_eq!(run(&bench, 13).await.1, [4], "a run without any keeps the mark");
    assert!(
        bench.commits("tasks").iter().all(|commit| commit.format == 2),
        "older releases would lose parents"
    );
}

#[tokio::test]
async fn all_parents_have_their_turn_every_so_often() {
    let bench = bench("changed: true, full_every: 3d", "", vec![]).await;
    let mut came = Vec::new();
    for day in 10..=17 {
        came.push(run(&bench, day).await.1.len());
    }
    assert_eq!(came, [4, 0, 0, 4, 0, 0, 4, 0]);
}

#[tokio::test]
async fn a_parent_at_the_mark_comes_again_only_if_it_has_changed() {
    let bench = bench(WEEKLY, "", vec![]).await;
    run(&bench, 10).await;
    let again = change(4, &at(4, "12:00:00")).replace("n4", "other");
    bench.api.append("changes", [again]).expect("the stream has a timeline");
    let (report, changed) = run(&bench, 11).await;
    assert_eq!((report.status, changed), (Status::Complete, vec![4]), "{report:?}");
}

#[tokio::test]
async fn settle_and_lookback_of_the_parents_hold() {
    let settled = bench(WEEKLY, ", settle: 1d", vec![]).await;
    assert_eq!(run(&settled, 4).await.1, [1, 2], "the third may not be the last of its day");
    assert_eq!(run(&settled, 5).await.1, [3]);
    let late = bench(WEEKLY, ", lookback: 2d", vec![]).await;
    run(&late, 10).await;
    touch(&late, 3, &[1]);
    assert_eq!(run(&late, 11).await.1, [1, 2, 3], "what is looked back at is read again, but for the newest");
}

#[tokio::test]
async fn a_run_that_is_cut_resumes_among_its_parents_and_the_mark_waits_for_its_end() {
    for window in ["", ", window: 1d"] {
        let hour = Fault::new("tasks/3", When::Request(1), FaultKind::retry_after(429, "3600")).always();
        let bench = bench(WEEKLY, window, vec![hour]).await;
        let cut = bench.run_within("tasks", LONG).await;
        assert_eq!(cut.status, Status::Partial, "{cut:?}");
        bench.api.set_faults(Vec::new());
        // It changes after the end that the run was begun with: that is for the next one.
        bench.api.append("changes", [change(1, "2026-11-22T17:00:00Z")]).expect("the stream has a timeline");
        let whole = bench.run("tasks").await;
        assert_eq!((whole.status, &whole.error), (Status::Complete, &None), "{whole:?}");
        let mut parents: Vec<u64> = bench.lines("tasks").iter().map(|line| parent(line)).collect();
        parents.sort_unstable();
        assert_eq!(parents, [1, 1, 2, 2, 3, 3, 4, 4]);
        let next = bench.run_at("tasks", "2026-11-22T18:00:00Z").await;
        assert_eq!((next.status, next.counts.records), (Status::Complete, 2), "{next:?}");
    }
}

#[tokio::test]
async fn what_a_cut_run_has_not_read_comes_with_the_event_after_it() {
    let bench = bench("changed: true, full_every: 366d", "", vec![]).await;
    run(&bench, 10).await;
    touch(&bench, 10, &[1, 3]);
    bench.api.set_faults(vec![
        Fault::new("tasks/3", When::Overall(1), FaultKind::retry_after(429, "3600")).always(),
    ]);
    let cut = bench.run_within("tasks", LONG).await;
    assert_eq!(cut.status, Status::Partial, "{cut:?}");
    bench.api.set_faults(Vec::new());
    let next = bench.run_at("tasks", "2026-11-22T18:00:00Z").await;
    assert_eq!((next.status, next.counts.records), (Status::Complete, 4), "{next:?}");
}

#[tokio::test]
async fn a_run_of_other_parents_needs_a_restart_and_a_new_run_reads_all() {
    let hour = Fault::new("tasks/3", When::Request(1), FaultKind::retry_after(429, "3600")).always();
    let mut bench = bench(WEEKLY, "", vec![hour]).await;
    assert_eq!(bench.run_within("tasks", LONG).await.status, Status::Partial);
    bench.api.set_faults(Vec::new());
    bench.reads_with(&yaml("where: { at: id, over: 1 }, changed: true, full_every: 7d", ""));
    let refused = bench.run("tasks").await;
    assert_eq!(failure(&refused).0, ErrorKind::Store);
    assert!(failure(&refused).1.contains("run --restart"), "{refused:?}");
    let next = bench.run_at("tasks", "2026-11-23T17:00:00Z").await;
    assert_eq!((next.status, next.counts.records), (Status::Complete, 6), "{next:?}");
    let told = "what the source file says of the parents has changed";
    assert!(next.warnings.iter().any(|warning| warning.contains(told)), "{next:?}");
}

#[tokio::test]
async fn a_run_whose_settings_another_release_knew_otherwise_resumes_with_the_same_file_alone() {
    let hour = Fault::new("tasks/3", When::Request(1), FaultKind::retry_after(429, "3600")).always();
    let mut bench = bench(WEEKLY, "", vec![hour]).await;
    assert_eq!(bench.run_within("tasks", LONG).await.status, Status::Partial);
    bench.api.set_faults(Vec::new());
    let settings = bench.commits("tasks")[0].parents.clone().expect("it has parents").settings;
    bench.edit_commits("tasks", &settings, "0123456789abcdef");
    let same = yaml(WEEKLY, "");
    bench.reads_with(&format!("{same}# another file\n"));
    let refused = bench.run("tasks").await;
    assert!(failure(&refused).1.contains("run --restart"), "{refused:?}");
    bench.reads_with(&same);
    let whole = bench.run("tasks").await;
    assert_eq!((whole.status, whole.counts.records), (Status::Complete, 4), "{whole:?}");
    let commits = bench.commits("tasks");
    let known: Vec<_> = commits.iter().filter_map(|commit| commit.parents.as_ref()).collect();
    assert_eq!(known.last().expect("it has parents").settings, settings, "as this release knows them");
}

#[tokio::test]
async fn a_log_from_before_goes_on_with_all_parents_once() {
    let mut bench = bench("missing: error", "", vec![]).await;
    assert_eq!(run(&bench, 10).await.1, [1, 2, 3, 4]);
    bench.reads_with(&yaml(WEEKLY, ""));
    assert_eq!(run(&bench, 11).await.1, [1, 2, 3, 4]);
    assert_eq!(run(&bench, 12).await.1, [0; 0]);
    bench.reads_with(&yaml("missing: error", ""));
    assert_eq!(run(&bench, 13).await.1, [1, 2, 3, 4], "and back");
}

#[tokio::test]
async fn what_a_rule_leaves_out_is_told() {
    let mut bench = bench(WEEKLY, "", vec![]).await;
    let skip = "    responses: [{ when: { at: { status: true }, equals: 404 }, then: skip }]\n";
    bench.reads_with(&(yaml(WEEKLY, "") + skip));
    bench.api.set_absent(["tasks/2".to_owned()]);
    let (report, came) = run(&bench, 10).await;
    assert_eq!((report.status, came), (Status::Complete, vec![1, 3, 4]), "{report:?}");
    assert!(report.warnings.iter().any(|warning| warning.contains("`full_every`")), "{report:?}");
    assert!(bench.commits("tasks")[0].may_lack);
}
