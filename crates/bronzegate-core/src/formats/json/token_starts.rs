//! Where tokens start, as a list: finding them and reading them are two loops, because each is
//! faster when it does nothing else.

use std::ops::Range;

use super::lexer::{BLOCK, Fault, Lexer};

/// Bytes of a chunk whose tokens are found before they are read: few enough to stay in a cache.
pub(crate) const STRETCH: usize = 4 << 10;
/// Offsets that are written at a time, whether or not there are so many.
const GROUP: usize = 8;

/// The offsets of the tokens of one stretch.
#[derive(Default)]
pub(crate) struct Starts {
    /// As many as a stretch has bytes; empty before the first use.
    offsets: Vec<u32>,
    found: usize,
    line_breaks: bool,
}

impl Starts {
    /// Finds the tokens of a stretch of the chunk, up to the first lexical fault.
    ///
    /// # Errors
    /// The fault, with its offset in the chunk.
    pub(crate) fn find(
        &mut self,
        lexer: &mut Lexer,
        chunk: &[u8],
        stretch: Range<usize>,
    ) -> Result<(), Fault> {
        self.offsets.resize(STRETCH + BLOCK, 0);
        (self.found, self.line_breaks) = (0, false);
        for at in stretch.step_by(BLOCK) {
            let tokens = lexer.block(chunk, at).map_err(|(kind, offset)| (kind, at + offset))?;
            self.line_breaks |= tokens.line_breaks;
            self.add(at as u32, tokens.starts);
        }
        Ok(())
    }

    /// Whether a line break stands between tokens of the stretch.
    pub(crate) fn line_breaks(&self) -> bool {
        self.line_breaks
    }

    /// The offsets in the chunk.
    pub(crate) fn offsets(&self) -> &[u32] {
        &self.offsets[..self.found]
    }

    /// Adds the set bits of one block. Writing whole groups and counting what was meant spares a
    /// branch a bit, which a processor cannot foresee.
    #[inline]
    fn add(&mut self, block: u32, mut bits: u64) {
        let count = bits.count_ones() as usize;
        let room = &mut self.offsets[self.found..][..BLOCK];
        for group in room.as_chunks_mut::<GROUP>().0 {
            for offset in group {
                *offset = block + bits.trailing_zeros();
                bits &= bits.wrapping_sub(1);
            }
            if bits == 0 {
                break;
            }
        }
        self.found += count;
    }
}
