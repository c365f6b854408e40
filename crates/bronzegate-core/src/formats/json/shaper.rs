//! Records that are not handed on as they stand in the body: members of an object get their name as `_key`, and
//! rows that are lists become objects. Their values stay as they are.

use std::collections::VecDeque;

use bytes::Bytes;

use super::renamed::{might_hold_one_of, rename_clashes};
use super::rows::Rows;
use super::splitter::Splitter;
use super::wanted::{RecordsAt, Wanted};
use crate::formats::error::{SplitError, SplitErrorKind};
use crate::formats::page_body::PageBody;
use crate::formats::record_chunk::{RecordChunk, Span};

/// Bytes of records that are passed on at a time.
const PIECE: usize = 256 << 10;
/// The largest record that is written.
const MAX_RECORD: usize = 64 << 20;
/// Records may become this many times the body's size: names are added to each.
const MAX_RATIO: u64 = 500;
/// Bytes of records from which on the ratio counts.
const RATIO_FROM: u64 = 64 << 20;
/// Rows that wait for the names of their columns, in MiB.
const WAITING: usize = 8;
/// The member that has the name of the record's own.
const KEY: &str = "_key";

/// Splits one JSON body and writes its records.
pub(crate) struct Shaper {
    splitter: Splitter,
    /// The place of the columns among the values that the splitter keeps.
    columns_at: Option<usize>,
    writer: Writer,
    read: u64,
}

/// Writes records.
struct Writer {
    rows: Option<Rows>,
    key: [String; 1],
    /// What is still to be gone through, and the number of the next record in the first.
    pieces: VecDeque<RecordChunk>,
    next: usize,
    /// Bytes in `pieces`.
    waiting: usize,
    written: u64,
    /// Rows that named the columns.
    headers: u64,
    last: Option<Bytes>,
}

impl Shaper {
    /// Whether records are to be written.
    pub(crate) fn is_needed(wanted: &Wanted) -> bool {
        let may_have_keys = matches!(wanted.records, Some(RecordsAt::Members(_) | RecordsAt::Lists { .. }));
        may_have_keys || wanted.columns.is_some()
    }

    /// Makes a splitter for one body.
    pub(crate) fn new(wanted: &Wanted) -> Self {
        let rows = wanted.columns.as_ref().map(Rows::new);
        let mut wanted = wanted.clone();
        let columns_at = rows.as_ref().and_then(Rows::address).map(|at| {
            let also = std::iter::once(at.tokens().to_vec());
            wanted.values = wanted.values.iter().cloned().chain(also).collect();
            wanted.values.len() - 1
        });
        let writer = Writer {
            rows,
            key: [KEY.to_owned()],
            pieces: VecDeque::new(),
            next: 0,
            waiting: 0,
            written: 0,
            headers: 0,
            last: None,
        };
        Self { splitter: Splitter::new(&wanted), columns_at, writer, read: 0 }
    }

    /// Takes the next chunk, and writes as [`go_on`](Self::go_on) does.
    ///
    /// # Errors
    /// The body's first fault, at its offset.
    pub(crate) fn push(&mut self, chunk: Bytes, out: &mut Vec<RecordChunk>) -> Result<(), SplitError> {
        self.read += chunk.len() as u64;
        let mut pieces = Vec::new();
        self.splitter.push(chunk, &mut pieces)?;
        self.writer.add(pieces);
        self.go_on(out).map(|_| ())
    }

    /// Writes records until they are enough for one piece; `false` when there are none, or they wait for the names
    /// of their columns.
    ///
    /// # Errors
    /// A row that does not fit the columns, or columns that cannot be read.
    pub(crate) fn go_on(&mut self, out: &mut Vec<RecordChunk>) -> Result<bool, SplitError> {
        let offset = self.read;
        let wrong = |kind| SplitError { kind, offset };
        let names = self.columns_at.and_then(|at| self.splitter.value(at));
        if let (Some(rows), Some(names)) = (&mut self.writer.rows, names)
            && !rows.are_own()
        {
            rows.see(names).map_err(wrong)?;
        }
        self.writer.write(self.read, out).map_err(wrong)
    }

    /// Closes the body.
    ///
    /// # Errors
    /// It ends too early, or its rows have no columns.
    pub(crate) fn finish(mut self, out: &mut Vec<RecordChunk>) -> Result<PageBody, SplitError> {
        while self.go_on(out)? {}
        let Self { splitter, columns_at, mut writer, read } = self;
        let mut pieces = Vec::new();
        let mut body = splitter.finish(&mut pieces)?;
        let wrong = |kind| SplitError { kind, offset: read };
        writer.add(pieces);
        while writer.write(read, out).map_err(wrong)? {}
        if let (Some(rows), false) = (&writer.rows, writer.pieces.is_empty()) {
            return Err(wrong(SplitErrorKind::NoColumns(rows.shown())));
        }
        body.values.truncate(columns_at.unwrap_or(body.values.len()));
        Ok(PageBody {
            records: body.records.saturating_sub(writer.headers),
            last_record: writer.last,
            columns: writer.rows.and_then(Rows::into_names),
            ..body
        })
    }
}

impl Writer {
    fn add(&mut self, pieces: Vec<RecordChunk>) {
        self.waiting += pieces.iter().map(RecordChunk::size).sum::<usize>();
        self.pieces.extend(pieces);
    }

    /// Writes records until they are enough for one piece.
    fn write(&mut self, read: u64, out: &mut Vec<RecordChunk>) -> Result<bool, SplitErrorKind> {
        if let Some(rows) = &mut self.rows
            && !rows.is_ready()
            && !rows.remember()
        {
            let is_too_much = self.waiting > WAITING << 20;
            let too_late = || SplitErrorKind::ColumnsTooLate(rows.shown(), WAITING);
            return if is_too_much { Err(too_late()) } else { Ok(false) };
        }
        let Some(first) = self.pieces.front() else { return Ok(false) };
        let piece = if self.rows.is_none() && first.keys.is_empty() {
            self.pieces.pop_front().filter(|piece| !piece.spans.is_empty())
        } else {
            Some(self.piece()?)
        };
        let Some(piece) = piece else { return Ok(true) };
        self.written += piece.bytes.len() as u64;
        if self.written > RATIO_FROM && self.written / MAX_RATIO > read {
            return Err(SplitErrorKind::NamesTooLong(MAX_RATIO));
        }
        if let Some(span) = piece.spans.last() {
            self.last = Some(piece.bytes.slice(span.start as usize..span.end as usize));
        }
        out.push(piece);
        Ok(true)
    }

    /// The next records, written.
    fn piece(&mut self) -> Result<RecordChunk, SplitErrorKind> {
        let (mut text, mut spans, mut line_breaks) = (Vec::new(), Vec::new(), false);
        while text.len() < PIECE
            && let Some(piece) = self.pieces.front()
        {
            let Some(&Span { start, end, may_clash }) = piece.spans.get(self.next) else {
                self.waiting = self.waiting.saturating_sub(piece.size());
                self.pieces.pop_front();
                self.next = 0;
                continue;
            };
            line_breaks |= piece.line_breaks;
            let record = &piece.bytes[start as usize..end as usize];
            let from = text.len();
            let may_clash = match (&mut self.rows, piece.keys.get(self.next)) {
                (Some(rows), _) => {
                    if record == b"null" {
                        text.extend_from_slice(record);
                    } else if !rows.write(record, &mut text)? {
                        self.headers += 1;
                    }
                    rows.may_clash()
                }
                (None, Some(key)) => {
                    add_key(record, may_clash.then_some(&self.key), key, &mut text);
                    may_clash
                }
                (None, None) => {
                    text.extend_from_slice(record);
                    may_clash
                }
            };
            self.next += 1;
            if text.len() - from > MAX_RECORD {
                return Err(SplitErrorKind::RecordTooLarge);
            }
            if text.len() > from {
                spans.push(Span { start: from as u32, end: text.len() as u32, may_clash });
            }
        }
        Ok(RecordChunk { bytes: text.into(), spans, keys: Vec::new(), line_breaks })
    }
}

/// Writes a record with its key as its last member; one of that name is renamed. What is no object becomes one.
fn add_key(record: &[u8], names: Option<&[String; 1]>, key: &[u8], out: &mut Vec<u8>) {
    match record {
        [b'{', members @ .., b'}'] if members.trim_ascii().is_empty() => out.push(b'{'),
        [open @ .., b'}'] => {
            match names {
                Some(names) if might_hold_one_of(names, record) => rename_clashes(names, record, out),
                _ => out.extend_from_slice(open),
            }
            out.push(b',');
        }
        value => {
            out.extend_from_slice(b"{\"_value\":");
            out.extend_from_slice(value);
            out.push(b',');
        }
    }
    out.extend_from_slice(b"\"_key\":");
    out.extend_from_slice(key);
    out.push(b'}');
}
