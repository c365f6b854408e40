//! moto, the stand-in for AWS: one process for all tests of a binary, further ones for
//! tests that change it as a whole, and settings that lead to them.

use std::sync::{Arc, LazyLock};

use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::{Credentials, Region, SharedCredentialsProvider};
use bronzegate_aws::{Aws, sdk_config};
use bronzegate_core::clock::{Clock, SystemClock};
use bronzegate_core::proxy::Proxies;

use crate::python_server::PythonServer;

/// The region of every client.
pub const REGION: &str = "eu-central-1";

/// Attempts follow each other quickly in tests.
const BACKOFF: std::time::Duration = std::time::Duration::from_millis(20);

/// Starts at the first use. It ends when this process does, however that ends: its standard input is a
/// pipe that only this process holds.
static MOTO: LazyLock<Moto> = LazyLock::new(Moto::start);

/// A moto of its own; its process ends with this value.
#[derive(Debug)]
pub struct Moto {
    server: PythonServer,
}

impl Moto {
    /// Starts a process.
    ///
    /// # Panics
    /// When Python is not installed in the repository, or moto does not start.
    pub fn start() -> Self {
        Self { server: PythonServer::start("moto_server.py", [""; 0]) }
    }

    /// Where it listens on the loopback interface.
    pub fn port(&self) -> u16 {
        self.server.port()
    }

    /// Sets something of moto itself, by the path after `/moto-api/`.
    ///
    /// # Panics
    /// When moto refuses.
    pub async fn set(&self, path: &str, body: String) {
        self.post(&format!("moto-api/{path}"), [("content-type", "application/json")], body).await;
    }

    /// Calls a service whose SDK is not part of the product; tells the body of the answer.
    ///
    /// # Panics
    /// When the service answers with an error.
    pub async fn call(&self, service: &str, headers: [(&str, &str); 2], body: String) -> String {
        // moto tells services apart by the scope of the signature.
        let scope = format!(
            "AWS4-HMAC-SHA256 Credential=testing/20261122/{REGION}/{service}/aws4_request, SignedHeaders=host, Signature=0"
        );
        let headers = headers.into_iter().chain([("authorization", scope.as_str())]);
        self.post("", headers, body).await
    }

    async fn post<'a>(
        &self,
        path: &str,
        headers: impl IntoIterator<Item = (&'a str, &'a str)>,
        body: String,
    ) -> String {
        let url = format!("http://127.0.0.1:{}/{path}", self.port());
        let request = reqwest::Client::new().post(url).body(body);
        let request = headers.into_iter().fold(request, |request, (name, value)| request.header(name, value));
        let answer = request.send().await.expect("moto answers");
        let status = answer.status();
        let text = answer.text().await.expect("moto answers to the end");
        assert!(status.is_success(), "{status}: {text}");
        text
    }
}

/// Where moto listens on the loopback interface.
pub fn port() -> u16 {
    MOTO.port()
}

/// The product's own settings, led to a port on the loopback interface and signed with test credentials.
pub async fn settings(port: u16) -> aws_config::SdkConfig {
    let product = sdk_config(&Proxies::default()).await;
    let retries = product.retry_config().cloned().unwrap_or_else(RetryConfig::standard);
    product
        .into_builder()
        .endpoint_url(format!("http://127.0.0.1:{port}"))
        .region(Region::new(REGION))
        .credentials_provider(SharedCredentialsProvider::new(Credentials::new(
            "testing", "testing", None, None, "tests",
        )))
        .retry_config(retries.with_initial_backoff(BACKOFF))
        .build()
}

/// A connection to moto, or to a proxy in front of it.
pub async fn connect(port: u16) -> Aws {
    connect_with(port, Arc::new(SystemClock::default())).await
}

/// A connection whose secrets age by the given clock.
pub async fn connect_with(port: u16, clock: Arc<dyn Clock>) -> Aws {
    Aws::new(settings(port).await, clock)
}

/// An S3 client that looks behind the store.
pub async fn s3() -> aws_sdk_s3::Client {
    s3_at(port()).await
}

/// The same of another moto.
pub async fn s3_at(port: u16) -> aws_sdk_s3::Client {
    aws_sdk_s3::Client::from_conf(bronzegate_aws::s3_config(&settings(port).await))
}

/// The same with the keys of a user.
pub async fn s3_as(port: u16, key: &str, secret: &str) -> aws_sdk_s3::Client {
    let keys = Credentials::new(key, secret, None, None, "tests");
    let config = bronzegate_aws::s3_config(&settings(port).await).to_builder().credentials_provider(keys);
    aws_sdk_s3::Client::from_conf(config.build())
}

/// A Secrets Manager client.
pub async fn secrets() -> aws_sdk_secretsmanager::Client {
    secrets_at(port()).await
}

/// The same of another moto.
pub async fn secrets_at(port: u16) -> aws_sdk_secretsmanager::Client {
    aws_sdk_secretsmanager::Client::new(&settings(port).await)
}

/// Makes a bucket of a test's own.
pub async fn bucket(name: &str) {
    bucket_at(port(), name).await;
}

/// The same on another moto.
pub async fn bucket_at(port: u16, name: &str) {
    use aws_sdk_s3::operation::create_bucket::CreateBucketError;
    use aws_sdk_s3::types::{BucketLocationConstraint, CreateBucketConfiguration};
    let place = CreateBucketConfiguration::builder()
        .location_constraint(BucketLocationConstraint::from(REGION))
        .build();
    let made = s3_at(port).await.create_bucket().bucket(name).create_bucket_configuration(place).send().await;
    // A slow answer is asked for again, and finds the bucket made.
    if let Err(error) = made {
        let refusal = error.as_service_error();
        assert!(
            refusal.is_some_and(CreateBucketError::is_bucket_already_owned_by_you),
            "a bucket is made: {error:?}"
        );
    }
}

/// What a process needs in its environment to take moto for AWS.
pub fn variables() -> [(String, String); 5] {
    variables_at(port())
}

/// The same for another moto.
pub fn variables_at(port: u16) -> [(String, String); 5] {
    [
        ("AWS_ENDPOINT_URL", format!("http://127.0.0.1:{port}")),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", "testing".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "testing".to_owned()),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
}
