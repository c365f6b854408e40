//! Which containers are open: one bit each, so that depth costs no memory.

use super::block::bits;

/// The deepest nesting that is read (RFC 8259, section 9, lets a parser set a limit).
pub(crate) const MAX_DEPTH: usize = 512;
/// The containers that one word describes.
const WORD: usize = 64;

/// The open containers.
#[derive(Debug, Default)]
pub(crate) struct Nesting {
    depth: usize,
    /// The innermost, the last one lowest: 1 for an object, 0 for an array.
    inner: u64,
    /// Those around them, a word for each 64.
    outer: [u64; MAX_DEPTH / WORD - 1],
}

/// The containers of one block.
#[derive(Debug)]
pub(crate) struct Containers {
    /// Bytes whose innermost container is an object. A bracket that opens a container is not in it, one that closes it is.
    pub(crate) in_objects: u64,
    /// Bytes that are in no container.
    pub(crate) outside: u64,
    /// The fewest that are open anywhere in the block.
    pub(crate) lowest: usize,
    /// A bracket that closes another container than the innermost. What follows was not read.
    pub(crate) misplaced: u64,
    /// A bracket that opens one too many. What follows was not read.
    pub(crate) too_deep: u64,
}

impl Nesting {
    /// How many containers are open.
    #[inline(always)]
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// Opens and closes the containers of a block.
    #[inline(always)]
    pub(crate) fn block(&mut self, text: &[u8], open: u64, close: u64) -> Containers {
        let mut found = Containers {
            in_objects: all_where(self.inner & 1),
            outside: all_where(u64::from(self.depth == 0)),
            lowest: self.depth,
            misplaced: 0,
            too_deep: 0,
        };
        for at in bits(open | close) {
            // `{` and `}` have this bit, `[` and `]` lack it.
            let is_object = u64::from(text[at] >> 5 & 1);
            let behind = u64::MAX << at << 1;
            if open >> at & 1 == 1 {
                if self.depth.is_multiple_of(WORD) && !self.begin_word() {
                    found.too_deep = 1 << at;
                    break;
                }
                found.outside &= !behind;
                self.inner = self.inner << 1 | is_object;
                self.depth += 1;
            } else {
                if self.depth == 0 || self.inner & 1 != is_object {
                    found.misplaced = 1 << at;
                    break;
                }
                self.inner >>= 1;
                self.depth -= 1;
                found.lowest = found.lowest.min(self.depth);
                if self.depth.is_multiple_of(WORD) {
                    self.end_word();
                    found.outside |= all_where(u64::from(self.depth == 0)) & behind;
                }
            }
            found.in_objects = found.in_objects & !behind | all_where(self.inner & 1) & behind;
        }
        found
    }

    /// The innermost containers fill their word. Returns whether there is room for another.
    #[cold]
    fn begin_word(&mut self) -> bool {
        match self.depth / WORD {
            0 => true,
            nth => self.outer.get_mut(nth - 1).map(|word| *word = self.inner).is_some(),
        }
    }

    /// The innermost containers' word is empty.
    #[cold]
    fn end_word(&mut self) {
        if let Some(nth) = (self.depth / WORD).checked_sub(1) {
            self.inner = self.outer[nth];
        }
    }
}

/// All bits where the lowest is set, or none.
#[inline(always)]
fn all_where(bit: u64) -> u64 {
    bit.wrapping_neg()
}
