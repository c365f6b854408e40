//! Secrets, taken out of text that came from outside.

use std::collections::VecDeque;
use std::fmt;
use std::ops::{ControlFlow, Range};
use std::sync::{RwLock, RwLockReadGuard};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretString};

use super::decode::View;
use super::grams::{Extent, Grams};
use super::printable::printable;

/// Takes the secrets that were used out of text that came from outside.
///
/// An API may repeat a credential in what it answers; such text passes through here before it is in an error, a
/// report or a log. A secret is found as it is and in other cases, with escapes of URLs, HTML and JSON, in base64
/// and hexadecimal digits, in these within each other, and where a good part of it is cut off; at an ellipsis, with
/// which what is shown is cut, also where only four bytes of it are left. The work grows with the text alone; it is
/// done where something is told, never for each record.
#[derive(Default)]
pub struct Scrubber {
    known: RwLock<Known>,
}

/// What is looked for.
#[derive(Default)]
struct Known {
    /// The newest secrets, the one learned last at the end.
    secrets: VecDeque<SecretString>,
    grams: Grams,
}

/// Shorter texts than this are not looked for: they would blank out ordinary words.
pub(crate) const SHORTEST_SECRET: usize = 4;
/// Bytes of secrets that are remembered: a process that goes on for months learns a new token every hour. What is
/// in use is learned again with each of them.
const MOST_BYTES: usize = 32 << 10;
/// Bytes of what a line around a key in PEM says.
const LONGEST_LABEL: usize = 64;
/// Layers of escapes that are taken off.
const LAYERS: usize = 8;
/// How deep something may be packed in what is packed.
const DEEPEST: usize = 3;
/// What is looked at for each byte of a text, and at least.
const WORK: usize = 64;
const LEAST_WORK: usize = 64 << 10;

/// The most characters of a message; each text from outside in it has fewer.
const LONGEST_MESSAGE: usize = 2_000;

/// What stands in place of a secret.
const SECRET: &str = "[secret]";
/// What stands in place of a text of which it cannot be told.
const WITHHELD: &str = "[withheld: it may hold a secret]";

impl Known {
    /// Forgets the oldest secrets where they are too many, and tells whether it did.
    fn forgets(&mut self) -> bool {
        let before = self.secrets.len();
        let length = |secret: &SecretString| secret.expose_secret().len();
        let mut bytes: usize = self.secrets.iter().map(length).sum();
        while bytes > MOST_BYTES && self.secrets.len() > 1 {
            bytes -= self.secrets.pop_front().as_ref().map_or(0, length);
        }
        self.secrets.len() < before
    }
}

impl Scrubber {
    /// Remembers a secret; of keys in PEM what is between the lines around them.
    pub fn learn(&self, secret: &SecretString) {
        match within_armor(secret.expose_secret()).as_deref() {
            None => self.learn_whole(secret),
            Some(parts) => parts.iter().for_each(|part| self.learn_whole(&(*part).into())),
        }
    }

    fn learn_whole(&self, secret: &SecretString) {
        if secret.expose_secret().len() < SHORTEST_SECRET {
            return;
        }
        let mut known = self.known.write().expect("no holder of this lock panics");
        let at = known.secrets.iter().position(|held| held.expose_secret() == secret.expose_secret());
        if let Some(held) = at.and_then(|at| known.secrets.remove(at)) {
            known.secrets.push_back(held);
            return;
        }
        known.secrets.push_back(secret.clone());
        if known.forgets() {
            let Known { secrets, grams } = &mut *known;
            *grams = Grams::default();
            for secret in &*secrets {
                add(grams, secret);
            }
        } else {
            add(&mut known.grams, secret);
        }
    }

    /// The text with `[secret]` in place of every known secret.
    pub fn scrub(&self, text: &str) -> String {
        let mut found = Vec::new();
        let looked = look(&self.known().grams, text, Extent::Part, |stretch| {
            found.push(stretch);
            ControlFlow::Continue(())
        });
        if looked.is_err() { WITHHELD.to_owned() } else { without(text, found) }
    }

    /// A message as it is told, whoever its parts come from: without secrets, and on one line.
    pub fn told(&self, message: &str) -> String {
        printable(&self.scrub(message), LONGEST_MESSAGE)
    }

    /// Whether a text holds nothing of a known secret.
    pub fn is_clean(&self, text: &str) -> bool {
        self.is_free(text, Extent::Part)
    }

    /// Whether a text that is about to be saved or sent holds a known secret of eight bytes or more.
    pub fn finds_in(&self, text: &str) -> bool {
        !self.is_free(text, Extent::Whole)
    }

    fn is_free(&self, text: &str, extent: Extent) -> bool {
        let mut is_free = true;
        let looked = look(&self.known().grams, text, extent, |_| {
            is_free = false;
            ControlFlow::Break(())
        });
        is_free && looked.is_ok()
    }

    fn known(&self) -> RwLockReadGuard<'_, Known> {
        self.known.read().expect("no holder of this lock panics")
    }
}

/// A text is packed too deeply to be looked through.
struct TooDeep;

/// Looks through a text and whatever is packed in it, and tells each stretch that is secret.
fn look(
    grams: &Grams,
    text: &str,
    extent: Extent,
    mut tell: impl FnMut(Range<usize>) -> ControlFlow<()>,
) -> Result<(), TooDeep> {
    if grams.is_empty() {
        return Ok(());
    }
    let mut work = (text.len() * WORK).max(LEAST_WORK);
    let mut views = vec![(View::of(text), 0)];
    while let Some((mut view, depth)) = views.pop() {
        for layer in 0.. {
            work = work.checked_sub(view.bytes.len()).ok_or(TooDeep)?;
            let cut =
                if extent == Extent::Part { grams.find_cut(&view.bytes, depth > 0) } else { Vec::new() };
            for stretch in grams.find(&view.bytes, extent).into_iter().chain(cut) {
                if tell(view.source(&stretch)).is_break() {
                    return Ok(());
                }
            }
            // What looks like no text is not unpacked further, but escapes may stand in it.
            if depth == 0 || depth < DEEPEST && view.is_text() {
                views.extend(view.unpacked().into_iter().map(|inner| (inner, depth + 1)));
            }
            let Some(next) = view.unescaped() else { break };
            if layer == LAYERS {
                return Err(TooDeep);
            }
            view = next;
        }
    }
    Ok(())
}

/// Adds a secret in the forms that are looked for: with its own escapes taken off, as those of a text are, and
/// in base64, which some servers write in another case, so that it cannot be unpacked any more.
fn add(grams: &mut Grams, secret: &SecretString) {
    let secret = secret.expose_secret();
    let layers = std::iter::successors(Some(View::of(secret)), View::unescaped).take(LAYERS);
    for form in layers.map(|view| view.bytes).filter(|form| form.len() >= SHORTEST_SECRET) {
        grams.add(&form);
    }
    if !secret.is_ascii() {
        grams.add(secret.to_uppercase().as_bytes());
        grams.add(secret.to_lowercase().as_bytes());
    }
    // Of what is packed with it, only how many bytes stand before it counts.
    for (before, foreign) in [(0, 0), (1, 2), (2, 3)] {
        let text = [vec![0; before], secret.as_bytes().to_vec()].concat();
        let own = foreign..text.len() * 8 / 6;
        for alphabet in [STANDARD_NO_PAD, URL_SAFE_NO_PAD] {
            grams.add(alphabet.encode(&text)[own.clone()].as_bytes());
        }
    }
}

/// What is secret of a text in PEM; `None` where it is none. The lines around it (RFC 7468) are in every message about
/// a key.
fn within_armor(text: &str) -> Option<Vec<&str>> {
    const DASHES: &str = "-----";
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(begin) = ["-----BEGIN ", "-----END "].iter().filter_map(|start| rest.find(start)).min() {
        let label = &rest[begin + DASHES.len()..];
        let end = label.find(DASHES).filter(|end| *end <= LONGEST_LABEL)?;
        parts.push(&rest[..begin]);
        rest = &label[end + DASHES.len()..];
    }
    if parts.is_empty() {
        return None;
    }
    parts.push(rest);
    // An environment variable may have its lines ended by the letter n after a backslash.
    let trimmed = parts.into_iter().map(|part| part.trim_matches(['\\', 'n', '\r', '\n', ' ']));
    Some(trimmed.filter(|part| !part.is_empty()).collect())
}

/// The text without some stretches of it.
fn without(text: &str, mut found: Vec<Range<usize>>) -> String {
    found.sort_unstable_by_key(|stretch| stretch.start);
    let (mut shown, mut end) = (String::new(), 0);
    for stretch in found {
        let start = text.floor_char_boundary(stretch.start);
        // What overlaps or adjoins the one before is one with it.
        if end == 0 || start > end {
            shown.push_str(&text[end..start.max(end)]);
            shown.push_str(SECRET);
        }
        end = end.max(text.ceil_char_boundary(stretch.end));
    }
    shown.push_str(&text[end..]);
    shown
}

impl fmt::Debug for Scrubber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scrubber")
    }
}
