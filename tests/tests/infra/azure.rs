//! The Terraform module for Azure beside the code: what is a name in both is the same name. What the module
//! plans is tested by Terraform itself.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use bronzegate_azure::functions::WATCH;
use bronzegate_core::doors::metrics;
use bronzegate_core::report::{Counts, RunReport, Status};
use bronzegate_demo_api::{Options, Shape, Stream, Style};
use bronzegate_tests::azure_deployment::{Deployment, item};
use bronzegate_tests::one_stream;
use serde_json::json;

#[test]
fn queries_ask_for_metrics_that_runs_have() {
    let text = module(&["queries.tf", "alerts.tf", "workbook.tf"]);
    let named = after(&text, "metric = \"").chain(after(&text, "Run."));
    let listed = text.split("metrics = [").skip(1).filter_map(|rest| rest.split(']').next());
    let listed = listed.flat_map(|names| names.split(", ")).map(|name| name.trim_matches('"'));
    let asked: BTreeSet<_> =
        named.chain(listed).filter(|name| name.starts_with(char::is_uppercase)).collect();
    for threshold in ["RecordsRatio", "DurationRatio", "ErrorRate", "RunFailed", "RunCompleted", "Breaches"] {
        assert!(asked.contains(threshold), "{asked:?}");
    }
    let told = metrics_of_a_run();
    assert!(asked.iter().all(|name| told.contains(name)), "{asked:?} are asked for, {told:?} are told");
}

#[test]
fn settings_of_the_app_are_variables_that_the_program_reads() {
    let text = module(&["function.tf"]);
    let set: BTreeSet<_> = text
        .lines()
        .filter_map(|line| line.trim().split_once('='))
        .map(|(name, _)| name.trim())
        .filter(|name| name.starts_with("BRONZEGATE_") || name.starts_with("AZURE_"))
        .collect();
    assert!(set.contains("BRONZEGATE_TARGET") && set.contains("AZURE_CLIENT_ID"), "{set:?}");
    let mut code = String::new();
    read_all(&repository().join("crates"), &mut code);
    // The name of the queue is for the Functions host: bindings have it as %BRONZEGATE_QUEUE%. Of a connection they
    // have what stands before the two underscores.
    let unread: Vec<_> = set
        .into_iter()
        .filter_map(|name| name.split("__").next())
        .filter(|name| *name != "BRONZEGATE_QUEUE" && !code.contains(&format!("\"{name}\"")))
        .collect();
    assert_eq!(unread, Vec::<&str>::new());
}

#[tokio::test]
async fn queries_ask_for_members_of_the_lines_that_the_handler_writes() {
    let stream = Stream::new("items", Style::Single, Shape::Small, 10);
    let options = Options { streams: vec![stream], ..Options::default() };
    let mut deployment =
        Deployment::new(options, &one_stream("items", "records: results\nschedule: { every: 1h }")).await;
    deployment.put(item("items"));
    deployment.put(item("nowhere"));
    deployment.app.work_all().await;
    deployment.app.invoke(WATCH, json!({ "timer": {} }), json!({})).await.outputs();
    let text = module(&["queries.tf", "alerts.tf", "workbook.tf"]);
    let events: BTreeSet<_> = after(&text, "bronzegate.").filter(|name| !name.is_empty()).collect();
    assert_eq!(events, ["missed", "poison", "run", "watched"].into());
    for event in events {
        let told = deployment.app.events(&format!("bronzegate.{event}"));
        assert_eq!(told.len(), 1, "{event}: {:?}", deployment.app.log());
    }
    let run = &deployment.app.events("bronzegate.run")[0];
    let members: BTreeSet<_> =
        after(&text, "Run.").filter(|name| name.starts_with(char::is_lowercase)).collect();
    for expected in ["event", "environment", "source", "stream", "status"] {
        assert!(members.contains(expected), "{members:?}");
    }
    assert!(members.iter().all(|name| run.get(name).is_some()), "{members:?} are asked for: {run}");
}

/// The names of all metrics that a run can have.
fn metrics_of_a_run() -> BTreeSet<&'static str> {
    let report = RunReport {
        status: Status::Complete,
        counts: Counts { requests: 1, ..Counts::default() },
        records_ratio: Some(1.0),
        duration_ratio: Some(1.0),
        ..RunReport::new("crm", "deals")
    };
    metrics::of_run(&report).iter().map(|metric| metric.name).collect()
}

/// The words that stand right after a text.
fn after<'a>(text: &'a str, before: &'a str) -> impl Iterator<Item = &'a str> {
    text.split(before).skip(1).map(|rest| {
        let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
        &rest[..end]
    })
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in the repository").to_owned()
}

/// Files of the module, one after another.
fn module(files: &[&str]) -> String {
    let folder = repository().join("infra/modules/azure");
    files.iter().map(|file| fs::read_to_string(folder.join(file)).expect("the module has it")).collect()
}

fn read_all(folder: &Path, code: &mut String) {
    for entry in fs::read_dir(folder).expect("readable") {
        let path = entry.expect("readable").path();
        if path.is_dir() {
            read_all(&path, code);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            code.push_str(&fs::read_to_string(&path).expect("it is text"));
        }
    }
}
