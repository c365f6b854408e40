//! One trial: the straight line from a plan to a verdict.

use std::fmt::{self, Write as _};

use super::act::{Act, Door, Fate, Run};
use super::bronze::{Bronze, Seen, check_folders, sorted};
use super::engine::{Ended, Job};
use super::lake::Peers;
use super::plan::{End, Ordeal, Plan};
use super::sabotage::Sabotage;
use super::scene::Scene;
use super::stage::{Served, Stage, TEST};
use super::store::{Key, TWIN};

/// What was found to be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation(String);

impl Violation {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A violation, unless the condition holds.
pub(super) fn ensure(holds: bool, what: impl FnOnce() -> String) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(Violation(what())) }
}

/// What the disturbed runs came to: a trial that disturbs nothing proves nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Runs while something went wrong.
    pub runs: u64,
    /// Processes that were killed before their end.
    pub killed: u64,
    /// Runs in this process that were dropped before their end.
    pub dropped: u64,
    /// Runs that failed.
    pub failed: u64,
    /// Runs that ended partial.
    pub partial: u64,
    /// What another writer did to a table.
    pub rival: u64,
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.runs += other.runs;
        self.killed += other.killed;
        self.dropped += other.dropped;
        self.failed += other.failed;
        self.partial += other.partial;
        self.rival += other.rival;
    }

    fn count(&mut self, run: &Run, ended: &Ended) {
        self.runs += 1;
        match ended {
            Ended::Done => {}
            Ended::Partial => self.partial += 1,
            Ended::Failed { .. } => self.failed += 1,
            Ended::Gone if run.door == Door::Engine => self.dropped += 1,
            Ended::Gone => self.killed += 1,
        }
    }
}

/// Runs a trial; `sabotage` is for tests of the trial itself.
///
/// # Errors
/// What is wrong with bronze, with an account of what was done before.
pub(super) async fn run(plan: &Plan, sabotage: Option<Sabotage>, peers: Peers) -> Result<Tally, Violation> {
    let uncut = uncut(&plan.scene).await?;
    let stage = Stage::new(plan, sabotage, peers).await;
    let mut trial = Trial {
        stage,
        uncut,
        tally: Tally::default(),
        account: String::new(),
        loose: false,
        is_ordered: plan.scene.is_ordered,
        repeats: plan.scene.repeats,
        has_twin: plan.ordeals.iter().flat_map(|ordeal| &ordeal.acts).any(|act| act.twin.is_some()),
    };
    match trial.run(&plan.ordeals).await {
        Ok(()) => Ok(trial.tally),
        Err(violation) => Err(Violation(format!("{violation}\n{}", trial.account))),
    }
}

struct Trial<'a> {
    stage: Stage<'a>,
    /// What bronze holds after each event when nothing goes wrong.
    uncut: Vec<Seen>,
    tally: Tally,
    /// How the runs ended so far.
    account: String,
    /// An event was abandoned, or the API has forgotten a token: which run brings which records depends on that.
    loose: bool,
    is_ordered: bool,
    /// What an event brings of an abandoned one may be there already.
    repeats: bool,
    /// Another target's runs of each event share the table.
    has_twin: bool,
}

impl Trial<'_> {
    async fn run(&mut self, ordeals: &[Ordeal]) -> Result<(), Violation> {
        for (nth, ordeal) in ordeals.iter().enumerate() {
            self.event(nth, ordeal)
                .await
                .map_err(|violation| Violation(format!("event {}: {violation}", nth + 1)))?;
        }
        self.stage.places().map_or(Ok(()), |places| check_folders(&places))
    }

    /// An event with everything that is done to it, compared with the uncut run after every step.
    async fn event(&mut self, nth: usize, ordeal: &Ordeal) -> Result<(), Violation> {
        self.stage.begin(nth);
        for act in &ordeal.acts {
            let (ended, twin) = self.stage.perform(act, nth).await;
            let _ = writeln!(self.account, "  event {}: {ended:?}, the twin: {twin:?}", nth + 1);
            self.loose |= act.forgets();
            let mut claimed = false;
            if let (Some(run), Some(ended)) = (&act.twin, &twin) {
                self.tally.count(run, ended);
                check_legitimate(act, run, ended)?;
            }
            self.tally.rival += act.rival.len() as u64;
            for (run, ended) in act.runs.iter().zip(&ended) {
                self.tally.count(run, ended);
                check_legitimate(act, run, ended)?;
                claimed |= *ended == Ended::Done && !run.earlier;
            }
            self.check(nth, claimed).await?;
            self.check_twin(nth, twin == Some(Ended::Done)).await?;
        }
        match ordeal.end {
            End::Abandoned => self.loose = true,
            End::Completed { by, repeated } => {
                self.complete(nth, by).await?;
                if self.has_twin {
                    let ended = self.stage.undisturbed_twin(nth).await;
                    ensure(ended == Ended::Done, || format!("the twin run again: {ended:?}"))?;
                    self.check_twin(nth, true).await?;
                }
                if repeated {
                    let requests = self.stage.requests();
                    self.complete(nth, by).await?;
                    let asked = self.stage.requests() - requests;
                    ensure(asked == 0, || format!("run once more it asked the API {asked} times"))?;
                }
            }
        }
        Ok(())
    }

    /// Whatever happened before: with nothing in its way, one run is enough.
    async fn complete(&mut self, nth: usize, by: Door) -> Result<(), Violation> {
        let ended = self.stage.undisturbed(by, nth).await;
        let _ = writeln!(self.account, "  event {} again, by {by:?}: {ended:?}", nth + 1);
        ensure(ended == Ended::Done, || "run again it is not complete".to_owned())?;
        self.check(nth, true).await
    }

    /// Compares bronze with the uncut run's: as far as it has come, or as a whole once a run said so.
    async fn check(&self, nth: usize, complete: bool) -> Result<(), Violation> {
        let store = self.stage.store().await;
        let bronze = match self.stage.lake() {
            Some(lake) => Bronze::read_table(store, TEST, lake).await?,
            None => Bronze::read(store).await?,
        };
        self.hold(&bronze, nth, complete)
    }

    /// The same of the target that shares the table.
    async fn check_twin(&self, nth: usize, complete: bool) -> Result<(), Violation> {
        let Some(lake) = self.stage.lake() else { return Ok(()) };
        let bronze = Bronze::read_table(self.stage.twin_store().await, TWIN, lake).await?;
        let twin = self.hold(&bronze, nth, complete);
        twin.map_err(|Violation(what)| Violation(format!("of the other target: {what}")))
    }

    fn hold(&self, bronze: &Bronze, nth: usize, complete: bool) -> Result<(), Violation> {
        let uncut = &self.uncut[nth];
        bronze.check_sound()?;
        if self.loose && self.repeats {
            return bronze.check_has(uncut, complete);
        }
        if !complete {
            return bronze.check_no_more_than(uncut);
        }
        bronze.check_whole()?;
        bronze.check_against(uncut, self.loose, self.is_ordered)
    }
}

/// What bronze holds after each event when nothing goes wrong.
async fn uncut(scene: &Scene) -> Result<Vec<Seen>, Violation> {
    let served = Served::start(scene).await;
    let folder = tempfile::tempdir().expect("a folder");
    let key = Key::Local(folder.path().to_owned());
    let (mut after, mut known) = (Vec::new(), Vec::new());
    for (nth, event) in scene.events.iter().enumerate() {
        served.arrive(event);
        let source = scene.source_file(&served.api.base_url(), nth, &scene.output.files);
        let job = Job {
            source,
            requests: event.requests.clone(),
            deadline: None,
            key: key.clone(),
            tables: None,
            environment: TEST.to_owned(),
            sabotage: None,
        };
        let ended = job.run(Fate::Undisturbed, std::future::pending()).await;
        ensure(ended == Ended::Done, || format!("the uncut run ended so: {ended:?}"))?;
        let bronze = Bronze::read(key.open().await).await?;
        known.extend(event.brings.iter().cloned());
        known.sort();
        ensure(sorted(bronze.seen()) == known, || "the uncut run is not exact".to_owned())?;
        after.push(bronze.seen().clone());
    }
    Ok(after)
}

/// What an act can make of a run: every failure has its reason there, and a run that does not fail needs
/// none.
fn check_legitimate(act: &Act, run: &Run, ended: &Ended) -> Result<(), Violation> {
    let Ended::Failed { kind, message } = ended else { return Ok(()) };
    let is_short = run.deadline.is_some();
    let expected = match kind.as_str() {
        "api" => act.fails() || is_short,
        "store" => run.store_fails() || is_short,
        // A job that is gone, some pages of which are committed, or pages of which no more can be found.
        "data" => act.loses_jobs() || act.renames(),
        "interrupted" => matches!(run.fate, Fate::Stopped { .. }),
        _ => false,
    };
    ensure(expected, || format!("nothing of what went wrong explains `{kind}`: {message}"))
}

#[cfg(test)]
mod tests {
    use bronzegate_demo_api::{Fault, FaultKind, When};

    use super::*;

    fn explained(kind: &str, faults: &[FaultKind], fate: Fate) -> bool {
        let faults = faults.iter().map(|kind| Fault::new("*", When::Overall(1), kind.clone())).collect();
        let run = Run { door: Door::Engine, earlier: false, deadline: None, fate };
        let ended = Ended::Failed { kind: kind.to_owned(), message: String::new() };
        check_legitimate(
            &Act { faults, runs: vec![run.clone()], note: None, twin: None, rival: Vec::new() },
            &run,
            &ended,
        )
        .is_ok()
    }

    #[test]
    fn a_failure_without_a_reason_in_its_act_is_a_violation() {
        let pause = FaultKind::Stall { after_bytes: 0, pause: std::time::Duration::ZERO };
        let store = Fate::StoreFails { at: 1, failing: crate::faulty_store::Failing::Before };
        for kind in ["api", "store", "data", "interrupted", "auth"] {
            assert!(!explained(kind, &[], Fate::Undisturbed), "{kind}");
            assert!(!explained(kind, std::slice::from_ref(&pause), Fate::Undisturbed), "{kind}");
        }
        assert!(explained("api", &[FaultKind::Reset], Fate::Undisturbed));
        assert!(!explained("data", &[FaultKind::Reset], Fate::Undisturbed));
        assert!(explained("data", &[FaultKind::status(404)], Fate::Undisturbed));
        assert!(explained("store", &[], store) && !explained("api", &[], store));
        assert!(explained("interrupted", &[], Fate::Stopped { at: 1 }));
    }
}
