//! Streams that are read once for each partition and each record of a parent.

use std::collections::BTreeMap;
use std::time::Duration;

use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_demo_api::{Fault, FaultKind, Framing, Shape, Stream, Style, When};
use bronzegate_tests::command_line::until;
use bronzegate_tests::streams::changes;
use bronzegate_tests::{Bench, expected, failure, one_stream};

/// Projects, and the tasks of each; project n has n * 7 % 23 of them, so some have none.
const PROJECTS: u64 = 25;

fn tasks_of(project: u64) -> u64 {
    project * 7 % 23
}

fn projects() -> Stream {
    Stream::new("projects", Style::Offset, Shape::Small, PROJECTS).page_size(10)
}

/// The projects' ids as the API writes them.
fn ids() -> Vec<String> {
    expected(Shape::Small, PROJECTS).iter().map(|record| id_of(record)).collect()
}

fn id_of(record: &str) -> String {
    let record: serde_json::Value = serde_json::from_str(record).expect("a record is JSON");
    record["id"].to_string()
}

fn streams() -> Vec<Stream> {
    let tasks = ids().into_iter().zip(0..).map(|(id, nth)| {
        Stream::new(format!("tasks/{id}"), Style::Cursor, Shape::Small, tasks_of(nth)).page_size(5)
    });
    std::iter::once(projects()).chain(tasks).collect()
}

const BY_CURSOR: &str =
    "pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after } }";

fn yaml(parent: &str, more: &str) -> String {
    format!(
        "streams:
  projects:
    path: /projects
    records: results
    pagination: {{ type: offset, send: {{ query: offset }}, page_size: {{ query: limit, value: 10 }} }}
  tasks:
    path: /tasks/{{{{ parent.id }}}}
    parent: {{ stream: projects, fields: [id]{parent} }}
    records: results
    {BY_CURSOR}
{more}"
    )
}

/// The records of each parent, without metadata, in their order.
fn by_parent(bench: &Bench, stream: &str) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in bench.lines(stream) {
        let at = line.rfind(",\"_ingested_at\":").expect("a line has metadata");
        let value: serde_json::Value = serde_json::from_str(&line).expect("a line is JSON");
        let parent = value["_parent_id"].to_string();
        found.entry(parent).or_default().push(format!("{}}}", &line[..at]));
    }
    found
}

fn want() -> BTreeMap<String, Vec<String>> {
    let with_tasks = ids().into_iter().zip(0..).filter(|(_, nth)| tasks_of(*nth) > 0);
    with_tasks.map(|(id, nth)| (id, expected(Shape::Small, tasks_of(nth)))).collect()
}

#[tokio::test]
async fn every_parent_s_records_land_once_with_the_parent_s_value() {
    for parent in ["", ", concurrency: 1", ", concurrency: 16"] {
        let bench = Bench::new(streams(), Vec::new(), &yaml(parent, "")).await;
        let report = bench.run("tasks").await;
        assert_eq!((report.status, &report.error), (Status::Complete, &None));
        assert_eq!(by_parent(&bench, "tasks"), want(), "{parent}");
        assert_eq!(report.counts.records, want().values().map(|records| records.len() as u64).sum::<u64>());
        assert!(bench.commits("projects").is_empty(), "the parent's own run writes the parents");
        assert_eq!(bench.run("tasks").await.status, Status::AlreadyCommitted);
    }
}

#[tokio::test]
async fn parents_are_read_at_the_same_time_as_their_children() {
    let children = ids()
        .into_iter()
        .map(|id| Fault::new(format!("tasks/{id}"), When::Request(1), FaultKind::Held).always());
    let parents = Fault::new("projects", When::Page(2), FaultKind::Held);
    let faults = children.chain([parents]).collect();
    let bench = Bench::new(streams(), faults, &yaml(", concurrency: 8", "")).await;
    let held = || bench.api.stats().streams.values().map(|stream| stream.faults).sum::<u64>();
    let meanwhile = async {
        until("parents and children at once", || bench.stats("projects").faults == 1 && held() >= 4).await;
        bench.api.set_faults(vec![]);
    };
    let (report, ()) = tokio::join!(bench.run("tasks"), meanwhile);
    assert_eq!(report.status, Status::Complete);
    assert_eq!(by_parent(&bench, "tasks"), want());
    let connections = bench.api.stats().connections;
    assert!((4..=8).contains(&connections), "{connections} connections, one for each request at a time");
}

/// The API asks to wait for an hour, so that a run with a deadline ends there.
fn hour_at(stream: &str, page: u64) -> Fault {
    Fault::new(stream, When::Page(page), FaultKind::retry_after(429, "3600")).always()
}

#[tokio::test]
async fn a_run_cut_anywhere_goes_on_in_the_middle_of_a_parent() {
    let long = Duration::from_mins(5);
    for parent in [", concurrency: 1", ", concurrency: 4"] {
        for (nth, page) in [(3, 4), (8, 2), (11, 1), (19, 3)] {
            let cut = format!("tasks/{}", ids()[nth]);
            let bench = Bench::new(streams(), vec![hour_at(&cut, page)], &yaml(parent, "")).await;
            let first = bench.run_within("tasks", long).await;
            assert_eq!((first.status, &first.error), (Status::Partial, &None), "{parent} {cut}");
            let before: u64 = bench.api.stats().streams.values().map(|stream| stream.requests).sum();
            bench.api.set_faults(Vec::new());
            let second = bench.run("tasks").await;
            assert_eq!((second.status, &second.error), (Status::Complete, &None));
            assert_eq!(by_parent(&bench, "tasks"), want(), "{parent} {cut}");
            let after: u64 = bench.api.stats().streams.values().map(|stream| stream.requests).sum();
            let pages: u64 = (0..PROJECTS).map(|nth| tasks_of(nth).div_ceil(5).max(1)).sum();
            assert!(after - before <= pages + 4 - first.counts.pages, "no page of a child is read twice");
        }
    }
}

#[tokio::test]
async fn a_run_cut_at_the_parents_goes_on_behind_the_children_that_are_in() {
    let bench = Bench::new(streams(), vec![hour_at("projects", 3)], &yaml(", concurrency: 3", "")).await;
    let first = bench.run_within("tasks", Duration::from_mins(5)).await;
    assert_eq!((first.status, &first.error), (Status::Partial, &None));
    let came = by_parent(&bench, "tasks");
    assert!((1..want().len()).contains(&came.len()), "{} of {} parents", came.len(), want().len());
    bench.api.set_faults(Vec::new());
    assert_eq!(bench.run("tasks").await.status, Status::Complete);
    assert_eq!(by_parent(&bench, "tasks"), want());
}

#[tokio::test]
async fn a_saved_state_does_not_grow_with_parents() {
    let last = format!("tasks/{}", ids()[24]);
    let bench = Bench::new(streams(), vec![hour_at(&last, 1)], &yaml(", concurrency: 2", "")).await;
    assert_eq!(bench.run_within("tasks", Duration::from_mins(5)).await.status, Status::Partial);
    let state = bench.commits("tasks")[0].page_state.as_ref().unwrap().to_string();
    assert!(state.len() < 4_096, "{} bytes: {state}", state.len());
}

#[tokio::test]
async fn a_parent_that_is_gone_is_skipped_by_a_rule_and_else_fails_the_run() {
    let gone = &ids()[4];
    let streams: Vec<_> =
        streams().into_iter().filter(|stream| stream.name != format!("tasks/{gone}")).collect();
    let bench = Bench::new(streams.clone(), Vec::new(), &yaml("", "")).await;
    let report = bench.run("tasks").await;
    let (kind, message) = failure(&report);
    assert_eq!(kind, ErrorKind::Api);
    let want_message = format!("demo/tasks, parent id={gone}, page 1: HTTP 404 from ");
    assert!(message.starts_with(&want_message), "{message}");
    bench.assert_nothing_visible("tasks");

    let skip = "    responses: [{ when: { at: { status: true }, equals: 404 }, then: skip }]";
    let bench = Bench::new(streams, Vec::new(), &yaml("", skip)).await;
    let report = bench.run("tasks").await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None));
    let mut want = want();
    want.remove(gone).unwrap();
    assert_eq!(by_parent(&bench, "tasks"), want);
    let warning =
        format!("1 left out by `then: skip`: parent id={gone} (HTTP 404, by a rule of `responses`)");
    assert_eq!(report.warnings[0], warning);
}

#[tokio::test]
async fn a_parent_without_the_field_fails_with_its_page_and_record() {
    let yaml = yaml("", "").replace("fields: [id]", "fields: [id, nothing.there]");
    let bench = Bench::new(streams(), Vec::new(), &yaml).await;
    let report = bench.run("tasks").await;
    let (kind, message) = failure(&report);
    assert_eq!(kind, ErrorKind::Data);
    assert!(
        message
            .starts_with("demo/projects, page 1: record 1 has no text, number or boolean at `nothing.there`"),
        "{message}"
    );
    bench.assert_nothing_visible("tasks");
}

#[tokio::test]
async fn faults_of_parents_and_children_do_no_harm() {
    let faults = vec![
        Fault::new(
            "projects",
            When::Page(2),
            FaultKind::CutBody { after_bytes: 700, framing: Framing::ContentLength },
        ),
        Fault::new(
            format!("tasks/{}", ids()[3]),
            When::Page(2),
            FaultKind::CutBody { after_bytes: 300, framing: Framing::ContentLength },
        ),
        Fault::new(format!("tasks/{}", ids()[9]), When::Page(1), FaultKind::status(503)),
        Fault::new(format!("tasks/{}", ids()[19]), When::Page(3), FaultKind::Reset),
    ];
    let bench = Bench::new(streams(), faults, &yaml("", "")).await;
    let (report, _) = bench.run_waiting("tasks").await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None));
    assert_eq!(by_parent(&bench, "tasks"), want());
    assert_eq!(report.counts.retries, 4);
}

#[tokio::test]
async fn each_partition_is_read_with_each() {
    let names = [("eu", 2025), ("eu", 2026), ("us", 2025), ("us", 2026)];
    let count = |at: usize| [12, 0, 31, 7][at];
    let streams: Vec<_> = names
        .iter()
        .enumerate()
        .map(|(at, (region, year))| {
            Stream::new(format!("{region}/{year}"), Style::Cursor, Shape::Small, count(at)).page_size(5)
        })
        .collect();
    let yaml = format!(
        "streams:
  orders:
    path: /{{{{ partition.region }}}}/{{{{ partition.year }}}}
    partitions: {{ region: [eu, us], year: [2025, 2026] }}
    records: results
    {BY_CURSOR}"
    );
    let mut want: Vec<String> = (0..4).flat_map(|at| expected(Shape::Small, count(at))).collect();
    want.sort();
    let bench = Bench::new(streams, vec![hour_at("us/2025", 4)], &yaml).await;
    let first = bench.run_within("orders", Duration::from_mins(5)).await;
    assert_eq!((first.status, &first.error), (Status::Partial, &None));
    assert_eq!(first.cursor_out.as_deref().map(|cursor| cursor.starts_with("us/2025: ")), Some(true));
    bench.api.set_faults(Vec::new());
    let second = bench.run("orders").await;
    assert_eq!((second.status, &second.error), (Status::Complete, &None));
    assert_eq!(first.counts.pages, 3 + 1 + 3 + 2);
    assert_eq!(second.counts.pages, 4, "the cut partition goes on at its fourth page");
    let mut found = bench.records("orders");
    found.sort();
    assert_eq!(found, want);
}

#[tokio::test]
async fn parents_may_have_parents_and_partitions_of_their_own() {
    let mut streams = vec![
        Stream::new("eu/orgs", Style::Single, Shape::Small, 3),
        Stream::new("us/orgs", Style::Single, Shape::Small, 2),
    ];
    let mut want = Vec::new();
    let id = |nth: usize| id_of(&expected(Shape::Small, nth as u64 + 1)[nth]);
    for (region, orgs) in [("eu", 3), ("us", 2)] {
        for org in 0..orgs {
            streams.push(
                Stream::new(format!("orgs/{}/repos", id(org)), Style::Cursor, Shape::Small, 4).page_size(2),
            );
            for repo in 0..4 {
                let name = format!("orgs/{}/repos/{}/issues", id(org), id(repo));
                streams.push(Stream::new(name, Style::Cursor, Shape::Small, 6).page_size(5));
                for issue in 0..6 {
                    want.push(format!("{region} {} {} {}", id(org), id(repo), id(issue)));
                }
            }
        }
    }
    streams.sort_by(|a, b| a.name.cmp(&b.name));
    streams.dedup_by(|a, b| a.name == b.name);
    let yaml = format!(
        "streams:
  orgs: {{ path: '/{{{{ partition.region }}}}/orgs', records: results, partitions: {{ region: [eu, us] }}, params: {{ x: 1 }} }}
  repos:
    path: /orgs/{{{{ parent.id }}}}/repos
    parent: {{ stream: orgs, fields: [id] }}
    records: results
    {BY_CURSOR}
  issues:
    path: /orgs/{{{{ parent._parent_id }}}}/repos/{{{{ parent.id }}}}/issues
    parent: {{ stream: repos, fields: [id, _parent_id], concurrency: 3 }}
    records: results
    {BY_CURSOR}"
    );
    let cut = format!("orgs/{}/repos/{}/issues", id(1), id(2));
    let bench = Bench::new(streams, vec![hour_at(&cut, 2)], &yaml).await;
    assert_eq!(bench.run_within("issues", Duration::from_mins(5)).await.status, Status::Partial);
    bench.api.set_faults(Vec::new());
    let report = bench.run("issues").await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None));
    let mut found: Vec<String> = bench
        .lines("issues")
        .iter()
        .map(|line| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            format!("{} {} {}", line["_parent__parent_id"], line["_parent_id"], line["id"])
        })
        .collect();
    let mut want: Vec<String> = want.iter().map(|line| line[3..].to_owned()).collect();
    found.sort();
    want.sort();
    assert_eq!(found, want);
}

#[tokio::test]
async fn one_cursor_follows_all_partitions_and_their_keys_are_told_apart() {
    let mut streams: Vec<Stream> = Vec::new();
    for (region, at) in [("eu", "2026-01-03T08:00:00Z"), ("us", "2026-01-05T08:00:00Z")] {
        let mut records = changes::ten_days();
        records.truncate(6);
        records.push(changes::change(90, at));
        let name = format!("{region}/changes");
        streams.push(Stream { path: format!("/{name}"), name, ..changes::changes(records) });
    }
    let partitioned = "partitions: { region: [eu, us] }\n";
    let settings = changes::settings(&format!("{}, key: id", changes::BOUNDED));
    let yaml = one_stream("changes", &format!("{partitioned}{settings}"));
    let yaml = yaml.replace("path: /changes", "path: '/{{ partition.region }}/changes'");
    let bench = Bench::new(streams, Vec::new(), &yaml).await;
    let report = bench.run_at("changes", "2026-01-06T00:00:00Z").await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None));
    assert_eq!((report.counts.records, report.cursor_out.as_deref()), (14, Some("2026-01-05T08:00:00Z")));
    // The same key at the newest instant, but in the other partition: it is new.
    bench.api.append("eu/changes", [changes::change(90, "2026-01-05T08:00:00Z")]).unwrap();
    let report = bench.run_at("changes", "2026-01-07T00:00:00Z").await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None));
    assert_eq!(report.counts.records, 1, "that of us is known, that of eu is not");
    assert_eq!(bench.run_at("changes", "2026-01-08T00:00:00Z").await.counts.records, 0);
}
