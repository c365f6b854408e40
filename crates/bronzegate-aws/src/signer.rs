//! Requests of a source file, signed with the identity that this program has at AWS (Signature Version 4).

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign,
};
use aws_sigv4::sign::v4;
use bronzegate_core::clock::Clock;
use bronzegate_core::doors::LookUp;
use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::signer::{RequestSigner, Signed, ToSign};
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::SecretString;
use tokio::sync::{Mutex, OnceCell};

use crate::aws::Aws;

/// Credentials are read again this long before they expire.
const MARGIN: Duration = Duration::from_mins(5);

/// Signs with the identity of the platform.
pub struct AwsSigner {
    aws: Arc<OnceCell<Aws>>,
    look_up: LookUp,
    clock: Arc<dyn Clock>,
    /// Credentials that say when they expire; those of variables cost nothing to read.
    kept: Mutex<Option<Credentials>>,
}

impl AwsSigner {
    /// Nothing is connected yet.
    pub fn new(aws: Arc<OnceCell<Aws>>, look_up: LookUp, clock: Arc<dyn Clock>) -> Self {
        Self { aws, look_up, clock, kept: Mutex::default() }
    }

    async fn credentials(&self, now: SystemTime) -> Result<Credentials> {
        let mut kept = self.kept.lock().await;
        let is_good = |kept: &&Credentials| kept.expiry().is_some_and(|end| end > now + MARGIN);
        if let Some(kept) = kept.as_ref().filter(is_good) {
            return Ok(kept.clone());
        }
        let aws = self.aws.get_or_try_init(|| Aws::connect(&*self.look_up, self.clock.clone())).await?;
        let provider = aws.credentials().ok_or_else(|| bad("this program has no identity at AWS"))?;
        let credentials = provider.provide_credentials().await.map_err(|error| {
            let cause = format!("this program's identity at AWS is not available: {}", innermost(&error));
            Error::new(ErrorKind::Auth, cause)
        })?;
        *kept = credentials.expiry().is_some().then(|| credentials.clone());
        Ok(credentials)
    }
}

impl fmt::Debug for AwsSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsSigner").field("aws", &self.aws).finish_non_exhaustive()
    }
}

#[async_trait]
impl RequestSigner for AwsSigner {
    async fn sign(&self, request: &ToSign<'_>) -> Result<Signed> {
        let now = SystemTime::from(request.now);
        let credentials = self.credentials(now).await?;
        let secrets = credentials.session_token().map(SecretString::from).into_iter().collect();
        let headers = signature(request, credentials, now)?;
        Ok(Signed { headers, secrets })
    }
}

/// The headers of a signed request.
fn signature(request: &ToSign<'_>, credentials: Credentials, now: SystemTime) -> Result<HeaderMap> {
    let mut settings = SigningSettings::default();
    // S3 alone takes paths as they are, and wants the body's hash.
    if request.service == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
    }
    let identity = credentials.into();
    let params = v4::SigningParams::builder()
        .identity(&identity)
        .region(request.region)
        .name(request.service)
        .time(now)
        .settings(settings)
        .build()
        .map_err(|error| bad(&error.to_string()))?
        .into();
    let body = SignableBody::Bytes(request.body);
    let signable =
        SignableRequest::new(request.method.as_str(), request.url.as_str(), std::iter::empty(), body);
    let signed =
        signable.and_then(|signable| sign(signable, &params)).map_err(|error| bad(&innermost(&error)))?;
    let (instructions, _) = signed.into_parts();
    instructions.headers().map(|(name, value)| header(name, value)).collect()
}

fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue)> {
    let fault = |_| bad(&format!("the header `{name}` of the signature cannot be sent"));
    let name = HeaderName::from_bytes(name.as_bytes()).map_err(|error| bad(&error.to_string()))?;
    let mut value = HeaderValue::from_str(value).map_err(fault)?;
    value.set_sensitive(true);
    Ok((name, value))
}

fn bad(cause: &str) -> Error {
    Error::new(ErrorKind::Auth, cause.to_owned())
}

/// The innermost cause: the SDK's outer ones say nothing.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}
