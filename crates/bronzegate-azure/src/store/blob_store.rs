//! The store itself: the port's calls in the words of the Blob service.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::credentials::TokenCredential;
use azure_core::http::ClientOptions;
use bronzegate_core::bronze::{
    BronzeStore, ByteRange, Created, LARGEST_READ, Leftover, RangeRead, Receipt, StagedPart, StagingArea,
    StoreError,
};
use bronzegate_core::clock::Clock;
use bronzegate_core::error::Error;
use bytes::Bytes;
use url::Url;

use super::blobs::Blobs;
use super::listing::{list, list_after, pending};
use super::part::BlobPart;
use super::publish::publish;
use super::put_new::put_new;
use super::read_range::read_range;
use super::target::Target;

/// Bronze in OneLake or ADLS Gen2.
///
/// An upload is uncommitted blocks on the part's own path; publishing it is Put Block List with
/// `If-None-Match: *`, which never replaces anything. What is given up, or left by a dead run, is
/// removed by Azure a week after its last block: there is no call that removes uncommitted blocks.
pub struct BlobStore {
    blobs: Blobs,
    clock: Arc<dyn Clock>,
}

impl BlobStore {
    /// Opens a target. With `endpoint` that Blob endpoint is called instead of the target's own: an
    /// emulator's with its account (`https://127.0.0.1:10000/devstoreaccount1`). Nothing is sent yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](bronzegate_core::error::ErrorKind::Config) when the endpoint is no place
    /// for a token.
    pub fn open(
        target: Target,
        endpoint: Option<Url>,
        credential: Arc<dyn TokenCredential>,
        options: ClientOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let blobs = Blobs::new(target, endpoint, credential, options);
        blobs.container().map_err(|error| Error::new(bronzegate_core::error::ErrorKind::Config, error))?;
        Ok(Self { blobs, clock })
    }
}

impl fmt::Debug for BlobStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobStore").field("target", &self.blobs.target).finish_non_exhaustive()
    }
}

#[async_trait]
impl BronzeStore for BlobStore {
    fn location(&self) -> String {
        self.blobs.target.location().to_owned()
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        list(&self.blobs, prefix).await
    }

    async fn list_after(&self, prefix: &str, after: &str) -> Result<Vec<String>, StoreError> {
        list_after(&self.blobs, prefix, after).await
    }

    async fn get(&self, path: &str) -> Result<Option<Bytes>, StoreError> {
        Ok(self.blobs.read(path, LARGEST_READ).await?.map(|content| content.bytes))
    }

    async fn get_range(&self, path: &str, range: ByteRange) -> Result<Option<RangeRead>, StoreError> {
        read_range(&self.blobs, path, range).await
    }

    async fn put_new(&self, path: &str, content: Bytes) -> Result<Created, StoreError> {
        put_new(&self.blobs, path, content).await
    }

    async fn put(&self, path: &str, content: Bytes) -> Result<(), StoreError> {
        let put = self.blobs.upload(&self.blobs.blob(path)?, content, false, None).await;
        put.map_err(|error| self.blobs.failed("write", path, error))
    }

    async fn remove(&self, path: &str) -> Result<(), StoreError> {
        self.blobs.remove(path).await
    }

    async fn stage(&self, path: &str, _: &StagingArea) -> Result<Box<dyn StagedPart>, StoreError> {
        Ok(Box::new(BlobPart::begin(&self.blobs, path)?))
    }

    async fn publish(&self, receipt: &Receipt) -> Result<(), StoreError> {
        publish(&self.blobs, receipt).await
    }

    async fn abort(&self, _: &Receipt) -> Result<(), StoreError> {
        // Nothing can be done: Azure removes the blocks a week after the last was staged.
        Ok(())
    }

    async fn leftovers(&self, _: &str) -> Result<Vec<Box<dyn Leftover>>, StoreError> {
        // Azure removes them itself.
        Ok(Vec::new())
    }

    async fn pending(&self, stream: &str) -> Result<Vec<String>, StoreError> {
        pending(&self.blobs, stream, self.clock.now()).await
    }
}
