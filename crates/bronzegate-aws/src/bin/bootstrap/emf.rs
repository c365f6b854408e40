//! Metrics in CloudWatch's Embedded Metric Format: log lines that CloudWatch turns into metrics.
//!
//! The form is that of the
//! [specification](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).

use bronzegate_core::doors::metrics::{self, DIMENSIONS, Metric, Unit};
use bronzegate_core::report::RunReport;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The namespace of all metrics.
const NAMESPACE: &str = "Bronzegate";

/// The line of one run.
pub(crate) fn line(report: &RunReport, environment: &str, is_cold: bool, now: Timestamp) -> String {
    let mut all = metrics::of_run(report);
    all.push(Metric { name: "ColdStart", unit: Unit::Count, value: f64::from(u8::from(is_cold)) });
    let definitions: Vec<_> =
        all.iter().map(|metric| json!({ "Name": metric.name, "Unit": metric.unit.as_str() })).collect();
    let mut line = Map::new();
    line.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": now.as_millisecond(),
            "CloudWatchMetrics": [
                { "Namespace": NAMESPACE, "Dimensions": [DIMENSIONS], "Metrics": definitions },
            ],
        }),
    );
    let values = [&report.source, &report.stream, environment];
    line.extend(DIMENSIONS.iter().zip(values).map(|(name, value)| ((*name).to_owned(), json!(value))));
    line.extend(all.iter().map(|metric| (metric.name.to_owned(), metric.json())));
    // Not metrics, but what somebody looks for beside them.
    line.insert("batch_id".to_owned(), json!(report.batch_id));
    line.insert("key".to_owned(), json!(report.key));
    Value::Object(line).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_one_line_with_its_metrics_under_three_dimensions() {
        let report = RunReport {
            records_ratio: Some(0.75),
            batch_id: Some("20261122170000".to_owned()),
            ..RunReport::new("crm", "deals")
        };
        let line = line(&report, "prod", true, "2026-11-22T17:00:00.5Z".parse().unwrap());
        let line: Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["_aws"]["Timestamp"], 1_795_366_800_500_i64);
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        assert_eq!(directive["Namespace"], "Bronzegate");
        assert_eq!(directive["Dimensions"], json!([["Source", "Stream", "Environment"]]));
        assert_eq!(
            (&line["Source"], &line["Stream"], &line["Environment"]),
            (&json!("crm"), &json!("deals"), &json!("prod"))
        );
        for metric in directive["Metrics"].as_array().unwrap() {
            assert!(line[metric["Name"].as_str().unwrap()].is_number(), "{metric}");
        }
        assert_eq!(
            (&line["RunFailed"], &line["RecordsRatio"], &line["ColdStart"]),
            (&json!(1), &json!(0.75), &json!(1))
        );
        assert!(line.get("DurationRatio").is_none());
    }
}
