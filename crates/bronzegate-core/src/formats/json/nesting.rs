//! Which containers are open: one bit each, so that depth costs no memory.

/// The deepest nesting that is read (RFC 8259, section 9, lets a parser set a limit).
pub(crate) const MAX_DEPTH: usize = 512;

/// The open containers, outermost first.
#[derive(Debug)]
pub(crate) struct Nesting {
    /// 1 for an object, 0 for an array.
    kinds: [u64; MAX_DEPTH / 64],
    depth: usize,
}

impl Nesting {
    pub(crate) const fn new() -> Self {
        Self { kinds: [0; MAX_DEPTH / 64], depth: 0 }
    }

    /// How many containers are open.
    #[inline]
    pub(crate) fn depth(&self) -> usize {
        self.depth
    }

    /// Opens a container; `false` when that is too deep.
    #[inline]
    pub(crate) fn open(&mut self, object: bool) -> bool {
        if self.depth == MAX_DEPTH {
            return false;
        }
        let (word, bit) = (self.depth / 64, self.depth % 64);
        self.kinds[word] = self.kinds[word] & !(1 << bit) | u64::from(object) << bit;
        self.depth += 1;
        true
    }

    /// Closes the innermost container.
    #[inline]
    pub(crate) fn close(&mut self) {
        self.depth -= 1;
    }

    /// Whether the innermost container is an object; an array when none is open.
    #[inline]
    pub(crate) fn in_object(&self) -> bool {
        self.depth > 0
            && self.kinds[(self.depth - 1) / 64 % self.kinds.len()] >> ((self.depth - 1) % 64) & 1 == 1
    }
}
