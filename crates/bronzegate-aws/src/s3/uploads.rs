//! Multipart uploads: begun, sent, completed, given up, listed.

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, ChecksumMode, ChecksumType};
use bronzegate_core::bronze::{Checksum, Receipt, StoreError};
use bytes::Bytes;

use super::checksum::to_base64;
use super::failed::failed;
use super::settings::S3Settings;
use super::target::S3Target;
use super::upload::S3Upload;
use crate::service_error::status;

/// The uploads of one target.
#[derive(Debug)]
pub(super) struct Uploads {
    pub(super) client: Client,
    pub(super) target: S3Target,
    pub(super) settings: S3Settings,
}

/// What stands at a receipt's path.
enum Standing {
    Nothing,
    Same,
    Other,
}

impl Uploads {
    /// The account that must own the bucket.
    pub(super) fn owner(&self) -> Option<String> {
        self.settings.owner.clone()
    }

    /// Begins an upload and returns its id.
    pub(super) async fn begin(&self, path: &str, key: &str) -> Result<String, StoreError> {
        let begun = self
            .client
            .create_multipart_upload()
            .bucket(self.target.bucket())
            .set_expected_bucket_owner(self.owner())
            .key(key)
            .checksum_algorithm(ChecksumAlgorithm::Crc64Nvme)
            .checksum_type(ChecksumType::FullObject)
            .set_server_side_encryption(self.settings.encryption())
            .set_ssekms_key_id(self.settings.kms_key.clone())
            .set_bucket_key_enabled(self.settings.bucket_key())
            .send()
            .await
            .map_err(|error| failed("stage", path, "s3:PutObject", &error))?;
        begun.upload_id.ok_or_else(|| StoreError::io("stage", path, "S3 began an upload without an id"))
    }

    /// Sends one part and returns its `ETag`.
    pub(super) async fn send_part(
        &self,
        path: &str,
        key: &str,
        upload_id: &str,
        number: u32,
        content: Bytes,
        checksum: &str,
    ) -> Result<String, StoreError> {
        let sent = self
            .client
            .upload_part()
            .bucket(self.target.bucket())
            .set_expected_bucket_owner(self.owner())
            .key(key)
            .upload_id(upload_id)
            .part_number(number.cast_signed())
            .checksum_crc64_nvme(checksum)
            .body(ByteStream::from(content))
            .send()
            .await
            .map_err(|error| failed("write", path, "s3:PutObject", &error))?;
        sent.e_tag.ok_or_else(|| StoreError::io("write", path, "S3 took a part without telling its ETag"))
    }

    /// Completes an upload, create-only.
    ///
    /// Whatever S3 answers when the upload cannot be completed (412: something is there; 404: the upload
    /// is gone; 409: a rival has been completing for as long as the SDK tried), what stands at the path
    /// tells what happened, also when an earlier attempt of this very call did it and its answer was lost.
    pub(super) async fn publish(&self, receipt: &Receipt) -> Result<(), StoreError> {
        let (path, key) = (&receipt.path, self.target.key(&receipt.path)?);
        let upload = S3Upload::of(receipt)?;
        let completed = self
            .client
            .complete_multipart_upload()
            .bucket(self.target.bucket())
            .set_expected_bucket_owner(self.owner())
            .key(&key)
            .upload_id(&upload.upload_id)
            .multipart_upload(upload.completed())
            .checksum_type(ChecksumType::FullObject)
            .checksum_crc64_nvme(expected_checksum(receipt)?)
            .mpu_object_size(receipt.bytes.cast_signed())
            .if_none_match("*")
            .send()
            .await;
        let Err(error) = completed else { return Ok(()) };
        let occupied = status(&error) == Some(412);
        let gone = error.code() == Some("NoSuchUpload");
        if !occupied && !gone && status(&error) != Some(409) {
            return Err(failed("publish", path, "s3:PutObject", &error));
        }
        match self.look(receipt, &key).await? {
            // The upload of the same content that did not become the object is of no more use.
            Standing::Same if !gone => self.give_up(path, &key, &upload.upload_id).await,
            Standing::Same => Ok(()),
            Standing::Other => Err(StoreError::Conflict { path: path.clone() }),
            Standing::Nothing if gone => Err(StoreError::Lost { path: path.clone() }),
            Standing::Nothing => Err(failed("publish", path, "s3:PutObject", &error)),
        }
    }

    /// Compares what is at the path with the receipt by size and checksum. An object without a CRC-64/NVME
    /// of the whole was not written by this store, and so is another one.
    async fn look(&self, receipt: &Receipt, key: &str) -> Result<Standing, StoreError> {
        let found = self
            .client
            .head_object()
            .bucket(self.target.bucket())
            .set_expected_bucket_owner(self.owner())
            .key(key)
            .checksum_mode(ChecksumMode::Enabled)
            .send()
            .await;
        let found = match found {
            Err(SdkError::ServiceError(error)) if error.err().is_not_found() => return Ok(Standing::Nothing),
            found => found.map_err(|error| failed("read", &receipt.path, "s3:GetObject", &error))?,
        };
        let same = found.content_length == Some(receipt.bytes.cast_signed())
            && found.checksum_crc64_nvme == Some(expected_checksum(receipt)?);
        Ok(if same { Standing::Same } else { Standing::Other })
    }

    /// Gives an upload up; one that is gone, also because it was completed, is no error.
    pub(super) async fn give_up(&self, path: &str, key: &str, upload_id: &str) -> Result<(), StoreError> {
        let aborted = self
            .client
            .abort_multipart_upload()
            .bucket(self.target.bucket())
            .set_expected_bucket_owner(self.owner())
            .key(key)
            .upload_id(upload_id)
            .send()
            .await;
        match aborted {
            Err(error) if error.code() == Some("NoSuchUpload") => Ok(()),
            aborted => {
                aborted.map(drop).map_err(|error| failed("give up", path, "s3:AbortMultipartUpload", &error))
            }
        }
    }

    /// The paths below a folder with an upload that is neither completed nor given up.
    pub(super) async fn pending(&self, folder: &str) -> Result<Vec<String>, StoreError> {
        let mut paths = Vec::new();
        let (mut key_marker, mut upload_marker) = (None, None);
        loop {
            let page = self
                .client
                .list_multipart_uploads()
                .bucket(self.target.bucket())
                .set_expected_bucket_owner(self.owner())
                .prefix(self.target.keys_below(folder))
                .set_key_marker(key_marker)
                .set_upload_id_marker(upload_marker)
                .send()
                .await
                .map_err(|error| {
                    failed("list the uploads of", folder, "s3:ListBucketMultipartUploads", &error)
                })?;
            let keys = page.uploads().iter().filter_map(|upload| upload.key());
            paths.extend(keys.filter_map(|key| self.target.path(key)));
            if page.is_truncated != Some(true) {
                break;
            }
            (key_marker, upload_marker) = (page.next_key_marker, page.next_upload_id_marker);
        }
        paths.sort_unstable();
        paths.dedup();
        Ok(paths)
    }
}

/// The checksum of some bytes as S3 writes it.
pub(super) fn bronze_checksum(content: &[u8]) -> String {
    to_base64(&Checksum::of(content)).expect("the core writes checksums as 16 hexadecimal digits")
}

fn expected_checksum(receipt: &Receipt) -> Result<String, StoreError> {
    to_base64(&receipt.checksum)
        .ok_or_else(|| StoreError::io("publish", &receipt.path, "its receipt has no CRC-64/NVME checksum"))
}
