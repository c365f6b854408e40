//! Sixty-four bytes at once: compared with vector instructions, the answers as bits.

use fearless_simd::prelude::*;
use fearless_simd::{Simd, u8x64};

/// The bytes of a block.
pub(crate) const BLOCK: usize = 64;

/// A block of a chunk. The last of a chunk may be short; blanks stand for what it lacks.
#[derive(Clone, Copy)]
pub(crate) struct Block<S: Simd> {
    bytes: u8x64<S>,
    length: usize,
}

impl<S: Simd> Block<S> {
    /// The block that these bytes begin with, at least one.
    #[inline(always)]
    pub(crate) fn of(simd: S, text: &[u8]) -> Self {
        if let Some(bytes) = text.first_chunk::<BLOCK>() {
            return Self { bytes: u8x64::simd_from(simd, *bytes), length: BLOCK };
        }
        let mut padded = [b' '; BLOCK];
        padded[..text.len()].copy_from_slice(text);
        Self { bytes: u8x64::simd_from(simd, padded), length: text.len() }
    }

    /// How many bytes it has.
    #[inline(always)]
    pub(crate) fn length(self) -> usize {
        self.length
    }

    /// The bits of its bytes.
    #[inline(always)]
    pub(crate) fn all(self) -> u64 {
        u64::MAX >> (BLOCK - self.length)
    }

    /// Whether the last of its bytes is among these.
    #[inline(always)]
    pub(crate) fn last(self, bytes: u64) -> u64 {
        bytes >> (self.length - 1) & 1
    }

    /// Which bytes are this one.
    #[inline(always)]
    pub(crate) fn equal(self, byte: u8) -> u64 {
        self.bytes.simd_eq(u8x64::splat(self.bytes.token(), byte)).to_bitmask()
    }

    /// Which bytes are below this one.
    #[inline(always)]
    pub(crate) fn below(self, byte: u8) -> u64 {
        self.bytes.simd_lt(u8x64::splat(self.bytes.token(), byte)).to_bitmask()
    }

    /// Which bytes are decimal digits.
    #[inline(always)]
    pub(crate) fn digits(self) -> u64 {
        self.minus(b'0').below(10)
    }

    /// Which bytes are hexadecimal digits.
    #[inline(always)]
    pub(crate) fn hex_digits(self) -> u64 {
        self.digits() | self.folded().minus(b'a').below(6)
    }

    /// With the one bit set that tells small letters from capitals, and `{` and `}` from `[` and `]`.
    #[inline(always)]
    pub(crate) fn folded(self) -> Self {
        Self { bytes: self.bytes | 0x20, ..self }
    }

    #[inline(always)]
    fn minus(self, byte: u8) -> Self {
        Self { bytes: self.bytes - byte, ..self }
    }
}

/// The numbers of the bits that are set, from the lowest on.
#[inline(always)]
pub(crate) fn bits(mut mask: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        let at = mask.trailing_zeros() as usize;
        mask &= mask.wrapping_sub(1);
        (at < BLOCK).then_some(at)
    })
}
