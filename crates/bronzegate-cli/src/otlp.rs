//! Metrics and traces by OTLP, as JSON over HTTP, to the collector that `OTEL_EXPORTER_OTLP_ENDPOINT` names.
//!
//! A command is one trace, and each of its streams a span of it. There are names, counts and kinds of errors, and no error's
//! text, because that may quote a record. What goes wrong here is logged: a run never fails by it.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use bronzegate_core::doors::LookUp;
use bronzegate_core::doors::metrics::{Metric, Unit, of_run};
use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::proxy::Proxies;
use bronzegate_core::random;
use bronzegate_core::report::{RunReport, Status};
use jiff::Timestamp;
use reqwest::Url;
use serde_json::{Value, json};

use crate::notify::Outcome;
use crate::post;

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const HEADERS: &str = "OTEL_EXPORTER_OTLP_HEADERS";
const SERVICE: &str = "OTEL_SERVICE_NAME";

/// A collector, and what this command will tell it.
pub(crate) struct Otlp {
    endpoint: Url,
    headers: Vec<(String, String)>,
    service: String,
    begun: Timestamp,
    ended: Mutex<Vec<(RunReport, Timestamp)>>,
}

impl fmt::Debug for Otlp {
    /// Without the headers, which hold credentials.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Otlp").finish_non_exhaustive()
    }
}

impl Otlp {
    /// The collector of the environment, if it names one.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the address is none, or a header has no `=`.
    pub(crate) fn of(look_up: &LookUp, begun: Timestamp) -> Result<Option<Self>> {
        let set = |name: &str| look_up(name).filter(|value| !value.is_empty());
        let wrong = |text: &str| Error::new(ErrorKind::Config, text.to_owned());
        let Some(endpoint) = set(ENDPOINT) else { return Ok(None) };
        let endpoint = endpoint.parse::<Url>().ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        let endpoint =
            endpoint.ok_or_else(|| wrong("OTEL_EXPORTER_OTLP_ENDPOINT is no http:// or https:// URL"))?;
        let headers = set(HEADERS).unwrap_or_default();
        let headers = headers.split(',').map(str::trim).filter(|header| !header.is_empty()).map(|header| {
            let (name, value) = header.split_once('=')?;
            let value = url::form_urlencoded::parse(format!("v={}", value.replace('+', "%2B")).as_bytes())
                .next()
                .map(|(_, value)| value.trim().to_owned())?;
            Some((name.trim().to_owned(), value))
        });
        let headers: Option<Vec<_>> = headers.collect();
        let headers = headers
            .ok_or_else(|| wrong("OTEL_EXPORTER_OTLP_HEADERS is no list such as name=value,name=value"))?;
        let service = set(SERVICE).unwrap_or_else(|| "bronzegate".to_owned());
        Ok(Some(Self { endpoint, headers, service, begun, ended: Mutex::default() }))
    }

    /// Keeps the report of a run that has just ended.
    pub(crate) fn keep(&self, report: &RunReport, now: Timestamp) {
        self.ended.lock().unwrap_or_else(PoisonError::into_inner).push((report.clone(), now));
    }

    /// Sends what was kept, at the command's end.
    pub(crate) async fn export(
        &self,
        proxies: &Proxies,
        (environment, command): (&str, &str),
        outcome: Outcome<'_>,
        now: Timestamp,
    ) {
        let ended = std::mem::take(&mut *self.ended.lock().unwrap_or_else(PoisonError::into_inner));
        let resource = json!({ "attributes": [
            text("service.name", &self.service),
            text("service.version", env!("CARGO_PKG_VERSION")),
            text("deployment.environment.name", environment),
        ] });
        let scope = json!({ "name": "bronzegate", "version": env!("CARGO_PKG_VERSION") });
        let refused = match outcome {
            Outcome::Refused(error) => Some(error.kind()),
            Outcome::Reports(_) => None,
        };
        let spans = spans(&ended, command, refused, (self.begun, now));
        let metrics = metrics(&ended);
        let signals = [
            (
                "traces",
                json!({ "resourceSpans": [{ "resource": resource, "scopeSpans": [{ "scope": scope, "spans": spans }] }] }),
            ),
            (
                "metrics",
                json!({ "resourceMetrics": [{ "resource": resource, "scopeMetrics": [{ "scope": scope, "metrics": metrics }] }] }),
            ),
        ];
        for (signal, body) in signals {
            if signal == "metrics" && metrics.is_empty() {
                continue;
            }
            match post::json(self.address(signal), proxies, &self.headers, body.to_string()).await {
                Ok(status) if (200..300).contains(&status) => {}
                Ok(status) => tracing::warn!(status, signal, "{ENDPOINT}: the collector refused what it got"),
                Err(cause) => tracing::warn!(cause, signal, "{ENDPOINT}: the collector did not get it"),
            }
        }
    }

    /// `<endpoint>/v1/<signal>`, as the specification of the exporters has it.
    fn address(&self, signal: &str) -> Url {
        let mut address = self.endpoint.clone();
        let path = format!("{}/v1/{signal}", address.path().trim_end_matches('/'));
        address.set_path(&path);
        address
    }
}

/// The span of the command, and one for each stream.
fn spans(
    ended: &[(RunReport, Timestamp)],
    command: &str,
    refused: Option<ErrorKind>,
    (begun, now): (Timestamp, Timestamp),
) -> Vec<Value> {
    let (trace, root) = (random::uuid().replace('-', ""), span_id());
    let has_failed = ended.iter().any(|(report, _)| report.status == Status::Failed);
    let mut spans = vec![json!({
        "traceId": trace,
        "spanId": root,
        "name": command,
        "kind": 1,
        "startTimeUnixNano": nanoseconds(begun),
        "endTimeUnixNano": nanoseconds(now),
        "attributes": [],
        "status": status(has_failed || refused.is_some(), refused),
    })];
    for (report, end) in ended {
        let took = jiff::SignedDuration::from_millis(i64::try_from(report.duration_ms).unwrap_or(i64::MAX));
        let start = end.checked_sub(took).unwrap_or(begun).max(begun);
        let error = report.error.as_ref().map(|error| error.kind);
        let mut attributes = names(report);
        attributes.push(text("status", report.status.as_str()));
        attributes.extend(report.key.as_deref().map(|key| text("run.key", key)));
        attributes.extend(error.map(|kind| text("error.type", kind.as_str())));
        spans.push(json!({
            "traceId": trace,
            "spanId": span_id(),
            "parentSpanId": root,
            "name": format!("{}/{}", report.source, report.stream),
            "kind": 1,
            "startTimeUnixNano": nanoseconds(start),
            "endTimeUnixNano": nanoseconds(*end),
            "attributes": attributes,
            "status": status(report.status == Status::Failed, error),
        }));
    }
    spans
}

/// Each metric once, with a point for each stream.
fn metrics(ended: &[(RunReport, Timestamp)]) -> Vec<Value> {
    let mut all: Vec<(Metric, Vec<Value>)> = Vec::new();
    for (report, end) in ended {
        for metric in of_run(report) {
            let point = json!({ "timeUnixNano": nanoseconds(*end), "asDouble": metric.value, "attributes": names(report) });
            match all.iter_mut().find(|(known, _)| known.name == metric.name) {
                Some((_, points)) => points.push(point),
                None => all.push((metric, vec![point])),
            }
        }
    }
    let written = all.into_iter().map(|(metric, points)| {
        json!({ "name": name(metric.name), "unit": unit(metric.unit), "gauge": { "dataPoints": points } })
    });
    written.collect()
}

fn names(report: &RunReport) -> Vec<Value> {
    vec![text("source", &report.source), text("stream", &report.stream)]
}

fn text(key: &str, value: &str) -> Value {
    json!({ "key": key, "value": { "stringValue": value } })
}

fn status(has_failed: bool, kind: Option<ErrorKind>) -> Value {
    match (has_failed, kind) {
        (true, Some(kind)) => json!({ "code": 2, "message": kind.as_str() }),
        (true, None) => json!({ "code": 2 }),
        (false, _) => json!({ "code": 1 }),
    }
}

fn span_id() -> String {
    random::hex() + &random::hex()
}

fn nanoseconds(time: Timestamp) -> String {
    time.as_nanosecond().to_string()
}

/// `RunCompleted` as `bronzegate.run_completed`.
fn name(name: &str) -> String {
    let mut written = "bronzegate.".to_owned();
    for (at, letter) in name.char_indices() {
        if at > 0 && letter.is_ascii_uppercase() {
            written.push('_');
        }
        written.push(letter.to_ascii_lowercase());
    }
    written
}

/// The unit by UCUM, which OpenTelemetry takes.
fn unit(unit: Unit) -> &'static str {
    match unit {
        Unit::Count | Unit::None => "1",
        Unit::Bytes => "By",
        Unit::Milliseconds => "ms",
        Unit::Percent => "%",
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn of(variables: &'static [(&str, &str)]) -> Result<Option<Otlp>> {
        let look_up: LookUp = Arc::new(|name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        });
        Otlp::of(&look_up, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn the_environment_names_the_collector_and_its_headers() {
        assert!(of(&[]).unwrap().is_none());
        let otlp = of(&[(ENDPOINT, "http://collector:4318/in/"), (HEADERS, "api-key=a%20b, x=1+2")]);
        let otlp = otlp.unwrap().unwrap();
        assert_eq!(otlp.address("traces").as_str(), "http://collector:4318/in/v1/traces");
        let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(otlp.headers, [header("api-key", "a b"), header("x", "1+2")]);
        assert!(!format!("{otlp:?}").contains("a b"));
        for wrong in [&[(ENDPOINT, "collector:4318")][..], &[(ENDPOINT, "http://c"), (HEADERS, "api-key")]] {
            assert_eq!(of(wrong).unwrap_err().kind(), ErrorKind::Config);
        }
    }

    #[test]
    fn names_and_units_are_those_of_opentelemetry() {
        assert_eq!((name("RunCompleted"), unit(Unit::Bytes)), ("bronzegate.run_completed".to_owned(), "By"));
    }
}
