//! A record's text with places to fill: the constant parts are copied, the rest is spliced in.
//!
//! Placeholders stand between dollar signs: `{"id":$id$,"name":"$word$"}`.

use super::{
    digits::{push_hex, push_number, push_padded},
    draw::Draw,
};
use crate::calendar::Civil;

/// The first record's `updatedAt`: 2024-01-01T00:00:00Z.
const FIRST_UPDATE: u64 = 1_704_067_200;
/// Seconds between one record's `updatedAt` and the next one's, before the fraction.
const UPDATE_STEP: u64 = 10;
/// The longest text a placeholder can become, in bytes.
const MAX_SPLICE: usize = 48;

/// Contents of JSON strings, already escaped: quotes, slashes, control characters, `\u` escapes,
/// surrogate pairs, and raw UTF-8 of two, three and four bytes.
const WORDS: [&str; 16] = [
    "plain",
    "Zo\\u00eb",
    "Łódź",
    "日本語",
    "🦀 crab",
    "back\\\\slash",
    "say \\\"hi\\\"",
    "tab\\there",
    "line\\nbreak",
    "a\\/b",
    "Ωmega",
    "\\ud83d\\ude00",
    "naïve café",
    "{\\\"a\\\":[1]}",
    "𝛑 ≈ 3",
    "bell\\u0007",
];

#[derive(Clone, Copy, Debug)]
enum Splice {
    Id,
    Int,
    Big,
    Money,
    Long,
    Time,
    Bool,
    Word,
    Hex,
    Maybe,
}

impl Splice {
    fn named(name: &str) -> Self {
        match name {
            "id" => Self::Id,
            "int" => Self::Int,
            "big" => Self::Big,
            "money" => Self::Money,
            "long" => Self::Long,
            "time" => Self::Time,
            "bool" => Self::Bool,
            "word" => Self::Word,
            "hex" => Self::Hex,
            "maybe" => Self::Maybe,
            _ => panic!("the templates of this crate use no placeholder {name}"),
        }
    }
}

/// One variant of a shape.
#[derive(Debug)]
pub(super) struct Template {
    literals: Vec<u8>,
    /// Where each literal ends, and what follows it.
    cuts: Vec<(usize, Splice)>,
}

impl Template {
    pub(super) fn parse(text: &str) -> Self {
        let mut literals = Vec::with_capacity(text.len());
        let mut cuts = Vec::new();
        for (n, part) in text.trim().split('$').enumerate() {
            if n % 2 == 0 {
                literals.extend_from_slice(part.as_bytes());
            } else {
                cuts.push((literals.len(), Splice::named(part)));
            }
        }
        Self { literals, cuts }
    }

    /// The most bytes a record of this template can have.
    pub(super) fn max_len(&self) -> usize {
        self.literals.len() + self.cuts.len() * MAX_SPLICE
    }

    pub(super) fn write(&self, out: &mut Vec<u8>, id: u64, index: u64, draw: &mut Draw) {
        let mut from = 0;
        for &(to, splice) in &self.cuts {
            out.extend_from_slice(&self.literals[from..to]);
            from = to;
            fill(out, splice, id, index, draw);
        }
        out.extend_from_slice(&self.literals[from..]);
    }
}

fn fill(out: &mut Vec<u8>, splice: Splice, id: u64, index: u64, draw: &mut Draw) {
    match splice {
        Splice::Id => push_number(out, id),
        Splice::Int => push_number(out, draw.next() % 10_000_000),
        // Above 2^53, where a double has lost the last digits.
        Splice::Big => push_number(out, draw.next() | 1 << 60),
        Splice::Money => {
            let value = draw.next();
            push_number(out, value % 100_000);
            out.push(b'.');
            push_padded::<2>(out, value >> 32);
        }
        Splice::Long => {
            let value = draw.next();
            out.extend_from_slice(b"1234567890");
            push_padded::<10>(out, value);
            out.extend_from_slice(b".1234567890");
            push_padded::<10>(out, value >> 20);
        }
        Splice::Time => push_time(out, index, draw.next()),
        Splice::Bool => {
            let text: &[u8] = if draw.next() & 1 == 0 { b"true" } else { b"false" };
            out.extend_from_slice(text);
        }
        Splice::Word => push_word(out, draw.next()),
        Splice::Hex => push_hex(out, draw.next()),
        Splice::Maybe => {
            let value = draw.next();
            match value % 4 {
                0 => out.extend_from_slice(b"null"),
                1 => push_number(out, value >> 32),
                _ => {
                    out.push(b'"');
                    push_word(out, value >> 8);
                    out.push(b'"');
                }
            }
        }
    }
}

fn push_word(out: &mut Vec<u8>, value: u64) {
    out.extend_from_slice(WORDS[(value % WORDS.len() as u64) as usize].as_bytes());
}

/// Appends an RFC 3339 time that grows with the index and has zero to nine fraction digits.
fn push_time(out: &mut Vec<u8>, index: u64, value: u64) {
    let at = Civil::from_unix(FIRST_UPDATE + index.saturating_mul(UPDATE_STEP) % 200_000_000_000);
    push_padded::<4>(out, at.year);
    for (mark, part) in
        [(b'-', at.month), (b'-', at.day), (b'T', at.hour), (b':', at.minute), (b':', at.second)]
    {
        out.push(mark);
        push_padded::<2>(out, part);
    }
    let digits = (value % 10) as usize;
    if digits > 0 {
        out.push(b'.');
        let end = out.len() + digits;
        push_padded::<10>(out, value >> 16);
        out.truncate(end);
    }
    out.push(b'Z');
}
