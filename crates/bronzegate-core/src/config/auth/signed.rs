//! Kinds that sign each request, instead of putting a credential into it.
//!
//! ```yaml
//! auth:                                              # NetSuite, by token-based authentication
//!   type: oauth1
//!   consumer_key: { secret: netsuite, field: consumer_key }
//!   consumer_secret: { secret: netsuite, field: consumer_secret }
//!   token: { secret: netsuite, field: token }
//!   token_secret: { secret: netsuite, field: token_secret }
//!   realm: "1234567"
//! auth: { type: aws_sigv4, service: execute-api, region: eu-central-1 }
//! ```

use schemars::JsonSchema;
use serde::Deserialize;

use super::fixed::header_text;
use crate::config::problem::{Draft, Report};
use crate::config::read::Slot;
use crate::config::secret_ref::{
    SecretRef, SecretSpec, TextOrSecret, TextOrSecretSpec, secret, text_or_secret,
};

/// `OAuth` 1.0a (RFC 5849): every request is signed with the client's and the token's secrets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OAuth1 {
    /// The client's identifier.
    pub consumer_key: TextOrSecret,
    /// The client's secret.
    pub consumer_secret: SecretRef,
    /// The token, and its secret; a client that acts for itself has none.
    pub token: Option<(TextOrSecret, SecretRef)>,
    /// How requests are signed (HMAC-SHA256).
    pub signature_method: SignatureMethod,
    /// What `Authorization` begins with: `realm="…"`.
    pub realm: Option<String>,
}

/// How a request is signed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
pub enum SignatureMethod {
    /// HMAC with SHA-256.
    #[default]
    #[serde(rename = "HMAC-SHA256")]
    HmacSha256,
    /// HMAC with SHA-1 (RFC 5849 section 3.4.2).
    #[serde(rename = "HMAC-SHA1")]
    HmacSha1,
}

/// AWS Signature Version 4 with the platform's own identity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsSigV4 {
    /// The service: `execute-api`, `es`, `aps`.
    pub service: String,
    /// The region: `eu-central-1`.
    pub region: String,
}

/// `OAuth` 1.0a.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(in crate::config) struct OAuth1Spec {
    /// The client's identifier.
    consumer_key: Slot<TextOrSecretSpec>,
    /// The client's secret.
    consumer_secret: Slot<SecretSpec>,
    /// The token.
    token: Option<Slot<TextOrSecretSpec>>,
    /// The token's secret.
    token_secret: Option<Slot<SecretSpec>>,
    /// How requests are signed; default HMAC-SHA256.
    signature_method: Option<Slot<SignatureMethod>>,
    /// The realm, such as the account at `NetSuite`.
    realm: Option<Slot<String>>,
}

/// AWS Signature Version 4.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(inline)]
pub(in crate::config) struct AwsSigV4Spec {
    /// The service's name in signatures, such as execute-api.
    service: Slot<String>,
    /// The region, such as eu-central-1.
    region: Slot<String>,
}

impl OAuth1Spec {
    pub(super) fn resolve(&self, report: &Report) -> Option<OAuth1> {
        let token = match (&self.token, &self.token_secret) {
            (Some(token), Some(key)) => Some((text_or_secret(token.get()?)?, secret(key)?)),
            (None, None) => None,
            (Some(one), None) => {
                report.say(one.at(), "needs token_secret beside it");
                None
            }
            (None, Some(one)) => {
                report.say(one.at(), "needs token beside it");
                None
            }
        };
        let realm = self.realm.as_ref().and_then(|slot| header_text(slot, report).map(|text| (slot, text)));
        if let Some((slot, text)) = realm.as_ref().filter(|(_, text)| text.contains(['"', '\\'])) {
            report.add(slot.at(), Draft::refused("text without quotes and backslashes").value(text));
        }
        Some(OAuth1 {
            consumer_key: text_or_secret(self.consumer_key.get()?)?,
            consumer_secret: secret(&self.consumer_secret)?,
            token,
            signature_method: self.signature_method.as_ref().and_then(Slot::cloned).unwrap_or_default(),
            realm: realm.map(|(_, text)| text),
        })
    }
}

impl OAuth1 {
    /// Returns the secrets it needs.
    pub(super) fn secrets(&self) -> Vec<&SecretRef> {
        let token = self.token.iter().flat_map(|(token, key)| token.secret().into_iter().chain([key]));
        self.consumer_key.secret().into_iter().chain([&self.consumer_secret]).chain(token).collect()
    }
}

impl AwsSigV4Spec {
    pub(super) fn resolve(&self, report: &Report) -> Option<AwsSigV4> {
        let word = |slot: &Slot<String>, form: &str| {
            let text = slot.cloned()?;
            let is_word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
            if text.is_empty() || !text.chars().all(is_word) {
                report.add(slot.at(), Draft::refused(form.to_owned()).value(&text));
            }
            Some(text)
        };
        let service = word(&self.service, "the name of a service such as execute-api");
        let region = word(&self.region, "a region such as eu-central-1");
        Some(AwsSigV4 { service: service?, region: region? })
    }
}
