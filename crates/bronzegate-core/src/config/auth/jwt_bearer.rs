//! Service accounts: a signed assertion is exchanged for a token (RFC 7523).
//!
//! ```yaml
//! auth:                                            # a Google key file as the secret
//!   type: jwt_bearer
//!   token_url: https://oauth2.googleapis.com/token
//!   private_key: { secret: google-key, field: private_key }
//!   issuer: { secret: google-key, field: client_email }
//!   scopes: [https://www.googleapis.com/auth/analytics.readonly]
//! ```

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use url::Url;

use super::base_url_from::{BaseUrlFrom, BaseUrlFromSpec};
use super::fixed::refuse_written_secret;
use super::oauth2::{params, texts, token_url};
use crate::config::problem::{Draft, Report};
use crate::config::read::{Entries, Slot};
use crate::config::secret_ref::{
    SecretRef, SecretSpec, TextOrSecret, TextOrSecretSpec, secret, text_or_secret,
};
use crate::config::units::Period;

/// The grant by an assertion (RFC 7523 section 2.1).
#[derive(Clone, Debug, PartialEq)]
pub struct JwtBearer {
    /// The token endpoint.
    pub token_url: Url,
    /// The key that signs, in PEM.
    pub private_key: SecretRef,
    /// Which of the account's keys that is: the header `kid`.
    pub key_id: Option<TextOrSecret>,
    /// The claim `iss`.
    pub issuer: TextOrSecret,
    /// The claim `sub`: on whose behalf.
    pub subject: Option<TextOrSecret>,
    /// The claim `aud`; `token_url` as it stands in the file without it.
    pub audience: String,
    /// The claim `scope`, as Google reads it; a server that wants it in the form takes it from `params`.
    pub scopes: Vec<String>,
    /// How the assertion is signed (RS256).
    pub algorithm: Algorithm,
    /// How long the assertion is valid (1h).
    pub lifetime: Duration,
    /// Further claims.
    pub claims: Vec<(String, Value)>,
    /// Further parameters of the token request.
    pub params: Vec<(String, String)>,
    /// The API's base URL comes with the token.
    pub base_url_from: Option<BaseUrlFrom>,
}

/// How an assertion is signed (RFC 7518 section 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum Algorithm {
    /// RSA PKCS #1 v1.5 with SHA-256; the key is PKCS #1 or PKCS #8.
    #[default]
    #[serde(rename = "RS256")]
    Rs256,
    /// RSA PKCS #1 v1.5 with SHA-384.
    #[serde(rename = "RS384")]
    Rs384,
    /// RSA PSS with SHA-256.
    #[serde(rename = "PS256")]
    Ps256,
    /// ECDSA on P-256 with SHA-256; the key is PKCS #8.
    #[serde(rename = "ES256")]
    Es256,
    /// ECDSA on P-384 with SHA-384; the key is PKCS #8.
    #[serde(rename = "ES384")]
    Es384,
}

/// A token fetched with a signed assertion.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(in crate::config) struct JwtBearerSpec {
    /// The token endpoint; it receives the assertion only.
    token_url: Slot<String>,
    /// The secret of the key that signs, in PEM.
    private_key: Slot<SecretSpec>,
    /// Which of the account's keys that is: the header kid.
    key_id: Option<Slot<TextOrSecretSpec>>,
    /// The claim iss: the service account.
    issuer: Slot<TextOrSecretSpec>,
    /// The claim sub: on whose behalf.
    subject: Option<Slot<TextOrSecretSpec>>,
    /// The claim aud; default `token_url`.
    audience: Option<Slot<String>>,
    /// The claim scope.
    scopes: Option<Slot<Vec<Slot<String>>>>,
    /// How the assertion is signed; default RS256.
    algorithm: Option<Slot<Algorithm>>,
    /// How long the assertion is valid; default 1h.
    lifetime: Option<Slot<Period>>,
    /// Further claims.
    claims: Option<Slot<Entries<Value>>>,
    /// Further parameters of the token request.
    params: Option<Slot<Entries<String>>>,
    /// Where the token's answer names the API's base URL.
    base_url_from: Option<Slot<BaseUrlFromSpec>>,
}

const LIFETIME: Duration = Duration::from_hours(1);

impl JwtBearerSpec {
    pub(super) fn resolve(&self, allow_http: bool, report: &Report) -> Option<JwtBearer> {
        let url = token_url(&self.token_url, allow_http, report);
        let base_url_from = BaseUrlFromSpec::resolve(self.base_url_from.as_ref(), url.as_ref(), report);
        let claims = claims(self.claims.as_ref(), report);
        let taken = [("grant_type", "the type sets it"), ("assertion", "it is what the key signs")];
        let params = params(self.params.as_ref(), &taken, report);
        let lifetime = lifetime(self.lifetime.as_ref(), report);
        let optional = |slot: &Option<Slot<TextOrSecretSpec>>| match slot {
            Some(slot) => slot.get().and_then(text_or_secret).map(Some),
            None => Some(None),
        };
        Some(JwtBearer {
            token_url: url?,
            private_key: secret(&self.private_key)?,
            key_id: optional(&self.key_id)?,
            issuer: text_or_secret(self.issuer.get()?)?,
            subject: optional(&self.subject)?,
            audience: self.audience.as_ref().unwrap_or(&self.token_url).cloned()?,
            scopes: texts(self.scopes.as_ref()),
            algorithm: self.algorithm.as_ref().and_then(Slot::cloned).unwrap_or_default(),
            lifetime,
            claims,
            params,
            base_url_from,
        })
    }
}

impl JwtBearer {
    pub(super) fn secrets(&self) -> Vec<&SecretRef> {
        let texts = [Some(&self.issuer), self.subject.as_ref(), self.key_id.as_ref()];
        let named = texts.into_iter().flatten().filter_map(TextOrSecret::secret);
        [&self.private_key].into_iter().chain(named).collect()
    }
}

fn lifetime(slot: Option<&Slot<Period>>, report: &Report) -> Duration {
    let Some((slot, Period(lifetime))) = slot.and_then(|slot| Some((slot, slot.cloned()?))) else {
        return LIFETIME;
    };
    if lifetime < Duration::from_secs(1) {
        // Claims count whole seconds (RFC 7519 section 2).
        report.add(slot.at(), Draft::refused("a duration of 1s or more"));
    }
    lifetime
}

const TAKEN: [(&str, &str); 6] = [
    ("iss", "the key issuer sets it"),
    ("sub", "the key subject sets it"),
    ("aud", "the key audience sets it"),
    ("scope", "the key scopes sets it"),
    ("exp", "the key lifetime sets it"),
    ("iat", "it is the time of signing"),
];

fn claims(slot: Option<&Slot<Entries<Value>>>, report: &Report) -> Vec<(String, Value)> {
    let mut claims = Vec::new();
    for (name, slot) in slot.and_then(Slot::get).map_or(&[][..], |entries| &entries.0) {
        match TAKEN.iter().find(|(taken, _)| taken == name) {
            Some((_, why)) => report.say(slot.at(), format!("cannot be given here: {why}")),
            None => refuse_written_secret(name, slot.at(), report),
        }
        if let Some(value) = slot.cloned() {
            claims.push((name.clone(), value));
        }
    }
    claims
}
