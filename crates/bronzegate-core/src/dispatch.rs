//! From an event to its reports, for the doors that stay up between events: what one event has made
//! ready, the next one uses.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::future::join_all;
use jiff::Timestamp;
use serde::Serialize;

use crate::backfill::{self, BackfillPlan, Loading, WindowState};
use crate::bronze::{BoundedStore, BronzeStore, CommitLog, Layout};
use crate::clock::{Clock, Deadline};
use crate::config::Source;
use crate::error::{Error, ErrorKind, Result};
use crate::event::{Action, Backfill, Event};
use crate::plan::{self, RunRequest};
use crate::report::{RunReport, Status};
use crate::run::{Engine, RunOptions, StreamRun};
use crate::secret::SecretStore;
use crate::sources::SourceFolder;
use crate::window::TimeWindow;
use tokio_util::sync::CancellationToken;

/// Answers events.
///
/// Engines, and with them connections, access tokens and rate limits, stay as long as their source's
/// file is the same. Events that are handled at the same time share tokens, and together keep to the
/// source's rate, whatever share each has. Nothing is read before the first event.
#[derive(Debug)]
pub struct Dispatcher {
    sources: SourceFolder,
    store: Arc<dyn BronzeStore>,
    secrets: Arc<dyn SecretStore>,
    clock: Arc<dyn Clock>,
    environment: String,
    warm: Mutex<HashMap<String, Warm>>,
}

/// What is kept of a source, as long as its file is the same.
#[derive(Debug)]
struct Warm {
    /// The one with the whole rate. Those with a share have its credentials, and together keep to its rate.
    whole: Engine,
    /// One for each share, the one used last at the end.
    shares: Vec<KeptShare>,
}

/// What is kept of a source's share.
#[derive(Debug)]
struct KeptShare {
    engine: Engine,
    rate_share: f64,
    /// The streams that no event is running at the moment.
    idle: HashMap<String, StreamRun>,
}

/// The most shares that are kept of a source: the schedule's, and those of a few backfills.
const MOST_SHARES: usize = 8;

/// What became of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Its runs.
    Runs {
        /// A report a stream, or a window, in their order.
        reports: Vec<RunReport>,
        /// The windows of a backfill that were not run.
        windows: NotRun,
    },
    /// The windows that were asked for.
    Windows(WindowList),
}

/// How many windows of a backfill were not run, and why.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NotRun {
    /// There was no time for them, or one failed as they would: the same event again goes on with them.
    pub left: usize,
    /// They are committed already.
    pub committed: usize,
    /// They are not over. No event can load them before they are, so they do not make an answer partial:
    /// whoever repeats what is partial would do so until then.
    pub not_over: usize,
}

/// The windows of a backfill, for somebody else to run.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WindowList {
    /// How many they are.
    pub count: usize,
    /// How many further windows are not over, and therefore not in the list.
    pub not_over: usize,
    /// The revision of all of them.
    pub revision: u32,
    /// Each worker's share of the source's rate limit.
    pub rate_share: f64,
    /// The windows, from the oldest to the newest.
    pub windows: Vec<TimeWindow>,
    /// What a person should know before they are run.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
}

impl Answer {
    /// How the event ended as a whole: failed if anything did, else partial if anything is left.
    pub fn status(&self) -> Status {
        let Self::Runs { reports, windows } = self else { return Status::Complete };
        let any = |status| reports.iter().any(|report| report.status == status);
        if any(Status::Failed) {
            Status::Failed
        } else if any(Status::Partial) || windows.left > 0 {
            Status::Partial
        } else if any(Status::Complete) {
            Status::Complete
        } else if any(Status::AlreadyCommitted) || windows.committed > 0 {
            Status::AlreadyCommitted
        } else {
            Status::Complete
        }
    }
}

impl Dispatcher {
    /// A dispatcher over a deployment's settings.
    pub fn new(
        sources: SourceFolder,
        store: Arc<dyn BronzeStore>,
        secrets: Arc<dyn SecretStore>,
        clock: Arc<dyn Clock>,
        environment: impl Into<String>,
    ) -> Self {
        Self { sources, store, secrets, clock, environment: environment.into(), warm: Mutex::default() }
    }

    /// The source files.
    pub fn sources(&self) -> &SourceFolder {
        &self.sources
    }

    /// Does what an event asks for. A stream that fails does not stop its neighbours: its report says so.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the source file cannot be used or lacks the stream.
    pub async fn handle(
        &self,
        event: &Event,
        deadline: Deadline,
        stop: &CancellationToken,
    ) -> Result<Answer> {
        let source = self.sources.load(&event.source).await?;
        let engine = self.engine(&source, event.rate_share)?;
        match (&event.action, &event.stream) {
            (Action::Run { scheduled_time }, stream) => {
                self.run(&engine, stream.as_deref(), *scheduled_time, deadline, stop).await
            }
            (Action::Window { window, revision }, Some(stream)) => {
                let run = self.stream(&engine, stream)?;
                let mut report = self.window(&run, *window, revision.get(), deadline, stop).await;
                report.warnings.extend(run.share_warning());
                self.keep(run);
                Ok(Answer::Runs { reports: vec![report], windows: NotRun::default() })
            }
            (Action::Backfill(backfill), Some(stream)) => {
                let run = self.stream(&engine, stream)?;
                let answer = self.backfill(&run, *backfill, event.rate_share, deadline, stop).await;
                self.keep(run);
                answer
            }
            (_, None) => Err(Error::new(ErrorKind::Config, "a window or a backfill is one stream's")),
        }
    }

    async fn run(
        &self,
        engine: &Engine,
        stream: Option<&str>,
        at: Option<Timestamp>,
        deadline: Deadline,
        stop: &CancellationToken,
    ) -> Result<Answer> {
        let names: Vec<&str> = match stream {
            Some(name) => vec![name],
            None => engine.source.streams.iter().map(|stream| stream.name.as_str()).collect(),
        };
        let runs = names.into_iter().map(|name| self.stream(engine, name)).collect::<Result<Vec<_>>>()?;
        // An event without a time is a person's: all of its streams get the same one.
        let request = RunRequest::Scheduled { at };
        let store = self.store(deadline);
        let reports = join_all(
            runs.iter()
                .map(|run| run.run(store.clone(), request, RunOptions { deadline, stop: stop.clone() })),
        )
        .await;
        for run in runs {
            self.keep(run);
        }
        Ok(Answer::Runs { reports, windows: NotRun::default() })
    }

    async fn window(
        &self,
        run: &StreamRun,
        window: TimeWindow,
        revision: u32,
        deadline: Deadline,
        stop: &CancellationToken,
    ) -> RunReport {
        let request = RunRequest::Window { window, revision };
        run.run(self.store(deadline), request, RunOptions { deadline, stop: stop.clone() }).await
    }

    /// The windows one after the other, as far as time goes; or their list.
    async fn backfill(
        &self,
        run: &StreamRun,
        backfill: Backfill,
        rate_share: f64,
        deadline: Deadline,
        stop: &CancellationToken,
    ) -> Result<Answer> {
        let incremental = run.stream.incremental.as_ref();
        let in_stream = |error: Error| error.in_stream(run.name());
        let step = backfill.step.or(incremental.and_then(|settings| settings.window));
        let windows = backfill::windows(backfill.span, step).map_err(in_stream)?;
        // A stream that has no windows is refused before anybody is sent to run some.
        plan::window(incremental, backfill.span).map_err(in_stream)?;
        let now = self.clock.now();
        let over = backfill::over(&windows, now).map_err(in_stream)?;
        let not_over = windows.len() - over.len();
        if not_over > 0 {
            let stream = run.name();
            tracing::warn!(
                stream,
                windows = not_over,
                "windows are not over yet, and left to a later backfill"
            );
        }
        let revision = backfill.revision.get();
        let layout = Layout::new(&run.engine.source.name, &run.stream.name);
        let log = CommitLog::new(self.store(deadline), layout);
        if let Some(workers) = backfill.list_for {
            let rate_share = rate_share / f64::from(workers.get());
            let (count, windows) = (over.len(), over.to_vec());
            // Another revision is asked for in order to load records twice.
            let scheduled = match revision {
                1 => {
                    let names = log.names().await.map_err(|error| in_stream(error.into()))?;
                    backfill::scheduled(&log, &names, incremental).await.map_err(in_stream)?
                }
                _ => None,
            };
            let twice = scheduled.filter(|scheduled| backfill::overlaps(scheduled, over));
            let warnings = twice.map(backfill::twice).into_iter().collect();
            let list = WindowList { count, not_over, revision, rate_share, windows, warnings };
            return Ok(Answer::Windows(list));
        }
        log.sweep().await.map_err(|error| in_stream(error.into()))?;
        let loading = Loading::Revision(revision);
        let plan = BackfillPlan::new(incremental, Some(&log), &windows, loading, now, false)
            .await
            .map_err(in_stream)?;
        Ok(self.due_windows(run, &plan, deadline, stop).await)
    }

    /// The windows that are due, as far as time goes. One that fails does not stop the others, unless they
    /// would fail too.
    async fn due_windows(
        &self,
        run: &StreamRun,
        plan: &BackfillPlan,
        deadline: Deadline,
        stop: &CancellationToken,
    ) -> Answer {
        let mut reports: Vec<RunReport> = Vec::new();
        for window in plan.due() {
            let no_time = deadline.left_to_fetch(&*self.clock).is_some_and(|left| left.is_zero());
            if stop.is_cancelled() || (no_time && !reports.is_empty()) {
                break;
            }
            let report = self.window(run, window, plan.revision, deadline, stop).await;
            let ends_here = report.status == Status::Partial || backfill::stops_the_others(&report);
            reports.push(report);
            if ends_here {
                break;
            }
        }
        if let Some(first) = reports.first_mut() {
            first.warnings.extend(plan.scheduled.map(backfill::twice));
            first.warnings.extend(run.share_warning());
        }
        let windows = NotRun {
            left: plan.due().count() - reports.len(),
            committed: plan.count(WindowState::Committed),
            not_over: plan.count(WindowState::NotOver),
        };
        Answer::Runs { reports, windows }
    }

    fn store(&self, deadline: Deadline) -> Arc<dyn BronzeStore> {
        Arc::new(BoundedStore::new(self.store.clone(), self.clock.clone(), deadline))
    }

    /// The engine that is warm for this very file and share, or a new one.
    fn engine(&self, source: &Source, rate_share: f64) -> Result<Engine> {
        let mut warm = self.warm.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = warm.entry(source.name.clone());
        let kept = kept.or_insert_with(|| self.new_warm(source));
        if kept.whole.source.fingerprint != source.fingerprint {
            *kept = self.new_warm(source);
        }
        kept.share(rate_share)
    }

    fn new_warm(&self, source: &Source) -> Warm {
        let (secrets, clock) = (self.secrets.clone(), self.clock.clone());
        let source = Arc::new(source.clone());
        Warm { whole: Engine::new(source, secrets, clock, self.environment.as_str()), shares: Vec::new() }
    }

    /// A stream to run: the one kept since an earlier event, unless another event runs it right now.
    fn stream(&self, engine: &Engine, name: &str) -> Result<StreamRun> {
        let mut warm = self.warm.lock().unwrap_or_else(PoisonError::into_inner);
        let kept = warm.get_mut(&engine.source.name).and_then(|warm| warm.kept(engine));
        match kept.and_then(|kept| kept.idle.remove(name)) {
            Some(run) => Ok(run),
            None => engine.stream(name),
        }
    }

    fn keep(&self, run: StreamRun) {
        let mut warm = self.warm.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = warm.get_mut(&run.engine.source.name).and_then(|warm| warm.kept(&run.engine)) {
            kept.idle.insert(run.stream.name.clone(), run);
        }
    }
}

impl Warm {
    /// The engine with this share of the rate. The share that was not used for longest makes room.
    fn share(&mut self, rate_share: f64) -> Result<Engine> {
        let known = self.shares.iter().position(|share| share.rate_share.total_cmp(&rate_share).is_eq());
        let share = if let Some(at) = known {
            self.shares.remove(at)
        } else {
            let engine = self.whole.clone().with_rate_share(rate_share)?;
            KeptShare { engine, rate_share, idle: HashMap::new() }
        };
        let engine = share.engine.clone();
        self.shares.push(share);
        if self.shares.len() > MOST_SHARES {
            self.shares.remove(0);
        }
        Ok(engine)
    }

    fn kept(&mut self, engine: &Engine) -> Option<&mut KeptShare> {
        self.shares.iter_mut().find(|share| share.engine.is(engine))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bronze::LocalStore;
    use crate::clock::SystemClock;
    use crate::secret::EnvSecrets;

    #[tokio::test]
    async fn a_few_shares_are_kept_and_a_changed_file_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("crm.yaml");
        let text = "source: crm\nbase_url: https://crm.example.com\nstreams: { deals: { path: /deals, records: $, pagination: { type: none } } }\n";
        std::fs::write(&file, text).unwrap();
        let dispatcher = Dispatcher::new(
            SourceFolder::local(folder.path()),
            Arc::new(LocalStore::open(folder.path().join("bronze")).unwrap()),
            Arc::new(EnvSecrets::new(|_| None)),
            Arc::new(SystemClock::default()),
            "test",
        );
        let engine = async |share: f64| {
            dispatcher.engine(&dispatcher.sources().load("crm").await.unwrap(), share).unwrap()
        };
        let scheduled = engine(1.0).await;
        for windows in 1..30 {
            engine(0.5 / f64::from(windows)).await;
            // The schedule's is used between them, and so it is kept.
            assert!(engine(1.0).await.is(&scheduled));
        }
        assert_eq!(dispatcher.warm.lock().unwrap()["crm"].shares.len(), MOST_SHARES);
        std::fs::write(&file, format!("{text}# changed\n")).unwrap();
        assert!(!engine(1.0).await.is(&scheduled));
        assert_eq!(dispatcher.warm.lock().unwrap()["crm"].shares.len(), 1);
    }
}
