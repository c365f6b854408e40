//! The command line as somebody or a scheduler runs it: the built binary as a process of its own,
//! against the demo API, with a folder of sources and a bronze folder.

use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bronzegate_demo_api::{DemoApi, Fault, Options, Running, Shape, Stream};
use tempfile::TempDir;
use tokio::process::Command;

use crate::bench::{SCHEDULED, SEED, expected, parts};
pub use crate::program::{Ended, Process, program, start};

/// What the runs of a shell write into `_environment`.
const ENVIRONMENT: &str = "test";

/// Longer than anything here takes, unless it hangs.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// How often a condition is looked at.
const PERIOD: Duration = Duration::from_millis(1);

/// The demo API, the folders of a deployment, and the environment that commands run in.
pub struct Shell {
    /// The API.
    pub api: Running,
    variables: BTreeMap<String, String>,
    folder: TempDir,
}

impl Shell {
    /// Serves the streams; `sources/demo.yaml` reads them, with these lines after its `base_url`.
    ///
    /// # Panics
    /// When the API cannot be started or the folders cannot be written.
    pub async fn new(streams: Vec<Stream>, faults: Vec<Fault>, yaml: &str) -> Self {
        Self::with(Options { seed: SEED, streams, faults, ..Options::default() }, yaml).await
    }

    /// As [`new`](Self::new), with every option of the API. The API's credentials are in the
    /// environment, as secrets of their names: `token`, `username`, `password`, `api-key`,
    /// `client-secret`.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub async fn with(options: Options, yaml: &str) -> Self {
        let api = DemoApi::start(options).await.expect("the demo API starts");
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("sources")).expect("a folder for sources");
        let mut shell = Self { api, variables: BTreeMap::new(), folder };
        let known = shell.api.credentials();
        for (name, value) in [
            ("TOKEN", known.token),
            ("USERNAME", known.username),
            ("PASSWORD", known.password),
            ("API_KEY", known.api_key),
            ("CLIENT_SECRET", known.client_secret),
        ] {
            shell.set(&format!("BRONZEGATE_SECRET_{name}"), &value);
        }
        shell.set("BRONZEGATE_ENVIRONMENT", ENVIRONMENT);
        shell.source("demo", yaml);
        shell
    }

    /// Sets a variable of the commands' environment, which has nothing of the tests' own but `PATH`.
    pub fn set(&mut self, name: &str, value: &str) {
        self.variables.insert(name.to_owned(), value.to_owned());
    }

    /// Takes a variable away.
    pub fn unset(&mut self, name: &str) {
        self.variables.remove(name);
    }

    /// Writes the source file `<name>.yaml`; `BASE` stands for the API's address.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn source(&self, name: &str, yaml: &str) {
        let text = format!("source: {name}\nbase_url: BASE\n{yaml}\n").replace("BASE", &self.api.base_url());
        self.file(&format!("sources/{name}.yaml"), &text);
    }

    /// Writes a file in the folder where commands run.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, text).expect("writable");
        path
    }

    /// A path in the folder where commands run.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The bronze folder.
    pub fn target(&self) -> PathBuf {
        self.path("bronze")
    }

    /// Begins a command; its arguments are separated by single spaces.
    ///
    /// # Panics
    /// When the process cannot be started.
    pub fn start(&self, line: &str) -> Process {
        self.start_command(line, |_| ())
    }

    /// As [`start`](Self::start); `change` may still change how.
    ///
    /// # Panics
    /// As [`start`](Self::start).
    pub fn start_command(&self, line: &str, change: impl FnOnce(&mut Command)) -> Process {
        start(line, &self.variables, self.folder.path(), change)
    }

    /// Runs a command to its end.
    pub async fn run(&self, line: &str) -> Ended {
        self.start(line).ended().await
    }

    /// Runs `run <selection> --json` at the scheduled time of all tests, to its end.
    pub async fn run_at(&self, selection: &str) -> Ended {
        self.run(&run_line(selection)).await
    }

    /// The API's own bytes of a stream's records, in the order of the parts; plain parts only.
    ///
    /// # Panics
    /// When a line's metadata is not that of a run at the tests' scheduled time.
    pub fn records(&self, stream: &str) -> Vec<String> {
        records(&self.target(), stream)
    }

    /// Asserts that bronze holds these records of a stream, each once, in the API's order and bytes.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn assert_records(&self, stream: &str, shape: Shape, count: u64) {
        assert_same(&self.records(stream), &expected(shape, count));
    }

    /// Every file under the bronze folder, hidden ones included, with its content.
    pub fn everything(&self) -> Vec<(PathBuf, Vec<u8>)> {
        files(&self.target())
            .into_iter()
            .map(|path| (path.clone(), fs::read(path).unwrap_or_default()))
            .collect()
    }

    /// The uploads that are under way or were left behind.
    pub fn staged(&self) -> Vec<PathBuf> {
        files(&self.target().join("_bronzegate/staging"))
    }

    /// The commit records of a stream, by name.
    pub fn commits(&self, stream: &str) -> Vec<PathBuf> {
        commits(&self.target(), stream)
    }

    /// Nothing of a stream can be read, nothing is committed, and nothing is left of an attempt.
    ///
    /// # Panics
    /// When something is.
    #[track_caller]
    pub fn assert_nothing_visible(&self, stream: &str) {
        let none: Vec<PathBuf> = Vec::new();
        assert_eq!(parts(&self.target(), "demo", stream), none);
        assert_eq!((self.commits(stream), self.staged()), (none.clone(), none));
    }
}

/// A stream's run at the scheduled time of all tests.
pub fn run_line(selection: &str) -> String {
    format!("run {selection} --at {SCHEDULED} --json")
}

/// Compares records without printing all of them.
///
/// # Panics
/// When they differ.
#[track_caller]
pub fn assert_same(found: &[String], expected: &[String]) {
    let first = found.iter().zip(expected).position(|(found, expected)| found != expected);
    if let Some(at) = first {
        panic!("record {at} is {} and should be {}", found[at], expected[at]);
    }
    assert_eq!(found.len(), expected.len(), "the number of records");
}

/// Waits until the condition holds.
///
/// # Panics
/// When it does not come to hold.
pub async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let wait = async {
        let mut time = tokio::time::interval(PERIOD);
        while !holds() {
            time.tick().await;
        }
    };
    patiently(what, wait).await;
}

async fn patiently(what: &str, wait: impl Future<Output = ()>) {
    assert!(tokio::time::timeout(PATIENCE, wait).await.is_ok(), "in vain: {what}");
}

/// The records of the source `demo` as the API sent them, whatever the target.
///
/// # Panics
/// When a line's metadata is not that of a run at the tests' scheduled time.
pub fn records(target: &Path, stream: &str) -> Vec<String> {
    let text: String = parts(target, "demo", stream)
        .iter()
        .map(|part| fs::read_to_string(part).expect("a part is text"))
        .collect();
    assert!(text.is_empty() || text.ends_with('\n'), "the last line is whole");
    text.lines().map(own_bytes).collect()
}

/// The record of a bronze line as the API sent it.
///
/// # Panics
/// When the line's metadata is not that of a run at the tests' scheduled time.
pub fn own_bytes(line: &str) -> String {
    let (own, metadata) = line.rsplit_once(",\"_ingested_at\":\"").expect("a line has metadata");
    let (time, rest) = metadata.split_once('"').expect("the time is text");
    assert!(time.len() == 24 && time.ends_with('Z'), "{time}");
    let expected = format!(
        ",\"_source_system\":\"demo\",\"_environment\":\"{ENVIRONMENT}\",\"_batch_id\":\"20261122170000\""
    );
    let added = rest.strip_prefix(&expected);
    assert!(added.is_some_and(|added| added == "}" || added.starts_with(",\"_partition_")), "{rest}");
    format!("{own}}}")
}

/// The commit records of a stream of the source `demo`, by name.
pub fn commits(target: &Path, stream: &str) -> Vec<PathBuf> {
    let mut found = files(&target.join("_bronzegate/demo").join(stream).join("commits"));
    found.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    found
}

/// Every file below a folder, sorted; what vanishes meanwhile is left out.
pub fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
            if path.is_dir() { folders.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}
