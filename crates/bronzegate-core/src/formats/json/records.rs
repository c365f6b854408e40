//! The records of a body: where each begins and ends, and what they have in common.

use bytes::Bytes;
use xxhash_rust::xxh3::Xxh3;

use crate::formats::error::SplitErrorKind;
use crate::formats::page_body::PageBody;
use crate::formats::record_chunk::{RecordChunk, Span};

/// The largest record that is read.
const MAX_RECORD: usize = 64 << 20;
/// The longest name of a member that its records get, as JSON.
const MAX_KEY: usize = 4 << 10;

/// Gathers the records of one body, chunk by chunk.
pub(crate) struct Records {
    /// Whether each record is a line (NDJSON).
    lines: bool,
    open: Option<Open>,
    /// The start of a record that began in an earlier chunk.
    carry: Vec<u8>,
    carry_line_breaks: bool,
    /// The records that are whole in the current chunk.
    spans: Vec<Span>,
    /// The names of the members that they are, or are in; none where they are neither.
    keys: Vec<Bytes>,
    /// The name of the member that comes next, or whose list is read, with its quotes.
    key: Option<Bytes>,
    /// Where in the chunk a name begins that has not ended, and what an earlier chunk had of it.
    key_from: Option<usize>,
    key_carry: Vec<u8>,
    /// Whether a line break stands between tokens of the current chunk.
    pub(crate) line_breaks: bool,
    /// Whether a name that is near begins as a metadata name could.
    may_clash: bool,
    /// In NDJSON, whether the text up to the current chunk ends with a line break.
    line_ended: bool,
    pub(crate) count: u64,
    /// Nulls in place of records.
    nulls: u64,
    /// Where in the chunk the bytes that still need hashing begin.
    hash_from: Option<usize>,
    hash: Box<Xxh3>,
    /// The first of lines.
    first: Option<Bytes>,
    last: Option<Bytes>,
}

/// A record that has begun.
#[derive(Clone, Copy, Debug)]
struct Open {
    /// Its offset in the chunk; 0 where it began in an earlier one.
    start: usize,
    may_clash: bool,
}

impl Records {
    pub(crate) fn new(lines: bool) -> Self {
        Self {
            lines,
            open: None,
            carry: Vec::new(),
            carry_line_breaks: false,
            spans: Vec::new(),
            keys: Vec::new(),
            key: None,
            key_from: None,
            key_carry: Vec::new(),
            line_breaks: false,
            may_clash: false,
            line_ended: true,
            count: 0,
            nulls: 0,
            hash_from: lines.then_some(0),
            hash: Box::default(),
            first: None,
            last: None,
        }
    }

    /// A record begins.
    #[inline]
    pub(crate) fn begin(&mut self, at: usize) {
        self.open = Some(Open { start: at, may_clash: self.may_clash });
    }

    /// The name of a member begins, which is the next record.
    pub(crate) fn begin_key(&mut self, at: usize) {
        self.key_from = Some(at);
    }

    /// It ends before the colon.
    pub(crate) fn end_key(&mut self, chunk: &[u8], colon: usize) -> Result<(), SplitErrorKind> {
        let from = self.key_from.take().unwrap_or_default();
        let mut key = std::mem::take(&mut self.key_carry);
        key.extend_from_slice(&chunk[from..colon]);
        key.truncate(key.trim_ascii_end().len());
        self.set_key(Some(key));
        self.check_key()
    }

    /// The records that come are in the member of this name, or in none.
    pub(crate) fn set_key(&mut self, key: Option<Vec<u8>>) {
        self.key = key.map(Bytes::from);
    }

    /// Each record has its key: a long one would make much of little.
    fn check_key(&self) -> Result<(), SplitErrorKind> {
        let length = self.key.as_ref().map_or(0, Bytes::len);
        if length > MAX_KEY { Err(SplitErrorKind::KeyTooLong) } else { Ok(()) }
    }

    /// A null stands in place of a record, and is left out.
    pub(crate) fn pass_null(&mut self) {
        self.nulls += 1;
    }

    /// Whether a record has begun and not ended.
    #[inline]
    pub(crate) fn is_open(&self) -> bool {
        self.open.is_some()
    }

    /// Whether a name in the bytes that come begins as a metadata name could: then each record there may have it.
    #[inline(always)]
    pub(crate) fn may_clash(&mut self, may_clash: bool) {
        self.may_clash = may_clash;
        if may_clash && let Some(open) = &mut self.open {
            open.may_clash = true;
        }
    }

    /// The record that has begun, if any, ends before `end`; white space at its end is not part of it.
    #[inline]
    pub(crate) fn end(
        &mut self,
        chunk: &[u8],
        end: usize,
        out: &mut Vec<RecordChunk>,
    ) -> Result<(), SplitErrorKind> {
        let Some(Open { start, may_clash }) = self.open.take() else { return Ok(()) };
        self.count += 1;
        if self.key.is_some() {
            self.check_key()?;
        }
        if !self.carry.is_empty() {
            return self.end_carried(&chunk[start..end], may_clash, out);
        }
        let end = start + chunk[start..end].trim_ascii_end().len();
        if self.lines && has_line_break(&chunk[start..end]) {
            return Err(SplitErrorKind::LineNotOneValue);
        }
        self.spans.push(Span { start: start as u32, end: end as u32, may_clash });
        self.keys.extend(self.key.clone());
        Ok(())
    }

    /// A record that began in an earlier chunk becomes a piece of its own.
    fn end_carried(
        &mut self,
        rest: &[u8],
        may_clash: bool,
        out: &mut Vec<RecordChunk>,
    ) -> Result<(), SplitErrorKind> {
        let mut bytes = std::mem::take(&mut self.carry);
        bytes.extend_from_slice(rest);
        bytes.truncate(bytes.trim_ascii_end().len());
        if bytes.len() > MAX_RECORD {
            return Err(SplitErrorKind::RecordTooLarge);
        }
        if self.lines && has_line_break(&bytes) {
            return Err(SplitErrorKind::LineNotOneValue);
        }
        let span = Span { start: 0, end: bytes.len() as u32, may_clash };
        let line_breaks = self.line_breaks | std::mem::take(&mut self.carry_line_breaks);
        let keys = self.key.iter().cloned().collect();
        out.push(RecordChunk { bytes: bytes.into(), spans: vec![span], keys, line_breaks });
        Ok(())
    }

    /// In NDJSON, whether a line break stands between the last record and the value at `at`.
    pub(crate) fn on_new_line(&self, chunk: &[u8], at: usize) -> bool {
        let gap = &chunk[chunk[..at].trim_ascii_end().len()..at];
        has_line_break(gap) || gap.len() == at && self.line_ended
    }

    /// The bytes that tell whether two pages are equal begin here.
    pub(crate) fn begin_hash(&mut self, at: usize) {
        self.hash_from = Some(at);
    }

    /// They end here.
    pub(crate) fn end_hash(&mut self, chunk: &[u8], at: usize) {
        self.hash_up_to(chunk, at);
        self.hash_from = None;
    }

    fn hash_up_to(&mut self, chunk: &[u8], end: usize) {
        if let Some(from) = self.hash_from {
            self.hash.update(&chunk[from..end]);
        }
    }

    /// The chunk ends; the records that are whole in it go out.
    pub(crate) fn end_chunk(
        &mut self,
        chunk: Bytes,
        out: &mut Vec<RecordChunk>,
    ) -> Result<(), SplitErrorKind> {
        if let Some(open) = &mut self.open {
            self.carry.extend_from_slice(&chunk[open.start..]);
            open.start = 0;
            self.carry_line_breaks |= self.line_breaks;
            if self.carry.len() > MAX_RECORD {
                return Err(SplitErrorKind::RecordTooLarge);
            }
        }
        if let Some(from) = &mut self.key_from {
            self.key_carry.extend_from_slice(&chunk[*from..]);
            *from = 0;
            if self.key_carry.len() > MAX_KEY {
                return Err(SplitErrorKind::KeyTooLong);
            }
        }
        if self.lines {
            let tail = &chunk[chunk.trim_ascii_end().len()..];
            self.line_ended = has_line_break(tail) || tail.len() == chunk.len() && self.line_ended;
        }
        self.hash_up_to(&chunk, chunk.len());
        self.hash_from = self.hash_from.map(|_| 0);
        if !self.spans.is_empty() {
            let spans = std::mem::take(&mut self.spans);
            // The next chunk will hold about as many.
            self.spans.reserve(spans.len());
            let keys = std::mem::take(&mut self.keys);
            out.push(RecordChunk { bytes: chunk, spans, keys, line_breaks: self.line_breaks });
        }
        self.line_breaks = false;
        self.remember_last(out);
        Ok(())
    }

    /// Keeps the last record at hand, and the first of lines; `out` ends with the newest piece.
    pub(crate) fn remember_last(&mut self, out: &[RecordChunk]) {
        let record =
            |piece: &RecordChunk, span: &Span| piece.bytes.slice(span.start as usize..span.end as usize);
        if let (true, None, Some(piece)) = (self.lines, &self.first, out.first()) {
            self.first = piece.spans.first().map(|span| record(piece, span));
        }
        if let Some(piece) = out.last()
            && let Some(span) = piece.spans.last()
        {
            self.last = Some(record(piece, span));
        }
    }

    /// What is known of them, in place of that in `body`.
    pub(crate) fn into_body(self, body: PageBody) -> PageBody {
        PageBody {
            records: self.count,
            nulls: self.nulls,
            hash: self.hash.digest128(),
            first_record: self.first,
            last_record: self.last,
            ..body
        }
    }
}

fn has_line_break(text: &[u8]) -> bool {
    memchr::memchr2(b'\n', b'\r', text).is_some()
}
