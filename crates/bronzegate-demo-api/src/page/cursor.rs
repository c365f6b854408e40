//! Opaque cursors: a position, and a salt that lets two cursors name the same position.

use base64::{Engine, prelude::BASE64_STANDARD};

/// What a cursor stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) position: u64,
    pub(crate) salt: u64,
}

/// Names how a cursor is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Codec {
    /// `c2s` or `c2s-1`: digits and letters.
    Opaque,
    /// Base64 with padding, which must be escaped in a query.
    Base64,
}

impl Codec {
    pub(crate) fn encode(self, mark: Mark) -> String {
        match self {
            Self::Opaque if mark.salt == 0 => format!("c{}", base36(mark.position)),
            Self::Opaque => format!("c{}-{}", base36(mark.position), base36(mark.salt)),
            Self::Base64 => BASE64_STANDARD.encode(format!("next:{}:{}", mark.position, mark.salt)),
        }
    }

    /// Reads a cursor; nothing if this server never wrote it so.
    pub(crate) fn decode(self, text: &str) -> Option<Mark> {
        let mark = match self {
            Self::Opaque => {
                let (position, salt) = match text.strip_prefix('c')?.split_once('-') {
                    Some((position, salt)) => (position, u64::from_str_radix(salt, 36).ok()?),
                    None => (&text[1..], 0),
                };
                Mark { position: u64::from_str_radix(position, 36).ok()?, salt }
            }
            Self::Base64 => {
                let bytes = BASE64_STANDARD.decode(text).ok()?;
                let plain = String::from_utf8(bytes).ok()?;
                let (position, salt) = plain.strip_prefix("next:")?.split_once(':')?;
                Mark { position: position.parse().ok()?, salt: salt.parse().ok()? }
            }
        };
        (self.encode(mark) == text).then_some(mark)
    }
}

fn base36(mut value: u64) -> String {
    let mut digits = Vec::new();
    loop {
        digits.push(b"0123456789abcdefghijklmnopqrstuvwxyz"[(value % 36) as usize]);
        value /= 36;
        if value == 0 {
            break;
        }
    }
    digits.iter().rev().copied().map(char::from).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cursors_lead_back_to_their_mark_and_nothing_else_does() {
        for codec in [Codec::Opaque, Codec::Base64] {
            for (position, salt) in [(0, 0), (35, 0), (36, 2), (u64::MAX, 40)] {
                let mark = Mark { position, salt };
                assert_eq!(codec.decode(&codec.encode(mark)), Some(mark));
            }
            for wrong in ["", "c", "100", "C1", "c01", "c1-0", "c+1", "bmV4dA==", "é"] {
                assert_eq!(codec.decode(wrong), None, "{wrong}");
            }
        }
    }
}
