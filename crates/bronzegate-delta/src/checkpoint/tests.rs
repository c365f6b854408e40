use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::bronze::{BronzeStore, TableError, Tables as _};
use serde_json::{Value, json};

use crate::columnar::{Add, CheckpointWriter, Row, blocking};
use crate::log::{Snapshot, replay};
use crate::testing::{TABLE, World, foreign, log_path, segment, sought};

async fn snapshot(world: &World, number: i64) -> Snapshot {
    let sought = sought(&segment(number, world));
    replay(&*world.folder, &*world.clock, TABLE, Some(&sought)).await.unwrap().unwrap()
}

/// Versions 1 to n, each a segment.
async fn versions(world: &World, numbers: std::ops::RangeInclusive<i64>) {
    for number in numbers {
        world.append(&segment(number, world)).await.unwrap();
    }
}

async fn maintain(world: &World, version: i64) {
    world.tables.table(TABLE).maintain(version).await;
}

fn checkpoint(version: i64) -> String {
    format!("{version:020}.checkpoint.parquet")
}

fn hint(world: &World) -> Value {
    serde_json::from_slice(&std::fs::read(world.path("_last_checkpoint")).unwrap()).unwrap()
}

#[tokio::test]
async fn every_tenth_version_gets_a_checkpoint_that_stands_for_all_before() {
    let world = World::new();
    versions(&world, 1..=9).await;
    maintain(&world, 9).await;
    assert!(!world.names().await.contains(&checkpoint(9)));
    versions(&world, 10..=10).await;
    maintain(&world, 10).await;
    assert!(world.names().await.contains(&checkpoint(10)));
    let found = hint(&world);
    assert_eq!(
        (&found["version"], &found["size"], &found["numOfAddFiles"]),
        (&json!(10), &json!(23), &json!(20))
    );
    assert!(
        std::fs::read_to_string(world.path("_last_checkpoint")).unwrap().starts_with(r#"{"version":10,"#)
    );
    let before = snapshot(&world, 10).await;
    for version in 0..=10 {
        world.remove(&format!("{version:020}.json")).await;
    }
    let after = snapshot(&world, 10).await;
    assert_eq!(after.version(), 10);
    assert_eq!((after.metadata, after.protocol), (before.metadata, before.protocol));
    assert_eq!(after.txn.map(|found| found.txn), before.txn.map(|found| found.txn));
    let tenth = world.append(&segment(10, &world)).await.unwrap();
    assert_eq!((tenth.version, tenth.now), (None, false), "it is known, and its version is gone");
    versions(&world, 11..=20).await;
    maintain(&world, 20).await;
    assert_eq!(hint(&world)["numOfAddFiles"], json!(40), "the old one is in the new one");
    assert_eq!(snapshot(&world, 20).await.txn.map(|found| found.txn.version), Some(20 << 20 | 1));
}

#[tokio::test]
async fn what_was_removed_stays_removed_and_is_forgotten_after_a_week() {
    let world = World::new();
    versions(&world, 1..=9).await;
    let removed = |number: i64, at: i64| {
        let path = format!("shop/orders/ingest_date=2026-11-29/{number}-p1.parquet");
        json!({"remove": {"path": path, "deletionTimestamp": at, "dataChange": true, "deletionVector": null,
                          "extendedFileMetadata": true, "partitionValues": {}, "size": 100, "stats": "{}"}})
        .to_string()
    };
    let now = world.now().as_millisecond();
    world.rival(10, &format!("{}\n{}\n", removed(1, now), removed(2, now - 8 * 86_400_000))).await;
    maintain(&world, 10).await;
    // protocol, metaData, one txn, 18 files less the two, and the young tombstone
    assert_eq!((&hint(&world)["size"], &hint(&world)["numOfAddFiles"]), (&json!(20), &json!(16)));
    versions(&world, 10..=19).await;
    world.clock.advance(Duration::from_hours(24 * 8));
    versions(&world, 20..=20).await;
    maintain(&world, 21).await;
    assert_eq!(hint(&world)["size"], json!(3 + 38), "the tombstone has expired");
}

#[tokio::test]
async fn what_is_not_understood_gets_no_checkpoint_from_us() {
    let record = r#"{"name":"record","type":"string","nullable":true,"metadata":{}}"#;
    let plain = r#"{"minReaderVersion":1,"minWriterVersion":2}"#;
    let features = r#"{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors"]}"#;
    for (protocol, configuration, line) in [
        (plain, "{}", r#"{"domainMetadata":{"domain":"a","configuration":"","removed":false}}"#),
        (
            plain,
            "{}",
            r#"{"add":{"path":"a","partitionValues":{},"size":1,"modificationTime":1,"dataChange":true,"deletionVector":{"storageType":"u"}}}"#,
        ),
        (plain, r#"{"delta.checkpoint.writeStatsAsStruct":"true"}"#, ""),
        (plain, r#"{"delta.checkpoint.writeStatsAsJson":"false"}"#, ""),
        (plain, r#"{"delta.checkpointPolicy":"v2"}"#, ""),
        (features, "{}", ""),
    ] {
        let world = World::new();
        world.rival(0, &format!("{}{line}\n", foreign(protocol, configuration, record, "[]"))).await;
        versions(&world, 1..=12).await;
        maintain(&world, 13).await;
        let names = world.names().await;
        assert!(
            names
                .iter()
                .all(|name| std::path::Path::new(name).extension().is_some_and(|ending| ending == "json")),
            "{line} {configuration} {names:?}"
        );
    }
    let world = World::new();
    let short = r#"{"delta.checkpointInterval":"3"}"#;
    world.rival(0, &foreign(plain, short, record, "[]")).await;
    versions(&world, 1..=2).await;
    maintain(&world, 3).await;
    assert!(world.names().await.contains(&checkpoint(3)), "its own interval is kept");
}

#[tokio::test]
async fn old_versions_of_our_tables_are_removed_below_the_newest_old_checkpoint() {
    let world = World::new();
    let day = Duration::from_hours(24);
    for number in 1..=50 {
        versions(&world, number..=number).await;
        maintain(&world, number).await;
        world.clock.advance(day);
    }
    let names = world.names().await;
    // One version a day. On day 49, when version 50 gets its checkpoint, those before the midnight of day 19 are old:
    // the checkpoint of version 10 is, and that of version 20, from noon of day 19, is not.
    let oldest = names
        .iter()
        .find(|name| std::path::Path::new(name).extension().is_some_and(|ending| ending == "json"))
        .cloned();
    assert_eq!(oldest, Some(format!("{:020}.json", 10)), "{names:?}");
    assert!(names.contains(&checkpoint(10)));
    let known = world.append(&segment(50, &world)).await.unwrap();
    assert_eq!(known.version, Some(50));
    let foreign_table = World::new();
    let record = r#"{"name":"record","type":"string","nullable":true,"metadata":{}}"#;
    let plain = r#"{"minReaderVersion":1,"minWriterVersion":2}"#;
    foreign_table.rival(0, &foreign(plain, "{}", record, "[]")).await;
    for number in 1..=40 {
        versions(&foreign_table, number..=number).await;
        maintain(&foreign_table, number + 1).await;
        foreign_table.clock.advance(day);
    }
    assert!(
        foreign_table.names().await.contains(&format!("{:020}.json", 0)),
        "a foreign log is not ours to clean"
    );
}

/// Writes a Parquet checkpoint of these rows.
async fn write(world: &World, name: &str, rows: Vec<Row>) {
    let path = log_path(name);
    let area = bronzegate_core::bronze::StagingArea { stream: "a/b".to_owned(), segment: name.to_owned() };
    let mut part = world.folder.stage(&path, &area).await.unwrap();
    let written = blocking(&*world.folder, Some(&mut part), &path, {
        let path = path.clone();
        move |bridge| {
            let mut writer = CheckpointWriter::new(&bridge, &path)?;
            for row in &rows {
                writer.write(row)?;
            }
            writer.finish()
        }
    });
    let written = written.await.unwrap();
    let upload = part.finish().await.unwrap();
    let receipt = bronzegate_core::bronze::Receipt {
        path,
        records: 0,
        bytes: written.bytes,
        checksum: written.checksum,
        upload,
        stats: None,
    };
    world.folder.publish(&receipt).await.unwrap();
}

fn state_rows(lines: &[Value]) -> [Row; 2] {
    let metadata = lines[2]["metaData"].as_object().unwrap().clone();
    [Row::Protocol(serde_json::from_value(lines[1]["protocol"].clone()).unwrap()), Row::Metadata(metadata)]
}

#[tokio::test]
async fn checkpoints_in_parts_and_of_the_second_kind_are_read() {
    let txn = |number: i64| {
        Row::Txn(serde_json::from_value(json!({"appId": "bronzegate/a-target/shop/orders", "version": number << 20 | 1, "lastUpdated": 5})).unwrap())
    };
    let add = Row::Add(Add { path: "x.parquet".to_owned(), ..Add::default() });
    let uuid = "80a083e8-7026-4e79-81be-64bd76c43a11";
    let part = |number: i64| format!("{:020}.checkpoint.{number:010}.0000000002.parquet", 2);
    for kind in ["parts", "uuid", "classic"] {
        let world = World::new();
        versions(&world, 1..=2).await;
        let [protocol, metadata] = state_rows(&world.lines(0).await);
        match kind {
            "parts" => {
                write(&world, &part(1), vec![add.clone(), metadata]).await;
                write(&world, &part(2), vec![protocol, txn(2), add.clone()]).await;
            }
            "uuid" => {
                write(
                    &world,
                    &format!("{:020}.checkpoint.{uuid}.parquet", 2),
                    vec![protocol, metadata, txn(2)],
                )
                .await;
            }
            _ => write(&world, &checkpoint(2), vec![txn(2), add.clone(), protocol, metadata]).await,
        }
        for version in 0..=2 {
            world.remove(&format!("{version:020}.json")).await;
        }
        let found = snapshot(&world, 2).await;
        assert_eq!(
            found.txn.map(|found| (found.version, found.txn.version)),
            Some((None, 2 << 20 | 1)),
            "{kind}"
        );
        let third = world.append(&segment(3, &world)).await.unwrap();
        assert_eq!((third.version, third.now), (Some(3), true), "{kind}");
    }
}

/// Whatever byte is wrong, it ends in an answer: the state, or a refusal that names the file.
#[tokio::test]
async fn a_damaged_checkpoint_is_refused_by_name() {
    let world = World::new();
    versions(&world, 1..=10).await;
    maintain(&world, 10).await;
    for version in 0..=10 {
        world.remove(&format!("{version:020}.json")).await;
    }
    let path = world.path(&checkpoint(10));
    let good = std::fs::read(&path).unwrap();
    let table = world.tables.table(TABLE);
    let mut refused = 0;
    for at in (0..good.len()).step_by(good.len() / 400) {
        for bad in [good[at] ^ 0x40, !good[at]] {
            let mut content = good.clone();
            content[at] = bad;
            std::fs::write(&path, &content).unwrap();
            if let Err(error) = table.look(&segment(1, &world).columns).await {
                let text = error.to_string();
                assert!(matches!(error, TableError::Refused { .. }), "byte {at}: {text}");
                assert!(!text.contains("that nothing expected"), "byte {at}: the library panics");
                assert!(text.contains(&checkpoint(10)) || text.contains("its "), "byte {at}: {text}");
                refused += 1;
            }
        }
    }
    assert!(refused > 50, "{refused}");
    for length in [0, 4, 12, good.len() / 2, good.len() - 1] {
        std::fs::write(&path, &good[..length]).unwrap();
        let error = table.look(&segment(1, &world).columns).await.unwrap_err().to_string();
        assert!(error.contains(&checkpoint(10)), "{length}: {error}");
    }
}

#[tokio::test]
async fn two_that_write_one_checkpoint_leave_one() {
    let world = World::new();
    versions(&world, 1..=10).await;
    let other = crate::DeltaTables::new(Arc::clone(&world.folder) as _, Arc::clone(&world.clock) as _);
    let (one, two) = (world.tables.table(TABLE), other.table(TABLE));
    tokio::join!(one.maintain(10), two.maintain(10));
    let names = world.names().await;
    assert_eq!(names.iter().filter(|name| name.contains("checkpoint.")).count(), 1, "{names:?}");
    assert_eq!(hint(&world)["version"], json!(10));
    let left = world.folder.list("_bronzegate/staging").await.unwrap();
    assert!(left.is_empty(), "{left:?}");
}
