//! What a service of Azure said, in one line somebody can act on.

use std::error::Error as StdError;
use std::fmt;

use azure_core::error::ErrorKind;
use azure_core::http::RawResponse;
use azure_core::http::headers::HeaderName;
use bronzegate_core::proxy::ProxyFault;
use serde::Deserialize;

const REQUEST_ID: HeaderName = HeaderName::from_static("x-ms-request-id");

/// Why a call to a service failed, permanently or after retries.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServiceError {
    /// The service answered, and not with success.
    #[error("{0}")]
    Refused(Refusal),
    /// No token was available, so nothing was sent.
    #[error("{0}")]
    NoToken(NoToken),
    /// The service was not reached.
    #[error("{0}")]
    Unreachable(String),
    /// A proxy on the way did not let the request through.
    #[error("{0}")]
    ByProxy(ProxyFault),
    /// The service's answer was not understood, or the request cannot be made.
    #[error("{0}")]
    Failed(String),
}

/// An answer other than success.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub(crate) status: u16,
    /// The service's own code for the cause, the most specific it tells.
    pub(crate) code: Option<String>,
    message: Option<String>,
    request_id: Option<String>,
    advice: Option<&'static str>,
}

impl ServiceError {
    /// The refusal, if the service refused.
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::NoToken(_) | Self::Unreachable(_) | Self::ByProxy(_) | Self::Failed(_) => None,
        }
    }

    /// Whether another try may do better.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Refused(refusal) => passes(refusal.status),
            Self::NoToken(no_token) => no_token.is_transient,
            Self::Unreachable(_) => true,
            Self::ByProxy(fault) => fault.is_transient(),
            Self::Failed(_) => false,
        }
    }

    /// Adds what somebody may do about it, where the service refused.
    pub(crate) fn advising(mut self, advice: impl FnOnce(&Refusal) -> Option<&'static str>) -> Self {
        if let Self::Refused(refusal) = &mut self {
            refusal.advice = advice(refusal);
        }
        self
    }
}

impl From<azure_core::Error> for ServiceError {
    fn from(error: azure_core::Error) -> Self {
        let no_token = find::<NoToken>(&error);
        let fault = no_token.and_then(|no_token| no_token.fault.as_ref());
        if let Some(fault) = fault.or_else(|| find(&error)) {
            return Self::ByProxy(fault.clone());
        }
        if let Some(no_token) = no_token {
            return Self::NoToken(no_token.clone());
        }
        match error.kind() {
            ErrorKind::HttpResponse { status, error_code, raw_response } => {
                let status = u16::from(*status);
                Self::Refused(Refusal::new(status, error_code.as_deref(), raw_response.as_deref()))
            }
            ErrorKind::Io | ErrorKind::Connection => Self::Unreachable(chain(&error)),
            _ => Self::Failed(chain(&error)),
        }
    }
}

impl Refusal {
    fn new(status: u16, code: Option<&str>, response: Option<&RawResponse>) -> Self {
        let told = response.and_then(|response| Told::read(response.body())).unwrap_or_default();
        // Without any code the SDK writes the status there.
        let code = told.code.or_else(|| code.map(str::to_owned)).filter(|code| *code != status.to_string());
        let request_id = response.and_then(|response| response.headers().get_optional_string(&REQUEST_ID));
        Self { status, code, message: told.message, request_id, advice: None }
    }

    /// Whether the service's code is one of these.
    pub(crate) fn has_code(&self, codes: &[&str]) -> bool {
        self.code.as_deref().is_some_and(|code| codes.contains(&code))
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the service answered {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, " (request {id})")?;
        }
        self.advice.map_or(Ok(()), |advice| write!(f, "; {advice}"))
    }
}

/// What the body of an error tells: XML from storage, JSON from everything else.
#[derive(Debug, Default)]
struct Told {
    code: Option<String>,
    message: Option<String>,
}

#[derive(Deserialize)]
struct StorageBody {
    #[serde(rename = "Code")]
    code: Option<String>,
    #[serde(rename = "Message")]
    message: Option<String>,
}

#[derive(Deserialize)]
struct JsonBody {
    error: JsonError,
}

#[derive(Deserialize)]
struct JsonError {
    code: Option<String>,
    message: Option<String>,
    #[serde(alias = "innerError")]
    innererror: Option<Box<JsonError>>,
}

impl Told {
    fn read(body: &[u8]) -> Option<Self> {
        let body = body.strip_prefix("\u{feff}".as_bytes()).unwrap_or(body);
        if body.first() == Some(&b'{') {
            let JsonBody { error } = serde_json::from_slice(body).ok()?;
            let inner = error.innererror.and_then(|inner| inner.code);
            return Some(Self {
                code: inner.or(error.code),
                message: error.message.as_deref().map(first_line),
            });
        }
        let StorageBody { code, message } = azure_core::xml::from_xml(body).ok()?;
        Some(Self { code, message: message.as_deref().map(first_line) })
    }
}

/// Storage puts the request's id and the time on further lines.
fn first_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().trim().to_owned()
}

/// Why no token was available. It travels inside the SDK's error, and is found again in it.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{text}")]
pub(crate) struct NoToken {
    text: String,
    is_transient: bool,
    /// The proxy on the way to who gives tokens, where that is the reason.
    fault: Option<ProxyFault>,
}

impl NoToken {
    /// Why there is none: the SDK's error, and the text that says so.
    pub(crate) fn new(error: &azure_core::Error, text: String) -> Self {
        // An answer that is no token, as a gateway's page, passes; an identity that is refused does not.
        let is_transient =
            errors(error).filter_map(|error| error.downcast_ref::<azure_core::Error>()).any(|error| {
                match error.kind() {
                    ErrorKind::HttpResponse { status, .. } => passes(u16::from(*status)),
                    ErrorKind::Io | ErrorKind::Connection | ErrorKind::DataConversion => true,
                    _ => false,
                }
            });
        Self { text, is_transient, fault: find::<ProxyFault>(error).cloned() }
    }
}

/// Whether what an answer with this status is about passes by itself.
fn passes(status: u16) -> bool {
    matches!(status, 408 | 429 | 500..)
}

fn find<'a, T: StdError + 'static>(error: &'a (dyn StdError + 'static)) -> Option<&'a T> {
    errors(error).find_map(|error| error.downcast_ref())
}

fn errors<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| (*error).source())
}

/// An error and its causes in one line. The SDK repeats a cause's text in what wraps it.
pub(crate) fn chain(error: &(dyn StdError + 'static)) -> String {
    let mut text = String::new();
    for error in errors(error) {
        let told = error.to_string().split_whitespace().collect::<Vec<_>>().join(" ");
        if !text.contains(&told) {
            text = if text.is_empty() { told } else { format!("{text}: {told}") };
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_specific_code_and_the_first_line_are_told() {
        let vault = br#"{"error":{"code":"Forbidden","message":"Not allowed.\r\nCaller: x","innererror":{"code":"ForbiddenByRbac"}}}"#;
        let storage = b"\xef\xbb\xbf<?xml version=\"1.0\"?><Error><Code>BlobNotFound</Code><Message>It is not there.\nRequestId:1\nTime:2</Message></Error>";
        for (body, code, message) in
            [(&vault[..], "ForbiddenByRbac", "Not allowed."), (storage, "BlobNotFound", "It is not there.")]
        {
            let told = Told::read(body).unwrap();
            assert_eq!((told.code.as_deref(), told.message.as_deref()), (Some(code), Some(message)));
        }
        assert!(Told::read(b"<html>gateway</html>").is_none_or(|told| told.code.is_none()));
    }

    #[test]
    fn an_identity_that_is_refused_stays_so_and_an_endpoint_that_is_away_passes() {
        let answered = |status: u16| {
            let status = status.into();
            azure_core::Error::new(
                ErrorKind::HttpResponse { status, error_code: None, raw_response: None },
                "no",
            )
        };
        let plain = |kind| azure_core::Error::with_message(kind, "no");
        for (cause, is_transient) in [
            (answered(400), false),
            (answered(401), false),
            (answered(429), true),
            (answered(500), true),
            (answered(503), true),
            (plain(ErrorKind::Connection), true),
            (plain(ErrorKind::Io), true),
            (plain(ErrorKind::DataConversion), true),
            (plain(ErrorKind::Credential), false),
        ] {
            let told = cause.to_string();
            // The SDK's credentials wrap what went wrong.
            let error = azure_core::Error::with_error(ErrorKind::Credential, cause, "no token");
            assert_eq!(NoToken::new(&error, told.clone()).is_transient, is_transient, "{error:?}");
        }
    }
}
