//! The HTTP clients of a stream. Without certificates in the source file they are made at once; with them, when the
//! certificates are needed first, and again when a server has refused them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use secrecy::ExposeSecret as _;
use tokio::sync::Mutex;

use super::auth::{AuthFault, Authenticator};
use super::body::innermost;
use super::egress::Egress;
use super::proxy::{Proxies, Routes, Way};
use super::transport;
use crate::config::{Auth, Source, Stream, TextOrSecret, Timeout, Tls, TlsIdentity};
use crate::error::{Error, ErrorKind};
use crate::secret::Freshness;

/// Makes a stream's HTTP clients.
#[derive(Debug)]
pub(super) struct Connector {
    tls: Option<Tls>,
    timeout: Timeout,
    egress: Arc<Egress>,
    proxies: Proxies,
    made: Mutex<Option<HttpClients>>,
    /// A server has refused the certificate: it may have been replaced in the vault.
    is_refused: AtomicBool,
}

/// The HTTP clients of a stream.
#[derive(Clone, Debug)]
pub(super) struct HttpClients {
    /// For hosts that get credentials: it shows the client's certificate to those that ask for one.
    pub(super) known: Routes,
    /// For hosts that get none.
    pub(super) strangers: Routes,
    /// The certificates were read just now: reading them again will not help.
    pub(super) is_fresh: bool,
}

impl Connector {
    /// Makes a connector; no connection is made and no secret is read yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when TLS cannot be set up.
    pub(super) fn new(
        source: &Source,
        stream: &Stream,
        egress: Arc<Egress>,
        proxies: Proxies,
    ) -> Result<Self, Error> {
        let made = if stream.tls.is_some() {
            None
        } else {
            let needs_tls = needs_tls(source, stream);
            let client = built(&proxies, &stream.timeout, |way| {
                let builder = transport::builder(way, &stream.timeout, &egress);
                if needs_tls { builder } else { builder.tls_certs_only([]) }
            })?;
            Some(HttpClients { known: client.clone(), strangers: client, is_fresh: true })
        };
        Ok(Self {
            tls: stream.tls.clone(),
            timeout: stream.timeout.clone(),
            egress,
            proxies,
            made: Mutex::new(made),
            is_refused: AtomicBool::new(false),
        })
    }

    /// The clients, made again where a server has refused their certificate.
    pub(super) async fn clients(&self, auth: &Authenticator) -> Result<HttpClients, AuthFault> {
        let mut made = self.made.lock().await;
        let is_refused = self.is_refused.load(Relaxed);
        if let Some(clients) = made.as_ref().filter(|_| !is_refused) {
            return Ok(clients.clone());
        }
        let freshness = if is_refused { Freshness::Fresh } else { Freshness::Cached };
        let clients = self.make(auth, freshness).await?;
        self.is_refused.store(false, Relaxed);
        // Another request has not been refused yet: what it reads then is newer than this.
        *made = Some(HttpClients { is_fresh: false, ..clients.clone() });
        Ok(clients)
    }

    /// A server has refused the certificate. Whether reading it again may help.
    pub(super) fn refuse(&self, clients: &HttpClients) -> bool {
        let may_help = self.tls.is_some() && !clients.is_fresh;
        self.is_refused.fetch_or(may_help, Relaxed);
        may_help
    }

    async fn make(&self, auth: &Authenticator, freshness: Freshness) -> Result<HttpClients, AuthFault> {
        let tls = self.tls.as_ref();
        let mut authorities = Vec::new();
        if let Some(ca) = tls.and_then(|tls| tls.ca.as_ref()) {
            let pem = auth.certificate(ca, freshness).await?;
            let read = reqwest::Certificate::from_pem_bundle(pem.expose_secret().as_bytes());
            authorities = read.ok().filter(|read| !read.is_empty()).ok_or_else(|| no_pem("tls.ca", ca))?;
        }
        let identity = match tls.and_then(|tls| tls.identity.as_ref()) {
            Some(identity) => Some(self::identity(identity, auth, freshness).await?),
            None => None,
        };
        let builder = |way| {
            let builder = transport::builder(way, &self.timeout, &self.egress);
            builder.tls_certs_merge(authorities.iter().cloned())
        };
        let built = |builder: &dyn Fn(Way) -> reqwest::ClientBuilder| {
            built(&self.proxies, &self.timeout, builder).map_err(AuthFault::Fatal)
        };
        let strangers = built(&builder)?;
        let known = match identity {
            Some(identity) => built(&|way| builder(way).identity(identity.clone()))?,
            None => strangers.clone(),
        };
        Ok(HttpClients { known, strangers, is_fresh: freshness == Freshness::Fresh })
    }
}

async fn identity(
    settings: &TlsIdentity,
    auth: &Authenticator,
    freshness: Freshness,
) -> Result<reqwest::Identity, AuthFault> {
    let certificate = auth.certificate(&settings.certificate, freshness).await?;
    let key = auth.secret(&settings.key, freshness).await?;
    let pem = format!("{}\n{}\n", certificate.expose_secret(), key.expose_secret());
    reqwest::Identity::from_pem(pem.as_bytes()).map_err(|_| {
        let cause = format!(
            "`tls.certificate` and {}, which is `tls.key`, are no certificate and key in PEM",
            settings.key
        );
        AuthFault::Fatal(Error::new(ErrorKind::Auth, cause))
    })
}

fn no_pem(key: &str, value: &TextOrSecret) -> AuthFault {
    let what = value.secret().map_or_else(|| "its text".to_owned(), ToString::to_string);
    AuthFault::Fatal(Error::new(
        ErrorKind::Auth,
        format!("{what}, which is `{key}`, is no certificate in PEM"),
    ))
}

fn built(
    proxies: &Proxies,
    timeout: &Timeout,
    builder: impl Fn(Way) -> reqwest::ClientBuilder,
) -> Result<Routes, Error> {
    Routes::new(proxies, timeout.connect, builder)
        .map_err(|error| Error::new(ErrorKind::Config, format!("cannot set up TLS: {}", innermost(&error))))
}

/// Whether any address this stream may call needs TLS. Without it the root certificates are
/// not loaded, which is most of the start-up time of a small run.
fn needs_tls(source: &Source, stream: &Stream) -> bool {
    source.base_url.scheme() == "https"
        || !source.allowed_hosts.is_empty()
        || matches!(
            stream.auth,
            Auth::OAuth2ClientCredentials(_)
                | Auth::OAuth2RefreshToken(_)
                | Auth::JwtBearer(_)
                | Auth::Login(_)
        )
}
