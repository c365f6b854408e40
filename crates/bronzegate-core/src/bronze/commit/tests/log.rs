//! Commits, and what dead runs leave of them.

use serde_json::json;

use super::*;
use crate::bronze::run_id::RunKind;
use crate::bronze::store::StoreError;

#[tokio::test]
async fn a_segment_is_committed_once_and_read_back_as_it_was() {
    let bench = bench();
    let first = bench.committed(sequence(1, 1, Partial)).await;
    let rival = CommitRecord { cursor_out: Some("rival".to_owned()), ..first.clone() };
    assert_eq!(bench.log.commit(&rival).await.unwrap(), Created::No);
    assert_eq!(bench.log.get("seq-1", 1).await.unwrap(), Some(first));
    assert_eq!(bench.log.get("seq-1", 2).await.unwrap(), None);
}

#[tokio::test]
async fn the_newest_segment_is_found_with_few_reads() {
    for (segments, most_reads) in [(1, 1), (2, 3), (3, 5), (100, 15)] {
        for last in [Partial, Complete] {
            let bench = bench();
            assert_eq!(bench.log.newest_segment("seq-1").await.unwrap(), None);
            for segment in 1..=segments {
                let status = if segment == segments { last } else { Partial };
                bench.committed(sequence(1, segment, status)).await;
            }
            bench.store.calls();
            let newest = bench.log.newest_segment("seq-1").await.unwrap().unwrap();
            assert_eq!((newest.segment, newest.status), (segments, last));
            let (reads, listings) = bench.store.calls();
            assert!(reads <= most_reads + u64::from(last == Partial) && listings == 0, "{segments}: {reads}");
        }
    }
}

#[tokio::test]
async fn kinds_of_runs_do_not_hide_each_other() {
    let bench = bench();
    let at = |text: &str| RunId::At(time(text));
    let [from, to] = ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"].map(|time| time.parse().unwrap());
    bench.committed(record(at("2026-11-22T17:00:00Z"), 1, Complete, Vec::new())).await;
    let newest = bench.committed(record(at("2026-11-22T17:00:00.5Z"), 1, Complete, Vec::new())).await;
    bench.committed(record(RunId::Window { from, to, revision: 1 }, 1, Complete, Vec::new())).await;
    assert_eq!(bench.log.newest(RunKind::At, now()).await.unwrap(), Some(newest));
    assert_eq!(bench.log.newest(RunKind::Sequence, now()).await.unwrap(), None);
    let keys: Vec<_> = bench.log.all().await.unwrap().into_iter().map(|record| record.key).collect();
    let window = "window-20260101T000000Z-20260102T000000Z";
    assert_eq!(keys, ["at-20261122T170000Z", "at-20261122T170000.5Z", window]);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_is_an_error_that_names_it() {
    let good = serde_json::to_value(sequence(1, 1, Complete)).unwrap();
    let with = |member: &str, value: serde_json::Value| {
        let mut record = good.clone();
        record[member] = value;
        record.to_string()
    };
    let path = "_bronzegate/shop/orders/commits/seq-1.s0001.json";
    for (content, reason) in [
        (String::new(), "EOF"),
        (good.to_string()[..200].to_owned(), "EOF"),
        ("{\"format\": 4}".to_owned(), "it has format 4, this version reads up to 3"),
        (with("status", json!("partial")), "a partial segment has a `page_state`"),
        (with("page_state", json!({})), "a partial segment has a `page_state`"),
        (with("parts", json!(7)), "invalid type"),
        (with("segment", json!(2)), "it is the record of seq-1.s0002"),
    ] {
        let bench = bench();
        bench.write(path, &content);
        for outcome in [
            bench.log.newest_segment("seq-1").await.map(drop),
            bench.log.newest(RunKind::Sequence, now()).await.map(drop),
            bench.log.all().await.map(drop),
        ] {
            let error = crate::error::Error::from(outcome.unwrap_err());
            assert_eq!(error.kind(), crate::error::ErrorKind::Store);
            let text = error.to_string();
            assert!(text.starts_with(path) && text.contains(reason), "{text}");
        }
    }
}

#[tokio::test]
async fn members_of_a_later_version_are_ignored() {
    let bench = bench();
    let mut later = serde_json::to_value(sequence(1, 1, Complete)).unwrap();
    later["invented_later"] = json!([1]);
    bench.write("_bronzegate/shop/orders/commits/seq-1.s0001.json", &later.to_string());
    bench.write("_bronzegate/shop/orders/commits/README.txt", "kept by somebody");
    assert_eq!(bench.log.all().await.unwrap(), [sequence(1, 1, Complete)]);
    assert_eq!(bench.log.strangers(), None);
}

#[tokio::test]
async fn a_name_that_is_no_commits_is_told_and_stops_nothing() {
    let bench = bench();
    let record = bench.committed(sequence(1, 1, Complete)).await;
    for name in ["copy of seq-1.s0001", "at--0000010101T000000Z.s0001", "seq-18446744073709551615.s0001"] {
        bench.write(&format!("_bronzegate/shop/orders/commits/{name}.json"), "{}");
    }
    assert_eq!(bench.log.newest(RunKind::Sequence, now()).await.unwrap().as_ref(), Some(&record));
    assert_eq!(bench.log.all().await.unwrap(), [record]);
    assert_eq!(bench.log.newest(RunKind::At, now()).await.unwrap(), None);
    let told = bench.log.strangers().unwrap();
    assert!(
        told.starts_with("_bronzegate/shop/orders/commits/at--0000010101T000000Z.s0001.json, and 2 more: "),
        "{told}"
    );
}

#[tokio::test]
async fn a_commit_whose_name_could_not_be_read_back_is_not_made() {
    let bench = bench();
    let at = |text: &str| record(RunId::At(time(text)), 1, Complete, Vec::new());
    let refused = bench.log.commit(&at("-000001-01-01T00:00:00Z")).await;
    assert!(matches!(refused, Err(StoreError::Unreadable { .. })), "{refused:?}");
    assert!(bench.log.names().await.unwrap().is_empty());
    assert_eq!(bench.log.commit(&at("0001-01-01T00:00:00Z")).await.unwrap(), Created::Yes);
}

#[tokio::test]
async fn a_hint_that_cannot_be_put_is_forgotten() {
    let bench = bench();
    let record = bench.committed(sequence(1, 1, Complete)).await;
    bench.store.refuse_put();
    bench.log.update_head(&record).await;
    assert_eq!(bench.log.newest(RunKind::Sequence, now()).await.unwrap(), Some(record));
}
