//! The Lambda handler with a root of tables: records become rows of a Delta table in the bucket.

use bronzegate_demo_api::Shape;
use bronzegate_tests::aws_deployment::{Deployment, TIME, scheduled};
use bronzegate_tests::command_line::assert_same;
use bronzegate_tests::delta::{DeltaPeer, PeerRoot};
use bronzegate_tests::streams::items::{RECORDS, SETTINGS, cut_at, faults, stream};
use bronzegate_tests::{expected, one_stream};

fn yaml() -> String {
    one_stream("items", &format!("{SETTINGS}\noutput: {{ table: items, max_part_bytes: 16KiB }}"))
}

fn place(deployment: &Deployment) -> String {
    format!("s3://{}/lake/tables", deployment.bucket)
}

#[tokio::test]
async fn a_stream_with_a_table_lands_in_it_once_over_several_invocations() {
    let faults = [faults(), vec![cut_at(14)]].concat();
    let mut deployment = Deployment::new(vec![stream()], faults, &yaml()).await;
    let place = place(&deployment);
    deployment.lambda.set("BRONZEGATE_TABLES", &place);
    for status in ["partial", "complete", "already_committed"] {
        let answer = deployment.lambda.invoke(&scheduled(Some("items")), TIME).await.answer();
        assert_eq!(answer["status"], status, "{answer}");
        assert!(
            status == "already_committed" || answer["reports"][0]["table"]["name"] == "items",
            "{answer}"
        );
        // A process that is warm still waits as long as the API has asked.
        deployment.lambda.stop().await;
    }
    let root = PeerRoot::s3(&deployment.bucket, "lake/tables");
    let rows = DeltaPeer::start().rows(&root, "items", "delta-rs").await;
    let mut records: Vec<_> = rows.into_iter().map(|[_, _, record]| record).collect();
    let mut wanted = expected(Shape::Small, RECORDS);
    records.sort();
    wanted.sort();
    assert_same(&records, &wanted);
    assert_eq!(deployment.records("items").await, Vec::<String>::new(), "no file is written");
}

#[tokio::test]
async fn a_wrong_place_for_tables_is_named_before_the_first_request() {
    let deployment = Deployment::new(vec![stream()], Vec::new(), &yaml()).await;
    for (value, message) in [
        ("", "`items`, and no place for tables is set; set BRONZEGATE_TABLES"),
        ("gs://lake/tables", "BRONZEGATE_TABLES `gs://lake/tables`"),
        ("abfss://lake@acme.dfs.core.windows.net/tables", "BRONZEGATE_TABLES `abfss://"),
    ] {
        let mut lambda = deployment.second().await;
        lambda.set("BRONZEGATE_TABLES", value);
        let (kind, found) = lambda.invoke(&scheduled(Some("items")), TIME).await.failure();
        assert_eq!(kind, "config", "{found}");
        assert!(found.contains(message), "{found}");
    }
    assert_eq!(deployment.api.stats().stream("items").requests, 0);
    assert_eq!(deployment.objects("").await.len(), 0, "nothing is written");
}
