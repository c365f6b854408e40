//! Hundreds of sources are inside of what AWS takes: sizes of policies, dashboards and events.

use std::process::Command;

use bronzegate_tests::moto::Moto;
use bronzegate_tests::repository;
use bronzegate_tests::terraform::Terraform;
use serde_json::Value;

const SOURCES: usize = 150;
const STREAMS: usize = 400;

/// IAM's quota for the inline policies of a role, blanks aside.
const POLICY: usize = 10_240;
/// The widgets of a dashboard.
const WIDGETS: usize = 500;
/// The bytes of a state machine's input, and of a schedule's.
const INPUT: usize = 256 * 1024;
/// The characters of a schedule's name.
const NAME: usize = 64;

#[tokio::test]
async fn hundreds_of_sources_are_inside_of_all_limits() {
    let folder = tempfile::tempdir().unwrap();
    let script = repository().join("infra/many_sources.py");
    let written = Command::new("python3").arg(script).arg(folder.path()).status().expect("Python starts");
    assert!(written.success());
    let moto = Moto::start();
    let Some(example) = Terraform::example(moto.port(), "lake", folder.path()).await else { return };
    let planned = example.planned().await;
    let of = |kind: &str| -> Vec<&Value> {
        let prefix = format!("module.bronzegate.{kind}");
        planned.iter().filter(|(address, _)| address.starts_with(&prefix)).map(|(_, values)| values).collect()
    };
    let schedules = of("aws_scheduler_schedule.stream");
    assert_eq!(
        schedules.len(),
        SOURCES + (STREAMS - 2 * SOURCES),
        "streams with the same times are one event"
    );
    for schedule in schedules {
        let input = schedule["target"][0]["input"].as_str().unwrap();
        assert!(input.len() < INPUT && schedule["name"].as_str().unwrap().len() <= NAME, "{schedule}");
    }
    assert_eq!(of("aws_cloudwatch_metric_alarm.health").len(), 2 * STREAMS);
    let body = of("aws_cloudwatch_dashboard.streams")[0]["dashboard_body"].as_str().unwrap();
    let body: Value = serde_json::from_str(body).unwrap();
    assert!(body["widgets"].as_array().unwrap().len() < WIDGETS);

    let role = "module.bronzegate.aws_iam_role_policy.function[0]";
    example.apply(&[role]).await;
    let policy = example.attributes(role).await["policy"].as_str().unwrap().to_owned();
    assert!(policy.contains("lake/bronze/*"), "{policy}");
    let size = policy.chars().filter(|c| !c.is_whitespace()).count();
    assert!(size < POLICY, "{size} characters: {policy}");
}
