//! Finds the tokens of JSON text, 64 bytes at a time, with bit masks instead of a byte loop.
//!
//! The method is the first stage of Langdale and Lemire, "Parsing Gigabytes of JSON per Second"
//! (2019): compare many bytes at once, turn the answers into bits, and work on the bits.
//! What it leaves out: the grammar between the tokens, which has a file of its own.

use fearless_simd::Simd;

use super::block::{BLOCK, Block};

/// Every second bit, the lowest included.
const EVEN: u64 = 0x5555_5555_5555_5555;

/// What carries over from one block to the next.
#[derive(Debug, Default)]
pub(crate) struct Lexer {
    /// All ones while inside a string.
    in_string: u64,
    /// 1 when the next byte is escaped by a backslash.
    escaped: u64,
    /// 1 when the last byte belonged to a number or literal.
    in_scalar: u64,
    /// Bits of the bytes that must be hexadecimal digits, by a `\u` before the block.
    hex_digits: u64,
}

/// The tokens of one block, as bits. Bits of brackets, commas and colons are of those outside of strings.
#[derive(Debug)]
pub(crate) struct Tokens {
    /// Opening quotes.
    pub(crate) opening: u64,
    /// Closing quotes.
    pub(crate) closing: u64,
    /// From each opening quote up to its closing one, which is left out.
    pub(crate) string: u64,
    /// Bytes of names or values that could begin a metadata name: `_` or an escape.
    pub(crate) special: u64,
    /// `{` and `[`.
    pub(crate) open: u64,
    /// `}` and `]`.
    pub(crate) close: u64,
    pub(crate) comma: u64,
    pub(crate) colon: u64,
    /// First bytes of numbers and literals, or of what is no token.
    pub(crate) scalars: u64,
    /// First bytes after them.
    pub(crate) behind_scalars: u64,
    /// White space between tokens, and what a short block lacks.
    pub(crate) white: u64,
    /// Whether a line break stands between tokens.
    pub(crate) line_breaks: bool,
    /// Bytes that no text of JSON has in this place: only the lowest is sure to be one.
    pub(crate) faults: u64,
}

impl Tokens {
    /// Where a token starts.
    #[inline(always)]
    pub(crate) fn starts(&self) -> u64 {
        self.open | self.close | self.comma | self.colon | self.opening | self.scalars
    }
}

impl Lexer {
    /// Whether the text so far ends inside a string.
    pub(crate) fn in_string(&self) -> bool {
        self.in_string != 0
    }

    /// Finds the tokens of the next block.
    #[inline(always)]
    pub(crate) fn block<S: Simd>(&mut self, block: Block<S>) -> Tokens {
        let backslash = block.equal(b'\\');
        let escaped = self.escaped(backslash, block.length());
        let quote = block.equal(b'"') & !escaped;
        // From each opening quote up to its closing one, the closing one left out.
        let string = prefix_xor(quote) ^ self.in_string;
        self.in_string = ((string.cast_signed()) >> 63).cast_unsigned();
        let outside = !string;

        let control = block.below(b' ');
        let mut faults = control & string;
        if escaped & string | self.hex_digits != 0 {
            faults |= self.bad_escapes(block, escaped & string);
        }
        let mut line_breaks = 0;
        if control & outside != 0 {
            line_breaks = (block.equal(b'\n') | block.equal(b'\r')) & outside;
            faults |= control & outside & !(line_breaks | block.equal(b'\t'));
        }

        let folded = block.folded();
        let (open, close) = (folded.equal(b'{') & outside, folded.equal(b'}') & outside);
        let (comma, colon) = (block.equal(b',') & outside, block.equal(b':') & outside);
        let white = (block.equal(b' ') | control) & outside;
        let scalar = outside & !(open | close | comma | colon | white | quote);
        let shifted = scalar << 1 | self.in_scalar;
        self.in_scalar = block.last(scalar);
        Tokens {
            opening: quote & string,
            closing: quote & outside,
            string,
            special: block.equal(b'_') | backslash,
            open,
            close,
            comma,
            colon,
            scalars: scalar & !shifted,
            // One that the chunk's end cuts may go on.
            behind_scalars: shifted & !scalar & !(self.in_scalar << (block.length() - 1) << 1),
            white,
            line_breaks: line_breaks != 0,
            faults,
        }
    }

    /// The bytes that follow an escaping backslash.
    #[inline(always)]
    fn escaped(&mut self, backslash: u64, length: usize) -> u64 {
        if backslash == 0 {
            return std::mem::take(&mut self.escaped);
        }
        let backslash = backslash & !self.escaped;
        let follows = backslash << 1 | self.escaped;
        let odd_starts = backslash & !EVEN & !follows;
        let (even_runs, overflow) = odd_starts.overflowing_add(backslash);
        let escaped = (EVEN ^ (even_runs << 1)) & follows;
        self.escaped = if length == BLOCK { u64::from(overflow) } else { escaped >> length & 1 };
        escaped
    }

    /// Holds escapes to RFC 8259, section 7.
    #[inline(always)]
    fn bad_escapes<S: Simd>(&mut self, block: Block<S>, escaped: u64) -> u64 {
        let mut characters = 0;
        for &character in b"\"\\/bfnrt" {
            characters |= block.equal(character);
        }
        let unicode = block.equal(b'u') & escaped;
        // Four digits after each `u`; some of them may be in the next block.
        let wide = u128::from(unicode);
        let digits = wide << 1 | wide << 2 | wide << 3 | wide << 4 | u128::from(self.hex_digits);
        self.hex_digits = (digits >> block.length()) as u64;
        (escaped & !(characters | unicode) | digits as u64 & !block.hex_digits()) & block.all()
    }
}

/// Bit n of the result is the parity of bits 0 to n.
#[inline(always)]
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}
