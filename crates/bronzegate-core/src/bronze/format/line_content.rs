//! The content of one part of lines while it grows.

use std::io;

use bytes::{Bytes, BytesMut};

use super::compress::Compressor;
use super::part_content::SHARE;
use crate::config::Compression;

/// Small rows are gathered up to this size before they are compressed, since compressing hops to another thread.
const LARGE: usize = 256 << 10;

/// The content of one part; the default is that of rows that are stored as they are.
#[derive(Default)]
pub(crate) struct LineContent {
    /// `None` where rows are stored as they are. Taken permanently when the content has ended.
    compressor: Option<Compressor>,
    /// Rows that wait to be compressed.
    waiting: BytesMut,
    /// The bytes that the part is to have as stored.
    limit: u64,
    /// Bytes that were let out.
    stored: u64,
    /// Bytes of rows that the compressor may hold in part.
    inside: u64,
}

impl LineContent {
    /// Lines, compressed or not, of a part that is to have so many bytes as stored.
    pub(super) fn lines(compression: Compression, limit: u64) -> io::Result<Self> {
        Ok(Self { compressor: Compressor::new(compression)?, limit, ..Self::default() })
    }

    /// Takes rows, and returns what is to be stored by now; it may be empty.
    ///
    /// # Errors
    /// When compressing fails; the part is to be given up.
    pub(super) async fn append(&mut self, rows: Bytes) -> io::Result<Bytes> {
        if self.compressor.is_none() {
            return Ok(rows);
        }
        if self.waiting.is_empty() && rows.len() >= LARGE {
            return self.compress(rows).await;
        }
        self.waiting.extend_from_slice(&rows);
        if self.waiting.len() < LARGE && !self.may_be_full() {
            return Ok(Bytes::new());
        }
        let compressed = self.compress_waiting().await?;
        self.waiting.reserve(2 * LARGE);
        Ok(compressed)
    }

    /// Bytes of rows of which it is not known how many bytes they are as stored.
    pub(super) fn pending(&self) -> u64 {
        self.inside + self.waiting.len() as u64
    }

    /// Whether what is pending could fill the part, and is worth finding out.
    fn may_be_full(&self) -> bool {
        let pending = self.pending();
        self.stored.saturating_add(pending) >= self.limit && pending >= self.limit / SHARE
    }

    /// Ends the content, and returns the rest of what is to be stored, in order.
    ///
    /// # Errors
    /// As of [`append`](Self::append).
    pub(super) async fn finish(mut self) -> io::Result<[Bytes; 2]> {
        let waiting = self.compress_waiting().await?;
        let end = match self.compressor {
            Some(compressor) => compressor.finish().await?.into(),
            None => Bytes::new(),
        };
        Ok([waiting, end])
    }

    async fn compress_waiting(&mut self) -> io::Result<Bytes> {
        let rows = self.waiting.split().freeze();
        if rows.is_empty() { Ok(rows) } else { self.compress(rows).await }
    }

    async fn compress(&mut self, rows: Bytes) -> io::Result<Bytes> {
        let Some(compressor) = self.compressor.take() else { return Ok(rows) };
        self.inside += rows.len() as u64;
        let flush = self.may_be_full();
        let (compressor, compressed) = compressor.compress(rows, flush).await?;
        self.compressor = Some(compressor);
        self.stored += compressed.len() as u64;
        if flush {
            self.inside = 0;
        }
        Ok(compressed.into())
    }
}
