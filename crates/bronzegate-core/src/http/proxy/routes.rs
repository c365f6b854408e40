//! The two ways to a server: directly, and by a proxy.

use std::time::Duration;

use url::Url;

use super::fault::ProxyFault;
use super::proxies::Proxies;
use super::server::ProxyServer;
use crate::http::body::innermost;
use crate::http::unanswered::describe;

/// HTTP clients for the two ways to a server. Clones share their connections.
#[derive(Clone, Debug)]
pub struct Routes {
    direct: reqwest::Client,
    /// Only where there is a proxy.
    by_proxy: Option<ByProxy>,
}

#[derive(Clone, Debug)]
struct ByProxy {
    proxies: Proxies,
    http: reqwest::Client,
    patience: Duration,
}

/// A way to a server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Names are those of servers: they are resolved under the rules that hold for them.
    Direct,
    /// The only name that is resolved is the proxy's.
    ByProxy,
}

/// Whether somebody who reads a request may use what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum Holds {
    /// It has a credential.
    Credentials,
    /// It has none.
    Nothing,
}

/// Why a request brought no response.
#[derive(Debug)]
pub(in crate::http) enum Unsent {
    /// The proxy is the reason.
    Proxy(ProxyFault),
    /// Anything else; the address of the proxy on the way.
    Failed(reqwest::Error, Option<String>),
}

impl Routes {
    /// Makes the clients. `builder` begins one for a way; one by a proxy is made only where there is a proxy.
    /// `patience` is how long a connection may take.
    ///
    /// # Errors
    /// The library's, when TLS cannot be set up.
    pub fn new(
        proxies: &Proxies,
        patience: Duration,
        builder: impl Fn(Way) -> reqwest::ClientBuilder,
    ) -> reqwest::Result<Self> {
        // None of the library's own way to find one.
        let direct = builder(Way::Direct).no_proxy().build()?;
        let by_proxy = if proxies.is_empty() {
            None
        } else {
            let mut builder = builder(Way::ByProxy).no_proxy();
            if let Some(server) = proxies.https() {
                builder = builder.proxy(server.authorized(reqwest::Proxy::https(server.to_string())?));
            }
            if let Some(server) = proxies.http() {
                builder = builder.proxy(server.authorized(reqwest::Proxy::http(server.to_string())?));
            }
            Some(ByProxy { proxies: proxies.clone(), http: builder.build()?, patience })
        };
        Ok(Self { direct, by_proxy })
    }

    /// The client for a URL.
    pub fn to(&self, url: &Url) -> &reqwest::Client {
        match &self.by_proxy {
            Some(by_proxy) if by_proxy.proxies.of(url).is_some() => &by_proxy.http,
            _ => &self.direct,
        }
    }

    /// Why the way to a URL failed, where a proxy is the reason.
    pub async fn fault(&self, url: &Url) -> Option<ProxyFault> {
        let by_proxy = self.by_proxy.as_ref()?;
        by_proxy.proxies.of(url)?.fault(url, by_proxy.patience).await
    }

    /// Whether a request with credentials may go to a URL: not where a proxy would read it.
    ///
    /// # Errors
    /// [`ProxyFault::Readable`].
    pub fn keep_from_proxy(&self, url: &Url) -> Result<(), ProxyFault> {
        self.server(url).and_then(|server| server.reads(url)).map_or(Ok(()), Err)
    }

    /// Sends a request that the client for its URL has made.
    pub(in crate::http) async fn send(
        &self,
        request: reqwest::RequestBuilder,
        holds: Holds,
    ) -> Result<reqwest::Response, Unsent> {
        let (client, request) = request.build_split();
        let request = request.map_err(|error| Unsent::Failed(error, None))?;
        if self.by_proxy.is_none() {
            return client.execute(request).await.map_err(|error| Unsent::Failed(error, None));
        }
        let url = request.url().clone();
        if holds == Holds::Credentials {
            self.keep_from_proxy(&url).map_err(Unsent::Proxy)?;
        }
        let Some(server) = self.server(&url) else {
            return client.execute(request).await.map_err(|error| Unsent::Failed(error, None));
        };
        match client.execute(request).await {
            // Of https it would be the server's own.
            Ok(response) if url.scheme() == "http" && response.status().as_u16() == 407 => {
                Err(Unsent::Proxy(server.denied()))
            }
            Ok(response) => Ok(response),
            Err(error) if error.is_connect() && !error.is_timeout() => {
                let fault = self.fault(&url).await;
                Err(fault.map_or_else(|| Unsent::Failed(error, Some(server.to_string())), Unsent::Proxy))
            }
            Err(error) => Err(Unsent::Failed(error, Some(server.to_string()))),
        }
    }

    fn server(&self, url: &Url) -> Option<&ProxyServer> {
        self.by_proxy.as_ref().and_then(|by_proxy| by_proxy.proxies.of(url))
    }
}

impl Unsent {
    /// What to say of it, with the usual causes and what helps.
    pub(in crate::http) fn described(&self) -> String {
        match self {
            Self::Proxy(fault) => fault.to_string(),
            Self::Failed(error, proxy) => format!("{}{}", describe(error), by(proxy.as_deref())),
        }
    }

    /// Its cause alone.
    pub(in crate::http) fn cause(&self) -> String {
        match self {
            Self::Proxy(fault) => fault.to_string(),
            Self::Failed(error, proxy) => format!("{}{}", innermost(error), by(proxy.as_deref())),
        }
    }
}

fn by(proxy: Option<&str>) -> String {
    proxy.map(|proxy| format!(", by the proxy {proxy}")).unwrap_or_default()
}
