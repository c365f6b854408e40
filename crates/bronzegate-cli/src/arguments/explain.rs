//! The words of `explain`.

use clap::Args;

use crate::names::Selection;

/// Tells in plain English what streams ask for, how their pages end and what their mark is.
///
/// Shows the first two requests of each, with the names of secrets. Nothing is sent and no secret is read.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bronzegate explain hubspot/contacts")]
pub(crate) struct ExplainArguments {
    /// A source, or one stream of it.
    #[arg(value_name = "SOURCE[/STREAM]")]
    pub(crate) selection: Selection,
}
