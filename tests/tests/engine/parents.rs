//! The parents of a stream: all of them are read, whatever their own stream asks for and however their pages
//! change, and what is found on the way is told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::clock::Deadline;
use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_core::run::RunOptions;
use bronzegate_demo_api::{Fault, FaultKind, Job, Options, Shape, Stream, Style, When};
use bronzegate_tests::streams::changes;
use bronzegate_tests::streams::exports::export;
use bronzegate_tests::{Bench, SEED, ShiftedClock, expected, failure, request};

/// What the children's stream says; each parent has two records.
const TASKS: &str = "
  tasks:
    path: /tasks/{{ parent.id }}
    parent: { stream: projects, fields: [id], concurrency: 1 }
    records: results";

fn tasks_of(ids: impl IntoIterator<Item = impl ToString>) -> Vec<Stream> {
    let tasks = |id: String| Stream::new(format!("tasks/{id}"), Style::Single, Shape::Small, 2);
    ids.into_iter().map(|id| tasks(id.to_string())).collect()
}

/// How many records of each parent there are.
fn counted(bench: &Bench) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in bench.lines("tasks") {
        let line: serde_json::Value = serde_json::from_str(&line).expect("a line is JSON");
        let id = line["_parent_id"].as_str().map_or_else(|| line["_parent_id"].to_string(), str::to_owned);
        *counts.entry(id).or_default() += 1;
    }
    counts
}

fn two_each(ids: impl IntoIterator<Item = impl ToString>) -> BTreeMap<String, usize> {
    ids.into_iter().map(|id| (id.to_string(), 2)).collect()
}

/// The API asks to wait for an hour, so that a run with a deadline ends there.
fn hour_at(stream: &str) -> Fault {
    Fault::new(stream, When::Request(1), FaultKind::retry_after(429, "3600")).always()
}

/// A run that has five minutes, in February 2026.
async fn run_in_february(bench: &Bench) -> RunReport {
    let clock = Arc::new(ShiftedClock::at("2026-02-01T00:00:00Z"));
    let deadline = Deadline::within(&*clock, Duration::from_mins(5));
    let run = bench.stream_with("tasks", clock);
    run.run(bench.store(), request("2026-02-01T00:00:00Z"), RunOptions::until(deadline)).await
}

/// Thirty parents that changed in January's first ten days, asked for by time.
async fn incremental(more: &str, change: impl FnOnce(&mut bronzegate_demo_api::Timeline)) -> Bench {
    let mut projects = changes::changes(changes::ten_days());
    change(projects.timeline.as_mut().expect("it has one"));
    projects = Stream { name: "projects".to_owned(), path: "/projects".to_owned(), ..projects };
    let settings = changes::settings(&format!("{}, start: 2026-01-01{more}", changes::BOUNDED));
    let projects_settings = settings.replace('\n', "\n    ");
    let yaml = format!("streams:\n  projects:\n    path: /projects\n    {projects_settings}{TASKS}");
    let streams = std::iter::once(projects).chain(tasks_of(0..30)).collect();
    Bench::new(streams, Vec::new(), &yaml).await
}

#[tokio::test]
async fn an_incremental_parent_is_read_whole_in_its_windows_or_without() {
    // An inclusive end brings what lies between two windows with both.
    for (window, asked_at_least) in [("", 3), (", window: 1d", 30), (", window: 1w", 4)] {
        let bench = incremental(window, |timeline| timeline.inclusive_to = true).await;
        let report = run_in_february(&bench).await;
        assert_eq!((report.status, &report.error), (Status::Complete, &None), "{window}");
        assert_eq!(counted(&bench), two_each(0..30), "{window}");
        assert!(bench.stats("projects").requests >= asked_at_least, "{window}");
    }
}

#[tokio::test]
async fn a_run_cut_in_a_window_of_its_parent_goes_on_there() {
    let bench = incremental(", window: 1d", |_| {}).await;
    for cut in [4, 17, 29] {
        bench.api.set_faults(vec![hour_at(&format!("tasks/{cut}"))]);
        let report = run_in_february(&bench).await;
        assert_eq!((report.status, &report.error), (Status::Partial, &None), "{cut}");
    }
    let before = bench.stats("projects").requests;
    bench.api.set_faults(Vec::new());
    let report = run_in_february(&bench).await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None));
    assert_eq!(counted(&bench), two_each(0..30));
    let windows = bench.stats("projects").requests - before;
    assert!(windows <= 24, "{windows} windows, and those before the tenth day are after it");
}

#[tokio::test]
async fn a_window_of_parents_that_holds_too_much_is_halved_or_fails_loudly() {
    let split = ", window: 1mo, split_when: { at: { body: total }, over: 10 }";
    let capped = |timeline: &mut bronzegate_demo_api::Timeline| timeline.max_results = Some(10);
    let bench = incremental(split, capped).await;
    let report = run_in_february(&bench).await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None));
    assert_eq!(counted(&bench), two_each(0..30));

    let bench = incremental(&format!("{split}, min_window: 20d"), capped).await;
    let report = run_in_february(&bench).await;
    let (kind, message) = failure(&report);
    assert_eq!(kind, ErrorKind::Data, "{message}");
    assert!(message.starts_with("demo/projects: the window 2026-01-01T00:00:00Z/"), "{message}");
    assert!(message.contains("half of it is shorter than `min_window`"), "{message}");
    bench.assert_nothing_visible("tasks");
}

/// A page of parents with these records.
fn page(records: &[&str]) -> Fault {
    let body = format!("{{\"results\":[{}]}}", records.join(","));
    let kind = FaultKind::RawBody {
        content_type: "application/json".to_owned(),
        body: body.into_bytes().into(),
        status: 200,
    };
    Fault::new("projects", When::Request(1), kind).always()
}

fn ids(ids: &[u64]) -> Fault {
    let records: Vec<_> = ids.iter().map(|id| format!("{{\"id\":{id}}}")).collect();
    page(&records.iter().map(String::as_str).collect::<Vec<_>>())
}

/// Tasks of the parents 1 to 5, whose page is what a fault says.
async fn bench(tasks: &str) -> Bench {
    let projects = Stream::new("projects", Style::Single, Shape::Small, 1);
    let streams = std::iter::once(projects).chain(tasks_of(1..=5)).collect();
    let yaml = format!("streams:\n  projects: {{ path: /projects, records: results }}{tasks}");
    Bench::new(streams, Vec::new(), &yaml).await
}

const CHANGED: &str =
    "a page of the parent has changed since the run was cut: records of its parents may be written twice";

#[tokio::test]
async fn no_parent_is_lost_when_its_page_has_changed_while_the_run_was_cut() {
    for (page, again, changed) in [
        (&[1, 2, 3, 4][..], &[][..], false),
        (&[2, 1, 3, 4], &[], false),
        (&[4, 1, 2, 3], &[], true),
        (&[4, 3, 1, 2], &[], true),
        (&[4, 3, 2, 5, 1], &[1, 2], true),
        (&[3, 4, 2], &[2], true),
    ] {
        let bench = bench(TASKS).await;
        bench.api.set_faults(vec![ids(&[1, 2, 3, 4]), hour_at("tasks/2")]);
        let first = bench.run_within("tasks", Duration::from_mins(5)).await;
        assert_eq!((first.status, &first.error), (Status::Partial, &None), "{page:?}");
        assert_eq!(counted(&bench), two_each([1]));
        bench.api.set_faults(vec![ids(page)]);
        let second = bench.run("tasks").await;
        assert_eq!((second.status, &second.error), (Status::Complete, &None), "{page:?}");
        let mut want = two_each(page.iter().chain(&[1, 2]));
        for id in again {
            *want.get_mut(&id.to_string()).expect("it is there") += 2;
        }
        assert_eq!(counted(&bench), want, "{page:?}");
        let warnings: &[&str] = if changed { &[CHANGED] } else { &[] };
        assert_eq!(second.warnings, warnings, "{page:?}");
    }
}

#[tokio::test]
async fn a_run_cut_again_before_the_parents_page_comes_forgets_none_that_have_begun() {
    let bench = bench(TASKS).await;
    bench.api.set_faults(vec![ids(&[1, 2, 3, 4]), hour_at("tasks/2")]);
    let five = Duration::from_mins(5);
    assert_eq!(bench.run_within("tasks", five).await.status, Status::Partial);
    bench.api.set_faults(vec![hour_at("projects")]);
    let second = bench.run_within("tasks", five).await;
    assert_eq!((second.status, second.counts.records), (Status::Partial, 2), "{second:?}");
    bench.api.set_faults(vec![ids(&[1, 2, 3, 4])]);
    let third = bench.run("tasks").await;
    assert_eq!((third.status, &third.error), (Status::Complete, &None));
    assert!(!third.warnings.iter().any(|warning| warning == CHANGED), "{third:?}");
    assert_eq!(counted(&bench), two_each(1..=4));
}

#[tokio::test]
async fn a_parent_that_comes_again_is_told() {
    let bench = bench(TASKS).await;
    bench.api.set_faults(vec![ids(&[1, 2, 1, 3, 1])]);
    let report = bench.run("tasks").await;
    assert_eq!((report.status, report.counts.records), (Status::Complete, 10), "{report:?}");
    let warning = "2 parents came more than once, so their records are written as often; let `fields` tell them \
                   apart";
    assert_eq!(report.warnings, [warning]);
}

#[tokio::test]
async fn parents_without_a_value_are_left_out_only_where_the_file_says_so() {
    let records = [r#"{"id":1}"#, r#"{"id":null}"#, r#"{"x":2}"#, r#"{"id":""}"#, r#"{"id":"3"}"#, "{}"];
    let skipping = bench(&TASKS.replace("concurrency: 1", "missing: skip")).await;
    skipping.api.set_faults(vec![page(&records)]);
    let report = skipping.run("tasks").await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None));
    assert_eq!(counted(&skipping), two_each([1, 3]));
    let warning = "demo/projects: 4 without children by `missing: skip`: page 1, record 2 without `id`; page 1, record 3 \
                   without `id`; page 1, record 4 without `id`, …";
    assert_eq!(report.warnings, [warning]);

    let bench = bench(TASKS).await;
    bench.api.set_faults(vec![page(&records)]);
    let report = bench.run("tasks").await;
    let (kind, message) = failure(&report);
    assert_eq!(kind, ErrorKind::Data);
    assert!(
        message.starts_with("demo/projects, page 1: record 2 has no text, number or boolean"),
        "{message}"
    );
}

#[tokio::test]
async fn a_value_that_no_request_can_carry_is_bad_data_and_named() {
    let header = TASKS.replace("records", "headers: { X-Parent: '{{ parent.id }}' }\n    records");
    for (tasks, json, id) in [(TASKS, "..", ".."), (header.as_str(), "a\\u007f", "a")] {
        let bench = bench(tasks).await;
        bench.api.set_faults(vec![page(&[&format!("{{\"id\":\"{json}\"}}")])]);
        let report = bench.run("tasks").await;
        let (kind, message) = failure(&report);
        assert_eq!(kind, ErrorKind::Data, "{message}");
        assert!(message.starts_with(&format!("demo/tasks, parent id={id}, page 1: ")), "{message}");
    }
}

#[tokio::test]
async fn a_segment_that_is_cut_tells_what_it_has_left_out() {
    let skip = "responses: [{ when: { at: { status: true }, equals: 404 }, then: skip }]";
    let yaml = format!(
        "streams:
  projects:
    path: '/{{{{ partition.region }}}}/projects'
    partitions: {{ region: [us, eu] }}
    records: results
    {skip}
{TASKS}
    {skip}"
    );
    let projects = Stream::new("eu/projects", Style::Single, Shape::Small, 4);
    let ids: Vec<String> = expected(Shape::Small, 4)
        .iter()
        .map(|record| serde_json::from_str::<serde_json::Value>(record).expect("JSON")["id"].to_string())
        .collect();
    // The second has no tasks, and there is no region `us`.
    let tasks = tasks_of([&ids[0], &ids[2], &ids[3]]);
    let streams = std::iter::once(projects).chain(tasks).collect();
    let bench = Bench::new(streams, vec![hour_at(&format!("tasks/{}", ids[2]))], &yaml).await;
    let first = bench.run_within("tasks", Duration::from_mins(5)).await;
    assert_eq!((first.status, &first.error), (Status::Partial, &None));
    let rule = "HTTP 404, by a rule of `responses`";
    let told = [
        format!("1 left out by `then: skip`: parent id={} ({rule})", ids[1]),
        format!("demo/projects: 1 left out by `then: skip`: region=us ({rule})"),
    ];
    assert_eq!(first.warnings, told);
    assert_eq!(bench.commits("tasks")[0].warnings, told);
    bench.api.set_faults(Vec::new());
    let second = bench.run("tasks").await;
    assert_eq!((second.status, &second.error), (Status::Complete, &None));
    assert_eq!(counted(&bench), two_each([&ids[0], &ids[2], &ids[3]]));
}

#[tokio::test]
async fn the_export_job_of_the_parents_is_submitted_once_however_often_the_run_is_cut() {
    let job = Job { polls: 4, ..Job::default() };
    let projects = Stream::new("projects", Style::SalesforceBulk, Shape::Small, 25).page_size(10).job(job);
    let ids: Vec<String> = expected(Shape::Small, 25)
        .iter()
        .map(|record| {
            let row = bronzegate_demo_api::csv_record(record.as_bytes());
            let row: serde_json::Value = serde_json::from_str(&row).expect("JSON");
            row["id"].as_str().expect("a column of text").to_owned()
        })
        .collect();
    let streams = std::iter::once(projects).chain(tasks_of(&ids)).collect();
    let yaml = |every: &str| {
        format!("streams:{}{TASKS}", export("projects", &format!("every: {every}, max: {every}")))
    };
    let options = Options { seed: SEED, streams, ..Options::default() };
    let mut bench = Bench::with(options, &yaml("30m")).await;
    let five = Duration::from_mins(5);
    for _ in 0..3 {
        let report = bench.run_within("tasks", five).await;
        assert_eq!((report.status, &report.error), (Status::Partial, &None));
        assert_eq!((report.counts.records, bench.commits("tasks").len()), (0, 1), "the job's id, once");
    }
    bench.reads_with(&yaml("1ms"));
    bench.api.set_faults(vec![hour_at(&format!("tasks/{}", ids[13]))]);
    let cut = bench.run_within("tasks", five).await;
    assert_eq!((cut.status, &cut.error), (Status::Partial, &None));
    bench.api.set_faults(Vec::new());
    let report = bench.run("tasks").await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None));
    assert_eq!(counted(&bench), two_each(&ids));
    assert_eq!(bench.stats("projects").jobs, 1);
}
