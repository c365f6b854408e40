//! `completions` and `man`: what a shell and a reader need of the command line itself.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

/// Prints a script that completes commands and flags in a shell.
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  bronzegate completions bash > ~/.local/share/bash-completion/completions/bronzegate"
)]
pub(crate) struct CompletionsArguments {
    /// The shell.
    pub(crate) shell: Shell,
}

/// Prints the manual page.
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  bronzegate man --output ~/.local/share/man/man1")]
pub(crate) struct ManArguments {
    /// Writes the pages of all commands into this folder instead: bronzegate.1, bronzegate-run.1, ….
    #[arg(long, value_name = "FOLDER")]
    pub(crate) output: Option<PathBuf>,
}
