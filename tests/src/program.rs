//! Programs as processes of their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output};

use serde_json::Value;
use tokio::process::{Child, Command};

use crate::child_process::{piped, signal};
use crate::command_line::PATIENCE;

/// A program beside the test binary.
///
/// # Panics
/// When it is not built.
pub fn program(name: &str) -> PathBuf {
    let own = std::env::current_exe().expect("a test knows its own file");
    // Tests are built into target/<profile>/deps, programs into the folder above.
    let path = own.ancestors().skip(1).take(2).map(|folder| folder.join(name)).find(|path| path.is_file());
    let path = path.unwrap_or_else(|| PathBuf::from(name));
    assert!(path.is_file(), "{} is missing: build the binaries first: make test", path.display());
    path
}

/// Begins a command of the program with these variables and nothing else in its environment, in this folder; `change` may
/// still change how. Its arguments are separated by single spaces.
///
/// # Panics
/// When the process cannot be started.
pub fn start(
    line: &str,
    variables: &BTreeMap<String, String>,
    folder: &Path,
    change: impl FnOnce(&mut Command),
) -> Process {
    let mut command = piped(&program("bronzegate"), line.split(' '), variables, folder);
    change(&mut command);
    Process(command.spawn().expect("the binary starts"))
}

/// A command that has begun. Dropped, it is killed.
#[derive(Debug)]
pub struct Process(Child);

impl Process {
    /// Sends it a signal, `INT`, `TERM` or `STOP`, while it runs.
    pub async fn signal(&self, name: &str) {
        signal(self.id(), name).await;
    }

    /// Its number, as long as it runs.
    pub fn id(&self) -> u32 {
        self.0.id().expect("it runs")
    }

    /// Kills it (SIGKILL), unless it has ended.
    pub fn kill(&mut self) {
        // It may have ended this moment: then there is nothing to kill.
        let _ = self.0.start_kill();
    }

    /// Whether it has ended.
    ///
    /// # Panics
    /// When the operating system does not tell.
    pub fn is_over(&mut self) -> bool {
        self.0.try_wait().expect("a child can be waited for").is_some()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// When it does not come, or the output is not text.
    pub async fn ended(self) -> Ended {
        let output = tokio::time::timeout(PATIENCE, self.0.wait_with_output()).await;
        Ended::of(output.expect("the command hangs").expect("a child can be waited for"))
    }
}

/// How a command ended.
#[derive(Debug)]
pub struct Ended {
    /// The status, which is no code when a signal ended it.
    pub status: ExitStatus,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ended {
    fn of(output: Output) -> Self {
        let text = |bytes| String::from_utf8(bytes).expect("the output is text");
        Self { status: output.status, out: text(output.stdout), err: text(output.stderr) }
    }

    /// The exit code.
    pub fn code(&self) -> Option<i32> {
        self.status.code()
    }

    /// The JSON objects of its output, one a line.
    ///
    /// # Panics
    /// When a line is none.
    #[track_caller]
    pub fn reports(&self) -> Vec<Value> {
        self.out
            .lines()
            .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {self:?}")))
            .collect()
    }

    /// The only report.
    ///
    /// # Panics
    /// When there is another number of them.
    #[track_caller]
    pub fn report(&self) -> Value {
        let mut reports = self.reports();
        assert_eq!(reports.len(), 1, "{self:?}");
        reports.remove(0)
    }

    /// Asserts the exit code and the status of the only report, which it returns.
    ///
    /// # Panics
    /// When they are others.
    #[track_caller]
    pub fn assert(&self, code: i32, status: &str) -> Value {
        assert_eq!(self.code(), Some(code), "{self:?}");
        let report = self.report();
        assert_eq!(report["status"], status, "{self:?}");
        report
    }

    /// Asserts a failed run: its exit code, the kind of its error, and what the message has in it.
    ///
    /// # Panics
    /// When it ended otherwise.
    #[track_caller]
    pub fn assert_failed(&self, code: i32, kind: &str, message: &str) {
        let report = self.assert(code, "failed");
        assert_eq!(report["error"]["kind"], kind, "{self:?}");
        let found = report["error"]["message"].as_str().unwrap_or_default();
        assert!(found.contains(message), "`{found}` should have in it `{message}`");
    }
}
