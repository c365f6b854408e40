//! Where a trial takes place: the API, the target, and the folder in which processes run.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use bronzegate_core::bronze::BronzeStore;
use bronzegate_demo_api::{DemoApi, Running};
use futures::future::join_all;
use tempfile::TempDir;

use super::act::{Act, Door, Fate, Moment, Run};
use super::doomed;
use super::engine::{Ended, Job};
use super::lake::{Lake, Peers, Step, is_settled};
use super::note::Note;
use super::plan::Plan;
use super::process::{self, Held, Places, Process, Surroundings, until};
use super::sabotage::Sabotage;
use super::scene::{Event, Scene};
use super::store::{Key, Line, TABLES, TWIN, Target};
use crate::faulty_store::Failing;
use crate::lambda_runtime::Lambda;

/// The value of `_environment`, which `variables` of a [`Key`] set.
pub(super) const TEST: &str = "test";

/// The time of an invocation that has no deadline of its own.
const INVOCATION: Duration = Duration::from_mins(1);

/// The API of a scene.
pub(super) struct Served {
    pub(super) api: Arc<Running>,
    /// What its clock shows, in seconds since 1970, where it has one of its own.
    now: Arc<AtomicU64>,
}

/// The place of a trial, with everything in it that is the trial's own.
pub(super) struct Stage<'a> {
    scene: &'a Scene,
    served: Served,
    target: Target,
    /// The tables, where records become rows.
    lake: Option<Lake>,
    /// Where processes run: `sources/demo.yaml` is in it.
    folder: TempDir,
    sabotage: Option<Sabotage>,
}

impl<'a> Stage<'a> {
    pub(super) async fn new(plan: &'a Plan, sabotage: Option<Sabotage>, peers: Peers) -> Self {
        let scene = &plan.scene;
        let served = Served::start(scene).await;
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("sources")).expect("a folder for sources");
        let target = Target::new(plan.store).await;
        let lake = scene.output.table.as_ref().map(|_| Lake::new(target.tables(), peers));
        if let Some(lake) = lake.as_ref().filter(|_| plan.is_foreign) {
            lake.found().await;
        }
        Self { scene, served, target, lake, folder, sabotage }
    }

    /// The API has what arrives with an event, and the source file is as the event has it.
    pub(super) fn begin(&self, nth: usize) {
        self.served.arrive(&self.scene.events[nth]);
        let file = self.source_file(nth);
        std::fs::write(self.folder.path().join("sources/demo.yaml"), file).expect("writable");
    }

    /// A handle of its own on the target.
    pub(super) async fn store(&self) -> Arc<dyn BronzeStore> {
        self.target.key(None).open().await
    }

    /// The same on the target that shares the tables.
    pub(super) async fn twin_store(&self) -> Arc<dyn BronzeStore> {
        self.target.key(None).beside(TWIN).open().await
    }

    /// The tables, where records become rows.
    pub(super) fn lake(&self) -> Option<&Lake> {
        self.lake.as_ref()
    }

    fn source_file(&self, nth: usize) -> String {
        self.scene.source_file(&self.served.api.base_url(), nth, self.scene.output.tried())
    }

    /// How many requests the API has had, of all streams.
    pub(super) fn requests(&self) -> u64 {
        requests(&self.served.api)
    }

    /// Runs all runs of an act at the same time, and that of the target that shares the tables.
    pub(super) async fn perform(&self, act: &Act, nth: usize) -> (Vec<Ended>, Option<Ended>) {
        self.vacuum(act).await;
        let before = self.requests();
        self.served.api.set_faults(act.faults.clone());
        let held = Held::of(self.places());
        let event = &self.scene.events[nth];
        // Without a note of its own an act has nothing left of the two minutes that a partial run has for its event.
        act.note.unwrap_or(Note::Over).write(&*self.store().await, event).await;
        let runs = act.runs.iter().map(|run| self.one(run, nth, (before, &held)));
        let twin = async {
            let run = act.twin.as_ref()?;
            Some(self.in_process(run, self.twin(nth), before).await)
        };
        let (ended, twin, ()) = futures::join!(join_all(runs), twin, self.rival(act));
        self.served.api.set_faults(Vec::new());
        (ended, twin)
    }

    /// What the rival does while there are runs.
    async fn rival(&self, act: &Act) {
        let Some(lake) = &self.lake else { return };
        let targets = [(TEST, self.store().await), (TWIN, self.twin_store().await)];
        for step in act.rival.iter().filter(|step| **step != Step::Vacuum) {
            lake.suffer(*step, &targets).await;
        }
    }

    /// What the rival does only while no committed segment waits for its table.
    async fn vacuum(&self, act: &Act) {
        let Some(lake) = self.lake.as_ref().filter(|_| act.rival.contains(&Step::Vacuum)) else { return };
        let targets = [(TEST, self.store().await), (TWIN, self.twin_store().await)];
        for (_, store) in &targets {
            if !is_settled(&**store).await {
                return;
            }
        }
        lake.suffer(Step::Vacuum, &targets).await;
    }

    async fn one(&self, run: &Run, nth: usize, (before, held): (u64, &Held)) -> Ended {
        let event = &self.scene.events[if run.earlier { nth - 1 } else { nth }];
        let line = match run.fate {
            Fate::Spoiled { .. } | Fate::Killed(Moment::Service { .. }) => self.target.line().await,
            _ => None,
        };
        match (run.fate, &line) {
            (Fate::Spoiled { of, skip, count, wire }, Some(line)) => line.spoil(of, skip, count, wire),
            (Fate::Killed(Moment::Service { skip, done }), Some(line)) => line.hold(skip, done),
            _ => {}
        }
        let key = self.target.key(line.as_ref());
        match (run.door, run.fate) {
            (Door::Engine, _) => self.in_process(run, self.job(event, nth, key), before).await,
            (Door::Doomed, Fate::Killed(Moment::Call { at, failing })) => {
                self.doomed(event, (at, failing)).killed_when_it_says().await
            }
            _ => self.as_process(run, event, &key, line.as_ref(), (before, held)).await,
        }
    }

    async fn as_process(
        &self,
        run: &Run,
        event: &Event,
        key: &Key,
        line: Option<&Line>,
        (before, held): (u64, &Held),
    ) -> Ended {
        let requests = || self.requests();
        let places = self.places();
        let surroundings = Surroundings { line, places, held, requests: &requests, before };
        let moment = match run.fate {
            Fate::Killed(moment) => Some(surroundings.moment(moment)),
            _ => None,
        };
        if let (Door::Handler, Some(json)) = (run.door, &event.json) {
            let lambda = Lambda::new(self.variables(key), self.folder.path()).await;
            return process::invoked(lambda, json, run.deadline.unwrap_or(INVOCATION), moment).await;
        }
        let process = self.program(event, run.deadline, key);
        match moment {
            Some(moment) => process.ended_or_killed(moment).await,
            None => process.ended().await,
        }
    }

    /// What the engine is to do for an event, with the source file as it is at the n-th.
    fn job(&self, event: &Event, nth: usize, key: Key) -> Job {
        Job {
            source: self.source_file(nth),
            requests: event.requests.clone(),
            deadline: None,
            tables: self.lake.as_ref().map(|_| key.beside(TABLES)),
            key,
            environment: TEST.to_owned(),
            sabotage: self.sabotage,
        }
    }

    /// The same for the target that shares the tables.
    fn twin(&self, nth: usize) -> Job {
        let job = self.job(&self.scene.events[nth], nth, self.target.key(None));
        Job { key: job.key.beside(TWIN), environment: TWIN.to_owned(), ..job }
    }

    /// Runs an event for that target while nothing goes wrong.
    pub(super) async fn undisturbed_twin(&self, nth: usize) -> Ended {
        Note::Over.write(&*self.twin_store().await, &self.scene.events[nth]).await;
        self.twin(nth).run(Fate::Undisturbed, std::future::pending()).await
    }

    async fn in_process(&self, run: &Run, job: Job, before: u64) -> Ended {
        let job = Job { deadline: run.deadline, ..job };
        let api = self.served.api.clone();
        let at = match run.fate {
            Fate::DroppedAtRequest { at } | Fate::Stopped { at } => at,
            _ => u64::MAX,
        };
        let signal = async move {
            until(|| requests(&api) >= before + at).await;
        };
        job.run(run.fate, signal).await
    }

    /// Runs an event while nothing goes wrong.
    pub(super) async fn undisturbed(&self, by: Door, nth: usize) -> Ended {
        let (event, key) = (&self.scene.events[nth], self.target.key(None));
        Note::Over.write(&*self.store().await, event).await;
        if by == Door::Program {
            return self.program(event, None, &key).ended().await;
        }
        self.job(event, nth, key).run(Fate::Undisturbed, std::future::pending()).await
    }

    /// What a process needs in its environment.
    fn variables(&self, key: &Key) -> BTreeMap<String, String> {
        let mut variables = key.variables();
        if self.lake.is_some() {
            variables.insert("BRONZEGATE_TABLES".to_owned(), key.beside(TABLES).url());
        }
        variables
    }

    /// The folders of the trial, where it is on one.
    pub(super) fn places(&self) -> Option<Places> {
        let target = self.target.folder()?;
        let tables = self.lake.as_ref().map(|_| target.with_file_name(TABLES));
        Some(Places { target, tables })
    }

    fn program(&self, event: &Event, deadline: Option<Duration>, key: &Key) -> Process {
        Process::start(
            "bronzegate",
            &process::line(event, deadline),
            &self.variables(key),
            self.folder.path(),
        )
    }

    fn doomed(&self, event: &Event, moment: (u64, Failing)) -> Process {
        let source = self.folder.path().join("sources/demo.yaml").display().to_string();
        let folder = self.target.folder().expect("only folders have doomed processes").display().to_string();
        let mut arguments = vec!["torture-doomed".to_owned()];
        let kind = if self.lake.is_some() { "tables" } else { "files" };
        arguments.extend(doomed::arguments(&source, &folder, kind, moment, &event.requests));
        Process::start("workbench", &arguments, &BTreeMap::new(), self.folder.path())
    }
}

impl Served {
    /// Starts it.
    pub(super) async fn start(scene: &Scene) -> Self {
        let (options, now) = (scene.options(), Arc::new(AtomicU64::new(0)));
        let started = if scene.events.iter().any(|event| event.now.is_some()) {
            let now = now.clone();
            DemoApi::start_on(options, Arc::new(move || Duration::from_secs(now.load(Relaxed)))).await
        } else {
            DemoApi::start(options).await
        };
        Self { api: Arc::new(started.expect("the demo API starts")), now }
    }

    /// The API has what arrives with an event.
    pub(super) fn arrive(&self, event: &Event) {
        if let Some(now) = event.now {
            self.now.store(now.as_second().unsigned_abs(), Relaxed);
        }
        for (stream, records) in &event.arrives {
            self.api.append(stream, records.clone()).expect("the stream has a timeline");
        }
        self.api.set_absent(event.absent.clone());
    }
}

fn requests(api: &Running) -> u64 {
    api.stats().streams.values().map(|stream| stream.requests).sum()
}
