//! One attempt at one request: its turn, its credential, its host, and the redirects on the way.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, Method};
use url::Url;

use super::auth::{AuthFault, Authenticator, Credential};
use super::body::{self, Body, innermost};
use super::egress::{Credentials, Egress, EgressError, egress_cause};
use super::oauth2::Endpoint;
use super::patience::{Patience, TooLong};
use super::rate_limit::Limiter;
use super::signals::Signals;
use super::stats::Stats;
use crate::clock::Clock;
use crate::config::{Auth, RateLimit, Source, Stream, Timeout};
use crate::error::{Error, ErrorKind};
use crate::redact::{SafeUrl, Scrubber};
use crate::secret::SecretStore;

/// Redirects that are followed at most.
const MAX_REDIRECTS: usize = 5;
/// Pings on an idle HTTP/2 or TCP connection, so that a dead one is noticed.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// A request as the paginator makes it: without credentials.
#[derive(Clone, Debug)]
pub struct ApiRequest {
    /// GET or POST.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Headers of the source file.
    pub headers: HeaderMap,
    /// The JSON body of a POST.
    pub body: Option<Bytes>,
}

/// A response whose body is still to be read.
pub struct Response {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The URL that answered, after redirects.
    pub url: Url,
    /// The body.
    pub body: Body,
    pub(super) signals: Signals,
    /// The credential it was sent with.
    pub credential: Arc<Credential>,
}

/// Why an attempt brought no response.
#[derive(Debug)]
pub enum SendError {
    /// The request did not reach the API, and another attempt may do better; how long the server asks to wait.
    Transient(String, Option<Duration>),
    /// The request left, and no response came: it may have had its effect. Another attempt may do better.
    Lost(String),
    /// The wait for the request's turn would be too long.
    Wait(TooLong),
    /// Trying again will not help.
    Fatal(Error),
}

impl From<AuthFault> for SendError {
    fn from(fault: AuthFault) -> Self {
        match fault {
            AuthFault::Fatal(error) => Self::Fatal(error),
            AuthFault::Transient(cause, wait) => Self::Transient(cause, wait),
        }
    }
}

/// Calls one stream's API.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    auth: Authenticator,
    egress: Egress,
    limiter: Arc<Limiter>,
    settings: RateLimit,
    stats: Arc<Stats>,
    clock: Arc<dyn Clock>,
    scrubber: Arc<Scrubber>,
    budget: Duration,
}

impl Client {
    /// A client for one stream; no connection is made yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when TLS cannot be set up.
    pub fn new(
        source: &Source,
        stream: &Stream,
        secrets: Arc<dyn SecretStore>,
        limiter: Arc<Limiter>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let egress = Egress::new(source);
        let http = build(&stream.timeout, &egress, needs_tls(source, stream))?;
        let scrubber = Arc::new(Scrubber::default());
        let auth = Authenticator::new(stream.auth.clone(), secrets, scrubber.clone(), clock.clone());
        Ok(Self {
            http,
            auth,
            egress,
            limiter,
            settings: stream.rate_limit.clone(),
            stats: Arc::default(),
            clock,
            scrubber,
            budget: stream.retry.budget,
        })
    }

    /// What this client counts.
    pub fn stats(&self) -> &Arc<Stats> {
        &self.stats
    }

    /// The source's limiter.
    pub fn limiter(&self) -> &Limiter {
        &self.limiter
    }

    /// The clock.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The stream's authentication.
    pub fn auth(&self) -> &Authenticator {
        &self.auth
    }

    /// Takes the secrets this client has used out of a text.
    pub fn scrub(&self, text: &str) -> String {
        self.scrubber.scrub(text)
    }

    /// Whether a URL may be called.
    ///
    /// # Errors
    /// [`EgressError`], naming the host.
    pub fn permit(&self, url: &Url) -> Result<Credentials, EgressError> {
        self.egress.permit(url)
    }

    /// Sends the request once and follows redirects. `refused` is a credential that the API has
    /// just answered with 401: a new one is made.
    pub async fn send(
        &self,
        request: &ApiRequest,
        refused: Option<&Arc<Credential>>,
        patience: &Patience,
    ) -> Result<Response, SendError> {
        let tokens =
            Endpoint { http: &self.http, egress: &self.egress, stats: &self.stats, clock: &*self.clock };
        self.egress.permit(&request.url).map_err(|error| SendError::Fatal(error.into()))?;
        let credential = match refused {
            Some(refused) => self.auth.renew(refused, &tokens).await?,
            None => self.auth.credential(&tokens).await?,
        };
        let mut url = request.url.clone();
        for _ in 0..=MAX_REDIRECTS {
            self.limiter.turn(patience, self.budget, &self.stats).await.map_err(SendError::Wait)?;
            let response = self.send_to(url.clone(), request, &credential).await?;
            let signals = Signals::of(response.headers(), &self.settings, self.clock.now());
            if let Some(wait) = signals.wait_after_success()
                && !wait.is_zero()
            {
                self.limiter.pause(wait);
            }
            if !response.status().is_redirection() || !response.headers().contains_key(LOCATION) {
                return Ok(Self::open(response, url, signals, credential));
            }
            url =
                redirect_target(request, &url, response.headers()).map_err(|e| SendError::Fatal(e.into()))?;
        }
        Err(SendError::Fatal(EgressError::Redirect("more than 5 in a row").into()))
    }

    async fn send_to(
        &self,
        mut url: Url,
        request: &ApiRequest,
        credential: &Credential,
    ) -> Result<reqwest::Response, SendError> {
        let credentials = self.egress.permit(&url).map_err(|error| SendError::Fatal(error.into()))?;
        let mut headers = HeaderMap::new();
        headers.insert(
            ACCEPT,
            HeaderValue::from_static("application/json, application/x-ndjson;q=0.9, */*;q=0.1"),
        );
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(body::ACCEPT_ENCODING));
        if request.body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        for (name, value) in &request.headers {
            headers.insert(name.clone(), value.clone());
        }
        match credentials {
            Credentials::Sent => credential.apply(&mut url, &mut headers),
            // The API may have repeated the key in the link or redirect that leads there.
            Credentials::Withheld => credential.strip(&mut url),
        }
        let mut builder = self.http.request(request.method.clone(), url).headers(headers);
        if let Some(body) = &request.body {
            builder = builder.body(body.clone());
        }
        self.stats.request();
        builder.send().await.map_err(|error| {
            self.stats.api_error();
            match egress_cause(&error) {
                Some(refused) => SendError::Fatal(refused.into()),
                None if error.is_connect() => SendError::Transient(self.describe(&error), None),
                None => SendError::Lost(self.describe(&error)),
            }
        })
    }

    fn open(
        response: reqwest::Response,
        url: Url,
        signals: Signals,
        credential: Arc<Credential>,
    ) -> Response {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Response { status, headers, url, body: Body::of(response), signals, credential }
    }

    fn describe(&self, error: &reqwest::Error) -> String {
        let url = error.url().map_or_else(String::new, |url| format!(" ({})", SafeUrl(url)));
        let what = if error.is_timeout() {
            "timed out".to_owned()
        } else if error.is_connect() {
            format!("cannot connect: {}", innermost(error))
        } else {
            innermost(error)
        };
        self.scrub(&format!("{what}{url}"))
    }
}

fn redirect_target(request: &ApiRequest, from: &Url, headers: &HeaderMap) -> Result<Url, EgressError> {
    if request.method != Method::GET {
        return Err(EgressError::Redirect("only a GET may be redirected"));
    }
    headers
        .get(LOCATION)
        .and_then(|location| from.join(location.to_str().ok()?).ok())
        .ok_or(EgressError::Redirect("its Location is not a URL"))
}

/// Whether any address this stream may call needs TLS. Without it the root certificates are
/// not loaded, which is most of the start-up time of a small run.
fn needs_tls(source: &Source, stream: &Stream) -> bool {
    source.base_url.scheme() == "https"
        || !source.allowed_hosts.is_empty()
        || matches!(stream.auth, Auth::OAuth2ClientCredentials { .. })
}

fn build(timeout: &Timeout, egress: &Egress, tls: bool) -> Result<reqwest::Client, Error> {
    let builder = reqwest::Client::builder()
        .user_agent(concat!("bronzegate/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .no_proxy()
        .referer(false)
        .connect_timeout(timeout.connect)
        .read_timeout(timeout.read)
        .timeout(timeout.total)
        .tcp_nodelay(true)
        .tcp_keepalive(KEEP_ALIVE)
        .http2_adaptive_window(true)
        .http2_keep_alive_interval(KEEP_ALIVE)
        .dns_resolver(egress.resolver());
    let builder = if tls { builder } else { builder.tls_certs_only([]) };
    builder
        .build()
        .map_err(|error| Error::new(ErrorKind::Config, format!("cannot set up TLS: {}", innermost(&error))))
}
