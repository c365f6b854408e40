//! Programs in a terminal of their own, with what somebody types there.

use std::fs::{self, File};
use std::path::Path;
use std::process::Stdio;

use tokio::process::Command;

use crate::command_line::{Process, Shell};

/// The file that has what a terminal shows.
const SCREEN: &str = "screen";

impl Shell {
    /// Begins a command on a terminal of 100 columns, which [`screen`](Self::screen) shows.
    ///
    /// # Panics
    /// When the process cannot be started.
    pub fn start_on_terminal(&self, line: &str) -> Process {
        let screen = File::create(self.path(SCREEN)).expect("a file");
        self.start_command(line, |command| {
            in_terminal(command, "");
            command.stdout(screen);
        })
    }

    /// All that the terminal has got so far.
    pub fn screen(&self) -> String {
        fs::read_to_string(self.path(SCREEN)).unwrap_or_default()
    }
}

/// Puts a command into a terminal, where `typed` is typed. Its standard output is what the terminal shows.
///
/// # Panics
/// When the command has no folder.
pub fn in_terminal(command: &mut Command, typed: &str) {
    let inner = command.as_std();
    let mut outer = Command::new("python3");
    outer
        .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("python/terminal.py"))
        .arg(typed)
        .arg(inner.get_program())
        .args(inner.get_args())
        .envs(inner.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .env("TERM", "xterm")
        .current_dir(inner.get_current_dir().expect("a folder"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    *command = outer;
}
