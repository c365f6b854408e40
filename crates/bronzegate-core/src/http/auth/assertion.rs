//! Signed assertions (RFC 7523, section 3): who asks, for whom, at whose door, and until when.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
#[cfg(feature = "aws-lc")]
use jsonwebtoken::{EncodingKey, Header};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::config::{Algorithm, ClientAssertion, JwtBearer, SecretRef};
use crate::http::retry::nonce;

/// Why nothing was signed. A library's own words could show a piece of the key.
#[derive(Clone, Copy, Debug)]
pub(super) enum Unsigned {
    NotAKey(Algorithm),
    Failed(Algorithm),
}

/// The same with the secret's name.
#[derive(Debug, thiserror::Error)]
pub(super) enum AssertionError {
    #[error(
        "secret `{0}` is not a private key that {1} signs with: write it in PEM, PKCS #8 (or PKCS #1 for RSA)"
    )]
    NotAKey(String, &'static str),
    #[error("nothing can be signed with secret `{0}` by {1}")]
    Failed(String, &'static str),
}

impl Unsigned {
    pub(super) fn about(self, key: &SecretRef) -> AssertionError {
        let name = match &key.field {
            Some(field) => format!("{}.{field}", key.secret),
            None => key.secret.clone(),
        };
        match self {
            Self::NotAKey(algorithm) => AssertionError::NotAKey(name, shown(algorithm)),
            Self::Failed(algorithm) => AssertionError::Failed(name, shown(algorithm)),
        }
    }
}

/// An assertion counts from a little before now, because a server refuses one from its future, and this
/// machine's clock may be ahead of the server's.
const LEEWAY: Duration = Duration::from_secs(10);

/// What stands before an assertion's claims.
pub(super) struct SignedHeader {
    pub(super) algorithm: Algorithm,
    pub(super) key_id: Option<SecretString>,
    /// That of the key's certificate: `x5t#S256`.
    pub(super) thumbprint: Option<String>,
}

/// Signs nothing: a build without AWS-LC has no algorithm for it.
#[cfg(not(feature = "aws-lc"))]
pub(super) fn sign(
    header: SignedHeader,
    key: &SecretString,
    _claims: &Map<String, Value>,
) -> Result<SecretString, Unsigned> {
    let SignedHeader { algorithm, key_id, thumbprint } = header;
    drop((key_id, thumbprint));
    let is_key = key.expose_secret().contains("PRIVATE KEY");
    Err(if is_key { Unsigned::Failed(algorithm) } else { Unsigned::NotAKey(algorithm) })
}

/// Signs claims.
#[cfg(feature = "aws-lc")]
pub(super) fn sign(
    header: SignedHeader,
    key: &SecretString,
    claims: &Map<String, Value>,
) -> Result<SecretString, Unsigned> {
    let SignedHeader { algorithm, key_id, thumbprint } = header;
    let pem = key.expose_secret().as_bytes();
    let (key, alg) = match algorithm {
        Algorithm::Rs256 => (EncodingKey::from_rsa_pem(pem), jsonwebtoken::Algorithm::RS256),
        Algorithm::Rs384 => (EncodingKey::from_rsa_pem(pem), jsonwebtoken::Algorithm::RS384),
        Algorithm::Ps256 => (EncodingKey::from_rsa_pem(pem), jsonwebtoken::Algorithm::PS256),
        Algorithm::Es256 => (EncodingKey::from_ec_pem(pem), jsonwebtoken::Algorithm::ES256),
        Algorithm::Es384 => (EncodingKey::from_ec_pem(pem), jsonwebtoken::Algorithm::ES384),
    };
    let key = key.map_err(|_| Unsigned::NotAKey(algorithm))?;
    let kid = key_id.map(|id| id.expose_secret().to_owned());
    let header = Header { kid, x5t_s256: thumbprint, ..Header::new(alg) };
    let signed = jsonwebtoken::encode(&header, claims, &key).map_err(|_| Unsigned::Failed(algorithm))?;
    Ok(signed.into())
}

/// The thumbprint of a certificate in PEM (RFC 7515 section 4.1.8); `None` where it is none.
pub(super) fn thumbprint(pem: &str) -> Option<String> {
    let (_, rest) = pem.split_once("-----BEGIN CERTIFICATE-----")?;
    let (text, _) = rest.split_once("-----END CERTIFICATE-----")?;
    let text: String = text.split_ascii_whitespace().collect();
    let der = STANDARD.decode(text).ok().filter(|der| !der.is_empty())?;
    Some(URL_SAFE_NO_PAD.encode(Sha256::digest(der)))
}

/// When an assertion of this life begins and ends, in seconds since 1970.
fn life(lifetime: Duration, now: Timestamp) -> (i64, i64) {
    let issued = now.as_second().saturating_sub_unsigned(LEEWAY.min(lifetime / 10).as_secs());
    (issued, issued.saturating_add_unsigned(lifetime.as_secs()))
}

/// The claims of a client that says who it is.
pub(super) fn client_claims(
    settings: &ClientAssertion,
    id: &SecretString,
    audience: &str,
    now: Timestamp,
) -> Map<String, Value> {
    let (issued, ends) = life(settings.lifetime, now);
    let id = id.expose_secret();
    let claims: [(&str, Value); 7] = [
        ("iss", id.into()),
        ("sub", id.into()),
        ("aud", audience.into()),
        ("jti", nonce().into()),
        ("iat", issued.into()),
        ("nbf", issued.into()),
        ("exp", ends.into()),
    ];
    claims.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The claims of a service account.
pub(super) fn claims(
    settings: &JwtBearer,
    issuer: &SecretString,
    subject: Option<&SecretString>,
    now: Timestamp,
) -> Map<String, Value> {
    let (issued, ends) = life(settings.lifetime, now);
    let mut claims: Map<String, Value> = settings.claims.iter().cloned().collect();
    claims.insert("iss".to_owned(), issuer.expose_secret().into());
    if let Some(subject) = subject {
        claims.insert("sub".to_owned(), subject.expose_secret().into());
    }
    claims.insert("aud".to_owned(), settings.audience.clone().into());
    if !settings.scopes.is_empty() {
        claims.insert("scope".to_owned(), settings.scopes.join(" ").into());
    }
    claims.insert("iat".to_owned(), issued.into());
    claims.insert("exp".to_owned(), ends.into());
    claims
}

fn shown(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Rs256 => "RS256",
        Algorithm::Rs384 => "RS384",
        Algorithm::Ps256 => "PS256",
        Algorithm::Es256 => "ES256",
        Algorithm::Es384 => "ES384",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{self, Auth};

    #[test]
    fn an_assertion_counts_from_before_now_and_lives_no_longer_for_it() {
        for (lifetime, issued, ends) in [("1h", -10, 3_590), ("1m", -6, 54)] {
            let text = format!(
                "source: x\nbase_url: https://x.example\nauth: {{ type: jwt_bearer, token_url: https://x.example/t, \
                 private_key: {{ secret: k }}, issuer: me, lifetime: {lifetime} }}\nstreams: {{ s: {{ path: /s, records: $ }} }}"
            );
            let source = config::parse("x.yaml", &text).unwrap_or_else(|problems| panic!("{problems}"));
            let Auth::JwtBearer(settings) = &source.streams[0].auth else { panic!("it signs") };
            let claims = claims(settings, &"me".to_owned().into(), None, Timestamp::UNIX_EPOCH);
            assert_eq!((&claims["iat"], &claims["exp"]), (&issued.into(), &ends.into()), "{lifetime}");
        }
    }
}
