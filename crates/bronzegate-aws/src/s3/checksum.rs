//! CRC-64/NVME between the core's hexadecimal digits and what S3 writes: the big-endian bytes in base64.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// The checksum as S3 writes it; `None` when the text is not 16 hexadecimal digits.
pub(super) fn to_base64(hex: &str) -> Option<String> {
    let well_formed = hex.len() == 16 && hex.bytes().all(|digit| digit.is_ascii_hexdigit());
    let value = u64::from_str_radix(hex, 16).ok().filter(|_| well_formed)?;
    Some(STANDARD.encode(value.to_be_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_the_big_endian_bytes_in_base64() {
        // The check value of CRC-64/NVME for `123456789`.
        assert_eq!(to_base64("ae8b14860a799888").as_deref(), Some("rosUhgp5mIg="));
        assert_eq!(to_base64("0000000000000001").as_deref(), Some("AAAAAAAAAAE="));
        for text in ["", "1", "+000000000000001", "ae8b14860a79988g", "ae8b14860a7998880"] {
            assert_eq!(to_base64(text), None, "{text}");
        }
    }
}
