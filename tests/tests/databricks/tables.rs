//! Tables: loaded once, whatever happens between the commit and its marker.

use std::sync::Arc;

use bronzegate_core::bronze::{Appended, BronzeTable, LocalStore, TableError, TableKind, Tables};
use bronzegate_tests::databricks::{Call, Fault, PlayedDatabricks, Segment};
use serde_json::{Value, json};

use super::{clock, connect};

pub(super) const FULL_NAME: &str = "main.bronze.items";

/// The tables of `main.bronze`, as a process of its own would open them.
pub(super) fn open(played: &PlayedDatabricks) -> Arc<dyn Tables> {
    let store = Arc::new(LocalStore::open(played.lakehouse().files()).expect("a folder"));
    connect(played.principal(), clock()).and_then(|own| own.tables("main.bronze", store)).expect("tables")
}

pub(super) fn table(played: &PlayedDatabricks) -> Arc<dyn BronzeTable> {
    open(played).table("items")
}

/// The records of the table, sorted.
async fn records(played: &PlayedDatabricks) -> Vec<String> {
    let rows = played.lakehouse().rows(FULL_NAME).await;
    let mut records: Vec<_> =
        rows.iter().map(|row| row["record"].as_str().unwrap_or_default().to_owned()).collect();
    records.sort();
    records
}

fn expected(segments: &[&Segment]) -> Vec<String> {
    let mut records = Vec::new();
    for segment in segments {
        for (file, row) in (1..=segment.files).flat_map(|file| (0..segment.rows).map(move |row| (file, row)))
        {
            records.push(format!(r#"{{"id":"{}-{file}-{row}","it's":"\\"}}"#, segment.name));
        }
    }
    records.sort();
    records
}

const ONCE: Appended = Appended { table_id: None, version: None, rows: 6, now: true };
const BEFORE: Appended = Appended { now: false, ..ONCE };

#[tokio::test(flavor = "multi_thread")]
async fn the_first_append_makes_the_table_and_each_segment_is_loaded_once() {
    let played = PlayedDatabricks::start().await;
    let tables = open(&played);
    assert_eq!(tables.kind(), TableKind::Databricks);
    assert_eq!(tables.location(), "databricks:main.bronze (files: /Volumes/main/bronze/landing)");
    let (one, two) = (Segment::new("seq-1.s0001"), Segment::new("seq-2.s0001"));
    let (first, second) = (one.land(played.lakehouse()).await, two.land(played.lakehouse()).await);
    let items = tables.table("items");
    let state = items.look(&first.columns).await.unwrap();
    assert_eq!((state.version, state.id), (-1, None));
    assert!(played.calls(Call::Submit).is_empty(), "looking needs no warehouse");
    assert_eq!(items.append(&first).await.unwrap(), ONCE);
    assert_eq!(items.append(&second).await.unwrap(), ONCE);
    assert_eq!(items.append(&first).await.unwrap(), BEFORE, "any number of times");
    assert_eq!(table(&played).append(&second).await.unwrap(), BEFORE, "and by any process");
    assert_eq!(records(&played).await, expected(&[&one, &two]));
    let state = items.look(&first.columns).await.unwrap();
    assert!(state.version >= 0 && state.id.is_some(), "{state:?}");
    let columns: Vec<_> = state.columns.iter().map(|(name, kind)| format!("{name} {kind}")).collect();
    assert_eq!(columns[..2], ["_ingested_at timestamp", "_source_system string"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_without_records_asks_nothing() {
    let played = PlayedDatabricks::start().await;
    let none = Segment { files: 0, ..Segment::new("seq-1.s0001") }.land(played.lakehouse()).await;
    assert_eq!(table(&played).append(&none).await.unwrap().rows, 0);
    assert!(played.calls(Call::Submit).is_empty() && played.calls(Call::Catalog).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_becomes_of_an_answer_the_rows_are_there_once() {
    let conflict = Fault::Failed("UNKNOWN", "[DELTA_CONCURRENT_APPEND] Files were added", Some("2D521"));
    let cases: [(&str, Vec<Fault>, Appended); 11] = [
        ("the statement is done and its answer lost", vec![Fault::Unanswered], BEFORE),
        ("the statement never arrives", vec![Fault::Unheard], ONCE),
        (
            "three answers in a row are lost",
            vec![Fault::Unanswered, Fault::Unanswered, Fault::Unheard],
            BEFORE,
        ),
        ("too many requests", vec![Fault::Status(429, Some(1)), Fault::Status(429, None)], ONCE),
        ("a gateway answers", vec![Fault::Status(502, None), Fault::Status(503, Some(1))], ONCE),
        ("another writer was first", vec![conflict.clone(), conflict], ONCE),
        (
            "the warehouse is being serviced",
            vec![Fault::Failed("SERVICE_UNDER_MAINTENANCE", "soon", None)],
            ONCE,
        ),
        ("it takes its time", vec![Fault::Slow(7)], ONCE),
        ("its result is closed", vec![Fault::State("CLOSED")], BEFORE),
        ("it is canceled after its commit", vec![Fault::State("CANCELED")], BEFORE),
        ("its answer is nonsense", vec![Fault::State("")], BEFORE),
    ];
    for (what, faults, outcome) in cases {
        let played = PlayedDatabricks::start().await;
        let (zero, one) = (Segment::new("seq-0.s0001"), Segment::new("seq-1.s0001"));
        let items = table(&played);
        items.append(&zero.land(played.lakehouse()).await).await.unwrap();
        let segment = one.land(played.lakehouse()).await;
        played.fail(faults.into_iter().map(|fault| (Call::Submit, fault)));
        let appended = items.append(&segment).await;
        assert_eq!(appended.unwrap(), outcome, "{what}");
        assert_eq!(played.faults_left(), 0, "{what}");
        assert_eq!(records(&played).await, expected(&[&zero, &one]), "{what}");
        // Killed before the marker: another process comes again.
        assert_eq!(table(&played).append(&segment).await.unwrap(), BEFORE, "{what}");
        assert_eq!(records(&played).await, expected(&[&zero, &one]), "{what}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_is_followed_by_its_id_through_looks_that_fail() {
    let played = PlayedDatabricks::start().await;
    let one = Segment::new("seq-1.s0001");
    let segment = one.land(played.lakehouse()).await;
    table(&played).look(&segment.columns).await.unwrap();
    // The first statement makes the table, the second loads it.
    played.fail([(Call::Submit, Fault::Slow(1)), (Call::Submit, Fault::Slow(3))]);
    played.fail((0..7).map(|_| (Call::Poll, Fault::Status(503, None))));
    played.fail([(Call::Poll, Fault::Unheard), (Call::Poll, Fault::Status(429, Some(3)))]);
    assert_eq!(table(&played).append(&segment).await.unwrap(), ONCE);
    assert_eq!((played.calls(Call::Submit).len(), played.faults_left()), (2, 0));
    assert_eq!(records(&played).await, expected(&[&one]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_statement_that_is_forgotten_is_settled_by_the_next() {
    let played = PlayedDatabricks::start().await;
    let one = Segment::new("seq-1.s0001");
    let segment = one.land(played.lakehouse()).await;
    let items = table(&played);
    items.append(&Segment::new("seq-0.s0001").land(played.lakehouse()).await).await.unwrap();
    played.fail([(Call::Submit, Fault::Slow(9))]);
    played.fail([(Call::Poll, Fault::Refuse(404, "NOT_FOUND", "The statement was not found".to_owned()))]);
    assert_eq!(items.append(&segment).await.unwrap(), ONCE);
    assert_eq!(played.lakehouse().rows(FULL_NAME).await.len(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn racing_processes_load_a_segment_once() {
    let played = PlayedDatabricks::start().await;
    let one = Segment::new("seq-1.s0001");
    let segment = one.land(played.lakehouse()).await;
    let (first, second) = (table(&played), table(&played));
    let (first, second) = tokio::join!(first.append(&segment), second.append(&segment));
    let loads = [first.unwrap(), second.unwrap()];
    assert!(
        loads.iter().all(|load| load.rows == 6) && loads.iter().filter(|load| load.now).count() == 1,
        "{loads:?}"
    );
    assert_eq!(records(&played).await, expected(&[&one]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_segment_of_the_same_name_from_another_target_is_not_taken_for_it() {
    let played = PlayedDatabricks::start().await;
    let prod = Segment::new("seq-1.s0001");
    let test = Segment { environment: "test", ..prod.clone() };
    let items = table(&played);
    items.append(&prod.land(played.lakehouse()).await).await.unwrap();
    let segment = test.land(played.lakehouse()).await;
    // Not carried out: the rows that are there are the other's.
    played.fail([(Call::Submit, Fault::Unheard)]);
    assert_eq!(items.append(&segment).await.unwrap(), ONCE);
    played.fail([(Call::Submit, Fault::Unanswered)]);
    assert_eq!(items.append(&segment).await.unwrap(), BEFORE);
    assert_eq!(played.lakehouse().rows(FULL_NAME).await.len(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_somebody_removed_do_not_come_again() {
    let played = PlayedDatabricks::start().await;
    let segment = Segment::new("seq-1.s0001").land(played.lakehouse()).await;
    let items = table(&played);
    items.append(&segment).await.unwrap();
    for (where_, left) in [("record LIKE '%seq-1.s0001-1-0%'", 5), ("true", 0)] {
        played.lakehouse().ask(&json!({ "do": "delete", "name": FULL_NAME, "where": where_ })).await;
        assert_eq!(items.append(&segment).await.unwrap(), Appended { rows: left, ..BEFORE });
        assert_eq!(played.lakehouse().rows(FULL_NAME).await.len() as u64, left);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_are_there_twice_are_told_until_that_is_mended() {
    let played = PlayedDatabricks::start().await;
    let one = Segment::new("seq-1.s0001");
    let segment = one.land(played.lakehouse()).await;
    let items = table(&played);
    items.append(&segment).await.unwrap();
    // Somebody loads a copy of a part by hand.
    let folder = played.lakehouse().files().join("items/demo/items/ingest_date=2026-11-22");
    let part = segment.files[0].path.rsplit_once('/').unwrap().1;
    std::fs::copy(folder.join(part), folder.join("copy.parquet")).unwrap();
    let loads = played.calls(Call::Submit);
    let by_hand = loads.last().unwrap().split(" FILES = ").next().unwrap();
    let by_hand = format!("{by_hand} FILES = ('copy.parquet')");
    played.lakehouse().ask(&json!({ "do": "statement", "statement": by_hand })).await;
    let error = items.append(&segment).await.unwrap_err();
    assert!(matches!(error, TableError::Unknown { .. }), "{error}");
    assert!(error.to_string().contains("it has 9 rows of 6"), "{error}");
    played.lakehouse().ask(&json!({ "do": "delete", "name": FULL_NAME, "where": "true" })).await;
    assert_eq!(items.append(&segment).await.unwrap(), Appended { rows: 0, ..BEFORE });
}

#[tokio::test(flavor = "multi_thread")]
async fn columns_that_a_table_lacks_are_added_whatever_their_names() {
    let played = PlayedDatabricks::start().await;
    let items = table(&played);
    items.append(&Segment::new("seq-1.s0001").land(played.lakehouse()).await).await.unwrap();
    let hostile = "a`b'); DROP TABLE `x`; --";
    let more = vec![
        (hostile, "string"),
        ("amount", "decimal(18,2)"),
        ("count", "long"),
        ("at", "timestamp"),
        ("é", "date"),
    ];
    let two = Segment { more, ..Segment::new("seq-2.s0001") };
    let segment = two.land(played.lakehouse()).await;
    let notes = items.look(&segment.columns).await.unwrap().notes;
    assert!(notes.contains(&"the first append adds `amount`".to_owned()), "{notes:?}");
    // Another run adds them at the same time: this one's answer is lost.
    played.fail([(Call::Submit, Fault::Unanswered)]);
    assert_eq!(items.append(&segment).await.unwrap(), ONCE);
    let columns = items.look(&segment.columns).await.unwrap().columns;
    let kind = |name: &str| columns.iter().find(|(known, _)| known == name).map(|(_, kind)| kind.as_str());
    let kinds = [hostile, "amount", "count", "at", "é"].map(kind);
    assert_eq!(
        kinds,
        [Some("string"), Some("decimal(18,2)"), Some("bigint"), Some("timestamp"), Some("date")]
    );
    let rows = played.lakehouse().rows(FULL_NAME).await;
    assert!(rows.len() == 12 && rows.iter().all(|row| row[hostile] == Value::Null));
}
