//! A run of the engine in this process, as separate from all others as a process is: it has its own
//! runtime, its own connections and its own handle on the store.

use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::bronze::{BoundedStore, BronzeStore};
use bronzegate_core::clock::{Clock, Deadline, SystemClock};
use bronzegate_core::config;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_core::run::{CancellationToken, Engine, RunOptions, RunRequest};
use bronzegate_core::secret::EnvSecrets;
use futures::future::join_all;

use super::act::Fate;
use super::sabotage::Sabotage;
use super::scene::STREAM;
use super::store::Key;
use crate::faulty_store::{Failing, FaultyStore};

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// It says that everything is committed and visible.
    Done,
    /// It says that the same event goes on.
    Partial,
    /// It says why not.
    Failed { kind: String, message: String },
    /// It was killed or dropped.
    Gone,
}

/// What is run.
#[derive(Clone)]
pub(super) struct Job {
    /// The text of the source file.
    pub(super) source: String,
    pub(super) requests: Vec<RunRequest>,
    pub(super) deadline: Option<Duration>,
    pub(super) key: Key,
    pub(super) sabotage: Option<Sabotage>,
}

impl Job {
    /// Runs it to its end, or to its fate's; `signal` is the moment of a fate that waits for the API.
    pub(super) async fn run(self, fate: Fate, signal: impl Future<Output = ()> + Send + 'static) -> Ended {
        let run = tokio::task::spawn_blocking(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            let runtime = runtime.expect("a runtime is made");
            let ended = runtime.block_on(self.meet(fate, signal));
            // Waits for file work that is under way: nothing of the run is left afterwards.
            drop(runtime);
            ended
        });
        run.await.expect("a run does not panic")
    }

    /// The engine's own run into a store.
    pub(super) async fn reports(
        &self,
        store: Arc<dyn BronzeStore>,
        stop: CancellationToken,
    ) -> Vec<RunReport> {
        let source = config::parse("demo.yaml", &self.source);
        let source = source.unwrap_or_else(|problems| panic!("{problems}\n{}", self.source));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let deadline = self.deadline.map_or(Deadline::NONE, |time| Deadline::within(&*clock, time));
        let store: Arc<dyn BronzeStore> = Arc::new(BoundedStore::new(store, clock.clone(), deadline));
        let engine = Engine::new(Arc::new(source), Arc::new(EnvSecrets::new(|_| None)), clock, "test");
        let runs = self.requests.iter().map(|request| {
            let run = engine.stream(STREAM).expect("the stream is in the source");
            let (store, stop) = (store.clone(), stop.clone());
            async move { run.run(store, *request, RunOptions { stop, ..RunOptions::until(deadline) }).await }
        });
        join_all(runs).await
    }

    async fn meet(self, fate: Fate, signal: impl Future<Output = ()>) -> Ended {
        let mut store = self.key.open().await;
        if let Some(sabotage) = self.sabotage {
            store = sabotage.on(store);
        }
        let stop = CancellationToken::default();
        let (at, failing) = match fate {
            Fate::StoreFails { at, failing } | Fate::Dropped { at, failing } => (at, failing),
            _ => (0, Failing::Before),
        };
        let faulty = FaultyStore::new(store, at, failing);
        let reports = self.reports(Arc::new(faulty.clone()), stop.clone());
        let ended = match fate {
            Fate::DroppedAtRequest { .. } => {
                tokio::select! { biased; () = signal => None, reports = reports => Some(reports) }
            }
            Fate::Stopped { .. } => {
                let asked = async {
                    signal.await;
                    stop.cancel();
                    std::future::pending::<()>().await;
                };
                tokio::select! { reports = reports => Some(reports), () = asked => None }
            }
            _ => tokio::select! { biased; () = faulty.moment() => None, reports = reports => Some(reports) },
        };
        if let Some(reports) = ended {
            return Ended::of(&reports);
        }
        faulty.bury();
        Ended::Gone
    }
}

impl Ended {
    /// What the reports of one event come to.
    pub(super) fn of(reports: &[RunReport]) -> Self {
        if let Some(error) = reports.iter().find_map(|report| report.error.as_ref()) {
            return Self::Failed { kind: error.kind.as_str().to_owned(), message: error.message.clone() };
        }
        // What was skipped is for another time as well.
        let is_partial =
            reports.iter().any(|report| matches!(report.status, Status::Partial | Status::Skipped));
        if is_partial { Self::Partial } else { Self::Done }
    }

    /// As a line, which [`read`](Self::read) reads back.
    pub(super) fn written(&self) -> String {
        match self {
            Self::Done => "done".to_owned(),
            Self::Partial => "partial".to_owned(),
            Self::Failed { kind, message } => format!("failed {kind} {message}"),
            Self::Gone => "gone".to_owned(),
        }
    }

    /// Reads a line; one that is none of these says that the run was killed before it could say more.
    pub(super) fn read(line: &str) -> Self {
        match (line, line.strip_prefix("failed ").and_then(|rest| rest.split_once(' '))) {
            ("done", _) => Self::Done,
            ("partial", _) => Self::Partial,
            (_, Some((kind, message))) => Self::Failed { kind: kind.to_owned(), message: message.to_owned() },
            _ => Self::Gone,
        }
    }
}
