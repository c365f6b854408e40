//! A server in Python, in a process of its own.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::repository;

/// The server. It ends with this value, or when this process does, however that ends: its standard input is a pipe that only
/// this process holds.
#[derive(Debug)]
pub(crate) struct PythonServer {
    port: u16,
    _process: Child,
}

impl PythonServer {
    /// Starts a script of `tests/python`, whose first line of output is its port.
    ///
    /// # Panics
    /// When Python is not installed in the repository, or the server does not start.
    pub(crate) fn start(script: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> Self {
        let python = repository().join(".venv/bin/python");
        assert!(python.exists(), "{} is missing: run `make test`, which installs it", python.display());
        let mut process = Command::new(python)
            .arg(repository().join("tests/python").join(script))
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("python starts");
        let mut line = String::new();
        let answers = process.stdout.take().expect("it is a pipe");
        BufReader::new(answers).read_line(&mut line).expect("it tells its port");
        Self { port: line.trim().parse().expect("it starts and tells its port"), _process: process }
    }

    /// Its port on the loopback interface.
    pub(crate) fn port(&self) -> u16 {
        self.port
    }
}
