//! Streams whose records are not the elements of one list, batches of parents, and jobs of several steps.

use bronzegate_demo_api::{By, Form, Job, Layout, Quirks, Said, Shape, Stream, Style};
use fastrand::Rng;
use serde_json::{Value, json};

use super::super::scene::STREAM;
use super::branched::branches;
use super::exported::{of_jobs, rows, settings};
use super::kind::{Bounds, Draft};
use super::snapshot::whole;
use crate::bench::expected;

/// Pages of records in some form, counted by offset.
fn formed(
    rng: &mut Rng,
    (records, size): (u64, u64),
    form: Form,
    said: Vec<(String, Said)>,
) -> (Stream, String) {
    let layout = Layout {
        by: By::Offset("offset".to_owned()),
        size: Some("limit".to_owned()),
        records: "data".to_owned(),
        body: said,
        headers: Vec::new(),
    };
    let mut stream = Stream::new(STREAM, Style::Layout, Shape::Small, records).page_size(size);
    stream.quirks = Quirks { layout, form, ..Quirks::default() };
    let concurrency = rng.u64(1..6);
    let pagination = format!(
        "\nconcurrency: {concurrency}\npagination: {{ type: offset, send: {{ query: offset }}, page_size: {{ query: limit, value: {size} }} }}"
    );
    (stream, pagination)
}

fn member(record: &str, name: &str) -> String {
    let record: Value = serde_json::from_str(record).expect("a record is JSON");
    record[name].to_string()
}

pub(super) fn members(rng: &mut Rng, bounds: Bounds) -> Draft {
    let sizes = (rng.u64(0..=bounds.most_records), rng.u64(3..=25));
    let (stream, paging) = formed(rng, sizes, Form::Map { key: "id".to_owned() }, Vec::new());
    let with_key = |record: &String| {
        let own = record.strip_suffix('}').expect("it is an object");
        format!("{own},\"_key\":\"{}\"}}", member(record, "id"))
    };
    let records: Vec<_> = expected(Shape::Small, sizes.0).iter().map(with_key).collect();
    Draft::new(stream, format!("records: data.*{paging}"), whole(rng, &records))
}

pub(super) fn lists(rng: &mut Rng, bounds: Bounds) -> Draft {
    let most = rng.u64(1..=5);
    let sizes = (rng.u64(0..=bounds.most_records / most), rng.u64(3..=12));
    let form = Form::Lists { most, at: Some("items".to_owned()), is_map: false };
    let (stream, paging) = formed(rng, sizes, form, Vec::new());
    let all = expected(Shape::Small, sizes.0 * most);
    let of = |nth: u64| (0..nth % (most + 1)).map(move |inner| (nth * most + inner) as usize);
    let records: Vec<_> = (0..sizes.0).flat_map(of).map(|place| all[place].clone()).collect();
    Draft::new(stream, format!("records: data.*.items{paging}"), whole(rng, &records))
}

pub(super) fn columns(rng: &mut Rng, bounds: Bounds) -> Draft {
    let sizes = (rng.u64(0..=bounds.most_records), rng.u64(3..=25));
    let names = ["id", "updatedAt"];
    let form = Form::Rows { columns: names.map(str::to_owned).to_vec(), first_row: false };
    let said = rng.choice([Said::Just(json!(names)), Said::JustFirst(json!(names))]).expect("there are some");
    let (stream, paging) = formed(rng, sizes, form, vec![("names".to_owned(), said)]);
    let row = |record: &String| {
        format!("{{\"id\":{},\"updatedAt\":{}}}", member(record, "id"), member(record, "updatedAt"))
    };
    let records: Vec<_> = expected(Shape::Small, sizes.0).iter().map(row).collect();
    Draft::new(
        stream,
        format!("records: {{ at: data, columns: {{ at: names }} }}{paging}"),
        whole(rng, &records),
    )
}

/// Users, and what a request has of those whom it names.
pub(super) fn batches(rng: &mut Rng, bounds: Bounds) -> Draft {
    let (users, page) = (rng.u64(0..=bounds.most_records), rng.u64(2..=9));
    let (batch, size) = (rng.usize(2..=6), rng.u64(1..=4));
    let known = rng.u64(0..=users);
    let users = Stream::new("users", Style::Offset, Shape::Small, users).page_size(page);
    let mut details = Stream::new(STREAM, Style::Offset, Shape::Small, known).page_size(size);
    details.quirks = Quirks { by_ids: Some(("ids".to_owned(), "id".to_owned(), batch)), ..Quirks::default() };
    let concurrency = rng.u64(1..6);
    let settings = format!(
        "records: results\nparams: {{ ids: '{{{{ parent.id }}}}' }}\npagination: {{ type: offset, send: {{ query: offset }}, page_size: {{ query: limit, value: {size} }}, total: {{ body: total }} }}\nparent: {{ stream: users, fields: [id], concurrency: {concurrency}, batch: {{ size: {batch}, match: id }} }}"
    );
    let others = format!(
        "  users:\n    path: /users\n    records: results\n    pagination: {{ type: offset, send: {{ query: offset }}, page_size: {{ query: limit, value: {page} }} }}\n"
    );
    let events = whole(rng, &expected(Shape::Small, known));
    let draft = branches(vec![users, details], &format!("/{STREAM}"), settings, events);
    Draft { others, besides: 2 * bounds.most_records, ..draft }
}

/// Requests of such a job beside its pages: the submission, two steps, and polls.
const OF_STEPS: u64 = 2;

/// A job that two further requests make begin.
pub(super) fn steps(rng: &mut Rng, bounds: Bounds) -> Draft {
    let records = rng.u64(0..=bounds.most_records);
    let job = Job { polls: rng.u32(0..=3), starts: 2, ..Job::default() };
    let stream = Stream::new(STREAM, Style::SalesforceBulk, Shape::Small, records);
    let stream = stream.page_size(rng.u64(3..=25)).job(job);
    let start = format!(
        "  start: [{{ path: '/{STREAM}/{{{{ job.id }}}}/start/0' }}, {{ path: '/{STREAM}/{{{{ job.id }}}}/start/1' }}]\n  poll:"
    );
    let settings = settings(&format!("/{STREAM}"), "{ operation: query }").replace("  poll:", &start);
    let draft = of_jobs(Draft::new(stream, settings, whole(rng, &rows(&expected(Shape::Small, records)))));
    Draft { besides: draft.besides + OF_STEPS, ..draft }
}
