//! `torture`: trials of exactness, and `torture-doomed`, a process that is killed in one.

use std::time::Duration;

use bronzegate_tests::torture::{Campaign, Doomed, Kind, Summary};

use super::torture_delta::{self, Bounds};
use super::{Outcome, output};

/// How many trials there are without `--trials`.
const TRIALS: u64 = 3_000;

/// Trials between two lines that say how far it is.
const PERIOD: u64 = 100;

/// Runs trials; every failure is told with its plan and its seed.
pub(super) fn run(arguments: &[&str]) -> Outcome {
    const LOG: [&str; 2] = ["--kind", "delta log"];
    let others: Vec<&str> = arguments.chunks(2).filter(|pair| **pair != LOG).flatten().copied().collect();
    let campaign = parse(&others)?;
    if others.len() < arguments.len() {
        output::say(&format!("the first seed is {}", campaign.seed));
        let Campaign { seed, trials, store, time, .. } = campaign;
        return runtime()?.block_on(torture_delta::run(Bounds { seed, trials, store, time }));
    }
    output::say(&format!("the first seed is {}", campaign.seed));
    let (mut told, mut failures) = (0, 0);
    let summary = runtime()?.block_on(campaign.run(|summary| {
        for failure in &summary.failures[failures..] {
            output::say(&format!("FAILED, seed {}\n{}\n", failure.seed, failure.account));
        }
        failures = summary.failures.len();
        if ended(summary) >= told + PERIOD {
            told = ended(summary);
            output::say(&format!("{told} trials, {failures} failed"));
        }
    }));
    for (store, passed) in &summary.passed {
        output::say(&format!("{store}: {} trials passed; {:?}", passed.trials, passed.tally));
        for ((_, kind), trials) in summary.kinds.iter().filter(|((of, _), _)| of == store) {
            output::say(&format!("{store}: {trials:>6} of {kind}"));
        }
    }
    let seeds: Vec<_> = summary.failures.iter().map(|failure| failure.seed).collect();
    if seeds.is_empty() { Ok(()) } else { Err(format!("failed seeds: {seeds:?}").into()) }
}

/// Runs the engine until a call of its store, and waits there to be killed.
pub(super) fn doomed(arguments: &[&str]) -> Outcome {
    runtime()?.block_on(Doomed::parse(arguments)?.run(output::say));
    Ok(())
}

fn parse(arguments: &[&str]) -> Result<Campaign, Box<dyn std::error::Error>> {
    let mut trials = None;
    // Another time, other trials.
    let seed = u64::from(fastrand::u32(..));
    let kinds = Kind::named("all")?;
    let mut campaign = Campaign { seed, trials: TRIALS, store: None, kinds, time: None, sabotage: None };
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { return Err(format!("{} has no value", pair[0]).into()) };
        match *name {
            "--seed" => campaign.seed = value.parse()?,
            "--trials" => trials = Some(value.parse()?),
            "--store" if *value == "all" => campaign.store = None,
            "--store" => campaign.store = Some(value.parse()?),
            "--kind" => campaign.kinds = Kind::named(value)?,
            "--minutes" => campaign.time = Some(Duration::from_mins(value.parse()?)),
            _ => return Err(format!("{name} is no option of torture").into()),
        }
    }
    // Time alone is bound enough.
    campaign.trials = trials.unwrap_or(if campaign.time.is_some() { u64::MAX } else { TRIALS });
    Ok(campaign)
}

fn ended(summary: &Summary) -> u64 {
    summary.passed.values().map(|passed| passed.trials).sum::<u64>() + summary.failures.len() as u64
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()
}
