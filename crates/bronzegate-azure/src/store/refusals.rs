//! What the service's refusals mean here, and what somebody may do about them.

use bronzegate_core::bronze::StoreError;

use super::target::Service;
use crate::clients::{Refusal, ServiceError};

/// Whether a create-only call found something there. Azure says 409 `BlobAlreadyExists` where the blob
/// was there before, 412 `ConditionNotMet` where it came meanwhile, and the Data Lake's own code where
/// the namespace is hierarchical.
pub(super) fn is_there_already(error: &ServiceError) -> bool {
    error.refusal().is_some_and(|refusal| match refusal.status {
        409 => refusal.has_code(&["BlobAlreadyExists", "PathAlreadyExists"]),
        412 => refusal.has_code(&["ConditionNotMet", "TargetConditionNotMet"]),
        _ => false,
    })
}

/// Whether blocks that a block list names are not there: published by another, or expired.
pub(super) fn are_blocks_gone(error: &ServiceError) -> bool {
    error.refusal().is_some_and(|refusal| {
        refusal.status == 400 && refusal.has_code(&["InvalidBlockList", "InvalidBlockId"])
    })
}

/// Whether a blob is not there. A container that is not there is another matter, and so is any
/// 404 that is not about the blob; HEAD has no body, but a code in a header.
pub(super) fn is_absent(error: &ServiceError) -> bool {
    error.refusal().is_some_and(|refusal| {
        refusal.status == 404
            && (refusal.code.is_none()
                || refusal.has_code(&["BlobNotFound", "PathNotFound", "ResourceNotFound"]))
    })
}

/// Whether a blob ends before the range begins that was asked for.
pub(super) fn ends_before(error: &ServiceError) -> bool {
    error.refusal().is_some_and(|refusal| refusal.status == 416)
}

/// Whether the service does not take a listing of uncommitted blobs at all. What passes by itself, and what somebody has to give permission for, is another matter.
pub(super) fn is_unsupported(error: &ServiceError) -> bool {
    error.refusal().is_some_and(|refusal| matches!(refusal.status, 400 | 409 | 501))
}

/// The port's error for a call that failed.
pub(super) fn failed(
    service: Service,
    action: &'static str,
    path: &str,
    error: impl Into<ServiceError>,
) -> StoreError {
    match error.into().advising(|refusal| advice(service, refusal)) {
        ServiceError::ByProxy(fault) => StoreError::Proxy { action, path: path.to_owned(), fault },
        told => StoreError::io(action, path, told),
    }
}

fn advice(service: Service, refusal: &Refusal) -> Option<&'static str> {
    match (refusal.status, service) {
        (401, _) => Some("the identity is of another tenant than the storage, or its token is not accepted"),
        (403, Service::Adls) => Some(
            "the identity needs the role Storage Blob Data Contributor on the container, and the account's \
             network rules must let this address in",
        ),
        (403, Service::OneLake) => {
            Some("the identity needs at least the role Contributor in the Fabric workspace")
        }
        (404, Service::Adls) if refusal.has_code(&["ContainerNotFound", "FilesystemNotFound"]) => {
            Some("the container must be there: it is not created here")
        }
        (404, Service::OneLake) => {
            Some("the workspace and the lakehouse must be there: they are not created here")
        }
        _ => None,
    }
}
