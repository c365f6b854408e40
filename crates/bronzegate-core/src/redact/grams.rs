//! Which stretches of a text are a secret or a good part of one: found by its grams of eight bytes, in one
//! pass, whatever the number of secrets.

use std::collections::{HashMap, HashSet};
use std::ops::{Range, RangeInclusive};
use std::sync::LazyLock;

/// The length of a gram.
const GRAM: usize = 8;
/// A part of a secret is looked for from this length on, or from two thirds of a shorter one.
const LONGEST_PART: usize = 12;

/// The armour of a key in PEM (RFC 7468), which every key has, and messages speak of.
const ARMOUR: [&[u8]; 4] = [
    b"-----BEGIN RSA PRIVATE KEY-----",
    b"-----END EC PRIVATE KEY-----",
    b"-----BEGIN ENCRYPTED PRIVATE KEY-----",
    b"-----END PRIVATE KEY-----",
];

static ARMOUR_GRAMS: LazyLock<HashSet<u64>> = LazyLock::new(|| ARMOUR.into_iter().flat_map(grams).collect());

/// The grams of some secrets, and the shorter secrets as they are.
#[derive(Default)]
pub(super) struct Grams {
    needed: HashMap<u64, Needed>,
    short: Vec<Vec<u8>>,
    /// The beginnings of all of them, for texts that were cut.
    starts: HashSet<u128>,
}

/// What stands at the end of a text that was cut, as [`printable`](super::printable()) does it.
const CUT: &[u8] = "…".as_bytes();
/// The lengths of beginnings that are looked for where a text was cut; a longer one is a part.
const BEGINNINGS: RangeInclusive<usize> = 4..=LONGEST_PART - 1;
/// The most that a cut leaves of an escape: `\u00e`.
const LONGEST_ESCAPE: usize = 5;

/// How long a stretch of the text has to be.
#[derive(Clone, Copy)]
struct Needed {
    part: u8,
    whole: u32,
}

/// How much of a secret is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it, or what an API that cuts its texts leaves of it.
    Part,
    /// All of it, and not less than eight bytes: what is shorter may be an ordinary word.
    Whole,
}

impl Grams {
    /// Adds a secret.
    pub(super) fn add(&mut self, secret: &[u8]) {
        let beginnings =
            BEGINNINGS.take_while(|length| *length < secret.len()).map(|length| &secret[..length]);
        let own = beginnings.filter(|start| !ARMOUR.iter().any(|armour| armour.starts_with(start)));
        self.starts.extend(own.map(beginning));
        if secret.len() < GRAM {
            if !self.short.iter().any(|known| known == secret) {
                self.short.push(secret.to_vec());
            }
            return;
        }
        let part = (secret.len() * 2).div_ceil(3).clamp(GRAM, LONGEST_PART) as u8;
        let whole = u32::try_from(secret.len()).unwrap_or(u32::MAX);
        for gram in grams(secret).filter(|gram| !ARMOUR_GRAMS.contains(gram)) {
            let known = self.needed.entry(gram).or_insert(Needed { part, whole });
            *known = Needed { part: known.part.min(part), whole: known.whole.min(whole) };
        }
    }

    /// Whether nothing is looked for.
    pub(super) fn is_empty(&self) -> bool {
        self.needed.is_empty() && self.short.is_empty()
    }

    /// The stretches of a text that are secret. Upper and lower case are the same, and so are a plus and a space,
    /// which forms write as one (but for secrets of less than eight bytes).
    pub(super) fn find(&self, text: &[u8], extent: Extent) -> Vec<Range<usize>> {
        let mut found = Vec::new();
        let mut run: Option<(Range<usize>, usize)> = None;
        for (start, gram) in grams(text).enumerate() {
            let needed = self.needed.get(&gram).map(|needed| match extent {
                Extent::Part => usize::from(needed.part),
                Extent::Whole => needed.whole as usize,
            });
            run = match (run, needed) {
                (Some((stretch, least)), Some(needed)) => {
                    Some((stretch.start..start + GRAM, least.min(needed)))
                }
                (None, Some(needed)) => Some((start..start + GRAM, needed)),
                (ended, None) => {
                    found.extend(long_enough(ended));
                    None
                }
            };
        }
        found.extend(long_enough(run));
        if extent == Extent::Part {
            for secret in &self.short {
                let places = text.windows(secret.len()).enumerate();
                let places = places.filter(|(_, place)| place == secret);
                found.extend(places.map(|(start, _)| start..start + secret.len()));
            }
        }
        found
    }
}

impl Grams {
    /// Where the beginning of a secret is all that a cut has left of it: at each `…`, and at the end of a text that was
    /// packed in a longer one.
    pub(super) fn find_cut(&self, text: &[u8], is_packed: bool) -> Vec<Range<usize>> {
        let marks = text.windows(CUT.len()).enumerate().filter(|(_, place)| *place == CUT);
        let ends = marks.map(|(end, _)| end).chain(is_packed.then_some(text.len()));
        ends.filter_map(|end| {
            let escape = text[..end].iter().rev().take(LONGEST_ESCAPE);
            let whole = escape.enumerate().filter(|(_, byte)| matches!(byte, b'%' | b'\\' | b'&'));
            let whole = whole.map(|(behind, _)| end - behind - 1);
            let start = std::iter::once(end).chain(whole).find_map(|whole| self.begun(&text[..whole]))?;
            Some(start..end)
        })
        .collect()
    }

    /// Where the beginning of a secret stands at the end of a text.
    fn begun(&self, text: &[u8]) -> Option<usize> {
        let starts = BEGINNINGS.rev().filter_map(|length| text.len().checked_sub(length));
        starts.into_iter().find(|start| self.starts.contains(&beginning(&text[*start..])))
    }
}

/// A few bytes as a number, which is another for each length.
fn beginning(bytes: &[u8]) -> u128 {
    bytes.iter().fold(1, |number, byte| number << 8 | u128::from(folded(*byte)))
}

fn long_enough(run: Option<(Range<usize>, usize)>) -> Option<Range<usize>> {
    run.filter(|(stretch, needed)| stretch.len() >= *needed).map(|(stretch, _)| stretch)
}

/// Each eight bytes of a text as a number.
fn grams(text: &[u8]) -> impl Iterator<Item = u64> {
    let mut gram = 0;
    let bytes = text.iter().map(move |byte| {
        gram = gram << 8 | u64::from(folded(*byte));
        gram
    });
    bytes.skip(GRAM - 1)
}

/// Upper and lower case are the same, and so are a plus and a space.
fn folded(byte: u8) -> u8 {
    if byte == b'+' { b' ' } else { byte.to_ascii_lowercase() }
}
