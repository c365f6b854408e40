//! Cursors that are local times: nothing is lost or repeated in any zone, whenever its clocks are changed.

use std::sync::Arc;

use bronzegate_core::backfill;
use bronzegate_core::clock::{Clock, TestClock};
use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::Status;
use bronzegate_core::run::{RunOptions, RunRequest};
use bronzegate_core::window::{TimeWindow, parse_instant};
use bronzegate_demo_api::{Manner, Stream, TimeFormat, Timeline};
use bronzegate_tests::streams::changes::{BOUNDED, at, change, changes, settings, with};
use bronzegate_tests::{Bench, assert_complete, failure, request};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// Zones on both sides of UTC, of whole, half and quarter hours, and the days on which their clocks are changed.
const ZONES: [(&str, [&str; 2]); 7] = [
    ("America/Chicago", ["2026-03-08T08:00:00Z", "2026-11-01T07:00:00Z"]),
    ("America/St_Johns", ["2026-03-08T05:30:00Z", "2026-11-01T04:30:00Z"]),
    ("Europe/Berlin", ["2026-03-29T01:00:00Z", "2026-10-25T01:00:00Z"]),
    ("Africa/Cairo", ["2026-04-23T22:00:00Z", "2026-10-29T21:00:00Z"]),
    ("Australia/Lord_Howe", ["2026-10-03T15:30:00Z", "2026-04-04T15:00:00Z"]),
    ("Pacific/Chatham", ["2026-09-26T14:00:00Z", "2026-04-04T14:00:00Z"]),
    ("Asia/Kolkata", ["2026-06-01T18:30:00Z", "2026-06-02T00:00:00Z"]),
];

/// What an API does with a local time that it is asked by.
#[derive(Clone, Copy, Debug)]
enum Reads {
    /// Compares it with those of its records.
    AsItIs,
    /// Takes it for an instant, the earlier or the later of two.
    AsInstant { later: bool },
}

const READS: [Reads; 3] =
    [Reads::AsItIs, Reads::AsInstant { later: false }, Reads::AsInstant { later: true }];

/// Records that come to be from this instant on: each has its local time, finer than requests can say, and its instant.
fn record(zone: &TimeZone, id: u64, made: Timestamp) -> String {
    let local = made.to_zoned(zone.clone()).strftime("%Y-%m-%dT%H:%M:%S%.f");
    format!("{{\"id\":{id},\"updatedAt\":\"{local}\",\"made\":\"{made}\"}}")
}

fn stream(zone: &str, reads: Reads) -> Stream {
    let (cursor, manner) = match reads {
        Reads::AsItIs => ("updatedAt", Manner::default()),
        Reads::AsInstant { later } => {
            ("made", Manner { zone: Some(zone.to_owned()), later, ..Manner::default() })
        }
    };
    let timeline = Timeline::new(cursor, TimeFormat::Rfc3339, "updated_after", Some("updated_before"));
    with(Timeline { manner, sorted: false, ..timeline }).page_size(100)
}

/// Runs every 25 minutes from 5 hours before a change of clocks to 7 hours after it; a record comes to be every few
/// minutes. In the end each is in bronze once.
async fn lands(zone: &str, change: Timestamp, reads: Reads, window: Option<&str>) {
    let name = format!("{zone} at {change}, {reads:?}, windows {window:?}");
    let tz = TimeZone::get(zone).expect("a zone");
    let (first, last) = (change - SignedDuration::from_hours(5), change + SignedDuration::from_hours(5));
    let start = first.to_zoned(tz.clone()).strftime("%Y-%m-%d");
    let window = window.map_or_else(String::new, |window| format!(", window: {window}"));
    let keys = format!("{BOUNDED}, key: id, start: {start}, timezone: {zone}{window}");
    let bench = Bench::one(stream(zone, reads), vec![], &settings(&keys)).await;
    let every = SignedDuration::from_millis(433_400);
    let mut made: Vec<String> = Vec::new();
    let mut next = first;
    let mut now = first;
    while now <= last + SignedDuration::from_hours(2) {
        while next <= now.min(last) {
            made.push(record(&tz, made.len() as u64, next));
            bench.api.append("changes", [made[made.len() - 1].clone()]).expect("a stream");
            next += every;
        }
        let clock: Arc<dyn Clock> = Arc::new(TestClock::at(now));
        let run = bench.stream_with("changes", clock);
        let report = run.run(bench.store(), request(&now.to_string()), RunOptions::default()).await;
        assert!(matches!(report.status, Status::Complete | Status::AlreadyCommitted), "{name}: {report:?}");
        now += SignedDuration::from_mins(25);
    }
    let mut landed = bench.records("changes");
    landed.sort();
    made.sort();
    assert_eq!(landed, made, "{name}");
}

#[tokio::test]
async fn local_times_are_neither_lost_nor_repeated_where_clocks_are_changed() {
    let windows = [None, Some("1d"), Some("1h"), Some("30m")];
    for (nth, (zone, changes)) in ZONES.into_iter().enumerate() {
        for (change, at) in changes.into_iter().enumerate() {
            // Each zone with each window, and each window with each API, in turn.
            for (turn, window) in windows.into_iter().enumerate() {
                let reads = READS[(nth + change + turn) % READS.len()];
                lands(zone, at.parse().expect("an instant"), reads, window).await;
            }
        }
    }
}

#[tokio::test]
async fn a_backfill_of_a_day_on_which_clocks_are_changed_has_its_hours() {
    for (day, next, hours) in [("2026-03-08", "2026-03-09", 23_u32), ("2026-11-01", "2026-11-02", 25)] {
        for reads in READS {
            let zone = TimeZone::get("America/Chicago").expect("a zone");
            let keys = format!("{BOUNDED}, timezone: America/Chicago");
            let bench = Bench::one(stream("America/Chicago", reads), vec![], &settings(&keys)).await;
            let midnight = day.parse::<jiff::civil::Date>().unwrap().to_zoned(zone.clone()).unwrap();
            let made = (0..u64::from(hours) * 4)
                .map(|nth| midnight.timestamp() + SignedDuration::from_mins(15 * nth.cast_signed()));
            let mut made: Vec<_> = made.zip(0..).map(|(made, id)| record(&zone, id, made)).collect();
            bench.api.append("changes", made.clone()).expect("a stream");
            let [from, to] = [day, next].map(|text| parse_instant(text).expect("a date"));
            let span = TimeWindow::new(from, to).expect("a day");
            let clock: Arc<dyn Clock> = Arc::new(TestClock::at("2026-11-22T00:00:00Z".parse().unwrap()));
            for window in backfill::windows(span, "30m".parse().ok()).unwrap() {
                let run = bench.stream_with("changes", clock.clone());
                let request = RunRequest::Window { window, revision: 1 };
                let report = run.run(bench.store(), request, RunOptions::default()).await;
                assert_eq!(report.status, Status::Complete, "{report:?}");
            }
            let mut landed = bench.records("changes");
            landed.sort();
            made.sort();
            assert_eq!(landed, made, "{day}, {reads:?}");
            // No request for half an hour that never comes.
            let unasked =
                bench.commits("changes").iter().filter(|commit| commit.counts.requests == 0).count();
            assert_eq!(unasked, if hours == 23 { 2 } else { 0 }, "{day}, {reads:?}");
        }
    }
}

#[tokio::test]
async fn a_window_of_local_time_is_loaded_when_none_of_it_is_to_come() {
    let keys = format!("{BOUNDED}, timezone: America/Chicago");
    let bench = Bench::one(stream("America/Chicago", Reads::AsItIs), vec![], &settings(&keys)).await;
    let [from, to] =
        ["2026-11-01T00:30:00Z", "2026-11-01T01:30:00Z"].map(|text| parse_instant(text).unwrap());
    let request = RunRequest::Window { window: TimeWindow::new(from, to).unwrap(), revision: 1 };
    // Clocks show half past one first at 06:30, and for the last time at 07:30.
    for (now, is_over) in [("06:30:00", false), ("07:29:59", false), ("07:30:00", true)] {
        let clock: Arc<dyn Clock> = Arc::new(TestClock::at(format!("2026-11-01T{now}Z").parse().unwrap()));
        let run = bench.stream_with("changes", clock);
        let report = run.run(bench.store(), request, RunOptions::default()).await;
        assert_eq!(report.status == Status::Complete, is_over, "{now}: {report:?}");
    }
}

#[tokio::test]
async fn times_without_an_offset_are_told_until_the_file_says_what_they_are() {
    let naive = (0..3).map(|id| change(id, "2026-01-01T20:00:00"));
    let told =
        |warnings: &[String]| warnings.iter().any(|told| told.starts_with("cursors carry no offset ("));
    for (more, is_told) in [("", true), (", timezone: UTC", false), (", timezone: America/Chicago", false)] {
        let keys = format!("{BOUNDED}, key: id, start: 2026-01-01, window: 1d{more}");
        let bench = Bench::one(changes(naive.clone()), vec![], &settings(&keys)).await;
        let report = bench.run_at("changes", &at(3, "12:00:00")).await;
        assert_complete(&report, 3);
        assert_eq!(told(&report.warnings), is_told, "{more}: {report:?}");
        let logged = bench.commits("changes");
        assert_eq!(logged.iter().any(|commit| told(&commit.warnings)), is_told, "{more}");
        assert_eq!(told(&bench.stream("changes").probe().await.unwrap().warnings), is_told, "{more}");
    }
    let bench =
        Bench::one(changes((0..3).map(|id| change(id, &at(1, "20:00:00")))), vec![], &settings(BOUNDED))
            .await;
    assert!(!told(&bench.run_at("changes", &at(3, "12:00:00")).await.warnings), "they carry one");
}

#[tokio::test]
async fn an_instant_where_the_file_says_local_times_is_refused() {
    let keys = settings(&format!("{BOUNDED}, timezone: America/Chicago"));
    let bench = Bench::one(changes([change(1, &at(1, "20:00:00"))]), vec![], &keys).await;
    let report = bench.run_at("changes", &at(3, "12:00:00")).await;
    let (kind, message) = failure(&report);
    assert!(kind == ErrorKind::Data && message.contains("carries an offset: `timezone` is"), "{message}");
}

#[tokio::test]
async fn children_of_parents_that_were_made_before_clocks_went_back_are_read() {
    let zone = TimeZone::get("America/Chicago").expect("a zone");
    // 01:50 of the first time round; the child's run is at 01:10 of the second.
    let parent = record(&zone, 7, "2026-11-01T06:50:00Z".parse().unwrap());
    let parents = stream("America/Chicago", Reads::AsItIs);
    bench_of_parents(parents, parent).await;
}

async fn bench_of_parents(parents: Stream, parent: String) {
    let keys = settings(&format!("{BOUNDED}, timezone: America/Chicago, start: 2026-10-31, window: 1d"));
    let child =
        Stream::new("child", bronzegate_demo_api::Style::Cursor, bronzegate_demo_api::Shape::Small, 3);
    let yaml = format!(
        "streams:\n  changes:\n    path: /changes\n    {}\n  child:\n    path: /child\n    records: results\n    \
         parent: {{ stream: changes, fields: [id] }}\n    params: {{ of: '{{{{ parent.id }}}}' }}",
        keys.replace('\n', "\n    ")
    );
    let bench = Bench::new(vec![parents, child], vec![], &yaml).await;
    bench.api.append("changes", [parent]).expect("a stream");
    let now = "2026-11-01T07:10:00Z";
    let clock: Arc<dyn Clock> = Arc::new(TestClock::at(now.parse().expect("it is as the test made it")));
    let report =
        bench.stream_with("child", clock).run(bench.store(), request(now), RunOptions::default()).await;
    assert_complete(&report, 3);
}
