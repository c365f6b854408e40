//! Trials of a table's log: many appenders with a failing store, beside a rival that does all that a writer of Delta may.
//!
//! Each appender appends the segments of a stream in order, as the commit protocol does: a segment is tried until it
//! is there, by one or two processes at the same time. At the end each row is there once, and to try all of it again
//! changes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use bronzegate_core::bronze::{BronzeStore, TableAppend, TableError, Tables as _};
use bronzegate_core::clock::SystemClock;
use bronzegate_delta::DeltaTables;
use fastrand::Rng;
use serde_json::json;
use tokio::sync::{Mutex, RwLock};

use super::peer::{DeltaPeer, Row};
use super::place::{Place, TABLE, columns};
use crate::faulty_store::{Failing, FaultyStore};

/// A trial.
#[derive(Clone, Copy, Debug)]
pub struct Rivalry {
    /// What it is drawn from. How the appenders meet is up to the machine.
    pub seed: u64,
    /// Streams.
    pub appenders: u32,
    /// Segments of each.
    pub segments: i64,
    /// What the rival does.
    pub rivals: Rivals,
}

/// What the rival does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rivals {
    /// Nothing.
    None,
    /// It appends, compacts, deletes its own rows, vacuums, checkpoints and cleans up.
    All,
    /// That, and it takes the table back to older versions: rows may be gone, and never come twice.
    Restoring,
}

/// What was disturbed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Calls of `append`.
    pub appends: u64,
    /// Those that were killed.
    pub killed: u64,
    /// Those that failed.
    pub failed: u64,
    /// Things that the rival did.
    pub rival: u64,
    /// Rows of ours at the end.
    pub rows: u64,
}

/// What the parties share.
struct Ring<'a> {
    place: &'a Place,
    peer: Mutex<DeltaPeer>,
    /// A vacuum without retention takes files that no version names yet: it waits until there are none.
    files: RwLock<()>,
    tally: Mutex<Tally>,
    done: std::sync::atomic::AtomicBool,
}

impl Rivalry {
    /// Carries it out in a place that has no table yet.
    ///
    /// # Errors
    /// What is wrong with the table.
    ///
    /// # Panics
    /// When a peer ends.
    pub async fn run(self, place: &Place) -> Result<Tally, String> {
        let ring = Ring {
            place,
            peer: Mutex::new(DeltaPeer::start()),
            files: RwLock::new(()),
            tally: Mutex::default(),
            done: false.into(),
        };
        let mut rng = Rng::with_seed(self.seed);
        if self.rivals != Rivals::None && rng.bool() {
            let forgetful = json!({"delta.logRetentionDuration": "interval 0 days"});
            let made = json!({"rows": [["rival", "first", "{}"]], "configuration": forgetful});
            ring.peer.lock().await.on(&place.root, TABLE, "create", made).await?;
        }
        let streams: Vec<_> = (0..self.appenders).map(|number| (format!("s{number}"), rng.fork())).collect();
        let appenders = streams.into_iter().map(|(stream, rng)| self.appender(&ring, stream, rng));
        let appenders = async {
            let done = futures::future::join_all(appenders).await;
            ring.done.store(true, std::sync::atomic::Ordering::SeqCst);
            done.into_iter().collect::<Result<Vec<_>, _>>()
        };
        let (appended, restored) = tokio::join!(appenders, self.rival(&ring, rng.fork()));
        let appended: Vec<_> = appended?.into_iter().flatten().collect();
        self.check(&ring, &appended, restored?).await?;
        Ok(*ring.tally.lock().await)
    }

    /// Appends the segments of a stream. Tells them with the versions that have them.
    async fn appender(
        self,
        ring: &Ring<'_>,
        stream: String,
        mut rng: Rng,
    ) -> Result<Vec<(TableAppend, Option<i64>)>, String> {
        let mut appended = Vec::new();
        for number in 1..=self.segments {
            let _files = ring.files.read().await;
            let mut append = {
                let mut peer = ring.peer.lock().await;
                ring.place.segment(&mut peer, TABLE, &stream, number).await
            };
            let state =
                ring.place.tables().table(TABLE).look(&columns()).await.map_err(|error| text(&error))?;
            (append.id, append.seen) = (state.id, state.version);
            let version = loop {
                let mut other = (rng.u8(..3) == 0).then(|| rng.fork());
                let second = async {
                    match &mut other {
                        Some(rng) => attempt(ring, &append, rng).await,
                        None => Ok(None),
                    }
                };
                let (first, second) = tokio::join!(attempt(ring, &append, &mut rng), second);
                if let Some(version) = first?.or(second?) {
                    break version;
                }
            };
            appended.push((append, version));
        }
        Ok(appended)
    }

    /// Tells the version after the last time that the table was taken back.
    async fn rival(self, ring: &Ring<'_>, mut rng: Rng) -> Result<i64, String> {
        let mut restored = -1;
        while self.rivals != Rivals::None && !ring.done.load(std::sync::atomic::Ordering::SeqCst) {
            let number = ring.tally.lock().await.rival;
            let step = rng.u8(..if self.rivals == Rivals::Restoring { 9 } else { 8 });
            let (function, arguments) = match step {
                0..=2 => ("append", json!({"rows": [["rival", format!("r{number}"), "{}"]]})),
                3 => ("optimize", json!({})),
                4 => ("delete", json!({"predicate": "_stream = 'rival'"})),
                5 => ("vacuum", json!({})),
                6 => ("checkpoint", json!({})),
                7 => ("cleanup", json!({})),
                _ => ("restore", json!({})),
            };
            let _none = if function == "vacuum" { Some(ring.files.write().await) } else { None };
            let mut peer = ring.peer.lock().await;
            let root = &ring.place.root;
            // What it cannot do for now (no table yet, a race that it lost) is its own affair.
            if function == "restore" {
                let version = peer.on(root, TABLE, "version", json!({})).await;
                let version = version.ok().and_then(|version| version.as_i64()).unwrap_or(0);
                let back = json!({"version": (version - 3).max(0)});
                let done = peer.on(root, TABLE, "restore", back).await;
                if done.is_ok() {
                    let version = peer.on(root, TABLE, "version", json!({})).await?;
                    restored = version.as_i64().unwrap_or(restored);
                }
            } else {
                let _ = peer.on(root, TABLE, function, arguments).await;
            }
            drop(peer);
            ring.tally.lock().await.rival += 1;
            tokio::task::yield_now().await;
        }
        Ok(restored)
    }

    /// Each row once, before and after all of it is tried again.
    async fn check(
        self,
        ring: &Ring<'_>,
        appended: &[(TableAppend, Option<i64>)],
        restored: i64,
    ) -> Result<(), String> {
        let mut peer = ring.peer.lock().await;
        for again in [false, true] {
            if again {
                for (append, _) in appended {
                    let done = ring
                        .place
                        .tables()
                        .table(TABLE)
                        .append(append)
                        .await
                        .map_err(|error| text(&error))?;
                    if done.now {
                        return Err(format!("{} {} was appended again", append.stream, append.segment));
                    }
                }
            }
            let rows = peer.rows(&ring.place.root, TABLE, "delta-rs").await;
            let mut found: BTreeMap<Row, u32> = BTreeMap::new();
            for row in rows.into_iter().filter(|row| row[0] != "rival") {
                *found.entry(row).or_default() += 1;
            }
            if let Some((row, times)) = found.iter().find(|(_, times)| **times != 1) {
                return Err(format!("{row:?} is there {times} times"));
            }
            for (append, version) in appended {
                let may_be_gone = restored >= 0 && version.is_none_or(|version| version <= restored);
                let stream = append.stream.trim_start_matches("shop/");
                let number = append.txn >> 20;
                let missing = Place::rows(stream, number).into_iter().find(|row| !found.contains_key(row));
                if let (Some(row), false) = (missing, may_be_gone) {
                    return Err(format!("{row:?} is missing; it was appended as version {version:?}"));
                }
            }
            ring.tally.lock().await.rows = found.len() as u64;
        }
        Ok(())
    }
}

/// One process that appends, which may fail or be killed; then the version is not known. The inner `None` is a version
/// that the log no longer tells.
async fn attempt(
    ring: &Ring<'_>,
    append: &TableAppend,
    rng: &mut Rng,
) -> Result<Option<Option<i64>>, String> {
    let at = rng.u64(1..14);
    let failing = match rng.u8(..6) {
        0 => Some(Failing::Before),
        1 => Some(Failing::After),
        2 => Some(Failing::KilledBefore),
        3 => Some(Failing::KilledAfter),
        4 => Some(Failing::Gone),
        _ => None,
    };
    let faulty = failing.map(|failing| FaultyStore::new(Arc::clone(&ring.place.store), at, failing));
    let store = match &faulty {
        Some(faulty) => Arc::new(faulty.clone()) as Arc<dyn BronzeStore>,
        None => Arc::clone(&ring.place.store),
    };
    let tables = DeltaTables::new(store, Arc::new(SystemClock::default()));
    let table = tables.table(TABLE);
    let run = async {
        let done = table.append(append).await;
        if let Ok(Some(version)) = done.as_ref().map(|done| done.version) {
            table.maintain(version).await;
        }
        done
    };
    let moment = async {
        match &faulty {
            Some(faulty) => faulty.moment().await,
            None => std::future::pending().await,
        }
    };
    let ended = tokio::select! {
        done = run => Some(done),
        () = moment => None,
    };
    if let Some(faulty) = faulty {
        faulty.bury();
    }
    let mut tally = ring.tally.lock().await;
    tally.appends += 1;
    match ended {
        None => tally.killed += 1,
        Some(Ok(done)) => return Ok(Some(done.version)),
        Some(Err(TableError::Store(_))) => tally.failed += 1,
        Some(Err(error)) => return Err(text(&error)),
    }
    Ok(None)
}

fn text(error: &TableError) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(found) = cause {
        text.extend([": ".to_owned(), found.to_string()]);
        cause = found.source();
    }
    text
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { appends, killed, failed, rival, rows } = self;
        write!(
            f,
            "{appends} appends, {killed} killed, {failed} failed, {rival} steps of the rival, {rows} rows"
        )
    }
}
