//! Records and requests that write times in different ways: nothing is lost or repeated, whatever the unit of either,
//! and whatever clocks requests are in.

use std::sync::Arc;

use bronzegate_core::clock::{Clock, TestClock};
use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_core::run::RunOptions;
use bronzegate_demo_api::{Manner, Shape, Spelling, Stream, Style, TimeFormat, Timeline};
use bronzegate_tests::streams::changes::{at, changes, settings, with};
use bronzegate_tests::{Bench, assert_complete, failure, request};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How records write their time: the settings, what clocks show it, and the spelling.
const RECORDS: [(&str, &str, &str); 9] = [
    ("format: rfc3339", "UTC", "%Y-%m-%dT%H:%M:%S%.fZ"),
    ("format: rfc2822", "UTC", "%a, %d %b %Y %H:%M:%S GMT"),
    ("format: dotnet", "UTC", "dotnet"),
    ("format: epoch_us", "UTC", "epoch_us"),
    ("format: '%d/%m/%Y %H:%M:%S', timezone: UTC", "UTC", "%d/%m/%Y %H:%M:%S"),
    ("format: '%Y-%m-%d %H:%M', timezone: UTC", "UTC", "%Y-%m-%d %H:%M"),
    ("format: [rfc3339, epoch_us], timezone: UTC", "UTC", "mixed"),
    ("format: '%d.%m.%Y %H:%M:%S', timezone: America/Chicago", "America/Chicago", "%d.%m.%Y %H:%M:%S"),
    ("format: rfc3339, timezone: Australia/Lord_Howe", "Australia/Lord_Howe", "%Y-%m-%dT%H:%M:%S%.f"),
];

/// How requests write it: the settings, the spelling that the API reads, and its clocks.
fn requests() -> Vec<(&'static str, Spelling, Option<&'static str>)> {
    let pattern = |text: &str| Spelling::Pattern(text.to_owned());
    vec![
        ("request_format: epoch_s", Spelling::EpochS, None),
        ("request_format: epoch_us", Spelling::EpochUs, None),
        ("request_format: dotnet", Spelling::Dotnet, None),
        ("request_format: '%Y-%m-%d %H:%M', request_timezone: UTC", pattern("%Y-%m-%d %H:%M"), None),
        ("request_format: '%d/%m/%Y', request_timezone: UTC", pattern("%d/%m/%Y"), None),
        (
            "request_format: '%Y%m%d %H', request_timezone: Europe/Berlin",
            pattern("%Y%m%d %H"),
            Some("Europe/Berlin"),
        ),
        (
            "request_format: '%m/%d/%Y %I:%M %p', request_timezone: America/St_Johns",
            pattern("%m/%d/%Y %I:%M %p"),
            Some("America/St_Johns"),
        ),
    ]
}

/// The days on which clocks are changed in the zones above, and a day of none.
const DAYS: [&str; 5] = [
    "2026-11-01T07:00:00Z",
    "2026-10-25T01:00:00Z",
    "2026-03-29T01:00:00Z",
    "2026-04-04T15:00:00Z",
    "2026-06-01T18:30:00Z",
];

/// The time as records write it.
fn spelled(spelling: &str, zone: &TimeZone, made: Timestamp, nth: usize) -> String {
    match spelling {
        "dotnet" => Spelling::Dotnet.write(made).to_string(),
        "epoch_us" => Spelling::EpochUs.write(made).to_string(),
        "mixed" if nth.is_multiple_of(2) => Spelling::EpochUs.write(made).to_string(),
        "mixed" => format!("\"{made}\""),
        pattern => format!("\"{}\"", made.to_zoned(zone.clone()).strftime(pattern)),
    }
}

/// Runs every 25 minutes around an instant, while a record comes to be every few minutes. In the end each is in bronze
/// once.
async fn lands(
    records: (&str, &str, &str),
    asked: (&str, Spelling, Option<&str>),
    change: &str,
    window: &str,
) {
    let name = format!("{records:?}, {asked:?}, {change}, {window}");
    let (zone, change): (_, Timestamp) =
        (TimeZone::get(records.1).expect("a zone"), change.parse().expect("an instant"));
    let (first, last) = (change - SignedDuration::from_hours(4), change + SignedDuration::from_hours(4));
    let manner =
        Manner { zone: asked.2.map(str::to_owned), later: asked.0.contains('p'), ..Manner::default() };
    let timeline = Timeline::new("made", TimeFormat::Rfc3339, "updated_after", Some("updated_before"));
    let timeline = Timeline { asked: Some(asked.1), manner, sorted: false, ..timeline };
    let start = first.to_zoned(zone.clone()).strftime("%Y-%m-%d");
    let keys = format!(
        "cursor: updatedAt, from: {{ query: updated_after }}, to: {{ query: updated_before }}, key: id, start: {start}, \
         {}, {}{window}",
        records.0, asked.0
    );
    let bench = Bench::one(with(timeline).page_size(100), vec![], &settings(&keys)).await;
    let (mut made, mut next, mut now) = (Vec::new(), first, first);
    // A record is as a rule read in the first run whose end lies after it.
    while now <= last + SignedDuration::from_hours(26) {
        while next <= now.min(last) {
            let time = spelled(records.2, &zone, next, made.len());
            made.push(format!("{{\"id\":{},\"updatedAt\":{time},\"made\":\"{next}\"}}", made.len()));
            bench.api.append("changes", [made[made.len() - 1].clone()]).expect("a stream");
            next += SignedDuration::from_millis(433_401);
        }
        let clock: Arc<dyn Clock> = Arc::new(TestClock::at(now));
        let run = bench.stream_with("changes", clock);
        let report = run.run(bench.store(), request(&now.to_string()), RunOptions::default()).await;
        assert!(matches!(report.status, Status::Complete | Status::AlreadyCommitted), "{name}: {report:?}");
        now += if now > last { SignedDuration::from_hours(5) } else { SignedDuration::from_mins(25) };
    }
    let mut landed = bench.records("changes");
    landed.sort();
    made.sort();
    assert_eq!(landed, made, "{name}");
}

#[tokio::test]
async fn records_come_once_whatever_the_spelling_of_records_and_requests() {
    let windows = ["", ", window: 1d", ", window: 36h"];
    let requests = requests();
    for (nth, records) in RECORDS.into_iter().enumerate() {
        for (turn, asked) in requests.iter().enumerate() {
            let (day, window) = (DAYS[(nth + turn) % DAYS.len()], windows[(nth + turn) % windows.len()]);
            lands(records, asked.clone(), day, window).await;
        }
    }
}

#[tokio::test]
async fn a_cursor_is_the_first_of_its_members_that_says_something() {
    let records = [
        r#"{"id":1,"modified":null,"created":"2026-01-01T08:00:00Z"}"#,
        r#"{"id":2,"modified":"","created":"2026-01-02T08:00:00Z"}"#,
        r#"{"id":3,"modified":"0001-01-01T00:00:00Z","created":"2026-01-03T08:00:00Z"}"#,
        r#"{"id":4,"created":"2026-01-01T09:00:00Z","modified":"2026-01-04T08:00:00Z"}"#,
        r#"{"id":5,"modified":"0001-01-01T00:00:00Z"}"#,
    ];
    // The API filters by nothing that the members say: everything comes each time.
    let stream = changes(records.map(str::to_owned));
    let keys = "cursor: [modified, created], empty: ['0001-01-01T00:00:00Z'], format: rfc3339, missing: skip, key: id, \
                from: { query: updated_after }, to: { query: updated_before }, start: 2026-01-01";
    let bench = Bench::one(stream, vec![], &settings(keys)).await;
    for (day, count) in [(2, 1), (3, 1), (4, 1), (5, 1), (6, 0)] {
        let report = bench.run_at("changes", &at(day, "00:00:00")).await;
        assert_complete(&report, count);
    }
    let mut landed = bench.records("changes");
    landed.sort();
    assert_eq!(landed, records[..4]);
}

#[tokio::test]
async fn a_cursor_of_another_spelling_is_told_with_the_format_that_it_looks_like() {
    for (declared, written, told) in [
        ("rfc3339", "\"Sun, 04 Jan 2026 08:00:00 GMT\"", "looks like rfc2822: write `format: rfc2822`"),
        ("rfc3339", "\"/Date(1767513600000)/\"", "looks like dotnet: write `format: dotnet`"),
        ("rfc3339", "1767513600000", "looks like milliseconds since 1970: write `format: epoch_ms`"),
        ("epoch_s", "\"2026-01-04T08:00:00Z\"", "looks like rfc3339: write `format: rfc3339`"),
        ("dotnet", "\"20260104\"", "looks like date: write `format: date`"),
        (
            "'%d/%m/%Y'",
            "\"2026-01-04\"",
            "is not a time such as %d/%m/%Y: it is \"2026-01-04\". It looks like date",
        ),
        (
            "[rfc3339, epoch_s]",
            "\"04 Jan 2026 08:00:00 GMT\"",
            "is not of the formats [rfc3339, epoch_s]: it is \"04 Jan 2026 08:00:00 GMT\". It looks like rfc2822",
        ),
    ] {
        let stream = changes([format!("{{\"id\":1,\"updatedAt\":{written}}}")]);
        let keys = format!("cursor: updatedAt, format: {declared}, from: {{ query: since }}");
        let bench = Bench::one(stream, vec![], &settings(&keys)).await;
        let report = bench.run_at("changes", &at(9, "00:00:00")).await;
        let (kind, message) = failure(&report);
        assert!(kind == ErrorKind::Data && message.contains(told), "{declared} {written}: {message}");
    }
}

#[tokio::test]
async fn a_template_may_name_the_time_that_a_run_is_for() {
    let stream = Stream::new("items/20261122/1700", Style::Single, Shape::Small, 3);
    let yaml = "streams:\n  items: { path: '/items/{{ run.time | date(\"%Y%m%d\") }}/{{ run.time[11:13] }}00', records: results }";
    let bench = Bench::new(vec![stream], Vec::new(), yaml).await;
    let report = bench.run("items").await;
    assert_eq!((report.status, report.counts.records), (Status::Complete, 3), "{report:?}");
}
