//! What a run does that AWS bills, beside the counts of the cost table.

use std::process::Command;

use bronzegate_tests::aws_deployment::{Deployment, TIME};
use bronzegate_tests::spoiling_proxy::Proxy;
use bronzegate_tests::streams::items::{SETTINGS, stream};
use bronzegate_tests::{moto, one_stream, repository};
use serde_json::{Value, json};

/// What S3 bills differently. It bills a listing as it bills a write.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Billed {
    Write,
    Read,
    List,
}

/// How many of the requests that the proxy has seen are billed so.
fn count(lines: &[String], billed: Billed) -> u64 {
    let s3 = lines.iter().filter(|line| line.contains(" /bronze-"));
    let kind = |line: &String| match line.split(' ').next() {
        Some("PUT" | "POST") => Some(Billed::Write),
        Some("GET") if line.contains("list-type=2") || line.contains("?uploads") => Some(Billed::List),
        Some("GET" | "HEAD") => Some(Billed::Read),
        // Removing costs nothing.
        _ => None,
    };
    let (months, others): (Vec<_>, Vec<_>) = s3
        .filter(|line| kind(line) == Some(billed))
        .partition(|line| line.contains("list-type=2") && line.contains("commits%2Fat-"));
    // The log is listed from the run's month to today's, which is another one for some days or in later years.
    (others.len() + usize::from(!months.is_empty())) as u64
}

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
    let log_bytes = (deployment.lambda.log().concat().len() - before.1) as u64;
    let at = proxy.seen().len();
    deployment.lambda.invoke(&json!({ "watch": {} }), TIME).await.answer();
    let look = proxy.seen().split_off(at);

    let text = std::fs::read_to_string(repository().join("infra/costs.json")).unwrap();
    let counts: Value = serde_json::from_str(&text).unwrap();
    for (name, seen) in [
        ("s3_writes_per_run", count(&run, Billed::Write)),
        ("s3_reads_per_run", count(&run, Billed::Read)),
        ("s3_lists_per_run", count(&run, Billed::List)),
        ("s3_reads_per_look", count(&look, Billed::Read)),
        ("s3_lists_per_look", count(&look, Billed::List)),
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
