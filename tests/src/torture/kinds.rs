//! The kinds of streams that are put through trials. A new kind is one more entry of [`KINDS`].

use std::fmt::Write as _;
use std::time::Duration;

use bronzegate_core::plan::RunRequest;
use bronzegate_core::window::{TimeWindow, parse_instant};
use bronzegate_demo_api::{Shape, Stream, Style, TimeFormat, Timeline};
use fastrand::Rng;

use super::scene::{Event, STREAM, Scene};
use crate::bench::expected;
use crate::changes::{BOUNDED, OPEN, change};

/// A kind of stream: how a scene with it is drawn.
pub(super) struct Kind {
    name: &'static str,
    draw: fn(&mut Rng, Bounds) -> Draft,
}

/// How much a scene may hold.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) most_records: u64,
}

/// What is particular to a kind.
struct Draft {
    stream: Stream,
    settings: String,
    events: Vec<Event>,
    catches_up: bool,
}

/// All kinds.
pub(super) const KINDS: &[Kind] = &[
    Kind { name: "cursor", draw: cursor },
    Kind { name: "cursor from the last record", draw: stripe },
    Kind { name: "offset", draw: offset },
    Kind { name: "page", draw: page },
    Kind { name: "link header", draw: link_header },
    Kind { name: "next url", draw: next_url },
    Kind { name: "incremental", draw: incremental },
    Kind { name: "incremental in windows", draw: windows },
    Kind { name: "incremental in windows that are split", draw: split },
    Kind { name: "backfill", draw: backfill },
];

impl Kind {
    /// Draws a scene of this kind.
    pub(super) fn scene(&self, rng: &mut Rng, bounds: Bounds) -> Scene {
        let Draft { stream, mut settings, events, catches_up } = (self.draw)(rng, bounds);
        let compression = rng.choice(["none", "none", "gzip", "zstd"]).expect("there are some");
        let part = rng.choice(["1KiB", "2KiB", "4KiB", "16KiB"]).expect("there are some");
        let _ = write!(settings, "\noutput: {{ compression: {compression}, max_part_bytes: {part} }}");
        let latency = Duration::from_millis(rng.u64(0..3));
        Scene { kind: self.name, stream, settings, latency, events, catches_up }
    }
}

fn cursor(rng: &mut Rng, bounds: Bounds) -> Draft {
    let total = rng.choice(["", ", total: { body: total }"]).expect("there are some");
    snapshot(rng, bounds, Style::Cursor, |size| {
        format!(
            "records: results\npagination: {{ type: cursor, next: {{ body: paging.next.after }}, send: {{ query: after }}, page_size: {{ query: limit, value: {size} }}{total} }}"
        )
    })
}

fn stripe(rng: &mut Rng, bounds: Bounds) -> Draft {
    snapshot(rng, bounds, Style::Stripe, |size| {
        format!(
            "records: data\npagination: {{ type: cursor, next: {{ last_record: id }}, send: {{ query: starting_after }}, page_size: {{ query: limit, value: {size} }}, stop: [{{ at: {{ body: has_more }}, equals: false }}] }}"
        )
    })
}

fn offset(rng: &mut Rng, bounds: Bounds) -> Draft {
    let concurrency = rng.u64(1..6);
    let total = rng.choice(["", ", total: { body: total }"]).expect("there are some");
    snapshot(rng, bounds, Style::Offset, |size| {
        format!(
            "records: results\nconcurrency: {concurrency}\npagination: {{ type: offset, send: {{ query: offset }}, page_size: {{ query: limit, value: {size} }}{total} }}"
        )
    })
}

fn page(rng: &mut Rng, bounds: Bounds) -> Draft {
    let concurrency = rng.u64(1..6);
    let total = rng.choice(["", ", total_pages: { body: total_pages }"]).expect("there are some");
    snapshot(rng, bounds, Style::Page, |size| {
        format!(
            "records: results\nconcurrency: {concurrency}\npagination: {{ type: page, send: {{ query: page }}, page_size: {{ query: per_page, value: {size} }}{total} }}"
        )
    })
}

fn link_header(rng: &mut Rng, bounds: Bounds) -> Draft {
    snapshot(rng, bounds, Style::LinkHeader, |_| "records: $\npagination: { type: link_header }".to_owned())
}

fn next_url(rng: &mut Rng, bounds: Bounds) -> Draft {
    snapshot(rng, bounds, Style::NextUrl, |_| {
        "records: results\npagination: { type: next_url, next: { body: next } }".to_owned()
    })
}

/// A stream that is read as a whole, at one or two times.
fn snapshot(rng: &mut Rng, bounds: Bounds, style: Style, settings: impl Fn(u64) -> String) -> Draft {
    let (records, size) = (rng.u64(0..=bounds.most_records), rng.u64(3..=25));
    let stream = Stream::new(STREAM, style, Shape::Small, records).page_size(size);
    let times = ["2026-11-22T17:00:00Z", "2026-11-22T18:00:00Z"];
    let events = times[..rng.usize(1..=2)].iter();
    let events = events.map(|at| Event::scheduled(at, Vec::new(), expected(Shape::Small, records)));
    Draft { stream, settings: settings(size), events: events.collect(), catches_up: false }
}

fn incremental(rng: &mut Rng, bounds: Bounds) -> Draft {
    let keys = rng.choice([BOUNDED, OPEN]).expect("there are some");
    changing(rng, bounds, &format!("{keys}, start: 2026-01-01, key: id"), None)
}

fn windows(rng: &mut Rng, bounds: Bounds) -> Draft {
    let window = rng.choice(["12h", "1d"]).expect("there are some");
    changing(rng, bounds, &format!("{BOUNDED}, start: 2026-01-01, key: id, window: {window}"), None)
}

fn split(rng: &mut Rng, bounds: Bounds) -> Draft {
    let keys = format!(
        "{BOUNDED}, start: 2026-01-01, key: id, window: 1d, split_when: {{ at: {{ body: total }}, over: 12 }}, min_window: 1m"
    );
    changing(rng, bounds, &keys, Some(12))
}

/// A stream of changes, each event with two further days of them.
fn changing(rng: &mut Rng, bounds: Bounds, incremental: &str, max_results: Option<usize>) -> Draft {
    const DAYS: u32 = 2;
    let mut events = Vec::new();
    let mut ids = 0..;
    for nth in 0..rng.u32(1..=3) {
        let count = rng.u64(0..=bounds.most_records / 2);
        let days = nth * DAYS + 1;
        let records = changes(rng, &mut ids, count, days, DAYS);
        let at = format!("2026-01-{:02}T00:00:00Z", days + DAYS);
        events.push(Event::scheduled(&at, records.clone(), records));
    }
    let stream = timeline(rng, max_results, Vec::new());
    Draft { stream, settings: crate::changes::settings(incremental), events, catches_up: true }
}

/// A stream of changes of which windows are loaded.
fn backfill(rng: &mut Rng, bounds: Bounds) -> Draft {
    let days = rng.u32(1..=4);
    let count = rng.u64(0..=bounds.most_records);
    let records = changes(rng, &mut (0..), count, 1, days);
    let day = |day: u32| format!("2026-01-{day:02}");
    let requests = (1..=days).map(|from| {
        let [from, to] = [day(from), day(from + 1)].map(|text| parse_instant(&text).expect("a date"));
        RunRequest::Window { window: TimeWindow::new(from, to).expect("a day"), revision: 1 }
    });
    let line = format!(
        "backfill demo/{STREAM} --from {} --to {} --window 1d --parallel 2 --json",
        day(1),
        day(days + 1)
    );
    let event = Event {
        requests: requests.collect(),
        line,
        json: None,
        arrives: Vec::new(),
        brings: records.clone(),
    };
    let stream = timeline(rng, None, records);
    let settings = crate::changes::settings(BOUNDED);
    Draft { stream, settings, events: vec![event], catches_up: false }
}

fn timeline(rng: &mut Rng, max_results: Option<usize>, records: Vec<String>) -> Stream {
    let timeline = Timeline::new("updatedAt", TimeFormat::Rfc3339, "updated_after", Some("updated_before"));
    let inclusive_to = max_results.is_none() && rng.bool();
    let timeline = Timeline { inclusive_to, max_results, ..timeline.with(records) };
    Stream::new(STREAM, Style::Cursor, Shape::Small, 0).page_size(rng.u64(3..=12)).timeline(timeline)
}

/// Records that changed in these days of January, some of them at the same minute, in order of time.
fn changes(
    rng: &mut Rng,
    ids: &mut std::ops::RangeFrom<u64>,
    count: u64,
    first_day: u32,
    days: u32,
) -> Vec<String> {
    const MINUTES: u32 = 24 * 60;
    let mut minutes: Vec<u32> = (0..count).map(|_| rng.u32(0..days * MINUTES)).collect();
    minutes.sort_unstable();
    let at = |minute: u32| {
        let (day, minute) = (first_day + minute / MINUTES, minute % MINUTES);
        format!("2026-01-{day:02}T{:02}:{:02}:00Z", minute / 60, minute % 60)
    };
    minutes.into_iter().zip(ids).map(|(minute, id)| change(id, &at(minute))).collect()
}
