//! Rows in memory: each record's own bytes, with the time and the parent of its page before it.
//!
//! ```text
//! 4 bytes: length of the record | 4 bytes: length of the parent's members | 8 bytes: microseconds since 1970
//! the parent's members (`,"_parent_id":7`) | the record
//! ```

use jiff::Timestamp;

use crate::formats::{RecordChunk, Span};

/// Bytes before a row's content.
const HEADER: usize = 16;

/// What the rows of one page have before the record.
#[derive(Clone, Debug)]
pub(crate) struct RowTail {
    /// The length of the parent's members, the time, and the members.
    before: Vec<u8>,
}

/// One row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Row<'a> {
    /// When its page arrived, in microseconds since 1970.
    pub(super) ingested_at: i64,
    /// Members that come from the page's parent, each with a comma before it.
    pub(super) parents: &'a [u8],
    /// The record's own bytes.
    pub(super) record: &'a [u8],
}

impl RowTail {
    /// What the rows of a page get that arrived at this time. Time is told in milliseconds, as in files.
    pub(in crate::bronze::format) fn new(arrived: Timestamp, parents: &str) -> Self {
        // More than 4 GiB of a parent's values cannot come from one record of 4 GiB at most.
        let parents = &parents.as_bytes()[..parents.len().min(u32::MAX as usize)];
        let mut before = Vec::with_capacity(HEADER + parents.len());
        before.extend_from_slice(&(parents.len() as u32).to_le_bytes());
        before.extend_from_slice(&arrived.as_millisecond().saturating_mul(1_000).to_le_bytes());
        before.extend_from_slice(parents);
        Self { before }
    }

    /// Appends the piece's records from the `nth` on to `out`, one row each, until it has `most` bytes; returns the
    /// number of the next.
    pub(in crate::bronze::format) fn encode(
        &self,
        piece: &RecordChunk,
        nth: usize,
        most: usize,
        out: &mut Vec<u8>,
    ) -> usize {
        let spans = &piece.spans[nth..];
        let bytes: usize = spans.iter().map(|span| (span.end - span.start) as usize).sum();
        out.reserve((bytes + spans.len() * (4 + self.before.len())).min(most.saturating_sub(out.len())));
        for (written, &Span { start, end, .. }) in spans.iter().enumerate() {
            if out.len() >= most {
                return nth + written;
            }
            out.extend_from_slice(&(end - start).to_le_bytes());
            out.extend_from_slice(&self.before);
            out.extend_from_slice(&piece.bytes[start as usize..end as usize]);
        }
        piece.spans.len()
    }
}

/// Appends one row. The record comes in pieces.
pub(super) fn push(arrived: Timestamp, parents: &[u8], record: &[&[u8]], out: &mut Vec<u8>) {
    let length: usize = record.iter().map(|piece| piece.len()).sum();
    // A committed line has at most as many bytes as its page had.
    out.extend_from_slice(&(length as u32).to_le_bytes());
    out.extend_from_slice(&(parents.len() as u32).to_le_bytes());
    out.extend_from_slice(&arrived.as_millisecond().saturating_mul(1_000).to_le_bytes());
    out.extend_from_slice(parents);
    for piece in record {
        out.extend_from_slice(piece);
    }
}

/// The rows in these bytes, in order.
#[derive(Clone, Debug)]
pub(super) struct Rows<'a>(&'a [u8]);

impl<'a> Rows<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }
}

impl<'a> Iterator for Rows<'a> {
    type Item = Row<'a>;

    fn next(&mut self) -> Option<Row<'a>> {
        let (record, rest) = self.0.split_first_chunk()?;
        let (parents, rest) = rest.split_first_chunk()?;
        let (ingested_at, rest) = rest.split_first_chunk()?;
        let (parents, rest) = rest.split_at_checked(u32::from_le_bytes(*parents) as usize)?;
        let (record, rest) = rest.split_at_checked(u32::from_le_bytes(*record) as usize)?;
        self.0 = rest;
        Some(Row { ingested_at: i64::from_le_bytes(*ingested_at), parents, record })
    }
}

impl Row<'_> {
    fn length(self) -> usize {
        HEADER + self.parents.len() + self.record.len()
    }
}

/// How many rows these are.
pub(in crate::bronze::format) fn count(rows: &[u8]) -> u64 {
    Rows::of(rows).count() as u64
}

/// The length of the longest run of whole rows that has at most `limit` bytes, but of at least one row.
pub(in crate::bronze::format) fn fitting(rows: &[u8], limit: u64) -> usize {
    if rows.len() as u64 <= limit {
        return rows.len();
    }
    let mut length = 0;
    for row in Rows::of(rows) {
        if length > 0 && (length + row.length()) as u64 > limit {
            break;
        }
        length += row.length();
    }
    // Rows are whole, so there is a first one; what is none is not cut.
    if length == 0 { rows.len() } else { length }
}
