//! Streams that are read as a whole, by every kind of pagination.

use bronzegate_demo_api::{Shape, Stream, Style};
use fastrand::Rng;

use super::super::scene::{Event, STREAM};
use super::kind::{Bounds, Draft};
use crate::bench::expected;

pub(super) fn cursor(rng: &mut Rng, bounds: Bounds) -> Draft {
    let total = rng.choice(["", ", total: { body: total }"]).expect("there are some");
    snapshot(rng, bounds, Style::Cursor, |size| {
        format!(
            "records: results\npagination: {{ type: cursor, next: {{ body: paging.next.after }}, send: {{ query: after }}, page_size: {{ query: limit, value: {size} }}{total} }}"
        )
    })
}

pub(super) fn stripe(rng: &mut Rng, bounds: Bounds) -> Draft {
    snapshot(rng, bounds, Style::Stripe, |size| {
        format!(
            "records: data\npagination: {{ type: cursor, next: {{ last_record: id }}, send: {{ query: starting_after }}, page_size: {{ query: limit, value: {size} }}, stop: [{{ at: {{ body: has_more }}, equals: false }}] }}"
        )
    })
}

pub(super) fn offset(rng: &mut Rng, bounds: Bounds) -> Draft {
    let concurrency = rng.u64(1..6);
    let total = rng.choice(["", ", total: { body: total }"]).expect("there are some");
    snapshot(rng, bounds, Style::Offset, |size| {
        format!(
            "records: results\nconcurrency: {concurrency}\npagination: {{ type: offset, send: {{ query: offset }}, page_size: {{ query: limit, value: {size} }}{total} }}"
        )
    })
}

pub(super) fn page(rng: &mut Rng, bounds: Bounds) -> Draft {
    let concurrency = rng.u64(1..6);
    let total = rng.choice(["", ", total_pages: { body: total_pages }"]).expect("there are some");
    snapshot(rng, bounds, Style::Page, |size| {
        format!(
            "records: results\nconcurrency: {concurrency}\npagination: {{ type: page, send: {{ query: page }}, page_size: {{ query: per_page, value: {size} }}{total} }}"
        )
    })
}

pub(super) fn link_header(rng: &mut Rng, bounds: Bounds) -> Draft {
    snapshot(rng, bounds, Style::LinkHeader, |_| "records: $\npagination: { type: link_header }".to_owned())
}

pub(super) fn next_url(rng: &mut Rng, bounds: Bounds) -> Draft {
    snapshot(rng, bounds, Style::NextUrl, |_| {
        "records: results\npagination: { type: next_url, next: { body: next } }".to_owned()
    })
}

/// A stream that is read as a whole, at one or two times.
fn snapshot(rng: &mut Rng, bounds: Bounds, style: Style, settings: impl Fn(u64) -> String) -> Draft {
    let (records, size) = (rng.u64(0..=bounds.most_records), rng.u64(3..=25));
    let stream = Stream::new(STREAM, style, Shape::Small, records).page_size(size);
    Draft::new(stream, settings(size), whole(rng, &expected(Shape::Small, records)))
}

/// One or two events, each of which brings everything there is.
pub(super) fn whole(rng: &mut Rng, records: &[String]) -> Vec<Event> {
    let times = ["2026-11-22T17:00:00Z", "2026-11-22T18:00:00Z"];
    let events = times[..rng.usize(1..=2)].iter();
    events.map(|at| Event::scheduled(at, Vec::new(), records.to_vec())).collect()
}
