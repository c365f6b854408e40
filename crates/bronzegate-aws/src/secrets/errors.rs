//! What Secrets Manager's refusals mean for a secret.

use aws_sdk_secretsmanager::config::http::HttpResponse;
use aws_sdk_secretsmanager::error::SdkError;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use bronzegate_core::secret::SecretError;

use crate::service_error::{ServiceError, explain};

const PERMISSIONS: &str = "secretsmanager:GetSecretValue, or kms:Decrypt with the secret's key";

/// Says why a secret could not be read. `place` is its id and region.
pub(super) fn refused(
    name: &str,
    place: &str,
    error: &SdkError<GetSecretValueError, HttpResponse>,
) -> SecretError {
    let name = name.to_owned();
    let told = explain("Secrets Manager", PERMISSIONS, error);
    let reason = format!("{place}: {told}");
    match error.as_service_error() {
        Some(GetSecretValueError::ResourceNotFoundException(_)) => {
            SecretError::Missing { name, place: reason }
        }
        Some(GetSecretValueError::DecryptionFailure(_)) => SecretError::Denied { name, reason },
        Some(GetSecretValueError::InvalidRequestException(_)) => {
            let reason = format!("{place} cannot be used now, as when it is marked for deletion: {told}");
            SecretError::Unreadable { name, reason }
        }
        _ if matches!(told, ServiceError::Denied { .. }) => SecretError::Denied { name, reason },
        _ => SecretError::Unreadable { name, reason },
    }
}
