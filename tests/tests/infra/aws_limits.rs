//! Hundreds of sources are inside of what AWS takes: sizes of policies, dashboards and events.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use bronzegate_tests::moto::Moto;
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

/// Source files with two or three streams each, of which all but every tenth have a schedule of their own.
fn write_sources(folder: &Path) {
    let third = STREAMS - 2 * SOURCES;
    for number in 0..SOURCES {
        let name = format!("a-source-with-a-name-of-usual-length-{number:03}");
        let mut text = format!(
            "source: {name}\nbase_url: https://{name}.example\nauth: {{ type: bearer, token: {{ secret: {name}-token }} }}\nstreams:\n"
        );
        for stream in 0..(if number < third { 3 } else { 2 }) {
            let schedule = if stream == 2 {
                "{ cron: \"30 2 * * MON-FRI\", timezone: Europe/Berlin }"
            } else {
                "{ every: 1h }"
            };
            let settings = format!("records: $, pagination: {{ type: none }}, schedule: {schedule}");
            writeln!(text, "  stream_{stream}: {{ path: /{stream}, {settings} }}")
                .expect("a text is writable");
        }
        fs::write(folder.join(format!("{name}.yaml")), text).expect("writable");
    }
}

#[tokio::test]
async fn hundreds_of_sources_are_inside_of_all_limits() {
    let folder = tempfile::tempdir().unwrap();
    write_sources(folder.path());
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
