//! `state`: how far streams have been read, and commits that set it.

use std::sync::Arc;

use bronzegate_core::bronze::{
    BronzeStore, CommitLog, CommitRecord, Layout, Mended, RunKind, SegmentStatus, TablePublished,
};
use bronzegate_core::config::Stream;
use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::health::ReadState;
use bronzegate_core::run::Mend;
use jiff::Timestamp;
use serde::Serialize;

use super::Context;
use super::chosen::{Chosen, ChosenSource, choose};
use crate::arguments::{StateArguments, StateChange};
use crate::human;
use crate::names::StreamName;
use crate::output::{self, Output};
use crate::table::{Column, table};

/// What is shown of one stream.
#[derive(Debug, Serialize)]
struct Shown {
    source: String,
    stream: String,
    /// Absent of a snapshot, which reads everything each time.
    #[serde(flatten)]
    state: Option<ReadState>,
    last_run: Option<LastRun>,
}

/// The newest segment in the log.
#[derive(Debug, Serialize)]
struct LastRun {
    key: String,
    segment: u32,
    status: SegmentStatus,
    scheduled_time: Timestamp,
    finished_at: Timestamp,
    records: u64,
    /// What its table has of it; none where it writes files, or its table does not have it yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    table: Option<TablePublished>,
    #[serde(skip_serializing_if = "Option::is_none")]
    mended: Option<Mended>,
}

/// What a change of the state has committed.
#[derive(Debug, Serialize)]
struct Changed {
    source: String,
    stream: String,
    key: String,
    segment: u32,
    /// The mark before; absent at the oldest record.
    was: Option<String>,
    /// The mark now; absent at the oldest record.
    mark: Option<String>,
    #[serde(flatten)]
    mended: Option<Mended>,
}

/// Shows the state of the selected streams, or changes that of one.
pub(crate) async fn state(context: &Context, arguments: &StateArguments, out: &mut Output) -> Result<u8> {
    let Some(change) = &arguments.change else { return show(context, arguments, out).await };
    if !arguments.selections.is_empty() {
        return Err(Error::new(ErrorKind::Config, "name the stream after `set` or `reset`, not before it"));
    }
    let (stream, mend, why) = match change {
        StateChange::Set(set) => {
            let mend = Mend::Set { mark: set.mark.clone(), partition: set.partition.clone() };
            (&set.stream, mend, &set.why)
        }
        StateChange::Reset(reset) => (&reset.stream, Mend::Reset, &reset.why),
    };
    let changed = change_state(context, stream, &mend, why).await?;
    if context.json {
        out.json(&changed);
    } else {
        let or_oldest =
            |mark: &Option<String>| mark.clone().unwrap_or_else(|| "the oldest record".to_owned());
        let (now, was) = (or_oldest(&changed.mark), or_oldest(&changed.was));
        let of = match &mend {
            Mend::Set { partition, .. } if !partition.is_empty() => format!(" of {}", partition.join(",")),
            _ => String::new(),
        };
        out.line(format!(
            "{stream}: the next run{of} begins at {now} (was {was}), by commit {}",
            changed.key
        ));
    }
    Ok(0)
}

async fn change_state(context: &Context, name: &StreamName, mend: &Mend, why: &str) -> Result<Changed> {
    let source = context.sources.load(&name.source).await?;
    let stream = context.engine(source).stream(&name.stream)?;
    let stores = context.stores(context.target.open().await?, [stream.settings()]).await?;
    let record = stream.mend(stores, mend, why).await?;
    let CommitRecord { key, segment, cursor_in: was, cursor_out: mark, mended, .. } = record;
    Ok(Changed { source: name.source.clone(), stream: name.stream.clone(), key, segment, was, mark, mended })
}

async fn show(context: &Context, arguments: &StateArguments, out: &mut Output) -> Result<u8> {
    let Chosen { sources, unusable } = choose(&context.sources, &arguments.selections).await?;
    for error in &unusable {
        output::tell(&format!("error: {error}"));
    }
    let store = context.target.open_existing().await?;
    let mut all = Vec::new();
    for ChosenSource { source, streams } in sources {
        for chosen in streams {
            let stream = source.named(&chosen.name)?;
            let shown = look(store.as_ref(), &source.name, stream, context.clock.now()).await?;
            if context.json {
                out.json(&shown);
            }
            all.push(shown);
        }
    }
    if !context.json {
        out.line(shown(&all));
    }
    Ok(unusable.first().map_or(0, |error| error.kind().exit_code()))
}

async fn look(
    store: Option<&Arc<dyn BronzeStore>>,
    source: &str,
    stream: &Stream,
    now: Timestamp,
) -> Result<Shown> {
    let kind = if stream.incremental.is_some() { RunKind::Sequence } else { RunKind::At };
    let log = store.map(|store| CommitLog::new(store.clone(), Layout::new(source, &stream.name)));
    let newest = match &log {
        Some(log) => log.newest(kind, now).await?,
        None => None,
    };
    let table = match (&log, &newest) {
        (Some(log), Some(record)) => log.published(record).await?,
        _ => None,
    };
    let state = newest.as_ref().and_then(ReadState::of);
    let last_run = newest.map(|record| LastRun {
        key: record.key,
        segment: record.segment,
        status: record.status,
        scheduled_time: record.scheduled_time,
        finished_at: record.finished_at,
        records: record.total_counts.records,
        table,
        mended: record.mended,
    });
    Ok(Shown { source: source.to_owned(), stream: stream.name.clone(), state, last_run })
}

/// A row a stream, and below it one for each partition.
fn shown(all: &[Shown]) -> String {
    let mut columns = vec![
        Column::Text("STREAM"),
        Column::Text("MARK"),
        Column::Text("LAST RUN"),
        Column::Text("STATUS"),
        Column::Text("DUE"),
        Column::Text("COMMITTED"),
        Column::Number("RECORDS"),
    ];
    let has_tables = all.iter().flat_map(|shown| &shown.last_run).any(|run| run.table.is_some());
    if has_tables {
        columns.push(Column::Text("TABLE"));
    }
    let mut rows = Vec::new();
    for Shown { source, stream, state, last_run } in all {
        let mark = state.as_ref().and_then(|state| state.mark.clone()).unwrap_or_default();
        let mut row = vec![format!("{source}/{stream}"), mark];
        match last_run {
            Some(run) => row.extend([
                run.key.clone(),
                status(run),
                run.scheduled_time.to_string(),
                format!("{:.0}", run.finished_at),
                human::count(run.records),
            ]),
            None => row.extend(["never".to_owned()].into_iter().chain(vec![String::new(); 4])),
        }
        if has_tables {
            row.push(last_run.as_ref().and_then(|run| run.table.as_ref()).map(in_table).unwrap_or_default());
        }
        rows.push(row);
        for partition in state.iter().flat_map(|state| &state.partitions) {
            let mark = partition.mark.clone().unwrap_or_else(|| "the oldest record".to_owned());
            let mut row = vec![format!("  {}", partition.values.join(",")), mark];
            row.resize(columns.len(), String::new());
            rows.push(row);
        }
    }
    table(&columns, rows)
}

/// `bronze_data v12`.
fn in_table(published: &TablePublished) -> String {
    let version = published.version.map(|version| format!(" v{version}")).unwrap_or_default();
    format!("{}{version}", published.table)
}

fn status(run: &LastRun) -> String {
    match (&run.mended, run.status) {
        (Some(mended), _) => mended.action.clone(),
        (None, SegmentStatus::Complete) => "complete".to_owned(),
        (None, SegmentStatus::Partial) => "partial".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use bronzegate_core::health::PartitionState;

    use super::*;

    #[test]
    fn a_stream_is_a_row_and_each_partition_one_below_it() {
        let time: Timestamp = "2026-11-22T17:00:00Z".parse().unwrap();
        let run = |mended: Option<Mended>| LastRun {
            key: "seq-4".to_owned(),
            segment: 1,
            status: SegmentStatus::Complete,
            scheduled_time: time,
            finished_at: time,
            records: 1200,
            table: None,
            mended,
        };
        let shown_of = |stream: &str, mark: Option<&str>, partitions: Vec<PartitionState>, last_run| Shown {
            source: "crm".to_owned(),
            stream: stream.to_owned(),
            state: Some(ReadState { mark: mark.map(str::to_owned), partitions, skipped_branches: 0 }),
            last_run,
        };
        let mended = Mended { action: "set".to_owned(), why: "a day was lost".to_owned() };
        let eu = PartitionState { values: vec!["eu".to_owned()], mark: None };
        let all = [
            shown_of("deals", Some("2026-11-22T16:59:00Z"), Vec::new(), Some(run(None))),
            shown_of("visits", None, vec![eu], Some(run(Some(mended)))),
            shown_of("notes", None, Vec::new(), None),
        ];
        insta::assert_snapshot!(shown(&all), @"
        STREAM      MARK                  LAST RUN  STATUS    DUE                   COMMITTED             RECORDS
        crm/deals   2026-11-22T16:59:00Z  seq-4     complete  2026-11-22T17:00:00Z  2026-11-22T17:00:00Z    1,200
        crm/visits                        seq-4     set       2026-11-22T17:00:00Z  2026-11-22T17:00:00Z    1,200
          eu        the oldest record
        crm/notes                         never
        ");
    }
}
