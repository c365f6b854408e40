//! A client that signs who it is, in place of a secret (RFC 7523 section 2.2; `private_key_jwt` of `OpenID` Connect).
//!
//! ```yaml
//! auth:
//!   type: oauth2_client_credentials
//!   token_url: https://fhir.example.com/oauth2/token
//!   client_id: 4E6D0A
//!   client_assertion: { private_key: { secret: fhir-key }, algorithm: RS384, key_id: k1 }
//! ```

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::jwt_bearer::Algorithm;
use crate::config::problem::{Draft, Report};
use crate::config::read::Slot;
use crate::config::secret_ref::{
    SecretRef, SecretSpec, TextOrSecret, TextOrSecretSpec, secret, text_or_secret,
};
use crate::config::units::Period;

/// How a client signs who it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientAssertion {
    /// The key that signs, in PEM.
    pub private_key: SecretRef,
    /// Which of the client's keys that is: the header `kid`.
    pub key_id: Option<TextOrSecret>,
    /// The key's certificate, in PEM: its thumbprint is the header `x5t#S256`.
    pub certificate: Option<SecretRef>,
    /// How it is signed (RS256).
    pub algorithm: Algorithm,
    /// The claim `aud`; the token endpoint without it.
    pub audience: Option<String>,
    /// How long it is valid (5m).
    pub lifetime: Duration,
}

/// A signed assertion in place of a client's secret.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "ClientAssertion")]
pub(super) struct ClientAssertionSpec {
    /// The secret of the key that signs, in PEM.
    private_key: Slot<SecretSpec>,
    /// Which of the client's keys that is: the header kid.
    key_id: Option<Slot<TextOrSecretSpec>>,
    /// The secret of the key's certificate, in PEM; its thumbprint is the header x5t#S256, as Entra wants it.
    certificate: Option<Slot<SecretSpec>>,
    /// How the assertion is signed; default RS256.
    algorithm: Option<Slot<Algorithm>>,
    /// The claim aud; default `token_url`.
    audience: Option<Slot<String>>,
    /// How long the assertion is valid; default 5m, which is the most that many servers take.
    lifetime: Option<Slot<Period>>,
}

const LIFETIME: Duration = Duration::from_mins(5);

impl ClientAssertionSpec {
    pub(super) fn resolve(&self, report: &Report) -> Option<ClientAssertion> {
        let lifetime = self.lifetime.as_ref().and_then(|slot| Some((slot, slot.cloned()?)));
        if let Some((slot, _)) = lifetime.as_ref().filter(|(_, Period(life))| *life < Duration::from_secs(1))
        {
            // Claims count whole seconds (RFC 7519 section 2).
            report.add(slot.at(), Draft::refused("a duration of 1s or more"));
        }
        Some(ClientAssertion {
            private_key: secret(&self.private_key)?,
            key_id: match &self.key_id {
                Some(slot) => Some(text_or_secret(slot.get()?)?),
                None => None,
            },
            certificate: match &self.certificate {
                Some(slot) => Some(secret(slot)?),
                None => None,
            },
            algorithm: self.algorithm.as_ref().and_then(Slot::cloned).unwrap_or_default(),
            audience: self.audience.as_ref().and_then(Slot::cloned),
            lifetime: lifetime.map_or(LIFETIME, |(_, Period(life))| life),
        })
    }
}

impl ClientAssertion {
    /// Returns the secrets it needs.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &SecretRef> {
        let key_id = self.key_id.as_ref().and_then(TextOrSecret::secret);
        [&self.private_key].into_iter().chain(key_id).chain(&self.certificate)
    }
}
