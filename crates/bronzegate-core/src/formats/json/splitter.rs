//! The scan: from tokens to records, values and a verdict on the whole body.

use bytes::Bytes;

use super::grammar::{State, Token};
use super::lexer::Lexer;
use super::nesting::Nesting;
use super::records::Records;
use super::scalar::{Fed, Scalar};
use super::token_starts::{STRETCH, Starts};
use super::wanted::{Begun, Kind, RecordsAt, Wanted};
use super::wanted_values::WantedValues;
use crate::config::Nulls;
use crate::formats::byte_order_mark::ByteOrderMark;
use crate::formats::error::{SplitError, SplitErrorKind};
use crate::formats::page_body::{Form, RecordsFound};
use crate::formats::record_chunk::RecordChunk;
use crate::formats::utf8::Utf8;

/// No depth: deeper than any nesting.
const NOWHERE: usize = usize::MAX;

/// Splits one page body.
///
/// Feed the chunks to [`push`](Self::push) and close with [`finish`](Self::finish). After an
/// error the splitter must not be used again.
pub(crate) struct Splitter {
    pub(super) lines: bool,
    whole_body: bool,
    /// The records are the members of an object.
    has_members: bool,
    /// The records are in lists of a list.
    in_lists: bool,
    nulls: Nulls,
    pub(super) utf8: Utf8,
    pub(super) lexer: Lexer,
    starts: Starts,
    nesting: Nesting,
    pub(super) state: State,
    /// A number or literal that the last chunk cut.
    pub(super) scalar: Option<Scalar>,
    /// Offset of the current chunk in the body.
    pub(super) offset: u64,
    pub(super) mark: ByteOrderMark,
    /// Values at this depth or above are looked at; deeper ones are checked only.
    watch: usize,
    /// The depth of the names in a record, where they are looked at for clashes.
    names: usize,
    pub(super) values: WantedValues,
    pub(super) records: Records,
    pub(super) found: RecordsFound,
    pub(super) form: Form,
}

type Step<T = ()> = Result<T, SplitErrorKind>;

impl Splitter {
    /// Makes a splitter for one body.
    pub(crate) fn new(wanted: &Wanted) -> Self {
        Self {
            lines: wanted.lines,
            whole_body: wanted.records == Some(RecordsAt::Root),
            has_members: matches!(wanted.records, Some(RecordsAt::Members(_))),
            in_lists: matches!(wanted.records, Some(RecordsAt::Lists { .. })),
            nulls: wanted.nulls,
            utf8: Utf8::default(),
            lexer: Lexer::default(),
            starts: Starts::default(),
            nesting: Nesting::new(),
            state: State::Begin,
            scalar: None,
            offset: 0,
            mark: ByteOrderMark::default(),
            watch: 0,
            names: if wanted.lines { 1 } else { NOWHERE },
            values: WantedValues::new(wanted),
            records: Records::new(wanted.lines),
            found: if wanted.lines { RecordsFound::Records } else { RecordsFound::Absent },
            form: Form::Lines,
        }
    }

    /// Scans the next chunk and appends the records that are whole by its end to `out`.
    ///
    /// # Errors
    /// The body's first fault, at its offset.
    pub(crate) fn push(&mut self, chunk: Bytes, out: &mut Vec<RecordChunk>) -> Result<(), SplitError> {
        let Some(chunk) = self.mark.take_off(chunk, &mut self.offset) else { return Ok(()) };
        self.utf8.check(&chunk).map_err(|at| self.error(SplitErrorKind::NotUtf8, at))?;
        self.lexer.resume(&chunk).map_err(|(kind, at)| self.error(kind, at))?;
        if let Some(scalar) = self.scalar.take() {
            self.feed(scalar, &chunk).map_err(|kind| self.error(kind, 0))?;
        }
        for from in (0..chunk.len()).step_by(STRETCH) {
            let stretch = from..chunk.len().min(from + STRETCH);
            let fault = self.starts.find(&mut self.lexer, &chunk, stretch).err();
            self.records.line_breaks |= self.starts.line_breaks();
            // What stands before a lexical fault is read first: its own fault is the earlier one.
            self.read(&chunk, out)?;
            if let Some((kind, at)) = fault {
                return Err(self.error(kind, at));
            }
        }
        self.values.end_chunk(&chunk).map_err(|kind| self.error(kind, 0))?;
        let length = chunk.len();
        self.records.end_chunk(chunk, out).map_err(|kind| self.error(kind, length))?;
        self.offset += length as u64;
        Ok(())
    }

    pub(super) fn error(&self, kind: SplitErrorKind, at: usize) -> SplitError {
        SplitError { kind, offset: self.offset + at as u64 }
    }

    /// Reads the tokens that were found.
    fn read(&mut self, chunk: &[u8], out: &mut Vec<RecordChunk>) -> Result<(), SplitError> {
        let starts = std::mem::take(&mut self.starts);
        let mut rest = starts.offsets();
        // Deeper than anything is looked at, the table alone decides.
        let mut unwatched = self.nesting.depth() > self.watch;
        while !rest.is_empty() {
            if unwatched && matches!(self.state, State::InObject | State::ObjectComma) {
                rest = self.pass_members(chunk, rest)?;
            }
            let Some((&at, behind)) = rest.split_first() else { break };
            let at = at as usize;
            rest = behind;
            let token = Token::of(chunk[at]);
            let step = if unwatched && !token.is_bracket() {
                self.pass(chunk, at, token)
            } else {
                let step = self.look(chunk, at, token, out);
                unwatched = self.nesting.depth() > self.watch;
                step
            };
            step.map_err(|kind| self.error(kind, at))?;
        }
        self.starts = starts;
        Ok(())
    }

    /// The usual case, without the table: members of an object that are `name : value ,`, the value
    /// no container. Returns the tokens from the first that is something else.
    #[inline]
    fn pass_members<'a>(&mut self, chunk: &[u8], mut rest: &'a [u32]) -> Result<&'a [u32], SplitError> {
        let look_at_names = self.nesting.depth() == self.names;
        while let [name, colon, value, comma, behind @ ..] = rest {
            let [name, colon, value, comma] = [name, colon, value, comma].map(|&at| at as usize);
            if (chunk[name], chunk[colon], chunk[comma]) != (b'"', b':', b',') {
                break;
            }
            match chunk[value] {
                b'"' => {}
                b'{' | b'[' | b'}' | b']' | b':' | b',' => break,
                _ => self.scalar(chunk, value).map_err(|kind| self.error(kind, value))?,
            }
            if look_at_names && matches!(chunk[name + 1], b'_' | b'\\') {
                self.records.may_clash();
            }
            self.state = State::ObjectComma;
            rest = behind;
        }
        Ok(rest)
    }

    /// A string, colon, comma or scalar inside of a record, or of a value that is not wanted.
    #[inline]
    fn pass(&mut self, chunk: &[u8], at: usize, token: Token) -> Step {
        let next = self.state.after(token);
        match next {
            State::Bad => return Err(self.unexpected(chunk[at])),
            // A name that the chunk's end cuts is not known yet.
            State::Name
                if self.nesting.depth() == self.names
                    && chunk.get(at + 1).is_none_or(|&first| matches!(first, b'_' | b'\\')) =>
            {
                self.records.may_clash();
            }
            _ if token == Token::Scalar => self.scalar(chunk, at)?,
            _ => {}
        }
        self.state = next;
        Ok(())
    }

    /// A bracket, or any token at a depth that is looked at.
    fn look(&mut self, chunk: &[u8], at: usize, token: Token, out: &mut Vec<RecordChunk>) -> Step {
        match token {
            Token::OpenObject | Token::OpenArray => self.open(chunk, at, token, out),
            Token::CloseObject | Token::CloseArray => self.close(chunk, at, token, out),
            Token::String | Token::Scalar => {
                if self.state.after(token) == State::Bad {
                    self.begin_line(chunk, at, out)?;
                }
                let next = self.state.after(token);
                if next == State::Name && self.in_records() {
                    self.records.begin_key(at);
                } else if next == State::Name {
                    self.values.begin_name(at);
                } else {
                    self.begin_value(chunk, at)?;
                }
                self.state = next;
                if token == Token::Scalar { self.scalar(chunk, at) } else { Ok(()) }
            }
            Token::Colon | Token::Comma => {
                let next = self.state.after(token);
                match next {
                    State::Bad => return Err(self.unexpected(chunk[at])),
                    State::Colon if self.in_records() => self.records.end_key(chunk, at)?,
                    State::Colon => self.values.end_name(chunk, at)?,
                    _ => self.end_scalar(chunk, at, out)?,
                }
                self.state = next;
                Ok(())
            }
        }
    }

    #[inline]
    fn scalar(&mut self, chunk: &[u8], at: usize) -> Step {
        if Scalar::whole(&chunk[at..]).is_some() { Ok(()) } else { self.unusual_scalar(&chunk[at..]) }
    }

    /// A number with an exponent, one that the chunk's end cuts, or a bad one.
    #[cold]
    fn unusual_scalar(&mut self, text: &[u8]) -> Step {
        let scalar = Scalar::start(text[0]).ok_or(SplitErrorKind::BadScalar)?;
        self.feed(scalar, &text[1..])
    }

    fn feed(&mut self, scalar: Scalar, text: &[u8]) -> Step {
        match scalar.feed(text) {
            Fed::Ended(_) => Ok(()),
            Fed::Open(scalar) => {
                self.scalar = Some(scalar);
                Ok(())
            }
            Fed::Bad(_) => Err(SplitErrorKind::BadScalar),
        }
    }

    /// A value begins at a depth that is looked at.
    fn begin_value(&mut self, chunk: &[u8], at: usize) -> Step<Begun> {
        if self.in_records() {
            if self.has_members {
                self.check_member(chunk[at])?;
            }
            match self.nulls {
                _ if chunk[at] != b'n' => self.records.begin(at),
                Nulls::Keep => self.records.begin(at),
                Nulls::Skip => self.records.pass_null(),
                Nulls::Error => return Err(SplitErrorKind::NullRecord(self.records.count + 1)),
            }
            return Ok(Begun::Other);
        }
        let kind = Kind::of(chunk[at]);
        if self.nesting.depth() == 0 {
            self.form = kind.form();
        }
        if self.whole_body && self.nesting.depth() == 0 {
            self.found = match kind {
                Kind::Array => return Ok(Begun::Records),
                Kind::Object => {
                    // The body is the record, its values may be wanted too, and any name may clash.
                    self.records.begin(at);
                    self.records.may_clash();
                    self.records.begin_hash(at);
                    RecordsFound::Records
                }
                Kind::Null | Kind::Scalar => kind.found(),
            };
        }
        let begun = self.values.begin_value(at, kind)?;
        if let Begun::NoRecords { entered } = begun {
            self.found = kind.found();
            return Ok(if entered { Begun::Entered } else { Begun::Other });
        }
        Ok(begun)
    }

    /// Holds a value in place of records that are members to what that says.
    fn check_member(&self, first: u8) -> Step {
        match Kind::of(first) {
            _ if !self.nesting.in_object() => Err(SplitErrorKind::ListOfMembers),
            Kind::Scalar => Err(SplitErrorKind::ScalarMember(self.records.count + 1)),
            Kind::Object | Kind::Array | Kind::Null => Ok(()),
        }
    }

    /// A value where the grammar has room for none: in NDJSON it may begin the next line.
    fn begin_line(&mut self, chunk: &[u8], at: usize, out: &mut Vec<RecordChunk>) -> Step {
        if !self.lines || self.state != State::End {
            return Err(self.unexpected(chunk[at]));
        }
        self.records.end(chunk, at, out)?;
        self.state = State::Begin;
        if self.records.on_new_line(chunk, at) { Ok(()) } else { Err(SplitErrorKind::LineNotOneValue) }
    }

    #[inline]
    fn in_records(&self) -> bool {
        self.names != NOWHERE
    }

    fn open(&mut self, chunk: &[u8], at: usize, token: Token, out: &mut Vec<RecordChunk>) -> Step {
        if self.state.after_value() == State::Bad
            || self.state == State::InObject
            || self.state == State::ObjectComma
        {
            self.begin_line(chunk, at, out)?;
        }
        let unwatched = self.nesting.depth() > self.watch;
        let begun = if unwatched { Begun::Other } else { self.begin_value(chunk, at)? };
        if !self.nesting.open(token == Token::OpenObject) {
            return Err(SplitErrorKind::TooDeep);
        }
        self.state = if token == Token::OpenObject { State::InObject } else { State::InArray };
        match begun {
            Begun::Entered => self.watch = self.values.depth(),
            Begun::Outer => {
                self.watch = self.values.depth();
                self.records.begin_hash(at + 1);
                self.values.pause(chunk, at + 1)?;
            }
            Begun::Records => {
                self.found = RecordsFound::Records;
                self.watch = self.nesting.depth();
                self.names = self.watch + 1;
                if self.in_lists {
                    self.records.set_key(self.values.take_key());
                } else {
                    self.records.begin_hash(at + 1);
                    self.values.pause(chunk, at + 1)?;
                }
            }
            Begun::NoRecords { .. } | Begun::Other => {}
        }
        Ok(())
    }

    fn close(&mut self, chunk: &[u8], at: usize, token: Token, out: &mut Vec<RecordChunk>) -> Step {
        if !self.state.may_close(token) {
            return Err(self.unexpected(chunk[at]));
        }
        let depth = self.nesting.depth();
        self.nesting.close();
        self.state = match (depth, self.nesting.in_object()) {
            (1, _) => State::End,
            (_, true) => State::Member,
            (_, false) => State::Element,
        };
        if depth > self.watch + 1 {
            return Ok(());
        }
        if depth == self.watch + 1 {
            // A container that was not looked into ends: a record, or a value that may be wanted.
            return self.end_scalar(chunk, at + 1, out);
        }
        self.leave(chunk, at, out)
    }

    /// The container that was looked into closes: the records, or one on the way to wanted values.
    fn leave(&mut self, chunk: &[u8], at: usize, out: &mut Vec<RecordChunk>) -> Step {
        self.end_scalar(chunk, at, out)?;
        let is_outer = if self.in_records() {
            self.names = NOWHERE;
            !self.in_lists
        } else {
            self.values.leave()
        };
        if is_outer {
            self.records.end_hash(chunk, at);
            self.values.resume(at);
        }
        self.watch = self.values.depth();
        self.values.end_value(chunk, at + 1)?;
        if self.nesting.depth() == 0 && self.records.is_open() {
            self.records.end_hash(chunk, at + 1);
            self.records.end(chunk, at + 1, out)?;
        }
        Ok(())
    }

    /// A value that is looked at ends before `end`, if one has begun.
    fn end_scalar(&mut self, chunk: &[u8], end: usize, out: &mut Vec<RecordChunk>) -> Step {
        if self.in_records() { self.records.end(chunk, end, out) } else { self.values.end_value(chunk, end) }
    }

    fn unexpected(&self, byte: u8) -> SplitErrorKind {
        match self.state {
            State::End if self.lines => SplitErrorKind::LineNotOneValue,
            State::End => SplitErrorKind::Trailing,
            _ => SplitErrorKind::UnexpectedByte(byte),
        }
    }
}
