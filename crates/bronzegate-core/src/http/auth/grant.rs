//! The grants of `OAuth2` (RFC 6749), and the answer that is common to them.

use std::time::Duration;

use http::header::AUTHORIZATION;
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use url::Url;

use super::assertion::{SignedHeader, claims, client_claims, sign, thumbprint};
use super::base;
use super::endpoint::{Answer, Endpoint, TokenRequest};
use super::fault::{AuthFault, TokenError, fatal};
use super::keys::Keys;
use super::token::{Token, shortened};
use crate::config::{BaseUrlFrom, ClientAssertion, ClientAuth, ClientCredentials, JwtBearer, OAuth2Client};
use crate::secret::{Freshness, resolve};

/// An answer with an access token (RFC 6749, section 5.1).
pub(super) struct Granted {
    token: Token,
    /// The refresh token, where the endpoint names one.
    pub(super) refresh_token: Option<SecretString>,
    /// The base URL that the answer names, where it has to; it is judged when the token is taken, because
    /// the refresh token is good whatever became of that.
    base: Result<Option<Url>, TokenError>,
}

impl Granted {
    /// The access token.
    ///
    /// # Errors
    /// The answer names no base URL, or one that may not be called.
    pub(super) fn token(self) -> Result<Token, TokenError> {
        Ok(Token { base: self.base?, ..self.token })
    }
}

type Form = Vec<(String, SecretString)>;

#[derive(Deserialize)]
struct TokenAnswer {
    access_token: String,
    #[serde(default)]
    expires_in: Option<serde_json::Value>,
    #[serde(default)]
    refresh_token: Option<String>,
}

/// A token by the client's own credentials (section 4.4).
pub(super) async fn by_client(
    keys: &Keys,
    settings: &ClientCredentials,
    freshness: Freshness,
    endpoint: &Endpoint,
) -> Result<Token, AuthFault> {
    let (id, secret) = keys.client(&settings.client, freshness).await?;
    let mut form = vec![plain("grant_type", "client_credentials")];
    form.extend(settings.audience.iter().map(|audience| plain("audience", audience)));
    if let Some(assertion) = &settings.client_assertion {
        let signed = client_assertion(keys, settings, assertion, &id, freshness, endpoint).await?;
        form.push(plain("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"));
        form.push(("client_assertion".to_owned(), signed));
    }
    let request = client_request(keys, &settings.client, &id, secret.as_ref(), form)?;
    Ok(ask(keys, endpoint, request, settings.base_url_from.as_ref()).await?.token()?)
}

/// Who the client is, signed (RFC 7523 section 2.2; `OpenID` Connect Core section 9, `private_key_jwt`).
async fn client_assertion(
    keys: &Keys,
    settings: &ClientCredentials,
    assertion: &ClientAssertion,
    id: &SecretString,
    freshness: Freshness,
    endpoint: &Endpoint,
) -> Result<SecretString, AuthFault> {
    let key = keys.secret(&assertion.private_key, freshness).await?;
    let key_id = match &assertion.key_id {
        Some(key_id) => Some(keys.text(key_id, freshness).await?),
        None => None,
    };
    let thumbprint = match &assertion.certificate {
        // A certificate is no secret: it is shown to everybody.
        Some(certificate) => {
            let pem =
                resolve(&*keys.store, &certificate.secret, certificate.field.as_deref(), freshness).await?;
            let told = || fatal(format!("{certificate} is no certificate in PEM"));
            Some(thumbprint(pem.expose_secret()).ok_or_else(told)?)
        }
        None => None,
    };
    let audience = assertion.audience.as_deref().unwrap_or(settings.client.token_url.as_str());
    let claims = client_claims(assertion, id, audience, endpoint.clock.now());
    let header = SignedHeader { algorithm: assertion.algorithm, key_id, thumbprint };
    let signed = sign(header, &key, &claims).map_err(|error| fatal(error.about(&assertion.private_key)))?;
    keys.learn(&signed);
    Ok(signed)
}

/// A token by an assertion (RFC 7523, section 2.1).
pub(super) async fn by_assertion(
    keys: &Keys,
    settings: &JwtBearer,
    freshness: Freshness,
    endpoint: &Endpoint,
) -> Result<Token, AuthFault> {
    let key = keys.secret(&settings.private_key, freshness).await?;
    let issuer = keys.text(&settings.issuer, freshness).await?;
    let mut optional = [None, None];
    for (value, slot) in [&settings.subject, &settings.key_id].into_iter().zip(&mut optional) {
        if let Some(value) = value {
            *slot = Some(keys.text(value, freshness).await?);
        }
    }
    let [subject, key_id] = optional;
    let now = endpoint.clock.now();
    let header = SignedHeader { algorithm: settings.algorithm, key_id, thumbprint: None };
    let claims = claims(settings, &issuer, subject.as_ref(), now);
    let assertion = sign(header, &key, &claims).map_err(|error| fatal(error.about(&settings.private_key)))?;
    keys.learn(&assertion);
    let mut form = vec![plain("grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer")];
    form.push(("assertion".to_owned(), assertion));
    form.extend(settings.params.iter().map(|(name, value)| plain(name, value)));
    let request = TokenRequest::form(&settings.token_url, &form);
    Ok(ask(keys, endpoint, request, settings.base_url_from.as_ref()).await?.token()?)
}

/// The request of a client with its credentials, scopes and parameters.
pub(super) fn client_request(
    keys: &Keys,
    client: &OAuth2Client,
    id: &SecretString,
    secret: Option<&SecretString>,
    mut form: Form,
) -> Result<TokenRequest, AuthFault> {
    if !client.scopes.is_empty() {
        form.push(plain("scope", &client.scopes.join(" ")));
    }
    form.extend(client.params.iter().map(|(name, value)| plain(name, value)));
    if let Some(secret) = secret {
        // So that this form of the two is known as well.
        keys.basic(id.expose_secret(), secret.expose_secret())?;
    }
    match (client.client_auth, secret) {
        (ClientAuth::Basic, Some(secret)) => {
            // Section 2.3.1: both are form-encoded before they are joined.
            let encode = |text: &SecretString| -> String {
                url::form_urlencoded::byte_serialize(text.expose_secret().as_bytes()).collect()
            };
            let value = keys.basic(&encode(id), &encode(secret))?;
            let mut request = TokenRequest::form(&client.token_url, &form);
            request.headers.insert(AUTHORIZATION, value);
            Ok(request)
        }
        (_, secret) => {
            form.push(("client_id".to_owned(), id.clone()));
            form.extend(secret.map(|secret| ("client_secret".to_owned(), secret.clone())));
            Ok(TokenRequest::form(&client.token_url, &form))
        }
    }
}

/// Asks the endpoint; the tokens of its answer are known to the scrubber.
pub(super) async fn ask(
    keys: &Keys,
    endpoint: &Endpoint,
    request: TokenRequest,
    base_url_from: Option<&BaseUrlFrom>,
) -> Result<Granted, TokenError> {
    let addresses = base_url_from.map(|from| &from.at);
    let answer = endpoint.ask(request, addresses).await?;
    let base = base_url_from.map(|from| base::of(from, &answer, &endpoint.egress)).transpose();
    Ok(Granted { base, ..read(&answer, keys)? })
}

fn read(answer: &Answer, keys: &Keys) -> Result<Granted, TokenError> {
    let body: TokenAnswer =
        serde_json::from_slice(&answer.body).map_err(|_| answer.lacks("text member `access_token`"))?;
    let value = SecretString::from(body.access_token);
    let refresh_token = body.refresh_token.filter(|token| !token.is_empty()).map(SecretString::from);
    keys.learn(&value);
    if let Some(token) = &refresh_token {
        keys.learn(token);
    }
    let lifetime = lifetime(body.expires_in.as_ref());
    Ok(Granted { token: Token { value, cookies: None, lifetime, base: None }, refresh_token, base: Ok(None) })
}

pub(super) fn plain(name: &str, value: &str) -> (String, SecretString) {
    (name.to_owned(), SecretString::from(value.to_owned()))
}

/// `expires_in` as a number or, from some servers, as text.
fn lifetime(expires_in: Option<&serde_json::Value>) -> Option<Duration> {
    let expires_in = expires_in?;
    let seconds = expires_in.as_f64().or_else(|| expires_in.as_str()?.parse().ok())?;
    Some(shortened(Duration::try_from_secs_f64(seconds).ok()?))
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
