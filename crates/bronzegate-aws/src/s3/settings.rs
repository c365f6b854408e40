//! How objects are written.

use aws_sdk_s3::types::ServerSideEncryption;

/// How objects are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct S3Settings {
    /// The id or ARN of the KMS key that encrypts every object; the bucket's default without it.
    pub kms_key: Option<String>,
}

impl S3Settings {
    pub(super) fn encryption(&self) -> Option<ServerSideEncryption> {
        self.kms_key.is_some().then_some(ServerSideEncryption::AwsKms)
    }

    /// One call to KMS for many objects instead of one for each.
    pub(super) fn bucket_key(&self) -> Option<bool> {
        self.kms_key.is_some().then_some(true)
    }
}
