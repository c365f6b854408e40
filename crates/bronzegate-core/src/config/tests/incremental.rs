use std::time::Duration;

use super::mistakes::{none, one, with_stream};
use crate::config::*;

fn incremental(keys: &str) -> Incremental {
    let text = format!(
        "source: x\nbase_url: https://x.example\nstreams: {{ s: {{ path: /p, records: items, incremental: {{ {keys} }} }} }}"
    );
    let source = parse("x.yaml", &text).unwrap_or_else(|problems| panic!("{problems}"));
    source.streams[0].incremental.clone().unwrap()
}

#[test]
fn every_key_is_read_and_has_its_default() {
    let short = incremental("cursor: updatedAt, format: rfc3339, from: { query: since }");
    assert_eq!((short.start, short.window, short.split_when, short.key), (None, None, None, None));
    assert_eq!((short.lookback, short.missing, short.bounded), (Duration::ZERO, Missing::Error, false));
    let long = incremental(
        "cursor: a.b, format: epoch_s, from: { query: f }, from_exclusive: true, to: { header: X-To }, start: 2024-01-01, lookback: 5m, \
         settle: 10m, to_inclusive: minute, window: 1mo, split_when: { at: { body: total }, over: 10000 }, min_window: 15m, key: id, missing: skip",
    );
    assert_eq!(long.start, Some(Start::Time("2024-01-01T00:00:00Z".parse().unwrap())));
    assert_eq!(long.to, Some(Target::Header("x-to".to_owned())));
    assert!(long.from_exclusive && !short.from_exclusive);
    assert_eq!((long.lookback, long.min_window), (Duration::from_mins(5), Duration::from_mins(15)));
    assert_eq!((short.settle, short.to_inclusive), (Duration::ZERO, None));
    assert_eq!((long.settle, long.to_inclusive), (Duration::from_mins(10), Some(RequestUnit::Minute)));
    assert_eq!((long.window, long.missing, long.bounded), ("1mo".parse().ok(), Missing::Skip, true));
}

#[test]
fn a_time_zone_is_a_name_an_offset_or_utc_and_start_is_a_time_of_it() {
    let of = |keys: &str| incremental(&format!("cursor: u, from: {{ query: f }}, {keys}"));
    let none = of("format: rfc3339");
    assert_eq!((none.timezone.clone(), none.timezone.zone()), (Timezone::Unstated, None));
    for name in ["UTC", "Etc/UTC", "\"+00:00\""] {
        let keys = format!("format: rfc3339, timezone: {name}, start: 2024-01-01T00:00:00Z");
        assert_eq!(of(&keys).timezone, Timezone::Utc);
    }
    for (format, name) in [("rfc3339", "America/Chicago"), ("date", "+05:30")] {
        let settings = of(&format!("format: {format}, timezone: \"{name}\", start: 2024-01-01"));
        assert_eq!(settings.timezone.zone().map(crate::local_time::Zone::name), Some(name));
        assert_eq!(settings.start, Some(Start::Time("2024-01-01T00:00:00Z".parse().unwrap())));
    }
    let local = of("format: rfc3339, timezone: Asia/Kolkata, start: \"2024-01-01T06:00:00\"");
    assert_eq!(local.start, Some(Start::Time("2024-01-01T06:00:00Z".parse().unwrap())));
}

#[test]
fn templates_may_say_from_and_to() {
    none(
        "params: { q: 'updated >= {{ window.from }} and updated < {{ window.to }}' }\n\
         incremental: { cursor: u, format: date, start: 2024-01-01, window: 1d }",
    );
    for template in ["params: { f: '{{ window.to }}' }", "headers: { X-From: '{{ window.from }}' }"] {
        one(template, "has no value without incremental");
    }
}

#[test]
fn a_body_target_needs_a_post_and_no_body() {
    let keys = "incremental: { cursor: u, format: integer, from: { body: a.b } }";
    one(keys, "body member a.b needs method: POST");
    none(&format!("method: POST\n{keys}"));
    one(&format!("method: POST\nbody: {{ a: {{ b: 1 }} }}\n{keys}"), "is given in body too");
}

#[test]
fn what_does_not_fit_together_is_told() {
    let base = "cursor: u, format: rfc3339";
    let number = "cursor: u, format: integer, from: { query: f }";
    let time = "cursor: u, format: rfc3339, from: { query: f }";
    let days = "cursor: u, format: date, from: { query: f }, to: { query: t }, start: 2024-01-01";
    let bounded = "cursor: u, format: rfc3339, from: { query: f }, to: { query: t }";
    for (keys, part) in [
        (base.to_owned(), "nothing in the request says from where"),
        ("cursor: u, format: rfc822, from: { query: f }".to_owned(), "write one of rfc3339, date, epoch_s"),
        (format!("{number}, lookback: 5m"), "needs a format of time"),
        (format!("{number}, settle: 5m"), "needs a format of time"),
        (format!("{number}, to_inclusive: day"), "needs a format of time"),
        (format!("{time}, to_inclusive: day"), "is about the end of requests"),
        (format!("{days}, to_inclusive: hour"), "is finer than requests can say"),
        (format!("{bounded}, to_inclusive: week"), "one of second, minute, hour, day"),
        (format!("{bounded}, settle: soon"), "a duration with its unit"),
        (format!("{bounded}, timezone: Chicago"), "a time zone: America/Chicago, +05:30 or UTC"),
        (format!("{number}, timezone: UTC"), "needs `format: rfc3339` or `format: date`"),
        (
            format!("{bounded}, timezone: America/Chicago, start: 2024-01-01T00:00:00Z"),
            "a time of `timezone`, without an offset",
        ),
        (format!("{number}, to: {{ query: t }}"), "needs a format of time"),
        (format!("{number}, start: 1.5"), "write a whole number"),
        (
            "cursor: u, format: text, from: { query: f }, from_exclusive: true".to_owned(),
            "no text comes just before another",
        ),
        (format!("{time}, start: soon"), "an instant (2024-01-01T00:00:00Z)"),
        (format!("{time}, start: 2024-01-01T00:00:00.5Z"), "an instant that the format can tell"),
        (format!("{time}, start: 2024-01-01, window: 1d"), "windows need an end in the request"),
        (format!("{bounded}, window: 1d"), "windows need a first one"),
        (format!("{bounded}, start: 2024-01-01, window: 1x"), "15m, 6h, 1d, 1w, 1mo or 1y"),
        (format!("{bounded}, split_when: {{ at: {{ body: n }}, over: 9 }}"), "split_when needs window"),
        (format!("{bounded}, min_window: 1m"), "min_window needs split_when"),
        (format!("{days}, window: 6h"), "a window is no shorter than what `format: date` tells apart, a day"),
        (
            format!("{days}, window: 2d, split_when: {{ at: {{ body: n }}, over: 9 }}, min_window: 23h"),
            "a min_window is no shorter than what `format: date` tells apart, a day",
        ),
        (format!("{bounded}, missing: drop"), "one of error, keep, skip"),
        (format!("{time}, to: {{ query: f }}"), "query parameter f is written twice"),
        (format!("{time}, to: {{ url: true }}"), "url is for a cursor that is the next URL"),
    ] {
        one(&format!("incremental: {{ {keys} }}"), part);
    }
    none(&format!("incremental: {{ {days}, window: 1d, split_when: {{ at: {{ body: n }}, over: 9 }} }}"));
    one(&format!("params: {{ f: 1 }}\nincremental: {{ {time} }}"), "is given in params too");
    one(
        "params: { f: '{{ window.from }}' }\nincremental: { cursor: u, format: rfc3339 }",
        "has no value in the first run",
    );
    let number = "params: { f: '{{ window.from }}{{ window.to }}' }\nincremental: { cursor: u, format: integer, start: 1 }";
    one(number, "{{ window.to }} needs a format of time");
}

#[test]
fn every_problem_is_told_at_once() {
    let found = with_stream(
        "incremental: { cursor: 'a..b', format: integer, lookback: 5m, window: 1d, missing: drop, strat: 1 }",
    );
    assert!(found.len() >= 4, "{found:#?}");
}
