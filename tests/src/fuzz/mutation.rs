//! Small changes to a text, and hostile pieces of one.

use fastrand::Rng;

/// Numbers at whose edges arithmetic breaks.
pub(super) const NUMBERS: [&str; 18] = [
    "0",
    "-0",
    "-1",
    "1",
    "0.0000000001",
    "1e-320",
    "1e999",
    "NaN",
    "inf",
    "4294967296",
    "9007199254740993",
    "9223372036854775807",
    "18446744073709551615",
    "18446744073709551616",
    "253402300800",
    "-62135596801",
    "99999999999999999999999999999999999999",
    "1_000",
];

/// Times at the edges of calendars.
pub(super) const TIMES: [&str; 12] = [
    "0000-01-01T00:00:00Z",
    "0001-01-01T00:00:00Z",
    "-000001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "+010000-01-01T00:00:00Z",
    "1969-12-31T23:59:59.5Z",
    "2026-02-30",
    "2026-11-22",
    "2026-11-22T17:00:00+25:00",
    "2026-06-30T23:59:60Z",
    "Sun, 22 Nov 2026 17:00:00 GMT",
    "Sun, 31 Dec 9999 23:59:59 GMT",
];

/// Changes a text in a few places: bytes, and pieces of the dictionary.
pub(super) fn mutated(text: &[u8], dictionary: &[&str], random: &mut Rng) -> Vec<u8> {
    let mut text = text.to_vec();
    for _ in 0..random.usize(1..5) {
        let at = random.usize(..=text.len());
        let piece =
            |random: &mut Rng| random.choice(dictionary.iter()).copied().unwrap_or_default().as_bytes();
        match random.u8(..7) {
            0 if at < text.len() => drop(text.remove(at)),
            1 if at < text.len() => text[at] = random.u8(..),
            2 if at < text.len() => text[at] ^= 1 << random.u8(..8),
            3 => {
                let end = (at + random.usize(..40)).min(text.len());
                let piece = text[at..end].to_vec();
                let to = random.usize(..=text.len());
                text.splice(to..to, piece);
            }
            4 => text.truncate(at),
            _ => {
                let piece = piece(random).to_vec();
                let end = (at + random.usize(..3) * piece.len()).min(text.len());
                text.splice(at..end, piece);
            }
        }
    }
    text
}

/// The same, with the numbers and times that arithmetic breaks at among the pieces.
pub(super) fn mutated_at_the_edges(text: &[u8], own: &[&str], random: &mut Rng) -> Vec<u8> {
    let dictionary: Vec<&str> = NUMBERS.into_iter().chain(TIMES).chain(own.iter().copied()).collect();
    mutated(text, &dictionary, random)
}

/// A text out of pieces of a dictionary.
pub(super) fn assembled(dictionary: &[&str], most: usize, random: &mut Rng) -> String {
    (0..random.usize(..=most)).filter_map(|_| random.choice(dictionary.iter()).copied()).collect()
}
