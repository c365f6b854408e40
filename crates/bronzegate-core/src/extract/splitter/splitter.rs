//! The splitter itself: the grammar between the tokens, and what lies on each depth.

use bytes::Bytes;
use xxhash_rust::xxh3::Xxh3;

use super::envelope::{Begun, Envelope, Kind, RecordsAt, Wanted};
use super::error::{SplitError, SplitErrorKind};
use super::lexer::{BLOCK, Lexer};
use super::nesting::Nesting;
use super::piece::{Piece, Span};
use super::scalar::{Fed, Scalar};
use super::utf8::Utf8;

/// The largest record that is read.
const MAX_RECORD: usize = 64 << 20;
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";
/// No depth: deeper than any nesting.
const NOWHERE: usize = usize::MAX;

/// Splits one page body.
///
/// Feed the chunks to [`push`](Self::push) and close with [`finish`](Self::finish). After an
/// error the splitter must not be used again.
pub struct Splitter {
    lines: bool,
    whole_body: bool,
    utf8: Utf8,
    lexer: Lexer,
    nesting: Nesting,
    expect: Expect,
    scalar: Option<Scalar>,
    /// Offset of the current chunk in the body.
    offset: u64,
    /// The start of a body that may be a byte order mark.
    mark: Vec<u8>,
    /// Values at this depth or above are looked at; deeper ones are checked only.
    watch: usize,
    /// The depth of the names in a record, where they are looked at for clashes.
    names: usize,
    envelope: Envelope,
    found: RecordsFound,
    record: Option<Record>,
    carry: Vec<u8>,
    carry_line_breaks: bool,
    spans: Vec<Span>,
    line_breaks: bool,
    /// In NDJSON, whether a line break has come since the last record.
    line_ended: bool,
    count: u64,
    /// Where in the chunk the bytes that still need hashing begin.
    hash_from: Option<usize>,
    hash: Box<Xxh3>,
    last: Option<Bytes>,
}

/// What the grammar allows next (RFC 8259, section 2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expect {
    Value,
    ValueOrEnd,
    Name,
    NameOrEnd,
    Colon,
    /// After a value; at depth 0 the document has ended.
    CommaOrEnd,
}

/// A record that has begun.
#[derive(Clone, Copy, Debug)]
struct Record {
    /// Its offset in the chunk; 0 where it began in an earlier one.
    start: usize,
    may_clash: bool,
}

/// What stands at the records path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordsFound {
    /// The path leads nowhere.
    Absent,
    /// A null.
    Null,
    /// The records.
    Records,
    /// Something else, named for messages.
    Other(&'static str),
}

/// What a whole and valid body held beside its records.
#[derive(Clone, Debug)]
pub struct PageBody {
    /// Records that were split off.
    pub records: u64,
    /// What stood at the records path.
    pub found: RecordsFound,
    /// XXH3-128 of the bytes between the brackets of the records array.
    pub hash: u128,
    /// The wanted values as JSON text, in the order asked for; `None` where the path leads nowhere.
    pub values: Vec<Option<Vec<u8>>>,
    /// Names of the body's first top-level members, for messages.
    pub names: Vec<String>,
    /// The last record's bytes.
    pub last_record: Option<Bytes>,
    /// Bytes of the body.
    pub bytes: u64,
}

type Step<T = ()> = Result<T, SplitErrorKind>;

impl Splitter {
    /// Makes a splitter for one body.
    pub fn new(wanted: &Wanted) -> Self {
        Self {
            lines: wanted.lines,
            whole_body: wanted.records == Some(RecordsAt::Root),
            utf8: Utf8::default(),
            lexer: Lexer::default(),
            nesting: Nesting::new(),
            expect: Expect::Value,
            scalar: None,
            offset: 0,
            mark: Vec::new(),
            watch: 0,
            names: if wanted.lines { 1 } else { NOWHERE },
            envelope: Envelope::new(wanted),
            found: if wanted.lines { RecordsFound::Records } else { RecordsFound::Absent },
            record: None,
            carry: Vec::new(),
            carry_line_breaks: false,
            spans: Vec::new(),
            line_breaks: false,
            line_ended: true,
            count: 0,
            hash_from: wanted.lines.then_some(0),
            hash: Box::default(),
            last: None,
        }
    }

    /// Scans the next chunk and appends the records that are whole by its end to `out`.
    ///
    /// # Errors
    /// The body's first fault, at its offset.
    pub fn push(&mut self, chunk: Bytes, out: &mut Vec<Piece>) -> Result<(), SplitError> {
        let Some(chunk) = self.skip_mark(chunk) else { return Ok(()) };
        if chunk.is_empty() {
            return Ok(());
        }
        self.utf8.check(&chunk).map_err(|at| self.error(SplitErrorKind::NotUtf8, at))?;
        self.lexer.resume(&chunk).map_err(|(kind, at)| self.error(kind, at))?;
        self.resume_scalar(&chunk)?;
        for at in (0..chunk.len()).step_by(BLOCK) {
            let tokens =
                self.lexer.block(&chunk, at).map_err(|(kind, offset)| self.error(kind, at + offset))?;
            self.line_breaks |= tokens.line_breaks;
            self.read_tokens(&chunk, at, tokens.starts, out)?;
        }
        self.end_chunk(chunk, out)
    }

    /// Closes the body.
    ///
    /// # Errors
    /// The body ends too early, or is empty.
    pub fn finish(mut self, out: &mut Vec<Piece>) -> Result<PageBody, SplitError> {
        if !self.mark.is_empty() {
            // The body was nothing but the beginning of a byte order mark.
            return Err(self.error(SplitErrorKind::NotUtf8, 0));
        }
        if !self.utf8.is_complete() {
            return Err(self.error(SplitErrorKind::Truncated, 0));
        }
        let open_scalar = self.scalar.is_some_and(|scalar| !scalar.is_complete());
        let begun = self.expect == Expect::CommaOrEnd && self.nesting.depth() == 0;
        if self.lexer.in_string() || open_scalar || !(begun || self.lines && self.expect == Expect::Value) {
            let nothing = self.expect == Expect::Value && self.nesting.depth() == 0;
            return Err(
                self.error(if nothing { SplitErrorKind::Empty } else { SplitErrorKind::Truncated }, 0)
            );
        }
        // A last line without a line break, and a document that is a single scalar.
        self.end_record(&[], 0, out).map_err(|kind| self.error(kind, 0))?;
        self.envelope.end_value(&[], 0).map_err(|kind| self.error(kind, 0))?;
        if let Some(bytes) = out.last().and_then(last_record) {
            self.last = Some(bytes);
        }
        let hash = self.hash.digest128();
        let (values, names) = self.envelope.into_parts();
        let Self { count, found, last, offset, .. } = self;
        Ok(PageBody { records: count, found, hash, values, names, last_record: last, bytes: offset })
    }

    fn error(&self, kind: SplitErrorKind, at: usize) -> SplitError {
        SplitError { kind, offset: self.offset + at as u64 }
    }

    /// Takes a byte order mark off the body's beginning; `None` until that is decided.
    fn skip_mark(&mut self, chunk: Bytes) -> Option<Bytes> {
        if self.offset > 0 || self.expect != Expect::Value || chunk.is_empty() {
            return Some(chunk);
        }
        let first = if self.mark.is_empty() { chunk } else { [&self.mark[..], &chunk].concat().into() };
        self.mark.clear();
        if first.starts_with(BYTE_ORDER_MARK) {
            self.offset = BYTE_ORDER_MARK.len() as u64;
            return Some(first.slice(BYTE_ORDER_MARK.len()..));
        }
        if BYTE_ORDER_MARK.starts_with(&first) {
            self.mark = first.into();
            return None;
        }
        Some(first)
    }

    /// Goes on with a number or literal that the last chunk cut.
    fn resume_scalar(&mut self, chunk: &[u8]) -> Result<(), SplitError> {
        let Some(scalar) = self.scalar.take() else { return Ok(()) };
        match scalar.feed(chunk) {
            Fed::Ended(_) => Ok(()),
            Fed::Open(scalar) => {
                self.scalar = Some(scalar);
                Ok(())
            }
            Fed::Bad(at) => Err(self.error(SplitErrorKind::BadScalar, at)),
        }
    }

    /// Reads the tokens whose starts are the bits of one block.
    #[inline]
    fn read_tokens(
        &mut self,
        chunk: &[u8],
        block: usize,
        mut starts: u64,
        out: &mut Vec<Piece>,
    ) -> Result<(), SplitError> {
        while starts != 0 {
            let at = block + starts.trailing_zeros() as usize;
            starts &= starts - 1;
            if let Err(kind) = self.read_token(chunk, at, out) {
                return Err(self.error(kind, at));
            }
        }
        Ok(())
    }

    #[inline]
    fn read_token(&mut self, chunk: &[u8], at: usize, out: &mut Vec<Piece>) -> Step {
        match chunk[at] {
            b'"' => match self.expect {
                Expect::Name | Expect::NameOrEnd => self.begin_name(chunk, at),
                _ => {
                    self.begin_value(chunk, at, out)?;
                    self.expect = Expect::CommaOrEnd;
                }
            },
            b':' => {
                if self.expect != Expect::Colon {
                    return Err(self.unexpected(b':'));
                }
                if self.nesting.depth() <= self.watch {
                    self.envelope.end_name(chunk, at)?;
                }
                self.expect = Expect::Value;
            }
            b',' => {
                if self.expect != Expect::CommaOrEnd || self.nesting.depth() == 0 {
                    return Err(self.unexpected(b','));
                }
                if self.nesting.depth() <= self.watch {
                    self.end_scalar(chunk, at, out)?;
                }
                self.expect = if self.nesting.in_object() { Expect::Name } else { Expect::Value };
            }
            open @ (b'{' | b'[') => self.open(chunk, at, open == b'{', out)?,
            close @ (b'}' | b']') => self.close(chunk, at, close == b'}', out)?,
            first => {
                self.begin_value(chunk, at, out)?;
                self.expect = Expect::CommaOrEnd;
                if Scalar::whole(&chunk[at..]).is_none() {
                    self.begin_scalar(first, &chunk[at + 1..])?;
                }
            }
        }
        Ok(())
    }

    #[inline]
    fn begin_name(&mut self, chunk: &[u8], at: usize) {
        self.expect = Expect::Colon;
        if self.nesting.depth() <= self.watch {
            self.envelope.begin_name(at);
        } else if self.nesting.depth() == self.names
            && chunk.get(at + 1).is_none_or(|&first| matches!(first, b'_' | b'\\'))
            && let Some(record) = &mut self.record
        {
            record.may_clash = true;
        }
    }

    /// A number or literal that is unusual, cut by the chunk's end, or bad.
    #[cold]
    fn begin_scalar(&mut self, first: u8, rest: &[u8]) -> Step {
        match Scalar::start(first).ok_or(SplitErrorKind::BadScalar)?.feed(rest) {
            Fed::Ended(_) => Ok(()),
            Fed::Open(scalar) => {
                self.scalar = Some(scalar);
                Ok(())
            }
            Fed::Bad(_) => Err(SplitErrorKind::BadScalar),
        }
    }

    #[inline(always)]
    fn begin_value(&mut self, chunk: &[u8], at: usize, out: &mut Vec<Piece>) -> Step<Begun> {
        if !matches!(self.expect, Expect::Value | Expect::ValueOrEnd) {
            self.begin_line(chunk, at, out)?;
        }
        if self.nesting.depth() > self.watch { Ok(Begun::Other) } else { self.begin_watched(chunk, at) }
    }

    /// A record begins, or a value around the records.
    fn begin_watched(&mut self, chunk: &[u8], at: usize) -> Step<Begun> {
        if self.in_records() {
            self.record = Some(Record { start: at, may_clash: false });
            return Ok(Begun::Other);
        }
        let kind = Kind::of(chunk[at]);
        if self.whole_body && self.nesting.depth() == 0 {
            self.found = match kind {
                Kind::Array => return Ok(Begun::Records),
                Kind::Object => {
                    // The body is the record, and its values may be wanted as well.
                    self.record = Some(Record { start: at, may_clash: true });
                    self.hash_from = Some(at);
                    RecordsFound::Records
                }
                Kind::Null => RecordsFound::Null,
                Kind::Scalar => RecordsFound::Other("a scalar"),
            };
        }
        let begun = self.envelope.begin_value(at, kind);
        if begun == Begun::Records {
            if self.found != RecordsFound::Absent {
                return Err(SplitErrorKind::RecordsTwice);
            }
            self.found = match kind {
                Kind::Array => RecordsFound::Records,
                Kind::Null => RecordsFound::Null,
                Kind::Object => RecordsFound::Other("an object"),
                Kind::Scalar => RecordsFound::Other("a scalar"),
            };
        }
        Ok(begun)
    }

    /// A value where the grammar has room for none: in NDJSON it may begin the next line.
    #[cold]
    fn begin_line(&mut self, chunk: &[u8], at: usize, out: &mut Vec<Piece>) -> Step {
        if !self.lines || self.nesting.depth() > 0 || self.expect != Expect::CommaOrEnd {
            return Err(self.unexpected(chunk[at]));
        }
        self.end_record(chunk, at, out)?;
        let gap = &chunk[chunk[..at].trim_ascii_end().len()..at];
        let reaches_back = gap.len() == at;
        if has_line_break(gap) || reaches_back && self.line_ended {
            Ok(())
        } else {
            Err(SplitErrorKind::LineNotOneValue)
        }
    }

    fn in_records(&self) -> bool {
        self.names != NOWHERE
    }

    #[inline]
    fn open(&mut self, chunk: &[u8], at: usize, object: bool, out: &mut Vec<Piece>) -> Step {
        let begun = self.begin_value(chunk, at, out)?;
        if !self.nesting.open(object) {
            return Err(SplitErrorKind::TooDeep);
        }
        self.expect = if object { Expect::NameOrEnd } else { Expect::ValueOrEnd };
        match begun {
            Begun::Entered => self.watch = self.envelope.depth(),
            Begun::Records if !object => {
                self.found = RecordsFound::Records;
                self.watch = self.nesting.depth();
                self.names = self.watch + 1;
                self.hash_from = Some(at + 1);
                self.envelope.pause(chunk, at + 1)?;
            }
            Begun::Records | Begun::Other => {}
        }
        Ok(())
    }

    #[inline]
    fn close(&mut self, chunk: &[u8], at: usize, object: bool, out: &mut Vec<Piece>) -> Step {
        let allowed = if object {
            self.nesting.in_object() && matches!(self.expect, Expect::NameOrEnd | Expect::CommaOrEnd)
        } else {
            self.nesting.in_array() && matches!(self.expect, Expect::ValueOrEnd | Expect::CommaOrEnd)
        };
        if !allowed {
            return Err(self.unexpected(chunk[at]));
        }
        self.expect = Expect::CommaOrEnd;
        let depth = self.nesting.depth();
        self.nesting.close();
        if depth > self.watch + 1 {
            return Ok(());
        }
        if depth == self.watch + 1 {
            // A container that was not looked into ends: a record, or a value that may be wanted.
            return if self.in_records() {
                self.end_record(chunk, at + 1, out)
            } else {
                self.envelope.end_value(chunk, at + 1)
            };
        }
        self.leave(chunk, at, out)
    }

    /// The container that was looked into closes: the records, or one on the way to wanted values.
    fn leave(&mut self, chunk: &[u8], at: usize, out: &mut Vec<Piece>) -> Step {
        // `end_scalar` looks at the depth inside the container.
        self.end_scalar(chunk, at, out)?;
        if self.in_records() {
            self.hash_up_to(chunk, at);
            self.hash_from = None;
            self.names = NOWHERE;
            self.envelope.resume(at);
        } else {
            self.envelope.leave();
        }
        self.watch = self.envelope.depth();
        self.envelope.end_value(chunk, at + 1)?;
        if self.nesting.depth() == 0 && self.record.is_some() {
            self.hash_up_to(chunk, at + 1);
            self.hash_from = None;
            self.end_record(chunk, at + 1, out)?;
        }
        Ok(())
    }

    /// A scalar that is looked at ends before `end`, at a comma or bracket.
    fn end_scalar(&mut self, chunk: &[u8], end: usize, out: &mut Vec<Piece>) -> Step {
        if self.in_records() {
            if self.record.is_some() { self.end_record(chunk, end, out) } else { Ok(()) }
        } else {
            self.envelope.end_value(chunk, end)
        }
    }

    /// The record that has begun ends before `end`; white space at its end is not part of it.
    #[inline]
    fn end_record(&mut self, chunk: &[u8], end: usize, out: &mut Vec<Piece>) -> Step {
        let Some(Record { start, may_clash }) = self.record.take() else { return Ok(()) };
        self.count += 1;
        if self.carry.is_empty() {
            let end = start + chunk[start..end].trim_ascii_end().len();
            if self.lines && has_line_break(&chunk[start..end]) {
                return Err(SplitErrorKind::LineNotOneValue);
            }
            self.spans.push(Span { start: start as u32, end: end as u32, may_clash });
            return Ok(());
        }
        self.carry.extend_from_slice(&chunk[start..end]);
        let mut bytes = std::mem::take(&mut self.carry);
        bytes.truncate(bytes.trim_ascii_end().len());
        if bytes.len() > MAX_RECORD {
            return Err(SplitErrorKind::RecordTooLarge);
        }
        if self.lines && has_line_break(&bytes) {
            return Err(SplitErrorKind::LineNotOneValue);
        }
        let span = Span { start: 0, end: bytes.len() as u32, may_clash };
        let line_breaks = self.line_breaks | std::mem::take(&mut self.carry_line_breaks);
        out.push(Piece { bytes: bytes.into(), spans: vec![span], line_breaks });
        Ok(())
    }

    fn hash_up_to(&mut self, chunk: &[u8], end: usize) {
        if let Some(from) = self.hash_from {
            self.hash.update(&chunk[from..end]);
        }
    }

    fn flush(&mut self, chunk: Bytes, out: &mut Vec<Piece>) {
        let spans = std::mem::take(&mut self.spans);
        out.push(Piece { bytes: chunk, spans, line_breaks: self.line_breaks });
    }

    fn end_chunk(&mut self, chunk: Bytes, out: &mut Vec<Piece>) -> Result<(), SplitError> {
        if let Some(record) = &mut self.record {
            self.carry.extend_from_slice(&chunk[record.start..]);
            record.start = 0;
            self.carry_line_breaks |= self.line_breaks;
            if self.carry.len() > MAX_RECORD {
                return Err(self.error(SplitErrorKind::RecordTooLarge, chunk.len()));
            }
        }
        if self.lines {
            let tail = &chunk[chunk.trim_ascii_end().len()..];
            self.line_ended = has_line_break(tail) || tail.len() == chunk.len() && self.line_ended;
        }
        self.hash_up_to(&chunk, chunk.len());
        self.hash_from = self.hash_from.map(|_| 0);
        self.envelope.end_chunk(&chunk).map_err(|kind| self.error(kind, 0))?;
        self.offset += chunk.len() as u64;
        if !self.spans.is_empty() {
            self.flush(chunk, out);
        }
        self.line_breaks = false;
        if let Some(bytes) = out.last().and_then(last_record) {
            self.last = Some(bytes);
        }
        Ok(())
    }

    fn unexpected(&self, byte: u8) -> SplitErrorKind {
        if self.nesting.depth() == 0 && self.expect == Expect::CommaOrEnd {
            return if self.lines { SplitErrorKind::LineNotOneValue } else { SplitErrorKind::Trailing };
        }
        SplitErrorKind::UnexpectedByte(byte)
    }
}

fn has_line_break(text: &[u8]) -> bool {
    memchr::memchr2(b'\n', b'\r', text).is_some()
}

fn last_record(piece: &Piece) -> Option<Bytes> {
    piece.spans.last().map(|span| piece.bytes.slice(span.start as usize..span.end as usize))
}
