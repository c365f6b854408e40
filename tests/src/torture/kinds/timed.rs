//! Streams whose times are not as a reader would like them: seen late, asked for in whole units, or local.

use std::time::Duration;

use bronzegate_demo_api::{Grain, Manner, Quirks, Shape, Stream, Style, TimeFormat, Timeline};
use fastrand::Rng;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::super::scene::{Event, STREAM};
use super::kind::{Bounds, Draft};
use crate::streams::changes::{BOUNDED, ZONES, change, settings};

/// How long the records of a scene keep coming, in seconds.
const SPAN: i64 = 2 * 86_400;

/// Records that can be seen some time after their own, by an API whose clock may be behind.
pub(super) fn late(rng: &mut Rng, bounds: Bounds) -> Draft {
    let late = rng.choice([0_u64, 10, 45]).expect("there are some");
    let behind = rng.choice([0_u64, 0, 10]).expect("there are some");
    let settle = late + behind + rng.u64(0..10);
    let first = instant("2026-01-01T00:00:00Z");
    let made = moments(rng, bounds, first);
    let records: Vec<_> = made.iter().zip(0..).map(|(at, id)| change(id, &at.to_string())).collect();
    let mut from = Timestamp::MIN;
    let mut events = Vec::new();
    for at in times(rng, first) {
        let to = at - SignedDuration::from_mins(settle.cast_signed());
        let brings = made.iter().zip(&records).filter(|(made, _)| (from..to).contains(*made));
        let brings = brings.map(|(_, record)| record.clone()).collect();
        events.push(Event::scheduled(&at.to_string(), Vec::new(), brings).on_a_clock_at(at));
        from = from.max(to);
    }
    let timeline = Timeline::new("updatedAt", TimeFormat::Rfc3339, "updated_after", Some("updated_before"));
    let manner = Manner { late: Some(Duration::from_mins(late)), ..Manner::default() };
    let mut stream = stream(rng, Timeline { manner, ..timeline.with(records) });
    stream.quirks = Quirks { clock_behind: Some(behind * 60), ..Quirks::default() };
    let window = rng.choice(["", ", window: 5h", ", window: 1d"]).expect("there are some");
    let settles = if settle == 0 { String::new() } else { format!(", settle: {settle}m") };
    let keys = format!("{BOUNDED}, start: 2026-01-01, key: id{settles}{window}");
    Draft { catches_up: true, ..Draft::new(stream, settings(&keys), events) }
}

/// Records that are stored finer than requests can say, by an API that answers all of a unit.
pub(super) fn whole(rng: &mut Rng, bounds: Bounds) -> Draft {
    let grains =
        [(Grain::Second, "second"), (Grain::Minute, "minute"), (Grain::Hour, "hour"), (Grain::Day, "day")];
    let (grain, unit) = rng.choice(grains).expect("there are some");
    let first = instant("2026-01-01T00:00:00Z");
    let made = moments(rng, bounds, first);
    let made = made.iter().zip(0..).map(|(at, id)| (*at, *at, change(id, &at.to_string()))).collect();
    let events = arriving(rng, first, made, |at| at);
    let timeline = Timeline::new("updatedAt", TimeFormat::Rfc3339, "updated_after", Some("updated_before"));
    let by_default_the_last = rng.bool().then_some(Duration::from_hours(1));
    let manner = Manner { whole: Some(grain), by_default_the_last, ..Manner::default() };
    let window = rng.choice(["", ", window: 5h", ", window: 1d"]).expect("there are some");
    let keys = format!("{BOUNDED}, start: 2026-01-01, key: id, to_inclusive: {unit}{window}");
    let stream = stream(rng, Timeline { manner, ..timeline });
    Draft { catches_up: true, ..Draft::new(stream, settings(&keys), events) }
}

/// Records whose times are those of clocks in a zone, which are changed meanwhile.
pub(super) fn local(rng: &mut Rng, bounds: Bounds) -> Draft {
    let name = rng.choice(ZONES).expect("there are some");
    let zone = TimeZone::get(name).expect("the zone is known");
    let changes = zone.following(instant("2025-01-01T00:00:00Z")).take(2);
    let changes: Vec<_> = changes.map(|change| change.timestamp()).collect();
    let change = rng.choice(changes).unwrap_or_else(|| instant("2025-06-01T18:30:00Z"));
    let first = change - SignedDuration::from_hours(rng.i64(3..40));
    let made = moments(rng, bounds, first);
    let local = |at: Timestamp| at.to_zoned(zone.clone()).datetime();
    let record =
        |id: u64, at: Timestamp| format!("{{\"id\":{id},\"updatedAt\":\"{}\",\"made\":\"{at}\"}}", local(at));
    // The earliest local time that is still to come: clocks are changed by whole minutes.
    let end = |at: Timestamp| {
        let later = (0..4 * 60).map(|minute| local(at + SignedDuration::from_mins(minute)));
        let whole = (1..4 * 60).map(|minute| {
            let passed = at.as_second() / 60 * 60 + minute * 60;
            local(Timestamp::from_second(passed).expect("a time"))
        });
        later.chain(whole).min().expect("there are some")
    };
    let made = made.into_iter().zip(0..).map(|(at, id)| (at, local(at), record(id, at))).collect();
    let events = arriving(rng, first, made, end);
    let (cursor, manner) = match rng.u32(0..3) {
        0 => ("updatedAt", Manner::default()),
        nth => ("made", Manner { zone: Some(name.to_owned()), later: nth == 1, ..Manner::default() }),
    };
    let timeline = Timeline::new(cursor, TimeFormat::Rfc3339, "updated_after", Some("updated_before"));
    let stream = stream(rng, Timeline { manner, sorted: false, ..timeline });
    let window = rng.choice(["", ", window: 1d", ", window: 3h"]).expect("there are some");
    let start = local(first).date();
    let keys = format!("{BOUNDED}, start: {start}, key: id, timezone: {name}{window}");
    Draft { catches_up: true, ..Draft::new(stream, settings(&keys), events) }
}

/// Events at times, each with what has come to be before it: the instant, what its cursor shows, and the record. An event
/// brings what its `end` lies after.
fn arriving<M: Ord>(
    rng: &mut Rng,
    first: Timestamp,
    mut made: Vec<(Timestamp, M, String)>,
    end: impl Fn(Timestamp) -> M,
) -> Vec<Event> {
    let mut waiting = Vec::new();
    let mut events = Vec::new();
    for at in times(rng, first) {
        let later = made.partition_point(|(made, _, _)| *made < at);
        let mut arrives = Vec::new();
        for (_, mark, record) in made.drain(..later) {
            arrives.push(record.clone());
            waiting.push((mark, record));
        }
        let end = end(at);
        let (come, stay): (Vec<_>, Vec<_>) = waiting.into_iter().partition(|(mark, _)| *mark < end);
        waiting = stay;
        let brings = come.into_iter().map(|(_, record)| record).collect();
        events.push(Event::scheduled(&at.to_string(), vec![(STREAM.to_owned(), arrives)], brings));
    }
    events
}

/// When events are due: on whole seconds, from some time after the first instant on, in order.
fn times(rng: &mut Rng, first: Timestamp) -> Vec<Timestamp> {
    let mut seconds: Vec<_> = (0..rng.u32(1..=4)).map(|_| rng.i64(600..SPAN)).collect();
    seconds.sort_unstable();
    seconds.dedup();
    seconds.into_iter().map(|seconds| first + SignedDuration::from_secs(seconds)).collect()
}

/// When records come to be, in order: some on whole minutes, some within the same one.
fn moments(rng: &mut Rng, bounds: Bounds, first: Timestamp) -> Vec<Timestamp> {
    let count = rng.u64(0..=bounds.most_records);
    let mut moments: Vec<_> = (0..count)
        .map(|_| {
            let millis = match rng.u32(0..3) {
                0 => rng.i64(0..SPAN / 60) * 60_000,
                1 => rng.i64(0..SPAN / 3_600) * 3_600_000 + rng.i64(0..2_000),
                _ => rng.i64(0..SPAN * 1_000),
            };
            first + SignedDuration::from_millis(millis)
        })
        .collect();
    moments.sort_unstable();
    moments
}

fn stream(rng: &mut Rng, timeline: Timeline) -> Stream {
    Stream::new(STREAM, Style::Cursor, Shape::Small, 0).page_size(rng.u64(3..=12)).timeline(timeline)
}

fn instant(text: &str) -> Timestamp {
    text.parse().expect("kinds write times")
}
