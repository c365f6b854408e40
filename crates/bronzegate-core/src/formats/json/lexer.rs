//! Finds the tokens of JSON text, 64 bytes at a time, with bit masks instead of a byte loop.
//!
//! The method is the first stage of Langdale and Lemire, "Parsing Gigabytes of JSON per Second"
//! (2019): compare sixteen bytes at once, turn the answers into bits, and work on the bits.
//! What it leaves out: the grammar between the tokens, which is the splitter's.

use wide::u8x16;

use crate::formats::error::SplitErrorKind;

/// Every second bit, the lowest included.
const EVEN: u64 = 0x5555_5555_5555_5555;

/// The bytes that one step looks at.
pub(crate) const BLOCK: usize = 64;

/// What carries over from one block to the next.
#[derive(Debug, Default)]
pub(crate) struct Lexer {
    /// All ones while inside a string.
    in_string: u64,
    /// 1 when the next byte is escaped by a backslash.
    escaped: u64,
    /// 1 when the last byte belonged to a number or literal.
    in_scalar: u64,
    /// Hexadecimal digits of a `\u` escape still to come.
    hex_digits_due: usize,
}

/// The tokens of one block, as bits.
pub(crate) struct Tokens {
    /// Where a token starts: `{ } [ ] , :`, an opening quote, or the first byte of a number or literal.
    pub(crate) starts: u64,
    /// Whether a line break stands between tokens.
    pub(crate) line_breaks: bool,
}

/// A lexical fault and its offset in the block.
pub(crate) type Fault = (SplitErrorKind, usize);

impl Lexer {
    /// Whether the text so far ends inside a string.
    pub(crate) fn in_string(&self) -> bool {
        self.in_string != 0
    }

    /// Checks the rest of a `\u` escape that the chunk before this one left open.
    pub(crate) fn resume(&mut self, chunk: &[u8]) -> Result<(), Fault> {
        let due = std::mem::take(&mut self.hex_digits_due);
        self.hex_digits(chunk, 0, due)
    }

    /// Reads the block that begins at `at`; only the last block of a chunk may be short.
    #[inline]
    pub(crate) fn block(&mut self, chunk: &[u8], at: usize) -> Result<Tokens, Fault> {
        let rest = &chunk[at..];
        let (masks, length) = if let Some(block) = rest.first_chunk::<BLOCK>() {
            (Masks::of(block), BLOCK)
        } else {
            let mut padded = [b' '; BLOCK];
            padded[..rest.len()].copy_from_slice(rest);
            (Masks::of(&padded), rest.len())
        };
        let escaped = self.escaped_bytes(masks.backslash, length);
        let quote = masks.quote & !escaped;
        // From each opening quote up to its closing one, the closing one left out.
        let string = prefix_xor(quote) ^ self.in_string;
        self.in_string = ((string.cast_signed()) >> 63).cast_unsigned();
        if escaped & string != 0 {
            self.check_escapes(chunk, at, escaped & string)?;
        }
        if masks.control & string != 0 {
            let at = (masks.control & string).trailing_zeros() as usize;
            return Err((SplitErrorKind::ControlCharacter, at));
        }
        let line_breaks = masks.control != 0 && has_line_break(rest, masks.control)?;
        let scalar = !(masks.operator | masks.space | masks.control | quote | string);
        let starts = scalar & !(scalar << 1 | self.in_scalar);
        self.in_scalar = scalar >> (length - 1) & 1;
        Ok(Tokens { starts: (masks.operator & !string) | (quote & string) | starts, line_breaks })
    }

    /// The bytes that follow an escaping backslash.
    #[inline]
    fn escaped_bytes(&mut self, backslash: u64, length: usize) -> u64 {
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
    #[cold]
    fn check_escapes(&mut self, chunk: &[u8], block: usize, mut escaped: u64) -> Result<(), Fault> {
        while escaped != 0 {
            let at = escaped.trailing_zeros() as usize;
            escaped &= escaped - 1;
            match chunk.get(block + at) {
                // Past the end of a short block: the next chunk looks at it.
                None | Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {}
                Some(b'u') => self.hex_digits(&chunk[block + at + 1..], at + 1, 4)?,
                Some(_) => return Err((SplitErrorKind::BadEscape, at)),
            }
        }
        Ok(())
    }

    fn hex_digits(&mut self, text: &[u8], at: usize, due: usize) -> Result<(), Fault> {
        let here = &text[..due.min(text.len())];
        if let Some(bad) = here.iter().position(|byte| !byte.is_ascii_hexdigit()) {
            return Err((SplitErrorKind::BadEscape, at + bad));
        }
        self.hex_digits_due = due - here.len();
        Ok(())
    }
}

/// Where the bytes of each kind are.
struct Masks {
    quote: u64,
    backslash: u64,
    space: u64,
    /// Below 0x20; between tokens only tab and line breaks are allowed.
    control: u64,
    operator: u64,
}

impl Masks {
    #[inline]
    fn of(block: &[u8; BLOCK]) -> Self {
        let mut masks = Self { quote: 0, backslash: 0, space: 0, control: 0, operator: 0 };
        for (nth, lane) in block.as_chunks::<16>().0.iter().enumerate() {
            let bytes = u8x16::new(*lane);
            // `{` and `[`, and likewise `}` and `]`, differ in this bit alone.
            let folded = bytes | u8x16::splat(0x20);
            let operator = folded.simd_eq(u8x16::splat(b'{'))
                | folded.simd_eq(u8x16::splat(b'}'))
                | bytes.simd_eq(u8x16::splat(b','))
                | bytes.simd_eq(u8x16::splat(b':'));
            let control = bytes.min(u8x16::splat(0x1f)).simd_eq(bytes);
            let shift = nth * 16;
            let bits = |lanes: u8x16| u64::from(lanes.to_bitmask()) << shift;
            masks.quote |= bits(bytes.simd_eq(u8x16::splat(b'"')));
            masks.backslash |= bits(bytes.simd_eq(u8x16::splat(b'\\')));
            masks.space |= bits(bytes.simd_eq(u8x16::splat(b' ')));
            masks.control |= bits(control);
            masks.operator |= bits(operator);
        }
        masks
    }
}

/// Bit n of the result is the parity of bits 0 to n.
#[inline]
fn prefix_xor(mut bits: u64) -> u64 {
    for shift in [1, 2, 4, 8, 16, 32] {
        bits ^= bits << shift;
    }
    bits
}

/// Whether one of the control characters between tokens is a line break; any but tab, line feed
/// and carriage return is a fault.
fn has_line_break(block: &[u8], mut control: u64) -> Result<bool, Fault> {
    let mut found = false;
    while control != 0 {
        let at = control.trailing_zeros() as usize;
        control &= control - 1;
        match block[at] {
            b'\n' | b'\r' => found = true,
            b'\t' => {}
            byte => return Err((SplitErrorKind::UnexpectedByte(byte), at)),
        }
    }
    Ok(found)
}
