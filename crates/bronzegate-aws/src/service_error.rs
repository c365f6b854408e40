//! What went wrong at a service of AWS, told from the SDK's nested errors.

use std::error::Error as StdError;

use aws_credential_types::provider::error::CredentialsError;
use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::operation::RequestId as _;
use bronzegate_core::proxy::ProxyFault;

/// Why a call to a service failed, after the SDK's retries.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The service answered, and refused.
    #[error("{service} answered {status} {code}: {message} (request {request})")]
    Refused {
        /// The service's name.
        service: &'static str,
        /// The HTTP status.
        status: u16,
        /// The service's code, for example `SlowDown`.
        code: String,
        /// The service's own words.
        message: String,
        /// The request's id, for the vendor's support.
        request: String,
    },
    /// The caller's identity lacks a permission.
    #[error(
        "{service} denied it ({code}: {message}; request {request}): the caller's identity, or the policy of \
         what it calls, lacks {permission}"
    )]
    Denied {
        /// The service's name.
        service: &'static str,
        /// The service's code.
        code: String,
        /// The service's own words.
        message: String,
        /// The request's id.
        request: String,
        /// The permission the call needs, for example `s3:PutObject`.
        permission: &'static str,
    },
    /// There is nobody to sign the request as.
    #[error(
        "no AWS credentials: {reason}; looked for in the environment (AWS_ACCESS_KEY_ID), the profile of \
         AWS_PROFILE or `default` (with SSO), a web identity token, and the role of the container, function \
         or machine"
    )]
    NoCredentials {
        /// What the last provider said.
        reason: String,
    },
    /// No answer came in time.
    #[error("{service} did not answer in time: {reason}")]
    TimedOut {
        /// The service's name.
        service: &'static str,
        /// Which limit passed.
        reason: String,
    },
    /// The service cannot be reached.
    #[error("cannot reach {service}: {reason}")]
    Unreachable {
        /// The service's name.
        service: &'static str,
        /// What the network said.
        reason: String,
    },
    /// A proxy on the way did not let the request through.
    #[error("{service} was not reached: {fault}")]
    ByProxy {
        /// The service's name.
        service: &'static str,
        /// Why.
        fault: ProxyFault,
    },
    /// The answer is not what the service's interface says.
    #[error("{service} answered what cannot be understood: {reason}")]
    Garbled {
        /// The service's name.
        service: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The request cannot be sent: a setting such as the region is missing.
    #[error("a request to {service} cannot be made: {reason}")]
    Unsendable {
        /// The service's name.
        service: &'static str,
        /// What is missing.
        reason: String,
    },
}

/// Codes of refusals that pass, whatever their status.
const PASSING: [&str; 6] = [
    "ThrottlingException",
    "Throttling",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "SlowDown",
    "InternalServiceError",
];

impl ServiceError {
    /// Whether another try may do better: the service is busy, has failed, or could not be reached.
    pub(crate) fn is_transient(&self) -> bool {
        match self {
            Self::Refused { status, code, .. } => {
                *status == 429 || *status >= 500 || PASSING.contains(&code.as_str())
            }
            Self::TimedOut { .. } | Self::Unreachable { .. } | Self::Garbled { .. } => true,
            Self::ByProxy { fault, .. } => fault.is_transient(),
            Self::Denied { .. } | Self::NoCredentials { .. } | Self::Unsendable { .. } => false,
        }
    }
}

/// Tells what went wrong. `permission` is what the call needs, for the text of a denial.
pub(crate) fn explain<E>(
    service: &'static str,
    permission: &'static str,
    error: &SdkError<E, HttpResponse>,
) -> ServiceError
where
    E: StdError + ProvideErrorMetadata + 'static,
{
    let reason = || reasons(error);
    if let Some(fault) = chain(error).find_map(<dyn StdError>::downcast_ref::<ProxyFault>) {
        return ServiceError::ByProxy { service, fault: fault.clone() };
    }
    match error {
        SdkError::ServiceError(_) => refusal(service, permission, error),
        _ if has_credentials_error(error) => ServiceError::NoCredentials { reason: reason() },
        SdkError::TimeoutError(_) => ServiceError::TimedOut { service, reason: reason() },
        SdkError::DispatchFailure(failure) if failure.is_timeout() => {
            ServiceError::TimedOut { service, reason: reason() }
        }
        SdkError::DispatchFailure(_) => ServiceError::Unreachable { service, reason: reason() },
        SdkError::ResponseError(_) => ServiceError::Garbled { service, reason: reason() },
        _ => ServiceError::Unsendable { service, reason: reason() },
    }
}

/// The HTTP status of the answer, if one came.
pub(crate) fn status<E>(error: &SdkError<E, HttpResponse>) -> Option<u16> {
    error.raw_response().map(|response| response.status().as_u16())
}

fn refusal<E>(
    service: &'static str,
    permission: &'static str,
    error: &SdkError<E, HttpResponse>,
) -> ServiceError
where
    E: ProvideErrorMetadata,
{
    let status = status(error).unwrap_or_default();
    // Answers to HEAD have no body, and so neither code nor message.
    let code = error.code().unwrap_or("without a code").to_owned();
    let message = error.message().unwrap_or("no message").to_owned();
    let request = error.meta().request_id().unwrap_or("without an id").to_owned();
    if status == 403 && matches!(code.as_str(), "AccessDenied" | "Forbidden" | "without a code")
        || code == "AccessDeniedException"
    {
        return ServiceError::Denied { service, code, message, request, permission };
    }
    ServiceError::Refused { service, status, code, message, request }
}

fn has_credentials_error(error: &(dyn StdError + 'static)) -> bool {
    chain(error).any(<dyn StdError>::is::<CredentialsError>)
}

/// The texts of all causes; the outermost names only the SDK's own stage.
fn reasons(error: &(dyn StdError + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    for text in chain(error).skip(1).map(ToString::to_string) {
        // Several layers repeat the text of the one below.
        if texts.last() != Some(&text) {
            texts.push(text);
        }
    }
    if texts.is_empty() { error.to_string() } else { texts.join(": ") }
}

fn chain<'a>(error: &'a (dyn StdError + 'static)) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&error| error.source())
}
