//! `runs`: which runs of the log, and how they are shown.

use std::path::PathBuf;
use std::time::Duration;

use bronzegate_core::config::parse_duration;
use clap::Args;

use super::moment::{Moment, moment};
use crate::names::Selection;

/// Lists the runs of the commit log, marks unusual ones, and shows which runs are missing.
///
/// The log has what was committed. A failed run is missing from it. The cause of the newest failure is shown;
/// causes of earlier ones are in the platform's own logs.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  bronzegate runs hubspot/contacts\n  bronzegate runs --since 7d --html health.html --fail-on-breach\n\nExit codes: 1 with --fail-on-breach where something is marked or missing, or the newest failure is open; for the others see `bronzegate --help`."
)]
pub(crate) struct RunsArguments {
    /// A source, or one stream of it; without one, all files of the sources folder.
    #[arg(value_name = "SOURCE[/STREAM]")]
    pub(crate) selection: Option<Selection>,
    /// Leaves out runs that were due before: so long ago (7d, 12h), a date, or RFC 3339.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) since: Option<Moment>,
    /// Leaves out runs that were due then or later.
    #[arg(long, value_name = "TIME", value_parser = moment)]
    pub(crate) until: Option<Moment>,
    /// Shows all runs of a stream, not the newest 20. `--since` and `--until` show all of their time.
    #[arg(long)]
    pub(crate) all: bool,
    /// How long after its time a scheduled run may be committed before it is missing.
    #[arg(long, value_name = "DURATION", value_parser = parse_duration, default_value = "1h")]
    pub(crate) grace: Duration,
    /// Writes a page for the browser instead of the tables, without a reference to anything else.
    #[arg(long, value_name = "FILE")]
    pub(crate) html: Option<PathBuf>,
    /// Ends with exit code 1 where a run breaches a threshold, is cut or may lack records, where a scheduled
    /// one is missing, and where the newest failure is open.
    #[arg(long)]
    pub(crate) fail_on_breach: bool,
}
