//! The content of one Parquet part while it grows: rows in, row groups out.

use std::io;
use std::mem;

use bytes::Bytes;
use parquet::errors::ParquetError;

use super::listed::CELL;
use super::parquet_part::ParquetPart;
use super::rows;
use super::schema::TableFormat;
use crate::bronze::format::compress::busy;
use crate::bronze::format::part_content::SHARE;

/// A row group is written when its rows have so many bytes in memory.
const GROUP: usize = 8 << 20;

/// The content of one part.
pub(crate) struct RowsContent {
    /// `None` while a row group is written on another thread, and after that has failed.
    part: Option<ParquetPart>,
    /// Rows that wait for their row group.
    waiting: Vec<u8>,
    /// How many cells of listed columns these have.
    cells: usize,
    columns: usize,
    /// The bytes that the part is to have as stored.
    limit: u64,
    /// Bytes that were let out.
    stored: u64,
}

impl RowsContent {
    /// The content of a part that is to have so many bytes as stored.
    pub(in crate::bronze::format) fn new(format: &TableFormat, limit: u64) -> io::Result<Self> {
        let part = Some(ParquetPart::new(format.clone()).map_err(failed)?);
        let columns = format.listed().len();
        Ok(Self { part, waiting: Vec::new(), cells: 0, columns, limit, stored: 0 })
    }

    /// Takes rows, and returns what is to be stored by now; it may be empty.
    pub(in crate::bronze::format) async fn append(&mut self, rows: &[u8]) -> io::Result<Bytes> {
        self.cells += rows::count(rows) as usize * self.columns;
        self.waiting.extend_from_slice(rows);
        if self.is_group() { self.write().await } else { Ok(Bytes::new()) }
    }

    /// Bytes of rows of which it is not known how many bytes they are as stored.
    pub(in crate::bronze::format) fn pending(&self) -> u64 {
        self.waiting.len() as u64
    }

    /// Ends the content: what is left of what is to be stored, and Delta's statistics.
    pub(in crate::bronze::format) async fn finish(mut self) -> io::Result<([Bytes; 2], String)> {
        let last = if self.waiting.is_empty() { Bytes::new() } else { self.write().await? };
        let Some(part) = self.part else { return Err(given_up()) };
        let (footer, stats) = busy(move || part.finish().map_err(failed)).await?;
        Ok(([last, footer], stats))
    }

    /// Whether the rows are enough for a row group: by their own size, or because they could fill the part.
    fn is_group(&self) -> bool {
        let pending = self.pending();
        let fills_part = self.stored.saturating_add(pending) >= self.limit && pending >= self.limit / SHARE;
        fills_part || self.waiting.len() + self.cells * CELL >= GROUP
    }

    async fn write(&mut self) -> io::Result<Bytes> {
        let Some(mut part) = self.part.take() else { return Err(given_up()) };
        let rows = Bytes::from(mem::take(&mut self.waiting));
        self.cells = 0;
        let (part, rows, written) = busy(move || {
            let written = part.write(&rows).map_err(failed)?;
            Ok((part, rows, written))
        })
        .await?;
        self.part = Some(part);
        self.stored += written.len() as u64;
        // Nobody else holds the rows, so the next ones take the same memory.
        self.waiting = rows.try_into_mut().map(Vec::from).unwrap_or_default();
        self.waiting.clear();
        Ok(written)
    }
}

fn failed(error: ParquetError) -> io::Error {
    io::Error::other(error)
}

fn given_up() -> io::Error {
    io::Error::other("an earlier row group could not be written")
}
