//! The table of `runs`: a row a run, one a segment below it where it has several, one a gap.

use std::time::Duration;

use bronzegate_core::bronze::SegmentStatus;
use bronzegate_core::health::{Entry, Gap, LoggedRun, LoggedTable, StreamHealth};
use bronzegate_core::report::{Counts, Status};
use jiff::Timestamp;

use crate::human;
use crate::table::{Column, table};

/// Lays out a stream's runs from the oldest to the newest, and its backfilled windows after them: of each the newest, at
/// most so many.
pub(super) fn runs_table(health: &StreamHealth, most: usize) -> String {
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
    let shows = Shows { cursor: with_cursor, table: runs().any(|run| run.table.is_some()) };
    if shows.cursor {
        columns.extend([Column::Text("FROM"), Column::Text("TO")]);
    }
    if shows.table {
        columns.push(Column::Text("TABLE"));
    }
    columns.push(Column::Text("MARKS"));
    let entries = health.entries();
    let left_out = [entries.len(), health.windows.len()].map(|all| all.saturating_sub(most));
    let windows = health.windows.iter().skip(left_out[1]).map(Entry::Run);
    let rows = entries.into_iter().skip(left_out[0]).chain(windows).flat_map(|entry| match entry {
        Entry::Run(run) => run_rows(run, shows),
        Entry::Gap(gap) => vec![gap_row(gap, shows)],
    });
    let table = table(&columns, rows);
    match left_out.into_iter().sum::<usize>() {
        0 => table,
        older => format!("{table}\n{older} older ones are not shown: --all, or --since 30d"),
    }
}

fn run_rows(run: &LoggedRun, shows: Shows) -> Vec<Vec<String>> {
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
        table: run.table.as_ref().map_or_else(|| "-".to_owned(), in_table),
        marks: marks(run),
    };
    let mut rows = vec![row.cells(shows)];
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
            table: String::new(),
            marks: String::new(),
        };
        rows.push(row.cells(shows));
    }
    rows
}

/// What a table has of a run: `bronze_data v12: 25 rows`.
pub(crate) fn in_table(table: &LoggedTable) -> String {
    let LoggedTable { name, version, rows, .. } = table;
    let version = version.map(|version| format!(" v{version}")).unwrap_or_default();
    format!("{name}{version}: {}", human::counted(*rows, "row"))
}

fn marks(run: &LoggedRun) -> String {
    let told = [(run.is_ahead, "future"), (run.may_lack, "may_lack"), (!run.is_in_table(), "not_in_table")];
    let told = told.into_iter().filter_map(|(is_so, mark)| is_so.then_some(mark));
    let told = told.chain(run.breaches.iter().map(|breach| breach.threshold.as_str())).map(str::to_owned);
    let told = told.chain(run.mended.iter().map(|mended| format!("state_{}", mended.action)));
    // What they say is in `--json` and on the page.
    let warnings = match run.warnings.len() {
        0 => None,
        count => Some(human::counted(count as u64, "warning")),
    };
    told.chain(warnings).collect::<Vec<_>>().join(" ")
}

fn gap_row(gap: &Gap, shows: Shows) -> Vec<String> {
    let mut cells = vec!["-".to_owned(), short(gap.from), gap.status().to_owned()];
    cells.resize(9 + 2 * usize::from(shows.cursor) + usize::from(shows.table), "-".to_owned());
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

/// Which columns there are beside the usual ones.
#[derive(Clone, Copy)]
struct Shows {
    cursor: bool,
    table: bool,
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
    table: String,
    marks: String,
}

impl Row {
    fn cells(self, shows: Shows) -> Vec<String> {
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
        if shows.cursor {
            cells.extend(self.cursor);
        }
        if shows.table {
            cells.push(self.table);
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
