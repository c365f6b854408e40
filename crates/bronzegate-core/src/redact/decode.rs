//! A text with its encodings taken off, each byte with the stretch of the text that it came from.
//!
//! An API repeats what it was sent as it came, or as its own layers have written it: escaped for a URL, for
//! HTML, for JSON within JSON, or packed as base64 or hexadecimal digits.

use std::ops::Range;

/// Shorter runs of digits are not unpacked: they hold no secret that is looked for.
const SHORTEST_RUN: usize = 6;
/// The longest name of an HTML entity.
const LONGEST_ENTITY: usize = 8;

/// HTML's names for what is neither letter nor digit in ASCII (HTML Standard, section 13.5).
const ENTITIES: [(&[u8], u8); 38] = [
    (b"amp", b'&'),
    (b"lt", b'<'),
    (b"gt", b'>'),
    (b"quot", b'"'),
    (b"apos", b'\''),
    (b"excl", b'!'),
    (b"num", b'#'),
    (b"dollar", b'$'),
    (b"percnt", b'%'),
    (b"lpar", b'('),
    (b"rpar", b')'),
    (b"ast", b'*'),
    (b"midast", b'*'),
    (b"plus", b'+'),
    (b"comma", b','),
    (b"period", b'.'),
    (b"sol", b'/'),
    (b"colon", b':'),
    (b"semi", b';'),
    (b"equals", b'='),
    (b"quest", b'?'),
    (b"commat", b'@'),
    (b"lsqb", b'['),
    (b"lbrack", b'['),
    (b"bsol", b'\\'),
    (b"rsqb", b']'),
    (b"rbrack", b']'),
    (b"hat", b'^'),
    (b"lowbar", b'_'),
    (b"underbar", b'_'),
    (b"grave", b'`'),
    (b"lcub", b'{'),
    (b"lbrace", b'{'),
    (b"verbar", b'|'),
    (b"vert", b'|'),
    (b"rcub", b'}'),
    (b"rbrace", b'}'),
    (b"nbsp", b' '),
];

/// Bytes, and where each came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct View {
    pub(super) bytes: Vec<u8>,
    /// Of each byte, the stretch of the text.
    from: Vec<Range<usize>>,
}

impl View {
    /// The text as it is.
    pub(super) fn of(text: &str) -> Self {
        Self { bytes: text.as_bytes().to_vec(), from: (0..text.len()).map(|at| at..at + 1).collect() }
    }

    /// The stretch of the text that some of the bytes came from.
    pub(super) fn source(&self, bytes: &Range<usize>) -> Range<usize> {
        self.from[bytes.start].start..self.from[bytes.end - 1].end
    }

    /// Whether it looks like text, in which more may be packed.
    pub(super) fn is_text(&self) -> bool {
        let printable = self.bytes.iter().filter(|byte| matches!(byte, b' '..=b'~' | b'\t' | b'\n' | b'\r'));
        printable.count() * 10 >= self.bytes.len() * 9
    }

    /// One layer of escapes taken off, of whatever kind; `None` when there is none.
    pub(super) fn unescaped(&self) -> Option<Self> {
        let mut next = Self::default();
        let mut at = 0;
        while at < self.bytes.len() {
            let mut char = [0; 4];
            let (unescaped, length) = match escape(&self.bytes[at..]) {
                Some((Unescaped::Byte(byte), length)) => {
                    char[0] = byte;
                    (&char[..1], length)
                }
                Some((Unescaped::Char(found), length)) => (found.encode_utf8(&mut char).as_bytes(), length),
                None => {
                    char[0] = self.bytes[at];
                    (&char[..1], 1)
                }
            };
            let from = self.source(&(at..at + length));
            next.from.extend(unescaped.iter().map(|_| from.clone()));
            next.bytes.extend(unescaped);
            at += length;
        }
        (next.bytes != self.bytes).then_some(next)
    }

    /// What its runs of base64 (RFC 4648, either alphabet, padded or not) and of hexadecimal digits hold. Where
    /// a run begins is not known, so each is read from every place that its first digit may be at.
    pub(super) fn unpacked(&self) -> Vec<Self> {
        let mut found = Vec::new();
        for run in self.runs(|byte| sextet(byte).is_some()) {
            let padding = self.bytes[run.end..].iter().take(2).take_while(|byte| **byte == b'=').count();
            found.extend((0..4).filter_map(|skipped| self.digits(run.start + skipped..run.end, padding, 6)));
        }
        for run in self.runs(|byte| byte.is_ascii_hexdigit()) {
            found.extend((0..2).filter_map(|skipped| self.digits(run.start + skipped..run.end, 0, 4)));
        }
        found
    }

    fn runs(&self, is_digit: impl Fn(u8) -> bool) -> Vec<Range<usize>> {
        let mut runs = Vec::new();
        let mut start = 0;
        for at in 0..=self.bytes.len() {
            if self.bytes.get(at).is_some_and(|byte| is_digit(*byte)) {
                continue;
            }
            if at - start >= SHORTEST_RUN {
                runs.push(start..at);
            }
            start = at + 1;
        }
        runs
    }

    /// Digits of so many bits as bytes.
    fn digits(&self, run: Range<usize>, padding: usize, bits: usize) -> Option<Self> {
        let mut next = Self::default();
        let (mut held, mut filled, mut first) = (0_u32, 0, run.start);
        for at in run.clone() {
            let byte = self.bytes[at];
            let digit = if bits == 6 { sextet(byte)? } else { char::from(byte).to_digit(16)? };
            held = held << bits | digit;
            filled += bits;
            if filled >= 8 {
                filled -= 8;
                next.bytes.push((held >> filled & 0xff) as u8);
                next.from.push(self.from[first].start..self.from[at].end);
                first = if filled == 0 { at + 1 } else { at };
            }
        }
        // The padding belongs to the last byte.
        if let Some(last) = next.from.last_mut() {
            last.end = self.from[run.end + padding - 1].end;
        }
        (!next.bytes.is_empty()).then_some(next)
    }
}

/// What an escape stands for.
enum Unescaped {
    Byte(u8),
    Char(char),
}

/// The escape at the beginning of a text, and its length.
fn escape(text: &[u8]) -> Option<(Unescaped, usize)> {
    match text {
        // RFC 3986, section 2.1; `%u002b` is what JavaScript's `escape` writes.
        [b'%', b'u' | b'U', rest @ ..] => Some((Unescaped::Char(char::from_u32(hex(rest, 4)?)?), 6)),
        [b'%', rest @ ..] | [b'\\', b'x' | b'X', rest @ ..] => {
            let length = if text[0] == b'%' { 3 } else { 4 };
            Some((Unescaped::Byte(u8::try_from(hex(rest, 2)?).ok()?), length))
        }
        [b'\\', b'u' | b'U', rest @ ..] => utf16(rest),
        [b'\\', escaped, ..] => {
            let byte = match escaped {
                b'"' | b'\\' | b'/' | b'\'' => *escaped,
                b'b' => 8,
                b'f' => 12,
                b'n' => b'\n',
                b'r' => b'\r',
                b't' => b'\t',
                _ => return None,
            };
            Some((Unescaped::Byte(byte), 2))
        }
        [b'&', b'#', rest @ ..] => numbered(rest),
        [b'&', rest @ ..] => {
            let length = rest.iter().take(LONGEST_ENTITY + 1).position(|byte| *byte == b';')?;
            let (_, byte) = ENTITIES.iter().find(|(name, _)| name.eq_ignore_ascii_case(&rest[..length]))?;
            Some((Unescaped::Byte(*byte), length + 2))
        }
        _ => None,
    }
}

/// After `\u` (RFC 8259, section 7).
fn utf16(text: &[u8]) -> Option<(Unescaped, usize)> {
    let unit = hex(text, 4)?;
    if let Some(char) = char::from_u32(unit) {
        return Some((Unescaped::Char(char), 6));
    }
    let low = text[4..].strip_prefix(b"\\u").and_then(|rest| hex(rest, 4))?;
    let pair = [u16::try_from(unit).ok()?, u16::try_from(low).ok()?];
    let char = char::decode_utf16(pair).next()?.ok()?;
    Some((Unescaped::Char(char), 12))
}

/// After `&#`; browsers do without the semicolon.
fn numbered(text: &[u8]) -> Option<(Unescaped, usize)> {
    let (radix, prefix) = if matches!(text.first(), Some(b'x' | b'X')) { (16, 1) } else { (10, 0) };
    let digits = text[prefix..].iter().take(8).take_while(|byte| char::from(**byte).is_digit(radix)).count();
    let digits = &text[prefix..prefix + digits];
    let code = u32::from_str_radix(std::str::from_utf8(digits).ok()?, radix).ok()?;
    let length = 2 + prefix + digits.len();
    let ends = text.get(length - 2) == Some(&b';');
    Some((Unescaped::Char(char::from_u32(code)?), length + usize::from(ends)))
}

fn hex(text: &[u8], digits: usize) -> Option<u32> {
    let digits = text.get(..digits)?;
    digits.iter().try_fold(0, |code, byte| Some(code << 4 | char::from(*byte).to_digit(16)?))
}

fn sextet(byte: u8) -> Option<u32> {
    Some(u32::from(match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' | b'-' => 62,
        b'/' | b'_' => 63,
        _ => return None,
    }))
}
