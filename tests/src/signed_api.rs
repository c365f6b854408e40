//! An API that checks signatures with the field's own libraries (oauthlib, botocore, `PyJWT`), in a process of its own.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use crate::repository;

/// The API; its process ends with this value.
#[derive(Debug)]
pub struct SignedApi {
    port: u16,
    _process: Child,
}

impl SignedApi {
    /// Starts a process.
    ///
    /// # Panics
    /// When Python is not installed in the repository, or the API does not start.
    pub fn start() -> Self {
        let python = repository().join(".venv/bin/python");
        assert!(python.exists(), "{} is missing: run `make test`, which installs it", python.display());
        let mut process = Command::new(python)
            .arg(repository().join("tests/python/signed_api.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("python starts");
        let mut line = String::new();
        let answers = process.stdout.take().expect("it is a pipe");
        BufReader::new(answers).read_line(&mut line).expect("it tells its port");
        Self { port: line.trim().parse().expect("it starts and tells its port"), _process: process }
    }

    /// Where it is.
    pub fn base_url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Gives it what assertions are compared with.
    ///
    /// # Panics
    /// When it does not take them.
    pub async fn keep_keys(&self, keys: String) {
        let request = reqwest::Client::new().put(format!("{}/keys", self.base_url())).body(keys);
        assert!(request.send().await.expect("it answers").status().is_success());
    }
}
