//! The store on S3.

use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_s3::Client;
use aws_sdk_s3::config::RequestChecksumCalculation;
use bronzegate_core::bronze::{
    BronzeStore, ByteRange, Created, Leftover, RangeRead, Receipt, StagedPart, StagingArea, StoreError,
};
use bytes::Bytes;

use super::part::S3Part;
use super::retry::ConflictsPass;
use super::settings::S3Settings;
use super::target::S3Target;
use super::upload::S3Upload;
use super::uploads::Uploads;

/// The bronze store on S3.
///
/// Uploads are multipart uploads, and so invisible until they are completed; conditional writes make
/// publishing and commits create-only. Every part and every object is sent with its CRC-64/NVME, which
/// S3 verifies and keeps. Uploads of dead runs are left to the bucket's rule for incomplete uploads.
#[derive(Clone, Debug)]
pub struct S3Store {
    uploads: Arc<Uploads>,
}

impl S3Store {
    /// Makes a store on the target; nothing is called yet.
    ///
    /// Of the client everything is kept but two settings: the store sends checksums of its own, so the
    /// SDK computes none beside them, and conflicts of conditional writes are tried again.
    pub fn new(client: &Client, target: S3Target, settings: S3Settings) -> Self {
        let config = client
            .config()
            .to_builder()
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .retry_classifier(ConflictsPass)
            .build();
        Self { uploads: Arc::new(Uploads { client: Client::from_conf(config), target, settings }) }
    }
}

#[async_trait]
impl BronzeStore for S3Store {
    fn location(&self) -> String {
        self.uploads.target.url()
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        self.uploads.paths(prefix).await
    }

    async fn list_after(&self, prefix: &str, after: &str) -> Result<Vec<String>, StoreError> {
        self.uploads.paths_after(prefix, after).await
    }

    async fn get(&self, path: &str) -> Result<Option<Bytes>, StoreError> {
        self.uploads.read(path).await
    }

    async fn get_range(&self, path: &str, range: ByteRange) -> Result<Option<RangeRead>, StoreError> {
        self.uploads.read_range(path, range).await
    }

    async fn put_new(&self, path: &str, content: Bytes) -> Result<Created, StoreError> {
        self.uploads.create(path, content).await
    }

    async fn put(&self, path: &str, content: Bytes) -> Result<(), StoreError> {
        self.uploads.replace(path, content).await
    }

    async fn remove(&self, path: &str) -> Result<(), StoreError> {
        self.uploads.remove(path).await
    }

    async fn stage(&self, path: &str, _: &StagingArea) -> Result<Box<dyn StagedPart>, StoreError> {
        let key = self.uploads.target.key(path)?;
        let upload_id = self.uploads.begin(path, &key).await?;
        Ok(Box::new(S3Part::new(Arc::clone(&self.uploads), path, key, upload_id)))
    }

    async fn publish(&self, receipt: &Receipt) -> Result<(), StoreError> {
        self.uploads.publish(receipt).await
    }

    async fn abort(&self, receipt: &Receipt) -> Result<(), StoreError> {
        let key = self.uploads.target.key(&receipt.path)?;
        self.uploads.give_up(&receipt.path, &key, &S3Upload::of(receipt)?.upload_id).await
    }

    async fn leftovers(&self, _: &str) -> Result<Vec<Box<dyn Leftover>>, StoreError> {
        Ok(Vec::new())
    }

    async fn pending(&self, stream: &str) -> Result<Vec<String>, StoreError> {
        self.uploads.pending(stream).await
    }
}
