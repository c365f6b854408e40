//! The newest run is found whatever the hint says, and at a cost that does not grow with the log.

use jiff::{SignedDuration, ToSpan as _};

use super::*;
use crate::bronze::run_id::RunKind;

/// A snapshot stream that has run every five minutes until a little before now.
const RUNS: i64 = 4_000;

fn due(number: i64) -> Timestamp {
    now() - SignedDuration::from_mins(5 * (RUNS - number))
}

fn long() -> Bench {
    let bench = bench();
    for number in 1..RUNS {
        bench.logged(&at(due(number), 1, Complete));
    }
    bench
}

async fn newest(bench: &Bench) -> Option<(String, u32)> {
    let newest = bench.log.newest(RunKind::At, now()).await.unwrap();
    newest.map(|record| (record.key, record.segment))
}

fn key(due: Timestamp) -> String {
    RunKey::at(due).key
}

#[tokio::test]
async fn the_newest_run_is_the_newest_whatever_the_hint_says() {
    let bench = bench();
    assert_eq!(bench.log.newest(RunKind::Sequence, now()).await.unwrap(), None);
    for number in 1..=11 {
        bench.committed(sequence(number, 1, Complete)).await;
    }
    bench.committed(sequence(12, 1, Partial)).await;
    let newest = bench.committed(sequence(12, 2, Partial)).await;
    let old = sequence(9, 1, Complete);
    let head = bench.layout.head();
    for hint in ["", "{", "{}", "{\"key\":\"seq-99\",\"segment\":1}", "{\"key\":\"../x\",\"segment\":1}"] {
        bench.write(&head, hint);
        assert_eq!(
            bench.log.newest(RunKind::Sequence, now()).await.unwrap().as_ref(),
            Some(&newest),
            "{hint}"
        );
    }
    bench.log.update_head(&old).await;
    bench.store.calls();
    assert_eq!(bench.log.newest(RunKind::Sequence, now()).await.unwrap().as_ref(), Some(&newest));
    assert_eq!(bench.store.calls().1, 0, "a usable hint saves the listing");
}

#[tokio::test]
async fn a_log_of_thousands_of_snapshots_is_not_listed_from_its_beginning() {
    let bench = long();
    bench.log.update_head(&at(due(RUNS - 1), 1, Complete)).await;
    bench.asked();
    assert_eq!(newest(&bench).await, Some((key(due(RUNS - 1)), 1)));
    // The hint and the record; the run itself is all that is listed.
    assert_eq!(bench.asked(), (2, 1, 1));
    // A hint that is behind costs what came since.
    bench.log.update_head(&at(due(RUNS - 21), 1, Complete)).await;
    assert_eq!(newest(&bench).await, Some((key(due(RUNS - 1)), 1)));
    assert_eq!(bench.asked(), (2, 1, 21));
}

#[tokio::test]
async fn a_hint_that_is_missing_or_wrong_hides_no_snapshot() {
    let bench = long();
    let head = bench.layout.head();
    let expected = Some((key(due(RUNS - 1)), 1));
    assert_eq!(newest(&bench).await, expected, "there is no hint");
    let ahead = [now() + 1.hour(), now() + 24.hours() * 40, time("9999-12-30T00:00:00Z")].map(key);
    let never_there = [due(7) + 1.second(), due(RUNS - 1) - 1.minute()].map(key);
    let years_off = ["2019-01-01T00:00:00Z", "0001-01-01T00:00:00Z", "-000005-01-01T00:00:00Z"]
        .map(|text| key(time(text)));
    let others =
        ["seq-7", "window-20260101T000000Z-20260102T000000Z", "../../x", "", "at-"].map(str::to_owned);
    for key in ahead.into_iter().chain(never_there).chain(years_off).chain(others) {
        for segment in [1, 3] {
            bench.write(&head, &json!({ "key": key, "segment": segment }).to_string());
            assert_eq!(newest(&bench).await, expected, "{key}");
        }
    }
    for text in [
        "",
        "{",
        "{}",
        "null",
        "[1]",
        "\u{0}",
        "{\"key\": 7, \"segment\": 1}",
        "{\"key\": \"at-1\", \"segment\": -1}",
    ] {
        bench.write(&head, text);
        assert_eq!(newest(&bench).await, expected, "{text}");
    }
}

#[tokio::test]
async fn within_a_second_the_newest_is_told_by_its_time_and_its_segment() {
    // In the order of time; that of their bytes is another.
    let times =
        ["00Z", "00.05Z", "00.25Z", "00.5Z", "00.55Z"].map(|end| time(&format!("2026-11-22T17:00:{end}")));
    for hint in [times[0], times[2], times[4], time("2026-11-22T16:59:59.9Z")] {
        let bench = bench();
        bench.logged(&at(time("2026-11-22T16:59:59.9Z"), 1, Complete));
        for due in times {
            bench.logged(&at(due, 1, Partial));
            bench.log.update_head(&at(hint, 1, Partial)).await;
            assert_eq!(newest(&bench).await, Some((key(due), 1)), "{hint}");
        }
        for segment in [2, 9_999, 10_000] {
            bench.logged(&at(times[4], segment, Partial));
            assert_eq!(newest(&bench).await, Some((key(times[4]), segment)), "{hint}");
        }
    }
}

#[tokio::test]
async fn a_snapshot_of_a_later_month_than_the_hint_is_found() {
    let (old, new) = (time("2026-09-30T23:59:59Z"), time("2026-11-01T00:00:00Z"));
    let bench = bench();
    bench.logged(&at(old, 1, Complete));
    bench.log.update_head(&at(old, 1, Complete)).await;
    assert_eq!(newest(&bench).await, Some((key(old), 1)));
    bench.logged(&at(new, 1, Complete));
    assert_eq!(newest(&bench).await, Some((key(new), 1)));
    // The clock of the machine that committed it is ahead of this one's.
    let ahead = bench.log.newest(RunKind::At, time("2026-10-31T23:58:00Z")).await.unwrap();
    assert_eq!(ahead.map(|record| record.key), Some(key(new)));
}

#[tokio::test]
async fn a_backfill_does_not_hide_the_newest_run_of_the_schedule() {
    let [from, to] = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"].map(time);
    let window = |revision| record(RunId::Window { from, to, revision }, 1, Complete, Vec::new());
    let bench = bench();
    for number in 1..=50 {
        bench.logged(&sequence(number, 1, Complete));
    }
    bench.log.update_head(&sequence(49, 1, Complete)).await;
    for revision in 1..=2 {
        bench.logged(&window(revision));
        bench.log.update_head(&window(revision)).await;
    }
    bench.asked();
    let newest = bench.log.newest(RunKind::Sequence, now()).await.unwrap();
    assert_eq!(newest, Some(sequence(50, 1, Complete)));
    assert_eq!(bench.asked(), (4, 0, 0), "the log is followed from the last run, not listed");
}
