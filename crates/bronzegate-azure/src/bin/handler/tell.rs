//! Events as log lines, which Application Insights keeps as traces: alerts and the workbook ask for them by
//! their member `event`.

use bronzegate_core::clock::Clock;
use bronzegate_core::doors::metrics;
use bronzegate_core::doors::{Action, Event};
use bronzegate_core::report::{self, RunReport};
use serde_json::{Value, json};

use crate::handler::Handler;
use crate::output;

impl Handler {
    /// A run's outcome: its lines for people, and one for alerts with the metrics by their names.
    pub(crate) fn tell(&self, report: &RunReport, event: &Event, invocation: Option<&str>, is_cold: bool) {
        report::log(report);
        let kind = if matches!(event.action, Action::Window { .. }) { "window" } else { "scheduled" };
        let mut members = json!({
            "source": report.source, "stream": report.stream, "environment": self.environment,
            "status": report.status, "kind": kind, "key": report.key, "batch_id": report.batch_id, "invocation_id": invocation,
            "error_kind": report.error.as_ref().map(|error| error.kind.as_str()),
        });
        for metric in metrics::of_run(report) {
            members[metric.name] = metric.json();
        }
        members["ColdStart"] = json!(u8::from(is_cold));
        line(&*self.clock, "INFO", "bronzegate.run", &members);
    }
}

/// Writes one event.
pub(crate) fn line(clock: &dyn Clock, level: &str, event: &str, members: &Value) {
    let mut line = json!({ "timestamp": clock.now().to_string(), "level": level, "event": event });
    if let (Some(line), Some(members)) = (line.as_object_mut(), members.as_object()) {
        line.extend(members.clone());
    }
    output::line(&line.to_string());
}
