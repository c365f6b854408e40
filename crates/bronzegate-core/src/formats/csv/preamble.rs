//! Lines before a table, which are no part of it.

use bytes::{Buf as _, Bytes, BytesMut};

/// Takes off the lines before a table.
pub(crate) struct Preamble {
    /// Lines still to be taken off.
    left: u64,
    /// What the line begins with that is the header.
    starts: Option<String>,
    is_done: bool,
    /// The rest of the line is taken off.
    is_mid_line: bool,
    /// The last line ended with CR, to which LF may belong.
    after_cr: bool,
    /// The beginning of a line that is not known yet.
    held: BytesMut,
    /// Lines that were taken off.
    pub(crate) lines: u64,
}

impl Preamble {
    pub(crate) fn new(lines: u64, starts: Option<String>) -> Self {
        Self {
            left: lines,
            is_done: lines == 0 && starts.is_none(),
            starts,
            is_mid_line: false,
            after_cr: false,
            held: BytesMut::new(),
            lines: 0,
        }
    }

    /// What the header should begin with, where it has not come.
    pub(crate) fn missing(&self) -> Option<&str> {
        self.starts.as_deref().filter(|_| !self.is_done)
    }

    /// What of a chunk, and of those before it, is the table's; `None` while nothing is.
    pub(crate) fn take_off(&mut self, chunk: Bytes) -> Option<Bytes> {
        if self.is_done {
            return Some(chunk);
        }
        self.held.extend_from_slice(&chunk);
        loop {
            if self.after_cr {
                let is_pair = *self.held.first()? == b'\n';
                self.held.advance(usize::from(is_pair));
                self.after_cr = false;
            }
            if !self.is_mid_line && self.left == 0 {
                let starts = self.starts.as_deref().unwrap_or_default().as_bytes();
                if self.held.starts_with(starts) {
                    self.is_done = true;
                    return Some(std::mem::take(&mut self.held).freeze());
                }
                if starts.starts_with(&self.held) {
                    return None;
                }
            }
            self.is_mid_line = true;
            let Some(end) = memchr::memchr2(b'\n', b'\r', &self.held) else {
                self.held.clear();
                return None;
            };
            self.after_cr = self.held[end] == b'\r';
            self.held.advance(end + 1);
            self.lines += 1;
            self.left = self.left.saturating_sub(1);
            self.is_mid_line = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of a text that comes in chunks of this size.
    fn left(lines: u64, starts: Option<&str>, text: &str, size: usize) -> (String, u64) {
        let mut preamble = Preamble::new(lines, starts.map(str::to_owned));
        let chunks = text.as_bytes().chunks(size).map(Bytes::copy_from_slice);
        let left: Vec<u8> = chunks.filter_map(|chunk| preamble.take_off(chunk)).flatten().collect();
        (String::from_utf8(left).unwrap(), preamble.lines)
    }

    #[test]
    fn lines_before_the_table_are_taken_off_however_they_are_cut() {
        for (lines, starts, text, want) in [
            (0, None, "a\nb", ("a\nb", 0)),
            (2, None, "x\r\ny\rid,n\n1,2\n", ("id,n\n1,2\n", 2)),
            (1, None, "\"a\nid\n", ("id\n", 1)),
            (3, None, "a\nb", ("", 1)),
            (0, Some("Date,"), "Report\nDate: today\n\nDat\nDate,n\n1,2", ("Date,n\n1,2", 4)),
            (0, Some("Date,"), "Date,n\r\n", ("Date,n\r\n", 0)),
            (0, Some("Date,"), "nothing\nof it", ("", 1)),
        ] {
            for size in [1, 2, 3, 7, 100] {
                let (text, taken) = left(lines, starts, text, size);
                assert_eq!((text.as_str(), taken), want, "{size}");
            }
        }
    }
}
