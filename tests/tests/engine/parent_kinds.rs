//! Parents of other kinds: texts and numbers, those that pass a condition, several in one request, and what they got from
//! their own partition.

use bronzegate_core::report::Status;
use bronzegate_demo_api::{Fault, FaultKind, Quirks, Shape, Stream, Style, When};
use bronzegate_tests::streams::changes::changes;
use bronzegate_tests::{Bench, expected};
use serde_json::Value;

use super::segments::LONG;

fn id_of(record: &str) -> u64 {
    let record: Value = serde_json::from_str(record).expect("a record is JSON");
    record["id"].as_u64().expect("an id is a number")
}

/// The members of the lines that bronzegate added, beside those of every record.
fn added(bench: &Bench, stream: &str, names: &[&str]) -> Vec<String> {
    let lines = bench.lines(stream);
    let values = lines.iter().map(|line| serde_json::from_str::<Value>(line).expect("a line is JSON"));
    values
        .map(|line| names.iter().map(|name| line[*name].to_string()).collect::<Vec<_>>().join(" "))
        .collect()
}

const USERS: &str = "streams:
  users:
    path: /users
    records: results
    pagination: { type: offset, send: { query: offset }, page_size: { query: limit, value: 10 } }
";

/// Users, and the details that a request has of those whom it names; two users have none.
fn users(details: u64, most: usize) -> Vec<Stream> {
    let users = Stream::new("users", Style::Offset, Shape::Small, 25).page_size(10);
    let mut details = Stream::new("details", Style::Offset, Shape::Small, details);
    details.quirks = Quirks { by_ids: Some(("ids".to_owned(), "id".to_owned(), most)), ..Quirks::default() };
    vec![users, details]
}

fn batched(batch: &str) -> String {
    format!(
        "{USERS}  details:
    path: /details
    params: {{ ids: '{{{{ parent.id }}}}' }}
    records: results
    parent: {{ stream: users, fields: [id], concurrency: 1, batch: {batch} }}
"
    )
}

#[tokio::test]
async fn parents_of_one_page_share_requests_and_those_that_no_record_names_are_told() {
    let bench = Bench::new(users(23, 4), vec![], &batched("{ size: 4, match: id }")).await;
    let report = bench.run("details").await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None), "{report:?}");
    assert_eq!(bench.records("details"), expected(Shape::Small, 23));
    assert_eq!(bench.stats("details").requests, 8, "batches of 4, 4, 2, 4, 4, 2, 4 and 1");
    let [second, first] =
        [&expected(Shape::Small, 25)[24], &expected(Shape::Small, 25)[23]].map(|it| id_of(it));
    let told = report.warnings.join("; ");
    let names = [format!("1 ({first})"), format!("1 ({second})")];
    assert!(told.contains("2 batches with parents that no record names: "), "{told}");
    assert!(names.iter().all(|name| told.contains(name)), "{told} {names:?}");
    assert!(added(&bench, "details", &["_parent_id"]).iter().all(|parent| parent == "null"));
    let all = Bench::new(users(25, 100), vec![], &batched("{ size: 100, match: id }")).await;
    let report = all.run("details").await;
    assert_eq!(
        (report.status, &report.error, report.warnings.len()),
        (Status::Complete, &None, 0),
        "{report:?}"
    );
    assert_eq!(all.stats("details").requests, 3, "no batch crosses a page of the parents");
}

#[tokio::test]
async fn a_run_that_is_cut_among_batches_resumes_there() {
    for request in [1, 4, 6, 8] {
        let cut = Fault::new("details", When::Request(request), FaultKind::retry_after(429, "3600")).always();
        let bench = Bench::new(users(25, 4), vec![cut], &batched("{ size: 4 }")).await;
        let first = bench.run_within("details", LONG).await;
        bench.api.set_faults(Vec::new());
        let second = bench.run("details").await;
        assert_eq!((second.status, &second.error), (Status::Complete, &None), "{request}: {first:?}");
        assert_eq!(bench.records("details"), expected(Shape::Small, 25), "{request}");
    }
}

/// The tasks of each of these.
fn tasks(names: impl IntoIterator<Item = String>) -> Vec<Stream> {
    let tasks = |name| Stream::new(format!("tasks/{name}"), Style::Single, Shape::Small, 2);
    names.into_iter().map(tasks).collect()
}

#[tokio::test]
async fn only_parents_that_pass_every_condition_have_children() {
    let ids: Vec<u64> = expected(Shape::Small, 25).iter().map(|record| id_of(record)).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    let (median, other) = (sorted[12], sorted[20]);
    for (conditions, wanted) in [
        (format!("{{ at: id, over: {median} }}"), ids.iter().filter(|id| **id > median).count()),
        (format!("[{{ at: id, over: {median} }}, {{ at: id, equals: {other} }}]"), 1),
        ("{ at: archived, exists: true }".to_owned(), 0),
        ("{ at: archived, exists: false }".to_owned(), 25),
    ] {
        let yaml = format!(
            "{USERS}  tasks: {{ path: '/tasks/{{{{ parent.id }}}}', records: results, parent: {{ stream: users, fields: [id], where: {conditions} }} }}"
        );
        let streams = [users(0, 1), tasks(ids.iter().map(u64::to_string))].concat();
        let bench = Bench::new(streams, vec![], &yaml).await;
        let report = bench.run("tasks").await;
        assert_eq!((report.status, &report.error), (Status::Complete, &None), "{conditions}");
        assert_eq!(bench.lines("tasks").len(), 2 * wanted, "{conditions}");
    }
}

#[tokio::test]
async fn parents_may_be_texts_and_numbers() {
    let body = r#"{"results":["a7", 12,{"_value":"own"}]}"#;
    let page =
        FaultKind::RawBody { content_type: "application/json".to_owned(), body: body.into(), status: 200 };
    let faults = vec![Fault::new("names", When::Request(1), page).always()];
    let streams = [
        vec![Stream::new("names", Style::Single, Shape::Small, 1)],
        tasks(["a7", "12", "own"].map(str::to_owned)),
    ];
    let yaml = "streams:
  names: { path: /names, records: results }
  tasks: { path: '/tasks/{{ parent._value }}', records: results, parent: { stream: names, fields: [_value], concurrency: 1 } }";
    let bench = Bench::new(streams.concat(), faults, yaml).await;
    let report = bench.run("tasks").await;
    assert_eq!((report.status, &report.error), (Status::Complete, &None), "{report:?}");
    let values = added(&bench, "tasks", &["_parent__value"]);
    assert_eq!(values, ["\"a7\"", "\"a7\"", "12", "12", "\"own\"", "\"own\""]);
}

#[tokio::test]
async fn records_have_their_partition_and_children_that_of_their_parent() {
    let ids: Vec<u64> = expected(Shape::Small, 3).iter().map(|record| id_of(record)).collect();
    let regions = ["eu", "us"];
    let projects =
        regions.map(|region| Stream::new(format!("projects/{region}"), Style::Single, Shape::Small, 3));
    let children = regions.iter().flat_map(|region| ids.iter().map(move |id| format!("{region}/{id}")));
    let streams = [projects.to_vec(), tasks(children)].concat();
    for (fields, want) in [
        ("", "\"eu\" 1"),
        ("\n    branch_fields: partition", "null 0"),
        ("\n    branch_fields: none", "null 0"),
    ] {
        let yaml = format!(
            "streams:
  projects:
    path: /projects/{{{{ partition.region }}}}
    records: results
    partitions: {{ region: [eu, us] }}
  tasks:
    path: /tasks/{{{{ parent._partition_region }}}}/{{{{ parent.id }}}}
    records: results
    parent: {{ stream: projects, fields: [id, _partition_region], concurrency: 1 }}{fields}"
        );
        let bench = Bench::new(streams.clone(), vec![], &yaml).await;
        let report = bench.run("projects").await;
        assert_eq!((report.status, &report.error), (Status::Complete, &None), "{report:?}");
        let mut of_projects = added(&bench, "projects", &["_partition_region"]);
        of_projects.sort();
        assert_eq!(of_projects, [["\"eu\""; 3], ["\"us\""; 3]].concat());
        let report = bench.run("tasks").await;
        assert_eq!((report.status, &report.error), (Status::Complete, &None), "{report:?}");
        let of_tasks = added(&bench, "tasks", &["_parent__partition_region", "_parent_id"]);
        assert_eq!(of_tasks.len(), 12);
        let first = match want {
            "null 0" => "null null".to_owned(),
            _ => format!("\"eu\" {}", ids[0]),
        };
        assert_eq!(of_tasks[0], first, "{fields}");
    }
}

#[tokio::test]
async fn the_first_cursor_may_come_from_a_request_of_its_own() {
    let mut list = Stream::new("items", Style::Cursor, Shape::Small, 25).page_size(10);
    // A request without a cursor is refused.
    list.quirks.demanded_parameters = vec!["of".to_owned()];
    let token = r#"{"token":"c5","updatedAt":"2026-01-01T00:00:00Z"}"#.to_owned();
    let hour = Fault::new("items", When::Request(2), FaultKind::retry_after(429, "3600")).always();
    let yaml = "streams:
  changes:
    path: /changes
    records: results
  items:
    path: /items
    parent: { stream: changes, fields: [token] }
    branch_fields: none
    records: results
    pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, initial: '{{ parent.token }}' }
";
    let bench = Bench::new(vec![changes([token]), list], vec![hour], yaml).await;
    let cut = bench.run_within("items", LONG).await;
    assert_eq!((cut.status, cut.counts.records), (Status::Partial, 10), "{cut:?}");
    bench.api.set_faults(Vec::new());
    let whole = bench.run("items").await;
    assert_eq!((whole.status, whole.counts.records), (Status::Complete, 10), "{whole:?}");
    assert_eq!(bench.records("items"), expected(Shape::Small, 25)[5..]);
}
