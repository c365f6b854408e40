//! Signed assertions (RFC 7523, section 3): who asks, for whom, at whose door, and until when.

use std::time::Duration;

use jiff::Timestamp;
use jsonwebtoken::{EncodingKey, Header};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::{Map, Value};

use crate::config::{Algorithm, JwtBearer, SecretRef};

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
        "secret `{0}` is not a private key that {1} signs with: write it in PEM, PKCS #8 (or PKCS #1 for RS256)"
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

/// An assertion that is valid from `now` on.
pub(super) fn sign(
    settings: &JwtBearer,
    key: &SecretString,
    issuer: &SecretString,
    subject: Option<&SecretString>,
    key_id: Option<&SecretString>,
    now: Timestamp,
) -> Result<SecretString, Unsigned> {
    let algorithm = settings.algorithm;
    let pem = key.expose_secret().as_bytes();
    let (key, alg) = match algorithm {
        Algorithm::Rs256 => (EncodingKey::from_rsa_pem(pem), jsonwebtoken::Algorithm::RS256),
        Algorithm::Es256 => (EncodingKey::from_ec_pem(pem), jsonwebtoken::Algorithm::ES256),
    };
    let key = key.map_err(|_| Unsigned::NotAKey(algorithm))?;
    let kid = key_id.map(|id| id.expose_secret().to_owned());
    let header = Header { kid, ..Header::new(alg) };
    let claims = claims(settings, issuer, subject, now);
    let signed = jsonwebtoken::encode(&header, &claims, &key).map_err(|_| Unsigned::Failed(algorithm))?;
    Ok(signed.into())
}

fn claims(
    settings: &JwtBearer,
    issuer: &SecretString,
    subject: Option<&SecretString>,
    now: Timestamp,
) -> Map<String, Value> {
    let issued = now.as_second().saturating_sub_unsigned(LEEWAY.min(settings.lifetime / 10).as_secs());
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
    claims.insert("exp".to_owned(), issued.saturating_add_unsigned(settings.lifetime.as_secs()).into());
    claims
}

fn shown(algorithm: Algorithm) -> &'static str {
    match algorithm {
        Algorithm::Rs256 => "RS256",
        Algorithm::Es256 => "ES256",
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
