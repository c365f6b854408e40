//! `state`: which streams' state is shown, or what a stream's next run is to begin with.

use clap::{Args, Subcommand};

use crate::names::{Pattern, StreamName};

/// Shows how far streams have been read, and sets where the next run of one begins.
///
/// The marks are those of the commit log. `set` and `reset` are commits too, with the reason; `runs` shows them.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  bronzegate state hubspot\n  bronzegate state set hubspot/deals --mark 2026-11-01 --why 'the API lost a day'\n  bronzegate state reset hubspot/deals --why 'the key of the records has changed'"
)]
pub(crate) struct StateArguments {
    /// Sources, or streams of them; `*` stands for any letters of a name. All without one.
    #[arg(value_name = "SOURCE[/STREAM]")]
    pub(crate) selections: Vec<Pattern>,
    #[command(subcommand)]
    pub(crate) change: Option<StateChange>,
}

/// What is to be changed.
#[derive(Debug, Subcommand)]
pub(crate) enum StateChange {
    Set(SetArguments),
    Reset(ResetArguments),
}

/// Sets the mark at which the stream's next run begins.
///
/// Records with exactly this cursor, and later ones, are read again: those that bronze has come a second time. A run
/// that is partial ends with what it has committed.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  bronzegate state set hubspot/deals --mark 2026-11-01T00:00:00Z --why 'the API lost a day'"
)]
pub(crate) struct SetArguments {
    /// The stream; it needs `incremental`.
    #[arg(value_name = "SOURCE/STREAM")]
    pub(crate) stream: StreamName,
    /// The cursor, as the API writes it; of times also RFC 3339, or a date, which begins at midnight UTC.
    #[arg(long, value_name = "CURSOR", allow_hyphen_values = true)]
    pub(crate) mark: String,
    /// Sets one partition alone: its values in the order of the source file, separated by commas.
    #[arg(long, value_name = "VALUES", value_delimiter = ',', allow_hyphen_values = true)]
    pub(crate) partition: Vec<String>,
    /// The reason, for the log.
    #[arg(long, value_name = "TEXT")]
    pub(crate) why: String,
}

/// Lets the stream's next run begin where the first one did: at `incremental.start`, or at the oldest record.
///
/// What bronze has comes a second time. A run that is partial ends with what it has committed.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  bronzegate state reset hubspot/deals --why 'the key of the records has changed'"
)]
pub(crate) struct ResetArguments {
    /// The stream; it needs `incremental`.
    #[arg(value_name = "SOURCE/STREAM")]
    pub(crate) stream: StreamName,
    /// The reason, for the log.
    #[arg(long, value_name = "TEXT")]
    pub(crate) why: String,
}
