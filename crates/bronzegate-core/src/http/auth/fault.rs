//! Why there is no token, and so no credential.

use std::time::Duration;

use crate::error::{Error, ErrorKind};
use crate::http::egress::EgressError;
use crate::http::proxy::ProxyFault;
use crate::secret::SecretError;

/// Why there is no credential.
#[derive(Debug)]
pub(in crate::http) enum AuthFault {
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

impl From<TokenError> for AuthFault {
    fn from(error: TokenError) -> Self {
        match error {
            TokenError::Transient(cause, wait) => Self::Transient(cause, wait),
            TokenError::Refused { cause, .. } => fatal(cause),
            TokenError::Untrusted(cause) => Self::Fatal(Error::new(ErrorKind::Api, cause)),
            TokenError::Egress(cause) => Self::Fatal(cause.into()),
            TokenError::Proxy(fault) => Self::Fatal(Error::new(fault.kind(), fault)),
        }
    }
}

/// A fault that it will not help to try again.
pub(super) fn fatal(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> AuthFault {
    AuthFault::Fatal(Error::new(ErrorKind::Auth, cause))
}

/// Why there is no token.
#[derive(Debug)]
pub(super) enum TokenError {
    /// The endpoint failed in a way that may pass; how long it asks to wait.
    Transient(String, Option<Duration>),
    /// The endpoint refuses the client, or its answer is not one.
    Refused {
        /// What it said.
        cause: String,
        /// Its error code (RFC 6749, section 5.2).
        code: Option<String>,
    },
    /// The endpoint's certificate is not trusted.
    Untrusted(String),
    /// The endpoint, or the base URL that came with a token, may not be called.
    Egress(EgressError),
    /// A proxy does not let the request through.
    Proxy(ProxyFault),
}
