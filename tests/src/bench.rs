//! A bench for one source: the demo API on a free port, a source file made of text, a bronze
//! folder, and the engine that connects them.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bronzegate_core::bronze::{BronzeStore, CommitRecord, LocalStore};
use bronzegate_core::clock::{Clock, Deadline, SystemClock, TestClock};
use bronzegate_core::config::{self, Source};
use bronzegate_core::error::ErrorKind;
use bronzegate_core::report::{RunReport, Status};
use bronzegate_core::run::{Engine, RunOptions, RunRequest, StreamRun};
use bronzegate_core::secret::EnvSecrets;
use bronzegate_demo_api::{
    Credentials, DemoApi, Fault, Options, Running, Shape, Stream, StreamStats, record,
};
use tempfile::TempDir;

/// The token that the demo API takes and that no output may show.
pub const TOKEN: &str = "demo-token";

/// When the runs of a bench are scheduled.
pub const SCHEDULED: &str = "2026-11-22T17:00:00Z";

/// The seed of the records.
pub const SEED: u64 = 7;

/// The demo API, a source that reads it, and a bronze folder.
pub struct Bench {
    /// The API.
    pub api: Running,
    /// The source file's text.
    pub text: String,
    /// The source.
    pub source: Arc<Source>,
    /// What the vault holds: at first the credentials that the API takes.
    pub vault: Arc<Mutex<Credentials>>,
    folder: TempDir,
}

impl Bench {
    /// Serves the streams and reads them with the source file whose lines after `base_url` are
    /// given; its name is `demo`.
    ///
    /// # Panics
    /// When the API cannot be started or the source file has problems.
    pub async fn new(streams: Vec<Stream>, faults: Vec<Fault>, yaml: &str) -> Self {
        let options = Options { seed: SEED, streams, faults, ..Options::default() };
        Self::with(options, yaml).await
    }

    /// As [`new`](Self::new), with every option of the API.
    ///
    /// # Panics
    /// When the API cannot be started or the source file has problems.
    pub async fn with(options: Options, yaml: &str) -> Self {
        let api = DemoApi::start(options).await.expect("the demo API starts");
        let yaml = yaml.replace("BASE", &api.base_url());
        let text = format!("source: demo\nbase_url: {}\n{yaml}\n", api.base_url());
        Self::over(api, "demo", text)
    }

    /// Reads a running API with a source file of this name.
    ///
    /// # Panics
    /// When the source file has problems.
    pub fn over(api: Running, name: &str, text: String) -> Self {
        let source = config::parse(&format!("{name}.yaml"), &text);
        let source = source.unwrap_or_else(|problems| panic!("{problems}\n{text}"));
        let vault = Arc::new(Mutex::new(api.credentials()));
        let folder = tempfile::tempdir().expect("a folder");
        Self { api, text, source: Arc::new(source), vault, folder }
    }

    /// Serves one stream and reads it with these lines of its settings.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub async fn one(stream: Stream, faults: Vec<Fault>, settings: &str) -> Self {
        let yaml = one_stream(&stream.name, settings);
        Self::new(vec![stream], faults, &yaml).await
    }

    /// The same API and vault with an empty bronze folder of its own.
    ///
    /// # Panics
    /// When there is no room for the folder.
    #[must_use]
    pub fn with_empty_folder(self) -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), ..self }
    }

    /// Reads the same API with another source file.
    ///
    /// # Panics
    /// When the source file has problems.
    pub fn reads_with(&mut self, yaml: &str) {
        self.text = format!("source: demo\nbase_url: {}\n{yaml}\n", self.api.base_url());
        let source = config::parse("demo.yaml", &self.text);
        self.source = Arc::new(source.unwrap_or_else(|problems| panic!("{problems}\n{}", self.text)));
    }

    /// What the API counted for a stream.
    pub fn stats(&self, stream: &str) -> StreamStats {
        self.api.stats().stream(stream)
    }

    /// The bronze folder.
    pub fn target(&self) -> PathBuf {
        self.folder.path().join("bronze")
    }

    /// The stream, ready to run on an engine of its own.
    ///
    /// # Panics
    /// When the source has no such stream.
    pub fn stream(&self, name: &str) -> StreamRun {
        self.stream_with(name, Arc::new(SystemClock::default()))
    }

    /// An engine for the source.
    pub fn engine(&self, clock: Arc<dyn Clock>) -> Engine {
        let vault = self.vault.clone();
        let secrets = Arc::new(EnvSecrets::new(move |variable| {
            let name = variable.strip_prefix("BRONZEGATE_SECRET_")?;
            secret(&vault.lock().expect("no holder of this lock panics"), name)
        }));
        Engine::new(self.source.clone(), secrets, clock, "test")
    }

    /// As [`stream`](Self::stream), with a clock.
    ///
    /// # Panics
    /// When the source has no such stream.
    pub fn stream_with(&self, name: &str, clock: Arc<dyn Clock>) -> StreamRun {
        self.engine(clock).stream(name).expect("the stream is in the source")
    }

    /// Runs a stream at the bench's scheduled time, to its end.
    pub async fn run(&self, name: &str) -> RunReport {
        self.run_at(name, SCHEDULED).await
    }

    /// Runs a stream at a scheduled time, to its end, whatever other run of it may be in flight.
    pub async fn run_at(&self, name: &str, at: &str) -> RunReport {
        let options = RunOptions { beside: true, ..RunOptions::default() };
        self.stream(name).run(self.store(), request(at), options).await
    }

    /// Runs a stream on a clock that no wait takes time on; also tells what the clock has slept.
    pub async fn run_waiting(&self, name: &str) -> (RunReport, Duration) {
        let clock = test_clock();
        let run = self.stream_with(name, clock.clone());
        let report = run.run(self.store(), request(SCHEDULED), RunOptions::default()).await;
        (report, clock.elapsed())
    }

    /// Runs a stream that has only so much time.
    pub async fn run_within(&self, name: &str, time: Duration) -> RunReport {
        let clock = Arc::new(SystemClock::default());
        let deadline = Deadline::within(&*clock, time);
        self.stream_with(name, clock).run(self.store(), request(SCHEDULED), RunOptions::until(deadline)).await
    }

    /// Runs a stream into a store.
    pub async fn run_into(&self, name: &str, store: Arc<dyn BronzeStore>) -> RunReport {
        self.stream(name).run(store, request(SCHEDULED), RunOptions::default()).await
    }

    /// Runs a stream that must land exactly, on a clock that no wait takes time on.
    ///
    /// # Panics
    /// When it does not.
    #[track_caller]
    pub fn assert_landed(&self, report: &RunReport, stream: &Stream) {
        assert_eq!((report.status, &report.error), (Status::Complete, &None), "{report:?}");
        assert_eq!(self.records(&stream.name), expected(stream.shape, stream.records), "{}", stream.name);
    }

    /// Nothing of a stream can be read and nothing is committed.
    ///
    /// # Panics
    /// When something is.
    #[track_caller]
    pub fn assert_nothing_visible(&self, stream: &str) {
        assert_eq!(parts(&self.target(), &self.source.name, stream), Vec::<PathBuf>::new());
        assert!(self.commits(stream).is_empty(), "nothing is committed");
    }

    /// The commit records of a stream, by name.
    ///
    /// # Panics
    /// When one cannot be read.
    pub fn commits(&self, stream: &str) -> Vec<CommitRecord> {
        let folder = self.target().join("_bronzegate").join(&self.source.name).join(stream).join("commits");
        let Ok(files) = std::fs::read_dir(folder) else { return Vec::new() };
        let mut files: Vec<_> = files.map(|file| file.expect("readable").path()).collect();
        files.sort();
        files
            .iter()
            .map(|file| {
                let text = std::fs::read(file).expect("a commit is readable");
                serde_json::from_slice(&text).expect("a commit is JSON")
            })
            .collect()
    }

    /// Replaces a text in a stream's commits, as another release might have written them.
    ///
    /// # Panics
    /// When no commit has it.
    pub fn edit_commits(&self, stream: &str, from: &str, to: &str) {
        let folder = self.target().join("_bronzegate").join(&self.source.name).join(stream).join("commits");
        let mut edited = 0;
        for file in std::fs::read_dir(folder).expect("there are commits") {
            let path = file.expect("readable").path();
            let text = std::fs::read_to_string(&path).expect("a commit is text");
            edited += text.matches(from).count();
            std::fs::write(&path, text.replace(from, to)).expect("writable");
        }
        assert!(edited > 0, "no commit of {stream} has {from}");
    }

    /// Every file under the target, hidden ones included, with its content.
    ///
    /// # Panics
    /// When one cannot be read.
    pub fn everything(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let mut found = Vec::new();
        let mut folders = vec![self.target()];
        while let Some(folder) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(&folder) else { continue };
            for path in entries.map(|entry| entry.expect("readable").path()) {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let content = std::fs::read(&path).expect("readable");
                    found.push((path, content));
                }
            }
        }
        found
    }

    /// The bronze store on the folder.
    ///
    /// # Panics
    /// When the folder cannot be opened.
    pub fn store(&self) -> Arc<LocalStore> {
        Arc::new(LocalStore::open(self.target()).expect("the folder opens"))
    }

    /// The lines that a reader of bronze sees of a stream, in the order of the parts' names.
    pub fn lines(&self, stream: &str) -> Vec<String> {
        lines(&self.target(), &self.source.name, stream)
    }

    /// The lines without what bronzegate added: the API's own bytes.
    ///
    /// # Panics
    /// When a line has no metadata.
    pub fn records(&self, stream: &str) -> Vec<String> {
        self.lines(stream).iter().map(|line| without_metadata(line)).collect()
    }
}

/// A line of bronze without what bronzegate added: the API's own bytes.
///
/// # Panics
/// When the line has no metadata.
pub fn without_metadata(line: &str) -> String {
    let at = line.rfind(",\"_ingested_at\":").expect("a line has metadata");
    format!("{}}}", &line[..at])
}

/// The lines of a source file with one stream and these settings, which are lines of their own.
pub fn one_stream(name: &str, settings: &str) -> String {
    let mut yaml = format!("streams:\n  {name}:\n    path: /{name}\n");
    for line in settings.lines() {
        yaml.push_str("    ");
        yaml.push_str(line);
        yaml.push('\n');
    }
    yaml
}

/// A run request for a scheduled time.
///
/// # Panics
/// When the time is not one.
pub fn request(at: &str) -> RunRequest {
    RunRequest::Scheduled { at: Some(at.parse().expect("a time")) }
}

/// What bronze must hold of a stream of the demo API.
///
/// # Panics
/// Never: records are text.
pub fn expected(shape: Shape, records: u64) -> Vec<String> {
    (0..records).map(|n| String::from_utf8(record(SEED, shape, n)).expect("text")).collect()
}

/// A clock that stands at the bench's scheduled time and moves by what is slept, at once.
///
/// # Panics
/// Never: the scheduled time is a time.
pub fn test_clock() -> Arc<TestClock> {
    Arc::new(TestClock::at(SCHEDULED.parse().expect("a time")))
}

/// The run is complete and brought so many records.
///
/// # Panics
/// Where it is not.
#[track_caller]
pub fn assert_complete(report: &RunReport, records: u64) {
    assert_eq!((report.status, report.counts.records), (Status::Complete, records), "{report:?}");
}

/// The kind and message of the error that a report must have.
///
/// # Panics
/// When it has none.
#[track_caller]
pub fn failure(report: &RunReport) -> (ErrorKind, &str) {
    assert_eq!(report.status, Status::Failed, "{report:?}");
    let error = report.error.as_ref().expect("a failed run has an error");
    (error.kind, &error.message)
}

/// The demo API's credentials under the secret names that the tests' source files use.
pub(crate) fn secret(credentials: &Credentials, name: &str) -> Option<String> {
    Some(match name {
        "TOKEN" => credentials.token.clone(),
        "USERNAME" => credentials.username.clone(),
        "API_KEY" => credentials.api_key.clone(),
        "PASSWORD" | "SECRET_KEY" | "TOKEN_SECRET" => credentials.password.clone(),
        "DEVELOPER_TOKEN" | "APPLICATION_KEY" => credentials.application_key.clone(),
        "CLIENT_ID" => credentials.client_id.clone(),
        "CLIENT_SECRET" => credentials.client_secret.clone(),
        "REFRESH_TOKEN" => credentials.refresh_token.clone(),
        "JSON" => serde_json::json!({ "token": credentials.token }).to_string(),
        "EMPTY" => String::new(),
        "BROKEN" => format!("{}\nx", credentials.token),
        _ => return None,
    })
}

/// The part files of a stream, sorted by path.
///
/// # Panics
/// When the folder cannot be read.
pub fn parts(target: &Path, source: &str, stream: &str) -> Vec<PathBuf> {
    let folder = target.join(source).join(stream);
    let Ok(dates) = std::fs::read_dir(&folder) else { return Vec::new() };
    let mut parts: Vec<PathBuf> = dates
        .flat_map(|date| std::fs::read_dir(date.expect("readable").path()).expect("a folder of one date"))
        .map(|part| part.expect("readable").path())
        .collect();
    parts.sort();
    parts
}

/// The lines of a stream's parts; uncompressed parts only.
///
/// # Panics
/// When a part cannot be read, is not text, or does not end with a line feed.
pub fn lines(target: &Path, source: &str, stream: &str) -> Vec<String> {
    let mut lines = Vec::new();
    for part in parts(target, source, stream) {
        let text = std::fs::read_to_string(&part).expect("a part is text");
        assert!(text.ends_with('\n'), "{} ends with a line feed", part.display());
        lines.extend(text.lines().map(str::to_owned));
    }
    lines
}
