//! What somebody should look at, the newest first.

use bronzegate_core::bronze::LastError;
use bronzegate_core::health::{Entry, LoggedRun, StreamHealth};
use jiff::Timestamp;
use serde::Serialize;

use super::row::gap_text;
use super::text;
use crate::human;

/// More than anybody reads at once; the tables have all.
const MOST: usize = 15;

/// One of them.
#[derive(Debug, Serialize)]
pub(super) struct Finding {
    #[serde(skip)]
    at: Timestamp,
    time: String,
    stream: String,
    anchor: String,
    kind: &'static str,
    class: &'static str,
    text: String,
}

/// The newest findings of all streams, and how many there are.
pub(super) fn findings(streams: &[StreamHealth]) -> (Vec<Finding>, usize) {
    let mut all: Vec<_> = streams.iter().flat_map(of_stream).collect();
    all.sort_by_key(|finding| std::cmp::Reverse(finding.at));
    let count = all.len();
    all.truncate(MOST);
    (all, count)
}

fn of_stream(health: &StreamHealth) -> Vec<Finding> {
    let name = format!("{}/{}", health.source, health.stream);
    let finding = |at, kind, class, text| Finding {
        at,
        time: text::time(at),
        stream: name.clone(),
        anchor: text::anchor(health),
        kind,
        class,
        text,
    };
    let windows = health.windows.iter().map(Entry::Run);
    let mut findings = Vec::new();
    if let Some(error) = &health.last_error {
        let class = if health.open_error().is_some() { "marked" } else { "run" };
        findings.push(finding(error.at, error.failure.kind.as_str(), class, error_text(health, error)));
    }
    if let (Some(text), Some(run)) = (&health.not_loaded, health.runs.last()) {
        findings.push(finding(run.scheduled_time, "not loaded", "marked", text.clone()));
    }
    findings.extend(retried(health).map(|(at, text)| finding(at, "retried", "run", text)));
    for entry in health.entries().into_iter().chain(windows) {
        match entry {
            Entry::Gap(gap) if gap.during.is_some() => {}
            Entry::Gap(gap) => findings.push(finding(gap.to, "missing", "missing", gap_text(gap))),
            Entry::Run(run) => {
                for (kind, class, text) in of_run(run) {
                    findings.push(finding(run.scheduled_time, kind, class, format!("{}: {text}", run.key)));
                }
            }
        }
    }
    findings
}

fn of_run(run: &LoggedRun) -> Vec<(&'static str, &'static str, String)> {
    let mut findings = Vec::new();
    if !run.is_complete() {
        let segments = human::counted(run.segments.len() as u64, "segment");
        let text = format!("partial after {segments}; the same event again goes on from there");
        findings.push(("partial", "cut", text));
    }
    if run.is_ahead {
        let text = "its time lay ahead when it was committed; what is due is counted from its commit on";
        findings.push(("future", "marked", text.to_owned()));
    }
    findings.extend(run.breaches.iter().map(|breach| ("threshold", "marked", breach.to_string())));
    if run.may_lack {
        let text = "rows moved between its pages while they were read: some may be missing";
        findings.push(("may_lack", "marked", text.to_owned()));
    }
    findings.extend(run.warnings.iter().map(|warning| ("warning", "warning", warning.clone())));
    findings
}

/// Why the last run that failed did so, and whether that is over.
fn error_text(health: &StreamHealth, error: &LastError) -> String {
    let run = error.key.as_ref().map(|key| format!("{key}: ")).unwrap_or_default();
    let over = if health.open_error().is_none() { "; over, something was committed since" } else { "" };
    format!("{run}{}{over}", error.failure.message)
}

/// Requests that failed, all in one: the log counts them and has no more of them than that.
fn retried(health: &StreamHealth) -> Option<(Timestamp, String)> {
    let failing = || health.runs.iter().chain(&health.windows).filter(|run| run.counts.api_errors > 0);
    let newest = failing().map(|run| run.scheduled_time).max()?;
    let failed = failing().map(|run| run.counts.api_errors).sum();
    let [requests, runs] = [(failed, "request"), (failing().count() as u64, "run")]
        .map(|(number, noun)| human::counted(number, noun));
    Some((newest, format!("{requests} in {runs} failed and were tried again; this is the newest of them")))
}
