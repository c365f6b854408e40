//! A run as a process: the real programs, and the moments at which they are killed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::time::Duration;

use bronzegate_core::clock::{Clock as _, SystemClock};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::process::Child;

use super::act::Moment;
use super::doomed::NOW;
use super::engine::Ended;
use super::scene::{Event, STREAM};
use super::store::Line;
use crate::child_process::spawn_piped;
use crate::command_line::{commits, files, program};
use crate::delta::TABLE;
use crate::lambda_runtime::{Invoked, Lambda};
use crate::parts;

/// Longer than any process takes here, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(100);

/// How often a condition is looked at.
const PERIOD: Duration = Duration::from_millis(1);

/// A process of one run.
pub(super) struct Process {
    child: Child,
}

/// What the moments are about.
pub(super) struct Surroundings<'a> {
    /// The proxy of the run.
    pub(super) line: Option<&'a Line>,
    /// Where it takes place, where that is a folder.
    pub(super) places: Option<Places>,
    /// What was in it before the act.
    pub(super) held: &'a Held,
    /// How many requests the API has had.
    pub(super) requests: &'a (dyn Fn() -> u64 + Send + Sync),
    /// How many it had before the act.
    pub(super) before: u64,
}

/// The folders of a trial.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pub(super) target: PathBuf,
    pub(super) tables: Option<PathBuf>,
}

/// What new files may be seen of.
#[derive(Clone, Copy, Debug)]
enum Watched {
    Uploads,
    Commits,
    Parts,
    Log,
    Marks(&'static str),
}

/// The files of a trial at a time.
#[derive(Debug, Default)]
pub(super) struct Held(BTreeSet<PathBuf>);

impl Held {
    /// What is there now.
    pub(super) fn of(places: Option<Places>) -> Self {
        let Some(Places { target, tables }) = places else { return Self::default() };
        let tables = tables.as_deref().map(files).unwrap_or_default();
        Self(files(&target).into_iter().chain(tables).collect())
    }
}

impl Places {
    fn files(&self, watched: Watched) -> Vec<PathBuf> {
        let Self { target, tables } = self;
        let root = tables.as_ref().unwrap_or(target);
        let table = root.join(TABLE);
        match (watched, tables) {
            (Watched::Uploads, _) => files(&root.join("_bronzegate/staging")),
            (Watched::Commits, _) => commits(target, STREAM),
            (Watched::Parts, None) => parts(target, "demo", STREAM),
            (Watched::Parts, Some(_)) => files(&table.join("demo")),
            (Watched::Log, _) => files(&table.join("_delta_log")),
            (Watched::Marks(ending), _) => {
                let mut marks = files(&target.join("_bronzegate/demo").join(STREAM).join("tables"));
                marks.retain(|path| path.extension().is_some_and(|found| found == ending));
                marks
            }
        }
    }
}

impl Process {
    /// Starts a program in a folder; its environment has these variables alone.
    pub(super) fn start(
        name: &str,
        arguments: &[String],
        variables: &BTreeMap<String, String>,
        folder: &Path,
    ) -> Self {
        Self { child: spawn_piped(&program(name), arguments, variables, folder) }
    }

    /// Waits for its end.
    pub(super) async fn ended(self) -> Ended {
        self.ended_or_killed(std::future::pending()).await
    }

    /// Waits for its end, which comes (SIGKILL) at that moment if not before.
    pub(super) async fn ended_or_killed(mut self, moment: impl Future<Output = ()>) -> Ended {
        let status = tokio::time::timeout(PATIENCE, async {
            tokio::select! {
                biased;
                status = self.child.wait() => return status,
                () = moment => {}
            }
            // It may have ended this moment: then there is nothing to kill.
            let _ = self.child.start_kill();
            self.child.wait().await
        });
        let status = status.await.expect("the process hangs").expect("a child can be waited for");
        let mut said = String::new();
        if let Some(mut pipe) = self.child.stderr.take() {
            pipe.read_to_string(&mut said).await.expect("it says text");
        }
        ended(status, said)
    }

    /// The end of a process that says when it is to be killed, or how it ended before.
    pub(super) async fn killed_when_it_says(mut self) -> Ended {
        let mut lines = BufReader::new(self.child.stdout.take().expect("it is piped")).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await;
        let line = line.expect("the process hangs").expect("it says text").unwrap_or_default();
        if line == NOW {
            let _ = self.child.start_kill();
        }
        match self.ended().await {
            Ended::Done => Ended::read(&line),
            ended => ended,
        }
    }
}

/// What an exit code means; see the command line's help.
fn ended(status: ExitStatus, said: String) -> Ended {
    let kind = match status.code() {
        None => return Ended::Gone,
        Some(0) => return Ended::Done,
        Some(3) => return Ended::Partial,
        Some(5) => "api".to_owned(),
        Some(6) => "data".to_owned(),
        Some(7) => "store".to_owned(),
        Some(130) => "interrupted".to_owned(),
        Some(code) => format!("exit code {code}"),
    };
    Ended::Failed { kind, message: said }
}

/// Invokes a function of its own once, and kills it at a moment, if there is one.
pub(super) async fn invoked(
    mut lambda: Lambda,
    event: &serde_json::Value,
    time: Duration,
    moment: Option<impl Future<Output = ()>>,
) -> Ended {
    let invoked = match moment {
        Some(moment) => lambda.invoke_and_kill(event, time, moment).await,
        None => lambda.invoke(event, time).await,
    };
    lambda.stop().await;
    match invoked {
        Invoked::Answer(answer) if answer["status"] == "partial" || answer["status"] == "skipped" => {
            Ended::Partial
        }
        Invoked::Answer(_) => Ended::Done,
        Invoked::Failed { kind, message } => Ended::Failed { kind, message },
        Invoked::Died => Ended::Gone,
    }
}

/// The arguments of `bronzegate` for an event.
pub(super) fn line(event: &Event, deadline: Option<Duration>) -> Vec<String> {
    let mut arguments: Vec<String> = event.line.split(' ').map(str::to_owned).collect();
    // A backfill has no deadline.
    if let Some(deadline) = deadline.filter(|_| event.line.starts_with("run ")) {
        arguments.extend(["--deadline".to_owned(), format!("{}ms", deadline.as_millis())]);
    }
    arguments
}

impl Surroundings<'_> {
    /// Waits for a moment.
    pub(super) async fn moment(&self, moment: Moment) {
        match moment {
            Moment::Call { .. } => std::future::pending().await,
            Moment::Service { .. } => until(|| self.line.is_some_and(Line::is_holding)).await,
            Moment::Request { at } => self.request(at).await,
            Moment::After(time) => SystemClock::default().sleep(time).await,
            Moment::Staged(least) => self.more(Watched::Uploads, least).await,
            Moment::Committed => self.more(Watched::Commits, 0).await,
            Moment::Published => self.more(Watched::Parts, 0).await,
            Moment::Opened => self.more(Watched::Marks("open"), 0).await,
            Moment::Appended => self.more(Watched::Log, 0).await,
            Moment::Marked => self.more(Watched::Marks("done"), 0).await,
        }
    }

    /// Waits until the API has had so many requests since the act began.
    async fn request(&self, at: u64) {
        until(|| (self.requests)() >= self.before + at).await;
    }

    /// Waits until there are more new files than so many. It looks without a pause, because what is looked
    /// for may be over in a moment.
    async fn more(&self, watched: Watched, least: usize) {
        let Some(places) = &self.places else { return std::future::pending().await };
        while places.files(watched).iter().filter(|path| !self.held.0.contains(*path)).count() <= least {
            tokio::task::yield_now().await;
        }
    }
}

/// Waits for a condition.
pub(super) async fn until(holds: impl Fn() -> bool) {
    let mut time = tokio::time::interval(PERIOD);
    while !holds() {
        time.tick().await;
    }
}
