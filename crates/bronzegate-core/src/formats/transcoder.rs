//! Text in any encoding becomes UTF-8, which is what the readers take.

use bytes::Bytes;
use encoding_rs::{Decoder, DecoderResult};

use super::error::{SplitError, SplitErrorKind};
use crate::config::Encoding;

/// Makes UTF-8 of one body, or of one file of a packed one.
pub(crate) struct Transcoder {
    form: Form,
    /// Bytes that came before the current chunk.
    offset: u64,
}

enum Form {
    /// It is UTF-8, as it has to be without another word; the readers hold it to that.
    AsIs,
    /// The content type declares this other charset, and the source file says nothing. Some APIs are right
    /// and some send UTF-8 all the same; only what is alike in all of them can be read.
    Ascii(String),
    Decoded(Box<Decoder>, &'static str),
}

impl Transcoder {
    /// For text of the `stated` encoding, else of the one that the content type declares.
    pub(crate) fn new(stated: Option<Encoding>, declared: Option<&str>) -> Self {
        let is_utf8 = |label: &str| Encoding::of(label).is_some_and(Encoding::is_utf8);
        let form = match (stated, declared) {
            (Some(stated), _) if !stated.is_utf8() => {
                Form::Decoded(Box::new(stated.decoder()), stated.name())
            }
            (None, Some(declared)) if !is_utf8(declared) => Form::Ascii(declared.to_owned()),
            _ => Form::AsIs,
        };
        Self { form, offset: 0 }
    }

    /// The next chunk as UTF-8.
    ///
    /// # Errors
    /// At a byte that the encoding does not have, or that may mean one thing or another.
    pub(crate) fn chunk(&mut self, chunk: Bytes) -> Result<Bytes, SplitError> {
        let before = self.offset;
        self.offset += chunk.len() as u64;
        match &mut self.form {
            Form::AsIs => Ok(chunk),
            Form::Ascii(charset) => match chunk.iter().position(|byte| !byte.is_ascii()) {
                None => Ok(chunk),
                Some(at) => {
                    let kind = SplitErrorKind::NotAscii { charset: charset.clone() };
                    Err(SplitError { kind, offset: before + at as u64 })
                }
            },
            Form::Decoded(decoder, name) => decoded(decoder, &chunk, false).map_err(|at| SplitError {
                kind: SplitErrorKind::Undecodable(name),
                offset: before + at as u64,
            }),
        }
    }

    /// What is left at the end.
    ///
    /// # Errors
    /// The text ends within a character.
    pub(crate) fn finish(self) -> Result<Bytes, SplitError> {
        match self.form {
            Form::AsIs | Form::Ascii(_) => Ok(Bytes::new()),
            Form::Decoded(mut decoder, name) => decoded(&mut decoder, &[], true)
                .map_err(|_| SplitError { kind: SplitErrorKind::Undecodable(name), offset: self.offset }),
        }
    }
}

/// The text of some bytes; else about where the first of them is that has none.
fn decoded(decoder: &mut Decoder, bytes: &[u8], last: bool) -> Result<Bytes, usize> {
    let room = decoder.max_utf8_buffer_length_without_replacement(bytes.len()).unwrap_or(usize::MAX);
    let mut text = String::with_capacity(room);
    match decoder.decode_to_string_without_replacement(bytes, &mut text, last) {
        (DecoderResult::InputEmpty, _) => Ok(text.into_bytes().into()),
        (DecoderResult::OutputFull, _) => unreachable!("there is room for all of it"),
        (DecoderResult::Malformed(length, behind), read) => {
            Err(read.saturating_sub(usize::from(length) + usize::from(behind)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text of a body, whatever its chunks are.
    fn text(stated: Option<&str>, declared: Option<&str>, body: &[u8]) -> Result<String, SplitErrorKind> {
        let stated = stated.map(|label| Encoding::of(label).expect("a label"));
        let read = |size: usize| {
            let mut transcoder = Transcoder::new(stated, declared);
            let mut out = Vec::new();
            for chunk in body.chunks(size) {
                out.extend_from_slice(
                    &transcoder.chunk(Bytes::copy_from_slice(chunk)).map_err(|error| error.kind)?,
                );
            }
            out.extend_from_slice(&transcoder.finish().map_err(|error| error.kind)?);
            Ok(String::from_utf8(out).expect("UTF-8"))
        };
        let whole = read(body.len().max(1));
        for size in 1..4 {
            assert_eq!(read(size), whole, "{stated:?} {declared:?} {body:?} in chunks of {size}");
        }
        whole
    }

    #[test]
    fn a_stated_encoding_is_read_whatever_is_declared() {
        for (stated, body, expected) in [
            ("latin-1", &b"caf\xe9"[..], "caf\u{e9}"),
            ("ISO-8859-1", b"\xa3 \x80", "\u{a3} \u{20ac}"),
            ("windows-1252", b"\x93a\x94", "\u{201c}a\u{201d}"),
            ("utf-8", "caf\u{e9}".as_bytes(), "caf\u{e9}"),
            ("utf-16", b"\xff\xfea\x00\xe9\x00", "a\u{e9}"),
            ("utf-16", b"\xfe\xff\x00a", "a"),
            ("utf-16le", b"a\x00", "a"),
            ("shift_jis", b"\x83\x65", "\u{30c6}"),
            // The mark says more than the file.
            ("latin-1", b"\xef\xbb\xbf\xc3\xa9", "\u{e9}"),
        ] {
            for declared in [None, Some("utf-8"), Some("iso-8859-1")] {
                assert_eq!(text(Some(stated), declared, body).as_deref(), Ok(expected), "{stated}");
            }
        }
        for (stated, body, name) in [
            ("shift_jis", &b"a\x83"[..], "Shift_JIS"),
            ("utf-16", b"\xff\xfea", "UTF-16LE"),
            ("shift_jis", b"\xa0\xff", "Shift_JIS"),
        ] {
            assert_eq!(text(Some(stated), None, body), Err(SplitErrorKind::Undecodable(name)), "{stated}");
        }
    }

    #[test]
    fn a_declared_charset_is_believed_in_nothing_but_ascii_until_the_file_states_one() {
        for charset in ["iso-8859-1", "us-ascii", "windows-1252", "x-unheard-of"] {
            assert_eq!(text(None, Some(charset), b"plain").as_deref(), Ok("plain"), "{charset}");
            let not_ascii = SplitErrorKind::NotAscii { charset: charset.to_owned() };
            for body in [&b"caf\xe9"[..], "caf\u{e9}".as_bytes()] {
                assert_eq!(text(None, Some(charset), body), Err(not_ascii.clone()), "{charset}");
            }
        }
        for charset in ["utf-8", "UTF8", "unicode-1-1-utf-8"] {
            assert_eq!(text(None, Some(charset), "\u{e9}".as_bytes()).as_deref(), Ok("\u{e9}"), "{charset}");
        }
    }
}
