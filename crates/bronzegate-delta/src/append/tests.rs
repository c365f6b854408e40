use bronzegate_core::bronze::{Appended, ColumnType, TableError, Tables as _};
use serde_json::{Value, json};

use crate::testing::{Fate, TABLE, World, column, foreign, segment};

fn appended(version: i64, now: bool) -> Appended {
    Appended { table_id: None, version: Some(version), rows: 20, now }
}

fn reason(error: TableError) -> String {
    match error {
        TableError::Refused { reason, .. } => format!("refused: {reason}"),
        TableError::Unknown { segment, reason, .. } => format!("unknown: {segment}: {reason}"),
        TableError::Store(error) => format!("store: {error}"),
    }
}

#[tokio::test]
async fn a_table_is_created_and_a_segment_is_appended_once_however_often_it_is_asked() {
    let world = World::new();
    let state = world.tables.table(TABLE).look(&segment(1, &world).columns).await.unwrap();
    assert_eq!((state.id, state.version), (None, -1));
    let first = segment(1, &world);
    assert_eq!(world.tables.table(TABLE).find(&first).await.unwrap(), None);
    assert!(world.names().await.is_empty(), "who only asks creates nothing");
    assert_eq!(world.append(&first).await.unwrap(), appended(1, true));
    assert_eq!(world.find(&first).await.unwrap(), Some(appended(1, false)));
    assert_eq!(world.tables.table(TABLE).find(&segment(2, &world)).await.unwrap(), None);
    assert_eq!(world.append(&first).await.unwrap(), appended(1, false));
    assert_eq!(world.append(&segment(2, &world)).await.unwrap(), appended(2, true));
    assert_eq!(world.append(&first).await.unwrap(), appended(1, false), "a later one does not hide it");
    let made = world.lines(0).await;
    assert_eq!(made[1], json!({"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}));
    let lines = world.lines(1).await;
    assert_eq!(lines[0]["commitInfo"]["isBlindAppend"], json!(true));
    let now = world.now().as_millisecond();
    assert_eq!(lines[1]["txn"], json!({"appId": first.app, "version": first.txn, "lastUpdated": now}));
    assert_eq!(lines[2]["add"]["path"], json!("shop/orders/ingest_date=2026-11-29/1-p1.parquet"));
    assert_eq!(
        (lines.len(), &lines[0]["commitInfo"]["operationMetrics"]["numOutputRows"]),
        (4, &json!("20"))
    );
    let state = world.tables.table(TABLE).look(&first.columns).await.unwrap();
    assert_eq!((state.version, state.notes.join("; ")), (2, "protocol 1/2; no checkpoint".to_owned()));
    assert_eq!(state.columns[1], ("record".to_owned(), "string".to_owned()));
    let found = world.tables.table(TABLE).find(&first).await.unwrap().unwrap();
    assert_eq!(
        (found.table_id.is_some(), found.table_id),
        (true, state.id),
        "it tells which table has the rows"
    );
}

#[tokio::test]
async fn answers_that_are_lost_and_races_that_are_lost_append_once() {
    let rival = r#"{"commitInfo":{"timestamp":1}}"#;
    let after = |version: i64| Fate::After(vec![(format!("{version:020}.json"), rival.to_owned())], vec![]);
    let table: [Vec<Fate>; 5] = [
        vec![Fate::LostAnswer],
        vec![Fate::Fails, Fate::Fails, Fate::LostAnswer],
        vec![after(2), after(3), after(4), Fate::Fails],
        vec![Fate::Replaced(rival.to_owned())],
        vec![Fate::Replaced(rival.to_owned()), Fate::LostAnswer],
    ];
    for (number, fates) in table.into_iter().enumerate() {
        let world = World::new();
        world.append(&segment(1, &world)).await.unwrap();
        world.fate(fates);
        let second = segment(2, &world);
        world.append(&second).await.unwrap();
        world.append(&second).await.unwrap();
        assert_eq!(world.added().await.len(), 4, "case {number}: {:?}", world.added().await);
    }
    let world = World::new();
    world.fate((0..10).map(|_| Fate::Fails));
    let error = reason(world.append(&segment(1, &world)).await.unwrap_err());
    assert_eq!(error, "store: cannot write bronze/_delta_log/00000000000000000000.json");
}

/// Between the listing and the put, another writer adds versions, writes a checkpoint, and removes the versions below it.
#[tokio::test]
async fn a_version_put_below_a_checkpoint_is_put_again_above_it() {
    let world = World::new();
    world.append(&segment(1, &world)).await.unwrap();
    let made = world.lines(0).await;
    let uuid = "80a083e8-7026-4e79-81be-64bd76c43a11";
    let checkpoint = format!("{{\"checkpointMetadata\":{{\"version\":3}}}}\n{}\n{}\n", made[1], made[2]);
    let puts = vec![
        (format!("{:020}.checkpoint.{uuid}.json", 3), checkpoint),
        (format!("{:020}.json", 3), r#"{"commitInfo":{}}"#.to_owned()),
    ];
    let removes = vec![format!("{:020}.json", 0), format!("{:020}.json", 1)];
    world.fate([Fate::After(puts, removes)]);
    let second = segment(2, &world);
    assert_eq!(world.append(&second).await.unwrap(), appended(4, true));
    assert_eq!(world.append(&second).await.unwrap(), appended(4, false));
}

/// A checkpoint of version 2 with sidecars (PROTOCOL.md, "V2 Spec"): transactions stand in the file itself, and sidecars
/// list files alone.
#[tokio::test]
async fn a_checkpoint_with_sidecars_tells_of_transactions_without_them() {
    let world = World::new();
    let (first, second) = (segment(1, &world), segment(2, &world));
    world.append(&first).await.unwrap();
    let (made, appended_before) = (world.lines(0).await, world.lines(1).await);
    let uuid = "80a083e8-7026-4e79-81be-64bd76c43a11";
    let sidecar = r#"{"sidecar":{"path":"aec23d5c.parquet","sizeInBytes":12599,"modificationTime":1}}"#;
    let metadata = r#"{"checkpointMetadata":{"version":1}}"#;
    let lines =
        [metadata.to_owned(), made[1].to_string(), made[2].to_string(), appended_before[1].to_string()];
    let checkpoint = format!("{}\n{sidecar}\n", lines.join("\n"));
    world.put(&format!("{:020}.checkpoint.{uuid}.json", 1), &checkpoint).await;
    world.remove(&format!("{:020}.json", 0)).await;
    assert_eq!(world.append(&first).await.unwrap(), appended(1, false), "its version is there");
    assert_eq!(world.append(&second).await.unwrap(), appended(2, true));
    assert_eq!(world.append(&first).await.unwrap(), appended(1, false), "a later one does not hide it");
}

#[tokio::test]
async fn columns_that_are_missing_are_added_and_others_refused_by_name() {
    let world = World::new();
    let first = segment(1, &world);
    world.append(&first).await.unwrap();
    let mut second = segment(2, &world);
    second.columns.push(column("amount", ColumnType::Decimal { precision: 18, scale: 2 }));
    assert_eq!(world.append(&second).await.unwrap(), appended(3, true));
    let lines = world.lines(2).await;
    let metadata = &lines[1]["metaData"];
    assert_eq!(metadata["configuration"]["bronzegate.table"], json!("1"), "all of it is repeated");
    let schema: Value = serde_json::from_str(metadata["schemaString"].as_str().unwrap()).unwrap();
    assert_eq!(schema["fields"][2]["type"], json!("decimal(18,2)"));
    for (name, kind, expected) in [
        ("amount", ColumnType::Long, "its column amount is decimal(18,2), and the stream's is long"),
        ("RECORD", ColumnType::String, "its column record differs from RECORD in case alone"),
    ] {
        let mut third = segment(3, &world);
        third.columns = vec![column(name, kind)];
        let looked = world.tables.table(TABLE).look(&third.columns).await.unwrap_err();
        assert!(reason(looked).starts_with(&format!("refused: {expected}")), "{expected}");
        let error = reason(world.append(&third).await.unwrap_err());
        assert!(error.starts_with(&format!("refused: {expected}")), "{error}");
    }
}

#[tokio::test]
async fn a_transaction_of_another_target_with_the_same_id_is_not_taken_for_ours() {
    let world = World::new();
    let first = segment(1, &world);
    world.append(&first).await.unwrap();
    let mut copied = segment(1, &world);
    copied.files[0].path = copied.files[0].path.replace("p1", "other");
    let error = reason(world.append(&copied).await.unwrap_err());
    assert!(
        error.starts_with("unknown: shop/orders seq-1.s0001: version 1 of the table has its transaction"),
        "{error}"
    );
    // The other target is ahead: its second came before ours was committed.
    world.append(&segment(2, &world)).await.unwrap();
    copied.seen = 2;
    copied.id = world.tables.table(TABLE).look(&first.columns).await.unwrap().id;
    let error = reason(world.append(&copied).await.unwrap_err());
    assert!(error.contains("in no version since it is due"), "{error}");
}

/// What a table forgets is sought in its versions; where these are gone as well, nobody can tell.
#[tokio::test]
async fn a_segment_that_the_table_may_have_forgotten_is_told_from_its_versions_or_not_at_all() {
    let month = std::time::Duration::from_hours(24 * 31);
    let checkpoint = |world: &World, lines: &[Value]| {
        let name = format!("{:020}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.json", 1);
        let text = format!("{{\"checkpointMetadata\":{{\"version\":1}}}}\n{}\n{}\n", lines[1], lines[2]);
        let _ = world;
        (name, text)
    };
    let world = World::new();
    let first = segment(1, &world);
    world.append(&first).await.unwrap();
    let (name, text) = checkpoint(&world, &world.lines(0).await);
    world.put(&name, &text).await;
    world.clock.advance(month);
    assert_eq!(world.append(&first).await.unwrap(), appended(1, false), "its version is there");
    let mut second = segment(2, &world);
    second.committed_at = first.committed_at;
    assert_eq!(
        world.append(&second).await.unwrap(),
        appended(2, true),
        "all versions are there, and none has it"
    );
    world.remove(&format!("{:020}.json", 0)).await;
    world.remove(&format!("{:020}.json", 1)).await;
    let mut third = segment(1, &world);
    third.app = "another".to_owned();
    third.committed_at = first.committed_at;
    let error = reason(world.append(&third).await.unwrap_err());
    assert!(error.contains("the table forgets transactions after interval 30 days"), "{error}");
    third.seen = 1;
    third.id = world.tables.table(TABLE).look(&first.columns).await.unwrap().id;
    assert_eq!(
        world.append(&third).await.unwrap(),
        appended(3, true),
        "all versions since it was committed are there"
    );
    let mut fourth = segment(3, &world);
    fourth.committed_at = world.now();
    assert_eq!(world.append(&fourth).await.unwrap(), appended(4, true), "a young one needs no versions");
}

#[expect(clippy::too_many_lines, clippy::type_complexity, reason = "it is one table of features")]
#[tokio::test]
async fn a_table_of_features_is_appended_to_or_refused_by_name() {
    let record = r#"{"name":"record","type":"string","nullable":true,"metadata":{}}"#;
    let with = |entry: &str| {
        format!(r#"{{"name":"record","type":"string","nullable":true,"metadata":{{{entry}}}}}"#)
    };
    let features = |reader: &str, writer: &str| {
        format!(
            r#"{{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":[{reader}],"writerFeatures":[{writer}]}}"#
        )
    };
    let plain = |writer: i32| format!(r#"{{"minReaderVersion":1,"minWriterVersion":{writer}}}"#);
    let both = |name: &str| features(&format!("\"{name}\""), &format!("\"{name}\""));
    let writer = |name: &str| features("", &format!("\"{name}\""));
    let table: Vec<(String, &str, String, &str, Result<(), &str>)> = vec![
        (plain(6), "{}", record.to_owned(), "[]", Ok(())),
        (both("deletionVectors"), "{}", record.to_owned(), "[]", Ok(())),
        (
            writer("changeDataFeed"),
            r#"{"delta.enableChangeDataFeed":"true"}"#,
            record.to_owned(),
            "[]",
            Ok(()),
        ),
        (writer("invariants"), r#"{"delta.appendOnly":"true"}"#, record.to_owned(), "[]", Ok(())),
        (both("columnMapping"), r#"{"delta.columnMapping.mode":"none"}"#, record.to_owned(), "[]", Ok(())),
        (
            both("columnMapping"),
            r#"{"delta.columnMapping.mode":"name"}"#,
            record.to_owned(),
            "[]",
            Err("it has column mapping"),
        ),
        (writer("clustering"), "{}", record.to_owned(), "[]", Err("it has the feature clustering")),
        (writer("rowTracking"), "{}", record.to_owned(), "[]", Err("it has the feature rowTracking")),
        (
            both("catalogManaged"),
            "{}",
            record.to_owned(),
            "[]",
            Err("it has the feature catalogManaged: its versions are a catalog's"),
        ),
        (
            both("ofTomorrow"),
            "{}",
            record.to_owned(),
            "[]",
            Err("it has the feature ofTomorrow, which bronzegate does not write; drop it"),
        ),
        (
            r#"{"minReaderVersion":4,"minWriterVersion":8}"#.to_owned(),
            "{}",
            record.to_owned(),
            "[]",
            Err("its protocol 4/8 is newer"),
        ),
        (
            plain(3),
            r#"{"delta.constraints.short":"length(record) < 5"}"#,
            record.to_owned(),
            "[]",
            Err("it has the constraint short"),
        ),
        (plain(2), "{}", with(r#""delta.invariants":"{}""#), "[]", Err("its column record has an invariant")),
        (
            plain(4),
            "{}",
            with(r#""delta.generationExpression":"1""#),
            "[]",
            Err("its column record has a generation expression"),
        ),
        (plain(6), "{}", with(r#""delta.identity.start":1"#), "[]", Err("its column record has an identity")),
        (
            writer("allowColumnDefaults"),
            "{}",
            with(r#""CURRENT_DEFAULT":"'x'""#),
            "[]",
            Err("its column record has a default"),
        ),
        (
            plain(2),
            "{}",
            with(r#""__CHAR_VARCHAR_TYPE_STRING":"varchar(5)""#),
            "[]",
            Err("its column record has a bounded length"),
        ),
        (plain(2), "{}", record.replace("true", "false"), "[]", Err("its column record is NOT NULL")),
        (plain(2), "{}", record.to_owned(), r#"["record"]"#, Err("it is partitioned by record")),
        (plain(2), "{}", record.to_owned(), r#"["_stream"]"#, Ok(())),
        (
            writer("inCommitTimestamp"),
            r#"{"delta.enableInCommitTimestamps":"true"}"#,
            record.to_owned(),
            "[]",
            Ok(()),
        ),
    ];
    for (protocol, configuration, fields, partitions, expected) in table {
        let world = World::new();
        world.rival(0, &foreign(&protocol, configuration, &fields, partitions)).await;
        let append = segment(1, &world);
        let looked = world.tables.table(TABLE).look(&append.columns).await.map(drop).map_err(reason);
        let done = world.append(&append).await.map(drop).map_err(reason);
        match expected {
            Ok(()) => assert_eq!((looked, done), (Ok(()), Ok(())), "{protocol} {configuration}"),
            Err(start) => {
                let start = format!("refused: {start}");
                assert!(looked.is_err_and(|error| error.starts_with(&start)), "{start}");
                assert!(done.is_err_and(|error| error.starts_with(&start)), "{start}");
            }
        }
        if partitions.contains("_stream") {
            assert_eq!(world.lines(2).await[2]["add"]["partitionValues"], json!({"_stream": "orders"}));
        }
        if configuration.contains("InCommit") {
            let info = world.lines(2).await[0]["commitInfo"].clone();
            assert_eq!(
                info["inCommitTimestamp"],
                json!(world.now().as_millisecond() + 1),
                "one after the columns'"
            );
        }
    }
}

#[tokio::test]
async fn a_log_with_holes_is_refused_and_one_without_a_state_too() {
    let world = World::new();
    world.append(&segment(1, &world)).await.unwrap();
    world.append(&segment(2, &world)).await.unwrap();
    let first = format!("{:020}.json", 1);
    let content = std::fs::read_to_string(world.path(&first)).unwrap();
    world.remove(&first).await;
    let error = reason(world.append(&segment(3, &world)).await.unwrap_err());
    assert!(error.starts_with("refused: bronze/_delta_log: version 1 is missing"), "{error}");
    world.put(&first, &content).await;
    world.append(&segment(3, &world)).await.unwrap();
    for (content, expected) in [
        ("{\"txn\":1}\n", "its txn cannot be read"),
        ("[]\n", "a line is no object of JSON"),
        ("{\"metaData\":{}}\n", "its metaData cannot be read"),
    ] {
        world.rival(4, content).await;
        let error = reason(world.append(&segment(4, &world)).await.unwrap_err());
        assert!(error.contains("00000000000000000004.json: ") && error.contains(expected), "{error}");
    }
    let empty = World::new();
    empty.rival(0, "{\"commitInfo\":{}}\n").await;
    let error = reason(empty.append(&segment(1, &empty)).await.unwrap_err());
    assert!(error.contains("it has no protocol"), "{error}");
}

/// A hint to a checkpoint that is not there, of another table, or that is no JSON, changes nothing.
#[tokio::test]
async fn a_wrong_hint_to_the_checkpoint_is_only_a_hint() {
    for hint in [r#"{"version":7,"size":1}"#, r#"{"version":1}"#, "", "{", r#"{"version":-4}"#] {
        let world = World::new();
        world.append(&segment(1, &world)).await.unwrap();
        world.put("_last_checkpoint", hint).await;
        assert_eq!(world.append(&segment(2, &world)).await.unwrap(), appended(2, true), "{hint}");
    }
}
