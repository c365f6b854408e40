use bronzegate_core::bronze::Tables as _;
use bronzegate_tests::delta::{DeltaPeer, Place, READERS, Row, TABLE, columns};
use serde_json::json;

/// The log of the table: its names.
async fn names(place: &Place) -> Vec<String> {
    let folder = format!("{TABLE}/_delta_log");
    let paths = place.store.list(&folder).await.expect("the table answers");
    paths.iter().map(|path| path.replace(&format!("{folder}/"), "")).collect()
}

async fn assert_all_read(place: &Place, peer: &mut DeltaPeer, expected: &[Row]) {
    for reader in READERS.into_iter().filter(|reader| place.root.is_for(reader)) {
        let found = peer.rows(&place.root, TABLE, reader).await;
        assert_eq!(found, expected, "{reader} on {}", place.name);
    }
}

/// Twelve segments, a checkpoint at the tenth version, and then the log without what that stands for.
async fn every_reader_reads_what_is_appended(place: Place) {
    let mut peer = DeltaPeer::start();
    let (tables, mut rows) = (place.tables(), Vec::new());
    let table = tables.table(TABLE);
    for number in 1..=12 {
        let segment = place.segment(&mut peer, TABLE, "orders", number).await;
        let done = table.append(&segment).await.expect("the table answers");
        assert_eq!((done.version, done.now), (Some(number), true));
        table.maintain(number).await;
        rows.extend(Place::rows("orders", number));
    }
    rows.sort_by_key(|row| format!("{row:?}"));
    let mut read = peer.rows(&place.root, TABLE, "delta-rs").await;
    read.sort_by_key(|row| format!("{row:?}"));
    assert_eq!(read, rows, "the bytes of each record");
    let expected = peer.rows(&place.root, TABLE, "delta-rs").await;
    assert_all_read(&place, &mut peer, &expected).await;
    let checkpoint = format!("{:020}.checkpoint.parquet", 10);
    assert!(names(&place).await.contains(&checkpoint), "{:?}", names(&place).await);
    for version in 0..=10 {
        place
            .store
            .remove(&format!("{TABLE}/_delta_log/{version:020}.json"))
            .await
            .expect("the table answers");
    }
    assert_all_read(&place, &mut peer, &expected).await;
    let app = json!({"app": "bronzegate/a-target/shop/orders"});
    let known = peer.on(&place.root, TABLE, "transaction", app).await.expect("the table answers");
    assert_eq!(known, json!(12 << 20 | 1), "delta-rs knows the transaction");
    // Others go on from there, and so do we.
    peer.on(&place.root, TABLE, "optimize", json!({})).await.expect("the table answers");
    let segment = place.segment(&mut peer, TABLE, "orders", 13).await;
    assert_eq!(table.append(&segment).await.expect("the table answers").version, Some(14));
    assert_eq!(peer.rows(&place.root, TABLE, "delta-rs").await.len(), 39);
    // And from a checkpoint of another's.
    peer.on(&place.root, TABLE, "checkpoint", json!({})).await.expect("the table answers");
    let state = tables.table(TABLE).look(&columns()).await.expect("the table answers");
    assert!(state.notes.contains(&"checkpoint at version 14".to_owned()), "{:?}", state.notes);
    assert!(!table.append(&segment).await.expect("the table answers").now);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reader_reads_a_table_in_a_folder() {
    every_reader_reads_what_is_appended(Place::folder()).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reader_reads_a_table_on_s3() {
    every_reader_reads_what_is_appended(Place::s3("delta-readers").await).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_reader_reads_a_table_on_azure() {
    every_reader_reads_what_is_appended(Place::azure().await).await;
}

/// Our checkpoint of a table with the checkpoint and the tombstones of another writer.
#[tokio::test(flavor = "multi_thread")]
async fn our_checkpoint_carries_on_what_another_wrote() {
    let place = Place::folder();
    let mut peer = DeltaPeer::start();
    let first = json!({"rows": [["other", "a", "{}"], ["other", "b", "\u{20ac}"]]});
    peer.on(&place.root, TABLE, "create", first).await.unwrap();
    for step in ["append", "optimize"] {
        let rows = if step == "append" { json!({"rows": [["other", "c", "{}"]]}) } else { json!({}) };
        peer.on(&place.root, TABLE, step, rows).await.unwrap();
    }
    peer.on(&place.root, TABLE, "delete", json!({"predicate": "_segment = 'a'"})).await.unwrap();
    peer.on(&place.root, TABLE, "checkpoint", json!({})).await.unwrap();
    let (tables, table) = (place.tables(), place.tables().table(TABLE));
    let mut newest = 0;
    for number in 1..=10 {
        let segment = place.segment(&mut peer, TABLE, "orders", number).await;
        newest = table.append(&segment).await.unwrap().version.unwrap();
    }
    tables.table(TABLE).maintain(newest).await;
    let (checkpoint, commit) = (format!("{newest:020}.checkpoint.parquet"), format!("{newest:020}.json"));
    assert!(names(&place).await.contains(&checkpoint), "{:?}", names(&place).await);
    let expected = peer.rows(&place.root, TABLE, "delta-rs").await;
    assert_eq!(expected.len(), 32, "two rows of the other, thirty of ours");
    for name in names(&place).await {
        // delta-rs vacuums only where the newest version has its file.
        if name != checkpoint && name != commit && !name.starts_with('_') {
            place.store.remove(&format!("{TABLE}/_delta_log/{name}")).await.unwrap();
        }
    }
    assert_all_read(&place, &mut peer, &expected).await;
    // Its tombstones are there: a vacuum without retention takes the old files and nothing else.
    let gone = peer.on(&place.root, TABLE, "vacuum", json!({})).await.unwrap();
    assert!(gone.as_u64() >= Some(3), "{gone}");
    assert_all_read(&place, &mut peer, &expected).await;
}
