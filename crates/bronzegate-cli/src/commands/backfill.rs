//! `backfill`: the windows of a stretch of time, several at a time, each to its report.

use std::collections::VecDeque;
use std::sync::Mutex;

use bronzegate_core::backfill::{self, BackfillPlan, Loading, PlannedWindow, WindowState};
use bronzegate_core::bronze::{Layout, Publisher, Stores};
use bronzegate_core::config::Incremental;
use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::report::{RunReport, Status, exit_code, log_end};
use bronzegate_core::run::{Engine, RunOptions, RunRequest, StreamRun};
use bronzegate_core::window::TimeWindow;
use indicatif::ProgressBar;

use super::backfill_estimate::estimate;
use super::{Context, run_summary, selected};
use crate::arguments::BackfillArguments;
use crate::human;
use crate::notify::Outcome;
use crate::output::{self, Output};
use crate::progress::{self, Line};
use crate::table::{Column, table};

/// A window with the report of its run; none when it was not begun.
type Loaded = (PlannedWindow, Option<RunReport>);

/// Plans the windows, tells what they take, and loads them.
pub(crate) async fn backfill(
    context: &Context,
    arguments: &BackfillArguments,
    out: &mut Output,
) -> Result<u8> {
    let name = &arguments.stream;
    let source = context.sources.load(&name.source).await?;
    let stream = selected(&source, Some(&name.stream))?[0].clone();
    let now = context.clock.now();
    let span = TimeWindow::new(arguments.from.rounded(now), arguments.to.rounded(now))
        .map_err(|error| Error::new(ErrorKind::Config, error))?;
    let incremental = stream.incremental.as_ref();
    let step = arguments.window.or(incremental.and_then(|incremental| incremental.window));
    let engine = context.engine(source).with_rate_share(arguments.rate_share)?;

    let existing = context.target.open_existing().await?;
    let layout = Layout::new(&name.source, &name.stream);
    let publisher = match existing {
        Some(target) => {
            let stores = context.stores(target, [&stream]).await?;
            Some(
                Publisher::of(stores, layout, &stream.output)
                    .map_err(|error| Error::from(error).in_stream(name.to_string()))?,
            )
        }
        None => None,
    };
    if let Some(publisher) = publisher.as_ref().filter(|_| !arguments.dry_run) {
        // Where no window is due, no run does it.
        publisher.sweep(context.clock.now()).await?;
    }
    let plan =
        plan(context, arguments, incremental, &backfill::windows(span, step)?, publisher.as_ref()).await?;
    tell_estimate(context, arguments, &engine, &plan, stream.rate_limit.requests_per_second).await?;
    if arguments.dry_run {
        list(context, &plan, out);
        return Ok(0);
    }

    let stores = context.stores(context.target.open().await?, [&stream]).await?;
    let loaded = load(context, arguments, &engine, &plan, stores).await?;
    for report in loaded.iter().filter_map(|(_, report)| report.as_ref()) {
        if context.json {
            out.json(report);
        }
        for remark in run_summary::remarks(report) {
            output::tell(&remark);
        }
    }
    if !context.json {
        out.line(windows_table(&loaded));
    }
    let reports: Vec<_> = loaded.iter().filter_map(|(_, report)| report.clone()).collect();
    context.notify(Outcome::Reports(&reports)).await;
    Ok(code(&loaded))
}

/// Decides what is due, and tells what somebody might not expect of it.
async fn plan(
    context: &Context,
    arguments: &BackfillArguments,
    incremental: Option<&Incremental>,
    windows: &[TimeWindow],
    publisher: Option<&Publisher>,
) -> Result<BackfillPlan> {
    let now = context.clock.now();
    backfill::over(incremental, windows, now)?;
    let loading = match arguments.revision {
        Some(revision) => Loading::Revision(revision.get()),
        None if arguments.again => Loading::Again,
        None => Loading::Revision(1),
    };
    let plan = BackfillPlan::new(incremental, publisher, windows, loading, now, arguments.dry_run).await?;
    for remark in remarks(&plan, arguments.again) {
        output::tell(&remark);
    }
    Ok(plan)
}

fn remarks(plan: &BackfillPlan, again: bool) -> Vec<String> {
    let windows = |count: usize| human::counted(count as u64, "window");
    let (not_over, committed) = (plan.count(WindowState::NotOver), plan.count(WindowState::Committed));
    let begun = committed + plan.count(WindowState::Partial);
    let mut remarks = Vec::new();
    if again && begun > 0 {
        remarks.push(format!(
            "--again continues with revision {}, of which {} of {} are committed; --revision {} loads all of them",
            plan.revision,
            committed,
            windows(plan.windows.len()),
            plan.revision + 1,
        ));
    }
    if not_over > 0 {
        remarks.push(format!(
            "not over yet: {}, to be loaded by the same command after they have ended",
            windows(not_over)
        ));
    }
    if plan.overlapping > 0 {
        remarks.push(format!(
            "committed with other bounds: {} that overlap these; their records are loaded twice",
            windows(plan.overlapping)
        ));
    }
    remarks.extend(plan.scheduled.map(backfill::twice));
    remarks
}

/// Prints the plan.
fn list(context: &Context, plan: &BackfillPlan, out: &mut Output) {
    if !context.json {
        let columns = [Column::Text("FROM"), Column::Text("TO"), Column::Text("STATUS")];
        let rows = plan.windows.iter().map(|PlannedWindow { window, state }| {
            vec![human::instant(window.from()), human::instant(window.to()), state.as_str().to_owned()]
        });
        return out.line(table(&columns, rows));
    }
    for PlannedWindow { window, state } in &plan.windows {
        let (from, to, status) = (window.from(), window.to(), state.as_str());
        out.json(&serde_json::json!({ "from": from, "to": to, "status": status }));
    }
}

/// Sends one request, so that somebody can still change their mind. One that fails for reasons of its own
/// is only told: its window is one of many.
async fn tell_estimate(
    context: &Context,
    arguments: &BackfillArguments,
    engine: &Engine,
    plan: &BackfillPlan,
    rate: Option<f64>,
) -> Result<()> {
    let due: Vec<_> = plan.due().collect();
    let Some(&middle) = due.get(due.len() / 2) else { return Ok(()) };
    let run = engine.stream(&arguments.stream.stream)?;
    if let Some(warning) = run.share_warning() {
        output::tell(&format!("warning: {warning}"));
    }
    let began = context.clock.elapsed();
    let probe = match run.probe_window(middle).await {
        Ok(probe) => probe,
        Err(error) if matches!(error.kind(), ErrorKind::Api | ErrorKind::Data) => {
            let due = human::counted(due.len() as u64, "window");
            output::tell(&format!(
                "{due} to load; what they take is not known, since a probe failed: {error}"
            ));
            return Ok(());
        }
        Err(error) => return Err(error),
    };
    let took = context.clock.elapsed().saturating_sub(began);
    let rate = rate.map(|rate| rate * arguments.rate_share);
    output::tell(&estimate(&probe, took, due.len(), arguments.parallel.get(), rate));
    Ok(())
}

/// Loads what is due with so many workers, and reports every window in order of time.
async fn load(
    context: &Context,
    arguments: &BackfillArguments,
    engine: &Engine,
    plan: &BackfillPlan,
    stores: Stores,
) -> Result<Vec<Loaded>> {
    let due: Vec<_> = plan.due().collect();
    let workers = arguments.parallel.get().min(due.len());
    let streams: Vec<_> =
        (0..workers).map(|_| engine.stream(&arguments.stream.stream)).collect::<Result<_, Error>>()?;
    let lines: Vec<_> = streams
        .iter()
        .map(|run| Line::new(&context.progress, run.name(), run.stats(), context.clock.clone()))
        .collect();
    let work = Work {
        context,
        stores,
        revision: plan.revision,
        queue: Mutex::new(due.into()),
        done: Mutex::default(),
        bar: progress::total(&context.progress, plan.due().count()),
    };
    let running =
        futures::future::join_all(streams.iter().zip(&lines).map(|(run, line)| work.work(run, line)));
    tokio::select! {
        _ = running => {}
        never = progress::draw(&context.progress, &lines, Some(&work.bar)) => match never {},
    }
    lines.iter().for_each(Line::remove);
    work.bar.finish_and_clear();
    let mut done = work.done.into_inner().expect("no holder of this lock panics");
    Ok(plan.windows.iter().map(|planned| (*planned, take(&mut done, planned.window))).collect())
}

fn take(done: &mut Vec<(TimeWindow, RunReport)>, window: TimeWindow) -> Option<RunReport> {
    let at = done.iter().position(|(known, _)| *known == window)?;
    Some(done.swap_remove(at).1)
}

/// What the workers share.
struct Work<'a> {
    context: &'a Context,
    stores: Stores,
    revision: u32,
    queue: Mutex<VecDeque<TimeWindow>>,
    done: Mutex<Vec<(TimeWindow, RunReport)>>,
    bar: ProgressBar,
}

impl Work<'_> {
    /// Loads window after window. One that fails does not stop the others, unless they would fail too.
    async fn work(&self, run: &StreamRun, line: &Line) {
        while let Some(window) = self.next() {
            line.begin(format!("{}/{}", human::instant(window.from()), human::instant(window.to())));
            let request = RunRequest::Window { window, revision: self.revision };
            let report = run
                .run(
                    self.stores.clone(),
                    request,
                    RunOptions { stop: self.context.stop.clone(), ..RunOptions::default() },
                )
                .await;
            log_end(&report);
            self.context.ended(&report);
            let kind = report.error.as_ref().map(|error| error.kind);
            if backfill::stops_the_others(&report) {
                self.queue.lock().expect("no holder of this lock panics").clear();
            }
            // Interrupted before its first page: as if it had not begun.
            if kind != Some(ErrorKind::Interrupted) {
                self.done.lock().expect("no holder of this lock panics").push((window, report));
            }
            self.bar.inc(1);
        }
        line.begin(run.name());
    }

    fn next(&self) -> Option<TimeWindow> {
        let mut queue = self.queue.lock().expect("no holder of this lock panics");
        if self.context.stop.is_cancelled() { None } else { queue.pop_front() }
    }
}

/// The first failure's code, else 3 while a window is left, be it because it is not over, else 0.
/// Interrupted before anything was committed, there is nothing to resume from.
fn code(loaded: &[Loaded]) -> u8 {
    let reports: Vec<_> = loaded.iter().filter_map(|(_, report)| report.clone()).collect();
    let left =
        loaded.iter().any(|(planned, report)| report.is_none() && planned.state != WindowState::Committed);
    let is_new = |(planned, _): &Loaded| matches!(planned.state, WindowState::Due | WindowState::NotOver);
    let nothing = reports.is_empty() && loaded.iter().all(is_new);
    match exit_code(&reports) {
        0 if left && nothing => ErrorKind::Interrupted.exit_code(),
        0 if left => PARTIAL,
        code => code,
    }
}

/// The exit code while something is left to do.
const PARTIAL: u8 = 3;

fn windows_table(loaded: &[Loaded]) -> String {
    let columns = [
        Column::Text("FROM"),
        Column::Text("TO"),
        Column::Text("STATUS"),
        Column::Number("RECORDS"),
        Column::Number("BYTES"),
        Column::Number("REQUESTS"),
        Column::Number("DURATION"),
        Column::Text("ERROR"),
    ];
    let rows = loaded.iter().map(|(planned, report)| {
        let counts = report.as_ref().map(|report| report.counts).unwrap_or_default();
        let status = report.as_ref().map_or(planned.state.as_str(), |report| report.status.as_str());
        let failed = report.as_ref().filter(|report| report.status == Status::Failed);
        let took = report.as_ref().map_or(0, |report| report.duration_ms);
        vec![
            human::instant(planned.window.from()),
            human::instant(planned.window.to()),
            status.to_owned(),
            human::count(counts.records),
            human::bytes(counts.bytes),
            human::count(counts.requests),
            human::duration(std::time::Duration::from_millis(took)),
            failed
                .and_then(|report| report.error.as_ref())
                .map_or_else(String::new, |error| error.kind.as_str().to_owned()),
        ]
    });
    table(&columns, rows)
}
