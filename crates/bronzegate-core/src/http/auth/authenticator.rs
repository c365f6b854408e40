//! Credentials: read from the vault, turned into what goes into a request, renewed on a 401.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Mutex;
use url::Url;

use super::oauth2::{self, TokenError};
use crate::clock::Clock;
use crate::config::{ApiKeyPlace, Auth, SecretRef, TextOrSecret};
use crate::error::{Error, ErrorKind};
use crate::redact::Scrubber;
use crate::secret::{Freshness, SecretError, SecretStore, resolve};

/// What goes into a request so that the API lets it in. Its `Debug` shows no value.
#[derive(Clone, Debug, Default)]
pub struct Credential {
    headers: HeaderMap,
    query: Option<(String, SecretString)>,
    /// When an access token stops being used, on the clock's `elapsed`.
    expires: Option<Duration>,
}

impl Credential {
    /// Puts the credential into a request.
    pub(super) fn apply(&self, url: &mut Url, headers: &mut HeaderMap) {
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
        if let Some((name, value)) = &self.query {
            strip_parameter(url, name);
            url.query_pairs_mut().append_pair(name, value.expose_secret());
        }
    }
}

impl Credential {
    /// Takes a credential that travels in the query out of a URL.
    pub(super) fn strip(&self, url: &mut Url) {
        if let Some((name, _)) = &self.query {
            strip_parameter(url, name);
        }
    }
}

/// Takes a query parameter out of a URL.
pub(crate) fn strip_parameter(url: &mut Url, name: &str) {
    if !url.query_pairs().any(|(key, _)| key == name) {
        return;
    }
    // The other parameters keep their own spelling: a signed or opaque URL must not be rebuilt.
    let kept: Vec<&str> = url
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| url::form_urlencoded::parse(pair.as_bytes()).next().is_none_or(|(key, _)| key != name))
        .collect();
    let kept = kept.join("&");
    url.set_query((!kept.is_empty()).then_some(&kept));
}

/// Reads and renews the credential of one stream.
#[derive(Debug)]
pub struct Authenticator {
    auth: Auth,
    secrets: Arc<dyn SecretStore>,
    scrubber: Arc<Scrubber>,
    clock: Arc<dyn Clock>,
    current: Mutex<Option<Arc<Credential>>>,
}

/// Why there is no credential.
#[derive(Debug)]
pub(super) enum AuthFault {
    /// It will not help to try again.
    Fatal(Error),
    /// The token endpoint may answer later.
    Transient(String, Option<Duration>),
}

impl From<SecretError> for AuthFault {
    fn from(error: SecretError) -> Self {
        Self::Fatal(error.into())
    }
}

impl Authenticator {
    /// Makes an authenticator; nothing is read yet.
    pub fn new(
        auth: Auth,
        secrets: Arc<dyn SecretStore>,
        scrubber: Arc<Scrubber>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self { auth, secrets, scrubber, clock, current: Mutex::default() }
    }

    /// The query parameter that carries the credential, if one does.
    pub fn query_parameter(&self) -> Option<&str> {
        match &self.auth {
            Auth::ApiKey { place: ApiKeyPlace::Query(name), .. } => Some(name),
            _ => None,
        }
    }

    /// Whether a request carries anything that could be renewed.
    pub fn is_renewable(&self) -> bool {
        !matches!(self.auth, Auth::None)
    }

    /// The credential, from the cache while it is good.
    pub(super) async fn credential(
        &self,
        tokens: &oauth2::Endpoint<'_>,
    ) -> Result<Arc<Credential>, AuthFault> {
        let mut current = self.current.lock().await;
        if let Some(credential) = &*current
            && credential.expires.is_none_or(|expires| self.clock.elapsed() < expires)
        {
            return Ok(credential.clone());
        }
        let fresh = Arc::new(self.make(Freshness::Cached, tokens).await?);
        Ok(current.insert(fresh).clone())
    }

    /// A new credential in place of one the API has refused; the secret is read again. Where
    /// another request has renewed it already, that one is taken.
    pub(super) async fn renew(
        &self,
        refused: &Arc<Credential>,
        tokens: &oauth2::Endpoint<'_>,
    ) -> Result<Arc<Credential>, AuthFault> {
        let mut current = self.current.lock().await;
        if let Some(credential) = &*current
            && !Arc::ptr_eq(credential, refused)
        {
            return Ok(credential.clone());
        }
        *current = None;
        let fresh = Arc::new(self.make(Freshness::Fresh, tokens).await?);
        Ok(current.insert(fresh).clone())
    }

    async fn make(
        &self,
        freshness: Freshness,
        tokens: &oauth2::Endpoint<'_>,
    ) -> Result<Credential, AuthFault> {
        let mut credential = Credential::default();
        match &self.auth {
            Auth::None => {}
            Auth::Bearer { token } => {
                let token = self.secret(token, freshness).await?;
                credential.headers.insert(AUTHORIZATION, bearer(&token)?);
            }
            Auth::Basic { username, password } => {
                let username = self.text(username, freshness).await?;
                let password = match password {
                    Some(password) => self.secret(password, freshness).await?,
                    None => String::new().into(),
                };
                credential.headers.insert(AUTHORIZATION, self.basic(&username, &password)?);
            }
            Auth::ApiKey { place, value, prefix } => {
                let value = self.secret(value, freshness).await?;
                match place {
                    ApiKeyPlace::Header(name) => {
                        let text =
                            format!("{}{}", prefix.as_deref().unwrap_or_default(), value.expose_secret());
                        credential.headers.insert(header_name(name)?, header_value(&text)?);
                    }
                    ApiKeyPlace::Query(name) => credential.query = Some((name.clone(), value)),
                }
            }
            Auth::Headers { headers } => {
                for (name, value) in headers {
                    let value = self.text(value, freshness).await?;
                    credential.headers.insert(header_name(name)?, header_value(value.expose_secret())?);
                }
            }
            Auth::OAuth2ClientCredentials { .. } => {
                let (token, lifetime) = self.access_token(freshness, tokens).await?;
                credential.headers.insert(AUTHORIZATION, bearer(&token)?);
                credential.expires = lifetime.map(|lifetime| self.clock.elapsed() + lifetime);
            }
        }
        Ok(credential)
    }

    /// Asks the token endpoint; the lifetime is already shortened by a margin.
    async fn access_token(
        &self,
        freshness: Freshness,
        tokens: &oauth2::Endpoint<'_>,
    ) -> Result<(SecretString, Option<Duration>), AuthFault> {
        let Auth::OAuth2ClientCredentials { client_id, client_secret, .. } = &self.auth else {
            return Err(fatal("no token endpoint is configured"));
        };
        let id = self.text(client_id, freshness).await?;
        let secret = self.secret(client_secret, freshness).await?;
        self.basic(&id, &secret)?; // So that this form of the two is scrubbed as well.
        let request = oauth2::request(&self.auth, &id, &secret);
        let answer = tokens.ask(request).await.map_err(|error| match error {
            TokenError::Transient(cause, wait) => AuthFault::Transient(self.scrubber.scrub(&cause), wait),
            TokenError::Refused(cause) => fatal(self.scrubber.scrub(&cause)),
            TokenError::Egress(cause) => AuthFault::Fatal(cause.into()),
        })?;
        self.scrubber.learn(&answer.token);
        Ok((answer.token, answer.lifetime))
    }

    async fn secret(&self, reference: &SecretRef, freshness: Freshness) -> Result<SecretString, SecretError> {
        let secret =
            resolve(&*self.secrets, &reference.secret, reference.field.as_deref(), freshness).await?;
        self.scrubber.learn(&secret);
        Ok(secret)
    }

    async fn text(&self, value: &TextOrSecret, freshness: Freshness) -> Result<SecretString, SecretError> {
        match value {
            TextOrSecret::Text(text) => Ok(text.clone().into()),
            TextOrSecret::Secret(reference) => self.secret(reference, freshness).await,
        }
    }

    /// HTTP Basic (RFC 7617).
    fn basic(&self, username: &SecretString, password: &SecretString) -> Result<HeaderValue, AuthFault> {
        let pair = STANDARD.encode(format!("{}:{}", username.expose_secret(), password.expose_secret()));
        self.scrubber.learn(&pair.clone().into());
        header_value(&format!("Basic {pair}"))
    }
}

fn bearer(token: &SecretString) -> Result<HeaderValue, AuthFault> {
    header_value(&format!("Bearer {}", token.expose_secret()))
}

fn header_name(name: &str) -> Result<HeaderName, AuthFault> {
    name.parse().map_err(|_| fatal(format!("`{name}` is not a header name")))
}

fn header_value(text: &str) -> Result<HeaderValue, AuthFault> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| fatal("a secret holds characters that cannot be sent in a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

fn fatal(cause: impl Into<String>) -> AuthFault {
    AuthFault::Fatal(Error::new(ErrorKind::Auth, cause.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_taken_out_without_touching_the_others() {
        for (before, after) in [
            ("https://x/?api_key=k&a=1%2C2&b=+c", "https://x/?a=1%2C2&b=+c"),
            ("https://x/?a=1&api%5Fkey=k", "https://x/?a=1"),
            ("https://x/?api_key=k", "https://x/"),
            ("https://x/?a=%7E", "https://x/?a=%7E"),
        ] {
            let mut url = Url::parse(before).unwrap();
            strip_parameter(&mut url, "api_key");
            assert_eq!(url.as_str(), after);
        }
    }
}
