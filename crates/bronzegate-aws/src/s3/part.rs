//! An upload on S3: a multipart upload whose parts are sent in the background.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use bronzegate_core::bronze::{StagedPart, StoreError, Upload};
use bytes::{Bytes, BytesMut};
use tokio::task::JoinSet;

use super::upload::{S3Upload, UploadedPart};
use super::uploads::{Uploads, bronze_checksum};

/// The size of each part but the last, the least that S3 takes. With [`IN_FLIGHT`] it is the memory an
/// upload takes: 15 MiB.
const PART_BYTES: usize = 5 << 20;

/// Parts that are sent at the same time, beside the one that fills.
const IN_FLIGHT: usize = 2;

/// S3's limit for the parts of one upload: with [`PART_BYTES`] an object of 48 GiB. Parts of one size keep
/// memory flat, so a longer object is refused rather than cut into bigger ones.
const MOST_PARTS: u32 = 10_000;

/// A multipart upload that is being written. Dropped, its background work ends; what S3 has of it goes
/// with the bucket's rule for incomplete uploads.
#[derive(Debug)]
pub(super) struct S3Part {
    uploads: Arc<Uploads>,
    path: String,
    key: String,
    upload_id: String,
    filling: BytesMut,
    sent: u32,
    sending: JoinSet<Result<(u32, UploadedPart), StoreError>>,
    done: BTreeMap<u32, UploadedPart>,
}

impl S3Part {
    pub(super) fn new(uploads: Arc<Uploads>, path: &str, key: String, upload_id: String) -> Self {
        let (sending, done) = (JoinSet::new(), BTreeMap::new());
        Self {
            uploads,
            path: path.to_owned(),
            key,
            upload_id,
            filling: BytesMut::new(),
            sent: 0,
            sending,
            done,
        }
    }

    /// Sends what has filled, once one of those under way is through.
    async fn send(&mut self) -> Result<(), StoreError> {
        if self.sent == MOST_PARTS {
            let text = format!(
                "an upload to S3 has at most {MOST_PARTS} parts of {} MiB; a smaller `max_part_bytes` stays below",
                PART_BYTES >> 20
            );
            return Err(StoreError::io("write", &self.path, text));
        }
        while self.sending.len() >= IN_FLIGHT {
            self.collect().await?;
        }
        self.sent += 1;
        let (number, content) = (self.sent, std::mem::take(&mut self.filling).freeze());
        let (uploads, path) = (Arc::clone(&self.uploads), self.path.clone());
        let (key, upload_id) = (self.key.clone(), self.upload_id.clone());
        self.sending.spawn(async move {
            let crc64nvme = bronze_checksum(&content);
            let etag = uploads.send_part(&path, &key, &upload_id, number, content, &crc64nvme).await?;
            Ok((number, UploadedPart { etag, crc64nvme }))
        });
        Ok(())
    }

    /// Waits for one of the parts under way, if there is any.
    async fn collect(&mut self) -> Result<(), StoreError> {
        match self.sending.join_next().await {
            Some(Ok(sent)) => {
                let (number, part) = sent?;
                self.done.insert(number, part);
            }
            // Nothing aborts a task while the part is there, so it panicked, which goes on here.
            Some(Err(error)) => std::panic::resume_unwind(error.into_panic()),
            None => {}
        }
        Ok(())
    }
}

#[async_trait]
impl StagedPart for S3Part {
    async fn write(&mut self, mut content: Bytes) -> Result<(), StoreError> {
        while !content.is_empty() {
            let piece = content.split_to(content.len().min(PART_BYTES - self.filling.len()));
            // A part that will be full takes its memory at once; a small upload takes what it needs.
            let grows = self.sent > 0 || self.filling.len() + piece.len() > PART_BYTES / 2;
            if grows && self.filling.capacity() < PART_BYTES {
                self.filling.reserve(PART_BYTES - self.filling.len());
            }
            self.filling.extend_from_slice(&piece);
            if self.filling.len() == PART_BYTES {
                self.send().await?;
            }
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<Upload, StoreError> {
        // An upload has at least one part; for an object of no bytes that is an empty one.
        if !self.filling.is_empty() || self.sent == 0 {
            self.send().await?;
        }
        while !self.sending.is_empty() {
            self.collect().await?;
        }
        let parts = std::mem::take(&mut self.done).into_values().collect();
        Ok(S3Upload { upload_id: self.upload_id.clone(), parts }.to_upload())
    }

    async fn abort(mut self: Box<Self>) -> Result<(), StoreError> {
        // S3 may keep a part that arrives after the abort.
        self.sending.shutdown().await;
        self.uploads.give_up(&self.path, &self.key, &self.upload_id).await
    }
}
