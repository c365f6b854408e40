//! What a part is made of: the one place to touch for another output format.
//!
//! The records of a page become *rows*: bytes that only their format understands. The page writer holds them
//! until the page is known to be good, the parts cut them where a part is full, and the part's content turns
//! them into what is stored. Nothing between asks what they are.

use std::io;

use super::encoder::Encoder;
use super::line_content::LineContent;
use super::ndjson::LineEncoder;
use super::part_content::{PartContent, SHARE};
use super::table::{self, RowsContent, TableFormat};
use crate::config::Compression;

/// Rows are compressed in pieces of at most this size, so that a part does not outgrow its limit by more.
const PIECE: u64 = 1 << 20;
/// Near a part's limit pieces become smaller, but not so small that each is a thread hop for nothing.
const SMALLEST_PIECE: u64 = 64 << 10;

/// What the parts of a segment are made of, as its stream's `output` says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum PartFormat {
    /// A row is a line of JSON (`ndjson`).
    Lines(Compression),
    /// A row is one of a table (`parquet`).
    Rows(TableFormat),
}

impl PartFormat {
    /// The ending of a part's name.
    pub(crate) fn extension(&self) -> &'static str {
        match self {
            Self::Lines(Compression::None) => "ndjson",
            Self::Lines(Compression::Gzip) => "ndjson.gz",
            Self::Lines(Compression::Zstd) => "ndjson.zst",
            Self::Rows(_) => "parquet",
        }
    }

    /// What writes the records of a run as rows; see [`LineEncoder::new`].
    pub(crate) fn encoder(
        &self,
        source: &str,
        environment: &str,
        batch_id: &str,
        parents: Vec<String>,
    ) -> Encoder {
        match self {
            Self::Lines(_) => Encoder::Lines(LineEncoder::new(source, environment, batch_id, parents)),
            Self::Rows(_) => Encoder::Rows,
        }
    }

    /// The content of a new part that is to have so many bytes as stored.
    ///
    /// # Errors
    /// When the compressor cannot be made.
    pub(crate) fn content(&self, max_part_bytes: u64) -> io::Result<PartContent> {
        match self {
            Self::Lines(compression) => LineContent::lines(*compression, max_part_bytes)
                .map(|content| PartContent::Lines(Box::new(content))),
            Self::Rows(format) => {
                RowsContent::new(format, max_part_bytes).map(|content| PartContent::Rows(Box::new(content)))
            }
        }
    }

    /// How many bytes of `rows` go next into a part that has room for `room` of its `max` bytes: whole rows, none
    /// if none fits, but at least one into a part that is empty.
    pub(crate) fn fitting(&self, rows: &[u8], room: u64, max: u64, is_empty: bool) -> usize {
        match (self, is_empty) {
            (Self::Lines(Compression::None), false) => whole_lines(rows, room),
            (Self::Lines(Compression::None), true) => whole_lines(rows, room).max(first_line(rows)),
            (Self::Lines(_), _) => whole_lines(rows, piece(room, max)).max(first_line(rows)),
            (Self::Rows(_), _) => table::fitting(rows, piece(room, max)),
        }
    }

    /// How many rows these are.
    pub(crate) fn count(&self, rows: &[u8]) -> u64 {
        match self {
            Self::Lines(_) => memchr::memchr_iter(b'\n', rows).count() as u64,
            Self::Rows(_) => table::count(rows),
        }
    }

    /// Whether rows are as large as stored as they are in memory, so that what did not fit will not.
    pub(crate) fn is_exact(&self) -> bool {
        *self == Self::Lines(Compression::None)
    }
}

/// The most bytes of rows that go next into a part that has room for `room` of its `max` bytes.
fn piece(room: u64, max: u64) -> u64 {
    room.clamp(SMALLEST_PIECE.min(max / SHARE), PIECE)
}

/// The length of the longest run of whole lines that has at most `limit` bytes.
fn whole_lines(lines: &[u8], limit: u64) -> usize {
    match usize::try_from(limit) {
        Ok(limit) if limit < lines.len() => {
            memchr::memrchr(b'\n', &lines[..limit]).map_or(0, |last| last + 1)
        }
        _ => lines.len(),
    }
}

/// The length of the first line.
fn first_line(lines: &[u8]) -> usize {
    memchr::memchr(b'\n', lines).map_or(lines.len(), |end| end + 1)
}
