//! Streams whose pages say less than a reader would like, or something else: sizes that are lowered, ends that repeat or
//! seem to be there, and a place in the list that the API keeps.

use bronzegate_demo_api::{By, Fault, FaultKind, Layout, Quirks, Said, Shape, Stream, Style, When};
use fastrand::Rng;

use super::super::scene::STREAM;
use super::kind::{Bounds, Draft};
use super::snapshot::whole;
use crate::bench::expected;

/// Pages of which the API gives out fewer records than the file asks for.
pub(super) fn smaller(rng: &mut Rng, bounds: Bounds) -> Draft {
    let (records, asked) = (rng.u64(0..=bounds.most_records), rng.u64(6..=25));
    let cap = rng.u64(3..=asked);
    let total = rng.choice(["", ", total: { body: total }"]).expect("there are some");
    let (style, how) = match rng.u32(0..3) {
        0 => (Style::Cursor, format!("{BY_CURSOR}{total}")),
        1 => (Style::Offset, format!("{BY_OFFSET}{total}")),
        _ => (Style::Page, BY_PAGE.to_owned()),
    };
    let stream = Stream::new(STREAM, style, Shape::Small, records).page_size(cap).max_page_size(cap);
    draft(rng, stream, &how, asked)
}

/// Pages after the last one, which are the last one again.
pub(super) fn clamped(rng: &mut Rng, bounds: Bounds) -> Draft {
    let (records, size) = (rng.u64(0..=bounds.most_records), rng.u64(3..=25));
    let (mut stream, how) = if rng.bool() {
        (Stream::new(STREAM, Style::Offset, Shape::Small, records), BY_OFFSET)
    } else {
        (laid_out(By::Page("page".to_owned()), records), "type: page, start: 1, send: { query: page }")
    };
    stream.quirks.clamps = true;
    draft(rng, stream.page_size(size), &format!("{how}, total: {{ body: total }}"), size)
}

/// Pages of which one says now and then that there is nothing.
pub(super) fn empty(rng: &mut Rng, bounds: Bounds) -> Draft {
    let (records, size) = (rng.u64(0..=bounds.most_records), rng.u64(3..=25));
    let (style, how, first) = match rng.u32(0..3) {
        0 => (Style::Cursor, BY_CURSOR, 2),
        1 => (Style::Offset, BY_OFFSET, 1),
        _ => (Style::Page, BY_PAGE, 1),
    };
    let stream = Stream::new(STREAM, style, Shape::Small, records).page_size(size);
    let nothing = || FaultKind::RawBody {
        content_type: "application/json".to_owned(),
        body: r#"{"results":[]}"#.into(),
        status: 200,
    };
    // Nothing refutes that the only page is empty.
    let pages = records.div_ceil(size);
    let slips = (first..=pages).filter(|_| pages > 1).map(|page| {
        let kind = if rng.bool() { nothing() } else { FaultKind::status(204) };
        Fault::new(STREAM, When::Page(page), kind)
    });
    let slips = slips.collect();
    Draft { slips, ..draft(rng, stream, how, size) }
}

/// Pages of which one names the next page elsewhere.
pub(super) fn renamed(rng: &mut Rng, bounds: Bounds) -> Draft {
    let (records, size) = (rng.u64(0..=bounds.most_records), rng.u64(3..=25));
    let total = rng.choice(["", ", total: { body: total }"]).expect("there are some");
    let pages = 1..=records.div_ceil(size).max(1);
    // The page stays what it is, however many of its records are asked for.
    let slips = pages.map(|page| {
        let kind = FaultKind::NextRenamed { name: "cursor".to_owned() };
        Fault::new(STREAM, When::Record((page - 1) * size), kind).always()
    });
    let slips = slips.collect();
    let stream = laid_out(By::Cursor("after".to_owned()), records).page_size(size);
    let how = format!("type: cursor, next: {{ body: next }}, send: {{ query: after }}{total}");
    Draft { slips, ..draft(rng, stream, &how, size) }
}

/// Pages that are not asked for again, because the API has moved on by then.
pub(super) fn kept(rng: &mut Rng, bounds: Bounds) -> Draft {
    let (records, size) = (rng.u64(0..=bounds.most_records), rng.u64(3..=25));
    let mut stream = laid_out(By::Cursor("after".to_owned()), records).page_size(size);
    stream.quirks.keeps_place = true;
    let how =
        "type: cursor, next: { body: next, stateful: true }, send: { query: after }, total: { body: total }";
    draft(rng, stream, how, size)
}

const BY_CURSOR: &str = "type: cursor, next: { body: paging.next.after }, send: { query: after }";
const BY_OFFSET: &str = "type: offset, send: { query: offset }";
const BY_PAGE: &str = "type: page, send: { query: page }, total_pages: { body: total_pages }";

/// A stream whose pages say where the next is, and how many records there are.
fn laid_out(by: By, records: u64) -> Stream {
    let mut stream = Stream::new(STREAM, Style::Layout, Shape::Small, records);
    let body = vec![("next".to_owned(), Said::Next), ("total".to_owned(), Said::Total)];
    stream.quirks = Quirks { layout: Layout { by, body, ..Layout::default() }, ..Quirks::default() };
    stream
}

/// The stream as a whole, in pages of so many records.
fn draft(rng: &mut Rng, stream: Stream, how: &str, size: u64) -> Draft {
    let name = if stream.style == Style::Page { "per_page" } else { "limit" };
    let settings = format!(
        "records: results\nconcurrency: {}\npagination: {{ {how}, page_size: {{ query: {name}, value: {size} }} }}",
        rng.u64(1..6)
    );
    let events = whole(rng, &expected(Shape::Small, stream.records));
    Draft::new(stream, settings, events)
}
