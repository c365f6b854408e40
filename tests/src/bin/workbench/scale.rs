//! `scale`: what streams ask of their store by the length of their logs, as a Markdown table.

use bronzegate_tests::scale::{Kind, Requests, asked};

use crate::Outcome;
use crate::output;

const COMMITS: [u64; 3] = [10, 1_000, 100_000];

pub(crate) fn run() -> Outcome {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    output::say("| commits in the log | stream | a run | a look of the watch | the runs of a day |");
    output::say("|---|---|---|---|---|");
    for commits in COMMITS {
        for (kind, name) in [(Kind::Snapshot, "snapshot"), (Kind::Incremental, "incremental")] {
            let asked = runtime.block_on(asked(kind, commits));
            let [run, look, day] = [asked.run, asked.look, asked.day].map(told);
            output::say(&format!("| {commits} | {name} | {run} | {look} | {day} |"));
        }
    }
    Ok(())
}

fn told(Requests { writes, reads }: Requests) -> String {
    format!("{writes} writes, {reads} reads")
}
