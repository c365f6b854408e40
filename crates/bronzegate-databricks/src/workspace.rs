//! One authorised call of a workspace's REST API.

use std::fmt;
use std::sync::Arc;

use bronzegate_core::service::{Answer, Fault, Request, Service};
use serde::Deserialize;
use serde_json::Value;

use crate::identity::{NoToken, Tokens};

/// A workspace as one identity sees it.
#[derive(Debug)]
pub(crate) struct Workspace {
    service: Service,
    tokens: Tokens,
}

/// Why a call has no good answer. The texts hold no secret.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum CallError {
    /// No token was available, so nothing was sent.
    #[error("{0}")]
    NoToken(#[from] NoToken),
    /// There is no answer.
    #[error("{0}")]
    Fault(#[from] Fault),
    /// The workspace answered, and not with success.
    #[error("{0}")]
    Refused(Refusal),
}

/// An answer other than success.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// The HTTP status.
    pub(crate) status: u16,
    /// Databricks' own word: `RESOURCE_DOES_NOT_EXIST`.
    pub(crate) code: Option<String>,
    message: Option<String>,
    advice: Option<String>,
}

/// The body of a refusal.
#[derive(Default, Deserialize)]
struct Told {
    /// A word, and of old APIs a number.
    error_code: Option<Value>,
    message: Option<String>,
}

impl CallError {
    /// Whether another try may do better.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::NoToken(none) => none.is_transient,
            Self::Fault(fault) => fault.is_transient(),
            Self::Refused(_) => false,
        }
    }

    /// Whether the request may have had its effect all the same.
    pub(crate) fn is_lost(&self) -> bool {
        matches!(self, Self::Fault(Fault::Lost(_)))
    }

    /// The status, where the workspace refused.
    pub(crate) fn status(&self) -> Option<u16> {
        match self {
            Self::Refused(refusal) => Some(refusal.status),
            Self::NoToken(_) | Self::Fault(_) => None,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Databricks answered {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        if let Some(message) = &self.message {
            write!(f, ": {message}")?;
        }
        self.advice.as_ref().map_or(Ok(()), |advice| write!(f, "; {advice}"))
    }
}

impl Workspace {
    /// Nothing is sent yet.
    pub(crate) fn new(service: Service, tokens: Tokens) -> Arc<Self> {
        Arc::new(Self { service, tokens })
    }

    /// Where it is, for messages.
    pub(crate) fn host(&self) -> &str {
        self.service.origin().host_str().unwrap_or_default()
    }

    /// The service under it.
    pub(crate) fn service(&self) -> &Service {
        &self.service
    }

    /// Sends a request with a token. A token that is refused is renewed once, where that can be.
    pub(crate) async fn call(&self, request: Request) -> Result<Answer, CallError> {
        let token = self.tokens.token(&self.service, None).await?;
        let mut answer = self.service.call(&request.clone().bearer(&token)).await?;
        if answer.status == 401 && self.tokens.can_renew() {
            let renewed = self.tokens.token(&self.service, Some(&token)).await?;
            answer = self.service.call(&request.bearer(&renewed)).await?;
        }
        if (200..300).contains(&answer.status) { Ok(answer) } else { Err(self.refused(&answer)) }
    }

    fn refused(&self, answer: &Answer) -> CallError {
        let Told { error_code, message } = answer.json().unwrap_or_default();
        // Some answers repeat the status there.
        let code = error_code.as_ref().and_then(Value::as_str).filter(|code| code.parse::<u16>().is_err());
        let code = code.map(|code| self.service.told(code));
        let message = message.map(|message| self.service.told(&message));
        // A personal access token that is not valid is refused with 403, and no other word than that of the message.
        let is_token = answer.status == 401 || answer.status == 403 && code.is_none();
        let advice = is_token.then(|| self.tokens.advice().to_owned());
        CallError::Refused(Refusal { status: answer.status, code, message, advice })
    }
}

impl Refusal {
    /// Adds what somebody may do about it, unless it is the token that is refused.
    #[must_use]
    pub(crate) fn advising(mut self, advice: impl FnOnce() -> String) -> Self {
        self.advice.get_or_insert_with(advice);
        self
    }
}
