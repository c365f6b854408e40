//! What a part is made of: the one place to touch for another output format.
//!
//! The records of a page become *rows*: bytes that only their format understands. The page writer holds them
//! until the page is known to be good, the parts cut them where a part is full, and the part's content turns
//! them into what is stored. Nothing between asks what they are.

use std::io;

use super::ndjson::Encoder;
use super::part_content::{PartContent, SHARE};
use crate::config::{Compression, Output};

/// Rows are compressed in pieces of at most this size, so that a part does not outgrow its limit by more.
const PIECE: u64 = 1 << 20;
/// Near a part's limit pieces become smaller, but not so small that each is a thread hop for nothing.
const SMALLEST_PIECE: u64 = 64 << 10;

/// What the parts of a segment are made of, as its stream's `output` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartFormat {
    /// A row is a line of JSON (`ndjson`).
    Lines(Compression),
}

impl PartFormat {
    /// The format of an output.
    pub(crate) fn of(output: &Output) -> Self {
        Self::Lines(output.compression)
    }

    /// The ending of a part's name.
    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Lines(Compression::None) => "ndjson",
            Self::Lines(Compression::Gzip) => "ndjson.gz",
            Self::Lines(Compression::Zstd) => "ndjson.zst",
        }
    }

    /// What writes the records of a run as rows; see [`Encoder::new`].
    pub(crate) fn encoder(
        self,
        source: &str,
        environment: &str,
        batch_id: &str,
        parents: Vec<String>,
    ) -> Encoder {
        match self {
            Self::Lines(_) => Encoder::new(source, environment, batch_id, parents),
        }
    }

    /// The content of a new part that is to have so many bytes as stored.
    ///
    /// # Errors
    /// When the compressor cannot be made.
    pub(crate) fn content(self, max_part_bytes: u64) -> io::Result<PartContent> {
        match self {
            Self::Lines(compression) => PartContent::lines(compression, max_part_bytes),
        }
    }

    /// How many bytes of `rows` go next into a part that has room for `room` of its `max` bytes: whole rows, none
    /// if none fits, but at least one into a part that is empty.
    pub(crate) fn fitting(self, rows: &[u8], room: u64, max: u64, is_empty: bool) -> usize {
        match (self, is_empty) {
            (Self::Lines(Compression::None), false) => whole_lines(rows, room),
            (Self::Lines(Compression::None), true) => whole_lines(rows, room).max(first_line(rows)),
            (Self::Lines(_), _) => {
                let smallest = SMALLEST_PIECE.min(max / SHARE);
                whole_lines(rows, room.clamp(smallest, PIECE)).max(first_line(rows))
            }
        }
    }

    /// How many rows these are.
    pub(crate) fn count(self, rows: &[u8]) -> u64 {
        match self {
            Self::Lines(_) => memchr::memchr_iter(b'\n', rows).count() as u64,
        }
    }

    /// Whether rows are as large as stored as they are in memory, so that what did not fit will not.
    pub(crate) fn is_exact(self) -> bool {
        self == Self::Lines(Compression::None)
    }
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
