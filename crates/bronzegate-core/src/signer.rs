//! The port of an identity that signs requests: the platform's own, which no source file holds.

use std::fmt;

use async_trait::async_trait;
use http::{HeaderMap, Method};
use jiff::Timestamp;
use secrecy::SecretString;
use url::Url;

use crate::error::Result;

/// Signs requests with the platform's own identity (AWS Signature Version 4).
///
/// Making one has no effect; the identity is looked up with the first request.
#[async_trait]
pub trait RequestSigner: fmt::Debug + Send + Sync {
    /// The headers that let a request in, sensitive ones marked as such.
    ///
    /// # Errors
    /// [`ErrorKind::Auth`](crate::error::ErrorKind::Auth) where there is no identity, transient where it is not available
    /// now.
    async fn sign(&self, request: &ToSign<'_>) -> Result<Signed>;
}

/// A request as it is about to be sent.
#[derive(Clone, Copy, Debug)]
pub struct ToSign<'a> {
    /// Its method.
    pub method: &'a Method,
    /// Its URL.
    pub url: &'a Url,
    /// Its body; empty without one.
    pub body: &'a [u8],
    /// The service's name in signatures: `execute-api`.
    pub service: &'a str,
    /// The region: `eu-central-1`.
    pub region: &'a str,
    /// The time of signing.
    pub now: Timestamp,
}

/// What signing a request gives.
#[derive(Debug, Default)]
pub struct Signed {
    /// What it gets.
    pub headers: HeaderMap,
    /// Those of their values that let others in as well: a session's token.
    pub secrets: Vec<SecretString>,
}
