//! A run as a log line. What an alarm goes by is in CloudWatch's Embedded Metric Format, which CloudWatch turns into metrics.
//!
//! The form is that of the
//! [specification](https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).

use bronzegate_core::doors::MissedRun;
use bronzegate_core::doors::metrics::{self, DIMENSIONS, Metric, Unit};
use bronzegate_core::report::RunReport;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Whose metrics and lines they are.
#[derive(Debug)]
pub(crate) struct Teller {
    /// CloudWatch's namespace.
    pub(crate) namespace: String,
    /// The deployment's environment.
    pub(crate) environment: String,
}

/// The metrics that are billed as such, where they are above zero: what alarms go by. Every other value is a member of
/// the line, which Logs Insights finds.
const ALARMED: [&str; 1] = ["Breaches"];

impl Teller {
    /// The line of one run.
    pub(crate) fn line(&self, report: &RunReport, is_cold: bool, now: Timestamp) -> String {
        let mut all = metrics::of_run(report);
        all.push(Metric { name: "ColdStart", unit: Unit::Count, value: f64::from(u8::from(is_cold)) });
        let mut line = dimensions([&report.source, &report.stream, &self.environment]);
        line.extend(all.iter().map(|metric| (metric.name.to_owned(), metric.json())));
        // Not metrics, but what somebody looks for beside them.
        line.insert("batch_id".to_owned(), json!(report.batch_id));
        line.insert("key".to_owned(), json!(report.key));
        line.insert("status".to_owned(), json!(report.status));
        let kind = report.error.as_ref().map(|error| error.kind.as_str());
        line.insert("error_kind".to_owned(), json!(kind));
        let alarmed: Vec<_> =
            all.into_iter().filter(|metric| ALARMED.contains(&metric.name) && metric.value > 0.0).collect();
        self.with_metrics(line, &alarmed, now)
    }

    /// The line of one run that is missing.
    pub(crate) fn missed(&self, missed: &MissedRun, now: Timestamp) -> String {
        let mut line = dimensions([&missed.source, &missed.stream, &self.environment]);
        let metric = Metric { name: "Missed", unit: Unit::Count, value: 1.0 };
        line.insert(metric.name.to_owned(), metric.json());
        line.insert("due".to_owned(), json!(missed.run.due));
        line.insert("reason".to_owned(), json!(missed.run.reason));
        line.insert("key".to_owned(), json!(missed.run.last));
        self.with_metrics(line, &[metric], now)
    }

    /// Without a metric, the line is one for people alone.
    fn with_metrics(&self, mut line: Map<String, Value>, metrics: &[Metric], now: Timestamp) -> String {
        if !metrics.is_empty() {
            let definition = |metric: &Metric| json!({ "Name": metric.name, "Unit": metric.unit.as_str() });
            let definitions: Vec<_> = metrics.iter().map(definition).collect();
            let directive = json!({
                "Timestamp": now.as_millisecond(),
                "CloudWatchMetrics": [
                    { "Namespace": self.namespace, "Dimensions": [DIMENSIONS], "Metrics": definitions },
                ],
            });
            line.insert("_aws".to_owned(), directive);
        }
        Value::Object(line).to_string()
    }
}

fn dimensions(values: [&str; 3]) -> Map<String, Value> {
    DIMENSIONS.iter().zip(values).map(|(name, value)| ((*name).to_owned(), json!(value))).collect()
}

#[cfg(test)]
mod tests {
    use bronzegate_core::breach::{Breach, Threshold};
    use bronzegate_core::health::{Missed, MissedReason};

    use super::*;

    fn teller() -> Teller {
        Teller { namespace: "Bronzegate/lake".to_owned(), environment: "prod".to_owned() }
    }

    fn read(line: &str) -> Value {
        serde_json::from_str(line).unwrap()
    }

    #[test]
    fn a_healthy_run_is_one_line_and_no_metric() {
        let report = RunReport {
            records_ratio: Some(0.75),
            batch_id: Some("20261122170000".to_owned()),
            ..RunReport::new("crm", "deals")
        };
        let line = read(&teller().line(&report, true, Timestamp::UNIX_EPOCH));
        assert_eq!(
            (&line["Source"], &line["Stream"], &line["Environment"]),
            (&json!("crm"), &json!("deals"), &json!("prod"))
        );
        assert_eq!(
            (&line["RunFailed"], &line["RecordsRatio"], &line["ColdStart"], &line["Breaches"]),
            (&json!(1), &json!(0.75), &json!(1), &json!(0))
        );
        assert!(line.get("DurationRatio").is_none() && line.get("_aws").is_none(), "{line}");
    }

    #[test]
    fn breaches_and_missing_runs_are_metrics_under_three_dimensions() {
        let breach = Breach { threshold: Threshold::MinRecords, value: 1.0, limit: 2.0, is_default: false };
        let report = RunReport { breaches: vec![breach], ..RunReport::new("crm", "deals") };
        let now = "2026-11-22T17:00:00.5Z".parse().unwrap();
        let run = Missed { due: now, reason: MissedReason::NoRun, last: Some("seq-7".to_owned()) };
        let run = MissedRun { source: "crm".to_owned(), stream: "deals".to_owned(), run };
        let teller = teller();
        for (line, name) in
            [(teller.line(&report, true, now), "Breaches"), (teller.missed(&run, now), "Missed")]
        {
            let line = read(&line);
            assert_eq!(line["_aws"]["Timestamp"], 1_795_366_800_500_i64);
            let directive = &line["_aws"]["CloudWatchMetrics"][0];
            assert_eq!(directive["Namespace"], "Bronzegate/lake");
            assert_eq!(directive["Dimensions"], json!([["Source", "Stream", "Environment"]]));
            assert_eq!(directive["Metrics"], json!([{ "Name": name, "Unit": "Count" }]));
            assert_eq!(line[name], 1);
        }
    }
}
