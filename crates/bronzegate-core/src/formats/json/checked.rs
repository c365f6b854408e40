//! A block, checked: what was found in it, and what is wrong with it.

use super::grammar::Read;
use super::lexer::Tokens;
use super::nesting::Containers;
use crate::formats::error::SplitErrorKind;

/// A block, and what was found in it.
pub(crate) struct Checked<'a> {
    pub(crate) chunk: &'a [u8],
    /// Its offset in the chunk.
    pub(crate) at: usize,
    pub(crate) tokens: Tokens,
    pub(crate) containers: Containers,
    pub(crate) read: Read,
    /// The first number or literal that is none.
    pub(crate) bad_scalar: u64,
}

impl Checked<'_> {
    /// What is wrong with the byte at `fault`, the first of the block with which something is.
    #[cold]
    pub(crate) fn fault(&self, fault: usize, lines: bool) -> SplitErrorKind {
        let is = |mask: u64| mask >> fault & 1 == 1;
        let byte = self.chunk[self.at + fault];
        if is(self.read.faults) {
            return match is(self.containers.outside & self.read.behind_value) {
                true if lines => SplitErrorKind::LineNotOneValue,
                true => SplitErrorKind::Trailing,
                false => SplitErrorKind::UnexpectedByte(byte),
            };
        }
        if is(self.containers.too_deep) {
            SplitErrorKind::TooDeep
        } else if is(self.bad_scalar) {
            SplitErrorKind::BadScalar
        } else if !is(self.tokens.string) {
            SplitErrorKind::UnexpectedByte(byte)
        } else if byte < b' ' {
            SplitErrorKind::ControlCharacter
        } else {
            SplitErrorKind::BadEscape
        }
    }
}
