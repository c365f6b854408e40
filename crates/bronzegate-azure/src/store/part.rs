//! An upload: blocks that are staged in the background while the next one fills.

use std::sync::Arc;

use async_trait::async_trait;
use azure_storage_blob::BlockBlobClient;
use azure_storage_blob::models::BlockBlobClientStageBlockOptions;
use bronzegate_core::bronze::{Checksum, StagedPart, StoreError, Upload};
use bytes::{Bytes, BytesMut};
use tokio::task::JoinSet;

use super::blobs::Blobs;
use super::publish::Staged;
use super::upload_id::UploadId;

/// The size of a block in bytes. With the 50,000 blocks of a blob a part may have 195 GiB.
const BLOCK: usize = 4 << 20;

/// Blocks on their way at once. With the one that fills, an upload holds 12 MiB at most.
const IN_FLIGHT: usize = 2;

/// Blocks of a path. Dropped, those on their way are cut off; staged ones expire with Azure's own
/// clean-up after a week, because uncommitted blocks cannot be deleted.
pub(super) struct BlobPart {
    blobs: Blobs,
    blob: Arc<BlockBlobClient>,
    path: String,
    id: UploadId,
    /// Blocks begun.
    blocks: u32,
    filling: BytesMut,
    flying: JoinSet<azure_core::Result<()>>,
}

impl BlobPart {
    /// Begins an upload. Nothing is sent before the first block is full.
    pub(super) fn begin(blobs: &Blobs, path: &str) -> Result<Self, StoreError> {
        Ok(Self {
            blobs: blobs.clone(),
            blob: Arc::new(blobs.blob(path)?.block_blob_client()),
            path: path.to_owned(),
            id: UploadId::random(),
            blocks: 0,
            filling: BytesMut::new(),
            flying: JoinSet::new(),
        })
    }

    /// Sends a block, once there is room in flight.
    async fn send(&mut self, content: Bytes) -> Result<(), StoreError> {
        while self.flying.len() >= IN_FLIGHT {
            self.land().await?;
        }
        let block = self.id.block(self.blocks);
        self.blocks += 1;
        self.flying.spawn(stage(Arc::clone(&self.blob), block, content));
        Ok(())
    }

    /// Waits for a block; `false` when none is on its way.
    async fn land(&mut self) -> Result<bool, StoreError> {
        match self.flying.join_next().await {
            None => Ok(false),
            Some(Ok(Ok(()))) => Ok(true),
            Some(Ok(Err(error))) => Err(self.blobs.failed("write", &self.path, error)),
            Some(Err(error)) => Err(StoreError::io("write", &self.path, error)),
        }
    }
}

#[async_trait]
impl StagedPart for BlobPart {
    async fn write(&mut self, mut content: Bytes) -> Result<(), StoreError> {
        while !content.is_empty() {
            if self.filling.is_empty() && content.len() >= BLOCK {
                let whole = content.split_to(BLOCK);
                self.send(whole).await?;
                continue;
            }
            let room = BLOCK - self.filling.len();
            self.filling.extend_from_slice(&content.split_to(room.min(content.len())));
            if self.filling.len() == BLOCK {
                let whole = self.filling.split().freeze();
                self.send(whole).await?;
            }
        }
        Ok(())
    }

    async fn finish(mut self: Box<Self>) -> Result<Upload, StoreError> {
        let rest = self.filling.split().freeze();
        if !rest.is_empty() {
            self.send(rest).await?;
        }
        while self.land().await? {}
        Ok(Staged::new(self.id, self.blocks).receipt())
    }

    async fn abort(mut self: Box<Self>) -> Result<(), StoreError> {
        self.flying.shutdown().await;
        Ok(())
    }
}

/// Stages a block. Azure's own CRC64 is CRC-64/NVME, sent as little-endian bytes: a block that is
/// damaged on its way is refused, and is no part of any blob.
async fn stage(blob: Arc<BlockBlobClient>, block: Vec<u8>, content: Bytes) -> azure_core::Result<()> {
    let mut checksum = Checksum::default();
    checksum.update(&content);
    let options = BlockBlobClientStageBlockOptions {
        transactional_content_crc64: Some(checksum.value().to_le_bytes().to_vec()),
        ..BlockBlobClientStageBlockOptions::default()
    };
    let length = content.len() as u64;
    blob.stage_block(&block, length, content.into(), Some(options)).await?;
    Ok(())
}
