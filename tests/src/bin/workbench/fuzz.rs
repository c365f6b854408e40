//! `fuzz`: hostile inputs, one case after the other, with a bound on each one's time and memory.

use std::time::Duration;

use bronzegate_tests::fuzz::{Campaign, Target, Told};

use super::{Outcome, output};

/// How many cases there are without `--cases`.
const CASES: u64 = 5_000;

/// Cases between two lines that say how far it is.
const PERIOD: u64 = 1_000;

/// Runs cases; every failure is told with its seed.
pub(super) fn run(arguments: &[&str]) -> Outcome {
    let campaign = parse(arguments)?;
    output::say(&format!("the first seed is {}", campaign.seed));
    let (mut ended, mut failures) = (0, 0);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let summary = runtime.block_on(campaign.run(|summary| {
        for failure in &summary.failures[failures..] {
            let (target, seed) = (failure.target, failure.seed);
            let again = format!("workbench fuzz --target {target} --seed {seed} --cases 1");
            output::say(&format!("FAILED, {target}, seed {seed}\n{}\n{again}\n", failure.why));
        }
        failures = summary.failures.len();
        ended += 1;
        if ended % PERIOD == 0 {
            output::say(&format!("{ended} cases, {failures} failed"));
        }
    }));
    for ((target, outcome), cases) in &summary.outcomes {
        output::say(&format!("{target}: {cases:>6} {outcome}"));
    }
    output::say(&format!("the most memory of one case: {} MiB", summary.most_memory >> 20));
    let seeds: Vec<_> = summary.failures.iter().map(|failure| failure.seed).collect();
    if seeds.is_empty() { Ok(()) } else { Err(format!("failed seeds: {seeds:?}").into()) }
}

fn parse(arguments: &[&str]) -> Result<Campaign, Box<dyn std::error::Error>> {
    let mut cases = None;
    // Another time, other cases.
    let seed = u64::from(fastrand::u32(..));
    let mut campaign = Campaign { seed, cases: CASES, target: None, time: None, told: Told::collecting() };
    for pair in arguments.chunks(2) {
        let [name, value] = pair else { return Err(format!("{} has no value", pair[0]).into()) };
        match *name {
            "--seed" => campaign.seed = value.parse()?,
            "--cases" => cases = Some(value.parse()?),
            "--target" if *value == "all" => campaign.target = None,
            "--target" => campaign.target = Some(Target::named(value)?),
            "--minutes" => campaign.time = Some(Duration::from_mins(value.parse()?)),
            _ => return Err(format!("{name} is no option of fuzz").into()),
        }
    }
    // Time alone is bound enough.
    campaign.cases = cases.unwrap_or(if campaign.time.is_some() { u64::MAX } else { CASES });
    Ok(campaign)
}
