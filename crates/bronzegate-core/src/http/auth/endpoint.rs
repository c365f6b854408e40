//! Calls of token endpoints and logins: one request, one answer, and what its status means.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::fault::TokenError;
use crate::clock::Clock;
use crate::config::{Address, RateLimit};
use crate::http::address::{Facts, Paths};
use crate::http::body::ResponseBody;
use crate::http::certificate::is_untrusted;
use crate::http::egress::{Egress, egress_cause};
use crate::http::proxy::{Holds, Routes, Unsent};
use crate::http::signals::Signals;
use crate::http::stats::Stats;
use crate::http::wait_budget::WaitBudget;
use crate::redact::SafeUrl;

/// The most that is read of a token endpoint's answer.
const LONGEST_ANSWER: usize = 1 << 20;

/// What it takes to call a token endpoint.
#[derive(Clone, Debug)]
pub(in crate::http) struct Endpoint {
    pub(in crate::http) http: Routes,
    pub(in crate::http) egress: Arc<Egress>,
    pub(in crate::http) stats: Arc<Stats>,
    pub(in crate::http) clock: Arc<dyn Clock>,
    /// What a login's path is appended to.
    pub(in crate::http) base_url: Url,
    /// The time of the run that needs the token.
    pub(in crate::http) wait_budget: WaitBudget,
    /// How long something may be tried again where there is no deadline.
    pub(in crate::http) budget: Duration,
}

/// A request for a token.
pub(super) struct TokenRequest {
    pub(super) method: Method,
    pub(super) url: Url,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<SecretString>,
}

/// A good answer.
pub(super) struct Answer {
    /// What the file's addresses lead to.
    pub(super) facts: Facts,
    /// The body.
    pub(super) body: Bytes,
    /// The URL as it may be shown.
    pub(super) shown: String,
}

impl TokenRequest {
    /// A form (RFC 6749, appendix B).
    pub(super) fn form(url: &Url, fields: &[(String, SecretString)]) -> Self {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in fields {
            form.append_pair(name, value.expose_secret());
        }
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        Self {
            method: Method::POST,
            url: url.clone(),
            headers: [(CONTENT_TYPE, kind)].into_iter().collect(),
            body: Some(form.finish().into()),
        }
    }
}

impl Endpoint {
    /// Sends the request and reads the answer.
    pub(super) async fn ask<'a>(
        &self,
        request: TokenRequest,
        addresses: impl IntoIterator<Item = &'a Address>,
    ) -> Result<Answer, TokenError> {
        let shown = SafeUrl(&request.url).to_string();
        let answer = self.exchange(request, &shown, Paths::of(addresses)).await;
        answer.map_err(|error| match error {
            TokenError::Transient(cause, wait) => {
                TokenError::Transient(format!("token endpoint {shown}: {cause}"), wait)
            }
            TokenError::Refused { cause, code } => {
                TokenError::Refused { cause: format!("token endpoint {shown}: {cause}"), code }
            }
            TokenError::Untrusted(cause) => TokenError::Untrusted(format!("token endpoint {shown}: {cause}")),
            refused @ (TokenError::Egress(_) | TokenError::Proxy(_)) => refused,
        })
    }

    async fn exchange(&self, request: TokenRequest, shown: &str, paths: Paths) -> Result<Answer, TokenError> {
        self.egress.permit_address(&request.url).map_err(TokenError::Egress)?;
        let mut builder = self
            .http
            .to(&request.url)
            .request(request.method, request.url.clone())
            .header(ACCEPT, "application/json")
            .headers(request.headers);
        if let Some(body) = request.body {
            builder = builder.body(body.expose_secret().to_owned());
        }
        self.stats.request();
        let response = self.http.send(builder, Holds::Credentials).await.map_err(|unsent| {
            self.stats.api_error();
            self::unsent(unsent)
        })?;
        let (status, headers) = (response.status(), response.headers().clone());
        let signals = Signals::of(&headers, &RateLimit::default(), self.clock.now());
        if status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429) {
            self.stats.api_error();
            let cause = format!("HTTP {}", status.as_u16());
            return Err(TokenError::Transient(cause, signals.wait_after_error()));
        }
        let body = ResponseBody::of(response)
            .start(LONGEST_ANSWER)
            .await
            .map_err(|fault| TokenError::Transient(fault.to_string(), None))?;
        if !status.is_success() {
            self.stats.api_error();
            return Err(refused(&format!("HTTP {}", status.as_u16()), &body));
        }
        let facts = Facts::of_answer(status.as_u16(), headers, request.url, paths, body.clone());
        Ok(Answer { facts, body, shown: shown.to_owned() })
    }
}

impl Answer {
    /// The error of an answer that is not what it should be.
    pub(super) fn lacks(&self, what: &str) -> TokenError {
        let shown = &self.shown;
        refused(&format!("token endpoint {shown}: its answer has no {what}"), &self.body)
    }
}

/// Why a request brought no answer.
fn unsent(unsent: Unsent) -> TokenError {
    let cause = unsent.cause();
    match unsent {
        Unsent::Proxy(fault) if fault.is_transient() => TokenError::Transient(cause, None),
        Unsent::Proxy(fault) => TokenError::Proxy(fault),
        Unsent::Failed(error, _) => match egress_cause(&error) {
            Some(refused) => TokenError::Egress(refused),
            None if is_untrusted(&error) => TokenError::Untrusted(cause),
            None => TokenError::Transient(cause, None),
        },
    }
}

/// A refusal with the endpoint's error code, if that is one word and so safe to show.
fn refused(cause: &str, body: &[u8]) -> TokenError {
    let json: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let code = json.get("error").and_then(serde_json::Value::as_str).filter(|code| {
        code.len() <= 64 && code.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    });
    let cause = code.map_or_else(|| cause.to_owned(), |code| format!("{cause} ({code})"));
    TokenError::Refused { cause, code: code.map(str::to_owned) }
}
