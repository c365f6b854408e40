//! Partitions, and branches that a rule leaves out, have marks of their own: what comes late to one is not lost.

use std::time::Duration;

use bronzegate_core::bronze::{CommitRecord, SegmentStatus};
use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_demo_api::{Fault, FaultKind, Shape, Stream, Style, TimeFormat, Timeline, When};
use bronzegate_tests::streams::changes::{BOUNDED, at, change, settings, sorted};
use bronzegate_tests::{Bench, assert_complete, failure, one_stream};

const SKIP: &str = "\nresponses: [{ when: { at: { status: true }, equals: 404 }, then: skip }]";

/// A region's changes, ten records a page.
fn region(name: &str, records: Vec<String>) -> Stream {
    let timeline = Timeline::new("updatedAt", TimeFormat::Rfc3339, "updated_after", Some("updated_before"));
    let timeline = timeline.with(records);
    Stream::new(name, Style::Cursor, Shape::Small, 0).page_size(10).timeline(timeline)
}

/// A change a day at eight, from 1 to `days` January 2026.
fn daily(first: u64, days: u32) -> Vec<String> {
    (1..=days).zip(first..).map(|(day, id)| change(id, &at(day, "08:00:00"))).collect()
}

fn yaml(regions: &str, more: &str) -> String {
    let settings = settings(&format!("{BOUNDED}, start: 2026-01-01, key: id{more}"));
    let yaml = one_stream("changes", &format!("partitions: {{ region: [{regions}] }}\n{settings}{SKIP}"));
    yaml.replace("path: /changes", "path: '/{{ partition.region }}'")
}

async fn bench(regions: &str, more: &str) -> Bench {
    let streams = vec![region("eu", daily(1, 5)), region("us", daily(101, 5)), region("apac", daily(201, 5))];
    Bench::new(streams, Vec::new(), &yaml(regions, more)).await
}

/// What bronze must hold of whole regions.
fn all(bench: &Bench, regions: &[&str]) -> Vec<String> {
    sorted(regions.iter().flat_map(|region| bench.api.records(region)).collect())
}

fn newest(bench: &Bench) -> CommitRecord {
    let commits = bench.commits("changes");
    commits.into_iter().max_by_key(|commit| (commit.scheduled_time, commit.segment)).expect("there is one")
}

#[tokio::test]
async fn a_partition_that_is_added_later_begins_at_start() {
    for more in ["", ", window: 1d", ", lookback: 12h"] {
        let mut bench = bench("eu", more).await;
        assert_complete(&bench.run_at("changes", &at(6, "00:00:00")).await, 5);
        bench.reads_with(&yaml("eu, us", more));
        bench.api.append("eu", [change(6, &at(6, "08:00:00"))]).unwrap();
        let report = bench.run_at("changes", &at(7, "00:00:00")).await;
        assert_eq!((report.status, &report.error), (Status::Complete, &None), "{more}");
        assert_eq!(sorted(bench.records("changes")), all(&bench, &["eu", "us"]), "{more}");
        assert_eq!(report.warnings, Vec::<String>::new());
    }
}

#[tokio::test]
async fn in_windows_only_partitions_that_are_behind_are_asked() {
    let mut bench = bench("eu", ", window: 1d").await;
    assert_complete(&bench.run_at("changes", &at(6, "00:00:00")).await, 5);
    let before = bench.stats("eu").requests;
    bench.reads_with(&yaml("eu, us", ", window: 1d"));
    assert_complete(&bench.run_at("changes", &at(7, "00:00:00")).await, 5);
    assert_eq!(bench.stats("us").requests, 6, "the windows of six days");
    assert_eq!(
        bench.stats("eu").requests - before,
        2,
        "the fifth, where its newest record is, and the sixth"
    );
}

#[tokio::test]
async fn a_record_that_comes_late_to_one_partition_is_not_behind_anothers_mark() {
    let bench = bench("eu, us", "").await;
    bench.api.append("us", [change(190, &at(9, "00:00:00"))]).unwrap();
    assert_complete(&bench.run_at("changes", &at(10, "00:00:00")).await, 11);
    bench.api.append("eu", [change(50, &at(7, "00:00:00"))]).unwrap();
    assert_complete(&bench.run_at("changes", &at(11, "00:00:00")).await, 1);
    assert_eq!(sorted(bench.records("changes")), all(&bench, &["eu", "us"]));
}

#[tokio::test]
async fn a_partition_that_was_removed_goes_on_at_its_mark_when_it_is_there_again() {
    let mut bench = bench("eu, us", "").await;
    assert_complete(&bench.run_at("changes", &at(6, "00:00:00")).await, 10);
    bench.reads_with(&yaml("eu", ""));
    assert_complete(&bench.run_at("changes", &at(8, "00:00:00")).await, 0);
    bench.api.append("us", [change(150, &at(7, "00:00:00"))]).unwrap();
    bench.reads_with(&yaml("us, eu", ""));
    assert_complete(&bench.run_at("changes", &at(9, "00:00:00")).await, 1);
    assert_eq!(sorted(bench.records("changes")), all(&bench, &["eu", "us"]));
}

#[tokio::test]
async fn numbers_are_followed_within_each_partition() {
    let numbered = |name: &str, first: u64| {
        let records = (first..first + 12).map(|n| format!("{{\"id\":{n},\"n\":{n}}}"));
        let timeline = Timeline::new("n", TimeFormat::Integer, "since", None).with(records);
        Stream::new(name, Style::Cursor, Shape::Small, 0).page_size(5).timeline(timeline)
    };
    let keys = "cursor: n, format: integer, from: { query: since }, start: 0, key: id";
    let yaml = |regions: &str| {
        let settings = format!("partitions: {{ region: [{regions}] }}\n{}", settings(keys));
        one_stream("changes", &settings).replace("path: /changes", "path: '/{{ partition.region }}'")
    };
    let mut bench = Bench::new(vec![numbered("eu", 1), numbered("us", 1_000)], Vec::new(), &yaml("us")).await;
    assert_complete(&bench.run_at("changes", &at(6, "00:00:00")).await, 12);
    bench.reads_with(&yaml("us, eu"));
    assert_complete(&bench.run_at("changes", &at(7, "00:00:00")).await, 12);
    bench.api.append("eu", ["{\"id\":13,\"n\":13}".to_owned()]).unwrap();
    assert_complete(&bench.run_at("changes", &at(8, "00:00:00")).await, 1);
    assert_eq!(sorted(bench.records("changes")), all(&bench, &["eu", "us"]));
}

#[tokio::test]
async fn partitions_of_other_names_are_refused_before_the_first_request() {
    let mut bench = bench("eu", "").await;
    assert_complete(&bench.run_at("changes", &at(6, "00:00:00")).await, 5);
    let before = bench.stats("eu").requests;
    bench.reads_with(&yaml("eu", "").replace("region", "area"));
    let report = bench.run_at("changes", &at(7, "00:00:00")).await;
    let (kind, message) = failure(&report);
    assert_eq!(kind, ErrorKind::Config);
    assert!(message.contains("called [area], those of the log [region]"), "{message}");
    assert_eq!(bench.stats("eu").requests, before);
}

#[tokio::test]
async fn a_run_that_fails_moves_no_mark() {
    let bench = bench("eu, us", "").await;
    bench.api.set_faults(vec![Fault::new("us", When::Page(1), FaultKind::status(400)).always()]);
    let report = bench.run_at("changes", &at(6, "00:00:00")).await;
    assert_eq!(failure(&report).0, ErrorKind::Api);
    bench.assert_nothing_visible("changes");
    bench.api.set_faults(Vec::new());
    assert_complete(&bench.run_at("changes", &at(7, "00:00:00")).await, 10);
}

#[tokio::test]
async fn marks_move_together_when_a_cut_run_is_complete_and_a_partition_added_meanwhile_begins_at_start() {
    let mut bench = bench("eu, us", "").await;
    let hour = FaultKind::retry_after(429, "3600");
    bench.api.set_faults(vec![Fault::new("us", When::Page(1), hour).always()]);
    let report = bench.run_within("changes", Duration::from_mins(5)).await;
    assert_eq!((report.status, report.counts.records), (Status::Partial, 5), "{report:?}");
    let marks = newest(&bench).cursor.unwrap().partitions.unwrap().marks;
    let eu = &marks[0];
    let known = eu.known.as_ref().unwrap();
    assert_eq!(known.cursor.text, "2026-01-01T00:00:00Z", "what was known stays");
    assert_eq!(eu.newest.as_ref().unwrap().cursor.text, at(5, "08:00:00"), "beside it, what has been read");
    bench.api.set_faults(Vec::new());
    bench.reads_with(&yaml("eu, us, apac", ""));
    let report = bench.run("changes").await;
    assert_complete(&report, 5);
    let marks = newest(&bench).cursor.unwrap().partitions.unwrap().marks;
    assert!(marks.iter().all(|mark| mark.newest.is_none()));
    assert_eq!(marks[0].known.as_ref().unwrap().cursor.text, at(5, "08:00:00"));
    assert_complete(&bench.run_at("changes", "2026-11-23T00:00:00Z").await, 5);
    assert_eq!(sorted(bench.records("changes")), all(&bench, &["eu", "us", "apac"]));
}

/// Makes the newest commit one of an earlier version: one mark for all partitions.
fn as_an_earlier_version_wrote_it(bench: &Bench) {
    let folder = bench.target().join("_bronzegate/demo/changes/commits");
    let path = std::fs::read_dir(folder)
        .expect("it is as the test made it")
        .next()
        .expect("it is as the test made it")
        .expect("it is as the test made it")
        .path();
    let mut record: serde_json::Value =
        serde_json::from_slice(&std::fs::read(&path).expect("it is as the test made it"))
            .expect("it is as the test made it");
    record["format"] = 1.into();
    record["cursor"]
        .as_object_mut()
        .expect("it is as the test made it")
        .remove("partitions")
        .expect("it is as the test made it");
    std::fs::write(path, record.to_string()).expect("it is as the test made it");
}

#[tokio::test]
async fn partitions_of_a_log_with_one_mark_begin_there_and_that_is_told_once_the_file_has_changed() {
    let mut bench = bench("eu, us", "").await;
    assert_complete(&bench.run_at("changes", &at(6, "00:00:00")).await, 10);
    as_an_earlier_version_wrote_it(&bench);
    bench.api.append("us", [change(150, &at(6, "08:00:00"))]).unwrap();
    bench.reads_with(&yaml("eu, us, apac", ""));
    let report = bench.run_at("changes", &at(7, "00:00:00")).await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None));
    let told =
        "the log has one mark for all partitions, 2026-01-05T08:00:00Z, and the source file has changed";
    assert!(report.warnings.len() == 1 && report.warnings[0].starts_with(told), "{:?}", report.warnings);
    let came: Vec<_> =
        bench.records("changes").into_iter().filter(|record| record.contains("\"id\":20")).collect();
    assert_eq!(came, [change(205, &at(5, "08:00:00"))], "of the new partition, what is at the mark");
    assert_complete(&bench.run_at("changes", &at(8, "00:00:00")).await, 0);
}

#[tokio::test]
async fn the_same_file_reads_a_log_with_one_mark_without_a_word() {
    let bench = bench("eu, us", "").await;
    assert_complete(&bench.run_at("changes", &at(6, "00:00:00")).await, 10);
    as_an_earlier_version_wrote_it(&bench);
    bench.api.append("us", [change(150, &at(6, "08:00:00"))]).unwrap();
    let report = bench.run_at("changes", &at(7, "00:00:00")).await;
    assert_eq!((report.status, report.warnings.len()), (Status::Complete, 0), "{report:?}");
    assert!(bench.records("changes").contains(&change(150, &at(6, "08:00:00"))));
}

#[tokio::test]
async fn a_partition_that_is_left_out_once_comes_with_the_next_run() {
    for more in ["", ", window: 1d"] {
        let bench = bench("eu, us", more).await;
        bench.api.set_absent(["us".to_owned()]);
        let report = bench.run_at("changes", &at(6, "00:00:00")).await;
        assert_complete(&report, 5);
        assert!(report.warnings[0].starts_with("1 left out by `then: skip`: region=us"), "{report:?}");
        assert!(!newest(&bench).may_lack);
        bench.api.set_absent([]);
        assert_complete(&bench.run_at("changes", &at(7, "00:00:00")).await, 5);
        assert_complete(&bench.run_at("changes", &at(8, "00:00:00")).await, 0);
        assert_eq!(sorted(bench.records("changes")), all(&bench, &["eu", "us"]), "{more}");
    }
}

#[tokio::test]
async fn a_run_of_which_everything_is_left_out_is_marked() {
    const TOLD: &str = "no page has come, because `then: skip` has left out all that was asked for";
    let bench = bench("eu, us", "").await;
    for (absent, day, is_marked) in [(vec!["eu", "us"], 6, true), (vec!["us"], 7, false)] {
        bench.api.set_absent(absent.into_iter().map(str::to_owned));
        let report = bench.run_at("changes", &at(day, "00:00:00")).await;
        assert_eq!((report.status, &report.error), (Status::Complete, &None));
        assert_eq!(newest(&bench).may_lack, is_marked, "{report:?}");
        let is_told = report.warnings.iter().any(|told| told.starts_with(TOLD));
        assert_eq!(is_told, is_marked, "{:?}", report.warnings);
    }
    bench.api.set_absent([]);
    assert_eq!(bench.run_at("changes", &at(8, "00:00:00")).await.status, Status::Complete);
    assert_eq!(sorted(bench.records("changes")), all(&bench, &["eu", "us"]), "their marks were kept");
}

#[tokio::test]
async fn a_partition_that_is_always_left_out_is_asked_once_a_run() {
    let bench = bench("eu, us", ", window: 1d").await;
    bench.api.set_absent(["us".to_owned()]);
    for (day, asked) in [(6, 1), (7, 2), (8, 3)] {
        let report = bench.run_at("changes", &at(day, "00:00:00")).await;
        assert_eq!((report.status, &report.error), (Status::Complete, &None));
        assert_eq!(bench.stats("us").requests, asked);
    }
}

#[tokio::test]
async fn all_marks_together_hold_a_bounded_number_of_hashes() {
    let tied = |of: u64| (0..500).map(move |n| change(of * 1_000 + n, &at(3, "00:00:00"))).collect();
    let names: Vec<String> = (0..20).map(|n| format!("r{n}")).collect();
    let streams = names.iter().zip(0..).map(|(name, of)| region(name, tied(of)).page_size(100)).collect();
    let bench = Bench::new(streams, Vec::new(), &yaml(&names.join(", "), "")).await;
    assert_complete(&bench.run_at("changes", &at(6, "00:00:00")).await, 10_000);
    let marks = newest(&bench).cursor.unwrap().partitions.unwrap().marks;
    let hashes: usize =
        marks.iter().filter_map(|mark| mark.known.as_ref()).map(|mark| mark.versions.len()).sum();
    assert!((7_500..=8_192).contains(&hashes), "{hashes}");
    assert_complete(&bench.run_at("changes", &at(7, "00:00:00")).await, 0);
    assert_eq!(sorted(bench.records("changes")).len(), 10_000);
}

const TASKS: &str = "streams:
  projects: { path: /projects, records: results }
  changes:
    path: '/tasks/{{ parent.id }}'
    parent: { stream: projects, fields: [id] }
    records: results
    pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after } }
    incremental: { cursor: updatedAt, format: rfc3339, from: { query: updated_after }, to: { query: updated_before }, \
                   start: 2026-01-01, key: id }
    responses: [{ when: { at: { status: true }, equals: 404 }, then: skip }]";

/// Projects, and the tasks of each: five a project.
async fn tasks(projects: u64, more: &str) -> (Bench, Vec<String>) {
    let all = bronzegate_tests::expected(Shape::Small, projects);
    let ids = all.iter().map(|record| {
        let record: serde_json::Value = serde_json::from_str(record).expect("it is as the test made it");
        record["id"].to_string()
    });
    let names: Vec<String> = ids.map(|id| format!("tasks/{id}")).collect();
    let of = names.iter().zip(0..).map(|(name, nth)| region(name, daily(nth * 100, 5)));
    let projects = Stream::new("projects", Style::Single, Shape::Small, projects);
    let streams = std::iter::once(projects).chain(of).collect();
    let yaml = TASKS.replace(", key: id", &format!(", key: id{more}"));
    (Bench::new(streams, Vec::new(), &yaml).await, names)
}

#[tokio::test]
async fn a_parent_that_is_left_out_once_comes_with_the_next_run() {
    for more in ["", ", window: 1d"] {
        let (bench, names) = tasks(4, more).await;
        bench.api.set_absent([names[1].clone(), names[3].clone()]);
        assert_complete(&bench.run_at("changes", &at(6, "00:00:00")).await, 10);
        assert_eq!(newest(&bench).cursor.unwrap().skipped[0].branches.len(), 2, "{more}");
        bench.api.set_absent([names[3].clone()]);
        bench.api.append(&names[0], [change(90, &at(6, "08:00:00"))]).unwrap();
        assert_complete(&bench.run_at("changes", &at(7, "00:00:00")).await, 6);
        bench.api.set_absent([]);
        assert_complete(&bench.run_at("changes", &at(8, "00:00:00")).await, 5);
        let last = newest(&bench);
        assert_eq!((last.status, last.may_lack), (SegmentStatus::Complete, false));
        assert_eq!(last.cursor.unwrap().skipped, [], "{more}");
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert_eq!(sorted(bench.records("changes")), all(&bench, &names), "{more}");
    }
}

#[tokio::test]
async fn more_branches_that_are_left_out_than_keep_a_mark_make_the_run_lack_them() {
    let (bench, names) = tasks(260, "").await;
    bench.api.set_absent(names.clone());
    let report = bench.run_at("changes", &at(6, "00:00:00")).await;
    assert_complete(&report, 0);
    let last = newest(&bench);
    assert!(last.may_lack);
    let skipped = last.cursor.unwrap().skipped;
    assert_eq!(skipped.iter().map(|group| group.branches.len()).sum::<usize>(), 256);
    let told =
        report.warnings.iter().any(|warning| warning.starts_with("4 more were left out by `then: skip`"));
    assert!(told, "{:?}", report.warnings);
}

#[tokio::test]
async fn parents_that_are_left_out_make_the_run_lack_their_children() {
    let rule = "responses: [{ when: { at: { status: true }, equals: 404 }, then: skip }]";
    let yaml = TASKS.replace(
        "projects: { path: /projects, records: results }",
        &format!("projects: {{ path: '/{{{{ partition.of }}}}', records: results, partitions: {{ of: [a, b] }}, {rule} }}"),
    );
    let bench = Bench::new(vec![Stream::new("a", Style::Single, Shape::Small, 0)], Vec::new(), &yaml).await;
    let report = bench.run_at("changes", &at(6, "00:00:00")).await;
    assert_complete(&report, 0);
    assert!(newest(&bench).may_lack, "{report:?}");
}

#[tokio::test]
async fn the_first_run_and_check_say_that_a_later_parent_is_read_from_the_common_mark() {
    let (bench, _) = tasks(1, "").await;
    let told = "a record of projects that appears later is read from the common mark of its stream on";
    let report = bench.run_at("changes", &at(6, "00:00:00")).await;
    assert!(report.warnings.iter().any(|warning| warning.starts_with(told)), "{:?}", report.warnings);
    assert_eq!(newest(&bench).warnings, report.warnings, "`runs` shows it as well");
    assert!(bench.source.named("changes").unwrap().cautions()[0].starts_with(told));
    let report = bench.run_at("changes", &at(7, "00:00:00")).await;
    assert_eq!(report.warnings, Vec::<String>::new(), "once");
}
