//! Other readers and writers of Delta tables: delta-rs, Polars and `DuckDB`, in a Python process.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Map, Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::azure::Azurite;
use crate::moto;
use crate::repository;

/// The readers that a table is compared with.
pub const READERS: [&str; 3] = ["delta-rs", "polars", "duckdb"];

/// A row of the tests' tables: `_stream`, `_segment`, `record`.
pub type Row = [String; 3];

/// The process. It ends with this value.
#[derive(Debug)]
pub struct DeltaPeer {
    input: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
    _process: Child,
}

/// A root of tables as a peer finds it.
#[derive(Clone, Debug)]
pub struct PeerRoot {
    url: String,
    options: Map<String, Value>,
}

impl PeerRoot {
    /// A folder.
    pub fn folder(path: &Path) -> Self {
        Self { url: path.display().to_string(), options: Map::new() }
    }

    /// A prefix of a bucket of moto's.
    pub fn s3(bucket: &str, prefix: &str) -> Self {
        let options = [
            ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{}", moto::port())),
            ("AWS_ACCESS_KEY_ID", "testing".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "testing".to_owned()),
            ("AWS_REGION", moto::REGION.to_owned()),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("aws_conditional_put", "etag".to_owned()),
        ];
        Self { url: format!("s3://{bucket}/{prefix}"), options: texts(options) }
    }

    /// A folder of a container of Azurite's, whose account and key are public knowledge.
    pub fn azure(azurite: &Azurite, container: &str, folder: &str) -> Self {
        const KEY: &str =
            "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
        let options = [
            ("azure_storage_account_name", "devstoreaccount1".to_owned()),
            ("azure_storage_account_key", KEY.to_owned()),
            ("azure_storage_endpoint", azurite.endpoint().as_str().trim_end_matches('/').to_owned()),
            ("allow_invalid_certificates", "true".to_owned()),
        ];
        let url = format!("abfss://{container}@devstoreaccount1.dfs.core.windows.net/{folder}");
        Self { url, options: texts(options) }
    }

    /// Whether a reader can be led there: `DuckDB` takes no certificate that nobody signed.
    pub fn is_for(&self, reader: &str) -> bool {
        reader != "duckdb" || !self.url.starts_with("abfss")
    }
}

fn texts<const N: usize>(options: [(&str, String); N]) -> Map<String, Value> {
    options.into_iter().map(|(name, value)| (name.to_owned(), Value::String(value))).collect()
}

impl DeltaPeer {
    /// Starts the process.
    ///
    /// # Panics
    /// When Python is not installed in the repository.
    pub fn start() -> Self {
        let python = repository().join(".venv/bin/python");
        assert!(python.exists(), "{} is missing: run `make test`, which installs it", python.display());
        let mut process = Command::new(python)
            .arg(repository().join("tests/python/delta_peer.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .expect("python starts");
        let input = process.stdin.take().expect("it is a pipe");
        let answers = BufReader::new(process.stdout.take().expect("it is a pipe")).lines();
        Self { input, answers, _process: process }
    }

    /// Has one of the functions of `python/delta_peer.py` called, and tells its value or its error.
    ///
    /// # Panics
    /// When the process ends.
    pub async fn ask(&mut self, function: &str, mut arguments: Value) -> Result<Value, String> {
        arguments["do"] = json!(function);
        self.input.write_all(format!("{arguments}\n").as_bytes()).await.expect("it reads");
        let line = self.answers.next_line().await.expect("it answers").expect("it is still there");
        let answer: Map<String, Value> = serde_json::from_str(&line).expect("an object");
        match answer.get("error") {
            Some(error) => Err(error.as_str().unwrap_or_default().to_owned()),
            None => Ok(answer.get("ok").cloned().unwrap_or_default()),
        }
    }

    /// The same on a table of a root.
    pub async fn on(
        &mut self,
        root: &PeerRoot,
        table: &str,
        function: &str,
        mut arguments: Value,
    ) -> Result<Value, String> {
        arguments["uri"] = json!(format!("{}/{table}", root.url));
        if !root.options.is_empty() {
            arguments["options"] = Value::Object(root.options.clone());
        }
        self.ask(function, arguments).await
    }

    /// The rows of a table as a reader has them, sorted.
    ///
    /// # Panics
    /// When it cannot read the table.
    pub async fn rows(&mut self, root: &PeerRoot, table: &str, reader: &str) -> Vec<Row> {
        let rows = self.on(root, table, "read", json!({"reader": reader})).await;
        let rows = rows.unwrap_or_else(|error| panic!("{reader} does not read {table}: {error}"));
        serde_json::from_value(rows).expect("rows of three texts")
    }
}
