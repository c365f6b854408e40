//! What the hourly watch finds in a log that real runs have written.

use std::time::Duration;

use bronzegate_core::bronze::{CommitLog, Layout};
use bronzegate_core::health::{self, MissedReason};
use bronzegate_core::run::{RunOptions, RunRequest};
use bronzegate_core::window::TimeWindow;
use bronzegate_demo_api::{Shape, Stream, Style};
use bronzegate_tests::streams::changes::{BOUNDED, changes, settings, ten_days};
use bronzegate_tests::{Bench, assert_complete, one_stream};
use jiff::Timestamp;

const GRACE: Duration = Duration::from_hours(1);

fn time(text: &str) -> Timestamp {
    text.parse().expect("a time")
}

/// The time that is missing, and why.
async fn missed(bench: &Bench, stream: &str, now: &str) -> Option<(Timestamp, MissedReason)> {
    let log = CommitLog::new(bench.store(), Layout::new("demo", stream));
    let settings = bench.source.named(stream).expect("the stream is in the source");
    let missed = health::missed(&log, settings, GRACE, time(now)).await.expect("the log is readable");
    missed.map(|missed| (missed.due, missed.reason))
}

#[tokio::test]
async fn a_backfills_windows_do_not_hide_a_missed_run() {
    let incremental = format!("{BOUNDED}, key: id, start: 2026-01-05");
    let yaml = one_stream("changes", &format!("{}\nschedule: {{ every: 1h }}", settings(&incremental)));
    let bench = Bench::new(vec![changes(ten_days())], Vec::new(), &yaml).await;
    let first = bench.run_at("changes", "2026-01-12T10:00:00Z").await;
    assert_eq!(first.error, None, "{first:?}");
    assert_eq!(missed(&bench, "changes", "2026-01-12T11:30:00Z").await, None);
    let gap = Some((time("2026-01-12T12:00:00Z"), MissedReason::NoRun));
    assert_eq!(missed(&bench, "changes", "2026-01-12T13:30:00Z").await, gap);
    // Now somebody loads what is older, window after window: they are the newest commits, and the note of the log's end
    // names them.
    for day in 1..=4 {
        let window = TimeWindow::new(
            time(&format!("2026-01-{day:02}T00:00:00Z")),
            time(&format!("2026-01-{:02}T00:00:00Z", day + 1)),
        );
        let request = RunRequest::Window { window: window.expect("an order"), revision: 1 };
        let loaded = bench.stream("changes").run(bench.store(), request, RunOptions::default()).await;
        assert_complete(&loaded, 3);
        assert_eq!(
            missed(&bench, "changes", "2026-01-12T13:30:00Z").await,
            gap,
            "after the window of day {day}"
        );
    }
    let next = bench.run_at("changes", "2026-01-12T12:00:00Z").await;
    assert_eq!(next.error, None, "{next:?}");
    assert_eq!(missed(&bench, "changes", "2026-01-12T13:30:00Z").await, None);
}

#[tokio::test]
async fn weekly_and_monthly_schedules_are_watched_by_their_own_times() {
    for (schedule, ran, due) in [
        // Sundays; the first of a month; working days where clocks were turned back; every five days of a month.
        ("cron: \"0 5 * * SUN\"", "2026-11-15T05:00:00Z", "2026-11-22T05:00:00Z"),
        ("cron: \"0 0 1 * *\"", "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z"),
        (
            "cron: \"30 2 * * MON-FRI\", timezone: Europe/Berlin",
            "2026-10-23T00:30:00Z",
            "2026-10-26T01:30:00Z",
        ),
        ("cron: \"0 0 */5 * *\"", "2026-10-31T00:00:00Z", "2026-11-01T00:00:00Z"),
    ] {
        let stream = Stream::new("items", Style::Single, Shape::Small, 5);
        let lines = format!("records: results\nschedule: {{ {schedule} }}");
        let bench = Bench::one(stream, Vec::new(), &lines).await;
        assert_complete(&bench.run_at("items", ran).await, 5);
        let after = |minutes: i64| (time(due) + jiff::SignedDuration::from_mins(minutes)).to_string();
        assert_eq!(missed(&bench, "items", &after(-30)).await, None, "{schedule}: not due yet");
        assert_eq!(missed(&bench, "items", &after(30)).await, None, "{schedule}: within the grace");
        let gap = Some((time(due), MissedReason::NoRun));
        for minutes in [61, 12 * 60] {
            assert_eq!(missed(&bench, "items", &after(minutes)).await, gap, "{schedule}");
        }
        assert_complete(&bench.run_at("items", due).await, 5);
        assert_eq!(missed(&bench, "items", &after(12 * 60)).await, None, "{schedule}");
    }
}
