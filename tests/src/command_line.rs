//! The command line as somebody or a scheduler runs it: the built binary as a process of its own,
//! against the demo API, with a folder of sources and a bronze folder.

use std::collections::BTreeMap;
use std::fs;
use std::future::Future;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};
use std::time::Duration;

use bronzegate_demo_api::{DemoApi, Fault, Options, Running, Shape, Stream};
use serde_json::Value;
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::bench::{SCHEDULED, SEED, expected, parts};
use crate::child_process::signal;

/// What the runs of a shell write into `_environment`.
const ENVIRONMENT: &str = "test";

/// Longer than anything here takes, unless it hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a condition is looked at.
const PERIOD: Duration = Duration::from_millis(1);

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
        let mut command = Command::new(program("bronzegate"));
        command
            .args(line.split(' '))
            .env_clear()
            .envs(&self.variables)
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        change(&mut command);
        Process(command.spawn().expect("the binary starts"))
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
