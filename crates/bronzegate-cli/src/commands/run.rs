//! `run`: streams of one source or several, side by side, each to its report.

use bronzegate_core::bronze::Stores;
use bronzegate_core::clock::Deadline;
use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::report::{Failure, RunReport, Status, exit_code, log_end};
use bronzegate_core::run::{RunOptions, RunRequest, StreamRun};
use futures::stream::{self, FuturesOrdered, Stream, StreamExt as _};

use super::Context;
use super::chosen::{Chosen, ChosenSource, choose};
use super::due::{Due, request};
use super::run_summary::{remarks, summary, written};
use crate::arguments::RunArguments;
use crate::notify::Outcome;
use crate::output::{self, Output};
use crate::progress::{self, Line};

/// How many sources run at the same time: each holds some pages and parts of every stream in memory.
const SOURCES_AT_ONCE: usize = 8;

/// A stream that is to run, and its line on the terminal.
struct Job {
    /// Its place among all streams, for the order of the table.
    nth: usize,
    stream: StreamRun,
    request: RunRequest,
    line: Line,
}

/// Runs the streams; one that fails does not stop the others.
pub(crate) async fn run(context: &Context, arguments: &RunArguments, out: &mut Output) -> Result<u8> {
    if arguments.restart && !matches!(&arguments.selections[..], [one] if one.is_one_stream()) {
        return Err(Error::new(ErrorKind::Config, "--restart is for one stream: write <source>/<stream>"));
    }
    let deadline =
        arguments.deadline.map_or(Deadline::NONE, |given| Deadline::within(&*context.clock, given));
    let Chosen { sources, unusable } = choose(&context.sources, &arguments.selections).await?;
    let jobs = jobs(context, arguments, sources)?;
    for error in &unusable {
        output::tell(&format!("error: {error}"));
    }
    let opened = async {
        let target = context.target.open().await?;
        context.stores(target, jobs.iter().flatten().map(|job| job.stream.settings())).await
    };
    let reports = match opened.await {
        Ok(stores) => {
            let stores = stores.bounded(&context.clock, deadline);
            let lines: Vec<_> = jobs.iter().flatten().map(|job| job.line.clone()).collect();
            let running = running(context, jobs, &stores, (deadline, arguments.beside));
            let reports = tokio::select! {
                reports = collect(context, running, out) => reports,
                never = progress::draw(&context.progress, &lines, None) => match never {},
            };
            lines.iter().for_each(Line::remove);
            reports
        }
        Err(error) if error.kind() == ErrorKind::Config => return Err(error),
        Err(error) => {
            let unopened = jobs.iter().flatten().map(|job| (job.nth, failed(&job.stream, &error)));
            collect(context, stream::iter(unopened), out).await
        }
    };
    let code = conclude(context, &reports, unusable.first(), out);
    context.notify(Outcome::Reports(&reports)).await;
    Ok(code)
}

/// The streams that are to run, by their sources.
fn jobs(context: &Context, arguments: &RunArguments, sources: Vec<ChosenSource>) -> Result<Vec<Vec<Job>>> {
    let now = context.clock.now();
    let mut all = Vec::new();
    let mut nth = 0;
    for ChosenSource { source, streams } in sources {
        let mut jobs = Vec::new();
        let engine = context.engine(source);
        for stream in streams {
            let settings = engine.source.named(&stream.name)?;
            let request = match request(settings, arguments, now) {
                Due::At(request) => request,
                Due::Never(why) if stream.is_named => {
                    let cause = format!("{}/{}: {why}", engine.source.name, stream.name);
                    return Err(Error::new(ErrorKind::Config, cause));
                }
                Due::Never(why) => {
                    output::tell(&format!("skipped: {}/{}: {why}", engine.source.name, stream.name));
                    continue;
                }
            };
            let stream = engine.stream(&stream.name)?;
            let line = Line::new(&context.progress, stream.name(), stream.stats(), context.clock.clone());
            jobs.push(Job { nth, stream, request, line });
            nth += 1;
        }
        all.push(jobs);
    }
    Ok(all)
}

/// The reports with their places: those of a source in file order, as soon as they are there.
fn running(
    context: &Context,
    jobs: Vec<Vec<Job>>,
    stores: &Stores,
    (deadline, beside): (Deadline, bool),
) -> impl Stream<Item = (usize, RunReport)> + Unpin {
    let sources = jobs.into_iter().enumerate().map(move |(turn, jobs)| {
        let streams = jobs.into_iter().map(move |job| async move {
            let Job { nth, stream, request, line } = job;
            let is_late = turn >= SOURCES_AT_ONCE;
            let until = RunOptions::until(deadline);
            let options = RunOptions { stop: context.stop.clone(), beside, is_late, ..until };
            let report = if is_late && is_over(context, deadline) {
                stream.not_begun()
            } else {
                stream.run(stores.clone(), request, options).await
            };
            line.end(&report);
            log_end(&report);
            context.ended(&report);
            (nth, report)
        });
        streams.collect::<FuturesOrdered<_>>()
    });
    Box::pin(stream::iter(sources).flatten_unordered(SOURCES_AT_ONCE))
}

/// Whether a source that has waited for its turn has come too late to fetch anything.
fn is_over(context: &Context, deadline: Deadline) -> bool {
    let no_time = deadline.left_to_fetch(&*context.clock).is_some_and(|left| left.is_zero());
    no_time || context.stop.is_cancelled()
}

/// The report of a stream that could not begin.
fn failed(stream: &StreamRun, error: &Error) -> RunReport {
    let failure = Failure { message: format!("{}: {error}", stream.name()), ..error.into() };
    let name = stream.name();
    let (source, stream) = name.split_once('/').unwrap_or((&name, ""));
    RunReport { error: Some(failure), ..RunReport::new(source, stream) }
}

/// The exit code: a file that cannot be used counts after the streams that failed.
fn conclude(context: &Context, reports: &[RunReport], unusable: Option<&Error>, out: &mut Output) -> u8 {
    if !context.json && !reports.is_empty() {
        out.line(summary(reports, output::has_colour()));
        if let Some(written) = written(&context.target.to_string(), reports) {
            out.line(written);
        }
    }
    let code = exit_code(reports);
    let is_failed = reports.iter().any(|report| report.status == Status::Failed);
    unusable.filter(|_| !is_failed).map_or(code, |error| error.kind().exit_code())
}

/// The reports in file order. Each is told as soon as those before it of its source are.
async fn collect(
    context: &Context,
    mut running: impl Stream<Item = (usize, RunReport)> + Unpin,
    out: &mut Output,
) -> Vec<RunReport> {
    let mut reports = Vec::new();
    while let Some((nth, report)) = running.next().await {
        if context.json {
            out.json(&report);
        } else {
            context.progress.suspend(|| remarks(&report).iter().for_each(|remark| output::tell(remark)));
        }
        reports.push((nth, report));
    }
    reports.sort_by_key(|(nth, _)| *nth);
    reports.into_iter().map(|(_, report)| report).collect()
}
