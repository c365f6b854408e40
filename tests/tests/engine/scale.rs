//! What a stream asks of its store does not grow with its commit log; and 5,000 of them within an hour, simulated.

use bronzegate_tests::repository;
use bronzegate_tests::scale::{Asked, Fleet, Kind, OnBlob, OnS3, asked, history, most_segments};

#[tokio::test]
async fn a_long_log_on_s3_costs_no_more_requests_than_a_short_one() {
    for kind in [Kind::Snapshot, Kind::Incremental] {
        let (stream, yaml) = kind.stream();
        assert_none_more(async |commits| {
            asked(&mut OnS3::start(stream.clone(), &yaml).await, kind, commits).await
        })
        .await;
    }
}

#[tokio::test]
async fn a_long_log_in_blob_storage_costs_no_more_requests_than_a_short_one() {
    for kind in [Kind::Snapshot, Kind::Incremental] {
        let (stream, yaml) = kind.stream();
        assert_none_more(async |commits| {
            asked(&mut OnBlob::start(stream.clone(), &yaml).await, kind, commits).await
        })
        .await;
    }
}

/// A run, a look of the watch, and the program's list of a day.
async fn assert_none_more(asked: impl AsyncFn(u64) -> Asked) {
    let (short, long, longer) = (asked(100).await, asked(1_000).await, asked(5_000).await);
    assert!(short.run.writes > 0 && short.run.reads > 0 && short.look.reads > 0, "{short:?}");
    assert_eq!((short.run, short.look, short.day.lists), (long.run, long.look, long.day.lists));
    assert_eq!((long.run, long.look, long.day.lists), (longer.run, longer.look, longer.day.lists));
    // A day has 24 runs. Some are read ahead, and how many then depends on which answers first.
    let reads = [short, long, longer].map(|asked| asked.day.reads);
    assert!(reads.iter().all(|reads| (24..48).contains(reads)), "{reads:?}");
}

const HOURLY: Fleet =
    Fleet { events: 500, streams: 10, at_once: 4, seconds: 3.0, spread: 0.0, limit: usize::MAX };

#[test]
fn five_thousand_streams_that_are_spread_over_half_an_hour_need_few_functions() {
    for seed in 0..10 {
        assert_eq!(HOURLY.run(seed).peak, 500, "an event each at the full hour");
        let spread = Fleet { spread: 1_800.0, ..HOURLY }.run(seed);
        assert!(spread.peak < 20 && spread.throttled == 0, "{spread:?}");
    }
}

#[test]
fn what_is_throttled_runs_within_its_hour_and_nothing_is_lost() {
    for seed in 0..10 {
        let narrow = Fleet { limit: 20, ..HOURLY }.run(seed);
        assert!(narrow.throttled > 0 && narrow.lost == 0 && narrow.peak == 20, "{narrow:?}");
        assert!(narrow.over < 1_800.0, "all have ended before the next are due: {narrow:?}");
        assert!(narrow.history < 25_000, "{narrow:?}");
        // A single one at a time is too few for an hour, and that is told: the events fail.
        let one = Fleet { limit: 1, ..HOURLY }.run(seed);
        assert!(one.lost > 0, "{one:?}");
    }
}

#[test]
fn what_waits_in_a_queue_runs_within_its_hour_on_one_instance() {
    for seed in 0..10 {
        let one = Fleet { limit: 4, ..HOURLY }.queued(seed);
        assert!(one.peak == 4 && one.over < 3_600.0, "{one:?}");
        let forty = Fleet { limit: 160, ..HOURLY }.queued(seed);
        assert!(forty.over < 120.0 && forty.lost == 0, "{forty:?}");
        let spread = Fleet { limit: 160, spread: 1_800.0, ..HOURLY }.queued(seed);
        assert!(spread.latest < 1.0, "nothing waits: {spread:?}");
    }
}

#[test]
fn a_history_has_room_for_more_segments_than_a_run_may_have() {
    let module = repository().join("infra/modules/aws");
    let text = |name: &str| std::fs::read_to_string(module.join(name)).expect("the module is there");
    assert!(text("variables.tf").contains("max_segments           = optional(number, 100)"));
    let workflow = text("workflow.tf");
    for rule in ["IntervalSeconds = 2", "MaxAttempts     = 64", "BackoffRate     = 2", "MaxDelaySeconds = 60"]
    {
        assert!(workflow.contains(rule), "the simulation has the module's retries: {rule}");
    }
    assert!(history(1_000, 0) < 25_000 && most_segments(0) > 1_000);
    assert!(most_segments(64) > 100, "also where each of the hundred is throttled to the end");
}
