//! Tokens of an `OAuth2` endpoint, by the client's own credentials or by a refresh token.
//!
//! ```yaml
//! auth:
//!   type: oauth2_refresh_token
//!   token_url: https://identity.xero.com/connect/token
//!   client_id: 4E6D…
//!   client_secret: { secret: xero, field: client_secret }
//!   refresh_token: { secret: xero, field: refresh_token }   # written back when the endpoint replaces it
//! ```

use schemars::JsonSchema;
use serde::Deserialize;
use url::Url;

use super::base_url_from::{BaseUrlFrom, BaseUrlFromSpec};
use super::client_assertion::{ClientAssertion, ClientAssertionSpec};
use super::fixed::refuse_written_secret;
use crate::config::base_url::{self, Query};
use crate::config::problem::{At, Report};
use crate::config::read::{Entries, Slot};
use crate::config::secret_ref::{
    SecretRef, SecretSpec, TextOrSecret, TextOrSecretSpec, secret, text_or_secret,
};

/// A client of a token endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct OAuth2Client {
    /// The token endpoint.
    pub token_url: Url,
    /// The client's id.
    pub client_id: TextOrSecret,
    /// The client's secret; a public client has none.
    pub client_secret: Option<SecretRef>,
    /// Where the client's credentials go (body).
    pub client_auth: ClientAuth,
    /// The scopes asked for.
    pub scopes: Vec<String>,
    /// Further parameters of the token request.
    pub params: Vec<(String, String)>,
}

/// Where the client's credentials go in a token request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ClientAuth {
    /// As `client_id` and `client_secret` of the form.
    #[default]
    Body,
    /// As HTTP Basic.
    Basic,
}

/// The grant by the client's own credentials (RFC 6749 section 4.4).
#[derive(Clone, Debug, PartialEq)]
pub struct ClientCredentials {
    /// The client.
    pub client: OAuth2Client,
    /// The signed assertion in place of its secret.
    pub client_assertion: Option<ClientAssertion>,
    /// The audience asked for.
    pub audience: Option<String>,
    /// The API's base URL comes with the token.
    pub base_url_from: Option<BaseUrlFrom>,
}

/// The grant by a refresh token (RFC 6749 section 6).
#[derive(Clone, Debug, PartialEq)]
pub struct RefreshToken {
    /// The client.
    pub client: OAuth2Client,
    /// The refresh token, which the vault has to take again when the endpoint replaces it.
    pub refresh_token: SecretRef,
    /// The API's base URL comes with the token.
    pub base_url_from: Option<BaseUrlFrom>,
}

/// A token fetched with the client's own credentials.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(in crate::config) struct ClientCredentialsSpec {
    /// The token endpoint; it receives the client's credentials only.
    token_url: Slot<String>,
    /// The client's id.
    client_id: Slot<TextOrSecretSpec>,
    /// The client's secret.
    client_secret: Option<Slot<SecretSpec>>,
    /// A signed assertion in place of the secret (`private_key_jwt`).
    client_assertion: Option<Slot<ClientAssertionSpec>>,
    /// The scopes asked for.
    scopes: Option<Slot<Vec<Slot<String>>>>,
    /// The audience asked for.
    audience: Option<Slot<String>>,
    /// Further parameters of the token request.
    params: Option<Slot<Entries<String>>>,
    /// Where the client's credentials go; default body.
    client_auth: Option<Slot<ClientAuth>>,
    /// Where the token's answer names the API's base URL.
    base_url_from: Option<Slot<BaseUrlFromSpec>>,
}

/// A token fetched with a refresh token.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(in crate::config) struct RefreshTokenSpec {
    /// The token endpoint; it receives the client's credentials and the refresh token only.
    token_url: Slot<String>,
    /// The client's id.
    client_id: Slot<TextOrSecretSpec>,
    /// The client's secret; a public client has none.
    client_secret: Option<Slot<SecretSpec>>,
    /// The refresh token's secret; the vault has to be writable.
    refresh_token: Slot<SecretSpec>,
    /// The scopes asked for.
    scopes: Option<Slot<Vec<Slot<String>>>>,
    /// Further parameters of the token request.
    params: Option<Slot<Entries<String>>>,
    /// Where the client's credentials go; default body.
    client_auth: Option<Slot<ClientAuth>>,
    /// Where the token's answer names the API's base URL.
    base_url_from: Option<Slot<BaseUrlFromSpec>>,
}

impl ClientCredentialsSpec {
    pub(super) fn resolve(&self, at: &At, allow_http: bool, report: &Report) -> Option<ClientCredentials> {
        let token_url = token_url(&self.token_url, allow_http, report);
        let base_url_from = BaseUrlFromSpec::resolve(self.base_url_from.as_ref(), token_url.as_ref(), report);
        if self.client_secret.is_some() == self.client_assertion.is_some() {
            report.say(at, "needs exactly one of client_secret and client_assertion");
            return None;
        }
        if let (Some(_), Some(slot)) = (&self.client_assertion, &self.client_auth) {
            report.say(slot.at(), "means nothing beside client_assertion, which goes into the body");
        }
        let client_assertion = match &self.client_assertion {
            Some(slot) => Some(slot.get()?.resolve(report)?),
            None => None,
        };
        Some(ClientCredentials {
            client: OAuth2Client {
                token_url: token_url?,
                client_id: text_or_secret(self.client_id.get()?)?,
                client_secret: match &self.client_secret {
                    Some(slot) => Some(secret(slot)?),
                    None => None,
                },
                client_auth: self.client_auth.as_ref().and_then(Slot::cloned).unwrap_or_default(),
                scopes: texts(self.scopes.as_ref()),
                params: token_params(
                    self.params.as_ref(),
                    &[("audience", "the key audience sets it")],
                    report,
                ),
            },
            client_assertion,
            audience: self.audience.as_ref().and_then(Slot::cloned),
            base_url_from,
        })
    }
}

impl RefreshTokenSpec {
    pub(super) fn resolve(&self, allow_http: bool, report: &Report) -> Option<RefreshToken> {
        let token_url = token_url(&self.token_url, allow_http, report);
        let base_url_from = BaseUrlFromSpec::resolve(self.base_url_from.as_ref(), token_url.as_ref(), report);
        let client_auth = self.client_auth.as_ref().and_then(Slot::cloned).unwrap_or_default();
        if let (Some(slot), ClientAuth::Basic, None) = (&self.client_auth, client_auth, &self.client_secret) {
            report.say(slot.at(), "basic needs client_secret; a public client sends its id in the body");
        }
        Some(RefreshToken {
            client: OAuth2Client {
                token_url: token_url?,
                client_id: text_or_secret(self.client_id.get()?)?,
                client_secret: match &self.client_secret {
                    Some(slot) => Some(secret(slot)?),
                    None => None,
                },
                client_auth,
                scopes: texts(self.scopes.as_ref()),
                params: token_params(
                    self.params.as_ref(),
                    &[("refresh_token", "the key refresh_token sets it")],
                    report,
                ),
            },
            refresh_token: secret(&self.refresh_token)?,
            base_url_from,
        })
    }
}

impl ClientCredentials {
    /// Returns the secrets it needs.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretRef> {
        self.client.secrets().chain(self.client_assertion.iter().flat_map(ClientAssertion::secrets))
    }
}

impl OAuth2Client {
    /// Returns the secrets it needs.
    pub fn secrets(&self) -> impl Iterator<Item = &SecretRef> {
        self.client_id.secret().into_iter().chain(&self.client_secret)
    }
}

pub(super) fn token_url(slot: &Slot<String>, allow_http: bool, report: &Report) -> Option<Url> {
    base_url::check(slot.get()?, Query::Allowed, allow_http, slot.at(), report)
}

pub(super) fn texts(slot: Option<&Slot<Vec<Slot<String>>>>) -> Vec<String> {
    slot.and_then(Slot::get).into_iter().flatten().filter_map(Slot::cloned).collect()
}

/// Parameters that other keys set, whatever the grant.
const TAKEN: [(&str, &str); 6] = [
    ("client_assertion", "the key client_assertion sets it"),
    ("client_assertion_type", "the key client_assertion sets it"),
    ("grant_type", "the type sets it"),
    ("client_id", "the key client_id sets it"),
    ("client_secret", "the key client_secret sets it"),
    ("scope", "the key scopes sets it"),
];

fn token_params(
    slot: Option<&Slot<Entries<String>>>,
    more: &[(&str, &str)],
    report: &Report,
) -> Vec<(String, String)> {
    let taken: Vec<_> = TAKEN.iter().chain(more).copied().collect();
    params(slot, &taken, report)
}

/// Parameters of a token request, but those that are `taken`.
pub(super) fn params(
    slot: Option<&Slot<Entries<String>>>,
    taken: &[(&str, &str)],
    report: &Report,
) -> Vec<(String, String)> {
    let mut params = Vec::new();
    for (name, slot) in slot.and_then(Slot::get).map_or(&[][..], |entries| &entries.0) {
        match taken.iter().find(|(taken, _)| taken == name) {
            Some((_, why)) => report.say(slot.at(), format!("cannot be given here: {why}")),
            None => refuse_written_secret(name, slot.at(), report),
        }
        if let Some(value) = slot.cloned() {
            params.push((name.clone(), value));
        }
    }
    params
}
