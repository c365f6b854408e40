//! `tls`: whose certificates are trusted besides the system's, and what the client shows of itself.
//!
//! ```yaml
//! tls: { ca: { secret: erp-ca } }                                                # an authority of one's own
//! tls: { certificate: { secret: erp-certificate }, key: { secret: erp-key } }    # a certificate of the client
//! ```

use schemars::JsonSchema;
use serde::Deserialize;

use super::problem::{Draft, Report};
use super::read::Slot;
use super::secret_ref::{SecretRef, SecretSpec, TextOrSecret, TextOrSecretSpec, secret, text_or_secret};

/// Certificates of connections.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tls {
    /// Authorities that are trusted besides the system's, in PEM.
    pub ca: Option<TextOrSecret>,
    /// What the client shows of itself to hosts that get credentials.
    pub identity: Option<TlsIdentity>,
}

/// A certificate of the client, and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsIdentity {
    /// The certificate with those between it and its authority, in PEM.
    pub certificate: TextOrSecret,
    /// Its key, in PEM.
    pub key: SecretRef,
}

/// Certificates of connections.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Tls")]
pub(super) struct TlsSpec {
    /// Authorities that are trusted besides the system's, in PEM: text, or a secret.
    ca: Option<Slot<TextOrSecretSpec>>,
    /// The client's certificate with those between it and its authority, in PEM: text, or a secret.
    certificate: Option<Slot<TextOrSecretSpec>>,
    /// The secret of the certificate's key, in PEM.
    key: Option<Slot<SecretSpec>>,
}

/// What a certificate in PEM begins with (RFC 7468).
const BEGIN: &str = "-----BEGIN CERTIFICATE-----";

impl TlsSpec {
    pub(super) fn resolve(&self, report: &Report) -> Option<Tls> {
        match (&self.certificate, &self.key) {
            (Some(certificate), None) => report.say(certificate.at(), "needs key beside it"),
            (None, Some(key)) => report.say(key.at(), "needs certificate beside it"),
            _ => {}
        }
        let ca = self.ca.as_ref().map(|slot| pem(slot, report));
        let certificate = self.certificate.as_ref().map(|slot| pem(slot, report));
        let identity = match (certificate, &self.key) {
            (Some(certificate), Some(key)) => {
                Some(TlsIdentity { certificate: certificate?, key: secret(key)? })
            }
            _ => None,
        };
        Some(Tls { ca: if self.ca.is_some() { Some(ca.flatten()?) } else { None }, identity })
    }
}

impl Tls {
    /// Returns the secrets it needs.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &SecretRef> {
        let identity = self.identity.iter();
        let identity = identity.flat_map(|own| own.certificate.secret().into_iter().chain([&own.key]));
        self.ca.iter().filter_map(TextOrSecret::secret).chain(identity)
    }
}

/// A certificate in PEM. What stands in the file is never shown: it may be a key.
fn pem(slot: &Slot<TextOrSecretSpec>, report: &Report) -> Option<TextOrSecret> {
    let value = text_or_secret(slot.get()?)?;
    if let TextOrSecret::Text(text) = &value {
        if text.contains("PRIVATE KEY-----") {
            report.say(slot.at(), "a key is not written into a source file: write key: { secret: <name> }");
            return None;
        }
        if !text.trim_start().starts_with(BEGIN) {
            let draft = Draft::new("is no certificate in PEM");
            report.add(
                slot.at(),
                draft.accepted(format!("text that begins with {BEGIN}, or {{ secret: <name> }}")),
            );
            return None;
        }
    }
    Some(value)
}
