//! Comma-separated values (RFC 4180): rows in, records out, as JSON objects of strings.
//!
//! What the RFC leaves open is read as the `csv` crate reads it: a line break is CRLF, LF or CR, and blank
//! lines are skipped.

use bytes::Bytes;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use xxhash_rust::xxh3::Xxh3;

use super::preamble::Preamble;
use super::quotes::Quotes;
use super::row::{Bounds, Columns, Fields, Row};
use crate::config::{Csv, RepeatedNames};
use crate::formats::byte_order_mark::ByteOrderMark;
use crate::formats::error::{SplitError, SplitErrorKind};
use crate::formats::page_body::{Form, PageBody, RecordsFound};
use crate::formats::record_chunk::{RecordChunk, Span};

/// Bytes of records that are passed on at a time.
const PIECE: usize = 256 << 10;
/// Rows may become this many times the body's size as records. Columns' names alone make that of short
/// values; what is real stays far below.
const MAX_RATIO: u64 = 500;
/// Bytes of records from which on the ratio counts.
const RATIO_FROM: u64 = 64 << 20;

/// Splits one body of comma-separated values.
///
/// Feed the chunks to [`push`](Self::push) and close with [`finish`](Self::finish). After an
/// error the splitter must not be used again.
pub(crate) struct CsvSplitter {
    reader: Reader,
    quotes: Quotes,
    mark: ByteOrderMark,
    preamble: Preamble,
    /// The table's first line has begun.
    is_begun: bool,
    repeated_names: RepeatedNames,
    /// What the row after the table begins with.
    ends_at: Option<String>,
    /// That row has come: what lies after it is no part of the table.
    is_ended: bool,
    /// The names of the fields; `None` before the header has come.
    columns: Option<Columns>,
    may_be_empty: bool,
    /// The row that is being read, which a chunk's end may have cut.
    row: Row,
    /// The records that have not been passed on.
    records: Vec<u8>,
    spans: Vec<Span>,
    count: u64,
    hash: Box<Xxh3>,
    last: Option<Bytes>,
    has_line_end: bool,
    /// Bytes of records that were written.
    written: u64,
    /// What of the current chunk is still to be read.
    rest: Bytes,
    /// Offset of the current chunk's rest in the body.
    offset: u64,
}

impl CsvSplitter {
    /// Makes a splitter for one body; one without even a header has no records where it `may_be_empty`.
    pub(crate) fn new(form: &Csv, may_be_empty: bool) -> Self {
        let mut reader = ReaderBuilder::new().delimiter(form.delimiter).build();
        // The reader would take a second byte order mark off, but only where no chunk's end cuts it. It does
        // so at its first byte alone, which is this blank line.
        reader.read_record(b"\n", &mut [0], &mut [0]);
        reader.set_line(1);
        Self {
            reader,
            quotes: Quotes::new(form.delimiter),
            mark: ByteOrderMark::default(),
            preamble: Preamble::new(form.skip_lines, form.header_starts.clone()),
            is_begun: false,
            repeated_names: form.repeated_names,
            ends_at: form.ends_at.clone(),
            is_ended: false,
            columns: form.header.as_deref().map(Columns::of),
            may_be_empty: may_be_empty || form.header.is_some(),
            row: Row::default(),
            records: Vec::new(),
            spans: Vec::new(),
            count: 0,
            hash: Box::default(),
            last: None,
            has_line_end: false,
            written: 0,
            rest: Bytes::new(),
            offset: 0,
        }
    }

    /// Takes the next chunk, and reads it as [`go_on`](Self::go_on) does.
    ///
    /// # Errors
    /// The body's first fault, naming its line.
    pub(crate) fn push(&mut self, chunk: Bytes, out: &mut Vec<RecordChunk>) -> Result<(), SplitError> {
        let Some(chunk) = self.mark.take_off(chunk, &mut self.offset) else { return Ok(()) };
        let received = self.offset + chunk.len() as u64;
        let Some(chunk) = self.preamble.take_off(chunk) else {
            self.offset = received;
            return Ok(());
        };
        self.offset = received - chunk.len() as u64;
        if !std::mem::replace(&mut self.is_begun, true) {
            self.reader.set_line(self.preamble.lines + 1);
        }
        if self.is_ended {
            self.offset = received;
            return Ok(());
        }
        if let Some(at) = self.quotes.check(&chunk) {
            return Err(self.error(SplitErrorKind::BehindQuote, at));
        }
        self.has_line_end = matches!(chunk.last(), Some(b'\n' | b'\r'));
        self.rest = chunk;
        self.go_on(out).map(|_| ())
    }

    /// Reads on in the chunk until it ends, or its records are enough for one piece: a row may be much
    /// longer as a record, which has the columns' names. Appends them to `out`; `false` when the chunk had been read.
    ///
    /// # Errors
    /// As [`push`](Self::push).
    pub(crate) fn go_on(&mut self, out: &mut Vec<RecordChunk>) -> Result<bool, SplitError> {
        if self.rest.is_empty() {
            return Ok(false);
        }
        let mut rest = std::mem::take(&mut self.rest);
        let read = self.read(&rest)?;
        self.offset += read as u64;
        self.rest = rest.split_off(read);
        self.pass_on(out);
        Ok(true)
    }

    /// Closes the body.
    ///
    /// # Errors
    /// The body ends inside quotes, or is empty.
    pub(crate) fn finish(mut self, out: &mut Vec<RecordChunk>) -> Result<PageBody, SplitError> {
        if self.mark.is_undecided() {
            return Err(self.error(SplitErrorKind::NotUtf8, 0));
        }
        // Outside of quotes a line break ends the last row, or is a blank line; inside it becomes part
        // of a field that has no end.
        self.read(b"\n")?;
        self.pass_on(out);
        if !self.row.is_empty() && !self.is_ended {
            return Err(self.error(SplitErrorKind::Truncated, 0));
        }
        if let Some(text) = self.preamble.missing().filter(|_| !self.may_be_empty) {
            return Err(self.error(SplitErrorKind::NoHeaderLine(text.to_owned()), 0));
        }
        if let (Some(text), true, false) = (&self.ends_at, self.columns.is_some(), self.is_ended) {
            return Err(self.error(SplitErrorKind::NoEndLine(text.clone()), 0));
        }
        if self.columns.is_none() && !self.may_be_empty {
            return Err(self.error(SplitErrorKind::Empty, 0));
        }
        let found = if self.columns.is_some() { RecordsFound::Records } else { RecordsFound::Absent };
        Ok(PageBody {
            records: self.count,
            nulls: 0,
            form: Form::Table,
            has_line_end: self.has_line_end,
            found,
            hash: self.hash.digest128(),
            values: Vec::new(),
            names: self.columns.map(Columns::into_names).unwrap_or_default(),
            columns: None,
            first_record: None,
            last_record: self.last,
            bytes: self.offset,
        })
    }

    /// Reads rows, and tells how many bytes of the text it has read.
    fn read(&mut self, text: &[u8]) -> Result<usize, SplitError> {
        let mut at = 0;
        while at < text.len() && self.records.len() < PIECE {
            if self.is_ended {
                return Ok(text.len());
            }
            let (fields, ends) = self.row.room();
            let (result, read, written, ended) = self.reader.read_record(&text[at..], fields, ends);
            self.row.add(written, ended);
            at += read;
            let last = read.checked_sub(1).map(|before| text[at - read + before]);
            let bounds = if self.columns.is_some() { Bounds::ROW } else { Bounds::HEADER };
            let done = match result {
                ReadRecordResult::InputEmpty | ReadRecordResult::End => Ok(()),
                ReadRecordResult::OutputFull => self.row.grow(bounds),
                ReadRecordResult::OutputEndsFull => self.row.grow_ends(bounds),
                // The line break that ends the row may have been counted already.
                ReadRecordResult::Record => {
                    self.end_row(self.reader.line() - u64::from(last == Some(b'\n')), self.offset + at as u64)
                }
            };
            done.map_err(|kind| self.error(kind, at))?;
        }
        Ok(at)
    }

    /// A row ends in this line; so many bytes of the body have been read by then.
    fn end_row(&mut self, line: u64, read: u64) -> Result<(), SplitErrorKind> {
        let fields = self.row.fields().ok_or(SplitErrorKind::RecordNotUtf8 { line })?;
        match &self.columns {
            None => self.columns = Some(Columns::read(fields, self.repeated_names)?),
            Some(_) if self.ends_at.as_deref().is_some_and(|end| begins(fields, end)) => self.is_ended = true,
            Some(columns) => {
                let start = self.records.len();
                let (found, expected) = (fields.len(), columns.len());
                if found != expected {
                    return Err(SplitErrorKind::FieldCount { line, found, expected });
                }
                columns.write(fields, &mut self.records)?;
                self.written += (self.records.len() - start) as u64;
                if self.written > RATIO_FROM && self.written / MAX_RATIO > read {
                    return Err(SplitErrorKind::NamesTooLong(MAX_RATIO));
                }
                let (start, end) = (start as u32, self.records.len() as u32);
                self.spans.push(Span { start, end, may_clash: columns.may_clash });
                self.count += 1;
            }
        }
        self.row.clear();
        Ok(())
    }

    /// Passes the records that are whole on as a piece.
    fn pass_on(&mut self, out: &mut Vec<RecordChunk>) {
        let Some(last) = self.spans.last().copied() else { return };
        self.hash.update(&self.records);
        let bytes = Bytes::from(std::mem::take(&mut self.records));
        let spans = std::mem::take(&mut self.spans);
        // The next chunk will hold about as many.
        self.spans.reserve(spans.len());
        self.last = Some(bytes.slice(last.start as usize..last.end as usize));
        out.push(RecordChunk { bytes, spans, keys: Vec::new(), line_breaks: false });
    }

    fn error(&self, kind: SplitErrorKind, at: usize) -> SplitError {
        SplitError { kind, offset: self.offset + at as u64 }
    }
}

/// Whether a row's first field begins with a text.
fn begins(fields: Fields<'_>, text: &str) -> bool {
    fields.iter().next().is_some_and(|field| field.starts_with(text))
}
