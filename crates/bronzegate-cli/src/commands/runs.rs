//! `runs`: the commit log of a stream, one row a run.

use std::time::Duration;

use bronzegate_core::bronze::{CommitLog, CommitRecord, HistoryEntry, Layout, SegmentStatus, records_ratio};
use bronzegate_core::error::Result;
use bronzegate_core::report::Status;

use super::{Context, selected};
use crate::arguments::RunsArguments;
use crate::human;
use crate::names::StreamName;
use crate::output::Output;
use crate::places;
use crate::table::{Column, table};

/// Prints the log: a table of runs, or with `--json` every commit record.
///
/// A log speaks for itself, also when its source file is gone; only where there is none is the
/// source file asked whether there could be one.
pub(crate) async fn runs(context: &Context, arguments: &RunsArguments, out: &mut Output) -> Result<u8> {
    let name = &arguments.stream;
    let records = read(context, name).await?;
    if records.is_empty() {
        let source = context.sources.load(&name.source).await?;
        selected(&source, Some(&name.stream))?;
        if !context.json {
            out.line(format!("{name} has no committed runs yet"));
        }
    } else if context.json {
        for record in &records {
            out.json(record);
        }
    } else {
        out.line(rows(&records));
    }
    Ok(0)
}

async fn read(context: &Context, name: &StreamName) -> Result<Vec<CommitRecord>> {
    let Some(store) = places::existing_bronze(&context.clouds, &context.target).await? else {
        return Ok(Vec::new());
    };
    Ok(CommitLog::new(store, Layout::new(&name.source, &name.stream)).all().await?)
}

fn rows(records: &[CommitRecord]) -> String {
    let columns = [
        Column::Text("RUN"),
        Column::Text("STARTED"),
        Column::Text("STATUS"),
        Column::Number("SEGMENTS"),
        Column::Number("RECORDS"),
        Column::Number("RATIO"),
        Column::Number("BYTES"),
        Column::Number("DURATION"),
        Column::Number("RETRIES"),
        Column::Number("ERRORS"),
    ];
    table(&columns, records.chunk_by(|a, b| a.key == b.key).filter_map(row))
}

/// A run's row: its last segment has the counts of all of them.
fn row(segments: &[CommitRecord]) -> Option<Vec<String>> {
    let (first, last) = (segments.first()?, segments.last()?);
    let total = last.total_counts;
    let status = match last.status {
        SegmentStatus::Complete => Status::Complete,
        SegmentStatus::Partial => Status::Partial,
    };
    Some(vec![
        last.key.clone(),
        format!("{:.0}", first.started_at),
        status.as_str().to_owned(),
        segments.len().to_string(),
        human::count(total.records),
        ratio(last),
        human::bytes(total.bytes),
        human::duration(Duration::from_millis(last.total_duration_ms)),
        human::count(total.retries),
        human::count(total.api_errors),
    ])
}

/// Records against the mean of the runs before it; a partial run has nothing to compare yet.
fn ratio(last: &CommitRecord) -> String {
    // A complete run's history ends with the run itself.
    let before: Vec<HistoryEntry> =
        last.history.iter().filter(|entry| entry.key != last.key).cloned().collect();
    match records_ratio(last.total_counts.records, &before) {
        Some(ratio) if last.status == SegmentStatus::Complete => format!("{ratio:.2}"),
        _ => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use bronzegate_core::report::Counts;

    use super::*;

    fn record(key: &str, segment: u32, partial: bool, records: u64, history: &[u64]) -> CommitRecord {
        let entry = |(nth, &records): (usize, &u64)| HistoryEntry {
            key: format!("at-{nth}"),
            records,
            duration_ms: 1000,
        };
        let counts = Counts { records, bytes: records * 100, retries: 1, api_errors: 2, ..Counts::default() };
        let time = "2026-11-22T17:00:00.25Z".parse().unwrap();
        CommitRecord {
            format: CommitRecord::FORMAT,
            source: "crm".to_owned(),
            stream: "contacts".to_owned(),
            key: key.to_owned(),
            segment,
            batch_id: String::new(),
            scheduled_time: time,
            status: if partial { SegmentStatus::Partial } else { SegmentStatus::Complete },
            parts: Vec::new(),
            window: None,
            cursor_in: None,
            cursor_out: None,
            page_state: None,
            cursor: None,
            counts,
            total_counts: counts,
            started_at: time,
            finished_at: time,
            duration_ms: 1500,
            total_duration_ms: 1500,
            history: history.iter().enumerate().map(entry).collect(),
            error: None,
            warnings: Vec::new(),
            engine_version: String::new(),
            config_fingerprint: String::new(),
            environment: String::new(),
        }
    }

    #[test]
    fn a_run_is_one_row_whatever_its_segments_and_is_not_its_own_mean() {
        let records = [
            record("at-0", 1, false, 1000, &[1000]),
            record("at-1", 1, true, 400, &[1000]),
            record("at-1", 2, false, 1500, &[1000, 1500]),
            record("at-2", 1, true, 200, &[1000, 1500]),
        ];
        insta::assert_snapshot!(rows(&records), @"
        RUN   STARTED               STATUS    SEGMENTS  RECORDS  RATIO      BYTES  DURATION  RETRIES  ERRORS
        at-0  2026-11-22T17:00:00Z  complete         1    1,000      -   97.7 KiB      1.5s        1       2
        at-1  2026-11-22T17:00:00Z  complete         2    1,500   1.50  146.5 KiB      1.5s        1       2
        at-2  2026-11-22T17:00:00Z  partial          1      200      -   19.5 KiB      1.5s        1       2
        ");
    }
}
