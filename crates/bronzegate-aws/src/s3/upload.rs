//! An upload in S3's words, as receipts carry it.

use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use bronzegate_core::bronze::{Receipt, StoreError, Upload};
use serde::{Deserialize, Serialize};

/// A finished multipart upload that nobody completed yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct S3Upload {
    /// The id that S3 gave it.
    pub(super) upload_id: String,
    /// In order; part numbers count from 1.
    pub(super) parts: Vec<UploadedPart>,
}

/// One part of an upload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct UploadedPart {
    /// As S3 gave it, in quotes.
    pub(super) etag: String,
    /// CRC-64/NVME of the part as S3 writes it.
    pub(super) crc64nvme: String,
}

impl S3Upload {
    /// Reads the upload of a receipt.
    pub(super) fn of(receipt: &Receipt) -> Result<Self, StoreError> {
        serde_json::from_value(receipt.upload.0.clone())
            .map_err(|_| StoreError::io("publish", &receipt.path, "its receipt is not one of S3"))
    }

    /// As plain data.
    pub(super) fn to_upload(&self) -> Upload {
        Upload(serde_json::to_value(self).expect("text in lists and members with fixed names is JSON"))
    }

    /// The parts as the call that completes the upload wants them.
    pub(super) fn completed(&self) -> CompletedMultipartUpload {
        let part = |(part, number): (&UploadedPart, i32)| {
            CompletedPart::builder()
                .part_number(number)
                .e_tag(&part.etag)
                .checksum_crc64_nvme(&part.crc64nvme)
                .build()
        };
        let parts = self.parts.iter().zip(1..).map(part).collect();
        CompletedMultipartUpload::builder().set_parts(Some(parts)).build()
    }
}
