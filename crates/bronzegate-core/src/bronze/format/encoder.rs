//! Records into rows, whatever the rows are.

use jiff::Timestamp;

use super::ndjson::{LineEncoder, LineTail};
use super::table::RowTail;
use crate::formats::RecordChunk;

/// Writes the records of a run as rows.
#[derive(Clone, Debug)]
pub(crate) enum Encoder {
    /// As lines of JSON.
    Lines(LineEncoder),
    /// As rows of a table.
    Rows,
}

/// What the rows of one page have in common.
#[derive(Clone, Debug)]
pub(crate) enum PageTail {
    /// Of lines.
    Lines(LineTail),
    /// Of rows of a table.
    Rows(RowTail),
}

impl Encoder {
    /// What the records of a page get that arrived at this time; `parents` are the members that come from the
    /// page's parent, each with a comma before it.
    pub(crate) fn page(&self, arrived: Timestamp, parents: &str) -> PageTail {
        match self {
            Self::Lines(encoder) => PageTail::Lines(encoder.page(arrived, parents)),
            Self::Rows => PageTail::Rows(RowTail::new(arrived, parents)),
        }
    }
}

impl PageTail {
    /// Appends the piece's records from the `nth` on to `out`, one row each, until it has `most` bytes; returns
    /// the number of the next. A row may be much longer than its record: what is added has a length of its own.
    pub(crate) fn encode(&self, piece: &RecordChunk, nth: usize, most: usize, out: &mut Vec<u8>) -> usize {
        match self {
            Self::Lines(tail) => tail.encode(piece, nth, most, out),
            Self::Rows(tail) => tail.encode(piece, nth, most, out),
        }
    }
}
