//! Commands on a terminal, and what it shows.

use std::fs;

use tokio::process::Command;

use crate::command_line::{Process, Shell, program};
use crate::repository;

/// The file that has what the terminal shows.
const SCREEN: &str = "screen";

impl Shell {
    /// Begins a command on a terminal of 100 columns, which [`screen`](Self::screen) shows.
    ///
    /// # Panics
    /// When the process cannot be started.
    pub fn start_on_terminal(&self, line: &str) -> Process {
        let mut command = Command::new(repository().join(".venv/bin/python"));
        command.arg(repository().join("tests/python/terminal.py"));
        command.arg(program("bronzegate")).args(line.split(' '));
        let screen = fs::File::create(self.path(SCREEN)).expect("a file");
        self.start_as(command, |command| {
            command.env("TERM", "xterm").stdout(screen);
        })
    }

    /// All that the terminal has got so far.
    pub fn screen(&self) -> String {
        fs::read_to_string(self.path(SCREEN)).unwrap_or_default()
    }
}
