//! Streams whose branches have marks of their own: partitions that are added, removed and left out, and parents
//! that are left out.

use std::collections::BTreeMap;

use bronzegate_demo_api::{Shape, Stream, Style, TimeFormat, Timeline};
use fastrand::Rng;
use serde_json::Value;

use super::super::scene::{Event, PARTITIONS, STREAM};
use super::branched::{branches, timeline};
use super::changing::{DAYS, changes};
use super::kind::{Bounds, Draft};
use crate::bench::expected;
use crate::streams::changes::{BOUNDED, settings};

const SKIP: &str = "\nresponses: [{ when: { at: { status: true }, equals: 404 }, then: skip }]";

/// What the API has of a branch that no run has brought.
type Waiting = BTreeMap<String, Vec<String>>;

/// Partitions that the file has at one event and not at another, and that the API does not have now and then.
pub(super) fn partitions(rng: &mut Rng, bounds: Bounds) -> Draft {
    let (size, mut ids) = (rng.u64(3..=12), 1..);
    let names: Vec<String> = (0..rng.usize(2..=5)).map(|nth| format!("p{nth}")).collect();
    let most = bounds.most_records / names.len() as u64;
    let is_numbered = rng.u32(0..3) == 0;
    let only_grows = rng.bool();
    let mut waiting = Waiting::new();
    let mut there: Vec<String> = Vec::new();
    let mut events = Vec::new();
    for nth in 0..rng.u32(2..=4) {
        let first = nth * DAYS + 1;
        let arrives = arrivals(rng, &names, &mut ids, (most, first), &mut waiting);
        there =
            names.iter().filter(|name| rng.bool() || only_grows && there.contains(*name)).cloned().collect();
        if there.is_empty() {
            there.push(names[0].clone());
        }
        let absent: Vec<String> =
            there.iter().filter(|_| !only_grows && rng.u32(0..4) == 0).cloned().collect();
        let come = there.iter().filter(|name| !absent.contains(*name));
        let brings = come.flat_map(|name| waiting.remove(name).unwrap_or_default()).collect();
        let mut event = Event::scheduled(&format!("2026-01-{:02}T00:00:00Z", first + DAYS), arrives, brings);
        event.partitions = format!("{{ name: [{}] }}", there.join(", "));
        event.absent = absent.iter().map(|name| stream(name)).collect();
        events.push(event);
    }
    let keys = match (is_numbered, rng.u32(0..3)) {
        (true, _) => {
            "cursor: id, format: integer, from: { query: updated_after }, start: 0, key: id".to_owned()
        }
        (false, 0) => format!("{BOUNDED}, start: 2026-01-01, key: id, window: 1d"),
        (false, _) => format!("{BOUNDED}, start: 2026-01-01, key: id"),
    };
    let served = |name: &String| {
        let by_time = timeline(&[]);
        let by_number = Timeline::new("id", TimeFormat::Integer, "updated_after", None);
        let timeline = if is_numbered { by_number } else { by_time };
        Stream::new(stream(name), Style::Cursor, Shape::Small, 0).page_size(size).timeline(timeline)
    };
    let streams = names.iter().map(served).collect();
    let settings =
        format!("{}\npartitions: {PARTITIONS}\nconcurrency: {}{SKIP}", settings(&keys), rng.u64(1..6));
    let draft = branches(streams, &format!("/{STREAM}/{{{{ partition.name }}}}"), settings, events);
    Draft { catches_up: only_grows, ..draft }
}

/// Changes of each task list, of which some are not there now and then.
pub(super) fn parents(rng: &mut Rng, bounds: Bounds) -> Draft {
    let (size, mut ids) = (rng.u64(3..=12), 1..);
    let projects = rng.u64(1..=8);
    let most = bounds.most_records / projects;
    let names: Vec<String> = expected(Shape::Small, projects)
        .iter()
        .map(|project| serde_json::from_str::<Value>(project).expect("a record is JSON")["id"].to_string())
        .collect();
    let mut waiting = Waiting::new();
    let mut events = Vec::new();
    for nth in 0..rng.u32(2..=4) {
        let first = nth * DAYS + 1;
        let arrives = arrivals(rng, &names, &mut ids, (most, first), &mut waiting);
        let absent: Vec<String> = names.iter().filter(|_| rng.u32(0..3) == 0).cloned().collect();
        let come = names.iter().filter(|name| !absent.contains(*name));
        let of_parent = |(id, record): (&String, String)| {
            let own = record.strip_suffix('}').expect("it is an object").to_owned();
            format!("{own},\"_parent_id\":{id}}}")
        };
        let brings = come.flat_map(|name| {
            let records = waiting.remove(name).unwrap_or_default();
            records.into_iter().map(move |record| of_parent((name, record)))
        });
        let brings = brings.collect();
        let mut event = Event::scheduled(&format!("2026-01-{:02}T00:00:00Z", first + DAYS), arrives, brings);
        event.absent = absent.iter().map(|name| stream(name)).collect();
        events.push(event);
    }
    let window = rng.choice(["", "", ", window: 1d"]).expect("there are some");
    let page = rng.u64(2..=5);
    let served = |name: &String| {
        Stream::new(stream(name), Style::Cursor, Shape::Small, 0).page_size(size).timeline(timeline(&[]))
    };
    let above = Stream::new("projects", Style::Offset, Shape::Small, projects).page_size(page);
    let streams = std::iter::once(above).chain(names.iter().map(served)).collect();
    let settings = format!(
        "{}\nparent: {{ stream: projects, fields: [id], concurrency: {} }}{SKIP}",
        settings(&format!("{BOUNDED}, start: 2026-01-01, key: id{window}")),
        rng.u64(1..6)
    );
    let others = format!(
        "  projects:\n    path: /projects\n    records: results\n    pagination: {{ type: offset, send: {{ query: offset }}, page_size: {{ query: limit, value: {page} }} }}\n"
    );
    let draft = branches(streams, &format!("/{STREAM}/{{{{ parent.id }}}}"), settings, events);
    Draft { others, ..draft }
}

/// What comes to each branch with an event.
fn arrivals(
    rng: &mut Rng,
    names: &[String],
    ids: &mut std::ops::RangeFrom<u64>,
    (most, first): (u64, u32),
    waiting: &mut Waiting,
) -> Vec<(String, Vec<String>)> {
    let mut arrives = Vec::new();
    for name in names {
        let count = rng.u64(0..=most);
        let records = changes(rng, ids, count, first, DAYS);
        waiting.entry(name.clone()).or_default().extend(records.iter().cloned());
        arrives.push((stream(name), records));
    }
    arrives
}

/// The name of a branch's stream.
fn stream(name: &str) -> String {
    format!("{STREAM}/{name}")
}
