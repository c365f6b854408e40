//! A bench for one source: the demo API on a free port, a source file made of text, a bronze
//! folder, and the engine that connects them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use bronzegate_core::bronze::LocalStore;
use bronzegate_core::clock::{Clock, Deadline, SystemClock};
use bronzegate_core::config::{self, Source};
use bronzegate_core::extract::Stop;
use bronzegate_core::plan::RunRequest;
use bronzegate_core::report::RunReport;
use bronzegate_core::run::{Engine, StreamRun};
use bronzegate_core::secret::EnvSecrets;
use bronzegate_demo_api::{Credentials, DemoApi, Fault, Options, Running, Stream};
use tempfile::TempDir;

/// The token that the demo API takes and that no output may show.
pub const TOKEN: &str = "demo-token";

/// When the runs of a bench are scheduled.
pub const SCHEDULED: &str = "2026-11-22T17:00:00Z";

/// The demo API, a source that reads it, and a bronze folder.
pub struct Bench {
    /// The API.
    pub api: Running,
    /// The source file's text.
    pub text: String,
    /// The source.
    pub source: Arc<Source>,
    folder: TempDir,
}

impl Bench {
    /// Serves the streams and reads them with the source file whose lines after `base_url` are
    /// given; its name is `demo`.
    ///
    /// # Panics
    /// When the API cannot be started or the source file has problems.
    pub async fn new(streams: Vec<Stream>, faults: Vec<Fault>, yaml: &str) -> Self {
        let options = Options { seed: 7, streams, faults, ..Options::default() };
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
        let source =
            config::parse("demo.yaml", &text).unwrap_or_else(|problems| panic!("{problems}\n{text}"));
        Self { api, text, source: Arc::new(source), folder: tempfile::tempdir().expect("a folder") }
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

    /// As [`stream`](Self::stream), with a clock.
    ///
    /// # Panics
    /// When the source has no such stream.
    pub fn stream_with(&self, name: &str, clock: Arc<dyn Clock>) -> StreamRun {
        let credentials = self.api.credentials();
        let secrets = Arc::new(EnvSecrets::new(move |variable| secret(&credentials, variable)));
        let engine = Engine::new(self.source.clone(), secrets, clock, "test");
        engine.stream(name).expect("the stream is in the source")
    }

    /// Runs a stream at the bench's scheduled time, to its end.
    pub async fn run(&self, name: &str) -> RunReport {
        self.run_at(name, SCHEDULED).await
    }

    /// Runs a stream at a scheduled time, to its end.
    ///
    /// # Panics
    /// When the time is not one.
    pub async fn run_at(&self, name: &str, at: &str) -> RunReport {
        let request = RunRequest { scheduled_time: Some(at.parse().expect("a time")) };
        self.stream(name).run(self.store(), &request, Deadline::NONE, Stop::default()).await
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
        lines(&self.target(), "demo", stream)
    }

    /// The lines without what bronzegate added: the API's own bytes.
    ///
    /// # Panics
    /// When a line has no metadata.
    pub fn records(&self, stream: &str) -> Vec<String> {
        self.lines(stream)
            .into_iter()
            .map(|line| {
                let at = line.rfind(",\"_ingested_at\":").expect("a line has metadata");
                format!("{}}}", &line[..at])
            })
            .collect()
    }
}

/// The demo API's credentials under the secret names that the tests' source files use.
fn secret(credentials: &Credentials, variable: &str) -> Option<String> {
    Some(match variable.strip_prefix("BRONZEGATE_SECRET_")? {
        "TOKEN" => credentials.token.clone(),
        "USERNAME" => credentials.username.clone(),
        "PASSWORD" => credentials.password.clone(),
        "API_KEY" => credentials.api_key.clone(),
        "APPLICATION_KEY" => credentials.application_key.clone(),
        "CLIENT_ID" => credentials.client_id.clone(),
        "CLIENT_SECRET" => credentials.client_secret.clone(),
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
