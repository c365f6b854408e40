//! Many trials, some at a time.

use std::collections::BTreeMap;
use std::time::Duration;

use bronzegate_core::clock::{Clock as _, SystemClock};
use futures::StreamExt as _;

use super::kinds::Kind;
use super::lake::Peers;
use super::plan::Plan;
use super::sabotage::Sabotage;
use super::store::StoreKind;
use super::trial::{Tally, run};

/// Trials at the same time.
const AT_ONCE: usize = 2;

/// Longer than any trial takes, unless something hangs.
const PATIENCE: Duration = Duration::from_mins(5);

/// Trials to be run.
#[derive(Clone, Debug)]
pub struct Campaign {
    /// The seed of the first; the others follow.
    pub seed: u64,
    /// How many.
    pub trials: u64,
    /// On which store; `None` lets the seed choose.
    pub store: Option<StoreKind>,
    /// Of which kinds of streams; the seed chooses among them.
    pub kinds: Vec<&'static Kind>,
    /// No trial begins after so long.
    pub time: Option<Duration>,
    /// For tests of the trials themselves.
    pub sabotage: Option<Sabotage>,
}

/// A trial that was not passed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// The plan, what was wrong, and how to repeat it.
    pub account: String,
}

/// The trials passed on one store.
#[derive(Clone, Copy, Debug, Default)]
pub struct Passed {
    /// How many.
    pub trials: u64,
    /// What the disturbed runs came to.
    pub tally: Tally,
}

/// What came of a campaign.
#[derive(Clone, Debug, Default)]
pub struct Summary {
    /// By store.
    pub passed: BTreeMap<StoreKind, Passed>,
    /// Of these, by store and kind of stream.
    pub kinds: BTreeMap<(StoreKind, &'static str), u64>,
    /// In the order of their ends.
    pub failures: Vec<Failure>,
}

impl Campaign {
    /// Runs the trials; `tell` hears of every end.
    pub async fn run(&self, mut tell: impl FnMut(&Summary)) -> Summary {
        let clock = SystemClock::default();
        let seeds = futures::stream::iter(self.seed..self.seed.saturating_add(self.trials));
        let seeds = seeds.take_while(|_| {
            let begins = self.time.is_none_or(|time| clock.elapsed() < time);
            async move { begins }
        });
        let peers = Peers::default();
        let mut trials =
            Box::pin(seeds.map(|seed| self.trial(seed, peers.clone())).buffer_unordered(AT_ONCE));
        let mut summary = Summary::default();
        while let Some((store, kind, outcome)) = trials.next().await {
            match outcome {
                Ok(tally) => {
                    let passed = summary.passed.entry(store).or_default();
                    passed.trials += 1;
                    passed.tally.add(tally);
                    *summary.kinds.entry((store, kind)).or_default() += 1;
                }
                Err(failure) => summary.failures.push(failure),
            }
            tell(&summary);
        }
        summary
    }

    async fn trial(&self, seed: u64, peers: Peers) -> (StoreKind, &'static str, Result<Tally, Failure>) {
        let plan = Plan::draw(seed, self.store, &self.kinds);
        let (store, kind, sabotage) = (plan.store(), plan.kind(), self.sabotage);
        let told = plan.to_string();
        let failed = |why: String| Failure { seed, account: format!("{told}VIOLATED: {why}") };
        // A task of its own, so that a panic ends the trial and not the campaign.
        let trial = tokio::spawn(async move { run(&plan, sabotage, peers).await });
        let abort = trial.abort_handle();
        let outcome = match tokio::time::timeout(PATIENCE, trial).await {
            Ok(Ok(outcome)) => outcome.map_err(|violation| failed(violation.to_string())),
            Ok(Err(panic)) => Err(failed(panic.to_string())),
            Err(_) => {
                abort.abort();
                Err(failed("it hangs".to_owned()))
            }
        };
        (store, kind, outcome)
    }
}
