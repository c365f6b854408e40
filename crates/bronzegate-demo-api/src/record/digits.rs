//! Numbers written into a byte buffer, two digits at a time.
//!
//! `write!` costs several times as much, and a page of records is mostly numbers and copies.

const PAIRS: [u8; 200] = pairs();

const fn pairs() -> [u8; 200] {
    let mut table = [0; 200];
    let mut n = 0;
    while n < 100 {
        table[n * 2] = b'0' + (n / 10) as u8;
        table[n * 2 + 1] = b'0' + (n % 10) as u8;
        n += 1;
    }
    table
}

/// Appends `value` in decimal.
pub(crate) fn push_number(out: &mut Vec<u8>, mut value: u64) {
    let mut buffer = [0; 20];
    let mut at = buffer.len();
    while value >= 100 {
        let pair = (value % 100) as usize * 2;
        value /= 100;
        at -= 2;
        buffer[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    }
    if value >= 10 {
        let pair = value as usize * 2;
        at -= 2;
        buffer[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    } else {
        at -= 1;
        buffer[at] = b'0' + value as u8;
    }
    out.extend_from_slice(&buffer[at..]);
}

/// Appends the last `W` (an even number of) digits of `value`, with leading zeros.
pub(crate) fn push_padded<const W: usize>(out: &mut Vec<u8>, mut value: u64) {
    let mut buffer = [0; W];
    for slot in buffer.chunks_exact_mut(2).rev() {
        let pair = (value % 100) as usize * 2;
        value /= 100;
        slot.copy_from_slice(&PAIRS[pair..pair + 2]);
    }
    out.extend_from_slice(&buffer);
}

/// Appends 16 lower-case hexadecimal digits.
pub(crate) fn push_hex(out: &mut Vec<u8>, value: u64) {
    let mut buffer = [0; 16];
    for (n, slot) in buffer.iter_mut().enumerate() {
        *slot = b"0123456789abcdef"[(value >> (60 - 4 * n) & 15) as usize];
    }
    out.extend_from_slice(&buffer);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_same_digits_as_the_standard_library() {
        for value in [0, 9, 10, 99, 100, 101, 12_345, 1 << 53, u64::MAX] {
            let mut out = Vec::new();
            push_number(&mut out, value);
            assert_eq!(out, value.to_string().as_bytes());
            out.clear();
            push_hex(&mut out, value);
            assert_eq!(out, format!("{value:016x}").as_bytes());
        }
        let mut out = Vec::new();
        push_padded::<4>(&mut out, 7);
        push_padded::<2>(&mut out, 1_942);
        assert_eq!(out, b"000742");
    }
}
