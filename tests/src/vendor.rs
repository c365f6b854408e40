//! A vendor, played by the demo API, and the repository's source file for it.
//!
//! `tests/fixtures/roles/<api>.json` says how the part is played. Of the file only the hosts are
//! replaced. Both sides have one clock, which no wait takes time on, so that limits are kept to the
//! second and waits can be counted. The vault is a file, so that a token that rotates has a place.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::bronze::Stores;
use bronzegate_core::clock::{Clock as _, TestClock};
use bronzegate_core::report::{RunReport, Status};
use bronzegate_core::run::{Engine, RunOptions};
use bronzegate_core::secret::FileSecrets;
use bronzegate_demo_api::{
    Credentials, DemoApi, Form, Options, Stream, StreamStats, csv_record_of, row_record_of, value_record_of,
    xml_record,
};
use jiff::Timestamp;
use serde_json::{Map, Value};
use tempfile::TempDir;

use crate::bench::secret;
use crate::{Bench, SCHEDULED, repository, request, test_clock};

/// A vendor's API and its source file.
pub struct Vendor {
    /// The API, the source and the bronze folder.
    pub bench: Bench,
    clock: Arc<TestClock>,
    vault: TempDir,
    /// The streams whose records are rows of a table, with what an API's record becomes.
    tables: BTreeMap<String, Row>,
}

impl Vendor {
    /// Starts the API and reads `sources/<api>.yaml`.
    ///
    /// # Panics
    /// When one of the files is not there or wrong, or the API cannot be started.
    pub async fn new(api: &str) -> Self {
        Self::with(api, |_| {}, str::to_owned).await
    }

    /// The same with another part, or another text of the source file.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub async fn with(api: &str, part: impl FnOnce(&mut Options), file: impl FnOnce(&str) -> String) -> Self {
        let mut options = configured(&format!("tests/fixtures/roles/{api}.json"));
        part(&mut options);
        Self::played(api, options, file(&read(&format!("sources/{api}.yaml")))).await
    }

    /// Starts the API as `tests/fixtures/pages/<page>.json` has it, and reads the first example of that page about source
    /// files; returns the streams that are played, too.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub async fn of_page(page: &str) -> (Self, Vec<Stream>) {
        let text = read(&format!("docs/source-files/{page}.md"));
        let (_, example) = text.split_once("```yaml\n").expect("the page has an example");
        let (example, _) = example.split_once("```").expect("it ends");
        let name =
            example.lines().find_map(|line| line.strip_prefix("source: ")).expect("it is a whole file");
        let options = configured(&format!("tests/fixtures/pages/{page}.json"));
        let streams = options.streams.clone();
        (Self::played(name, options, example.to_owned()).await, streams)
    }

    /// Starts the API, and reads a source file of it.
    async fn played(api: &str, options: Options, text: String) -> Self {
        let tables = options
            .streams
            .iter()
            .filter_map(|stream| Some((stream.name.clone(), row_of(stream)?)))
            .collect();
        let clock = test_clock();
        let wall = clock.clone();
        let wall = move || Duration::from_micros(wall.now().as_microsecond().unsigned_abs());
        let running = DemoApi::start_on(options, Arc::new(wall)).await.expect("the demo API starts");
        let names_instances = text.contains("base_url_from");
        let text = moved(&text, &running.base_url());
        let bench = Bench::over(running, api, text);
        let vendor = Self { bench, clock, vault: tempfile::tempdir().expect("a folder"), tables };
        vendor.keep_all();
        if names_instances {
            vendor.moves();
        }
        vendor
    }

    /// Keeps a secret in the vault, in place of what it held under the name.
    ///
    /// # Panics
    /// When the vault cannot be read or written.
    pub fn keep(&self, name: &str, value: impl Into<Value>) {
        let mut held = self.held();
        held.insert(name.to_owned(), value.into());
        std::fs::write(self.vault(), Value::Object(held).to_string()).expect("writable");
    }

    /// What the vault holds.
    ///
    /// # Panics
    /// When it cannot be read.
    pub fn held(&self) -> Map<String, Value> {
        serde_json::from_slice(&std::fs::read(self.vault()).expect("readable")).expect("JSON")
    }

    /// Gives the vault what the API takes. The files name their secrets after themselves: stripe-api-key.
    fn keep_all(&self) {
        std::fs::write(self.vault(), "{}").expect("writable");
        let owner_only = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(self.vault(), owner_only).expect("its owner may");
        let own = format!("{}-", self.bench.source.name);
        for needed in self.bench.source.secrets() {
            let short = needed.secret.strip_prefix(&own).expect("a secret has its source's name");
            if let Some(value) =
                secret(&self.bench.api.credentials(), &short.to_uppercase().replace('-', "_"))
            {
                self.keep(&needed.secret, value);
            }
        }
    }

    fn vault(&self) -> PathBuf {
        self.vault.path().join("vault.json")
    }

    /// Runs a stream at the bench's scheduled time, to its end.
    pub async fn run(&self, stream: &str) -> RunReport {
        self.run_at(stream, SCHEDULED).await
    }

    /// Runs a stream at a scheduled time, to its end; the clock is moved there if it is earlier.
    ///
    /// # Panics
    /// When the time is not one, or the source has no such stream.
    pub async fn run_at(&self, stream: &str, at: &str) -> RunReport {
        self.run_into(self.bench.store(), stream, at).await
    }

    /// The same into other stores.
    ///
    /// # Panics
    /// As [`run_at`](Self::run_at).
    pub async fn run_into(&self, stores: impl Into<Stores>, stream: &str, at: &str) -> RunReport {
        let wanted: Timestamp = at.parse().expect("a time");
        self.clock.advance(Duration::try_from(wanted.duration_since(self.clock.now())).unwrap_or_default());
        let secrets = Arc::new(FileSecrets::new(self.vault()));
        let engine = Engine::new(self.bench.source.clone(), secrets, self.clock.clone(), "test");
        let run = engine.stream(stream).expect("the stream is in the source");
        run.run(stores, request(at), RunOptions::default()).await
    }

    /// Runs a stream twice where it is incremental, the second time long after the newest record,
    /// and compares what landed with the API: each record once, with the API's bytes, but for
    /// `repeats` that the second run is meant to read again.
    ///
    /// # Panics
    /// When something else landed, a run is not complete, a fault has not fired, or much was read twice.
    pub async fn lands(&self, stream: &str, repeats: u64) -> StreamStats {
        let mut records = self.complete(stream, SCHEDULED).await;
        let first = self.bench.stats(stream).records;
        let settings = self.bench.source.stream(stream).expect("a stream of the source");
        if settings.incremental.is_some() {
            let before = records;
            records += self.complete(stream, LATER).await;
            assert!(before > repeats && records > before, "{stream}: both runs bring something");
        }
        let (mut landed, mut expected) = (self.bench.records(stream), self.bench.api.records(stream));
        if let Some((columns, of)) = self.tables.get(stream) {
            expected = expected.iter().map(|record| of(columns, record.as_bytes())).collect();
        }
        assert_eq!(
            (records, landed.len() as u64),
            (landed.len() as u64, expected.len() as u64 + repeats),
            "{stream}"
        );
        landed.sort();
        landed.dedup();
        expected.sort();
        assert!(landed == expected, "{stream}: what landed is what the API has");
        let stats = self.bench.stats(stream);
        assert!(stats.faults > 0, "{stream}: {stats:?}");
        let mut unspent = self.bench.api.unspent_faults();
        unspent.retain(|fault| [stream, "*", "oauth"].contains(&fault.stream.as_str()));
        assert!(unspent.is_empty(), "{stream}: these faults have not fired: {unspent:?}");
        // What is not asked for by time would come again with every window and every run; fetched ahead in
        // vain and read again after a fault is some of it.
        let all = expected.len() as u64;
        assert!(
            first < 2 * all && 2 * (stats.records - first) < all,
            "{stream}: {first} at first; {stats:?}"
        );
        let by_token = self.bench.api.stats().oauth.issued > 0;
        assert!(by_token || stats.unauthenticated == 0, "{stream}: {stats:?}");
        stats
    }

    /// Says with every token from now on that it is good on a host of another name alone, which is the same.
    fn moves(&self) {
        let instance_url = Some(format!("http://{INSTANCE}:{}", self.bench.api.port()));
        self.bench.api.set_credentials(Credentials { instance_url, ..self.bench.api.credentials() });
    }

    /// How far the clock has moved since the start.
    pub fn waited(&self) -> Duration {
        self.clock.elapsed()
    }

    async fn complete(&self, stream: &str, at: &str) -> u64 {
        let report = self.run_at(stream, at).await;
        assert_eq!((report.status, &report.error), (Status::Complete, &None), "{stream}: {report:?}");
        report.counts.records
    }
}

fn read(path: &str) -> String {
    std::fs::read_to_string(repository().join(path)).expect("a file of the repository")
}

fn configured(path: &str) -> Options {
    serde_json::from_str(&read(path)).expect("a configuration of the demo API")
}

/// What a record of the API becomes by these columns.
pub type Row = (Vec<String>, fn(&[String], &[u8]) -> String);

/// What the records of a stream become, where its pages are tables or lists of values.
pub fn row_of(stream: &Stream) -> Option<Row> {
    let row: Row = match &stream.quirks.form {
        Form::Rows { columns, .. } => (columns.clone(), row_record_of),
        Form::Values { member } => (vec![member.clone()], value_record_of),
        Form::Xml { .. } => (Vec::new(), |_, record| xml_record(record)),
        _ if stream.csv.is_some() => (stream.quirks.columns.clone(), csv_record_of),
        _ => return None,
    };
    Some(row)
}

/// A time after every record that the roles have.
const LATER: &str = "2026-12-01T00:00:00Z";

/// The name of the host on which tokens are good that name one.
const INSTANCE: &str = "localhost";

/// The source file's text with its hosts moved to the demo API.
fn moved(text: &str, base_url: &str) -> String {
    let line = |line: &str| {
        // `base_url`, `token_url`, and the `url` of a login.
        let key = "url: https://";
        let Some((before, rest)) = line.split_once(key) else { return line.to_owned() };
        let end = rest.find(['/', ' ', ',']).unwrap_or(rest.len());
        format!("{before}{}{base_url}{}", key.trim_end_matches("https://"), &rest[end..])
    };
    // The hosts that a token may name.
    text.lines().map(line).collect::<Vec<_>>().join("\n").replace("*.my.salesforce.com", INSTANCE)
}
