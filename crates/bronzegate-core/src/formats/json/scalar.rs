//! Numbers and literals (RFC 8259, sections 3 and 6): the usual ones at once, others byte by byte, resumable where a
//! chunk ends inside one.

use fearless_simd::prelude::*;
use fearless_simd::{Simd, u8x16};

/// How far into a number (RFC 8259, section 6) or a literal the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scalar {
    Minus,
    Zero,
    Integer,
    Point,
    Fraction,
    Exponent,
    ExponentSign,
    ExponentDigits,
    /// The literal, and how many of its bytes have come.
    Literal(&'static [u8], usize),
}

/// Where a scalar stands after some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Fed {
    /// It ended before this offset.
    Ended(usize),
    /// All bytes were taken and more may come.
    Open(Scalar),
    /// The byte at this offset does not belong in it.
    Bad(usize),
}

impl Scalar {
    /// The state after a first byte, or `None` where no scalar begins with it.
    #[inline]
    pub(crate) fn start(byte: u8) -> Option<Self> {
        Some(match byte {
            b'-' => Self::Minus,
            b'0' => Self::Zero,
            b'1'..=b'9' => Self::Integer,
            b't' => Self::Literal(b"true", 1),
            b'f' => Self::Literal(b"false", 1),
            b'n' => Self::Literal(b"null", 1),
            _ => return None,
        })
    }

    /// The length of a scalar that is valid and ends within `text`, which begins with it; `None`
    /// sends the caller to [`feed`](Self::feed), which tells an open scalar from a bad one.
    #[inline(always)]
    pub(crate) fn whole<S: Simd>(simd: S, text: &[u8]) -> Option<usize> {
        let digits = |from: usize| digits(simd, &text[from..]);
        let end = match *text.first()? {
            b't' if text.first_chunk() == Some(b"true") => 4,
            b'f' if text.first_chunk() == Some(b"false") => 5,
            b'n' if text.first_chunk() == Some(b"null") => 4,
            first @ (b'-' | b'0'..=b'9') => {
                let from = usize::from(first == b'-');
                let integer = digits(from);
                let point = from + integer;
                if integer == 0 || integer > 1 && text[from] == b'0' {
                    return None;
                }
                match text.get(point) {
                    Some(b'.') => match digits(point + 1) {
                        0 => return None,
                        fraction => point + 1 + fraction,
                    },
                    _ => point,
                }
            }
            _ => return None,
        };
        text.get(end).is_some_and(|&byte| ends(byte)).then_some(end)
    }

    /// Takes bytes until the scalar ends.
    pub(crate) fn feed(mut self, bytes: &[u8]) -> Fed {
        for (at, &byte) in bytes.iter().enumerate() {
            match self.step(byte) {
                Some(next) => self = next,
                None if ends(byte) && self.is_complete() => return Fed::Ended(at),
                None => return Fed::Bad(at),
            }
        }
        Fed::Open(self)
    }

    /// Whether the text may end here.
    pub(crate) fn is_complete(self) -> bool {
        match self {
            Self::Zero | Self::Integer | Self::Fraction | Self::ExponentDigits => true,
            Self::Literal(word, taken) => taken == word.len(),
            Self::Minus | Self::Point | Self::Exponent | Self::ExponentSign => false,
        }
    }

    #[inline]
    fn step(self, byte: u8) -> Option<Self> {
        Some(match (self, byte) {
            (Self::Integer, b'0'..=b'9') | (Self::Minus, b'1'..=b'9') => Self::Integer,
            (Self::Fraction | Self::Point, b'0'..=b'9') => Self::Fraction,
            (Self::Minus, b'0') => Self::Zero,
            (Self::Zero | Self::Integer, b'.') => Self::Point,
            (Self::Zero | Self::Integer | Self::Fraction, b'e' | b'E') => Self::Exponent,
            (Self::Exponent, b'+' | b'-') => Self::ExponentSign,
            (Self::Exponent | Self::ExponentSign | Self::ExponentDigits, b'0'..=b'9') => Self::ExponentDigits,
            (Self::Literal(word, taken), byte) if word.get(taken) == Some(&byte) => {
                Self::Literal(word, taken + 1)
            }
            _ => return None,
        })
    }
}

/// How many digits a text begins with.
#[inline(always)]
fn digits<S: Simd>(simd: S, text: &[u8]) -> usize {
    let one_by_one = |text: &[u8]| text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let Some(first) = text.first_chunk::<16>() else { return one_by_one(text) };
    let above_zero = u8x16::simd_from(simd, *first) - b'0';
    match above_zero.simd_lt(u8x16::splat(simd, 10)).to_bitmask().trailing_ones() as usize {
        count @ ..16 => count,
        _ => 16 + one_by_one(&text[16..]),
    }
}

/// Bytes that end a scalar; whether they may stand there is for the grammar to say.
#[inline(always)]
fn ends(byte: u8) -> bool {
    matches!(byte, b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t' | b':' | b'{' | b'[' | b'"')
}

#[cfg(test)]
mod tests {
    use fearless_simd::{Level, dispatch};

    use super::*;

    fn whole(text: &[u8]) -> Option<usize> {
        dispatch!(Level::new(), simd => Scalar::whole(simd, text))
    }

    fn verdict(text: &str) -> bool {
        let Some(scalar) = Scalar::start(text.as_bytes()[0]) else { return false };
        match scalar.feed(&text.as_bytes()[1..]) {
            Fed::Open(scalar) => scalar.is_complete(),
            Fed::Ended(at) => at + 1 == text.len(),
            Fed::Bad(_) => false,
        }
    }

    #[test]
    fn numbers_follow_rfc_8259() {
        for good in ["0", "-0", "10", "-1.50", "1e5", "1E+05", "1.0e-10", "123456789012345678901234567890.5"]
        {
            assert!(verdict(good), "{good}");
        }
        for bad in
            ["-", "01", "-01", "1.", ".5", "+1", "1e", "1e+", "0x1", "1.2.3", "1-2", "Infinity", "NaN", "--1"]
        {
            assert!(!verdict(bad), "{bad}");
        }
    }

    #[test]
    fn literals_are_exact() {
        assert!(verdict("true") && verdict("false") && verdict("null"));
        for bad in ["tru", "trueX", "True", "nul", "nullnull", "falsy"] {
            assert!(!verdict(bad), "{bad}");
        }
    }

    #[test]
    fn what_is_taken_whole_is_what_the_states_take() {
        for text in [
            "0", "-0", "10", "-1.50", "123.0", "true", "false", "null", "01", "-", "1.", "tru", "1e5",
            "nullx",
        ] {
            let text = format!("{text},");
            if let Some(end) = whole(text.as_bytes()) {
                let scalar = Scalar::start(text.as_bytes()[0]).unwrap();
                assert_eq!(scalar.feed(&text.as_bytes()[1..]), Fed::Ended(end - 1), "{text}");
            }
            assert_eq!(whole(&text.as_bytes()[..text.len() - 1]), None, "{text} may go on");
        }
        assert_eq!(whole(b"-1.50,"), Some(5));
        assert_eq!(whole(b"null]"), Some(4));
        let long = [&b"-"[..], &[b'7'; 100], b".", &[b'0'; 40], b","].concat();
        assert_eq!(whole(&long), Some(142));
    }

    #[test]
    fn a_scalar_resumes_where_a_chunk_ended() {
        let Fed::Open(open) = Scalar::Integer.feed(b"2.") else { panic!() };
        assert_eq!(open.feed(b"5,"), Fed::Ended(1));
        assert_eq!(open.feed(b","), Fed::Bad(0));
    }
}
