//! What the SDK is told about the answers to conditional writes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use aws_sdk_s3::config::interceptors::{BeforeTransmitInterceptorContextRef, InterceptorContext};
use aws_sdk_s3::config::retry::{ClassifyRetry, RetryAction};
use aws_sdk_s3::config::{ConfigBag, Intercept, RuntimeComponents};
use aws_sdk_s3::error::BoxError;

/// Has the SDK send again what S3 answered with 409.
///
/// To a conditional write that is `ConditionalRequestConflict`: another write to the same key was under
/// way, and which of the two stands is known only to the next attempt. Its other meaning for the calls
/// of this store, `OperationAborted`, passes too.
#[derive(Debug)]
pub(super) struct ConflictsPass;

impl ClassifyRetry for ConflictsPass {
    fn classify_retry(&self, context: &InterceptorContext) -> RetryAction {
        const CONFLICT: u16 = 409;
        let status = context.response().map(|response| response.status().as_u16());
        if status == Some(CONFLICT) { RetryAction::transient_error() } else { RetryAction::NoActionIndicated }
    }

    fn name(&self) -> &'static str {
        "conditional write conflicts"
    }
}

/// Counts the attempts that one call of the SDK makes.
#[derive(Clone, Debug, Default)]
pub(super) struct Attempts(Arc<AtomicU32>);

impl Attempts {
    /// Whether the request was sent more than once, so that an answer may have been lost.
    pub(super) fn repeated(&self) -> bool {
        self.0.load(Ordering::SeqCst) > 1
    }
}

impl Intercept for Attempts {
    fn name(&self) -> &'static str {
        "attempts"
    }

    fn read_before_attempt(
        &self,
        _: &BeforeTransmitInterceptorContextRef<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(())
    }
}
