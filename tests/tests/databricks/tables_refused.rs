//! Tables that are not as they should be: refused by name before a run's first request, or told after its commit.

use std::sync::Arc;

use bronzegate_core::bronze::{LocalStore, TableError};
use bronzegate_core::error::Error;
use bronzegate_tests::databricks::{Call, Fault, PlayedDatabricks, Segment};
use serde_json::json;

use super::tables::{FULL_NAME, open, table};
use super::{clock, connect};

#[tokio::test(flavor = "multi_thread")]
async fn a_table_that_takes_no_rows_is_refused_by_name_before_the_first_request() {
    let played = PlayedDatabricks::start().await;
    let segment = Segment::new("seq-1.s0001").land(played.lakehouse()).await;
    let items = table(&played);
    items.append(&segment).await.unwrap();
    for (more, why) in [
        (json!({ "table_type": "VIEW" }), "it is VIEW, and COPY INTO loads tables alone"),
        (json!({ "row_filter": { "function_name": "main.f" } }), "it has a row filter"),
        (
            json!({ "columns": [{ "name": "record", "type_text": "bigint" }] }),
            "its column `record` is bigint",
        ),
    ] {
        played.lakehouse().ask(&json!({ "do": "say", "name": FULL_NAME, "more": more })).await;
        let statements = played.calls(Call::Submit).len();
        for error in
            [items.look(&segment.columns).await.unwrap_err(), items.append(&segment).await.unwrap_err()]
        {
            assert!(matches!(error, TableError::Refused { .. }), "{error}");
            let text = error.to_string();
            assert!(text.contains(why) && text.contains("table main.bronze.items: "), "{text}");
            assert!(text.contains("nothing is lost"), "{text}");
        }
        assert_eq!(played.calls(Call::Submit).len(), statements, "no warehouse is asked");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_schema_that_is_not_there_is_refused() {
    let played = PlayedDatabricks::start().await;
    let columns = Segment::new("seq-1.s0001").columns();
    let store = Arc::new(LocalStore::open(played.lakehouse().files()).unwrap());
    let tables = connect(played.pat(), clock()).unwrap().tables("main.silver", store).unwrap();
    let text = tables.table("items").look(&columns).await.unwrap_err().to_string();
    assert!(
        text.contains("the schema main.silver is not there, or the identity lacks USE CATALOG"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_permission_that_is_missing_is_named() {
    let played = PlayedDatabricks::start().await;
    let segment = Segment::new("seq-1.s0001").land(played.lakehouse()).await;
    let denied = |message: &str| Fault::Refuse(403, "PERMISSION_DENIED", message.to_owned());
    played.fail([(Call::Catalog, denied("User does not have USE SCHEMA"))]);
    let text = table(&played).look(&segment.columns).await.unwrap_err().to_string();
    assert!(text.contains("does not have USE SCHEMA; the identity needs USE CATALOG, USE SCHEMA"), "{text}");
    table(&played).append(&Segment::new("seq-0.s0001").land(played.lakehouse()).await).await.unwrap();
    played.fail([(
        Call::Submit,
        Fault::Failed("PERMISSION_DENIED", "[INSUFFICIENT_PERMISSIONS] no READ VOLUME", None),
    )]);
    let error = table(&played).append(&segment).await.unwrap_err();
    let text = error.to_string();
    assert!(matches!(error, TableError::Refused { .. }) && text.contains("no READ VOLUME"), "{text}");
    assert!(text.contains("READ VOLUME or READ FILES on /Volumes/main/bronze/landing"), "{text}");
    assert_eq!(table(&played).append(&segment).await.unwrap().rows, 6, "and is loaded when that is mended");
}

#[tokio::test(flavor = "multi_thread")]
async fn files_that_the_workspace_does_not_see_are_told_with_their_place() {
    let played = PlayedDatabricks::start().await;
    let segment = Segment::new("seq-1.s0001").land(played.lakehouse()).await;
    let mut variables = played.pat();
    variables.insert("BRONZEGATE_DATABRICKS_FILES".to_owned(), "/Volumes/main/bronze/it's".to_owned());
    let store = Arc::new(LocalStore::open(played.lakehouse().files()).unwrap());
    let tables = connect(variables, clock()).unwrap().tables("main.bronze", store).unwrap();
    let text = tables.table("items").append(&segment).await.unwrap_err().to_string();
    assert!(
        text.contains("[UC_VOLUME_NOT_FOUND] Volume of /Volumes/main/bronze/it's/items/demo/items"),
        "{text}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_workspace_that_stays_away_fails_the_store_and_the_next_run_finishes() {
    let played = PlayedDatabricks::start().await;
    let segment = Segment::new("seq-1.s0001").land(played.lakehouse()).await;
    let items = table(&played);
    items.append(&Segment::new("seq-0.s0001").land(played.lakehouse()).await).await.unwrap();
    played.fail((0..6).map(|_| (Call::Submit, Fault::Unanswered)));
    let error = items.append(&segment).await.unwrap_err();
    assert!(matches!(error, TableError::Store(_)), "{error}");
    let appended = table(&played).append(&segment).await.unwrap();
    assert_eq!((appended.rows, appended.now), (6, false));
    assert_eq!(played.lakehouse().rows(FULL_NAME).await.len(), 12);
}

#[tokio::test(flavor = "multi_thread")]
async fn settings_that_are_missing_or_wrong_are_named() {
    let played = PlayedDatabricks::start().await;
    let store = || Arc::new(LocalStore::open(played.lakehouse().files()).unwrap());
    let cases = [
        ("main", None, "write databricks:<catalog>.<schema>"),
        ("main.bronze", Some(("DATABRICKS_WAREHOUSE_ID", "")), "DATABRICKS_WAREHOUSE_ID is not set"),
        ("main.bronze", Some(("BRONZEGATE_DATABRICKS_FILES", "")), "is a folder that a workspace cannot see"),
        ("main.bronze", Some(("DATABRICKS_HOST", "http://dbc")), "it must begin with https://"),
    ];
    for (schema, change, why) in cases {
        let mut variables = played.pat();
        variables.extend(change.map(|(name, value)| (name.to_owned(), value.to_owned())));
        let opened = connect(variables, clock()).and_then(|databricks| databricks.tables(schema, store()));
        let error: Error = opened.unwrap_err();
        assert_eq!(error.kind().exit_code(), 2);
        assert!(error.to_string().contains(why), "{error}");
    }
    assert_eq!(open(&played).parts().location(), played.lakehouse().files().display().to_string());
}
