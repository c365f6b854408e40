//! What is done to an event before it may complete: runs of it, and what becomes of them.

use std::time::Duration;

use bronzegate_demo_api::{Fault, FaultKind, Framing, When};
use fastrand::Rng;

use super::lake::Step;
use super::note::Note;
use super::scene::Extent;
use super::store::StoreKind;
use crate::faulty_store::Failing;

/// The streams at which something goes wrong.
const ANY: &str = "*";

/// Longer than any run takes, shorter than the API asks to wait where it ends a segment.
const LONG: Duration = Duration::from_mins(5);

/// What the API says of a job that it does not know any more.
const LOST: u16 = 404;

/// What the API says of a token or a place in a list that it does not know any more.
const FORGOTTEN: u16 = 410;

/// How long an answer is held at which a process is killed.
const HELD: Duration = Duration::from_millis(300);

/// Runs at the same time, on an API of which this goes wrong.
#[derive(Clone, Debug)]
pub(super) struct Act {
    /// `When::Request` counts from the act's beginning.
    pub(super) faults: Vec<Fault>,
    pub(super) runs: Vec<Run>,
    /// What is noted of runs in flight.
    pub(super) note: Option<Note>,
    /// A run of the same event for another target, into the same table.
    pub(super) twin: Option<Run>,
    /// What another writer does to the table meanwhile.
    pub(super) rival: Vec<Step>,
}

/// One run of an event.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) door: Door,
    /// It is the event before the one that is due.
    pub(super) earlier: bool,
    pub(super) deadline: Option<Duration>,
    pub(super) fate: Fate,
}

/// Where an event enters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Door {
    /// The engine, in this process on a runtime of its own.
    Engine,
    /// `bronzegate`, a process.
    Program,
    /// `bootstrap`, a process behind a played Lambda.
    Handler,
    /// The engine in a process that is killed at a call of its store: `workbench torture-doomed`.
    Doomed,
}

/// What becomes of a run.
#[derive(Clone, Copy, Debug)]
pub(super) enum Fate {
    /// Nothing happens to it.
    Undisturbed,
    /// The store fails at its n-th call.
    StoreFails { at: u64, failing: Failing },
    /// The service behind the store spoils requests; of all, or of those that create an object.
    Spoiled { of: Requests, skip: usize, count: usize, wire: Wire },
    /// Its future is dropped at the n-th call of the store.
    Dropped { at: u64, failing: Failing },
    /// Its future is dropped when the n-th request is at the API.
    DroppedAtRequest { at: u64 },
    /// It is asked to stop when the n-th request is at the API.
    Stopped { at: u64 },
    /// Its process is killed (SIGKILL).
    Killed(Moment),
}

/// Which requests to the store's service are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Requests {
    All,
    /// The put that decides, above all.
    Puts,
    /// Those into a table's log.
    Log,
}

/// What becomes of a request to the store's service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    InternalError,
    Busy,
    CutBefore,
    CutAfter,
}

/// When a process is killed.
#[derive(Clone, Copy, Debug)]
pub(super) enum Moment {
    /// At the n-th call of the store, before or after it is done.
    Call { at: u64, failing: Failing },
    /// When the n-th request to the store's service has arrived, or was done and is not answered.
    Service { skip: usize, done: bool },
    /// When the n-th request is at the API.
    Request { at: u64 },
    /// After so long.
    After(Duration),
    /// When more new files than so many are staged.
    Staged(usize),
    /// When a new commit is seen.
    Committed,
    /// When a new part is seen.
    Published,
    /// When a segment of a table is marked open.
    Opened,
    /// When the table's log has a new version.
    Appended,
    /// When a segment of a table is marked done.
    Marked,
}

impl Act {
    /// Draws an act.
    pub(super) fn draw(rng: &mut Rng, store: StoreKind, extent: Extent, earlier: bool) -> Self {
        // What fails at a submission ends the run, so that with many faults no job would ever be cut.
        let most = if extent.has_jobs { 1 } else { 3 };
        let mut faults: Vec<Fault> = (0..rng.usize(0..=most)).map(|_| passing(rng, extent)).collect();
        let cuts = rng.u32(0..4) == 0;
        if cuts {
            let fault = FaultKind::retry_after(429, "3600");
            faults.push(Fault::new(ANY, When::Overall(rng.u64(2..=extent.pages + 1)), fault).always());
        }
        if extent.has_jobs && rng.u32(0..3) == 0 {
            let at = When::Overall(rng.u64(1..=extent.pages));
            faults.push(Fault::new(ANY, at, FaultKind::status(LOST)).times(rng.u32(1..=2)));
        }
        let most = if rng.bool() { 1 } else { rng.usize(2..=3) };
        let runs: Vec<Run> = (0..most).map(|_| Run::draw(rng, store, extent, earlier, cuts)).collect();
        for run in &runs {
            // The request at which it ends is under way for a while.
            if let Some(at) = run.ends_at_request() {
                let after_bytes = rng.u64(0..400);
                let stall = FaultKind::Stall { after_bytes, pause: HELD };
                faults.insert(0, Fault::new(ANY, When::Overall(at), stall));
            }
        }
        Self { faults, runs, note: None, twin: None, rival: Vec::new() }
    }

    /// The API may mislead a reader in it as well.
    pub(super) fn misled(mut self, rng: &mut Rng, slips: &[Fault]) -> Self {
        if rng.bool() {
            self.faults.extend(rng.choice(slips).cloned());
        }
        self
    }

    /// A run may be noted as in flight in it as well.
    pub(super) fn noted(self, rng: &mut Rng, has_notes: bool) -> Self {
        Self { note: has_notes.then(|| Note::draw(rng)), ..self }
    }

    /// Others write into the same table in it as well.
    pub(super) fn beside(mut self, rng: &mut Rng, store: StoreKind, extent: Extent) -> Self {
        if rng.u32(0..3) == 0 {
            let (door, fate) = (Door::Engine, in_process(rng, store, extent));
            self.twin = Some(Run { door, earlier: false, deadline: None, fate });
        }
        self.rival = (0..rng.usize(0..=3)).map(|_| Step::draw(rng)).collect();
        self
    }

    /// Whether the next page is named elsewhere in it.
    pub(super) fn renames(&self) -> bool {
        self.faults.iter().any(|fault| matches!(fault.kind, FaultKind::NextRenamed { .. }))
    }

    /// Whether the API fails in it, not only takes its time.
    pub(super) fn fails(&self) -> bool {
        let slow = |kind: &FaultKind| matches!(kind, FaultKind::Stall { .. } | FaultKind::SlowDrip { .. });
        self.faults.iter().any(|fault| !slow(&fault.kind))
    }

    /// Whether the API forgets a token or a place in a list in it, so that everything is read again.
    pub(super) fn forgets(&self) -> bool {
        self.faults.iter().any(|fault| matches!(fault.kind, FaultKind::Status { code: FORGOTTEN, .. }))
    }

    /// Whether the API forgets a job in it.
    pub(super) fn loses_jobs(&self) -> bool {
        self.faults.iter().any(|fault| matches!(fault.kind, FaultKind::Status { code: LOST, .. }))
    }
}

impl Run {
    fn draw(rng: &mut Rng, store: StoreKind, extent: Extent, earlier: bool, cuts: bool) -> Self {
        let door = Door::draw(rng, store);
        let fate = match door {
            Door::Engine => in_process(rng, store, extent),
            Door::Doomed => Fate::Killed(Moment::Call { at: call(rng, extent), failing: killed(rng) }),
            Door::Program | Door::Handler => of_a_process(rng, store, extent),
        };
        let deadline = if cuts {
            Some(LONG)
        } else {
            (rng.u32(0..6) == 0).then(|| Duration::from_millis(rng.u64(20..400)))
        };
        let one_in = if extent.has_table { 4 } else { 12 };
        Self { door, earlier: earlier && rng.u32(0..one_in) == 0, deadline, fate }
    }

    /// Whether its store fails, or the way there.
    pub(super) fn store_fails(&self) -> bool {
        matches!(self.fate, Fate::StoreFails { .. } | Fate::Spoiled { .. })
    }

    fn ends_at_request(&self) -> Option<u64> {
        match self.fate {
            Fate::DroppedAtRequest { at } | Fate::Stopped { at } | Fate::Killed(Moment::Request { at }) => {
                Some(at)
            }
            _ => None,
        }
    }
}

impl Door {
    /// Draws a door; processes are dear, and Lambda is AWS's.
    pub(super) fn draw(rng: &mut Rng, store: StoreKind) -> Self {
        match (store, rng.u32(0..100)) {
            (StoreKind::Local, 0..30) => Self::Doomed,
            (StoreKind::Local, 30..50) | (StoreKind::Azure, 0..25) | (StoreKind::S3, 0..20) => Self::Program,
            (StoreKind::S3, 20..26) | (StoreKind::Local, 50..53) => Self::Handler,
            _ => Self::Engine,
        }
    }
}

/// What the API recovers from.
fn passing(rng: &mut Rng, extent: Extent) -> Fault {
    let after_bytes = rng.u64(0..1500);
    let pause = Duration::from_millis(rng.u64(1..15));
    let kind = match rng.u32(0..9) {
        0 => FaultKind::status(*rng.choice(&[500, 502, 503, 504]).expect("there are some")),
        1 => FaultKind::gateway_page(502),
        2 => FaultKind::retry_after(429, "0"),
        3 => FaultKind::CutBody { after_bytes, framing: Framing::ContentLength },
        4 => FaultKind::CutBody { after_bytes, framing: Framing::Chunked },
        5 => FaultKind::Reset,
        6 => FaultKind::Stall { after_bytes, pause },
        7 => FaultKind::SlowDrip { chunk_bytes: 64, every: Duration::from_micros(300) },
        _ => FaultKind::BadGzip(bronzegate_demo_api::BadGzip::Cut),
    };
    let at = match rng.u32(0..3) {
        0 => When::Probability(f64::from(rng.u32(5..40)) / 100.0),
        1 => When::Every(rng.u64(2..6)),
        _ => When::Overall(rng.u64(1..=extent.pages)),
    };
    Fault::new(ANY, at, kind).times(rng.u32(1..=8))
}

fn in_process(rng: &mut Rng, store: StoreKind, extent: Extent) -> Fate {
    match rng.u32(0..10) {
        0 => Fate::Undisturbed,
        1 | 2 => spoiled(rng, store, extent),
        3 | 4 => Fate::StoreFails {
            at: call(rng, extent),
            failing: *rng.choice(&[Failing::Before, Failing::After, Failing::Gone]).expect("there are some"),
        },
        5 => Fate::DroppedAtRequest { at: rng.u64(1..=extent.pages) },
        6 => Fate::Stopped { at: rng.u64(1..=extent.pages) },
        _ => Fate::Dropped { at: call(rng, extent), failing: killed(rng) },
    }
}

fn of_a_process(rng: &mut Rng, store: StoreKind, extent: Extent) -> Fate {
    match (store, rng.u32(0..10)) {
        (_, 0) => Fate::Undisturbed,
        (_, 1) => Fate::Killed(Moment::After(Duration::from_micros(rng.u64(0..150_000)))),
        (_, 2..4) => Fate::Killed(Moment::Request { at: rng.u64(1..=extent.pages) }),
        (StoreKind::Local, 4..6) if !extent.has_table || rng.bool() => {
            Fate::Killed(Moment::Staged(rng.usize(0..extent.parts as usize)))
        }
        (StoreKind::Local, number) if extent.has_table && number >= 5 => Fate::Killed(match number {
            5 => Moment::Opened,
            6 => Moment::Committed,
            7 => Moment::Published,
            8 => Moment::Appended,
            _ => Moment::Marked,
        }),
        (StoreKind::Local, 6..8) => Fate::Killed(Moment::Committed),
        (StoreKind::Local, _) => Fate::Killed(Moment::Published),
        (_, 4) => spoiled(rng, store, extent),
        _ => Fate::Killed(Moment::Service { skip: request(rng, extent), done: rng.bool() }),
    }
}

/// Requests to a service that a client recovers from, or too many of them. A folder has no service.
fn spoiled(rng: &mut Rng, store: StoreKind, extent: Extent) -> Fate {
    if store == StoreKind::Local {
        return Fate::StoreFails { at: call(rng, extent), failing: Failing::Before };
    }
    let wires = [Wire::InternalError, Wire::Busy, Wire::CutBefore, Wire::CutAfter];
    let wire = *rng.choice(&wires).expect("there are some");
    let count = rng.usize(1..=3);
    if extent.has_table && rng.u32(0..3) == 0 {
        return Fate::Spoiled { of: Requests::Log, skip: 0, count, wire };
    }
    if rng.bool() {
        return Fate::Spoiled { of: Requests::Puts, skip: rng.usize(0..=1), count, wire };
    }
    Fate::Spoiled { of: Requests::All, skip: request(rng, extent), count, wire }
}

fn killed(rng: &mut Rng) -> Failing {
    if rng.bool() { Failing::KilledBefore } else { Failing::KilledAfter }
}

/// The number of a store call: a run looks with some, stages with three a part and one a page,
/// commits, and publishes with one a part.
fn call(rng: &mut Rng, extent: Extent) -> u64 {
    rng.u64(1..=8 + extent.pages + 4 * extent.parts + of_a_table(extent))
}

/// The number of a request to the store's service, from 0.
fn request(rng: &mut Rng, extent: Extent) -> usize {
    rng.usize(0..=8 + 4 * extent.parts as usize + of_a_table(extent) as usize)
}

/// Calls that a table takes beside: its log is read before the run and by the append, marks are looked for and put.
fn of_a_table(extent: Extent) -> u64 {
    if extent.has_table { 24 } else { 0 }
}
