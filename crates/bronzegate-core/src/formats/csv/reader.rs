//! Comma-separated values (RFC 4180): rows in, records out, as JSON objects of strings.
//!
//! What the RFC leaves open is read as the `csv` crate reads it: a line break is CRLF, LF or CR, and blank
//! lines are passed over.

use bytes::Bytes;
use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use xxhash_rust::xxh3::Xxh3;

use super::quotes::Quotes;
use super::row::{Columns, Row};
use crate::config::Csv;
use crate::formats::byte_order_mark::ByteOrderMark;
use crate::formats::error::{SplitError, SplitErrorKind};
use crate::formats::page_body::{Form, PageBody, RecordsFound};
use crate::formats::record_chunk::{RecordChunk, Span};

/// Bytes of records that are passed on at a time.
const PIECE: usize = 256 << 10;

/// Splits one body of comma-separated values.
///
/// Feed the chunks to [`push`](Self::push) and close with [`finish`](Self::finish). After an
/// error the splitter must not be used again.
pub(crate) struct CsvSplitter {
    reader: Reader,
    quotes: Quotes,
    mark: ByteOrderMark,
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
    /// Offset of the current chunk in the body.
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
            columns: form.header.as_deref().map(Columns::of),
            may_be_empty: may_be_empty || form.header.is_some(),
            row: Row::default(),
            records: Vec::new(),
            spans: Vec::new(),
            count: 0,
            hash: Box::default(),
            last: None,
            has_line_end: false,
            offset: 0,
        }
    }

    /// Reads the next chunk and appends the records that are whole by its end to `out`.
    ///
    /// # Errors
    /// The body's first fault, naming its line.
    pub(crate) fn push(&mut self, chunk: Bytes, out: &mut Vec<RecordChunk>) -> Result<(), SplitError> {
        let Some(chunk) = self.mark.take_off(chunk, &mut self.offset) else { return Ok(()) };
        if let Some(at) = self.quotes.check(&chunk) {
            return Err(self.error(SplitErrorKind::BehindQuote, at));
        }
        self.read(&chunk, out)?;
        self.has_line_end = matches!(chunk.last(), Some(b'\n' | b'\r'));
        self.offset += chunk.len() as u64;
        self.pass_on(out);
        Ok(())
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
        self.read(b"\n", out)?;
        self.pass_on(out);
        if !self.row.is_empty() {
            return Err(self.error(SplitErrorKind::Truncated, 0));
        }
        if self.columns.is_none() && !self.may_be_empty {
            return Err(self.error(SplitErrorKind::Empty, 0));
        }
        let found = if self.columns.is_some() { RecordsFound::Records } else { RecordsFound::Absent };
        Ok(PageBody {
            records: self.count,
            form: Form::Table,
            has_line_end: self.has_line_end,
            found,
            hash: self.hash.digest128(),
            values: Vec::new(),
            names: self.columns.map(Columns::into_names).unwrap_or_default(),
            last_record: self.last,
            bytes: self.offset,
        })
    }

    fn read(&mut self, text: &[u8], out: &mut Vec<RecordChunk>) -> Result<(), SplitError> {
        let mut rest = text;
        while !rest.is_empty() {
            let (fields, ends) = self.row.room();
            let (result, read, written, ended) = self.reader.read_record(rest, fields, ends);
            self.row.add(written, ended);
            let last = read.checked_sub(1).map(|at| rest[at]);
            rest = &rest[read..];
            let done = match result {
                ReadRecordResult::InputEmpty | ReadRecordResult::End => Ok(()),
                ReadRecordResult::OutputFull => self.row.grow(),
                ReadRecordResult::OutputEndsFull => self.row.grow_ends(),
                // The line break that ends the row may have been counted already.
                ReadRecordResult::Record => self.end_row(self.reader.line() - u64::from(last == Some(b'\n'))),
            };
            done.map_err(|kind| self.error(kind, text.len() - rest.len()))?;
            if self.records.len() >= PIECE {
                self.pass_on(out);
            }
        }
        Ok(())
    }

    fn end_row(&mut self, line: u64) -> Result<(), SplitErrorKind> {
        let fields = self.row.fields().ok_or(SplitErrorKind::RecordNotUtf8 { line })?;
        match &self.columns {
            None => self.columns = Some(Columns::read(fields)?),
            Some(columns) => {
                let start = self.records.len();
                let (found, expected) = (fields.len(), columns.len());
                if found != expected {
                    return Err(SplitErrorKind::FieldCount { line, found, expected });
                }
                columns.write(fields, &mut self.records);
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
        out.push(RecordChunk { bytes, spans, line_breaks: false });
    }

    fn error(&self, kind: SplitErrorKind, at: usize) -> SplitError {
        SplitError { kind, offset: self.offset + at as u64 }
    }
}
