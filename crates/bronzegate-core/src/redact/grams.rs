//! Which stretches of a text are a secret or a good part of one: found by its grams of eight bytes, in one
//! pass, whatever the number of secrets.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

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

/// The grams of some secrets, and the shorter secrets as they are.
#[derive(Default)]
pub(super) struct Grams {
    needed: HashMap<u64, Needed>,
    short: Vec<Vec<u8>>,
}

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
        if secret.len() < GRAM {
            if !self.short.iter().any(|known| known == secret) {
                self.short.push(secret.to_vec());
            }
            return;
        }
        let part = (secret.len() * 2).div_ceil(3).clamp(GRAM, LONGEST_PART) as u8;
        let whole = u32::try_from(secret.len()).unwrap_or(u32::MAX);
        let armour: HashSet<u64> = ARMOUR.into_iter().flat_map(grams).collect();
        for gram in grams(secret).filter(|gram| !armour.contains(gram)) {
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

fn long_enough(run: Option<(Range<usize>, usize)>) -> Option<Range<usize>> {
    run.filter(|(stretch, needed)| stretch.len() >= *needed).map(|(stretch, _)| stretch)
}

/// Each eight bytes of a text as a number.
fn grams(text: &[u8]) -> impl Iterator<Item = u64> {
    let mut gram = 0;
    let bytes = text.iter().map(move |byte| {
        gram = gram << 8 | u64::from(if *byte == b'+' { b' ' } else { byte.to_ascii_lowercase() });
        gram
    });
    bytes.skip(GRAM - 1)
}
