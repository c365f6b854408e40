//! Streams that are read once for each partition, and for each record of a parent.

use bronzegate_demo_api::{Shape, Stream, Style, TimeFormat, Timeline};
use fastrand::Rng;
use serde_json::Value;

use super::super::scene::{Event, STREAM};
use super::changing::{DAYS, changes};
use super::exported::{OF_A_JOB, exports, of_jobs, rows, settings};
use super::kind::{Bounds, Draft};
use super::snapshot::whole;
use crate::bench::expected;
use crate::streams::changes::BOUNDED;

const BY_CURSOR: &str = "records: results\npagination: { type: cursor, next: { body: paging.next.after }, send: { query: after } }";

/// Where the partitions' pages are.
const PATH: &str = "/items/{{ partition.region }}/{{ partition.year }}";

/// The partitions of a scene.
struct Grid {
    regions: &'static [&'static str],
    years: &'static [u32],
}

impl Grid {
    fn draw(rng: &mut Rng) -> Self {
        Self {
            regions: &["eu", "us", "apac"][..rng.usize(1..=3)],
            years: &[2024, 2025, 2026][..rng.usize(1..=3)],
        }
    }

    fn names(&self) -> impl Iterator<Item = String> {
        let pairs = self.regions.iter().flat_map(|region| self.years.iter().map(move |year| (region, year)));
        pairs.map(|(region, year)| format!("{STREAM}/{region}/{year}"))
    }

    fn len(&self) -> u64 {
        (self.regions.len() * self.years.len()) as u64
    }

    fn settings(&self) -> String {
        let Self { regions, years } = self;
        format!("\npartitions: {{ region: [{}], year: {years:?} }}", regions.join(", "))
    }
}

pub(super) fn partitions(rng: &mut Rng, bounds: Bounds) -> Draft {
    partitioned(rng, bounds, Style::Cursor)
}

/// Every partition has a job of its own.
pub(super) fn jobs(rng: &mut Rng, bounds: Bounds) -> Draft {
    partitioned(rng, bounds, Style::SalesforceBulk)
}

/// Partitions of one size of page; no record is in two of them.
fn partitioned(rng: &mut Rng, bounds: Bounds, style: Style) -> Draft {
    let (grid, size, mut ids) = (Grid::draw(rng), rng.u64(3..=12), 0..);
    let most = 2 * bounds.most_records / grid.len();
    let (mut streams, mut all) = (Vec::new(), Vec::new());
    for name in grid.names() {
        let count = rng.u64(0..=most);
        let records = changes(rng, &mut ids, count, 1, DAYS);
        let stream = Stream::new(name, style, Shape::Small, 0).timeline(timeline(&records));
        let stream = if style == Style::SalesforceBulk { exports(rng, stream) } else { stream };
        streams.push(stream.page_size(size));
        all.extend(records);
    }
    let by_jobs = style == Style::SalesforceBulk;
    let (records, paging) = if by_jobs {
        (rows(&all), settings(PATH, "{ operation: query }"))
    } else {
        (all, BY_CURSOR.to_owned())
    };
    let concurrency = format!("\nconcurrency: {}", rng.u64(1..6));
    let events = whole(rng, &records);
    let draft = branches(streams, PATH, paging + &grid.settings() + &concurrency, events);
    if by_jobs { Draft { besides: OF_A_JOB * grid.len(), ..of_jobs(draft) } } else { draft }
}

/// A cursor over partitions; to some of them what changes comes late, when the others are ahead of it.
pub(super) fn incremental(rng: &mut Rng, bounds: Bounds) -> Draft {
    let (grid, size, mut ids) = (Grid::draw(rng), rng.u64(3..=12), 0..);
    let most = bounds.most_records / grid.len();
    let mut events = Vec::new();
    let mut late = std::collections::BTreeMap::new();
    for nth in 0..rng.u32(1..=3) {
        let first = nth * DAYS + 1;
        let mut arrives = Vec::new();
        for name in grid.names() {
            let count = rng.u64(0..=most);
            let mut records: Vec<String> = late.remove(&name).unwrap_or_default();
            records.extend(changes(rng, &mut ids, count, first, DAYS));
            if rng.u32(0..4) == 0 {
                late.insert(name, records);
            } else {
                arrives.push((name, records));
            }
        }
        let brings = arrives.iter().flat_map(|(_, records)| records.clone()).collect();
        events.push(Event::scheduled(&format!("2026-01-{:02}T00:00:00Z", first + DAYS), arrives, brings));
    }
    let stream =
        |name| Stream::new(name, Style::Cursor, Shape::Small, 0).page_size(size).timeline(timeline(&[]));
    let streams = grid.names().map(stream).collect();
    let settings = crate::streams::changes::settings(&format!("{BOUNDED}, start: 2026-01-01, key: id"));
    let concurrency = format!("\nconcurrency: {}", rng.u64(1..6));
    Draft { catches_up: true, ..branches(streams, PATH, settings + &grid.settings() + &concurrency, events) }
}

/// Projects and the tasks of each; some have none, and some are gone when they are asked for.
pub(super) fn parents(rng: &mut Rng, bounds: Bounds) -> Draft {
    let (projects, size) = (rng.u64(0..=12), rng.u64(3..=12));
    let page = rng.u64(2..=5);
    let mut streams = vec![Stream::new("projects", Style::Offset, Shape::Small, projects).page_size(page)];
    let mut brings = Vec::new();
    for project in expected(Shape::Small, projects) {
        let project: Value = serde_json::from_str(&project).expect("a record is JSON");
        let id = &project["id"];
        if rng.u32(0..8) == 0 {
            continue;
        }
        let tasks = if rng.u32(0..4) == 0 { 0 } else { rng.u64(0..=2 * bounds.most_records / projects) };
        streams
            .push(Stream::new(format!("{STREAM}/{id}"), Style::Cursor, Shape::Small, tasks).page_size(size));
        let of_parent = |record: String| {
            let own = record.strip_suffix('}').expect("it is an object").to_owned();
            format!("{own},\"_parent_id\":{id}}}")
        };
        brings.extend(expected(Shape::Small, tasks).into_iter().map(of_parent));
    }
    let concurrency = rng.u64(1..6);
    let settings = format!(
        "{BY_CURSOR}\nparent: {{ stream: projects, fields: [id], concurrency: {concurrency} }}\nresponses: [{{ when: {{ at: {{ status: true }}, equals: 404 }}, then: skip }}]"
    );
    let others = format!(
        "  projects:\n    path: /projects\n    records: results\n    pagination: {{ type: offset, send: {{ query: offset }}, page_size: {{ query: limit, value: {page} }} }}\n"
    );
    let draft = branches(streams, "/items/{{ parent.id }}", settings, whole(rng, &brings));
    Draft { others, ..draft }
}

/// A draft whose pages come in any order of their branches.
pub(super) fn branches(streams: Vec<Stream>, path: &str, settings: String, events: Vec<Event>) -> Draft {
    let besides = streams.len() as u64;
    let stream = streams.last().cloned().expect("there is a branch");
    Draft {
        streams,
        path: path.to_owned(),
        besides,
        is_ordered: false,
        ..Draft::new(stream, settings, events)
    }
}

/// Records that are asked for by time, if by anything.
pub(super) fn timeline(records: &[String]) -> Timeline {
    Timeline::new("updatedAt", TimeFormat::Rfc3339, "updated_after", Some("updated_before"))
        .with(records.iter().cloned())
}
