//! Streams that are asked for only what is new, or for a window.

use bronzegate_core::run::RunRequest;
use bronzegate_core::window::{TimeWindow, parse_instant};
use bronzegate_demo_api::{Manner, Shape, Spelling, Stream, Style, TimeFormat, Timeline};
use fastrand::Rng;

use super::super::scene::{Event, STREAM};
use super::kind::{Bounds, Draft};
use crate::streams::changes::{BOUNDED, OPEN, change};

/// What each event has that the event before it had not, in days.
pub(super) const DAYS: u32 = 2;

pub(super) fn incremental(rng: &mut Rng, bounds: Bounds) -> Draft {
    let keys = rng.choice([BOUNDED, OPEN]).expect("there are some");
    changing(rng, bounds, &format!("{keys}, start: 2026-01-01, key: id"), None)
}

/// The same, while it is noted that runs are in flight.
pub(super) fn noted(rng: &mut Rng, bounds: Bounds) -> Draft {
    Draft { has_notes: true, ..incremental(rng, bounds) }
}

pub(super) fn windows(rng: &mut Rng, bounds: Bounds) -> Draft {
    let window = rng.choice(["12h", "1d"]).expect("there are some");
    changing(rng, bounds, &format!("{BOUNDED}, start: 2026-01-01, key: id, window: {window}"), None)
}

pub(super) fn split(rng: &mut Rng, bounds: Bounds) -> Draft {
    let keys = format!(
        "{BOUNDED}, start: 2026-01-01, key: id, window: 1d, split_when: {{ at: {{ body: total }}, over: 12 }}, min_window: 1m"
    );
    changing(rng, bounds, &keys, Some(12))
}

/// The API cannot be asked from where: what has been read is left out on this side.
pub(super) fn unfiltered(rng: &mut Rng, bounds: Bounds) -> Draft {
    let newest_first = rng.bool();
    let order = if newest_first && rng.bool() { ", order: descending" } else { "" };
    let keys = format!("cursor: updatedAt, format: rfc3339, start: 2026-01-01, key: id{order}");
    let draft = changing(rng, bounds, &keys, None);
    let timed = |timeline| Timeline { newest_first, ..timeline };
    Draft { is_ordered: !newest_first, ..with_timeline(draft, timed) }
}

/// Requests write times otherwise than records: to the minute, in the API's own clock.
pub(super) fn respelled(rng: &mut Rng, bounds: Bounds) -> Draft {
    let (pattern, zone) = rng
        .choice([
            ("%Y-%m-%d %H:%M", "Europe/Berlin"),
            ("%d/%m/%Y", "America/Chicago"),
            ("%Y%m%d %H", "Asia/Kolkata"),
        ])
        .expect("there are some");
    let keys = format!(
        "{BOUNDED}, start: 2026-01-01, key: id, request_format: \"{pattern}\", request_timezone: {zone}"
    );
    let manner = Manner { zone: Some(zone.to_owned()), ..Manner::default() };
    let asked = Some(Spelling::Pattern(pattern.to_owned()));
    with_timeline(changing(rng, bounds, &keys, None), |timeline| Timeline { asked, manner, ..timeline })
}

/// Windows are loaded whole: nothing is left out by the time that a record says.
pub(super) fn windows_only(rng: &mut Rng, bounds: Bounds) -> Draft {
    let keys = BOUNDED.replace("cursor: updatedAt", "windows_only: true");
    let keys = format!("{keys}, start: 2026-01-01, window: 1d");
    with_timeline(changing(rng, bounds, &keys, None), |timeline| Timeline { inclusive_to: false, ..timeline })
}

/// The draft with another timeline of its stream.
fn with_timeline(mut draft: Draft, timed: impl FnOnce(Timeline) -> Timeline) -> Draft {
    let stream = draft.streams.pop().expect("a draft has its stream");
    let timeline = timed(stream.timeline.clone().expect("the stream has a timeline"));
    draft.streams.push(stream.timeline(timeline));
    draft
}

/// A stream of changes, each event with two further days of them.
fn changing(rng: &mut Rng, bounds: Bounds, incremental: &str, max_results: Option<usize>) -> Draft {
    let mut events = Vec::new();
    let mut ids = 0..;
    for nth in 0..rng.u32(1..=3) {
        let count = rng.u64(0..=bounds.most_records / 2);
        let days = nth * DAYS + 1;
        let records = changes(rng, &mut ids, count, days, DAYS);
        let at = format!("2026-01-{:02}T00:00:00Z", days + DAYS);
        events.push(Event::scheduled(&at, vec![(STREAM.to_owned(), records.clone())], records));
    }
    let stream = timeline(rng, max_results, Vec::new());
    Draft { catches_up: true, ..Draft::new(stream, crate::streams::changes::settings(incremental), events) }
}

/// A stream of changes of which windows are loaded.
pub(super) fn backfill(rng: &mut Rng, bounds: Bounds) -> Draft {
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
        partitions: String::new(),
        absent: Vec::new(),
        now: None,
    };
    let stream = timeline(rng, None, records);
    let settings = crate::streams::changes::settings(BOUNDED);
    Draft::new(stream, settings, vec![event])
}

fn timeline(rng: &mut Rng, max_results: Option<usize>, records: Vec<String>) -> Stream {
    let timeline = Timeline::new("updatedAt", TimeFormat::Rfc3339, "updated_after", Some("updated_before"));
    let inclusive_to = max_results.is_none() && rng.bool();
    let timeline = Timeline { inclusive_to, max_results, ..timeline.with(records) };
    Stream::new(STREAM, Style::Cursor, Shape::Small, 0).page_size(rng.u64(3..=12)).timeline(timeline)
}

/// Records that changed in these days of January, some of them at the same minute, in order of time.
pub(super) fn changes(
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
