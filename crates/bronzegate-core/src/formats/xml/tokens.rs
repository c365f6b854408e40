//! Cuts a body into tags, texts and what is skipped, however its chunks cut it.

use bytes::{Buf as _, Bytes, BytesMut};

use super::fault::XmlFault;

/// The longest tag or text.
const LONGEST: usize = 64 << 20;

/// A piece of a body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// What stands between `<` and `>` of a tag.
    Tag(Bytes),
    /// Text with its entities.
    Text(Bytes),
    /// Text without entities.
    Verbatim(Bytes),
    /// A comment or a processing instruction.
    Nothing,
}

/// What has come and is not cut yet.
#[derive(Debug, Default)]
pub(super) struct Tokens {
    held: BytesMut,
    /// Bytes of `held` in which the end of the first token is not.
    scanned: usize,
    /// The quote that is open in a tag, at `scanned`.
    quote: Option<u8>,
    /// Bytes that were cut off.
    pub(super) read: u64,
}

/// What begins with `<!` or `<?` and is no tag, and how it ends.
const OTHERS: [(&[u8], &[u8]); 3] = [(b"<!--", b"-->"), (b"<![CDATA[", b"]]>"), (b"<?", b"?>")];

/// What a document type begins with.
const DOCTYPE: &[u8] = b"<!DOCTYPE ";

impl Tokens {
    /// Adds a chunk.
    pub(super) fn push(&mut self, chunk: &[u8]) {
        self.held.extend_from_slice(chunk);
    }

    /// The next token; `None` where its end has not come.
    pub(super) fn next(&mut self) -> Result<Option<Token>, XmlFault> {
        let token = match self.held.first() {
            None => return Ok(None),
            Some(b'<') => self.markup()?,
            Some(_) => self.text().map(Token::Text),
        };
        if token.is_none() && self.held.len() > LONGEST {
            return Err(XmlFault::TooLarge);
        }
        Ok(token)
    }

    /// What is left of a body that has ended.
    pub(super) fn rest(&mut self) -> Bytes {
        std::mem::take(&mut self.held).freeze()
    }

    fn text(&mut self) -> Option<Bytes> {
        let end = self.find(b"<")?;
        Some(self.cut(end))
    }

    fn markup(&mut self) -> Result<Option<Token>, XmlFault> {
        for (begin, end) in OTHERS {
            if self.held.starts_with(begin) {
                self.scanned = self.scanned.max(begin.len());
                let Some(at) = self.find(end) else { return Ok(None) };
                let token = self.cut(at + end.len());
                let is_verbatim = end == b"]]>";
                let inner = token.slice(begin.len()..token.len() - end.len());
                return Ok(Some(if is_verbatim { Token::Verbatim(inner) } else { Token::Nothing }));
            }
            if begin.starts_with(&self.held) {
                return Ok(None);
            }
        }
        if DOCTYPE.starts_with(&self.held) {
            return Ok(None);
        }
        if self.held.starts_with(DOCTYPE) {
            return self.document_type();
        }
        if self.held.starts_with(b"<!") {
            return Err(XmlFault::DocumentType);
        }
        Ok(self.tag())
    }

    /// A document type that only names where it is defined; nobody looks there.
    fn document_type(&mut self) -> Result<Option<Token>, XmlFault> {
        let Some(Token::Tag(inner)) = self.tag() else { return Ok(None) };
        let words: Vec<&[u8]> =
            inner.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty()).collect();
        let is_elsewhere = matches!(words.get(2), Some(&b"PUBLIC" | &b"SYSTEM"));
        let is_web_page = words.get(1).is_some_and(|name| name.eq_ignore_ascii_case(b"html"));
        if !is_elsewhere || is_web_page || inner.contains(&b'[') {
            return Err(XmlFault::DocumentType);
        }
        Ok(Some(Token::Nothing))
    }

    fn tag(&mut self) -> Option<Token> {
        while let Some(byte) = self.held.get(self.scanned) {
            match (self.quote, byte) {
                (None, b'>') => {
                    let end = self.scanned;
                    let tag = self.cut(end + 1);
                    return Some(Token::Tag(tag.slice(1..end)));
                }
                (None, b'"' | b'\'') => self.quote = Some(*byte),
                (Some(quote), byte) if *byte == quote => self.quote = None,
                _ => {}
            }
            self.scanned += 1;
        }
        None
    }

    /// Where a text stands after what was scanned.
    fn find(&mut self, text: &[u8]) -> Option<usize> {
        let found = self.held[self.scanned..].windows(text.len()).position(|window| window == text);
        if found.is_none() {
            self.scanned = self.scanned.max((self.held.len() + 1).saturating_sub(text.len()));
        }
        found.map(|at| self.scanned + at)
    }

    fn cut(&mut self, length: usize) -> Bytes {
        self.read += length as u64;
        (self.scanned, self.quote) = (0, None);
        self.held.copy_to_bytes(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_cut_the_same_however_it_comes() {
        let body = b"<?xml version='1.0'?><a b=\"x>y\" c='\"'>t&amp;<!-- <z> --><![CDATA[<q>]]]]></a >\n";
        let text = |text: &[u8]| Bytes::copy_from_slice(text);
        let expected = [
            Token::Nothing,
            Token::Tag(text(b"a b=\"x>y\" c='\"'")),
            Token::Text(text(b"t&amp;")),
            Token::Nothing,
            Token::Verbatim(text(b"<q>]]")),
            Token::Tag(text(b"/a ")),
        ];
        for size in 1..=body.len() {
            let (mut tokens, mut found) = (Tokens::default(), Vec::new());
            for chunk in body.chunks(size) {
                tokens.push(chunk);
                while let Some(token) = tokens.next().unwrap() {
                    found.push(token);
                }
            }
            assert_eq!(found, expected, "{size}");
            assert_eq!(tokens.rest(), b"\n"[..]);
        }
        for refused in [
            "<!DOCTYPE html>",
            "<!doctype x SYSTEM 'a'>",
            "<!DOCTYPE html PUBLIC '-//W3C//DTD XHTML 1.0 Strict//EN' 'x'>",
            "<!DOCTYPE x SYSTEM 'a' [<!ENTITY b 'c'>]>",
            "<!DOCTYPE x>",
            "<!ENTITY a 'b'>",
        ] {
            let mut tokens = Tokens::default();
            tokens.push(refused.as_bytes());
            assert_eq!(tokens.next(), Err(XmlFault::DocumentType), "{refused}");
        }
        let mut tokens = Tokens::default();
        for byte in b"<!DOCTYPE a PUBLIC '-//x//y>//EN' 'https://x.example/a.dtd'>" {
            assert_eq!(tokens.next(), Ok(None));
            tokens.push(&[*byte]);
        }
        assert_eq!(tokens.next(), Ok(Some(Token::Nothing)));
    }
}
