//! Children of those parents alone that have changed since the last run, and of all of them every so often.

use std::collections::BTreeMap;

use bronzegate_demo_api::{Shape, Stream, Style, Timeline};
use fastrand::Rng;

use super::super::scene::{Event, STREAM};
use super::branched::{branches, timeline};
use super::changing::{DAYS, changes};
use super::kind::{Bounds, Draft};
use crate::streams::changes::{BOUNDED, OPEN, settings};

/// The most parents, whose ids are 1 and so on.
const MOST_PARENTS: u64 = 8;

/// Each event changes some parents, and those get further children. What was left of an event comes with the next one
/// together with what that one reads itself, so after a cut children may come twice.
pub(super) fn parents(rng: &mut Rng, bounds: Bounds) -> Draft {
    let (size, mut ids) = (rng.u64(3..=12), 1_000..);
    let projects = rng.u64(1..=MOST_PARENTS);
    let full_every = rng.choice([1, 3, 30]).expect("there are some");
    let mut versions: Vec<u64> = Vec::new();
    let mut children: BTreeMap<u64, Vec<String>> = BTreeMap::new();
    let mut events = Vec::new();
    let mut days_since_full = None;
    for nth in 0..rng.u32(2..=5) {
        let first = nth * DAYS + 1;
        let changed: Vec<u64> = (1..=projects).filter(|_| rng.u32(0..3) == 0).collect();
        let mut arrives = vec![("projects".to_owned(), of_parents(rng, &changed, first))];
        for parent in &changed {
            let count = rng.u64(0..=bounds.most_records / projects);
            let records = changes(rng, &mut ids, count, first, DAYS);
            children.entry(*parent).or_default().extend(records.iter().cloned());
            arrives.push((stream(*parent), records));
        }
        versions.extend(&changed);
        let is_full = days_since_full.is_none_or(|days| days + DAYS >= full_every);
        days_since_full = if is_full { Some(0) } else { days_since_full.map(|days| days + DAYS) };
        let read = if is_full { &versions } else { &changed };
        let brings = read.iter().flat_map(|parent| of_parent(*parent, &children[parent])).collect();
        events.push(Event::scheduled(&format!("2026-01-{:02}T00:00:00Z", first + DAYS), arrives, brings));
    }
    let page = rng.u64(2..=5);
    let newest_first = rng.bool();
    let asked = rng.choice([BOUNDED, OPEN, "cursor: updatedAt, format: rfc3339"]).expect("there are some");
    let window = if asked == BOUNDED && rng.bool() { ", window: 1d" } else { "" };
    let order = match asked {
        BOUNDED | OPEN => "",
        _ if newest_first => ", order: descending",
        _ => "",
    };
    let above = Timeline { newest_first, ..timeline(&[]) };
    let above = Stream::new("projects", Style::Cursor, Shape::Small, 0).page_size(page).timeline(above);
    let own = settings(&format!("{asked}, start: 2026-01-01, key: id{window}{order}"));
    let others = format!("  projects:\n    path: /projects\n    {}\n", own.replace('\n', "\n    "));
    let served = |parent| {
        let timeline = timeline(&[]);
        Stream::new(stream(parent), Style::Cursor, Shape::Small, 0).page_size(size).timeline(timeline)
    };
    let streams = std::iter::once(above).chain((1..=projects).map(served)).collect();
    let settings = format!(
        "records: results\npagination: {{ type: cursor, next: {{ body: paging.next.after }}, send: {{ query: after }} }}\n\
         parent: {{ stream: projects, fields: [id], changed: true, full_every: {full_every}d, concurrency: {} }}",
        rng.u64(1..6)
    );
    let draft = branches(streams, &format!("/{STREAM}/{{{{ parent.id }}}}"), settings, events);
    Draft { others, catches_up: true, repeats: true, ..draft }
}

/// A version of each of these parents.
fn of_parents(rng: &mut Rng, parents: &[u64], first: u32) -> Vec<String> {
    let mut ids = parents.iter().copied();
    let times = changes(rng, &mut (0..), parents.len() as u64, first, DAYS);
    let named = |record: String| {
        let id = ids.next().expect("as many as parents");
        let (_, rest) = record.split_once(',').expect("it has members");
        format!("{{\"id\":{id},{rest}")
    };
    times.into_iter().map(named).collect()
}

/// The records of a parent as they are written.
fn of_parent(parent: u64, records: &[String]) -> impl Iterator<Item = String> {
    records.iter().map(move |record| {
        let own = record.strip_suffix('}').expect("it is an object");
        format!("{own},\"_parent_id\":{parent}}}")
    })
}

/// The name of a parent's stream of children.
fn stream(parent: u64) -> String {
    format!("{STREAM}/{parent}")
}
