//! The tables: `python/databricks_tables.py` as a process, asked one thing at a time.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::sync::Mutex;

/// How the workspace sees the folder of the files.
pub(super) const VOLUME: &str = "/Volumes/main/bronze/landing";

/// Delta tables in a folder, and the SQL that changes them.
pub struct Lakehouse {
    folder: TempDir,
    process: Mutex<Asked>,
}

struct Asked {
    _process: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Lakehouse {
    /// Starts it, with the schema `main.bronze` and no table.
    ///
    /// # Panics
    /// When Python or delta-rs is missing.
    pub async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let (tables, files) = (folder.path().join("tables"), folder.path().join("files"));
        for path in [&tables, &files] {
            std::fs::create_dir(path).expect("a folder is made");
        }
        let python = crate::repository().join(".venv/bin/python");
        assert!(python.exists(), "{} is missing: run `make test`, which installs it", python.display());
        let mut process = Command::new(python)
            .arg(crate::repository().join("tests/python/databricks_tables.py"))
            .arg(&tables)
            .arg(format!("{VOLUME}={}", files.display()))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("python starts");
        let input = process.stdin.take().expect("it is piped");
        let output = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let process = Mutex::new(Asked { _process: process, input, output });
        let lakehouse = Self { folder, process };
        lakehouse.ask(&json!({ "do": "make schema", "name": "main.bronze" })).await;
        lakehouse
    }

    /// The folder that the workspace sees as a volume: bronze's target.
    pub fn files(&self) -> PathBuf {
        self.folder.path().join("files")
    }

    /// Where the Delta table of a full name is.
    pub fn table_path(&self, full_name: &str) -> PathBuf {
        self.folder.path().join("tables").join(full_name)
    }

    /// Asks for one thing.
    ///
    /// # Panics
    /// When it is a mistake of the test's.
    pub async fn ask(&self, question: &Value) -> Value {
        let mut process = self.process.lock().await;
        let line = format!("{question}\n");
        process.input.write_all(line.as_bytes()).await.expect("it listens");
        process.input.flush().await.expect("it listens");
        let answer = process.output.next_line().await.expect("it answers").expect("it runs");
        let answer: Value = serde_json::from_str(&answer).expect("it answers in JSON");
        assert!(answer.get("fault").is_none(), "{question}: {answer}");
        answer
    }

    /// The rows of a table, each value as text.
    ///
    /// # Panics
    /// When there is no such table.
    pub async fn rows(&self, full_name: &str) -> Vec<Value> {
        let answer = self.ask(&json!({ "do": "rows", "name": full_name })).await;
        answer["rows"].as_array().expect("rows").clone()
    }

    /// Writes a Parquet file below the files; returns its size.
    ///
    /// # Panics
    /// When it cannot be written.
    pub async fn write(&self, path: &str, columns: &Value, rows: &Value) -> u64 {
        let path: PathBuf = self.files().join(Path::new(path));
        let answer =
            self.ask(&json!({ "do": "write", "path": path, "columns": columns, "rows": rows })).await;
        answer["bytes"].as_u64().expect("a size")
    }
}
