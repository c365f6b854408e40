//! `scale`: what streams ask of their store by the length of their logs, and what 5,000 of them do to functions within an
//! hour, as Markdown tables.

use bronzegate_tests::scale::{Fleet, Kind, Requests, asked, most_segments};

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
    output::say("");
    hour();
    Ok(())
}

fn told(Requests { writes, reads, lists }: Requests) -> String {
    format!("{writes} writes, {reads} reads, {lists} lists")
}

/// 5,000 hourly streams of 500 sources.
fn hour() {
    let fleet = Fleet { events: 500, streams: 10, at_once: 4, seconds: 3.0, spread: 0.0, limit: usize::MAX };
    output::say(
        "| starts spread over | concurrency allowed | most at once | throttled | lost | longest wait | over after |",
    );
    output::say("|---|---|---|---|---|---|---|");
    for minutes in [0, 15, 30, 55] {
        for (limit, told) in [(1_000, "1,000"), (100, "100"), (20, "20")] {
            let fleet = Fleet { spread: f64::from(minutes) * 60.0, limit, ..fleet };
            let load = fleet.run(1);
            let spread = if minutes == 0 { "nothing".to_owned() } else { format!("{minutes} minutes") };
            output::say(&format!(
                "| {spread} | {told} | {} | {} | {} | {:.0} s | {:.1} min |",
                load.peak,
                load.throttled,
                load.lost,
                load.latest,
                load.over / 60.0
            ));
        }
    }
    output::say("");
    output::say(
        "| instances, of four items each | starts spread over | most at once | longest wait | over after |",
    );
    output::say("|---|---|---|---|---|");
    for instances in [40, 10, 1] {
        for minutes in [0, 30] {
            let fleet = Fleet { spread: f64::from(minutes) * 60.0, limit: instances * 4, ..fleet };
            let load = fleet.queued(1);
            output::say(&format!(
                "| {instances} | {minutes} minutes | {} | {:.0} s | {:.1} min |",
                load.peak,
                load.latest,
                load.over / 60.0
            ));
        }
    }
    output::say("");
    output::say(&format!(
        "An execution's history has room for {} segments, or for {} of which each is throttled 64 times.",
        most_segments(0),
        most_segments(64)
    ));
}
