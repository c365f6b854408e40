//! The scan: from tokens to records, values and a verdict on the whole body.

use std::cmp::Ordering;

use bytes::Bytes;
use fearless_simd::{Level, Simd, dispatch};

use super::block::{BLOCK, Block, bits};
use super::checked::Checked;
use super::grammar::Grammar;
use super::lexer::Lexer;
use super::nesting::Nesting;
use super::records::Records;
use super::scalar::{Fed, Scalar};
use super::wanted::{Begun, Kind, RecordsAt, Wanted};
use super::wanted_values::WantedValues;
use crate::config::Nulls;
use crate::formats::byte_order_mark::ByteOrderMark;
use crate::formats::error::{SplitError, SplitErrorKind};
use crate::formats::page_body::{Form, RecordsFound};
use crate::formats::record_chunk::RecordChunk;
use crate::formats::utf8::Utf8;

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
    /// What this processor can do.
    level: Level,
    pub(super) lexer: Lexer,
    pub(super) nesting: Nesting,
    pub(super) grammar: Grammar,
    /// A number or literal that the last chunk cut.
    pub(super) scalar: Option<Scalar>,
    /// Offset of the current chunk in the body.
    pub(super) offset: u64,
    pub(super) mark: ByteOrderMark,
    /// How many containers are open where tokens are looked at.
    depth: usize,
    /// Values at this depth or above are looked at; deeper ones are checked only.
    watch: usize,
    /// The elements or members that are looked at are the records.
    in_records: bool,
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
            level: Level::new(),
            lexer: Lexer::default(),
            nesting: Nesting::default(),
            grammar: Grammar::new(),
            scalar: None,
            offset: 0,
            mark: ByteOrderMark::default(),
            depth: 0,
            watch: 0,
            in_records: wanted.lines,
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
        if let Some(scalar) = self.scalar.take() {
            self.feed(scalar, &chunk).map_err(|kind| self.error(kind, 0))?;
        }
        dispatch!(self.level, simd => self.blocks(simd, &chunk, out))?;
        self.values.end_chunk(&chunk).map_err(|kind| self.error(kind, 0))?;
        let length = chunk.len();
        self.records.end_chunk(chunk, out).map_err(|kind| self.error(kind, length))?;
        self.offset += length as u64;
        Ok(())
    }

    pub(super) fn error(&self, kind: SplitErrorKind, at: usize) -> SplitError {
        SplitError { kind, offset: self.offset + at as u64 }
    }

    /// Reads the blocks of a chunk. This loop is compiled for each kind of processor, with all that
    /// is inlined in it; a closure in an iterator's method would not be.
    #[inline(always)]
    fn blocks<S: Simd>(
        &mut self,
        simd: S,
        chunk: &[u8],
        out: &mut Vec<RecordChunk>,
    ) -> Result<(), SplitError> {
        for at in (0..chunk.len()).step_by(BLOCK) {
            self.block(simd, chunk, at, out)?;
        }
        Ok(())
    }

    /// Reads the block that begins at `at`: checks all of it, and looks at what is in no record.
    #[inline(always)]
    fn block<S: Simd>(
        &mut self,
        simd: S,
        chunk: &[u8],
        at: usize,
        out: &mut Vec<RecordChunk>,
    ) -> Result<(), SplitError> {
        let text = &chunk[at..];
        let block = Block::of(simd, text);
        let depth = self.nesting.depth();
        let tokens = self.lexer.block(block);
        let containers = self.nesting.block(text, tokens.open, tokens.close);
        let read = self.grammar.block(&tokens, &containers, self.lines);
        let bad_scalar = self.bad_scalar(simd, text, tokens.scalars);
        self.records.line_breaks |= tokens.line_breaks;
        self.records.may_clash(may_clash(text, block, read.names, tokens.special));
        let faults = tokens.faults | read.faults | containers.too_deep | bad_scalar;
        if containers.lowest <= self.watch || faults != 0 {
            self.depth = depth;
            let checked = Checked { chunk, at, tokens, containers, read, bad_scalar };
            // What stands before a fault is looked at first: its own fault is the earlier one.
            let fault = faults.trailing_zeros();
            let until = u64::MAX.checked_shl(fault).map_or(u64::MAX, |from| !from);
            self.look(&checked, until, out)?;
            if faults != 0 {
                let fault = fault as usize;
                return Err(self.error(checked.fault(fault, self.lines), at + fault));
            }
        }
        Ok(())
    }

    /// The first number or literal of a block that is none.
    #[inline(always)]
    fn bad_scalar<S: Simd>(&mut self, simd: S, text: &[u8], scalars: u64) -> u64 {
        for at in bits(scalars) {
            if Scalar::whole(simd, &text[at..]).is_none() && self.unusual_scalar(&text[at..]).is_err() {
                return 1 << at;
            }
        }
        0
    }

    /// Looks at the tokens of a block that are in no record, and at where records begin and end.
    fn look(
        &mut self,
        block: &Checked<'_>,
        until: u64,
        out: &mut Vec<RecordChunk>,
    ) -> Result<(), SplitError> {
        let brackets = block.tokens.open | block.tokens.close;
        let mut rest = block.tokens.starts() & until;
        loop {
            let next = if self.depth > self.watch { rest & brackets } else { rest };
            if next == 0 {
                return Ok(());
            }
            let token = next.trailing_zeros() as usize;
            rest &= u64::MAX << token << 1;
            self.token(block, token, out).map_err(|kind| self.error(kind, block.at + token))?;
        }
    }

    /// A bracket, or any token at a depth that is looked at.
    fn token(&mut self, block: &Checked<'_>, token: usize, out: &mut Vec<RecordChunk>) -> Step {
        let (chunk, at) = (block.chunk, block.at + token);
        let is = |mask: u64| mask >> token & 1 == 1;
        if is(block.tokens.close) {
            return self.close(chunk, at, out);
        }
        if is(block.tokens.comma) {
            return self.end_scalar(chunk, at, out);
        }
        if is(block.tokens.colon) {
            return if self.in_records {
                self.records.end_key(chunk, at)
            } else {
                self.values.end_name(chunk, at)
            };
        }
        if is(block.read.names) {
            if self.in_records {
                self.records.begin_key(at);
            } else {
                self.values.begin_name(at);
            }
            return Ok(());
        }
        if is(block.read.behind_value) {
            // A value after another: it is that of the next line.
            self.records.end(chunk, at, out)?;
            if !self.records.on_new_line(chunk, at) {
                return Err(SplitErrorKind::LineNotOneValue);
            }
        }
        let in_object = is(block.containers.in_objects);
        if is(block.tokens.open) {
            self.open(chunk, at, in_object)
        } else {
            self.begin_value(chunk, at, in_object).map(drop)
        }
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
    fn begin_value(&mut self, chunk: &[u8], at: usize, in_object: bool) -> Step<Begun> {
        if self.in_records {
            if self.has_members {
                self.check_member(chunk[at], in_object)?;
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
        if self.depth == 0 {
            self.form = kind.form();
        }
        if self.whole_body && self.depth == 0 {
            self.found = match kind {
                Kind::Array => return Ok(Begun::Records),
                Kind::Object => {
                    // The body is the record, its values may be wanted too, and any name may clash.
                    self.records.begin(at);
                    self.records.may_clash(true);
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
    fn check_member(&self, first: u8, in_object: bool) -> Step {
        match Kind::of(first) {
            _ if !in_object => Err(SplitErrorKind::ListOfMembers),
            Kind::Scalar => Err(SplitErrorKind::ScalarMember(self.records.count + 1)),
            Kind::Object | Kind::Array | Kind::Null => Ok(()),
        }
    }

    fn open(&mut self, chunk: &[u8], at: usize, in_object: bool) -> Step {
        let unwatched = self.depth > self.watch;
        let begun = if unwatched { Begun::Other } else { self.begin_value(chunk, at, in_object)? };
        self.depth += 1;
        match begun {
            Begun::Entered => self.watch = self.values.depth(),
            Begun::Outer => {
                self.watch = self.values.depth();
                self.records.begin_hash(at + 1);
                self.values.pause(chunk, at + 1)?;
            }
            Begun::Records => {
                self.found = RecordsFound::Records;
                self.watch = self.depth;
                self.in_records = true;
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

    fn close(&mut self, chunk: &[u8], at: usize, out: &mut Vec<RecordChunk>) -> Step {
        let depth = self.depth;
        self.depth -= 1;
        match depth.cmp(&(self.watch + 1)) {
            Ordering::Greater => Ok(()),
            // A container that was not looked into ends: a record, or a value that may be wanted.
            Ordering::Equal => self.end_scalar(chunk, at + 1, out),
            Ordering::Less => self.leave(chunk, at, out),
        }
    }

    /// The container that was looked into closes: the records, or one on the way to wanted values.
    fn leave(&mut self, chunk: &[u8], at: usize, out: &mut Vec<RecordChunk>) -> Step {
        self.end_scalar(chunk, at, out)?;
        let is_outer = if self.in_records {
            self.in_records = false;
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
        if self.depth == 0 && self.records.is_open() {
            self.records.end_hash(chunk, at + 1);
            self.records.end(chunk, at + 1, out)?;
        }
        Ok(())
    }

    /// A value that is looked at ends before `end`, if one has begun.
    fn end_scalar(&mut self, chunk: &[u8], end: usize, out: &mut Vec<RecordChunk>) -> Step {
        if self.in_records { self.records.end(chunk, end, out) } else { self.values.end_value(chunk, end) }
    }
}

/// Whether a name in a block begins as a metadata name could, or may do so in the next chunk.
#[inline(always)]
fn may_clash<S: Simd>(text: &[u8], block: Block<S>, names: u64, special: u64) -> bool {
    let first_behind = || text.get(block.length()).is_none_or(|first| matches!(first, b'_' | b'\\'));
    names & special >> 1 != 0 || block.last(names) == 1 && first_behind()
}
