//! Where a stream's requests are counted: a deployment with the real handler, in front of whose emulator a proxy counts.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bronzegate_azure::functions::WATCH;
use bronzegate_core::bronze::BronzeStore;
use bronzegate_demo_api::{Options, Stream};
use bytes::Bytes;
use jiff::Timestamp;
use serde_json::json;

use super::requests::Requests;
use crate::azure::{Azurite, FaultProxy};
use crate::bench::SEED;
use crate::functions_host::Invoked;
use crate::moto::{self, Moto};
use crate::spoiling_proxy::Proxy;
use crate::{aws_deployment, azure_deployment};

/// A deployment whose requests are counted.
#[async_trait]
pub trait Place: Send {
    /// Bronze, asked past the counting.
    fn store(&self) -> &Arc<dyn BronzeStore>;

    /// Puts the same object under many names, which are lines of a file, by the emulator's own means.
    async fn put_as_each(&self, names: &Path, content: Bytes);

    /// Runs a stream as its schedule does.
    async fn run(&mut self, stream: &str, at: Timestamp);

    /// Looks at all streams as each hour does.
    async fn watch(&mut self);

    /// What the program needs in its environment, and the folder that has `sources/`.
    fn program(&self) -> (&BTreeMap<String, String>, &Path);

    /// The requests since the last call of this.
    fn take_requests(&mut self) -> Requests;
}

/// The folder in the bucket or container.
const FOLDER: &str = "bronze";

fn options(stream: Stream) -> Options {
    Options { seed: SEED, streams: vec![stream], ..Options::default() }
}

/// S3, as moto plays it.
pub struct OnS3 {
    moto: Moto,
    proxy: Proxy,
    deployment: aws_deployment::Deployment,
    store: Arc<dyn BronzeStore>,
    taken: usize,
}

impl OnS3 {
    /// A deployment whose source file has these lines after its `base_url`.
    ///
    /// # Panics
    /// When something of it cannot be started.
    pub async fn start(stream: Stream, yaml: &str) -> Self {
        let moto = Moto::start();
        let mut deployment = aws_deployment::Deployment::on(moto.port(), options(stream), yaml).await;
        let proxy = Proxy::start(moto.port()).await;
        deployment.lambda.set("AWS_ENDPOINT_URL", &format!("http://127.0.0.1:{}", proxy.port()));
        let aws = moto::connect(moto.port()).await;
        let store = aws.store(&format!("s3://{}/{FOLDER}", deployment.bucket)).expect("it is a target");
        Self { moto, proxy, deployment, store, taken: 0 }
    }
}

#[async_trait]
impl Place for OnS3 {
    fn store(&self) -> &Arc<dyn BronzeStore> {
        &self.store
    }

    async fn put_as_each(&self, names: &Path, content: Bytes) {
        let s3 = moto::s3_at(self.moto.port()).await;
        let put = s3.put_object().bucket(&self.deployment.bucket).key("seed").body(content.into());
        put.metadata("names", names.display().to_string()).send().await.expect("an object is put");
    }

    async fn run(&mut self, stream: &str, at: Timestamp) {
        let event = json!({ "source": "demo", "streams": [stream], "scheduled_time": at.to_string() });
        let answer = self.deployment.lambda.invoke(&event, aws_deployment::TIME).await.answer();
        assert_eq!(answer["status"], "complete", "{answer}");
    }

    async fn watch(&mut self) {
        let watch = json!({ "watch": {} });
        let answer = self.deployment.lambda.invoke(&watch, aws_deployment::TIME).await.answer();
        assert_eq!((&answer["streams"], &answer["missed"]), (&json!(1), &json!([])), "{answer}");
    }

    fn program(&self) -> (&BTreeMap<String, String>, &Path) {
        (self.deployment.lambda.variables(), self.deployment.folder())
    }

    fn take_requests(&mut self) -> Requests {
        let seen = self.proxy.seen();
        let from = std::mem::replace(&mut self.taken, seen.len());
        Requests::of_s3(&seen[from..])
    }
}

/// Blob storage, as Azurite plays it.
pub struct OnBlob {
    proxy: FaultProxy,
    deployment: azure_deployment::Deployment,
    store: Arc<dyn BronzeStore>,
    taken: usize,
}

impl OnBlob {
    /// As [`OnS3::start`].
    ///
    /// # Panics
    /// When something of it cannot be started.
    pub async fn start(stream: Stream, yaml: &str) -> Self {
        let proxy = FaultProxy::start(Azurite::shared().endpoint()).await;
        let deployment =
            azure_deployment::Deployment::through(&proxy.endpoint(), options(stream), yaml).await;
        let store = deployment.shared_store();
        Self { proxy, deployment, store, taken: 0 }
    }
}

#[async_trait]
impl Place for OnBlob {
    fn store(&self) -> &Arc<dyn BronzeStore> {
        &self.store
    }

    async fn put_as_each(&self, names: &Path, content: Bytes) {
        let path = format!("{}/seed", self.deployment.container);
        let names = names.display().to_string();
        let headers = [("x-ms-blob-type", "BlockBlob"), ("x-ms-meta-names", &names)];
        Azurite::shared().call_with(reqwest::Method::PUT, &path, &headers, content).await;
    }

    async fn run(&mut self, stream: &str, at: Timestamp) {
        let item = json!({ "source": "demo", "streams": [stream], "scheduled_time": at.to_string() });
        self.deployment.put(item);
        assert_eq!(self.deployment.app.work_all().await, [Invoked::Outputs(json!({}))]);
    }

    async fn watch(&mut self) {
        self.deployment.app.invoke(WATCH, json!({ "timer": {} }), json!({})).await.outputs();
        assert_eq!(self.deployment.app.events("bronzegate.missed").len(), 0);
    }

    fn program(&self) -> (&BTreeMap<String, String>, &Path) {
        (self.deployment.app.variables(), self.deployment.folder())
    }

    fn take_requests(&mut self) -> Requests {
        let seen = self.proxy.calls();
        let from = std::mem::replace(&mut self.taken, seen.len());
        Requests::of_blob(&seen[from..])
    }
}

/// The names as the emulators know them, a line each.
pub(super) fn names_below(paths: &[String]) -> String {
    let names: Vec<_> = paths.iter().map(|path| format!("{FOLDER}/{path}")).collect();
    names.join("\n")
}
