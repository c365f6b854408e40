//! Access tokens by the client credentials grant (RFC 6749, section 4.4).

use std::time::Duration;

use http::header::{ACCEPT, CONTENT_TYPE};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use super::body::{Body, innermost};
use super::egress::{Egress, EgressError};
use super::signals::Signals;
use super::stats::Stats;
use crate::clock::Clock;
use crate::config::{Auth, ClientAuth, RateLimit};
use crate::redact::SafeUrl;

/// The most that is read of a token endpoint's answer.
const LONGEST_ANSWER: usize = 1 << 20;
/// A token is renewed this long before it expires, or after nine tenths of a shorter life.
const MARGIN: Duration = Duration::from_mins(1);

/// A request for a token.
pub(super) struct TokenRequest {
    url: Url,
    form: Vec<(String, SecretString)>,
    basic: Option<(SecretString, SecretString)>,
}

/// A token, and for how long it may be used.
pub(super) struct TokenAnswer {
    pub(super) token: SecretString,
    pub(super) lifetime: Option<Duration>,
}

/// Why there is no token.
pub(super) enum TokenError {
    /// The endpoint failed in a way that may pass; how long it asks to wait.
    Transient(String, Option<Duration>),
    /// The endpoint refuses the client, or its answer is not one.
    Refused(String),
    /// The endpoint may not be called.
    Egress(EgressError),
}

/// What it takes to call a token endpoint.
pub(super) struct Endpoint<'a> {
    pub(super) http: &'a reqwest::Client,
    pub(super) egress: &'a Egress,
    pub(super) stats: &'a Stats,
    pub(super) clock: &'a dyn Clock,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    #[serde(default)]
    expires_in: Option<serde_json::Value>,
}

/// The request that an `oauth2_client_credentials` setting makes.
pub(super) fn request(auth: &Auth, id: &SecretString, secret: &SecretString) -> TokenRequest {
    let Auth::OAuth2ClientCredentials { token_url, scopes, audience, params, client_auth, .. } = auth else {
        unreachable!("only this kind of authentication asks for tokens");
    };
    let plain = |name: &str, value: &str| (name.to_owned(), SecretString::from(value.to_owned()));
    let mut form = vec![plain("grant_type", "client_credentials")];
    if !scopes.is_empty() {
        form.push(plain("scope", &scopes.join(" ")));
    }
    form.extend(audience.iter().map(|audience| plain("audience", audience)));
    form.extend(params.iter().map(|(name, value)| plain(name, value)));
    let basic = match client_auth {
        ClientAuth::Body => {
            form.push(("client_id".to_owned(), id.clone()));
            form.push(("client_secret".to_owned(), secret.clone()));
            None
        }
        ClientAuth::Basic => Some((id.clone(), secret.clone())),
    };
    TokenRequest { url: token_url.clone(), form, basic }
}

impl Endpoint<'_> {
    /// Sends the request and reads the token.
    pub(super) async fn ask(&self, request: TokenRequest) -> Result<TokenAnswer, TokenError> {
        self.egress.permit_address(&request.url).map_err(TokenError::Egress)?;
        let shown = SafeUrl(&request.url).to_string();
        let mut builder = self
            .http
            .post(request.url.clone())
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(ACCEPT, "application/json")
            .body(encode_form(&request.form));
        if let Some((id, secret)) = &request.basic {
            // RFC 6749, section 2.3.1: both are form-encoded before they are joined.
            let encode = |text: &SecretString| -> String {
                url::form_urlencoded::byte_serialize(text.expose_secret().as_bytes()).collect()
            };
            builder = builder.basic_auth(encode(id), Some(encode(secret)));
        }
        self.stats.request();
        let transient =
            |cause: String, wait| TokenError::Transient(format!("token endpoint {shown}: {cause}"), wait);
        let response = builder.send().await.map_err(|error| {
            self.stats.api_error();
            match super::egress::egress_cause(&error) {
                Some(refused) => TokenError::Egress(refused),
                None => transient(innermost(&error), None),
            }
        })?;
        let status = response.status();
        let signals = Signals::of(response.headers(), &RateLimit::default(), self.clock.now());
        if status.is_server_error() || matches!(status.as_u16(), 408 | 425 | 429) {
            self.stats.api_error();
            return Err(transient(format!("HTTP {}", status.as_u16()), signals.wait_after_error()));
        }
        let text = Body::of(response)
            .start(LONGEST_ANSWER)
            .await
            .map_err(|fault| transient(fault.to_string(), None))?;
        let refused = |cause: String| {
            self.stats.api_error();
            TokenError::Refused(format!("token endpoint {shown}: {cause}"))
        };
        if !status.is_success() {
            return Err(refused(format!("HTTP {}{}", status.as_u16(), error_code(&text))));
        }
        let answer: Answer = serde_json::from_slice(&text)
            .map_err(|_| refused("its answer has no text member `access_token`".to_owned()))?;
        Ok(TokenAnswer { lifetime: lifetime(answer.expires_in.as_ref()), token: answer.access_token.into() })
    }
}

fn encode_form(fields: &[(String, SecretString)]) -> String {
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in fields {
        form.append_pair(name, value.expose_secret());
    }
    form.finish()
}

/// `expires_in` as a number or, from some servers, as text.
fn lifetime(expires_in: Option<&serde_json::Value>) -> Option<Duration> {
    let expires_in = expires_in?;
    let seconds = expires_in.as_f64().or_else(|| expires_in.as_str()?.parse().ok())?;
    let life = Duration::try_from_secs_f64(seconds).ok()?;
    Some(life.saturating_sub(MARGIN).max(life.mul_f64(0.9).min(MARGIN)))
}

/// The OAuth error code of a refusal (RFC 6749, section 5.2): one word, safe to show.
fn error_code(body: &[u8]) -> String {
    let json: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    match json.get("error").and_then(serde_json::Value::as_str) {
        Some(code) if code.len() <= 64 && code.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') => {
            format!(" ({code})")
        }
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_renewed_a_minute_before_it_expires_or_after_most_of_a_short_life() {
        for (expires_in, seconds) in [(3600, 3540), (120, 60), (60, 54), (10, 9), (0, 0)] {
            let life = lifetime(Some(&expires_in.into())).unwrap();
            assert_eq!(life.as_secs(), seconds, "{expires_in}");
        }
        assert_eq!(lifetime(Some(&"3600".into())).unwrap().as_secs(), 3540);
        assert_eq!(lifetime(Some(&"never".into())), None);
    }
}
