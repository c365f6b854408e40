//! `runs`: the commit logs, compared with what is expected.

use std::path::Path;
use std::sync::Arc;

use bronzegate_core::bronze::{BronzeStore, CommitLog, CommitRecord, LastError, Layout, TablePublished};
use bronzegate_core::config::Source;
use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::health::{Entry, Period, StreamHealth, earlier_start};
use futures::stream::{StreamExt as _, TryStreamExt as _};
use serde::Serialize;

use super::runs_table::runs_table;
use super::{Context, selected};
use crate::arguments::RunsArguments;
use crate::human;
use crate::names::Selection;
use crate::output::{self, Output};
use crate::page;

/// The exit code where something is marked or missing, if it was asked for.
const MARKED: u8 = 1;

/// The runs of a stream that are shown, unless others are asked for.
const NEWEST: usize = 20;

/// Marks that are read at the same time.
const AT_ONCE: usize = 8;

/// Prints the health of the selected streams: tables, with `--json` a line a run, with `--html` a page.
pub(crate) async fn runs(context: &Context, arguments: &RunsArguments, out: &mut Output) -> Result<u8> {
    let now = context.clock.now();
    let period = Period {
        since: arguments.since.map(|since| since.instant(now)),
        until: arguments.until.map(|until| until.instant(now)),
        grace: arguments.grace,
        now,
    };
    let store = context.target.open_existing().await?;
    let mut streams = Vec::new();
    let mut code = 0;
    for selection in selections(context, arguments).await? {
        match look(context, &selection, store.as_ref(), &period).await {
            Ok(found) => streams.extend(found),
            // One file that cannot be used leaves the others to be looked at.
            Err(error) if arguments.selection.is_none() && error.kind() == ErrorKind::Config => {
                output::tell(&format!("error: {error}"));
                code = error.kind().exit_code();
            }
            Err(error) => return Err(error),
        }
    }
    if let Some(file) = &arguments.html {
        let environment = &context.environment;
        write(file, &page::page(&streams, &period, environment)?)?;
        // Standard output is for what was asked for there.
        output::tell(&format!("{}: {}", file.display(), summary(&streams)));
    }
    if context.json {
        for health in &streams {
            tell_json(health, out);
        }
    } else if arguments.html.is_none() {
        let shows_all = arguments.all || arguments.since.is_some() || arguments.until.is_some();
        let most = if shows_all { usize::MAX } else { NEWEST };
        let tables = streams.iter().map(|health| told(health, &period, most));
        out.line(tables.collect::<Vec<_>>().join("\n\n"));
    }
    let is_marked = streams.iter().any(|health| !health.is_healthy());
    Ok(if code == 0 && is_marked && arguments.fail_on_breach { MARKED } else { code })
}

async fn selections(context: &Context, arguments: &RunsArguments) -> Result<Vec<Selection>> {
    if let Some(selection) = &arguments.selection {
        return Ok(vec![selection.clone()]);
    }
    let names = context.sources.names().await?;
    if names.is_empty() {
        return Err(context.sources.no_sources());
    }
    Ok(names.into_iter().map(|source| Selection { source, stream: None }).collect())
}

/// Reads the logs of a selection. A log speaks for itself, also when its source file is gone; only where
/// there is none is the source file asked whether there could be one.
async fn look(
    context: &Context,
    selection: &Selection,
    store: Option<&Arc<dyn BronzeStore>>,
    period: &Period,
) -> Result<Vec<StreamHealth>> {
    let source = context.sources.load(&selection.source).await;
    let names = match (&selection.stream, &source) {
        (Some(stream), _) => vec![stream.clone()],
        (None, Ok(source)) => source.streams.iter().map(|stream| stream.name.clone()).collect(),
        (None, Err(_)) => Vec::new(),
    };
    if names.is_empty() {
        source?;
        return Ok(Vec::new());
    }
    let mut logs = Vec::new();
    for name in names {
        let log = store.map(|store| CommitLog::new(store.clone(), Layout::new(&selection.source, &name)));
        let (records, published, error) = match log {
            Some(log) => {
                let records = match period.read_from() {
                    Some(from) => log.since(from, period.now).await?,
                    None => log.all().await?,
                };
                let published = published(&log, &records).await?;
                (records, published, log.last_error().await)
            }
            None => (Vec::new(), Vec::new(), None),
        };
        let settings = source.as_ref().ok().and_then(|source| source.stream(&name)?.incremental.as_ref());
        let not_loaded = match store.zip(settings) {
            Some((store, incremental)) => {
                let layout = Layout::new(&selection.source, &name);
                earlier_start(&CommitLog::new(store.clone(), layout), incremental).await?
            }
            None => None,
        };
        logs.push((name, (records, published), error, not_loaded));
    }
    let settings = match source {
        Ok(source) => Some(source),
        Err(error) if logs.iter().all(|(_, (records, _), ..)| records.is_empty()) => return Err(error.into()),
        Err(error) => {
            output::tell(&format!(
                "note: without the source file, thresholds are the defaults and no missing runs are looked for: {error}"
            ));
            None
        }
    };
    let health = |(name, (records, published), error, not_loaded): (String, (Vec<_>, Vec<_>), _, _)| {
        let stream = match &settings {
            Some(source) if records.is_empty() => Some(selected(source, Some(&name))?[0]),
            settings => settings.as_ref().and_then(|source: &Source| source.stream(&name)),
        };
        let health = StreamHealth::new([&selection.source, &name], records, stream, period);
        Ok(health.with_published(&published).with_error(error, period).with_not_loaded(not_loaded))
    };
    logs.into_iter().map(health).collect()
}

/// What tables have of segments, as their marks say.
async fn published(log: &CommitLog, records: &[CommitRecord]) -> Result<Vec<(String, TablePublished)>> {
    let marks = records.iter().filter(|record| record.table.is_some()).map(|record| async move {
        let published = log.published(record).await?;
        Ok::<_, Error>(published.map(|published| (record.key.clone(), published)))
    });
    let marks: Vec<_> = futures::stream::iter(marks).buffered(AT_ONCE).try_collect().await?;
    Ok(marks.into_iter().flatten().collect())
}

fn write(file: &Path, page: &str) -> Result<()> {
    std::fs::write(file, page)
        .map_err(|error| Error::new(ErrorKind::Config, format!("cannot write {}: {error}", file.display())))
}

/// A stream's name, what is to be said of it, and its table.
fn told(health: &StreamHealth, period: &Period, most: usize) -> String {
    let schedule = health.schedule.as_ref().map(|schedule| {
        let next = schedule.next_after(period.now);
        let next = next.map(|next| format!(", next {next}")).unwrap_or_default();
        format!("; {schedule}{next}")
    });
    let StreamHealth { source, stream, .. } = health;
    let mut head = format!("{source}/{stream}: {}{}", verdict(health), schedule.unwrap_or_default());
    if let Some(error) = &health.last_error {
        head.push('\n');
        head.push_str(&failed(health, error));
    }
    if let Some(not_loaded) = &health.not_loaded {
        head.push_str("\nNOT LOADED ");
        head.push_str(not_loaded);
    }
    if health.entries().is_empty() && health.windows.is_empty() {
        return head;
    }
    format!("{head}\n{}", runs_table(health, most))
}

/// The last failure: what is wrong now, or what was.
fn failed(health: &StreamHealth, error: &LastError) -> String {
    let LastError { at, failure, key, .. } = error;
    let run = key.as_ref().map(|key| format!(" in {key}")).unwrap_or_default();
    let told = format!("at {at:.0}{run}: {}: {}", failure.kind.as_str(), failure.message);
    if health.open_error().is_some() {
        format!("FAILED {told}")
    } else {
        format!("got over a failure {told}")
    }
}

/// What somebody should know first.
fn verdict(health: &StreamHealth) -> String {
    let runs = health.runs.len() + health.windows.len();
    match runs {
        0 if health.never_ran => "has a schedule and has never committed a run".to_owned(),
        0 if health.gaps.is_empty() => "no committed runs".to_owned(),
        runs => format!("{}, {}", human::counted(runs as u64, "run"), findings(health)),
    }
}

fn findings(health: &StreamHealth) -> String {
    let mut findings = Vec::new();
    if health.open_error().is_some() {
        findings.push("failed since".to_owned());
    }
    if health.marked() > 0 {
        findings.push(format!("{} marked", health.marked()));
    }
    if health.not_loaded.is_some() {
        findings.push("its beginning is not loaded".to_owned());
    }
    if health.missing() > 0 {
        findings.push(format!("{} missing", human::count(health.missing())));
    }
    if findings.is_empty() { "as usual".to_owned() } else { findings.join(", ") }
}

fn summary(streams: &[StreamHealth]) -> String {
    let runs: usize = streams.iter().map(|health| health.runs.len() + health.windows.len()).sum();
    let marked: usize = streams.iter().map(StreamHealth::marked).sum();
    let missing: u64 = streams.iter().map(StreamHealth::missing).sum();
    let [streams, runs] =
        [(streams.len(), "stream"), (runs, "run")].map(|(number, noun)| human::counted(number as u64, noun));
    format!("{streams}, {runs}, {marked} marked, {} missing", human::count(missing))
}

/// One line of JSON: a run with its segments, a stretch of missing ones, or the last failure.
#[derive(Serialize)]
struct Told<'a, T: Serialize> {
    source: &'a str,
    stream: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<&'static str>,
    #[serde(flatten)]
    rest: &'a T,
}

/// The last failure of a stream.
#[derive(Serialize)]
struct ToldError<'a> {
    /// Something was committed since.
    is_past: bool,
    #[serde(flatten)]
    error: &'a LastError,
}

fn tell_json(health: &StreamHealth, out: &mut Output) {
    let StreamHealth { source, stream, .. } = health;
    let windows = health.windows.iter().map(Entry::Run);
    for entry in health.entries().into_iter().chain(windows) {
        match entry {
            Entry::Run(run) => out.json(&Told { source, stream, status: None, rest: run }),
            Entry::Gap(gap) => out.json(&Told { source, stream, status: Some(gap.status()), rest: gap }),
        }
    }
    if let Some(error) = &health.last_error {
        let rest = &ToldError { is_past: health.open_error().is_none(), error };
        out.json(&Told { source, stream, status: Some("failed"), rest });
    }
    if let Some(message) = &health.not_loaded {
        let rest = &serde_json::json!({ "message": message });
        out.json(&Told { source, stream, status: Some("not_loaded"), rest });
    }
}
