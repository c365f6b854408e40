//! A process of the engine that stops at a call of its store, and is killed there.

use std::path::PathBuf;
use std::sync::Arc;

use bronzegate_core::bronze::LocalStore;
use bronzegate_core::run::CancellationToken;
use bronzegate_core::run::RunRequest;
use bronzegate_core::window::TimeWindow;

use super::engine::{Ended, Job};
use super::store::{Key, TABLES};
use crate::faulty_store::{Failing, FaultyStore};

/// What the process says when it has come to the call.
pub(super) const NOW: &str = "now";

/// What the process is told on its command line.
pub struct Doomed {
    job: Job,
    at: u64,
    failing: Failing,
}

/// Arguments that are not those of a doomed process.
#[derive(Debug)]
pub struct NotDoomed;

impl std::fmt::Display for NotDoomed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("write SOURCE-FILE FOLDER files|tables CALL before|after at=TIME|window=FROM/TO…")
    }
}

impl std::error::Error for NotDoomed {}

impl Doomed {
    /// Reads the arguments.
    ///
    /// # Errors
    /// When they are not such.
    pub fn parse(arguments: &[&str]) -> Result<Self, NotDoomed> {
        let [source, folder, kind, at, moment, requests @ ..] = arguments else { return Err(NotDoomed) };
        let failing = match *moment {
            "before" => Failing::KilledBefore,
            "after" => Failing::KilledAfter,
            _ => return Err(NotDoomed),
        };
        let source = std::fs::read_to_string(source).map_err(|_| NotDoomed)?;
        let requests: Option<Vec<_>> = requests.iter().map(|text| read(text)).collect();
        let requests = requests.ok_or(NotDoomed)?;
        let key = Key::Local(PathBuf::from(folder));
        let tables = match *kind {
            "files" => None,
            "tables" => Some(key.beside(TABLES)),
            _ => return Err(NotDoomed),
        };
        let environment = "test".to_owned();
        let job = Job { source, requests, deadline: None, key, tables, environment, sabotage: None };
        Ok(Self { job, at: at.parse().map_err(|_| NotDoomed)?, failing })
    }

    /// Runs to the call, says so, and waits for its end; or to the end of the run, if that is sooner, and
    /// says how it ended.
    ///
    /// # Panics
    /// When the folder cannot be opened.
    pub async fn run(self, say: impl Fn(&str)) {
        let Key::Local(folder) = &self.job.key else { return };
        let store = LocalStore::open(folder).expect("the folder opens");
        let faulty = FaultyStore::new(Arc::new(store), self.at, self.failing);
        let reports = self.job.reports(&faulty, CancellationToken::default());
        let moment = async {
            faulty.moment().await;
            say(NOW);
            std::future::pending::<()>().await;
        };
        tokio::select! {
            reports = reports => say(&Ended::of(&reports).written()),
            () = moment => {}
        }
    }
}

/// The arguments after `torture-doomed`.
pub(super) fn arguments(
    source: &str,
    folder: &str,
    kind: &str,
    (at, failing): (u64, Failing),
    requests: &[RunRequest],
) -> Vec<String> {
    let moment = if failing == Failing::KilledBefore { "before" } else { "after" };
    let fixed = [source, folder, kind, &at.to_string(), moment].map(str::to_owned);
    fixed.into_iter().chain(requests.iter().filter_map(written)).collect()
}

fn written(request: &RunRequest) -> Option<String> {
    match request {
        RunRequest::Scheduled { at } | RunRequest::Restart { at } => at.map(|at| format!("at={at}")),
        RunRequest::Window { window, .. } => Some(format!("window={window}")),
    }
}

fn read(text: &str) -> Option<RunRequest> {
    if let Some(at) = text.strip_prefix("at=") {
        return Some(RunRequest::Scheduled { at: Some(at.parse().ok()?) });
    }
    let (from, to) = text.strip_prefix("window=")?.split_once('/')?;
    let window = TimeWindow::new(from.parse().ok()?, to.parse().ok()?).ok()?;
    Some(RunRequest::Window { window, revision: 1 })
}
