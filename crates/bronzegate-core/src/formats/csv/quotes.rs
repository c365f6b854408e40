//! Quotes of comma-separated values, held to RFC 4180: after a field's closing quote the field ends.
//!
//! The reader takes what follows there for a part of the value, without a word.

/// Where the text is between two chunks.
#[derive(Debug)]
pub(crate) struct Quotes {
    delimiter: u8,
    place: QuoteState,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum QuoteState {
    /// Outside of quotes, after this byte.
    Behind(u8),
    /// Inside of quotes.
    Inside,
    /// After a quote that closes the field or is the first of two.
    BehindQuote,
}

impl Quotes {
    pub(crate) fn new(delimiter: u8) -> Self {
        Self { delimiter, place: QuoteState::Behind(b'\n') }
    }

    /// Reads on; the offset of the first byte that stands after a closing quote and does not end the field.
    pub(crate) fn check(&mut self, text: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(&byte) = text.get(at) {
            match self.place {
                QuoteState::BehindQuote if byte == b'"' => self.place = QuoteState::Inside,
                QuoteState::BehindQuote if self.ends_field(byte) => self.place = QuoteState::Behind(byte),
                QuoteState::BehindQuote => return Some(at),
                QuoteState::Inside | QuoteState::Behind(_) => {
                    let Some(found) = memchr::memchr(b'"', &text[at..]) else { break };
                    let before = (at + found).checked_sub(1).map(|before| text[before]);
                    at += found;
                    self.place = match (self.place, before) {
                        (QuoteState::Inside, _) => QuoteState::BehindQuote,
                        (QuoteState::Behind(last), None) if self.ends_field(last) => QuoteState::Inside,
                        (_, Some(last)) if self.ends_field(last) => QuoteState::Inside,
                        // A quote within a field without quotes is text.
                        _ => QuoteState::Behind(b'"'),
                    };
                }
            }
            at += 1;
        }
        if let (QuoteState::Behind(_), Some(&last)) = (self.place, text.last()) {
            self.place = QuoteState::Behind(last);
        }
        None
    }

    fn ends_field(&self, byte: u8) -> bool {
        byte == self.delimiter || matches!(byte, b'\r' | b'\n')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the chunks are.
    fn fault(text: &str) -> Option<usize> {
        let whole = Quotes::new(b',').check(text.as_bytes());
        for size in 1..=text.len() {
            let (mut quotes, mut before) = (Quotes::new(b','), 0);
            let found = text.as_bytes().chunks(size).find_map(|chunk| {
                let found = quotes.check(chunk).map(|at| before + at);
                before += chunk.len();
                found
            });
            assert_eq!(found, whole, "{text:?} in chunks of {size}");
        }
        whole
    }

    #[test]
    fn a_field_ends_behind_its_closing_quote() {
        for good in [
            "\"a\",\"b\"\r\n\"c\"",
            "\"a \"\"b\"\"\"\n\"\",x\n",
            "\"\"\"\"\n",
            "a\"b,c\"\n\"d\ne,\"\r\"f\"",
            "a,b\"\n,\"\"",
            "",
        ] {
            assert_eq!(fault(good), None, "{good:?}");
        }
        for (bad, at) in [("\"abc\"def,1", 5), ("a,\"b\" ,c", 5), ("a\n\"b\"\"\"c", 7), ("\"\"a", 2)] {
            assert_eq!(fault(bad), Some(at), "{bad:?}");
        }
    }
}
