//! The tables of a trial: what a reader finds there, and a rival that does all that another writer of Delta may.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};

use bronzegate_core::bronze::{BronzeStore, CommitLog, CommitName, Layout, TableMark};
use fastrand::Rng;
use serde_json::{Value, json};

use super::scene::STREAM;
use super::trial::Violation;
use crate::delta::{DeltaPeer, PeerRoot, TABLE};

/// Processes of delta-rs, each for one who asks at a time; what is asked and not waited for takes its process with it.
#[derive(Clone, Debug, Default)]
pub(super) struct Peers(Arc<Mutex<Vec<DeltaPeer>>>);

/// What a rival does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    Append,
    Optimize,
    /// Of rows of its own.
    Delete,
    Restore,
    /// Without retention. It takes files that no version names, so it is done only where none of a commit's are such.
    Vacuum,
    Checkpoint,
    Cleanup,
}

/// A segment of a target: `_environment` and `_segment`.
pub(super) type Whose = (String, String);

/// The rows of a table: of each target and segment, its batch and its records.
pub(super) type Rows = BTreeMap<Whose, Vec<(String, String)>>;

/// The tables of a trial.
pub(super) struct Lake {
    root: PeerRoot,
    peers: Peers,
    /// Segments that a rival may have taken away.
    gone: Mutex<BTreeSet<Whose>>,
}

impl Step {
    pub(super) fn draw(rng: &mut Rng) -> Self {
        match rng.u32(0..12) {
            0..4 => Self::Append,
            4 | 5 => Self::Optimize,
            6 => Self::Delete,
            7 => Self::Restore,
            8 | 9 => Self::Vacuum,
            10 => Self::Checkpoint,
            _ => Self::Cleanup,
        }
    }
}

impl Peers {
    async fn ask(&self, root: &PeerRoot, function: &str, arguments: Value) -> Result<Value, String> {
        let idle = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let peer = idle().pop();
        let mut peer = peer.unwrap_or_else(DeltaPeer::start);
        let answer = peer.on(root, TABLE, function, arguments).await;
        idle().push(peer);
        answer
    }
}

impl Lake {
    pub(super) fn new(root: PeerRoot, peers: Peers) -> Self {
        Self { root, peers, gone: Mutex::default() }
    }

    /// A rival makes the table, with fewer columns than ours, and forgets old versions at once.
    pub(super) async fn found(&self) {
        let forgetful = json!({"delta.logRetentionDuration": "interval 0 days"});
        let made = json!({"rows": [["rival", "first", "{}"]], "configuration": forgetful});
        self.ask("create", made).await.expect("a table is made");
    }

    /// All rows that are ours.
    pub(super) async fn rows(&self) -> Result<Rows, Violation> {
        let answer = self.ask("segments", json!({})).await;
        let answer =
            answer.map_err(|why| Violation::new(format!("delta-rs cannot read the table: {why}")))?;
        let all: Vec<[String; 4]> = serde_json::from_value(answer).expect("rows of four texts");
        let mut rows = Rows::new();
        for [environment, segment, batch, record] in all {
            rows.entry((environment, segment)).or_default().push((batch, record));
        }
        Ok(rows)
    }

    /// Segments of a target that may be gone.
    pub(super) fn gone(&self, environment: &str) -> BTreeSet<String> {
        let gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        gone.iter().filter(|(of, _)| of == environment).map(|(_, segment)| segment.clone()).collect()
    }

    /// Does what a rival does. What it cannot do (there is no table yet, it lost a race) is its own affair.
    pub(super) async fn suffer(&self, step: Step, targets: &[(&str, Arc<dyn BronzeStore>)]) {
        let (function, arguments) = match step {
            Step::Append => ("append", json!({"rows": [["rival", "r", "{}"]]})),
            Step::Optimize => ("optimize", json!({})),
            Step::Delete => ("delete", json!({"predicate": "_stream = 'rival'"})),
            Step::Restore => return self.restore(targets).await,
            Step::Vacuum => ("vacuum", json!({})),
            Step::Checkpoint => ("checkpoint", json!({})),
            Step::Cleanup => ("cleanup", json!({})),
        };
        let _ = self.ask(function, arguments).await;
    }

    /// Takes the table some versions back: what was in it by then may be gone.
    async fn restore(&self, targets: &[(&str, Arc<dyn BronzeStore>)]) {
        let version = self.ask("version", json!({})).await.ok().and_then(|version| version.as_i64());
        let back = json!({"version": version.map_or(0, |version| (version - 2).max(0))});
        let _ = self.ask("restore", back).await;
        for (environment, store) in targets {
            let log = CommitLog::new(store.clone(), Layout::new("demo", STREAM));
            let commits = log.all().await.expect("the log is readable");
            let segments = commits.iter().map(|commit| format!("{}.s{:04}", commit.key, commit.segment));
            let mut gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
            gone.extend(segments.map(|segment| ((*environment).to_owned(), segment)));
        }
    }

    async fn ask(&self, function: &str, arguments: Value) -> Result<Value, String> {
        self.peers.ask(&self.root, function, arguments).await
    }
}

/// Whether each segment of the target's log is in its table, as far as its marks say.
pub(super) async fn is_settled(target: &dyn BronzeStore) -> bool {
    let paths = target.list(&format!("_bronzegate/demo/{STREAM}/tables")).await.expect("it lists");
    let named = |wanted: TableMark| -> BTreeSet<CommitName> {
        let marks = paths.iter().filter_map(|path| Layout::parse_mark(path));
        marks.filter(|(_, mark)| *mark == wanted).map(|(name, _)| name).collect()
    };
    named(TableMark::Open).is_subset(&named(TableMark::Done))
}
