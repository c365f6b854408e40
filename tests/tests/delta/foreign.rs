use std::sync::Arc;

use bronzegate_core::bronze::{TableError, Tables as _};
use bronzegate_core::clock::SystemClock;
use bronzegate_delta::DeltaTables;
use bronzegate_tests::delta::{DeltaPeer, Place, Row, TABLE, columns};
use bronzegate_tests::{Failing, FaultyStore};
use serde_json::{Value, json};

const MADE: &str = r#"{"rows": [["other", "a", "{}"]]}"#;

fn made() -> Value {
    serde_json::from_str(MADE).expect("JSON")
}

/// A table that delta-rs made, to which a segment is appended; what that came to.
async fn appended(place: &Place, peer: &mut DeltaPeer) -> Result<Vec<Row>, String> {
    let segment = place.segment(peer, TABLE, "orders", 1).await;
    let (tables, table) = (place.tables(), place.tables().table(TABLE));
    let looked = tables.table(TABLE).look(&columns()).await;
    match table.append(&segment).await {
        Ok(done) => {
            assert!(done.now && looked.is_ok());
            // delta-rs changes tables with deletion vectors, and does not read them.
            let reader = if place.root.is_for("duckdb") { "duckdb" } else { "delta-rs" };
            Ok(peer.rows(&place.root, TABLE, reader).await)
        }
        Err(TableError::Refused { reason, .. }) => {
            let before = looked.expect_err("it is refused").to_string();
            assert!(before.contains(&reason), "it is refused before the first request as well: {before}");
            Err(reason)
        }
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_that_delta_rs_made_are_appended_to_on_every_store() {
    for place in [Place::folder(), Place::s3("delta-foreign").await, Place::azure().await] {
        let mut peer = DeltaPeer::start();
        peer.on(&place.root, TABLE, "create", made()).await.unwrap();
        let rows = appended(&place, &mut peer).await.unwrap();
        assert_eq!(rows.len(), 4, "{}", place.name);
        // Each goes on from what the other has done.
        peer.on(&place.root, TABLE, "delete", json!({"predicate": "_stream = 'other'"})).await.unwrap();
        let second = place.segment(&mut peer, TABLE, "orders", 2).await;
        place.tables().table(TABLE).append(&second).await.unwrap();
        assert_eq!(peer.rows(&place.root, TABLE, "delta-rs").await.len(), 6, "{}", place.name);
        peer.on(&place.root, TABLE, "restore", json!({"version": 0})).await.unwrap();
        assert!(
            !place.tables().table(TABLE).append(&second).await.unwrap().now,
            "what was taken back stays away"
        );
        assert_eq!(peer.rows(&place.root, TABLE, "delta-rs").await.len(), 1, "{}", place.name);
    }
}

/// Its name, how it is made, what is done to it then and with what, and how many rows are appended or why none.
type Case = (&'static str, Value, &'static str, Value, Result<usize, &'static str>);

#[tokio::test(flavor = "multi_thread")]
async fn what_a_foreign_table_asks_of_a_writer_is_kept_or_refused_by_name() {
    let mut peer = DeltaPeer::start();
    let table: [Case; 7] = [
        ("append only", json!({"configuration": {"delta.appendOnly": "true"}}), "", json!({}), Ok(4)),
        ("partitions of ours", json!({"partition_by": ["_stream"]}), "", json!({}), Ok(4)),
        (
            "other partitions",
            json!({"partition_by": ["_segment"]}),
            "",
            json!({}),
            Err("it is partitioned by _segment"),
        ),
        (
            "a constraint",
            json!({}),
            "constrain",
            json!({"named": "record <> 'bad'"}),
            Err("it has the constraint named"),
        ),
        ("deletion vectors", json!({}), "feature", json!({"name": "DeletionVectors"}), Ok(4)),
        ("change data", json!({}), "feature", json!({"name": "ChangeDataFeed"}), Ok(4)),
        ("identity columns", json!({}), "feature", json!({"name": "IdentityColumns"}), Ok(4)),
    ];
    for (what, create, then, arguments, expected) in table {
        let place = Place::folder();
        let mut arguments_of_create = made();
        for (name, value) in create.as_object().unwrap() {
            arguments_of_create[name] = value.clone();
        }
        peer.on(&place.root, TABLE, "create", arguments_of_create).await.unwrap();
        if !then.is_empty() {
            peer.on(&place.root, TABLE, then, arguments)
                .await
                .unwrap_or_else(|error| panic!("{what}: {error}"));
        }
        let found = appended(&place, &mut peer).await;
        match expected {
            Ok(rows) => assert_eq!(found.map(|rows| rows.len()), Ok(rows), "{what}"),
            Err(start) => {
                assert!(found.as_ref().is_err_and(|error| error.starts_with(start)), "{what}: {found:?}");
            }
        }
    }
}

/// A checkpoint of many files is read without holding them: what tells the state are a few of its columns.
#[tokio::test(flavor = "multi_thread")]
async fn a_large_checkpoint_is_read_in_a_few_pieces() {
    let place = Place::folder();
    let mut peer = DeltaPeer::start();
    let path = place.scratch().join("large.parquet");
    let size = peer.ask("checkpoint_file", json!({"path": path, "lines": 20_000})).await.unwrap();
    assert!(size.as_u64() > Some(12_000_000), "{size}");
    let log = place.scratch().join("tables").join(TABLE).join("_delta_log");
    std::fs::create_dir_all(&log).unwrap();
    std::fs::rename(&path, log.join(format!("{:020}.checkpoint.parquet", 7))).unwrap();
    let counting = FaultyStore::new(Arc::clone(&place.store), 0, Failing::Before);
    let tables = DeltaTables::new(Arc::new(counting.clone()), Arc::new(SystemClock::default()));
    let state = tables.table(TABLE).look(&columns()).await.unwrap();
    assert_eq!((state.id.as_deref(), state.version), (Some("large"), 7));
    // Each call reads 64 KiB, or a page or the footer where these are larger.
    assert!(counting.calls() < 60, "{} calls for {size} bytes", counting.calls());
    let segment = place.segment(&mut peer, TABLE, "orders", 1).await;
    assert_eq!(place.tables().table(TABLE).append(&segment).await.unwrap().version, Some(8));
}
