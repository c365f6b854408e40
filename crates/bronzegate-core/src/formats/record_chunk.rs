//! Records as they leave the splitter: spans of the bytes they arrived in.

use bytes::Bytes;

/// Some bytes of a body and the records that are whole in them.
#[derive(Clone, Debug)]
pub(crate) struct RecordChunk {
    /// The bytes as they arrived.
    pub bytes: Bytes,
    /// The records, in order.
    pub spans: Vec<Span>,
    /// The name of each record's member, as JSON text, where records are members of an object or in lists that are.
    /// What the reader hands on has none: they are part of the records then.
    pub keys: Vec<Bytes>,
    /// Whether a line break stands between tokens somewhere in the bytes.
    pub line_breaks: bool,
}

/// A record's place in a [`RecordChunk`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Offset of its first byte.
    pub start: u32,
    /// Offset after its last byte.
    pub end: u32,
    /// Whether a member's name, in it or right beside it, begins as a metadata name could: with `_` or an escape.
    pub may_clash: bool,
}

impl RecordChunk {
    /// What it takes of memory, in bytes: the list of records may be larger than the records.
    pub(crate) fn size(&self) -> usize {
        self.bytes.len() + self.spans.len() * size_of::<Span>()
    }

    /// The records' bytes, in order.
    pub(crate) fn records(&self) -> impl DoubleEndedIterator<Item = &[u8]> {
        self.spans.iter().map(|span| &self.bytes[span.start as usize..span.end as usize])
    }
}
