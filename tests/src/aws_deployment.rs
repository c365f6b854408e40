//! A deployment on AWS as the tests have it: the demo API, a bucket and secrets on moto, and the real
//! handler behind the Runtime API.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
use std::time::Duration;

use bronzegate_demo_api::{Credentials, DemoApi, Fault, Options, Running, Shape, Stream};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::bench::{SCHEDULED, SEED, expected};
use crate::command_line::{assert_same, own_bytes};
use crate::lambda_runtime::{Invoked, Lambda};
use crate::moto;

/// What goes before the names of secrets.
const PREFIX: &str = "bronzegate/test/";

/// Buckets made so far.
static BUCKETS: AtomicU64 = AtomicU64::new(1);

/// The time a function has unless a test says otherwise.
pub const TIME: Duration = Duration::from_mins(1);

/// One deployment; its bucket and its secrets are nobody else's.
pub struct Deployment {
    /// The API.
    pub api: Running,
    /// The function.
    pub lambda: Lambda,
    /// The bucket.
    pub bucket: String,
    /// The vault.
    pub vault: Vault,
    folder: TempDir,
    port: u16,
}

/// The deployment's secrets in Secrets Manager.
pub struct Vault {
    port: u16,
    prefix: String,
}

impl Vault {
    /// The name in Secrets Manager of what source files call so.
    pub fn name(&self, secret: &str) -> String {
        format!("{}{secret}", self.prefix)
    }

    /// Writes credentials of the API as the current versions of their secrets.
    pub async fn store(&self, credentials: &Credentials) {
        for (name, value) in [
            ("token", &credentials.token),
            ("api-key", &credentials.api_key),
            ("client-secret", &credentials.client_secret),
        ] {
            put_secret(self.port, &self.name(name), value).await;
        }
    }
}

impl Deployment {
    /// Serves the streams; `sources/demo.yaml` reads them, with these lines after its `base_url`.
    ///
    /// # Panics
    /// When something of it cannot be started.
    pub async fn new(streams: Vec<Stream>, faults: Vec<Fault>, yaml: &str) -> Self {
        Self::with(Options { seed: SEED, streams, faults, ..Options::default() }, yaml).await
    }

    /// As [`new`](Self::new), with every option of the API. Its credentials are secrets of their names.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub async fn with(options: Options, yaml: &str) -> Self {
        Self::on(moto::port(), options, yaml).await
    }

    /// As [`with`](Self::with), on another moto.
    ///
    /// # Panics
    /// As [`new`](Self::new).
    pub async fn on(port: u16, options: Options, yaml: &str) -> Self {
        let api = DemoApi::start(options).await.expect("the demo API starts");
        let bucket = format!("bronze-{}", BUCKETS.fetch_add(1, SeqCst));
        moto::bucket_at(port, &bucket).await;
        let folder = tempfile::tempdir().expect("a folder");
        fs::create_dir(folder.path().join("sources")).expect("a folder for sources");
        let text = format!("source: demo\nbase_url: {}\n{yaml}\n", api.base_url());
        fs::write(folder.path().join("sources/demo.yaml"), text.replace("BASE", &api.base_url()))
            .expect("writable");
        // Secrets Manager has no buckets: the prefix keeps tests apart.
        let prefix = format!("{PREFIX}{bucket}/");
        let mut variables: BTreeMap<_, _> = moto::variables_at(port).into_iter().collect();
        for (name, value) in [
            ("BRONZEGATE_TARGET", format!("s3://{bucket}/bronze")),
            ("BRONZEGATE_SECRETS", format!("aws-secretsmanager:{prefix}")),
            ("BRONZEGATE_ENVIRONMENT", "test".to_owned()),
        ] {
            variables.insert(name.to_owned(), value);
        }
        let lambda = Lambda::new(variables, folder.path()).await;
        let vault = Vault { port, prefix };
        vault.store(&api.credentials()).await;
        Self { api, lambda, bucket, vault, folder, port }
    }

    /// The folder of its source files.
    pub fn sources(&self) -> PathBuf {
        self.folder.path().join("sources")
    }

    /// The function's folder.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Another function of the same deployment.
    pub async fn second(&self) -> Lambda {
        Lambda::new(self.lambda.variables().clone(), self.folder.path()).await
    }

    /// Invokes the function until nothing is left, as the state machine does; tells the answers.
    ///
    /// # Panics
    /// When it fails, or does not come to an end.
    pub async fn invoke_until_complete(&mut self, event: &Value, time: Duration) -> Vec<Value> {
        let mut answers = Vec::new();
        while answers.len() < 50 {
            let answer = self.lambda.invoke(event, time).await.answer();
            let is_partial = answer["status"] == "partial";
            answers.push(answer);
            if !is_partial {
                return answers;
            }
        }
        panic!("it is never complete: {answers:?}");
    }

    /// Invokes the function for the event until it does not fail: as a trigger that tries again.
    ///
    /// # Panics
    /// When it fails too often.
    pub async fn invoke_until_answered(&mut self, event: &Value) -> Value {
        let mut failures = Vec::new();
        while failures.len() < 10 {
            match self.lambda.invoke(event, TIME).await {
                Invoked::Answer(answer) if answer["status"] != "partial" => return answer,
                other => failures.push(other),
            }
        }
        panic!("it fails again and again: {failures:?}");
    }

    /// The objects whose keys begin with this, by key, with their content.
    ///
    /// # Panics
    /// When they cannot be read.
    pub async fn objects(&self, prefix: &str) -> Vec<(String, Vec<u8>)> {
        let s3 = moto::s3_at(self.port).await;
        let mut pages = s3.list_objects_v2().bucket(&self.bucket).prefix(prefix).into_paginator().send();
        let mut objects = Vec::new();
        while let Some(page) = pages.next().await {
            for object in page.expect("a bucket is listed").contents() {
                let key = object.key().expect("an object has a key").to_owned();
                let read = s3.get_object().bucket(&self.bucket).key(&key).send().await;
                let body = read.expect("an object is read").body.collect().await.expect("an object is read");
                objects.push((key, body.to_vec()));
            }
        }
        objects.sort();
        objects
    }

    /// The API's own bytes of a stream's records, in the order of the parts.
    pub async fn records(&self, stream: &str) -> Vec<String> {
        let mut records = Vec::new();
        for (path, content) in self.objects(&format!("bronze/demo/{stream}/")).await {
            assert!(path.ends_with(".ndjson"), "{path}");
            let text = String::from_utf8(content).expect("a part is text");
            assert!(text.is_empty() || text.ends_with('\n'), "the last line is whole");
            records.extend(text.lines().map(own_bytes));
        }
        records
    }

    /// Asserts that bronze holds these records of a stream, each once, in the API's order and bytes.
    ///
    /// # Panics
    /// When it does not.
    pub async fn assert_records(&self, stream: &str, shape: Shape, count: u64) {
        assert_same(&self.records(stream).await, &expected(shape, count));
    }

    /// Asserts that nothing of a stream can be read and nothing is committed.
    ///
    /// # Panics
    /// When something is.
    pub async fn assert_nothing_visible(&self, stream: &str) {
        for folder in ["bronze/demo", "bronze/_bronzegate/demo"] {
            let mut found = self.objects(&format!("{folder}/{stream}/")).await;
            // Why a run failed is noted beside the log.
            found.retain(|(path, _)| !path.ends_with("/last_error.json"));
            assert_eq!(found.len(), 0, "{:?}", found.into_iter().map(|(path, _)| path).collect::<Vec<_>>());
        }
    }
}

/// Writes a secret's current version.
async fn put_secret(port: u16, id: &str, value: &str) {
    let secrets = moto::secrets_at(port).await;
    if secrets.put_secret_value().secret_id(id).secret_string(value).send().await.is_err() {
        let made = secrets.create_secret().name(id).secret_string(value).send().await;
        made.expect("a secret is made");
    }
}

/// The event of a schedule at the time of all tests.
pub fn scheduled(stream: Option<&str>) -> Value {
    let mut event = json!({ "source": "demo", "scheduled_time": SCHEDULED });
    if let Some(stream) = stream {
        event["stream"] = json!(stream);
    }
    event
}
