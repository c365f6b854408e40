//! What the template is given: every word and number of the page.

use bronzegate_core::health::{Entry, LoggedRun, Period, StreamHealth};
use serde::Serialize;

use super::chart::{Chart, charts};
use super::finding::{Finding, findings};
use super::row::Row;
use super::text;
use crate::human;

/// The page.
#[derive(Debug, Serialize)]
pub(super) struct Page {
    environment: String,
    made_at: String,
    period: String,
    grace: String,
    totals: Vec<Fact>,
    findings: Vec<Finding>,
    more_findings: usize,
    streams: Vec<StreamView>,
}

/// A number with its name.
#[derive(Debug, Serialize)]
struct Fact {
    name: &'static str,
    value: String,
    class: &'static str,
}

/// One stream.
#[derive(Debug, Serialize)]
struct StreamView {
    anchor: String,
    name: String,
    class: &'static str,
    verdict: String,
    facts: Vec<Fact>,
    charts: Vec<Chart>,
    first: String,
    last: String,
    /// The part of the charts' width that the slots fill, in percent.
    used: usize,
    tables: Vec<TableView>,
}

/// Runs or windows, after a line that opens them.
#[derive(Debug, Serialize)]
struct TableView {
    is_open: bool,
    summary: String,
    caption: &'static str,
    rows: Vec<Row>,
}

/// A table with more rows is closed at first.
const FEW: usize = 12;

impl Page {
    pub(super) fn new(streams: &[StreamHealth], period: &Period, environment: &str) -> Self {
        let (newest, count) = findings(streams);
        Self {
            environment: environment.to_owned(),
            made_at: text::time(period.now),
            period: match (period.since, period.until) {
                (None, None) => "all runs of the log".to_owned(),
                (Some(since), None) => format!("since {}", text::time(since)),
                (None, Some(until)) => format!("until {}", text::time(until)),
                (Some(since), Some(until)) => format!("{} to {}", text::time(since), text::time(until)),
            },
            grace: human::duration(period.grace),
            totals: totals(streams),
            more_findings: count - newest.len(),
            findings: newest,
            streams: streams.iter().map(|health| StreamView::new(health, period)).collect(),
        }
    }
}

fn totals(streams: &[StreamHealth]) -> Vec<Fact> {
    let runs: usize = streams.iter().map(|health| health.runs.len() + health.windows.len()).sum();
    let marked: usize = streams.iter().map(StreamHealth::marked).sum();
    let missing: u64 = streams.iter().map(StreamHealth::missing).sum();
    let fact = |name, number: u64, class| Fact { name, value: human::count(number), class };
    vec![
        fact("streams", streams.len() as u64, ""),
        fact("runs", runs as u64, ""),
        fact("marked", marked as u64, if marked > 0 { "marked" } else { "" }),
        fact("missing", missing, if missing > 0 { "missing" } else { "" }),
    ]
}

impl StreamView {
    fn new(health: &StreamHealth, period: &Period) -> Self {
        let entries = health.entries();
        let due = |entry: Option<&Entry<'_>>| match entry {
            Some(Entry::Run(run)) => text::time(run.scheduled_time),
            Some(Entry::Gap(gap)) => text::time(gap.from),
            None => String::new(),
        };
        let charts = charts(health);
        Self {
            anchor: text::anchor(health),
            name: format!("{}/{}", health.source, health.stream),
            class: if health.is_healthy() { "healthy" } else { "unhealthy" },
            verdict: verdict(health),
            facts: facts(health, period),
            used: charts.first().map_or(100, Chart::used),
            charts,
            first: due(entries.first()),
            last: due(entries.last()),
            tables: tables(&entries, &health.windows),
        }
    }
}

fn verdict(health: &StreamHealth) -> String {
    let mut parts = Vec::new();
    if health.never_ran && health.windows.is_empty() {
        parts.push("has never run".to_owned());
    }
    if health.open_error().is_some() {
        parts.push("failed".to_owned());
    }
    if health.marked() > 0 {
        parts.push(format!("{} marked", health.marked()));
    }
    if health.missing() > 0 {
        parts.push(format!("{} missing", human::count(health.missing())));
    }
    match (parts.is_empty(), health.runs.is_empty() && health.windows.is_empty()) {
        (false, _) => parts.join(", "),
        (true, true) => "no runs".to_owned(),
        (true, false) => "as usual".to_owned(),
    }
}

fn facts(health: &StreamHealth, period: &Period) -> Vec<Fact> {
    let fact = |name, value| Fact { name, value, class: "" };
    let mut facts = Vec::new();
    match &health.schedule {
        Some(schedule) => {
            facts.push(fact("schedule", schedule.to_string()));
            facts.extend(schedule.next_after(period.now).map(|next| fact("next due", text::time(next))));
        }
        None => facts.push(fact("schedule", "none known".to_owned())),
    }
    let complete: Vec<_> = health.runs.iter().filter(|run| run.is_complete()).collect();
    if let Some(last) = complete.last() {
        facts.push(fact("last complete run", text::time(last.scheduled_time)));
        facts.extend(last.cursor_out.clone().map(|cursor| fact("read until", cursor)));
    }
    if let Some(error) = &health.last_error {
        let name = if health.open_error().is_some() { "failed at" } else { "got over a failure at" };
        facts.push(fact(name, text::time(error.at)));
    }
    let records: u64 = health.runs.iter().map(|run| run.counts.records).sum();
    let bytes: u64 = health.runs.iter().map(|run| run.counts.bytes).sum();
    facts.push(fact("runs", human::count(health.runs.len() as u64)));
    facts.push(fact("records", format!("{} ({})", human::count(records), human::bytes(bytes))));
    facts
}

fn tables(entries: &[Entry<'_>], windows: &[LoggedRun]) -> Vec<TableView> {
    let runs = TableView {
        is_open: entries.len() <= FEW,
        summary: "Runs".to_owned(),
        caption: "The newest first. Ratios are against the mean of the complete runs before; windows that were due together are one run of them, whose ratios stand at the last.",
        rows: entries.iter().rev().map(Row::new).collect(),
    };
    let windows = TableView {
        is_open: false,
        summary: windows_text(windows),
        caption: "By their time. How much a window brings depends on what was asked for.",
        rows: windows.iter().map(|run| Row::new(&Entry::Run(run))).collect(),
    };
    [runs, windows].into_iter().filter(|table| !table.rows.is_empty()).collect()
}

fn windows_text(windows: &[LoggedRun]) -> String {
    let partial = windows.iter().filter(|run| !run.is_complete()).count();
    let records: u64 = windows.iter().map(|run| run.counts.records).sum();
    let [windows, records] = [(windows.len() as u64, "window"), (records, "record")]
        .map(|(number, noun)| human::counted(number, noun));
    let partial = if partial > 0 { format!(", {partial} partial") } else { String::new() };
    format!("{windows} of backfills, {records}{partial}")
}
