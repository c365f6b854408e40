//! What Secrets Manager's refusals mean for a secret.

use aws_sdk_secretsmanager::config::http::HttpResponse;
use aws_sdk_secretsmanager::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueError;
use bronzegate_core::secret::SecretError;

use crate::service_error::{ServiceError, explain};

pub(super) const GET_PERMISSIONS: &str =
    "secretsmanager:GetSecretValue, or kms:Decrypt with the secret's key";
pub(super) const PUT_PERMISSIONS: &str =
    "secretsmanager:PutSecretValue, or kms:GenerateDataKey and kms:Decrypt with the secret's key";
pub(super) const MOVE_PERMISSIONS: &str = "secretsmanager:UpdateSecretVersionStage";

/// Says why a secret could not be read. `place` is its id and region.
pub(super) fn refused(
    name: &str,
    place: &str,
    error: &SdkError<GetSecretValueError, HttpResponse>,
) -> SecretError {
    let name = name.to_owned();
    let told = explain("Secrets Manager", GET_PERMISSIONS, error);
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
        _ if told.is_transient() => SecretError::Unavailable { name, reason },
        _ => SecretError::Unreadable { name, reason },
    }
}

/// Says why a secret could not be written.
pub(super) fn unwritable<E>(
    name: &str,
    place: &str,
    permissions: &'static str,
    error: &SdkError<E, HttpResponse>,
) -> SecretError
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    let told = explain("Secrets Manager", permissions, error);
    let (name, reason) = (name.to_owned(), format!("{place}: {told}"));
    if told.is_transient() {
        return SecretError::Unavailable { name, reason };
    }
    SecretError::Unwritable { name, reason }
}
