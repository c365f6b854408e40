//! Drawn at random: zones, days on which their clocks are changed, spellings of records and requests, windows, and an API
//! that stores finer than requests can say, caps its answers, clamps a page after the last one, and shows records late.
//! Whatever is drawn, each record is in bronze once, and no mark passes what was asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use bronzegate_core::bronze::CommitRecord;
use bronzegate_core::clock::{Clock, TestClock};
use bronzegate_core::report::Status;
use bronzegate_core::run::RunOptions;
use bronzegate_demo_api::{
    DemoApi, Manner, Options, Quirks, Shape, Spelling, Stream, Style, TimeFormat, Timeline,
};
use bronzegate_tests::streams::changes::ZONES;
use bronzegate_tests::{Bench, request};
use fastrand::Rng;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

/// How many are drawn.
const TRIALS: u64 = 40;

/// How records write their time, and whether it is that of clocks.
const RECORDS: [(&str, &str, bool); 4] = [
    ("rfc3339", "%Y-%m-%dT%H:%M:%S%.f", true),
    ("'%d/%m/%Y %H:%M:%S'", "%d/%m/%Y %H:%M:%S", true),
    ("'%Y-%m-%d %H:%M'", "%Y-%m-%d %H:%M", true),
    ("rfc3339", "%Y-%m-%dT%H:%M:%S%.fZ", false),
];

/// How requests write it, the minutes of its unit, and the windows that fit.
const REQUESTS: [(&str, u64, &[&str]); 5] = [
    ("%Y-%m-%dT%H:%M:%S", 1, &["", "30m", "1h", "1d"]),
    ("%Y-%m-%d %H:%M", 1, &["", "30m", "1h", "1d"]),
    ("%m/%d/%Y %I:%M %p", 1, &["", "45m", "6h"]),
    ("%Y%m%d %H", 60, &["", "1h", "3h", "1d"]),
    ("%d.%m.%Y", 1_440, &["", "1d", "2d"]),
];

/// What is drawn.
#[derive(Debug)]
struct Drawn {
    zone: &'static str,
    change: Timestamp,
    records: (&'static str, &'static str, bool),
    request: (&'static str, u64),
    window: &'static str,
    /// How long after its time a record can be seen.
    late: u64,
    /// How many records the API gives out for one range.
    cap: Option<usize>,
    /// It pages by offset, and a page after the last one is the last one.
    clamps: bool,
    /// Of two instants that a local time may be, the API takes the later.
    later: bool,
}

impl Drawn {
    fn of(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let zone = rng.choice(ZONES).expect("there are some");
        let changes = TimeZone::get(zone).expect("a zone");
        let changes = changes.following("2026-01-01T00:00:00Z".parse().expect("an instant")).take(2);
        let changes: Vec<_> = changes.map(|change| change.timestamp()).collect();
        let change = rng.choice(changes).unwrap_or_else(|| "2026-06-01T18:30:00Z".parse().expect("one"));
        let (pattern, unit, windows) = rng.choice(REQUESTS).expect("there are some");
        let window = *rng.choice(windows).expect("there are some");
        Self {
            zone,
            change,
            records: rng.choice(RECORDS).expect("there are some"),
            request: (pattern, unit),
            window,
            late: rng.choice([0, 7, 90]).expect("there are some"),
            // A range of the shortest unit must fit, for which an API may be asked for hours around those that come twice.
            cap: (!window.is_empty() && unit < 1_440 && rng.bool())
                .then(|| rng.usize(40..50) + unit as usize / 3),
            clamps: rng.bool(),
            later: rng.bool(),
        }
    }

    fn zone(&self) -> TimeZone {
        TimeZone::get(self.zone).expect("a zone")
    }

    /// The API compares instants, which it stores to the millisecond.
    fn stream(&self) -> Stream {
        let timeline = Timeline::new("made", TimeFormat::Rfc3339, "updated_after", Some("updated_before"));
        let late = (self.late > 0).then(|| Duration::from_mins(self.late));
        let manner =
            Manner { zone: Some(self.zone.to_owned()), later: self.later, late, ..Manner::default() };
        let asked = Some(Spelling::Pattern(self.request.0.to_owned()));
        let timeline = Timeline { asked, manner, sorted: false, max_results: self.cap, ..timeline };
        let style = if self.clamps { Style::Offset } else { Style::Cursor };
        let mut stream = Stream::new("changes", style, Shape::Small, 0).page_size(10).timeline(timeline);
        stream.quirks = Quirks { clamps: self.clamps, ..Quirks::default() };
        stream
    }

    fn file(&self, base_url: &str, start: Timestamp) -> String {
        let pagination = if self.clamps {
            "{ type: offset, send: { query: offset }, page_size: { query: limit, value: 10 }, total: { body: total } }"
        } else {
            "{ type: cursor, next: { body: paging.next.after }, send: { query: after } }"
        };
        let (format, _, is_local) = self.records;
        let zone = if is_local { "timezone" } else { "request_timezone" };
        let window = match (self.window, self.cap) {
            ("", _) => String::new(),
            (window, None) => format!(", window: {window}"),
            (window, Some(cap)) => format!(
                ", window: {window}, split_when: {{ at: {{ body: total }}, over: {cap} }}, min_window: {}m",
                self.request.1
            ),
        };
        let settle = if self.late > 0 { format!(", settle: {}m", self.late) } else { String::new() };
        let start = start.to_zoned(self.zone()).strftime("%Y-%m-%d").to_string();
        format!(
            "source: demo\nbase_url: {base_url}\nstreams:\n  changes:\n    path: /changes\n    records: results\n    \
             pagination: {pagination}\n    incremental: {{ cursor: updatedAt, format: {format}, request_format: '{}', {zone}: {}, \
             from: {{ query: updated_after }}, to: {{ query: updated_before }}, key: id, start: {start}{window}{settle} }}\n",
            self.request.0, self.zone
        )
    }

    /// A record that came to be then.
    fn record(&self, id: usize, made: Timestamp) -> String {
        let (_, pattern, is_local) = self.records;
        let zone = if is_local { self.zone() } else { TimeZone::UTC };
        let time = made.to_zoned(zone).strftime(pattern);
        format!("{{\"id\":{id},\"updatedAt\":\"{time}\",\"made\":\"{made}\"}}")
    }

    /// No mark passes what was asked.
    fn check_mark(&self, commit: &CommitRecord) {
        let Some(cursor) = &commit.cursor else { return };
        let read = |text: &str| -> DateTime {
            let pattern = self.records.1;
            let text = text.trim_end_matches('Z');
            text.parse().or_else(|_| DateTime::strptime(pattern, text)).expect("a time of the file's format")
        };
        let mark = cursor.newest.as_ref().or(cursor.known.as_ref());
        if let Some((mark, to)) = mark.zip(cursor.to.as_ref()) {
            assert!(read(&mark.cursor.text) <= read(&to.text), "{self:?}: {cursor:?}");
        }
    }
}

/// Runs every 25 minutes around the change, and then until everything has been seen; a record comes to be every seven
/// minutes, some of them within the same second.
async fn lands(drawn: &Drawn) {
    let (first, last) =
        (drawn.change - SignedDuration::from_hours(4), drawn.change + SignedDuration::from_hours(4));
    let wall = Arc::new(AtomicU64::new(0));
    let shown = wall.clone();
    let options = Options { streams: vec![drawn.stream()], ..Options::default() };
    let api = DemoApi::start_on(options, Arc::new(move || Duration::from_secs(shown.load(Relaxed)))).await;
    let api = api.expect("the demo API starts");
    let text = drawn.file(&api.base_url(), first);
    let bench = Bench::over(api, "demo", text);
    let (mut made, mut next, mut now) = (Vec::new(), first, first);
    while now <= last + SignedDuration::from_hours(30) {
        while next <= now.min(last) {
            made.push(drawn.record(made.len(), next));
            bench.api.append("changes", [made[made.len() - 1].clone()]).expect("a stream");
            next += SignedDuration::from_millis(if made.len() % 5 == 0 { 3 } else { 433_401 });
        }
        wall.store(now.as_second().unsigned_abs(), Relaxed);
        let clock: Arc<dyn Clock> = Arc::new(TestClock::at(now));
        let run = bench.stream_with("changes", clock);
        let report = run.run(bench.store(), request(&now.to_string()), RunOptions::default()).await;
        let is_done = matches!(report.status, Status::Complete | Status::AlreadyCommitted);
        assert!(is_done, "{drawn:?}: {report:?}\n{}", bench.text);
        now += if now > last { SignedDuration::from_hours(5) } else { SignedDuration::from_mins(25) };
    }
    bench.commits("changes").iter().for_each(|commit| drawn.check_mark(commit));
    let mut landed = bench.records("changes");
    landed.sort();
    made.sort();
    assert_eq!(landed, made, "{drawn:?}\n{}", bench.text);
}

#[tokio::test]
async fn each_record_comes_once_in_whatever_zone_spelling_window_and_manner() {
    for seed in 0..TRIALS {
        lands(&Drawn::of(seed)).await;
    }
}
