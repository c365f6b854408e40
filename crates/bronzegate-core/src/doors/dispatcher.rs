//! From an event to its reports, for the doors that stay up between events: what one event has made
//! ready, the next one uses.

use std::sync::Arc;

use futures::StreamExt as _;
use jiff::Timestamp;
use tokio_util::sync::CancellationToken;

use crate::backfill::{self, BackfillPlan, Loading, WindowState};
use crate::bronze::{BoundedStore, BronzeStore, Layout, Publisher, Stores, Tables};
use crate::clock::{Clock, Deadline};
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{self, RunRequest};
use crate::proxy::Proxies;
use crate::report::{RunReport, Status};
use crate::run::{Engine, RunOptions, StreamRun};
use crate::secret::SecretStore;
use crate::signer::RequestSigner;
use crate::window::TimeWindow;

use super::answer::{Answer, NotRun, WindowList};
use super::event::{Action, Backfill, Event, divided};
use super::sources::SourceFolder;
use super::warm_engines::WarmEngines;

/// The streams of an event that run at the same time: each holds pages and parts in memory.
const AT_ONCE: usize = 4;

/// Answers events.
///
/// Engines stay warm between events, as `WarmEngines` says. Nothing is read before the first event.
#[derive(Debug)]
pub struct Dispatcher {
    sources: SourceFolder,
    store: Arc<dyn BronzeStore>,
    tables: Option<Arc<dyn Tables>>,
    engines: WarmEngines,
    clock: Arc<dyn Clock>,
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
        let engines = WarmEngines::new(secrets, clock.clone(), environment.into());
        Self { sources, store, tables: None, engines, clock }
    }

    /// With a root of tables, or without.
    #[must_use]
    pub fn with_tables(self, tables: Option<Arc<dyn Tables>>) -> Self {
        Self { tables, ..self }
    }

    /// Signs requests with the platform's identity, where a source file asks for that.
    #[must_use]
    pub fn with_signer(mut self, signer: Option<Arc<dyn RequestSigner>>) -> Self {
        self.engines.sign_with(signer);
        self
    }

    /// Calls APIs by proxies, where there are any.
    #[must_use]
    pub fn with_proxies(mut self, proxies: Proxies) -> Self {
        self.engines.call_by(proxies);
        self
    }

    /// The source files.
    pub fn sources(&self) -> &SourceFolder {
        &self.sources
    }

    /// The clock.
    pub(super) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
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
        let engine = self.engines.engine(&source, event.rate_share)?;
        match (&event.action, event.only()) {
            (Action::Run { scheduled_time }, _) => {
                self.run(&engine, &event.streams, *scheduled_time, deadline, stop).await
            }
            (Action::Window { window, revision }, Some(stream)) => {
                let run = self.engines.stream(&engine, stream)?;
                let mut report = self.window(&run, *window, revision.get(), deadline, stop).await;
                report.warnings.extend(run.share_warning());
                self.engines.keep(run);
                Ok(Answer::Runs { reports: vec![report], windows: NotRun::default() })
            }
            (Action::Backfill(backfill), Some(stream)) => {
                let run = self.engines.stream(&engine, stream)?;
                let answer = self.backfill(&run, *backfill, event.rate_share, deadline, stop).await;
                self.engines.keep(run);
                answer
            }
            (_, None) => Err(Error::new(ErrorKind::Config, "a window or a backfill is for one stream")),
        }
    }

    async fn run(
        &self,
        engine: &Engine,
        streams: &[String],
        at: Option<Timestamp>,
        deadline: Deadline,
        stop: &CancellationToken,
    ) -> Result<Answer> {
        let names: Vec<&str> = match streams {
            [] => engine.source.streams.iter().map(|stream| stream.name.as_str()).collect(),
            some => some.iter().map(String::as_str).collect(),
        };
        let (mut runs, mut refused) = (Vec::new(), Vec::new());
        for &name in &names {
            match self.engines.stream(engine, name) {
                Ok(run) => runs.push(run),
                // The others run all the same.
                Err(error) if names.len() > 1 => {
                    let report = RunReport::new(&engine.source.name, name);
                    refused.push(RunReport { error: Some((&error).into()), ..report });
                }
                Err(error) => return Err(error),
            }
        }
        // An event without a time is somebody's: all of its streams get the same one.
        let request = RunRequest::Scheduled { at };
        let stores = self.stores(deadline);
        let in_turn = |(at, run)| {
            let options = RunOptions { is_late: at >= AT_ONCE, ..options(deadline, stop) };
            self.in_turn(run, stores.clone(), request, options)
        };
        let waiting: Vec<_> = runs.iter().enumerate().map(in_turn).collect();
        let mut reports: Vec<_> = futures::stream::iter(waiting).buffered(AT_ONCE).collect().await;
        reports.extend(refused);
        for run in runs {
            self.engines.keep(run);
        }
        Ok(Answer::Runs { reports, windows: NotRun::default() })
    }

    /// Runs a stream when its turn has come.
    async fn in_turn(
        &self,
        run: &StreamRun,
        stores: Stores,
        request: RunRequest,
        options: RunOptions,
    ) -> RunReport {
        if options.is_late && (options.stop.is_cancelled() || self.is_time_up(options.deadline)) {
            return run.not_begun();
        }
        run.run(stores, request, options).await
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
        run.run(self.stores(deadline), request, options(deadline, stop)).await
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
        let over = backfill::over(incremental, &windows, now).map_err(in_stream)?;
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
        let publisher = Publisher::of(self.stores(deadline), layout, &run.stream.output)
            .map_err(|error| in_stream(error.into()))?;
        if let Some(workers) = backfill.list_for {
            let rate_share = divided(rate_share, workers).map_err(in_stream)?;
            let (count, windows) = (over.len(), over.to_vec());
            // Another revision is asked for in order to load records twice.
            let scheduled = match revision {
                1 => {
                    let names = publisher.log().names().await.map_err(|error| in_stream(error.into()))?;
                    backfill::scheduled(publisher.log(), &names, incremental).await.map_err(in_stream)?
                }
                _ => None,
            };
            let twice = scheduled.filter(|scheduled| backfill::overlaps(scheduled, over));
            let warnings = twice.map(backfill::twice).into_iter().collect();
            let list = WindowList { count, not_over, revision, rate_share, windows, warnings };
            return Ok(Answer::Windows(list));
        }
        publisher.sweep(now).await.map_err(|error| in_stream(error.into()))?;
        let loading = Loading::Revision(revision);
        let plan = BackfillPlan::new(incremental, Some(&publisher), &windows, loading, now, false)
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
            if stop.is_cancelled() || (self.is_time_up(deadline) && !reports.is_empty()) {
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

    fn is_time_up(&self, deadline: Deadline) -> bool {
        deadline.left_to_fetch(&*self.clock).is_some_and(|left| left.is_zero())
    }

    fn stores(&self, deadline: Deadline) -> Stores {
        Stores::from(self.store.clone()).with_tables(self.tables.clone()).bounded(&self.clock, deadline)
    }

    pub(super) fn store(&self, deadline: Deadline) -> Arc<dyn BronzeStore> {
        Arc::new(BoundedStore::new(self.store.clone(), self.clock.clone(), deadline))
    }
}

fn options(deadline: Deadline, stop: &CancellationToken) -> RunOptions {
    RunOptions { stop: stop.clone(), ..RunOptions::until(deadline) }
}
