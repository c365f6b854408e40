//! What a run does that AWS bills, beside the counts of the cost table.

use std::process::Command;

use bronzegate_tests::aws_deployment::{Deployment, TIME};
use bronzegate_tests::scale::Requests;
use bronzegate_tests::spoiling_proxy::Proxy;
use bronzegate_tests::streams::items::{SETTINGS, stream};
use bronzegate_tests::{moto, one_stream, repository};
use serde_json::{Value, json};

#[tokio::test]
async fn a_run_costs_what_the_table_counts() {
    let settings = format!("{SETTINGS}\nschedule: {{ every: 1h }}");
    let mut deployment = Deployment::new(vec![stream()], Vec::new(), &one_stream("items", &settings)).await;
    let proxy = Proxy::start(moto::port()).await;
    deployment.lambda.set("AWS_ENDPOINT_URL", &format!("http://127.0.0.1:{}", proxy.port()));
    let mut before = (0, 0);
    let mut run = None;
    for hour in 10..14 {
        let event = json!({ "source": "demo", "streams": ["items"], "scheduled_time": format!("2026-11-22T{hour}:00:00Z") });
        before = (proxy.seen().len(), deployment.lambda.log().concat().len());
        assert_eq!(deployment.lambda.invoke(&event, TIME).await.answer()["status"], "complete");
        run = Some(proxy.seen().split_off(before.0));
    }
    let run = run.expect("it has run");
    assert!(!run.iter().any(|line| line.contains("running.json") && !line.starts_with("GET ")), "{run:#?}");
    let log_bytes = (deployment.lambda.log().concat().len() - before.1) as u64;
    let at = proxy.seen().len();
    deployment.lambda.invoke(&json!({ "watch": {} }), TIME).await.answer();
    let look = proxy.seen().split_off(at);

    let text = std::fs::read_to_string(repository().join("infra/costs.json")).unwrap();
    let counts: Value = serde_json::from_str(&text).unwrap();
    for (name, seen) in [
        ("s3_writes_per_run", Requests::of_s3(&run).writes),
        ("s3_reads_per_run", Requests::of_s3(&run).reads),
        ("s3_lists_per_run", Requests::of_s3(&run).lists),
        ("s3_reads_per_look", Requests::of_s3(&look).reads),
        ("s3_lists_per_look", Requests::of_s3(&look).lists),
    ] {
        assert_eq!(counts["aws"][name], seen, "{name} of {run:#?} and {look:#?}");
    }
    let told = counts["aws"]["log_bytes_per_run"].as_u64().unwrap();
    assert!(log_bytes <= told && told <= 2 * log_bytes, "log_bytes_per_run: {log_bytes}");
}

#[test]
fn the_pages_have_the_tables_that_the_script_makes() {
    for (arguments, page) in [(&[][..], "docs/deploy/costs.md"), (&["5000"][..], "docs/operate/scale.md")] {
        let script = repository().join("infra/costs.py");
        let made = Command::new("python3").arg(script).args(arguments).output().expect("Python starts");
        let tables = String::from_utf8(made.stdout).unwrap();
        let text = std::fs::read_to_string(repository().join(page)).unwrap();
        let tables: Vec<_> = tables.trim().split("\n\n").collect();
        assert_eq!(tables.len(), 2);
        assert!(tables.iter().all(|table| text.contains(table)), "{page}: {tables:#?}");
    }
}
