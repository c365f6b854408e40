//! A secret as an API may repeat it.

#![expect(clippy::format_collect, reason = "short texts")]

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use fastrand::Rng;

/// A way to write a secret.
pub(super) struct Writing {
    pub(super) name: &'static str,
    /// All of it can be read again.
    pub(super) is_whole: bool,
    write: fn(&str, &mut Rng) -> String,
}

const fn whole(name: &'static str, write: fn(&str, &mut Rng) -> String) -> Writing {
    Writing { name, is_whole: true, write }
}

const WRITINGS: [Writing; 16] = [
    whole("as it is", |secret, _| secret.to_owned()),
    whole(
        "in another case",
        |secret, random| {
            if random.bool() { secret.to_uppercase() } else { secret.to_lowercase() }
        },
    ),
    whole("in percent", |secret, _| secret.bytes().map(|byte| format!("%{byte:02X}")).collect()),
    whole("partly in percent", |secret, random| some(secret, random, |byte| format!("%{byte:02x}"))),
    whole("in percent twice", |secret, _| secret.bytes().map(|byte| format!("%25{byte:02x}")).collect()),
    whole("for HTML", |secret, _| secret.bytes().map(|byte| format!("&#{byte};")).collect()),
    whole("partly for HTML, in percent", |secret, random| {
        some(secret, random, |byte| format!("%26%23x{byte:x}%3B"))
    }),
    whole("for JSON", |secret, random| some(secret, random, |byte| format!("\\u{byte:04x}"))),
    whole("for JSON in JSON", |secret, random| some(secret, random, |byte| format!("\\\\u{byte:04X}"))),
    whole("in base64", |secret, _| STANDARD.encode(secret)),
    whole("in base64 after a user", |secret, _| STANDARD_NO_PAD.encode(format!("someone:{secret}"))),
    whole("in base64 after its scheme", |secret, _| URL_SAFE_NO_PAD.encode(format!("Bearer {secret}"))),
    whole("in base64 of base64", |secret, _| STANDARD.encode(format!(":{}", STANDARD.encode(secret)))),
    whole("in hexadecimal digits", |secret, random| {
        let digits: String = secret.bytes().map(|byte| format!("{byte:02x}")).collect();
        if random.bool() { digits.to_uppercase() } else { digits }
    }),
    Writing {
        name: "cut short",
        is_whole: false,
        write: |secret, random| secret[..random.usize(secret.len() * 2 / 3 + 1..secret.len())].to_owned(),
    },
    Writing {
        name: "without its beginning",
        is_whole: false,
        write: |secret, random| secret[random.usize(1..secret.len() / 3)..].to_owned(),
    },
];

/// What was written, and how.
pub(super) struct Written {
    pub(super) name: &'static str,
    pub(super) is_whole: bool,
    pub(super) text: String,
}

/// A secret that a header can hold, of which no text of the product has any part.
pub(super) fn secret(random: &mut Rng) -> String {
    const ALPHABETS: [&[u8]; 3] = [
        b"ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789",
        b"0123456789abcdef",
        b"abcXYZ019+/=-_.~",
    ];
    let alphabet = random.choice(ALPHABETS).expect("there are some");
    let length = random.usize(14..60);
    let letters = (0..length).map(|_| char::from(*random.choice(alphabet).expect("it has letters")));
    letters.collect()
}

/// Writes a secret in one of the ways.
pub(super) fn written(secret: &str, random: &mut Rng) -> Written {
    let Writing { name, is_whole, write } = random.choice(&WRITINGS).expect("there are some");
    Written { name, is_whole: *is_whole, text: write(secret, random) }
}

/// Whether a text holds a secret, as it is or as it was written; without regard to case.
pub(super) fn leaks(text: &str, secret: &str, written: &Written) -> bool {
    let text = text.to_lowercase();
    [secret, written.text.trim_end_matches('=')].iter().any(|held| text.contains(&held.to_lowercase()))
}

fn some(secret: &str, random: &mut Rng, write: fn(u8) -> String) -> String {
    // At least every other byte, so that what is left in between says nothing.
    let mut nth = 0;
    let each = |byte: u8| {
        nth += 1;
        if nth % 2 == 0 || random.bool() { write(byte) } else { char::from(byte).to_string() }
    };
    secret.bytes().map(each).collect()
}
