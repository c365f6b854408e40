//! The table of `runs`: a row a run, one a segment below it where it has several, one a gap.

use std::time::Duration;

use bronzegate_core::bronze::SegmentStatus;
use bronzegate_core::health::{Entry, Gap, LoggedRun, StreamHealth};
use bronzegate_core::report::{Counts, Status};
use jiff::Timestamp;

use crate::human;
use crate::table::{Column, table};

/// Lays out a stream's runs from the oldest to the newest, and its backfilled windows behind them.
pub(super) fn runs_table(health: &StreamHealth) -> String {
    let runs = || health.runs.iter().chain(&health.windows);
    let with_cursor = runs().any(|run| run.cursor_in.is_some() || run.cursor_out.is_some());
    let mut columns = vec![
        Column::Text("RUN"),
        Column::Text("DUE"),
        Column::Text("STATUS"),
        Column::Number("RECORDS"),
        Column::Number("RATIO"),
        Column::Number("BYTES"),
        Column::Number("DURATION"),
        Column::Number("RATIO"),
        Column::Number("ERRORS"),
    ];
    if with_cursor {
        columns.extend([Column::Text("FROM"), Column::Text("TO")]);
    }
    columns.push(Column::Text("MARKS"));
    let windows = health.windows.iter().map(Entry::Run);
    let rows = health.entries().into_iter().chain(windows).flat_map(|entry| match entry {
        Entry::Run(run) => run_rows(run, with_cursor),
        Entry::Gap(gap) => vec![gap_row(gap, with_cursor)],
    });
    table(&columns, rows)
}

fn run_rows(run: &LoggedRun, with_cursor: bool) -> Vec<Vec<String>> {
    let ratio = |ratio: Option<f64>| ratio.map_or_else(|| "-".to_owned(), |ratio| format!("{ratio:.2}"));
    let row = Row {
        run: run.key.clone(),
        due: short(run.scheduled_time),
        status: status(run.status),
        counts: run.counts,
        records_ratio: ratio(run.records_ratio),
        duration_ms: run.duration_ms,
        duration_ratio: ratio(run.duration_ratio),
        cursor: [&run.cursor_in, &run.cursor_out]
            .map(|cursor| cursor.clone().unwrap_or_else(|| "-".to_owned())),
        marks: marks(run),
    };
    let mut rows = vec![row.cells(with_cursor)];
    for segment in run.segments.iter().filter(|_| run.segments.len() > 1) {
        let row = Row {
            run: format!("  s{:04}", segment.segment),
            due: short(segment.started_at),
            status: status(segment.status),
            counts: segment.counts,
            records_ratio: String::new(),
            duration_ms: segment.duration_ms,
            duration_ratio: String::new(),
            cursor: [String::new(), String::new()],
            marks: String::new(),
        };
        rows.push(row.cells(with_cursor));
    }
    rows
}

fn marks(run: &LoggedRun) -> String {
    let told = [(run.is_ahead, "future"), (run.may_lack, "may_lack")];
    let told = told.into_iter().filter_map(|(is_so, mark)| is_so.then_some(mark));
    let told = told.chain(run.breaches.iter().map(|breach| breach.threshold.as_str())).map(str::to_owned);
    // What they say is in `--json` and on the page.
    let warnings = match run.warnings.len() {
        0 => None,
        count => Some(human::counted(count as u64, "warning")),
    };
    told.chain(warnings).collect::<Vec<_>>().join(" ")
}

fn gap_row(gap: &Gap, with_cursor: bool) -> Vec<String> {
    let mut cells = vec!["-".to_owned(), short(gap.from), gap.status().to_owned()];
    cells.resize(if with_cursor { 11 } else { 9 }, "-".to_owned());
    let last = if gap.missing > 1 {
        format!("{} runs, the last at {}", gap.missing, short(gap.to))
    } else {
        String::new()
    };
    let made_up = gap.made_up_by.as_ref().map(|key| format!("made up for by {key}"));
    let during = gap.during.as_ref().map(|key| format!("{key} was in flight"));
    let marks: Vec<_> =
        [last].into_iter().chain(during).chain(made_up).filter(|text| !text.is_empty()).collect();
    cells.push(marks.join("; "));
    cells
}

struct Row {
    run: String,
    due: String,
    status: &'static str,
    counts: Counts,
    records_ratio: String,
    duration_ms: u64,
    duration_ratio: String,
    cursor: [String; 2],
    marks: String,
}

impl Row {
    fn cells(self, with_cursor: bool) -> Vec<String> {
        let mut cells = vec![
            self.run,
            self.due,
            self.status.to_owned(),
            human::count(self.counts.records),
            self.records_ratio,
            human::bytes(self.counts.bytes),
            human::duration(Duration::from_millis(self.duration_ms)),
            self.duration_ratio,
            human::count(self.counts.api_errors),
        ];
        if with_cursor {
            cells.extend(self.cursor);
        }
        cells.push(self.marks);
        cells
    }
}

/// A segment's status, in the words of reports.
pub(super) fn status(status: SegmentStatus) -> &'static str {
    match status {
        SegmentStatus::Complete => Status::Complete.as_str(),
        SegmentStatus::Partial => Status::Partial.as_str(),
    }
}

fn short(time: Timestamp) -> String {
    format!("{time:.0}")
}
