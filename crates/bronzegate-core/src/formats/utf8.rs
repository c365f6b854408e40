//! UTF-8 validation of text that arrives in chunks cut anywhere.

/// Remembers the beginning of a character that the last chunk cut.
#[derive(Debug, Default)]
pub(super) struct Utf8 {
    cut: [u8; 4],
    length: usize,
}

impl Utf8 {
    /// Checks the next chunk; a fault gives an offset in it near the bad byte.
    pub(super) fn check(&mut self, chunk: &[u8]) -> Result<(), usize> {
        let chunk_after_cut = self.complete_cut(chunk)?;
        let skipped = chunk.len() - chunk_after_cut.len();
        let whole = &chunk_after_cut[..chunk_after_cut.len() - cut_tail(chunk_after_cut)];
        if simdutf8::basic::from_utf8(whole).is_err() {
            let good = std::str::from_utf8(whole).map_or_else(|error| error.valid_up_to(), str::len);
            return Err(skipped + good);
        }
        let tail = &chunk_after_cut[whole.len()..];
        if !tail.is_empty() {
            self.cut[..tail.len()].copy_from_slice(tail);
            self.length = tail.len();
        }
        Ok(())
    }

    /// Whether the text so far ends between two characters.
    pub(super) fn is_complete(&self) -> bool {
        self.length == 0
    }

    /// Adds bytes to a cut character until it is whole; returns the chunk after them.
    fn complete_cut<'a>(&mut self, chunk: &'a [u8]) -> Result<&'a [u8], usize> {
        if self.length == 0 {
            return Ok(chunk);
        }
        let due = sequence_length(self.cut[0]) - self.length;
        let (now, rest) = chunk.split_at(due.min(chunk.len()));
        self.cut[self.length..self.length + now.len()].copy_from_slice(now);
        self.length += now.len();
        if now.len() < due {
            return Ok(rest);
        }
        let whole = std::str::from_utf8(&self.cut[..self.length]).is_ok();
        self.length = 0;
        if whole { Ok(rest) } else { Err(0) }
    }
}

/// The length of a sequence by its first byte (RFC 3629, section 3); 1 for a byte that starts none.
fn sequence_length(first: u8) -> usize {
    match first {
        0xc0..=0xdf => 2,
        0xe0..=0xef => 3,
        0xf0..=0xf7 => 4,
        _ => 1,
    }
}

/// How many bytes at the end begin a character that is not whole.
fn cut_tail(bytes: &[u8]) -> usize {
    (1..=bytes.len().min(3)).find(|&back| sequence_length(bytes[bytes.len() - back]) > back).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn valid(chunks: &[&[u8]]) -> bool {
        let mut utf8 = Utf8::default();
        chunks.iter().all(|chunk| utf8.check(chunk).is_ok()) && utf8.is_complete()
    }

    #[test]
    fn agrees_with_the_standard_library_wherever_the_text_is_cut() {
        let texts: [&[u8]; 8] = [
            "aé€😀z".as_bytes(),
            b"\xff",
            b"ab\xc3",
            b"\xe2\x82",
            b"\xed\xa0\x80",
            b"\xc0\x80",
            b"\xf4\x90\x80\x80",
            b"a\x80b",
        ];
        for text in texts {
            let expected = std::str::from_utf8(text).is_ok();
            for first in 0..=text.len() {
                for second in first..=text.len() {
                    let chunks = [&text[..first], &text[first..second], &text[second..]];
                    assert_eq!(valid(&chunks), expected, "{text:x?} cut at {first} and {second}");
                }
            }
        }
    }
}
