//! A byte order mark at the beginning of a body, which a reader may skip (RFC 8259, section 8.1).

use bytes::Bytes;

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Takes a byte order mark off, wherever the chunks are cut.
#[derive(Default)]
pub(super) struct ByteOrderMark {
    /// The start of a body that may be a mark.
    held: Vec<u8>,
    decided: bool,
}

impl ByteOrderMark {
    /// The chunk without a mark, and the mark's bytes added to `offset`; `None` where nothing is
    /// left to scan yet.
    pub(super) fn take_off(&mut self, chunk: Bytes, offset: &mut u64) -> Option<Bytes> {
        if chunk.is_empty() || self.decided {
            return (!chunk.is_empty()).then_some(chunk);
        }
        let start = if self.held.is_empty() { chunk } else { [&self.held[..], &chunk].concat().into() };
        self.held.clear();
        if start.len() < MARK.len() && MARK.starts_with(&start) {
            self.held = start.into();
            return None;
        }
        self.decided = true;
        if !start.starts_with(MARK) {
            return Some(start);
        }
        *offset += MARK.len() as u64;
        (start.len() > MARK.len()).then(|| start.slice(MARK.len()..))
    }

    /// Whether the body so far is nothing but the beginning of a mark.
    pub(super) fn is_undecided(&self) -> bool {
        !self.held.is_empty()
    }
}
