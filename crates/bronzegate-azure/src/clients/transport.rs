//! The transport: reqwest with bounded patience, whose answers are whole.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use bronzegate_core::error::{Error, ErrorKind};

/// What requests to Azure travel over. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Transport(Arc<dyn HttpClient>);

/// How patient a transport is, and whom it trusts.
#[derive(Clone, Debug)]
pub struct TransportOptions {
    /// The longest a connection may take (5 s).
    pub connect: Duration,
    /// The longest a request may take until its answer begins, and between two pieces of it (30 s).
    pub read: Duration,
    /// Certificates in PEM form that are trusted besides the system's: an emulator's, a company's.
    pub extra_roots: Vec<u8>,
}

impl Default for TransportOptions {
    fn default() -> Self {
        Self { connect: Duration::from_secs(5), read: Duration::from_secs(30), extra_roots: Vec::new() }
    }
}

impl Transport {
    /// Makes a transport.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the certificates cannot be read.
    pub fn new(options: &TransportOptions) -> Result<Self, Error> {
        let mut builder = reqwest::Client::builder()
            .connect_timeout(options.connect)
            .read_timeout(options.read)
            // No service of Azure that is called here redirects; a token would go along.
            .redirect(reqwest::redirect::Policy::none());
        let unusable = |error| Error::new(ErrorKind::Config, Unusable(error));
        if !options.extra_roots.is_empty() {
            let roots = reqwest::Certificate::from_pem_bundle(&options.extra_roots).map_err(unusable)?;
            builder = builder.tls_certs_merge(roots);
        }
        Ok(Self(Arc::new(WholeAnswers(builder.build().map_err(unusable)?))))
    }
}

impl From<Transport> for azure_core::http::Transport {
    fn from(transport: Transport) -> Self {
        Self::new(transport.0)
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the transport to Azure cannot be made")]
struct Unusable(#[source] reqwest::Error);

/// Reads an answer to its end before it is handed on. The SDK retries what fails in here, but not
/// an answer that is cut short on its way through the client. All answers here are small: listings,
/// commit records, and ranges of 4 MiB of anything larger.
#[derive(Debug)]
struct WholeAnswers(reqwest::Client);

#[async_trait]
impl HttpClient for WholeAnswers {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let (status, headers, body) = self.0.execute_request(request).await?.deconstruct();
        Ok(AsyncRawResponse::from_bytes(status, headers, body.collect().await?))
    }
}
