//! Many cases, one after the other.

use std::collections::BTreeMap;
use std::time::Duration;

use bronzegate_core::clock::{Clock as _, SystemClock};
use fastrand::Rng;

use super::memory::Memory;
use super::{TARGETS, Target, Told};

/// Longer than any case takes, unless it is deaf to its deadline: inputs are small, and work on them is linear.
const PATIENCE: Duration = Duration::from_mins(1);
/// What a case may add to the memory of the process.
const MOST_MEMORY: u64 = 64 << 20;

/// Cases to be run.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// The seed of the first; the others follow.
    pub seed: u64,
    /// How many.
    pub cases: u64,
    /// Of what; `None` takes all in turn.
    pub target: Option<&'static Target>,
    /// No case begins after so long.
    pub time: Option<Duration>,
    /// What the process logs, where somebody collects it.
    pub told: Told,
}

/// A case that went wrong.
#[derive(Clone, Debug)]
pub struct Failure {
    /// What was fuzzed.
    pub target: &'static str,
    /// The seed.
    pub seed: u64,
    /// What is wrong.
    pub why: String,
}

/// What came of a campaign.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// What the cases of each target came to.
    pub outcomes: BTreeMap<(&'static str, &'static str), u64>,
    /// The most memory that one case took; 0 where it cannot be measured.
    pub most_memory: u64,
    /// In the order of their seeds.
    pub failures: Vec<Failure>,
}

impl Campaign {
    /// Runs the cases; `tell` hears of every end.
    pub async fn run(&self, mut tell: impl FnMut(&Summary)) -> Summary {
        let clock = SystemClock::default();
        let mut summary = Summary::default();
        for nth in 0..self.cases {
            if self.time.is_some_and(|time| clock.elapsed() >= time) {
                break;
            }
            let seed = self.seed.wrapping_add(nth);
            let target = self.target.unwrap_or_else(|| &TARGETS[(seed % TARGETS.len() as u64) as usize]);
            let memory = Memory::mark();
            match self.case(target, seed).await {
                Ok(outcome) => *summary.outcomes.entry((target.name, outcome)).or_default() += 1,
                Err(why) => summary.failures.push(Failure { target: target.name, seed, why }),
            }
            let taken = memory.taken();
            summary.most_memory = summary.most_memory.max(taken);
            if taken > MOST_MEMORY {
                let why = format!("it took {} MiB of memory", taken >> 20);
                summary.failures.push(Failure { target: target.name, seed, why });
            }
            tell(&summary);
        }
        summary
    }

    async fn case(&self, target: &'static Target, seed: u64) -> super::Outcome {
        self.told.clear();
        // A task of its own, so that a panic ends the case and not the campaign.
        let case = tokio::spawn((target.run)(Rng::with_seed(seed), self.told.clone()));
        let abort = case.abort_handle();
        match tokio::time::timeout(PATIENCE, case).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(panic)) => Err(panic.to_string()),
            Err(_) => {
                abort.abort();
                Err("it is deaf to its deadline".to_owned())
            }
        }
    }
}
