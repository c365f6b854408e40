//! Errors of S3 as errors of the store.

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use bronzegate_core::bronze::StoreError;

use crate::service_error::{ServiceError, explain};

/// An error of a call, on a path under the target.
pub(super) fn failed<E>(
    action: &'static str,
    path: &str,
    permission: &'static str,
    error: &SdkError<E, HttpResponse>,
) -> StoreError
where
    E: std::error::Error + ProvideErrorMetadata + 'static,
{
    match explain("S3", permission, error) {
        ServiceError::ByProxy { fault, .. } => StoreError::Proxy { action, path: path.to_owned(), fault },
        told => StoreError::io(action, path, told),
    }
}
