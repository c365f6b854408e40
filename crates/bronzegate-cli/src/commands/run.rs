//! `run`: the streams of a source, side by side, each to its report.

use std::sync::Arc;

use bronzegate_core::bronze::{BoundedStore, BronzeStore};
use bronzegate_core::clock::Deadline;
use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::report::{Failure, RunReport, Status, exit_code, log_end};
use bronzegate_core::run::{RunOptions, RunRequest};
use futures::stream::{FuturesOrdered, Stream, StreamExt as _};

use super::{Context, selected};
use crate::arguments::RunArguments;
use crate::human;
use crate::output::{self, Output};
use crate::progress::{self, Line};
use crate::table::{Column, table};

/// Runs the streams; one that fails does not stop the others.
pub(crate) async fn run(context: &Context, arguments: &RunArguments, out: &mut Output) -> Result<u8> {
    let request = request(arguments)?;
    let deadline =
        arguments.deadline.map_or(Deadline::NONE, |given| Deadline::within(&*context.clock, given));
    let source = context.sources.load(&arguments.selection.source).await?;
    let names: Vec<_> = selected(&source, arguments.selection.stream.as_deref())?
        .into_iter()
        .map(|stream| stream.name.clone())
        .collect();
    let engine = context.engine(source);
    let streams = names.iter().map(|name| engine.stream(name)).collect::<Result<Vec<_>, Error>>()?;
    let store = match context.target.open().await {
        Ok(store) => store,
        Err(error) if error.kind() == ErrorKind::Config => return Err(error),
        Err(error) => {
            let unopened = names.iter().map(|name| failed(&arguments.selection.source, name, &error));
            let reports = collect(context, futures::stream::iter(unopened), out).await;
            return Ok(conclude(context, &reports, out));
        }
    };
    let store: Arc<dyn BronzeStore> = Arc::new(BoundedStore::new(store, context.clock.clone(), deadline));

    let lines: Vec<_> = streams
        .iter()
        .map(|run| Line::new(&context.progress, run.name(), run.stats(), context.clock.clone()))
        .collect();
    let running = streams.iter().zip(&lines).map(|(stream, line)| async {
        let options = RunOptions { deadline, stop: context.stop.clone(), beside: arguments.beside };
        let report = stream.run(store.clone(), request, options).await;
        line.end(&report);
        log_end(&report);
        report
    });
    let running: FuturesOrdered<_> = running.collect();
    let reports = tokio::select! {
        reports = collect(context, running, out) => reports,
        never = progress::draw(&context.progress, &lines, None) => match never {},
    };
    lines.iter().for_each(Line::remove);
    Ok(conclude(context, &reports, out))
}

fn request(arguments: &RunArguments) -> Result<RunRequest> {
    let at = arguments.at;
    if !arguments.restart {
        return Ok(RunRequest::Scheduled { at });
    }
    if arguments.selection.stream.is_none() {
        return Err(Error::new(ErrorKind::Config, "--restart is for one stream: write <source>/<stream>"));
    }
    Ok(RunRequest::Restart { at })
}

/// The report of a stream that could not begin.
fn failed(source: &str, stream: &str, error: &Error) -> RunReport {
    let failure = Failure { message: format!("{source}/{stream}: {error}"), ..error.into() };
    RunReport { error: Some(failure), ..RunReport::new(source, stream) }
}

fn conclude(context: &Context, reports: &[RunReport], out: &mut Output) -> u8 {
    if !context.json {
        out.line(summary(reports));
    }
    exit_code(reports)
}

/// The reports in file order; each is told as soon as those before it are.
async fn collect(
    context: &Context,
    mut running: impl Stream<Item = RunReport> + Unpin,
    out: &mut Output,
) -> Vec<RunReport> {
    let mut reports = Vec::new();
    while let Some(report) = running.next().await {
        if context.json {
            out.json(&report);
        } else {
            context.progress.suspend(|| remarks(&report).iter().for_each(|remark| output::tell(remark)));
        }
        reports.push(report);
    }
    reports
}

/// What does not fit into the table: errors and warnings in full.
pub(super) fn remarks(report: &RunReport) -> Vec<String> {
    let RunReport { source, stream, .. } = report;
    let error = report.error.as_ref().map(|error| format!("error: {}", error.message));
    let warnings = report.warnings.iter().map(|warning| format!("warning: {source}/{stream}: {warning}"));
    error.into_iter().chain(warnings).collect()
}

fn summary(reports: &[RunReport]) -> String {
    let columns = [
        Column::Text("STREAM"),
        Column::Text("STATUS"),
        Column::Number("RECORDS"),
        Column::Number("BYTES"),
        Column::Number("PAGES"),
        Column::Number("REQUESTS"),
        Column::Number("RETRIES"),
        Column::Number("DURATION"),
        Column::Text("ERROR"),
    ];
    let rows = reports.iter().map(|report| {
        let counts = report.counts;
        let kind = report.error.as_ref().filter(|_| report.status == Status::Failed).map(|error| error.kind);
        vec![
            format!("{}/{}", report.source, report.stream),
            report.status.as_str().to_owned(),
            human::count(counts.records),
            human::bytes(counts.bytes),
            human::count(counts.pages),
            human::count(counts.requests),
            human::count(counts.retries),
            human::duration(std::time::Duration::from_millis(report.duration_ms)),
            kind.map_or_else(String::new, |kind| kind.as_str().to_owned()),
        ]
    });
    table(&columns, rows)
}

#[cfg(test)]
mod tests {
    use bronzegate_core::report::Counts;

    use super::*;

    fn reports() -> [RunReport; 2] {
        let message = "crm/deals, page 3: HTTP 503".to_owned();
        [
            RunReport {
                status: Status::Complete,
                counts: Counts {
                    records: 2500,
                    bytes: 3_028_747,
                    pages: 25,
                    requests: 26,
                    retries: 1,
                    api_errors: 1,
                },
                duration_ms: 1250,
                warnings: vec!["2500 records came".to_owned()],
                ..RunReport::new("crm", "contacts")
            },
            RunReport {
                error: Some(Failure { kind: ErrorKind::Api, message, is_transient: false, is_quota: false }),
                ..RunReport::new("crm", "deals")
            },
        ]
    }

    #[test]
    fn the_summary_is_a_row_a_stream() {
        insta::assert_snapshot!(summary(&reports()), @"
        STREAM        STATUS    RECORDS    BYTES  PAGES  REQUESTS  RETRIES  DURATION  ERROR
        crm/contacts  complete    2,500  2.9 MiB     25        26        1      1.2s
        crm/deals     failed          0      0 B      0         0        0       0ms  api
        ");
    }

    #[test]
    fn errors_and_warnings_are_told_in_full() {
        let told: Vec<_> = reports().iter().flat_map(remarks).collect();
        assert_eq!(told, ["warning: crm/contacts: 2500 records came", "error: crm/deals, page 3: HTTP 503"]);
    }
}
