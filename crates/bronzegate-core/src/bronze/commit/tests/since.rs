//! The log from a time on has all that was due since, and reads little else.

use jiff::SignedDuration;

use super::*;
use crate::bronze::commit::HistoryEntry;

const RUNS: u64 = 2_000;

/// When the run of that number was due, hour after hour until a little before now.
fn due(number: u64) -> Timestamp {
    now() - SignedDuration::from_hours((RUNS - number).cast_signed())
}

fn remembering(record: CommitRecord, before: Timestamp) -> CommitRecord {
    let key = RunKey::at(before).key;
    let history = vec![HistoryEntry { key, records: 1, duration_ms: 1, more: false, first: false }];
    CommitRecord { history, ..record }
}

fn of_sequence(number: u64, segment: u32, status: SegmentStatus) -> CommitRecord {
    let due = due(number);
    CommitRecord { scheduled_time: due, finished_at: due, ..sequence(number, segment, status) }
}

async fn since(bench: &Bench, since: Timestamp) -> Vec<String> {
    let records = bench.log.since(since, now()).await.unwrap();
    records.into_iter().map(|record| format!("{}.s{}", record.key, record.segment)).collect()
}

fn names(times: &[Timestamp]) -> Vec<String> {
    times.iter().map(|due| format!("{}.s1", RunKey::at(*due).key)).collect()
}

#[tokio::test]
async fn of_a_long_log_of_snapshots_only_what_was_due_since_is_read() {
    let bench = bench();
    for number in 1..RUNS {
        bench.logged(&remembering(at(due(number), 1, Complete), due(number - 1)));
    }
    bench.log.update_head(&at(due(RUNS - 1), 1, Complete)).await;
    bench.asked();
    // And the one before, which says that the log begins earlier.
    assert_eq!(since(&bench, due(RUNS - 3)).await, names(&[RUNS - 4, RUNS - 3, RUNS - 2, RUNS - 1].map(due)));
    let (reads, _, listed) = bench.asked();
    assert!(reads <= 4 + 3 && listed == 3, "{reads} reads, {listed} names");
    // Nothing was due since: the newest run says that the log is not empty.
    assert_eq!(since(&bench, now()).await, names(&[due(RUNS - 1)]));
    let (reads, _, listed) = bench.asked();
    assert!(reads <= 5 && listed == 1, "{reads} reads, {listed} names");
}

#[tokio::test]
async fn the_second_at_which_it_begins_is_told_apart_by_fractions() {
    let bench = bench();
    let times = ["59:59.9Z", "00:00Z", "00:00.05Z", "00:00.25Z", "00:00.5Z", "00:01Z"]
        .map(|end| time(&format!("2026-11-22T1{}:{end}", if end.starts_with('5') { 6 } else { 7 })));
    for due in times {
        bench.logged(&at(due, 1, Partial));
        bench.logged(&at(due, 2, Complete));
    }
    for (first, begin) in times.iter().enumerate().skip(1) {
        let found = since(&bench, *begin).await;
        let both = |due: &Timestamp| [1, 2].map(|segment| format!("{}.s{segment}", RunKey::at(*due).key));
        let expected: Vec<_> = times[first..].iter().flat_map(both).collect();
        assert_eq!(found[found.len() - expected.len()..], expected, "{begin}");
        assert!(found.len() > expected.len(), "{begin}: one earlier is there, too");
    }
}

#[tokio::test]
async fn a_snapshot_that_remembers_nothing_has_the_log_listed_for_an_earlier_one() {
    let bench = bench();
    for number in [3, 5, 9] {
        bench.logged(&at(due(number), 1, Complete));
    }
    assert_eq!(since(&bench, due(6)).await, names(&[5, 9].map(due)));
    assert_eq!(since(&bench, due(3)).await, names(&[3, 5, 9].map(due)), "there is none");
    // What it remembers is gone.
    bench.logged(&remembering(at(due(9), 1, Complete), due(7)));
    assert_eq!(since(&bench, due(8)).await, names(&[5, 9].map(due)));
}

#[tokio::test]
async fn an_incremental_log_is_read_from_its_end_until_it_is_older() {
    let bench = bench();
    for number in 1..RUNS {
        bench.logged(&of_sequence(number, 1, if number % 7 == 0 { Partial } else { Complete }));
        if number % 7 == 0 {
            bench.logged(&of_sequence(number, 2, Complete));
        }
    }
    bench.log.update_head(&of_sequence(RUNS - 1, 1, Complete)).await;
    bench.asked();
    let found = since(&bench, due(RUNS - 10)).await;
    let has = |number: u64, segment: u32| found.contains(&format!("seq-{number}.s{segment}"));
    for number in RUNS - 10..RUNS {
        assert!(has(number, 1) && has(number, 2) == (number % 7 == 0), "{number}: {found:?}");
    }
    assert!(has(RUNS - 11, 1), "one that is older is there, too: {found:?}");
    let (reads, _, listed) = bench.asked();
    assert!(reads < 35 && listed == 0, "{reads} reads, {listed} names");
    assert_eq!(since(&bench, due(1)).await.len() as u64, RUNS - 1 + (RUNS - 1) / 7);
}

#[tokio::test]
async fn a_run_that_somebody_removed_hides_none_before_it() {
    let bench = bench();
    for number in (1..=30).filter(|number| *number != 20) {
        bench.logged(&of_sequence(number, 1, Complete));
    }
    bench.log.update_head(&of_sequence(30, 1, Complete)).await;
    let found = since(&bench, due(15)).await;
    for number in (15..=30).filter(|number| *number != 20) {
        assert!(found.contains(&format!("seq-{number}.s1")), "{number}: {found:?}");
    }
}

#[tokio::test]
async fn a_time_that_lay_ahead_ends_no_reading_backwards() {
    let bench = bench();
    for number in 1..=40 {
        let mut run = of_sequence(number, 1, Complete);
        if number == 30 {
            run.scheduled_time = time("2030-01-01T00:00:00Z");
        }
        bench.logged(&run);
    }
    let found = since(&bench, due(20)).await;
    for number in 20..=40 {
        assert!(found.contains(&format!("seq-{number}.s1")), "{number}: {found:?}");
    }
}

#[tokio::test]
async fn a_window_is_found_by_when_it_was_loaded_with_all_its_segments() {
    let bench = bench();
    let window = |day: &str, loaded: u64, segment: u32, status: SegmentStatus| {
        let [from, to] = [0, 24]
            .map(|hours| time(&format!("2025-01-{day}T00:00:00Z")) + SignedDuration::from_hours(hours));
        let id = RunId::Window { from, to, revision: 1 };
        CommitRecord { scheduled_time: due(loaded), ..record(id, segment, status, Vec::new()) }
    };
    // The oldest window was loaded last.
    let all = [
        window("01", 90, 1, Partial),
        window("01", 90, 2, Complete),
        window("02", 50, 1, Partial),
        window("02", 50, 2, Complete),
        window("03", 60, 1, Complete),
    ];
    for record in &all {
        bench.logged(record);
    }
    let found = bench.log.since(due(60), now()).await.unwrap();
    let asked: Vec<_> = found.iter().filter(|record| record.scheduled_time >= due(60)).collect();
    assert_eq!(asked, [&all[0], &all[1], &all[4]]);
}

#[tokio::test]
async fn what_was_committed_last_is_there_however_old_its_time_is() {
    let bench = bench();
    for number in [3, 5, 9] {
        bench.logged(&remembering(at(due(number), 1, Complete), due(number - 1)));
    }
    // An old event came again, and its run was resumed today.
    let resumed = CommitRecord { finished_at: now(), ..at(due(1), 2, Complete) };
    bench.logged(&at(due(1), 1, Partial));
    bench.logged(&resumed);
    bench.log.update_head(&resumed).await;
    assert!(bench.log.since(due(9), now()).await.unwrap().contains(&resumed));
}
