//! The service: attempts at one request, and what came of them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use url::Url;

use super::request::Request;
use crate::clock::Clock;
use crate::config::{RateLimit, Retry, Timeout};
use crate::error::{Error, ErrorKind};
use crate::http::body::{self, ResponseBody, innermost};
use crate::http::certificate::is_untrusted;
use crate::http::egress::{Egress, egress_cause};
use crate::http::proxy::{Holds, Proxies, Routes, Unsent};
use crate::http::retry::Backoff;
use crate::http::signals::Signals;
use crate::http::transport;
use crate::redact::{SafeUrl, Scrubber};

/// The most that is read of an answer.
const LONGEST_ANSWER: usize = 16 << 20;

/// How patient a service's client is, and whom it trusts.
#[derive(Clone, Debug)]
pub struct ServiceOptions {
    /// The longest a connection may take (5 s).
    pub connect: Duration,
    /// The longest between two pieces of an answer, its beginning included (30 s).
    pub read: Duration,
    /// Certificates in PEM form that are trusted besides the system's: an emulator's, a company's.
    pub extra_roots: Vec<u8>,
    /// The proxies on the way (none).
    pub proxies: Proxies,
}

impl Default for ServiceOptions {
    fn default() -> Self {
        let (connect, read) = (Duration::from_secs(5), Duration::from_secs(30));
        Self { connect, read, extra_roots: Vec::new(), proxies: Proxies::default() }
    }
}

/// A service at one origin. Nothing is sent before the first call.
pub struct Service {
    http: Routes,
    egress: Egress,
    origin: Url,
    retry: Retry,
    scrubber: Scrubber,
    clock: Arc<dyn Clock>,
}

/// An answer with a status below 500, and not 429.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The whole body.
    pub body: Bytes,
}

/// Why a call has no answer. The texts hold no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The service was not reached or turned all attempts away: the call has had no effect, and another may do better.
    #[error("{0}")]
    Unavailable(String),
    /// The request left, and no answer came: it may have had its effect. Another may do better.
    #[error("{0}")]
    Lost(String),
    /// Another attempt will not help.
    #[error("{0}")]
    Refused(String),
}

impl Fault {
    /// Whether another try may do better.
    pub fn is_transient(&self) -> bool {
        !matches!(self, Self::Refused(_))
    }
}

impl Answer {
    /// The body read as JSON; `None` where it is not of that form. The parser's words are kept back, because they
    /// may quote a secret.
    pub fn json<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl Service {
    /// A service at `origin`, of which only scheme, host and port count.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when it is not https, or TLS cannot be set up.
    pub fn new(origin: &Url, options: &ServiceOptions, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let config = |text: String| Error::new(ErrorKind::Config, text);
        if origin.scheme() != "https" || origin.host().is_none() {
            return Err(config("it must begin with https://, because tokens are sent there".to_owned()));
        }
        let mut bare = origin.clone();
        bare.set_path("/");
        bare.set_query(None);
        bare.set_fragment(None);
        let egress = Egress::of_service(bare.clone());
        let total = options.connect.saturating_add(options.read.saturating_mul(4));
        let timeout = Timeout { connect: options.connect, read: options.read, total };
        let roots = match options.extra_roots.as_slice() {
            [] => Vec::new(),
            pem => reqwest::Certificate::from_pem_bundle(pem)
                .map_err(|error| config(format!("cannot read certificates: {}", innermost(&error))))?,
        };
        let builder = |way| {
            let builder = transport::builder(way, &timeout, &egress);
            if roots.is_empty() { builder } else { builder.tls_certs_merge(roots.iter().cloned()) }
        };
        let http = Routes::new(&options.proxies, timeout.connect, builder)
            .map_err(|error| config(format!("cannot set up TLS: {}", innermost(&error))))?;
        let scrubber = Scrubber::default();
        options.proxies.secrets().for_each(|secret| scrubber.learn(secret));
        let seconds = Duration::from_secs;
        // As patient as the SDKs of the other clouds are made here.
        let retry =
            Retry { max_attempts: 6, base: Duration::from_millis(250), max: seconds(8), budget: seconds(45) };
        Ok(Self { http, egress, origin: bare, retry, scrubber, clock })
    }

    /// Its origin, with `/` at the end.
    pub fn origin(&self) -> &Url {
        &self.origin
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Remembers a token or a secret, which [`told`](Self::told) then keeps back.
    pub fn learn(&self, secret: &SecretString) {
        self.scrubber.learn(secret);
    }

    /// A message as it is told, whoever its parts come from: without secrets, and on one line.
    pub fn told(&self, message: &str) -> String {
        self.scrubber.told(message)
    }

    /// Sends a request and reads its answer.
    ///
    /// # Errors
    /// [`Fault`].
    pub async fn call(&self, request: &Request) -> Result<Answer, Fault> {
        let mut backoff = Backoff::new(&self.retry);
        loop {
            let (fault, demanded) = match self.attempt(request).await {
                Ok(answer) => return Ok(answer),
                Err(failed) => failed,
            };
            let is_over = match &fault {
                Fault::Unavailable(_) => false,
                Fault::Lost(_) => request.is_once,
                Fault::Refused(_) => true,
            };
            if is_over {
                return Err(fault);
            }
            let Ok(wait) = backoff.next(demanded, false) else { return Err(fault) };
            tracing::debug!(?request, attempt = backoff.attempt(), %fault, "a call is tried again");
            self.clock.sleep(wait).await;
        }
    }

    /// One attempt; of a failed one also how long the service asks to wait.
    async fn attempt(&self, request: &Request) -> Result<Answer, (Fault, Option<Duration>)> {
        let url = request.url(&self.origin);
        let refused = |text: String| (Fault::Refused(self.told(&text)), None);
        self.egress.permit(&url, None).map_err(|error| refused(error.to_string()))?;
        let headers = request
            .headers()
            .ok_or_else(|| refused("the credential cannot be sent in a header".to_owned()))?;
        let shown = SafeUrl(&url).to_string();
        let mut builder = self
            .http
            .to(&url)
            .request(request.method.clone(), url)
            .header(ACCEPT, "application/json")
            .header(ACCEPT_ENCODING, body::ACCEPT_ENCODING)
            .headers(headers);
        if let Some(body) = request.body() {
            builder = builder.body(body);
        }
        let response = self
            .http
            .send(builder, Holds::Credentials)
            .await
            .map_err(|unsent| (self.fault(&unsent), None))?;
        let status = response.status().as_u16();
        let signals = Signals::of(response.headers(), &RateLimit::default(), self.clock.now());
        if response.status().is_redirection() {
            return Err(refused(format!("{shown} answered {status}: redirects are not followed")));
        }
        let lost = |text: String| Fault::Lost(self.told(&text));
        // One byte more than it may have tells that it has more.
        let whole = ResponseBody::of(response).start(LONGEST_ANSWER + 1).await;
        let body = whole.map_err(|fault| (lost(format!("{shown}: {fault}")), None))?;
        if body.len() > LONGEST_ANSWER {
            return Err(refused(format!("{shown}: the answer has more than {LONGEST_ANSWER} bytes")));
        }
        let wait = signals.wait_after_error();
        match status {
            429 => Err((
                Fault::Unavailable(self.told(&format!("{shown} answered 429: too many requests"))),
                wait,
            )),
            408 | 500.. => Err((lost(format!("{shown} answered {status}")), wait)),
            _ => Ok(Answer { status, body }),
        }
    }

    fn fault(&self, unsent: &Unsent) -> Fault {
        let told = self.told(&unsent.described());
        let error = match unsent {
            Unsent::Proxy(fault) if fault.is_transient() => return Fault::Unavailable(told),
            Unsent::Proxy(_) => return Fault::Refused(told),
            Unsent::Failed(error, _) => error,
        };
        match egress_cause(error) {
            Some(refused) => Fault::Refused(self.told(&refused.to_string())),
            None if error.is_builder() || is_untrusted(error) => Fault::Refused(told),
            None if error.is_connect() => Fault::Unavailable(told),
            None => Fault::Lost(told),
        }
    }
}

/// Without the body, which may be a secret.
impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).field("bytes", &self.body.len()).finish()
    }
}

impl fmt::Debug for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Service").field("origin", &self.origin.as_str()).finish_non_exhaustive()
    }
}
