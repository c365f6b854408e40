//! One trial: the straight line from a plan to a verdict.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bronzegate_demo_api::{DemoApi, Fault, Running, When};
use futures::future::join_all;
use tempfile::TempDir;

use super::act::{Act, Door, Fate, Moment, Run};
use super::bronze::{Bronze, Seen, check_folder, sorted};
use super::doomed;
use super::engine::{Ended, Job};
use super::plan::{End, Ordeal, Plan};
use super::process::{self, Process, Surroundings};
use super::sabotage::Sabotage;
use super::scene::{Event, STREAM, Scene};
use super::store::{Key, Target};
use crate::lambda::Lambda;

/// The time of an invocation that has no deadline of its own.
const INVOCATION: Duration = Duration::from_mins(1);

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
}

impl Tally {
    pub(super) fn add(&mut self, other: Self) {
        self.runs += other.runs;
        self.killed += other.killed;
        self.dropped += other.dropped;
        self.failed += other.failed;
        self.partial += other.partial;
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
pub async fn run(plan: &Plan, sabotage: Option<Sabotage>) -> Result<Tally, Violation> {
    let uncut = uncut(&plan.scene).await?;
    let stage = Stage::new(plan, sabotage).await;
    let mut account = Account::default();
    for (nth, ordeal) in plan.ordeals.iter().enumerate() {
        let passed = stage.event(nth, ordeal, &uncut, &mut account).await;
        passed.map_err(|violation| Violation(format!("event {}: {violation}\n{}", nth + 1, account.text)))?;
    }
    match stage.target.folder() {
        Some(folder) => check_folder(&folder).map_err(|v| Violation(format!("{v}\n{}", account.text)))?,
        None => {}
    }
    Ok(account.tally)
}

/// What bronze holds after each event when nothing goes wrong.
async fn uncut(scene: &Scene) -> Result<Vec<Seen>, Violation> {
    let api = DemoApi::start(scene.options()).await.expect("the demo API starts");
    let folder = tempfile::tempdir().expect("a folder");
    let key = Key::Local(folder.path().to_owned());
    let (mut after, mut known) = (Vec::new(), Vec::new());
    for event in &scene.events {
        let arrives = event.arrives.clone();
        if !arrives.is_empty() {
            api.append(STREAM, arrives).expect("the stream has a timeline");
        }
        let job = job(scene, &api.base_url(), event, None, key.clone(), None);
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

fn job(
    scene: &Scene,
    base_url: &str,
    event: &Event,
    deadline: Option<Duration>,
    key: Key,
    sabotage: Option<Sabotage>,
) -> Job {
    Job { source: scene.source_file(base_url), requests: event.requests.clone(), deadline, key, sabotage }
}

/// What happened so far.
#[derive(Default)]
struct Account {
    text: String,
    tally: Tally,
    /// An event was abandoned: which run brings which records depends on the cuts.
    loose: bool,
}

struct Stage<'a> {
    scene: &'a Scene,
    api: Arc<Running>,
    target: Target,
    /// Where processes run: `sources/demo.yaml` is in it.
    folder: TempDir,
    sabotage: Option<Sabotage>,
}

impl<'a> Stage<'a> {
    async fn new(plan: &'a Plan, sabotage: Option<Sabotage>) -> Self {
        let scene = &plan.scene;
        let api = Arc::new(DemoApi::start(scene.options()).await.expect("the demo API starts"));
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("sources")).expect("a folder for sources");
        std::fs::write(folder.path().join("sources/demo.yaml"), scene.source_file(&api.base_url()))
            .expect("writable");
        Self { scene, api, target: Target::new(plan.store).await, folder, sabotage }
    }

    async fn event(
        &self,
        nth: usize,
        ordeal: &Ordeal,
        uncut: &[Seen],
        account: &mut Account,
    ) -> Result<(), Violation> {
        let event = &self.scene.events[nth];
        if !event.arrives.is_empty() {
            self.api.append(STREAM, event.arrives.clone()).expect("the stream has a timeline");
        }
        let loose = account.loose;
        for act in &ordeal.acts {
            let ended = self.perform(act, nth).await;
            account.text.push_str(&format!("  event {}: {ended:?}\n", nth + 1));
            let mut claimed = false;
            for (run, ended) in act.runs.iter().zip(&ended) {
                account.tally.count(run, ended);
                check_legitimate(ended)?;
                claimed |= *ended == Ended::Done && !run.earlier;
            }
            self.check(&uncut[nth], claimed, loose).await?;
        }
        let End::Completed { by, repeated } = ordeal.end else {
            account.loose = true;
            return Ok(());
        };
        for what in ["again", "and once more"].into_iter().take(1 + usize::from(repeated)) {
            let requests = self.requests();
            let ended = self.undisturbed(by, event).await;
            account.text.push_str(&format!("  event {} {what}: {ended:?}\n", nth + 1));
            ensure(ended == Ended::Done, || format!("run {what} it is not complete: {ended:?}"))?;
            self.check(&uncut[nth], true, loose).await?;
            let asked = self.requests() - requests;
            // A backfill asks one page to tell how long it will take.
            let idle = what == "again" || asked == 0;
            ensure(idle, || format!("run {what} it asked the API {asked} times"))?;
        }
        Ok(())
    }

    /// Holds bronze against the uncut run's, as far as it has come.
    async fn check(&self, uncut: &Seen, complete: bool, loose: bool) -> Result<(), Violation> {
        let bronze = Bronze::read(self.target.key(None).open().await).await?;
        bronze.check_sound()?;
        if !complete {
            return bronze.check_no_more_than(uncut);
        }
        bronze.check_whole()?;
        if loose { bronze.check_same_records(uncut) } else { bronze.check_equals(uncut) }
    }

    /// Runs all runs of an act at the same time.
    async fn perform(&self, act: &Act, nth: usize) -> Vec<Ended> {
        let before = self.requests();
        self.api.set_faults(act.faults.iter().map(|fault| since(fault, before)).collect());
        let runs = act.runs.iter().map(|run| {
            let event = if run.earlier { nth - 1 } else { nth };
            self.one(run, &self.scene.events[event], before)
        });
        let ended = join_all(runs).await;
        self.api.set_faults(Vec::new());
        ended
    }

    async fn one(&self, run: &Run, event: &Event, before: u64) -> Ended {
        let line = match run.fate {
            Fate::Spoiled { .. } | Fate::Killed(Moment::Service { .. }) => self.target.line().await,
            _ => None,
        };
        match (run.fate, &line) {
            (Fate::Spoiled { skip, count, wire }, Some(line)) => line.spoil(skip, count, wire),
            (Fate::Killed(Moment::Service { skip, done }), Some(line)) => line.hold(skip, done),
            _ => {}
        }
        let key = self.target.key(line.as_ref());
        let requests = || self.requests();
        let surroundings =
            Surroundings { line: line.as_ref(), folder: self.target.folder(), requests: &requests, before };
        match (run.door, run.fate, &event.json) {
            (Door::Engine, fate, _) => self.in_process(run, fate, event, key, before).await,
            (Door::Doomed, Fate::Killed(Moment::Call { at, failing }), _) => {
                self.doomed(event, (at, failing)).killed_when_it_says().await
            }
            (Door::Handler, fate, Some(json)) => {
                let lambda = Lambda::new(self.variables(&key), self.folder.path()).await;
                let moment = match fate {
                    Fate::Killed(moment) => Some(surroundings.moment(moment)),
                    _ => None,
                };
                process::invoked(lambda, json, run.deadline.unwrap_or(INVOCATION), moment).await
            }
            (_, fate, _) => {
                let process = self.program(event, run.deadline, &key);
                match fate {
                    Fate::Killed(moment) => process.ended_or_killed(surroundings.moment(moment)).await,
                    _ => process.ended().await,
                }
            }
        }
    }

    async fn in_process(&self, run: &Run, fate: Fate, event: &Event, key: Key, before: u64) -> Ended {
        let job = job(self.scene, &self.api.base_url(), event, run.deadline, key, self.sabotage);
        let api = self.api.clone();
        let at = match fate {
            Fate::DroppedAtRequest { at } | Fate::Stopped { at } => at,
            _ => u64::MAX,
        };
        let signal = async move {
            let requests = || api.stats().stream(STREAM).requests;
            let surroundings = Surroundings { line: None, folder: None, requests: &requests, before };
            surroundings.request(at).await;
        };
        job.run(fate, signal).await
    }

    /// Runs an event while nothing goes wrong.
    async fn undisturbed(&self, by: Door, event: &Event) -> Ended {
        let key = self.target.key(None);
        match by {
            Door::Program => self.program(event, None, &key).ended().await,
            _ => {
                let job = job(self.scene, &self.api.base_url(), event, None, key, self.sabotage);
                job.run(Fate::Undisturbed, std::future::pending()).await
            }
        }
    }

    fn program(&self, event: &Event, deadline: Option<Duration>, key: &Key) -> Process {
        Process::start("bronzegate", &process::line(event, deadline), &key.variables(), self.folder.path())
    }

    fn doomed(&self, event: &Event, moment: (u64, crate::faulty::Failing)) -> Process {
        let source = self.folder.path().join("sources/demo.yaml").display().to_string();
        let folder = self.target.folder().expect("only folders have doomed processes").display().to_string();
        let mut arguments = vec!["torture-doomed".to_owned()];
        arguments.extend(doomed::arguments(&source, &folder, moment, &event.requests));
        Process::start("workbench", &arguments, &std::collections::BTreeMap::new(), self.folder.path())
    }

    fn variables(&self, key: &Key) -> std::collections::BTreeMap<String, String> {
        let mut variables = key.variables();
        variables.insert("BRONZEGATE_ENVIRONMENT".to_owned(), "test".to_owned());
        variables.insert("BRONZEGATE_SECRETS".to_owned(), "env".to_owned());
        variables
    }

    fn requests(&self) -> u64 {
        self.api.stats().stream(STREAM).requests
    }
}

/// The fault, with its request counted from now on.
fn since(fault: &Fault, before: u64) -> Fault {
    let at = match fault.at {
        When::Request(at) => When::Request(before + at),
        at => at,
    };
    Fault { at, ..fault.clone() }
}

/// What the faults of an act can make of a run.
fn check_legitimate(ended: &Ended) -> Result<(), Violation> {
    let Ended::Failed { kind, message } = ended else { return Ok(()) };
    let expected = ["api", "store", "interrupted"].contains(&kind.as_str());
    ensure(expected, || format!("nothing of what went wrong explains `{kind}`: {message}"))
}
