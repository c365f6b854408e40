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
        (format!("{base}, from_exclusive: true"), "needs a request that says from where"),
        (
            format!("{base}, start: 2024-01-01, to: {{ query: t }}, window: 1d"),
            "needs a request that says from where",
        ),
        (format!("{base}, to: {{ query: t }}, to_inclusive: day"), "needs a request that says from where"),
        (format!("{time}, order: descending"), "leave it out, or `from`"),
        ("cursor: [a, b], format: rfc3339, order: descending".to_owned(), "needs a cursor of one member"),
        (format!("{base}, order: ascending"), "one of descending"),
        (
            "cursor: u, format: rfc82, from: { query: f }".to_owned(),
            "write one of rfc3339, rfc2822, dotnet, date, epoch_s",
        ),
        (format!("{number}, lookback: 5m"), "needs a format of time"),
        (format!("{number}, settle: 5m"), "needs a format of time"),
        (format!("{number}, to_inclusive: day"), "needs a format of time"),
        (format!("{time}, to_inclusive: day"), "is about the end of requests"),
        (format!("{days}, to_inclusive: hour"), "is finer than requests can say"),
        (format!("{bounded}, to_inclusive: week"), "one of second, minute, hour, day"),
        (format!("{bounded}, settle: soon"), "a duration with its unit"),
        (format!("{bounded}, timezone: Chicago"), "a time zone: America/Chicago, +05:30 or UTC"),
        (format!("{number}, timezone: UTC"), "needs `format: rfc3339`, `format: date`"),
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
}

#[test]
fn what_requests_say_twice_or_without_a_value_is_told() {
    let time = "cursor: u, format: rfc3339, from: { query: f }";
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

#[test]
fn records_and_requests_may_write_times_otherwise() {
    let of = |keys: &str| incremental(&format!("cursor: u, from: {{ query: f }}, {keys}"));
    let plain = of("format: epoch_ms");
    assert_eq!((plain.request_format.name(), plain.coarser_ns()), ("epoch_ms", 1_000_000));
    let jira = of("format: rfc3339, request_format: '%Y-%m-%d %H:%M', request_timezone: Europe/Berlin");
    assert_eq!(jira.request_format.name(), "%Y-%m-%d %H:%M");
    assert_eq!((jira.timezone.zone(), jira.coarser_ns()), (None, 60_000_000_000));
    assert_eq!(jira.request_timezone.zone().map(crate::local_time::Zone::name), Some("Europe/Berlin"));
    let both = of("format: '%d/%m/%Y %H:%M', timezone: Asia/Kolkata, request_format: rfc3339");
    assert_eq!(both.request_timezone, both.timezone);
    let instants = of("format: rfc3339, timezone: Asia/Kolkata, request_format: epoch_s");
    assert_eq!(instants.request_timezone, Timezone::Unstated);
    let several = of("format: [rfc3339, '%d/%m/%Y'], request_format: epoch_us");
    assert_eq!(
        (several.format.to_string().as_str(), several.coarser_ns()),
        ("[rfc3339, %d/%m/%Y]", 86_400_000_000_000)
    );
    let members =
        incremental("cursor: [a.b, c], empty: [0, none], format: rfc2822, from: { query: f }").cursor;
    assert_eq!((members.to_string().as_str(), members.members().len()), ("a.b` or `c", 2));
    assert!(members.is_empty_value("0") && members.is_empty_value("none") && !members.is_empty_value(""));
}

#[test]
fn formats_that_do_not_fit_are_told() {
    let time = "cursor: u, from: { query: f }, to: { query: t }, start: 2024-01-01";
    for (keys, part) in [
        (format!("{time}, format: rfc3399"), "did you mean \"rfc3339\"?"),
        (format!("{time}, format: '%Y-%m'"), "is a pattern that cannot be read back"),
        (format!("{time}, format: '%H:%M %d/%m'"), "is a pattern that cannot be read back"),
        (
            format!("{time}, format: '%Y-%m-%d %I:%M'"),
            "2026-11-22T17:05:00 is written \"2026-11-22 05:05\", which is read as 2026-11-22T05:05:00Z",
        ),
        (format!("{time}, format: []"), "names no format"),
        (format!("cursor: [], {}, format: date", &time[11..]), "names no member"),
        (format!("{time}, format: [rfc3339, integer]"), "only formats of time may be several"),
        (
            "cursor: u, from: { query: f }, format: integer, request_format: epoch_s".to_owned(),
            "needs a format of time",
        ),
        (format!("{time}, format: rfc3339, request_format: text"), "needs a format of time"),
        (format!("{time}, format: epoch_s, timezone: UTC"), "`request_timezone` is for requests alone"),
        (format!("{time}, format: '%Y-%m-%d %H:%M %z', timezone: UTC"), "is of times without an offset"),
        (
            format!("{time}, format: rfc3339, request_format: epoch_s, request_timezone: UTC"),
            "requests write `epoch_s`, which needs none",
        ),
        (
            format!("{time}, format: rfc3339, request_format: '%Y-%m-%d', window: 6h"),
            "a window is no shorter than what `request_format: %Y-%m-%d` tells apart, a day",
        ),
        (
            format!("{time}, format: rfc3339, request_format: '%Y-%m-%d', to_inclusive: hour"),
            "is finer than requests can say: `%Y-%m-%d` names a day",
        ),
        (
            "cursor: u, from: { query: f }, format: '%d/%m/%Y', start: 2024-01-01T06:00:00Z".to_owned(),
            "an instant that the format can tell",
        ),
    ] {
        one(&format!("incremental: {{ {keys} }}"), part);
    }
}

#[test]
fn windows_of_records_without_a_time_are_whole() {
    let keys = "windows_only: true, format: date, start: 2024-01-01, window: 1d";
    let ends = "from: { query: f }, to: { query: t }";
    let read = incremental(&format!("{keys}, {ends}, lookback: 3d"));
    assert!(read.windows_only && read.cursor.members().is_empty());
    none(&format!("params: {{ day: '{{{{ window.from }}}}' }}\nincremental: {{ {keys} }}"));
    for (keys, part) in [
        ("format: date, from: { query: f }".to_owned(), "incremental.cursor: this key is missing"),
        (format!("{keys}, from: {{ query: f }}"), "unless one is what {{ window.from }} names"),
        (format!("windows_only: true, format: date, {ends}, window: 1d"), "needs window and start"),
        (format!("{keys}, {ends}, cursor: u"), "means nothing with windows_only"),
        (format!("{keys}, {ends}, key: id"), "means nothing with windows_only"),
        (
            format!("{keys}, {ends}, split_when: {{ at: {{ body: n }}, over: 9 }}"),
            "means nothing with windows_only",
        ),
        (
            format!("windows_only: true, format: integer, start: 1, window: 1d, {ends}"),
            "needs a format of time",
        ),
        (format!("{keys}, to: {{ query: t }}"), "needs a request that says from where"),
    ] {
        let found = with_stream(&format!("incremental: {{ {keys} }}"));
        assert!(found.iter().any(|message| message.contains(part)), "{keys}\nwants: {part}\ngot: {found:#?}");
    }
    let two = "params: { day: '{{ window.from }}' }\nincremental: { windows_only: true, format: date, start: 2024-01-01, window: 2d }";
    one(two, "unless one is what {{ window.from }} names");
}

#[test]
fn a_sync_token_stands_alone() {
    let token = "sync_token: { from: { body: token }, to: { query: since } }";
    none(token);
    none("sync_token: { from: { link: delta }, to: { url: true } }");
    none("sync_token: { from: { header: X-Token }, to: { header: X-Since } }");
    for (more, part) in [
        (
            "incremental: { cursor: at, format: rfc3339, from: { query: a } }",
            "incremental: does not go with sync_token",
        ),
        (
            "params: { r: '{{ partition.r }}' }\npartitions: { r: [a, b] }",
            "partitions: do not go with sync_token",
        ),
        ("params: { since: '1' }", "query parameter since is given in params too"),
    ] {
        one(&format!("{token}\n{more}"), part);
    }
    for (keys, part) in [
        ("from: { status: true }, to: { query: since }", "a token stands beside the records of a page"),
        ("from: { last_record: id }, to: { query: since }", "a token stands beside the records of a page"),
        ("from: { body: token }, to: { body: since }", "needs method: POST"),
        ("from: { body: token }", "to: this key is missing"),
    ] {
        one(&format!("sync_token: {{ {keys} }}"), part);
    }
    one("sync_token: { from: { body: items.0.token }, to: { query: since } }", "is never found");
}
