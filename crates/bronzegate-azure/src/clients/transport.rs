//! The transport: reqwest with bounded patience, whose answers are whole.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_core::error::ErrorKind as AzureErrorKind;
use azure_core::http::{AsyncRawResponse, HttpClient, Request};
use bronzegate_core::error::{Error, ErrorKind};
use bronzegate_core::proxy::{Proxies, ProxyFault, Routes};

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
    /// The proxies on the way (none).
    pub proxies: Proxies,
}

/// Where the platform gives out its identity.
const IDENTITY_ENDPOINTS: [&str; 2] = ["IDENTITY_ENDPOINT", "MSI_ENDPOINT"];

impl Default for TransportOptions {
    fn default() -> Self {
        let (connect, read) = (Duration::from_secs(5), Duration::from_secs(30));
        Self { connect, read, extra_roots: Vec::new(), proxies: Proxies::default() }
    }
}

impl TransportOptions {
    /// With the proxies that the environment names. What gives out the identity is called directly.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when a variable is malformed.
    pub(crate) fn of(look_up: &dyn Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let direct = IDENTITY_ENDPOINTS.into_iter().filter_map(look_up);
        let proxies = direct.fold(Proxies::read(look_up)?, |proxies, url| proxies.with_direct(&url));
        Ok(Self { proxies, ..Self::default() })
    }
}

impl Transport {
    /// Makes a transport.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the certificates cannot be read.
    pub fn new(options: &TransportOptions) -> Result<Self, Error> {
        let unusable = |error| Error::new(ErrorKind::Config, Unusable(error));
        let roots = match options.extra_roots.as_slice() {
            [] => Vec::new(),
            pem => reqwest::Certificate::from_pem_bundle(pem).map_err(unusable)?,
        };
        let builder = |_| {
            let builder = reqwest::Client::builder()
                .connect_timeout(options.connect)
                .read_timeout(options.read)
                // No service of Azure that is called here redirects; a token would go along.
                .redirect(reqwest::redirect::Policy::none());
            if roots.is_empty() { builder } else { builder.tls_certs_merge(roots.iter().cloned()) }
        };
        let routes = Routes::new(&options.proxies, options.connect, builder).map_err(unusable)?;
        Ok(Self(Arc::new(WholeAnswers(routes))))
    }
}

impl From<Transport> for azure_core::http::Transport {
    fn from(transport: Transport) -> Self {
        Self::new(transport.0)
    }
}

/// The SDK tries again what is an error of the connection.
fn by_proxy(fault: ProxyFault) -> azure_core::Error {
    let kind = if fault.is_transient() { AzureErrorKind::Connection } else { AzureErrorKind::Other };
    let told = fault.to_string();
    azure_core::Error::with_error(kind, fault, told)
}

#[derive(Debug, thiserror::Error)]
#[error("the transport to Azure cannot be made")]
struct Unusable(#[source] reqwest::Error);

/// Reads an answer to its end before it is handed on. The SDK retries what fails in here, but not
/// an answer that is cut short on its way through the client. All answers here are small: listings,
/// commit records, and ranges of 4 MiB of anything larger.
#[derive(Debug)]
struct WholeAnswers(Routes);

#[async_trait]
impl HttpClient for WholeAnswers {
    async fn execute_request(&self, request: &Request) -> azure_core::Result<AsyncRawResponse> {
        let (routes, url) = (&self.0, request.url());
        routes.keep_from_proxy(url).map_err(by_proxy)?;
        let answer = match routes.to(url).execute_request(request).await {
            Err(error) if matches!(error.kind(), AzureErrorKind::Connection) => {
                let fault = routes.fault(url).await;
                return Err(fault.map_or(error, by_proxy));
            }
            answer => answer?,
        };
        let (status, headers, body) = answer.deconstruct();
        Ok(AsyncRawResponse::from_bytes(status, headers, body.collect().await?))
    }
}
