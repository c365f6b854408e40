//! What the connections of a server share.

use super::{
    call::Call,
    jobs::{About, Jobs},
    oauth::Vault,
    reply::Reply,
    stats::{Counters, Stats},
    steps::Came,
};
use crate::{
    clock::Time,
    fault::{Book, Fault, FaultKind, Moment},
    ledger::Ledger,
    options::Options,
    page::Ask,
    rate::Limiter,
    record::{Expected, Recipe, expected, record},
    stream::Stream,
};
use std::{
    collections::{HashMap, HashSet},
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};
use tokio::sync::watch;

/// A stream with everything that changes while it is served.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) stream: Stream,
    pub(crate) recipe: Recipe,
    pub(crate) counters: Arc<Counters>,
    pub(crate) limiter: Option<Mutex<Limiter>>,
    pub(crate) ledger: Option<Mutex<Ledger>>,
    jobs: Mutex<Jobs>,
    /// Where each list that was opened is read next, where the place is kept here.
    places: Mutex<Vec<u64>>,
    seed: u64,
    expected: OnceLock<Expected>,
}

impl Live {
    fn new(seed: u64, mut stream: Stream) -> Self {
        Self {
            recipe: Recipe::new(seed, stream.shape),
            counters: Arc::default(),
            limiter: stream.rate_limit.clone().map(Limiter::new).map(Mutex::new),
            ledger: stream.timeline.take().map(|timeline| Mutex::new(Ledger::new(seed, timeline))),
            jobs: Mutex::default(),
            places: Mutex::default(),
            seed,
            expected: OnceLock::new(),
            stream,
        }
    }

    /// The page that is asked for; where the place is kept here, the one after the last that was answered.
    pub(crate) fn placed(&self, ask: Ask, call: &Call) -> Ask {
        if !self.stream.quirks.keeps_place {
            return ask;
        }
        let mut places = locked(&self.places);
        let mut list = usize::try_from(ask.salt).unwrap_or(usize::MAX);
        if !call.asks_for_more(&self.stream) {
            places.push(0);
            list = places.len();
        }
        // A list that nobody has opened has nothing.
        let Some(place) = places.get_mut(list.wrapping_sub(1)) else {
            return Ask { position: self.stream.records, ..ask };
        };
        let position = *place;
        *place = position.saturating_add(ask.limit);
        Ask { position, salt: list as u64, ..ask }
    }

    /// The page is refused: a place that is kept here stays where it was.
    pub(crate) fn not_read(&self, ask: Ask) {
        let mut places = locked(&self.places);
        let list = usize::try_from(ask.salt).unwrap_or(usize::MAX).wrapping_sub(1);
        if let Some(place) = places.get_mut(list).filter(|_| self.stream.quirks.keeps_place) {
            *place = ask.position;
        }
    }

    /// What a job that is done was submitted with.
    pub(crate) fn submitted(&self, nth: usize) -> Option<Arc<Call>> {
        locked(&self.jobs).submitted(nth, self.stream.job.polls)
    }

    /// Answers a request of a job whose requests are data.
    pub(crate) fn step(&self, call: &Arc<Call>) -> Came {
        locked(&self.jobs).step(&self.stream, &self.counters, call)
    }

    /// Answers a request about a job.
    pub(crate) fn answer_job(&self, call: &Arc<Call>, about: About) -> Reply {
        locked(&self.jobs).answer(&self.stream, &self.counters, call, about)
    }

    /// Every record that a complete extraction brings, in the API's order.
    pub(crate) fn records(&self) -> Vec<String> {
        let Stream { shape, records, quirks, .. } = &self.stream;
        let all: Vec<Vec<u8>> = match &self.ledger {
            Some(ledger) => locked(ledger).records().map(|record| record.to_vec()).collect(),
            None => (0..*records).map(|index| record(self.seed, *shape, index)).collect(),
        };
        let shown = all.into_iter().filter(|record| !quirks.hides(record));
        shown.map(|record| String::from_utf8(record).expect("records are text")).collect()
    }

    /// What the stream holds; computed at the first call, which can take a while.
    pub(crate) fn expected(&self) -> &Expected {
        let Stream { shape, records, .. } = self.stream;
        self.expected.get_or_init(|| expected(self.seed, shape, records))
    }
}

/// Everything a server knows.
#[derive(Debug)]
pub(crate) struct State {
    /// The name it is reached by: `127.0.0.1:PORT`.
    pub(crate) host: String,
    pub(crate) latency: Duration,
    pub(crate) gzip: bool,
    pub(crate) streams: HashMap<String, Arc<Live>>,
    /// The same by path.
    paths: HashMap<String, Vec<Arc<Live>>>,
    pub(crate) connections: AtomicU64,
    pub(crate) token_path: String,
    pub(crate) time: Time,
    faults: Mutex<Book>,
    /// The names of streams that are not there now.
    absent: Mutex<HashSet<String>>,
    /// Told each time the rules are replaced.
    replaced: watch::Sender<()>,
    vault: Mutex<Vault>,
}

impl State {
    pub(crate) fn new(options: Options, host: String, time: Time) -> Self {
        let seed = options.seed;
        let live = |stream: Stream| (stream.name.clone(), Arc::new(Live::new(seed, stream)));
        let streams: HashMap<_, _> = options.streams.into_iter().map(live).collect();
        let mut by_path: HashMap<String, Vec<Arc<Live>>> = HashMap::new();
        for (path, live) in streams.values().flat_map(paths) {
            by_path.entry(path).or_default().push(live);
        }
        // One that asks for nothing of a request has those that no other takes.
        for lives in by_path.values_mut() {
            lives.sort_by_key(|live| live.stream.quirks.having.is_none());
        }
        Self {
            host,
            latency: options.latency,
            gzip: options.gzip,
            paths: by_path,
            streams,
            connections: AtomicU64::new(0),
            token_path: options.token_path,
            time: time.clone(),
            faults: Mutex::new(Book::new(seed, options.faults)),
            absent: Mutex::default(),
            replaced: watch::Sender::new(()),
            vault: Mutex::new(Vault::new(options.credentials).on(time)),
        }
    }

    /// The stream that a request is for: of those whose path its own begins with, the most particular.
    pub(crate) fn stream_at(&self, call: &Call) -> Option<&Arc<Live>> {
        let mut path = call.path();
        loop {
            let is_meant = |live: &&Arc<Live>| {
                let having = live.stream.quirks.having.as_ref();
                having
                    .is_none_or(|(name, text)| call.argument(name).is_some_and(|given| given.contains(text)))
            };
            if let Some(live) = self.paths.get(path).and_then(|lives| lives.iter().find(is_meant)) {
                return Some(live);
            }
            path = path.rsplit_once('/')?.0;
        }
    }

    pub(crate) fn vault(&self) -> MutexGuard<'_, Vault> {
        locked(&self.vault)
    }

    pub(crate) fn set_faults(&self, rules: Vec<Fault>) {
        locked(&self.faults).replace(rules);
        self.replaced.send_replace(());
    }

    pub(crate) fn set_absent(&self, names: HashSet<String>) {
        *locked(&self.absent) = names;
    }

    pub(crate) fn is_absent(&self, name: &str) -> bool {
        locked(&self.absent).contains(name)
    }

    /// Tells when the rules that hold now are replaced.
    pub(crate) fn replaced(&self) -> watch::Receiver<()> {
        self.replaced.subscribe()
    }

    pub(crate) fn unspent_faults(&self) -> Vec<Fault> {
        locked(&self.faults).unspent()
    }

    pub(crate) fn fire(&self, moment: &Moment<'_>) -> Option<FaultKind> {
        locked(&self.faults).fire(moment)
    }

    pub(crate) fn slips(&self, moment: &Moment<'_>) -> Vec<FaultKind> {
        locked(&self.faults).slips(moment)
    }

    pub(crate) fn stats(&self) -> Stats {
        let streams = self.streams.iter();
        Stats {
            streams: streams.map(|(name, live)| (name.clone(), live.counters.read())).collect(),
            oauth: self.vault().stats(),
            connections: self.connections.load(Relaxed),
        }
    }
}

/// The paths at which a stream is served: its own, that of its points in time, and those of its jobs' requests.
fn paths(live: &Arc<Live>) -> impl Iterator<Item = (String, Arc<Live>)> + '_ {
    let Stream { path, quirks, job, .. } = &live.stream;
    let steps = job.steps.iter().map(|step| step.root().to_owned());
    let own = std::iter::once(path).chain(&quirks.point_in_time).cloned();
    own.chain(steps).map(|path| (path, Arc::clone(live)))
}

/// Locks, whatever became of an earlier holder: every change is whole before anything can panic.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
