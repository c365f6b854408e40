//! Checks assertions (RFC 7523, section 3) as a vendor does.

#[cfg(feature = "assertions")]
pub(crate) use checked::check;

/// Knows no assertion: this build has no algorithm for them.
#[cfg(not(feature = "assertions"))]
pub(crate) fn check(
    _assertion: &str,
    _known: &crate::options::Credentials,
    _endpoint: &str,
    _now: std::time::Duration,
) -> Result<String, ()> {
    Err(())
}

#[cfg(feature = "assertions")]
mod checked {
    use crate::options::Credentials;
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header, errors::Result};
    use serde::Deserialize;
    use std::time::Duration;

    /// The longest life of an assertion, in seconds; Google's is the same.
    const LONGEST_LIFE: i64 = 3_600;

    #[derive(Deserialize)]
    struct Claims {
        iat: i64,
        exp: i64,
        #[serde(default)]
        scope: String,
    }

    /// The scope that an assertion asks for, if it is signed by the account, for this endpoint, and in time;
    /// `now` is the time since the Unix epoch.
    pub(crate) fn check(
        assertion: &str,
        known: &Credentials,
        endpoint: &str,
        now: Duration,
    ) -> Result<String> {
        let algorithm = decode_header(assertion)?.alg;
        let key = known.assertion_key.as_bytes();
        let key = match algorithm {
            Algorithm::ES256 => DecodingKey::from_ec_pem(key)?,
            _ => DecodingKey::from_rsa_pem(key)?,
        };
        let mut validation = Validation::new(algorithm);
        // The server's clock may be another than the machine's.
        validation.validate_exp = false;
        validation.set_audience(&[known.assertion_audience.as_ref().map_or(endpoint, String::as_str)]);
        validation.set_issuer(&[&known.assertion_issuer]);
        validation.set_required_spec_claims(&["exp", "aud", "iss"]);
        let claims: Claims = decode(assertion, &key, &validation)?.claims;
        let now = now.as_secs().cast_signed();
        let is_of_now = claims.iat <= now && now < claims.exp;
        if !is_of_now || claims.exp - claims.iat > LONGEST_LIFE {
            return Err(jsonwebtoken::errors::ErrorKind::ExpiredSignature.into());
        }
        Ok(claims.scope)
    }
}
