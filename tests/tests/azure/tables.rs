//! The Functions handler with a root of tables: records become rows of a Delta table in the container.

use bronzegate_azure::functions::QUEUE;
use bronzegate_demo_api::Shape;
use bronzegate_tests::azure::Azurite;
use bronzegate_tests::azure_deployment::{Deployment, item};
use bronzegate_tests::command_line::assert_same;
use bronzegate_tests::delta::{DeltaPeer, PeerRoot};
use bronzegate_tests::functions_host::Invoked;
use bronzegate_tests::streams::items::{RECORDS, SETTINGS};
use bronzegate_tests::{expected, one_stream};
use serde_json::json;

use super::handler::options;

fn yaml() -> String {
    one_stream("items", &format!("{SETTINGS}\noutput: {{ table: items, max_part_bytes: 16KiB }}"))
}

/// The tables' root beside the target, and its container.
fn place(deployment: &Deployment) -> (String, String) {
    let target = &deployment.app.variables()["BRONZEGATE_TARGET"];
    let container = target.trim_start_matches("abfss://").split('@').next().expect("it has one").to_owned();
    (target.replace("/bronze", "/lake/tables"), container)
}

#[tokio::test]
async fn an_item_of_a_stream_with_a_table_lands_in_it_once_however_often_it_comes() {
    let mut deployment = Deployment::new(options(), &yaml()).await;
    let (url, container) = place(&deployment);
    deployment.app.set("BRONZEGATE_TABLES", &url);
    for _ in 0..2 {
        deployment.put(item("items"));
    }
    let ended = deployment.app.work_all().await;
    assert_eq!(ended, [Invoked::Outputs(json!({})), Invoked::Outputs(json!({}))]);
    let root = PeerRoot::azure(Azurite::shared(), &container, "lake/tables");
    let rows = DeltaPeer::start().rows(&root, "items", "delta-rs").await;
    let mut records: Vec<_> = rows.into_iter().map(|[_, _, record]| record).collect();
    let mut wanted = expected(Shape::Small, RECORDS);
    records.sort();
    wanted.sort();
    assert_same(&records, &wanted);
    assert_eq!(deployment.lines("items").await, Vec::<String>::new(), "no file is written");
}

#[tokio::test]
async fn a_wrong_place_for_tables_is_named_before_the_first_request() {
    let deployment = Deployment::new(options(), &yaml()).await;
    for (value, message) in [
        ("", "`items`, and no place for tables is set; set BRONZEGATE_TABLES"),
        ("s3://lake/tables", "BRONZEGATE_TABLES `s3://lake/tables`"),
    ] {
        let mut app = deployment.second();
        app.set("BRONZEGATE_TABLES", value);
        let told = match app.invoke(QUEUE, json!({ "item": item("items").to_string() }), json!({})).await {
            Invoked::Failed(_, body) => body,
            // What no other try can help goes onto the poison queue, and why into the log.
            Invoked::Outputs(outputs) if outputs.get("poison").is_some() => app.log().join("\n"),
            Invoked::Outputs(outputs) => outputs.to_string(),
            Invoked::Died => "it died".to_owned(),
        };
        assert!(told.contains(message), "{told}");
    }
    assert_eq!(deployment.api.stats().stream("items").requests, 0);
}
