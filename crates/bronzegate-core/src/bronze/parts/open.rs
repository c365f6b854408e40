//! The part being written: it gathers small pieces, counts, checksums and compresses.

use std::mem;

use bytes::{Bytes, BytesMut};

use crate::bronze::checksum::Checksum;
use crate::bronze::format::{PartContent, PartFormat};
use crate::bronze::store::{Receipt, StagedPart, StoreError};

/// Small pieces are gathered up to this size, so that a thread hop moves enough to be worth it.
const GATHER: usize = 1 << 20;
/// A piece of this size goes to the store as it is: copying it would cost more than a hop.
const LARGE: usize = 256 << 10;

pub(super) struct OpenPart {
    path: String,
    staged: Box<dyn StagedPart>,
    content: PartContent,
    /// Small pieces as stored.
    gathered: BytesMut,
    checksum: Checksum,
    records: u64,
    bytes: u64,
}

impl OpenPart {
    pub(super) fn new(
        path: String,
        staged: Box<dyn StagedPart>,
        (format, max_part_bytes): (&PartFormat, u64),
        gathered: BytesMut,
    ) -> Result<Self, StoreError> {
        let content =
            format.content(max_part_bytes).map_err(|error| StoreError::io("compress", &path, error))?;
        Ok(Self { path, staged, content, gathered, checksum: Checksum::default(), records: 0, bytes: 0 })
    }

    /// Bytes as stored, as far as the content has let them out.
    pub(super) fn size(&self) -> u64 {
        self.bytes + self.gathered.len() as u64
    }

    /// Bytes as stored, if what the content has not let out does not become smaller.
    pub(super) fn largest_size(&self) -> u64 {
        self.size() + self.content.pending()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.records == 0
    }

    pub(super) async fn append(&mut self, rows: Bytes, records: u64) -> Result<(), StoreError> {
        self.records += records;
        let content = self.content.append(rows).await;
        let content = content.map_err(|error| StoreError::io("compress", &self.path, error))?;
        self.push(content).await
    }

    /// Completes the content; what is left can continue without the writer.
    pub(super) async fn complete(mut self) -> Result<(CompletePart, BytesMut), StoreError> {
        let content = mem::take(&mut self.content);
        let end = content.finish().await.map_err(|error| StoreError::io("compress", &self.path, error))?;
        for rest in end.rest {
            self.push(rest).await?;
        }
        self.flush().await?;
        let Self { path, staged, gathered, checksum, records, bytes, .. } = self;
        let (checksum, stats) = (checksum.to_hex(), end.stats);
        Ok((CompletePart { path, staged, checksum, records, bytes, stats }, gathered))
    }

    pub(super) async fn abort(self) -> Result<(), StoreError> {
        self.staged.abort().await
    }

    async fn push(&mut self, content: Bytes) -> Result<(), StoreError> {
        if content.len() >= LARGE {
            self.flush().await?;
            return self.write(content).await;
        }
        self.gathered.extend_from_slice(&content);
        if self.gathered.len() >= GATHER { self.flush().await } else { Ok(()) }
    }

    async fn flush(&mut self) -> Result<(), StoreError> {
        if self.gathered.is_empty() {
            return Ok(());
        }
        // Once the store has let the bytes go, the next `reserve` takes the same memory again.
        let content = self.gathered.split().freeze();
        self.write(content).await?;
        self.gathered.reserve(GATHER + LARGE);
        Ok(())
    }

    async fn write(&mut self, content: Bytes) -> Result<(), StoreError> {
        self.checksum.update(&content);
        self.bytes += content.len() as u64;
        self.staged.write(content).await
    }
}

/// A part whose content is written and has only to be made durable.
pub(super) struct CompletePart {
    path: String,
    staged: Box<dyn StagedPart>,
    checksum: String,
    records: u64,
    bytes: u64,
    stats: Option<String>,
}

impl CompletePart {
    pub(super) async fn finish(self) -> Result<Receipt, StoreError> {
        let Self { path, staged, checksum, records, bytes, stats } = self;
        let upload = staged.finish().await?;
        Ok(Receipt { path, records, bytes, checksum, upload, stats })
    }
}
