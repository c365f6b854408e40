//! The metrics of a run: names, units and values, whatever the platform they are told to.

use serde_json::{Value, json};

use crate::config::error_rate;
use crate::report::{RunReport, Status};

/// The dimensions that every metric of a run has, in this order: source, stream, environment.
pub const DIMENSIONS: [&str; 3] = ["Source", "Stream", "Environment"];

/// What a metric counts in; the names are CloudWatch's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A number of things.
    Count,
    /// Bytes.
    Bytes,
    /// Milliseconds.
    Milliseconds,
    /// Hundredths.
    Percent,
    /// A ratio.
    None,
}

impl Unit {
    /// The unit's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Count => "Count",
            Self::Bytes => "Bytes",
            Self::Milliseconds => "Milliseconds",
            Self::Percent => "Percent",
            Self::None => "None",
        }
    }
}

/// One value of a metric.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Metric {
    /// Its name, for example `RecordsRatio`.
    pub name: &'static str,
    /// What it counts in.
    pub unit: Unit,
    /// Its value.
    pub value: f64,
}

impl Metric {
    /// Its value as JSON: whole numbers without a fraction.
    pub fn json(&self) -> Value {
        let value = self.value;
        if value.fract() == 0.0 && value.abs() < 9e15 { json!(value as i64) } else { json!(value) }
    }
}

/// The metrics of one stream's run.
///
/// `RunCompleted`, `RunFailed` and `RunPartial` are 1 or 0 each; a run that found its key committed is
/// completed, since what was due is there. Its counts are left out, and so are ratios that do not
/// exist or that the defaults of `expect` skip, because a 0 would look like a breach. `Breaches` is the number of thresholds of `expect` that
/// the run breached, `Warnings` that of all its warnings. An event that was skipped is no run, and has none.
pub fn of_run(report: &RunReport) -> Vec<Metric> {
    if report.status == Status::Skipped {
        return Vec::new();
    }
    let flag = |name, is: bool| Metric { name, unit: Unit::Count, value: f64::from(u8::from(is)) };
    let mut metrics = vec![
        flag("RunCompleted", matches!(report.status, Status::Complete | Status::AlreadyCommitted)),
        flag("RunFailed", report.status == Status::Failed),
        flag("RunPartial", report.status == Status::Partial),
    ];
    if report.status == Status::AlreadyCommitted {
        return metrics;
    }
    let counts = report.counts;
    for (name, unit, value) in [
        ("Records", Unit::Count, counts.records),
        ("Bytes", Unit::Bytes, counts.bytes),
        ("Pages", Unit::Count, counts.pages),
        ("Requests", Unit::Count, counts.requests),
        ("Retries", Unit::Count, counts.retries),
        ("ApiErrors", Unit::Count, counts.api_errors),
        ("DurationMs", Unit::Milliseconds, report.duration_ms),
    ] {
        metrics.push(Metric { name, unit, value: value as f64 });
    }
    let rate = error_rate(counts.requests, counts.api_errors);
    metrics.extend(rate.map(|value| Metric { name: "ErrorRate", unit: Unit::Percent, value }));
    let records_ratio = report.records_ratio.filter(|_| !report.is_ratio_passed_over);
    for (name, ratio) in [("RecordsRatio", records_ratio), ("DurationRatio", report.duration_ratio)] {
        metrics.extend(ratio.map(|value| Metric { name, unit: Unit::None, value }));
    }
    for (name, count) in [("Breaches", report.breaches.len()), ("Warnings", report.warnings.len())] {
        metrics.push(Metric { name, unit: Unit::Count, value: count as f64 });
    }
    metrics
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Counts;

    fn told(report: &RunReport) -> String {
        of_run(report)
            .iter()
            .map(|metric| format!("{}={} {}", metric.name, metric.value, metric.unit.as_str()))
            .collect::<Vec<_>>()
            .join(", ")
    }

    #[test]
    fn a_complete_run_tells_everything() {
        let counts = Counts { records: 50, bytes: 4096, pages: 2, requests: 8, retries: 2, api_errors: 2 };
        let report = RunReport {
            status: Status::Complete,
            counts,
            duration_ms: 1500,
            records_ratio: Some(0.5),
            ..RunReport::new("crm", "deals")
        };
        insta::assert_snapshot!(told(&report), @"RunCompleted=1 Count, RunFailed=0 Count, RunPartial=0 Count, Records=50 Count, Bytes=4096 Bytes, Pages=2 Count, Requests=8 Count, Retries=2 Count, ApiErrors=2 Count, DurationMs=1500 Milliseconds, ErrorRate=25 Percent, RecordsRatio=0.5 None, Breaches=0 Count, Warnings=0 Count");
    }

    #[test]
    fn a_ratio_that_the_default_passes_over_sets_off_no_alarm() {
        let report = RunReport { records_ratio: Some(0.0), ..RunReport::new("crm", "deals") };
        assert!(told(&report).contains("RecordsRatio=0 None"));
        let report = RunReport { is_ratio_passed_over: true, ..report };
        assert!(!told(&report).contains("RecordsRatio"));
    }

    #[test]
    fn what_was_committed_already_is_completed_and_counts_nothing() {
        let report = RunReport { status: Status::AlreadyCommitted, ..RunReport::new("crm", "deals") };
        assert_eq!(told(&report), "RunCompleted=1 Count, RunFailed=0 Count, RunPartial=0 Count");
    }

    #[test]
    fn an_event_that_was_skipped_tells_nothing() {
        let report = RunReport { status: Status::Skipped, ..RunReport::new("crm", "deals") };
        assert_eq!(told(&report), "");
    }

    #[test]
    fn a_run_without_a_request_has_no_error_rate() {
        let report = RunReport::new("crm", "deals");
        assert!(told(&report).starts_with("RunCompleted=0 Count, RunFailed=1 Count"));
        assert!(!told(&report).contains("ErrorRate"));
    }
}
