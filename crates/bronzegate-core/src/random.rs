//! Randomness: the jitter of waits, and ids that nobody else has.

/// A number from 0 to 1, drawn evenly.
#[expect(clippy::disallowed_methods, reason = "this file is where randomness is drawn")]
pub fn share() -> f64 {
    fastrand::f64()
}

/// Eight hexadecimal digits.
pub fn hex() -> String {
    format!("{:08x}", bits() >> 32)
}

/// A UUID of version 4 (RFC 9562, section 5.4).
pub fn uuid() -> String {
    let (high, low) = (bits() & !0xf000 | 0x4000, bits() & !(0b11 << 62) | 0b10 << 62);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        high >> 16 & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

/// 64 bits of what the operating system gives to a hash map of its own: two processes, and two threads, never begin
/// with the same state.
#[expect(clippy::disallowed_methods, reason = "this file is where randomness is drawn")]
fn bits() -> u64 {
    fastrand::u64(..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_their_form_and_differ() {
        let id = uuid();
        let lengths: Vec<_> = id.split('-').map(str::len).collect();
        assert_eq!(lengths, [8, 4, 4, 4, 12]);
        assert_eq!(&id[14..15], "4");
        assert!("89ab".contains(&id[19..20]), "{id}");
        assert_ne!(id, uuid());
        assert!(hex().len() == 8 && hex().bytes().all(|digit| digit.is_ascii_hexdigit()));
    }
}
