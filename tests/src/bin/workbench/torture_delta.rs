//! `torture --kind 'delta log'`: trials of the log of a table, beside a rival writer.

use std::time::Duration;

use bronzegate_core::clock::{Clock as _, SystemClock};
use bronzegate_tests::delta::{Place, Rivalry, Rivals};
use bronzegate_tests::torture::StoreKind;

use super::{Outcome, output};

/// Trials between two lines that say how far it is.
const PERIOD: u64 = 10;

/// How long and where.
pub(super) struct Bounds {
    pub(super) seed: u64,
    pub(super) trials: u64,
    pub(super) store: Option<StoreKind>,
    pub(super) time: Option<Duration>,
}

/// Runs trials; every failure is told with its seed.
pub(super) async fn run(bounds: Bounds) -> Outcome {
    let clock = SystemClock::default();
    let (mut failed, mut done) = (Vec::new(), 0);
    let (mut appends, mut killed, mut faults, mut steps) = (0, 0, 0, 0);
    while done < bounds.trials && bounds.time.is_none_or(|time| clock.elapsed() < time) {
        let seed = bounds.seed + done;
        let kinds = [StoreKind::Local, StoreKind::S3, StoreKind::Azure];
        let kind = bounds.store.unwrap_or(kinds[(seed / 3 % 3) as usize]);
        let rivals = [Rivals::None, Rivals::All, Rivals::Restoring][(seed % 3) as usize];
        let trial = Rivalry { seed, appenders: 3, segments: 6, rivals };
        match trial.run(&place(kind, seed).await).await {
            Ok(tally) => {
                appends += tally.appends;
                killed += tally.killed;
                faults += tally.failed;
                steps += tally.rival;
            }
            Err(what) => {
                output::say(&format!("FAILED, seed {seed}, store {kind}: {what}"));
                failed.push(seed);
            }
        }
        done += 1;
        if done % PERIOD == 0 {
            output::say(&format!("{done} trials, {} failed", failed.len()));
        }
    }
    output::say(&format!(
        "{done} trials: {appends} appends, of which {killed} were killed and {faults} failed; {steps} steps of the rival"
    ));
    if failed.is_empty() { Ok(()) } else { Err(format!("failed seeds: {failed:?}").into()) }
}

async fn place(kind: StoreKind, seed: u64) -> Place {
    match kind {
        StoreKind::Local => Place::folder(),
        StoreKind::S3 => Place::s3(&format!("torture-delta-{seed}")).await,
        StoreKind::Azure => Place::azure().await,
    }
}
