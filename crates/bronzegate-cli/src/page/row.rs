//! The rows of the page's tables.

use std::time::Duration;

use bronzegate_core::health::{Entry, Gap, LoggedRun, LoggedSegment};
use serde::Serialize;

use super::text;
use crate::commands::in_table;
use crate::human;

/// A run, or a stretch of missing ones.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    class: &'static str,
    run: String,
    due: String,
    status: &'static str,
    /// Of a stretch of missing runs: what is known of it; nothing else is.
    gap: Option<String>,
    numbers: Vec<String>,
    cursor: String,
    marks: Vec<String>,
    segments: Vec<SegmentRow>,
}

/// A segment of a run that has several.
#[derive(Debug, Serialize)]
struct SegmentRow {
    name: String,
    begun: String,
    status: &'static str,
    numbers: Vec<String>,
}

impl Row {
    pub(super) fn new(entry: &Entry<'_>) -> Self {
        match entry {
            Entry::Run(run) => Self::of_run(run),
            Entry::Gap(gap) => Self::of_gap(gap),
        }
    }

    fn of_run(run: &LoggedRun) -> Self {
        let class = match (run.is_complete(), run.breaches.is_empty()) {
            (false, _) => "cut",
            (true, false) => "marked",
            (true, true) => "run",
        };
        let cursor = match (&run.cursor_in, &run.cursor_out) {
            (None, None) => String::new(),
            (from, to) => {
                let [from, to] = [from, to].map(|cursor| cursor.as_deref().unwrap_or("…"));
                format!("{from} → {to}")
            }
        };
        Self {
            class,
            run: run.key.clone(),
            due: text::time(run.scheduled_time),
            status: if run.is_complete() { "complete" } else { "partial" },
            gap: None,
            numbers: vec![
                human::count(run.counts.records),
                text::ratio(run.records_ratio),
                human::bytes(run.counts.bytes),
                human::duration(Duration::from_millis(run.duration_ms)),
                text::ratio(run.duration_ratio),
                human::count(run.counts.requests),
                text::percent(run.error_rate),
            ],
            cursor,
            marks: marks(run),
            segments: if run.segments.len() > 1 {
                run.segments.iter().map(SegmentRow::new).collect()
            } else {
                Vec::new()
            },
        }
    }

    fn of_gap(gap: &Gap) -> Self {
        Self {
            class: "missing",
            run: "–".to_owned(),
            due: text::time(gap.from),
            status: gap.status(),
            gap: Some(gap_text(gap)),
            numbers: Vec::new(),
            cursor: String::new(),
            marks: Vec::new(),
            segments: Vec::new(),
        }
    }
}

/// What is told beside the numbers: the table, what is breached, and the warnings.
fn marks(run: &LoggedRun) -> Vec<String> {
    let open = (!run.is_in_table())
        .then(|| "committed, and not in its table yet: the next run appends it".to_owned());
    let table = run.table.as_ref().map(in_table);
    let breaches = run.breaches.iter().map(ToString::to_string);
    table.into_iter().chain(open).chain(breaches).chain(run.warnings.iter().cloned()).collect()
}

impl SegmentRow {
    fn new(segment: &LoggedSegment) -> Self {
        let status = if segment.status == bronzegate_core::bronze::SegmentStatus::Complete {
            "complete"
        } else {
            "partial"
        };
        Self {
            name: format!("segment {}", segment.segment),
            begun: text::time(segment.started_at),
            status,
            numbers: vec![
                human::count(segment.counts.records),
                String::new(),
                human::bytes(segment.counts.bytes),
                human::duration(Duration::from_millis(segment.duration_ms)),
                String::new(),
                human::count(segment.counts.requests),
                String::new(),
            ],
        }
    }
}

/// What is known of missing runs.
pub(super) fn gap_text(gap: &Gap) -> String {
    let due = if gap.missing == 1 {
        format!("the run due at {} is {}", text::time(gap.from), gap.status())
    } else {
        let (number, status) = (human::count(gap.missing), gap.status());
        format!("{number} runs due from {} to {} are {status}", text::time(gap.from), text::time(gap.to))
    };
    let due = match &gap.during {
        Some(key) => format!("{due}, because {key} was in flight"),
        None => due,
    };
    match &gap.made_up_by {
        Some(key) => format!("{due}; {key} fetched what they would have"),
        None => due,
    }
}
