//! One attempt at one request: its turn, its credential, its host, and the redirects on the way.

use std::sync::Arc;
use std::time::Duration;

use http::header::{ACCEPT, ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_TYPE, LOCATION};
use http::{HeaderMap, HeaderValue, Method};
use secrecy::SecretString;
use url::Url;

use super::api_clock;
use super::auth::{AuthFault, Authenticator, Credential, Endpoint, rebased, strip_user, with_origin};
use super::body::{self, ResponseBody};
use super::certificate::{is_refused, is_untrusted};
use super::connector::{Connector, HttpClients};
use super::content::RequestContent;
use super::egress::{Credentials, Egress, EgressError, egress_cause, host_and_port};
use super::on_its_way::OnItsWay;
use super::proxy::{Holds, Proxies, ProxyFault, Routes, Unsent};
use super::rate_limit::Limiter;
use super::signals::{ResponseSignals, Signals};
use super::stats::Stats;
use super::wait_budget::{TooLong, WaitBudget};
use crate::clock::Clock;
use crate::config::{RateLimit, Source, Stream};
use crate::error::{Error, ErrorKind};
use crate::redact::SafeUrl;

/// Redirects that are followed at most.
const MAX_REDIRECTS: usize = 5;
/// The characters of such a URL that are shown.
const LONGEST_SHOWN: usize = 100;
/// The longest URL that HTTP libraries carry.
const LONGEST_URL: usize = u16::MAX as usize - 1;

/// What is said of a server that does not take the certificate of the client, or that there is none.
const REFUSED: &str = "the server refuses the certificate of the client, or asks for one: `tls` names it";

/// A request as the paginator makes it: without credentials.
#[derive(Clone, Debug)]
pub(crate) struct ApiRequest {
    /// GET, POST, PUT or PATCH.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// The URL is the source's `base_url` with something appended; else the API has given it.
    pub below_base: bool,
    /// Headers of the source file.
    pub headers: HeaderMap,
    /// It moves a place that the API keeps: it is sent once, if it may have arrived.
    pub is_once: bool,
    /// What it carries.
    pub body: Option<RequestContent>,
    /// What tells others that it has left, where that matters.
    pub on_its_way: Option<OnItsWay>,
}

/// A response whose body is still to be read.
pub(crate) struct Response {
    /// The status code.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The URL that answered, after redirects. Where the API's base URL came with the token, it has the
    /// origin of the source's `base_url` instead: what is made of it, and perhaps saved, is then good
    /// for whatever base the next token comes with.
    pub url: Url,
    /// The body.
    pub body: ResponseBody,
    pub(super) signals: Signals,
    /// The credential it was sent with.
    pub credential: Arc<Credential>,
}

impl Response {
    /// The response's rate-limit signals.
    pub(crate) fn rate_signals(&self) -> ResponseSignals {
        ResponseSignals(self.signals)
    }
}

/// Why an attempt brought no response.
#[derive(Debug)]
pub(crate) enum SendError {
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

impl From<ProxyFault> for SendError {
    fn from(fault: ProxyFault) -> Self {
        if fault.is_transient() {
            Self::Transient(fault.to_string(), None)
        } else {
            Self::Fatal(Error::new(fault.kind(), fault))
        }
    }
}

/// Calls one stream's API.
#[derive(Debug)]
pub(crate) struct Client {
    source: String,
    connector: Connector,
    auth: Arc<Authenticator>,
    egress: Arc<Egress>,
    base_url: Url,
    limiter: Arc<Limiter>,
    settings: RateLimit,
    stats: Arc<Stats>,
    clock: Arc<dyn Clock>,
    budget: Duration,
}

impl Client {
    /// A client for one stream, which counts in `stats`; no connection is made yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when TLS cannot be set up.
    pub(crate) fn new(
        source: &Source,
        stream: &Stream,
        auth: Arc<Authenticator>,
        limiter: Arc<Limiter>,
        stats: Arc<Stats>,
        (proxies, clock): (Proxies, Arc<dyn Clock>),
    ) -> Result<Self, Error> {
        let egress = Arc::new(Egress::new(source));
        let connector = Connector::new(source, stream, egress.clone(), proxies)?;
        Ok(Self {
            source: source.name.clone(),
            connector,
            auth,
            egress,
            base_url: source.base_url.clone(),
            limiter,
            settings: stream.rate_limit.clone(),
            stats,
            clock,
            budget: stream.retry.budget,
        })
    }

    /// The source's name.
    pub(crate) fn source(&self) -> &str {
        &self.source
    }

    /// What this client counts.
    pub(crate) fn stats(&self) -> &Arc<Stats> {
        &self.stats
    }

    /// The source's limiter.
    pub(crate) fn limiter(&self) -> &Limiter {
        &self.limiter
    }

    /// The clock.
    pub(crate) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// The stream's authentication.
    pub(crate) fn auth(&self) -> &Arc<Authenticator> {
        &self.auth
    }

    /// What is logged of a message that may quote the API.
    pub(crate) fn told(&self, message: &str) -> String {
        self.auth.scrubber().told(message)
    }

    /// Sends the request once and follows redirects. `refused` is a credential that the API has
    /// just answered with 401: a new one is made.
    pub(crate) async fn send(
        &self,
        request: &ApiRequest,
        refused: Option<&Arc<Credential>>,
        wait_budget: &WaitBudget,
    ) -> Result<Response, SendError> {
        // Without a token it is not known yet where the API is.
        if self.auth.auth().base_url_from().is_none() {
            self.egress.permit(&request.url, None).map_err(|error| SendError::Fatal(error.into()))?;
        }
        let clients = self.connector.clients(&self.auth).await?;
        let endpoint = self.endpoint(clients.known.clone(), wait_budget);
        let credential = match refused {
            Some(refused) => self.auth.renew(refused, endpoint).await?,
            None => self.auth.credential(endpoint).await?,
        };
        let mut url = self.located(request, &credential);
        for _ in 0..=MAX_REDIRECTS {
            self.limiter.turn(wait_budget, self.budget, &self.stats).await.map_err(SendError::Wait)?;
            let response = self.send_to(url.clone(), request, &credential, &clients).await?;
            self.stats.api_clock(api_clock::behind(response.headers(), self.clock.now()));
            let signals = Signals::of(response.headers(), &self.settings, self.clock.now());
            if let Some(wait) = signals.wait_for_others(self.limiter.kept()) {
                self.limiter.yield_for(wait);
            }
            if let Some(wait) = signals.wait_after_success()
                && !wait.is_zero()
            {
                self.limiter.pause(wait);
            }
            if !response.status().is_redirection() || !response.headers().contains_key(LOCATION) {
                return Ok(self.open(response, url, signals, credential));
            }
            url =
                redirect_target(request, &url, response.headers()).map_err(|e| SendError::Fatal(e.into()))?;
        }
        Err(SendError::Fatal(EgressError::Redirect("more than 5 in a row").into()))
    }

    fn endpoint(&self, http: Routes, wait_budget: &WaitBudget) -> Endpoint {
        Endpoint {
            http,
            egress: self.egress.clone(),
            stats: self.stats.clone(),
            clock: self.clock.clone(),
            base_url: self.base_url.clone(),
            wait_budget: wait_budget.clone(),
            budget: self.budget,
        }
    }

    /// The request's URL at the base that came with the token.
    fn located(&self, request: &ApiRequest, credential: &Credential) -> Url {
        let url = &request.url;
        match credential.base() {
            Some(base) if url.origin() == self.base_url.origin() => {
                let below = request.below_base.then(|| rebased(url, &self.base_url, base)).flatten();
                below.unwrap_or_else(|| with_origin(url, base))
            }
            _ => url.clone(),
        }
    }

    async fn send_to(
        &self,
        mut url: Url,
        request: &ApiRequest,
        credential: &Credential,
        clients: &HttpClients,
    ) -> Result<reqwest::Response, SendError> {
        // It would be sent in place of the credential, or beside it.
        strip_user(&mut url);
        let credentials =
            self.egress.permit(&url, credential.base()).map_err(|error| SendError::Fatal(error.into()))?;
        let mut headers = HeaderMap::new();
        headers.insert(
            ACCEPT,
            HeaderValue::from_static("application/json, application/x-ndjson;q=0.9, */*;q=0.1"),
        );
        // A page out of a cache would be one of another time than those beside it.
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static(body::ACCEPT_ENCODING));
        if let Some(content) = &request.body {
            headers.insert(CONTENT_TYPE, content.kind.media_type());
        }
        for (name, value) in &request.headers {
            headers.insert(name.clone(), value.clone());
        }
        let body = request.body.as_ref().map(|content| credential.fill(content));
        match credentials {
            Credentials::Sent => credential.apply(&mut url, &mut headers),
            // The API may have repeated a secret in what leads there.
            Credentials::Withheld => {
                let is_free = credential.strip(&mut url, &mut headers);
                self.check_free((&url, is_free), &headers, body.as_deref())
                    .map_err(|error| SendError::Fatal(error.into()))?;
            }
        }
        if url.as_str().len() > LONGEST_URL {
            return Err(SendError::Fatal(too_long(&url)));
        }
        let is_let_in = matches!(credentials, Credentials::Sent);
        if is_let_in {
            let whole = (&mut url, body.as_deref().unwrap_or_default());
            let secrets = credential.sign(&request.method, whole, &mut headers, self.clock.now()).await?;
            self.learn(&secrets);
        }
        let http = if is_let_in { &clients.known } else { &clients.strangers };
        let holds = if is_let_in && !credential.is_empty() { Holds::Credentials } else { Holds::Nothing };
        let mut builder = http.to(&url).request(request.method.clone(), url).headers(headers);
        if let Some(body) = body {
            builder = builder.body(body);
        }
        self.stats.request();
        if let Some(way) = &request.on_its_way {
            way.leaves();
        }
        let response = http.send(builder, holds).await.map_err(|unsent| self.unsent(unsent, clients))?;
        if is_let_in {
            let secrets = credential.take_cookies(response.headers());
            self.learn(&secrets);
        }
        Ok(response)
    }

    /// What is never shown of a request.
    fn learn(&self, secrets: &[SecretString]) {
        for secret in secrets {
            self.auth.scrubber().learn(secret);
        }
    }

    /// Why a request brought no response.
    fn unsent(&self, unsent: Unsent, clients: &HttpClients) -> SendError {
        self.stats.api_error();
        let told = unsent.described();
        let error = match unsent {
            Unsent::Proxy(fault) => return fault.into(),
            Unsent::Failed(error, _) => error,
        };
        match egress_cause(&error) {
            Some(refused) => SendError::Fatal(refused.into()),
            None if error.is_builder() => SendError::Fatal(Error::new(ErrorKind::Data, told)),
            None if is_untrusted(&error) => SendError::Fatal(Error::new(ErrorKind::Api, told)),
            None if is_refused(&error) && self.connector.refuse(clients) => SendError::Transient(told, None),
            None if is_refused(&error) => {
                SendError::Fatal(Error::new(ErrorKind::Auth, format!("{told}: {REFUSED}")))
            }
            None if error.is_connect() => SendError::Transient(told, None),
            None => SendError::Lost(told),
        }
    }

    /// Whether a request to a host that gets no credentials has none in it, wherever the API put them.
    fn check_free(
        &self,
        (url, is_free): (&Url, bool),
        headers: &HeaderMap,
        body: Option<&[u8]>,
    ) -> Result<(), EgressError> {
        let values = headers.values().map(HeaderValue::as_bytes).chain(body);
        let texts = values.map(String::from_utf8_lossy);
        let is_secret = |text: &str| self.auth.scrubber().finds_in(text);
        let holds = if !is_free || is_secret(url.as_str()) {
            "its URL"
        } else if texts.into_iter().any(|text| is_secret(&text)) {
            "a header or the body"
        } else {
            return Ok(());
        };
        Err(EgressError::HoldsSecret { host: host_and_port(url), holds })
    }

    fn open(
        &self,
        response: reqwest::Response,
        url: Url,
        signals: Signals,
        credential: Arc<Credential>,
    ) -> Response {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let url = match credential.base() {
            Some(base) if base.origin() == url.origin() => with_origin(&url, &self.base_url),
            _ => url,
        };
        Response { status, headers, url, body: ResponseBody::of(response), signals, credential }
    }
}

fn too_long(url: &Url) -> Error {
    let (length, shown) = (url.as_str().len(), SafeUrl(url).to_string());
    let shown: String = shown.chars().take(LONGEST_SHOWN).collect();
    let cause = format!("the URL has {length} bytes, at most {LONGEST_URL} can be sent ({shown}…)");
    Error::new(ErrorKind::Data, cause)
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
