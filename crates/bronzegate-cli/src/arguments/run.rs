//! `run`: which streams, and for which time.

use std::time::Duration;

use bronzegate_core::config::parse_duration;
use bronzegate_core::window::parse_time;
use clap::Args;
use jiff::Timestamp;

use crate::names::Pattern;

/// Runs streams: fetches, writes and commits.
///
/// Ctrl-C and SIGTERM commit what is complete as partial (exit code 3). A second signal, more than a second
/// later, stops at once (130).
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  bronzegate run hubspot\n  bronzegate run hubspot/contacts --at 2026-11-22T17:00:00Z --deadline 15m\n  bronzegate run shop/orders 'crm/*' --at due\n  bronzegate run --due\n\nExit codes: see `bronzegate --help`."
)]
pub(crate) struct RunArguments {
    /// Sources, or streams of them; `*` stands for any letters of a name: 'crm/*'.
    #[arg(value_name = "SOURCE[/STREAM]", required_unless_present_any = ["all", "due"])]
    pub(crate) selections: Vec<Pattern>,
    /// Runs the streams of all sources.
    #[arg(long, conflicts_with = "selections")]
    pub(crate) all: bool,
    /// The time the run is for: a date (midnight UTC), RFC 3339, or `due`; the same time is the same run.
    ///
    /// `due` is the newest time of the stream's `schedule` that is not later than now. Without this flag,
    /// the newest run is resumed if it is partial, and else the time is now.
    #[arg(long, value_name = "TIME", value_parser = run_time)]
    pub(crate) at: Option<RunTime>,
    /// As `--at due`, of all sources if none is named. Streams without a schedule are skipped.
    #[arg(long, conflicts_with_all = ["at", "restart"])]
    pub(crate) due: bool,
    /// Restarts the newest run of the stream from page one; it must be partial.
    ///
    /// For a run that cannot be resumed: the API's cursor has expired, or its export job is gone.
    /// What its segments have committed stays, and comes a second time.
    #[arg(long, conflicts_with = "all")]
    pub(crate) restart: bool,
    /// Runs also if another run of the stream is in flight. Without it, the stream is skipped (exit code 3).
    ///
    /// Two runs at once lose and repeat nothing, but they share the API's rate.
    #[arg(long)]
    pub(crate) beside: bool,
    /// The time the run may take, such as 30s, 15m or 1h; all streams share it.
    ///
    /// A fifth of it, at most 60s, is reserved for the commit. The next run fetches the rest, and the exit
    /// code is 3.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) deadline: Option<Duration>,
}

/// The time that a run is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunTime {
    /// This instant.
    At(Timestamp),
    /// The newest time of the stream's schedule that is not later than now.
    Due,
}

impl RunArguments {
    /// The time that was asked for; `None` is now.
    pub(crate) fn time(&self) -> Option<RunTime> {
        if self.due { Some(RunTime::Due) } else { self.at }
    }
}

fn run_time(text: &str) -> Result<RunTime, &'static str> {
    if text == "due" {
        return Ok(RunTime::Due);
    }
    parse_time(text).map(RunTime::At).ok_or(
        "write a date (2026-11-22, midnight UTC), a time with its offset (2026-11-22T17:00:00Z), or `due`",
    )
}
