//! An hour of many streams, simulated: which events run at the same time, and what becomes of those that are throttled.
//!
//! Lambda's and Step Functions' rules are those of their documentation, and the retries those of
//! `infra/modules/aws/workflow.tf`. Nothing waits here: the simulation has a clock of its own.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use fastrand::Rng;

/// Seconds of the first wait of a throttled invocation, and of the longest; how often it is tried again.
const FIRST_WAIT: f64 = 2.0;
/// See [`FIRST_WAIT`].
const LONGEST_WAIT: f64 = 60.0;
/// See [`FIRST_WAIT`].
const ATTEMPTS: u32 = 64;

/// The most events of a standard execution's history (a quota of Step Functions).
const MOST_HISTORY: u64 = 25_000;
/// Events of a segment that is not the last: `Invoke` (entered, scheduled, started, succeeded, exited), and entering and
/// exiting `Count`, `Whole` and `Pause`.
const HISTORY_OF_A_SEGMENT: u64 = 5 + 3 * 2;
/// Events of an attempt that failed: scheduled, started, failed.
const HISTORY_OF_AN_ATTEMPT: u64 = 3;
/// Events of an execution beside its segments: its start and end, and entering and exiting `Kind`, `Begin` and `Done`.
const HISTORY_BESIDE: u64 = 2 + 3 * 2;

/// Streams that are due at the same time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fleet {
    /// Events: the streams of a source with the same times are one.
    pub events: u32,
    /// Streams of an event.
    pub streams: u32,
    /// Streams of an event that run at the same time.
    pub at_once: u32,
    /// Seconds of one run.
    pub seconds: f64,
    /// Seconds that the starts are spread over.
    pub spread: f64,
    /// The most invocations at the same time.
    pub limit: usize,
}

/// What a fleet does to the functions.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Load {
    /// The most invocations at the same time.
    pub peak: usize,
    /// Invocations that were turned away, and tried again.
    pub throttled: u64,
    /// Events that were turned away until no try was left.
    pub lost: u32,
    /// When the last event began to run, in seconds after its own start.
    pub latest: f64,
    /// When all have ended, in seconds.
    pub over: f64,
    /// The most events in the history of one execution.
    pub history: u64,
}

/// A moment in nanoseconds, so that it can be ordered.
type At = u64;

fn at(seconds: f64) -> At {
    (seconds * 1e9) as At
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Happens {
    /// An invocation ends. It comes before what begins at the same moment.
    Ends,
    /// An event's attempt.
    Begins { event: u32, attempt: u32 },
}

impl Fleet {
    /// Runs the hour. The same seed is the same hour.
    pub fn run(&self, seed: u64) -> Load {
        let mut rng = Rng::with_seed(seed);
        let starts: Vec<At> = (0..self.events).map(|_| at(rng.f64() * self.spread)).collect();
        let begin = |event: u32| Reverse((starts[event as usize], Happens::Begins { event, attempt: 0 }));
        let mut queue: BinaryHeap<_> = (0..self.events).map(begin).collect();
        let (mut load, mut running) = (Load::default(), 0);
        while let Some(Reverse((now, happens))) = queue.pop() {
            match happens {
                Happens::Ends => {
                    running -= 1;
                    load.over = now as f64 / 1e9;
                }
                Happens::Begins { event, attempt } if running < self.limit => {
                    running += 1;
                    load.peak = load.peak.max(running);
                    let late = (now - starts[event as usize]) as f64 / 1e9;
                    load.latest = load.latest.max(late);
                    load.history = load.history.max(history(1, u64::from(attempt)));
                    queue.push(Reverse((now + at(self.duration(&mut rng)), Happens::Ends)));
                }
                Happens::Begins { attempt: ATTEMPTS, .. } => {
                    load.throttled += 1;
                    load.lost += 1;
                }
                Happens::Begins { event, attempt } => {
                    load.throttled += 1;
                    let most = (FIRST_WAIT * 2_f64.powi(attempt.cast_signed())).min(LONGEST_WAIT);
                    // Full jitter.
                    let next = now + at(rng.f64() * most);
                    queue.push(Reverse((next, Happens::Begins { event, attempt: attempt + 1 })));
                }
            }
        }
        load
    }

    /// The same hour where events wait in a queue for a place among `limit`, as on Azure: nothing is turned away.
    pub fn queued(&self, seed: u64) -> Load {
        let mut rng = Rng::with_seed(seed);
        let mut starts: Vec<At> = (0..self.events).map(|_| at(rng.f64() * self.spread)).collect();
        starts.sort_unstable();
        let mut load = Load::default();
        // When the places that were taken are free again.
        let mut taken = BinaryHeap::new();
        for start in starts {
            while taken.peek().is_some_and(|Reverse(free)| *free <= start) {
                taken.pop();
            }
            let begins = if taken.len() < self.limit {
                start
            } else {
                taken.pop().map_or(start, |Reverse(free)| free)
            };
            let ends = begins + at(self.duration(&mut rng));
            taken.push(Reverse(ends));
            load.peak = load.peak.max(taken.len());
            load.latest = load.latest.max((begins - start) as f64 / 1e9);
            load.over = load.over.max(ends as f64 / 1e9);
        }
        load
    }

    /// Seconds of an event: its streams run a few at a time, and each takes from half to twice as long as usual.
    fn duration(&self, rng: &mut Rng) -> f64 {
        let rounds = self.streams.div_ceil(self.at_once);
        (0..rounds).map(|_| self.seconds * (0.5 + 1.5 * rng.f64())).sum()
    }
}

/// The events in the history of an execution with so many segments and failed attempts.
pub fn history(segments: u64, failed: u64) -> u64 {
    HISTORY_BESIDE + segments * HISTORY_OF_A_SEGMENT + failed * HISTORY_OF_AN_ATTEMPT
}

/// The most segments whose history has room, where every one of them is throttled so often before it runs.
pub fn most_segments(failed: u64) -> u64 {
    (MOST_HISTORY - HISTORY_BESIDE) / (HISTORY_OF_A_SEGMENT + failed * HISTORY_OF_AN_ATTEMPT)
}
