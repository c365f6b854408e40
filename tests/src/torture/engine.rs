//! A run of the engine in this process, as separate from all others as a process is: it has its own
//! runtime, its own connections and its own handle on the store.

use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::bronze::{BronzeStore, Stores, Tables};
use bronzegate_core::clock::{Clock, Deadline, SystemClock};
use bronzegate_core::config;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_core::run::{CancellationToken, Engine, RunOptions, RunRequest};
use bronzegate_core::secret::EnvSecrets;
use bronzegate_delta::DeltaTables;
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
    /// Where tables are, where the stream writes into one.
    pub(super) tables: Option<Key>,
    /// The value of `_environment`, which tells the rows of two targets apart.
    pub(super) environment: String,
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

    /// The engine's own run into stores of which one call goes wrong.
    pub(super) async fn reports(&self, faulty: &FaultyStore, stop: CancellationToken) -> Vec<RunReport> {
        let source = config::parse("demo.yaml", &self.source);
        let source = source.unwrap_or_else(|problems| panic!("{problems}\n{}", self.source));
        let clock: Arc<dyn Clock> = Arc::new(SystemClock::default());
        let deadline = self.deadline.map_or(Deadline::NONE, |time| Deadline::within(&*clock, time));
        let tables = match &self.tables {
            Some(key) => {
                let store = Arc::new(faulty.over(self.sabotaged(key.open().await)));
                Some(Arc::new(DeltaTables::new(store, clock.clone())) as Arc<dyn Tables>)
            }
            None => None,
        };
        let stores = Stores::from(Arc::new(faulty.clone())).with_tables(tables).bounded(&clock, deadline);
        let secrets = Arc::new(EnvSecrets::new(|_| None));
        let engine = Engine::new(Arc::new(source), secrets, clock, &self.environment);
        let runs = self.requests.iter().map(|request| {
            let run = engine.stream(STREAM).expect("the stream is in the source");
            let (stores, stop) = (stores.clone(), stop.clone());
            async move { run.run(stores, *request, RunOptions { stop, ..RunOptions::until(deadline) }).await }
        });
        join_all(runs).await
    }

    fn sabotaged(&self, store: Arc<dyn BronzeStore>) -> Arc<dyn BronzeStore> {
        self.sabotage.map_or(store.clone(), |sabotage| sabotage.on(store))
    }

    async fn meet(self, fate: Fate, signal: impl Future<Output = ()>) -> Ended {
        let store = self.sabotaged(self.key.open().await);
        let stop = CancellationToken::default();
        let (at, failing) = match fate {
            Fate::StoreFails { at, failing } | Fate::Dropped { at, failing } => (at, failing),
            _ => (0, Failing::Before),
        };
        let faulty = FaultyStore::new(store, at, failing);
        let reports = self.reports(&faulty, stop.clone());
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
