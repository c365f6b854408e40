//! A response's body as a stream of decompressed chunks.

use std::io;
use std::pin::Pin;

use async_compression::tokio::bufread::{BrotliDecoder, GzipDecoder, ZstdDecoder};
use bytes::{Bytes, BytesMut};
use futures::TryStreamExt as _;
use http::HeaderMap;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, TRANSFER_ENCODING};
use tokio::io::{AsyncBufRead, AsyncRead, AsyncReadExt as _, BufReader};
use tokio_util::io::StreamReader;

use super::ratio::Ratio;
use crate::redact::line;

/// What a request says it understands.
pub(super) const ACCEPT_ENCODING: &str = "gzip, br, zstd";

/// The size of a decompressed chunk.
const CHUNK: usize = 64 << 10;
/// The largest zstd window, as HTTP limits it (RFC 9659, section 3).
pub(super) const ZSTD_WINDOW_LOG: u32 = 23;

/// How the length of a body is known (RFC 9112, section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Framing {
    /// By its own framing: a length, chunks, or an HTTP/2 stream's end.
    Explicit,
    /// By the end of the connection, which a fault ends as well as the server.
    UntilClose,
}

/// A body that could not be read to its end.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum BodyFault {
    /// The connection or the compression ended or broke before the body did.
    #[error("the body was cut short: {0}")]
    Cut(String),
    /// A content coding that was not asked for.
    #[error("the body's content encoding `{}` is not supported", line(.0))]
    Encoding(String),
    /// The body came whole, and the file in it cannot be unpacked.
    #[error("the packed file is damaged: {0}")]
    Damaged(String),
    /// The file in the body is not to be unpacked.
    #[error("the packed file is refused: {0}")]
    Refused(String),
}

impl BodyFault {
    /// What the error of a decoder of files means: the connection's fault, or damage.
    pub(super) fn of_decoder(error: &io::Error) -> Self {
        let own = error.get_ref().and_then(|cause| cause.downcast_ref::<Self>());
        own.cloned().unwrap_or_else(|| Self::Damaged(innermost(error)))
    }
}

/// A body that is being read.
pub(crate) struct ResponseBody {
    reader: Reader,
    framing: Framing,
    ratio: Ratio,
}

enum Reader {
    /// As it is on the wire.
    Plain(reqwest::Response),
    /// Out of a content coding.
    Decoded(Pin<Box<dyn AsyncRead + Send>>),
    /// In a content coding that was not asked for.
    Unknown(String),
    /// Somewhere else by now.
    Taken,
}

impl ResponseBody {
    /// The body, to be read elsewhere; nothing is left here.
    #[must_use]
    pub(crate) fn take(&mut self) -> Self {
        let reader = std::mem::replace(&mut self.reader, Reader::Taken);
        Self { reader, framing: self.framing, ratio: self.ratio.clone() }
    }

    /// Begins to read a response's body.
    pub(crate) fn of(response: reqwest::Response) -> Self {
        let headers = response.headers();
        let explicit = response.version() > http::Version::HTTP_11
            || headers.contains_key(CONTENT_LENGTH)
            || headers.contains_key(TRANSFER_ENCODING);
        let framing = if explicit { Framing::Explicit } else { Framing::UntilClose };
        let coding = coding(headers);
        let ratio = Ratio::default();
        let reader = match coding.as_str() {
            "" => Reader::Plain(response),
            "gzip" | "x-gzip" => {
                let mut decoder = GzipDecoder::new(wire(response, ratio.clone()));
                decoder.multiple_members(true);
                Reader::Decoded(Box::pin(decoder))
            }
            "br" => Reader::Decoded(Box::pin(BrotliDecoder::new(wire(response, ratio.clone())))),
            "zstd" => {
                let window = [async_compression::zstd::DParameter::window_log_max(ZSTD_WINDOW_LOG)];
                let mut decoder = ZstdDecoder::with_params(wire(response, ratio.clone()), &window);
                decoder.multiple_members(true);
                Reader::Decoded(Box::pin(decoder))
            }
            _ => Reader::Unknown(coding),
        };
        Self { reader, framing, ratio }
    }

    /// What the body unpacks to, compared with its bytes on the wire.
    pub(super) fn ratio(&self) -> &Ratio {
        &self.ratio
    }

    /// Whether the body ends where its own form says: a content coding has an end of its own.
    pub(crate) fn is_coded(&self) -> bool {
        matches!(self.reader, Reader::Decoded(_))
    }

    /// How the body's length is known.
    pub(crate) fn framing(&self) -> Framing {
        self.framing
    }

    /// The next chunk, or `None` at the end.
    ///
    /// # Errors
    /// [`BodyFault::Cut`] when the body ends before its framing or its compression does,
    /// [`BodyFault::Encoding`] when it cannot be decompressed at all, [`BodyFault::Refused`] when it is
    /// not to be.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, BodyFault> {
        match &mut self.reader {
            Reader::Plain(response) => {
                let chunk = response.chunk().await.map_err(|error| BodyFault::Cut(innermost(&error)))?;
                self.ratio.packed(chunk.as_ref().map_or(0, Bytes::len));
                Ok(chunk)
            }
            Reader::Unknown(coding) => Err(BodyFault::Encoding(coding.clone())),
            Reader::Taken => Ok(None),
            Reader::Decoded(reader) => {
                let mut chunk = BytesMut::new();
                filled(reader, &mut chunk).await.map_err(|error| BodyFault::Cut(innermost(&error)))?;
                self.ratio.unpacked(chunk.len())?;
                Ok((!chunk.is_empty()).then(|| chunk.freeze()))
            }
        }
    }

    /// Reads at most `limit` bytes and leaves the rest.
    pub(crate) async fn start(&mut self, limit: usize) -> Result<Bytes, BodyFault> {
        let mut start = BytesMut::new();
        while start.len() < limit
            && let Some(chunk) = self.chunk().await?
        {
            start.extend_from_slice(&chunk);
        }
        start.truncate(limit);
        Ok(start.freeze())
    }
}

/// Fills a chunk, as far as there is something.
pub(super) async fn filled(reader: &mut (impl AsyncRead + Unpin), chunk: &mut BytesMut) -> io::Result<()> {
    chunk.reserve(CHUNK);
    while chunk.len() < CHUNK && reader.read_buf(chunk).await? > 0 {}
    Ok(())
}

/// The bytes as they come over the wire, counted, for a decoder.
fn wire(response: reqwest::Response, ratio: Ratio) -> impl AsyncBufRead + Send {
    let bytes =
        response.bytes_stream().map_err(io::Error::other).inspect_ok(move |chunk| ratio.packed(chunk.len()));
    BufReader::with_capacity(CHUNK, StreamReader::new(bytes))
}

/// The content coding, in lower case (RFC 9110, section 8.4.1); empty where there is none. Several are named
/// as they are, in one text.
fn coding(headers: &HeaderMap) -> String {
    let lists = headers.get_all(CONTENT_ENCODING).iter();
    let lists: Vec<_> =
        lists.map(|list| String::from_utf8_lossy(list.as_bytes()).to_ascii_lowercase()).collect();
    let codings = lists.iter().flat_map(|list| list.split(',')).map(str::trim);
    codings.filter(|coding| !matches!(*coding, "" | "identity")).collect::<Vec<_>>().join(", ")
}

/// The deepest cause is the one that tells; the outer ones repeat the URL.
pub(super) fn innermost(error: &(dyn std::error::Error + 'static)) -> String {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn codings_are_told_whatever_their_case_and_none_is_none() {
        let of = |lists: &[&'static str]| {
            let lists = lists.iter().map(|list| (CONTENT_ENCODING, HeaderValue::from_static(list)));
            coding(&lists.collect())
        };
        for (lists, expected) in [
            (&[][..], ""),
            (&["GZIP"], "gzip"),
            (&[" Identity "], ""),
            (&[""], ""),
            (&["identity, BR,"], "br"),
            (&["", "X-Gzip"], "x-gzip"),
            (&["gzip", "Zstd"], "gzip, zstd"),
        ] {
            assert_eq!(of(lists), expected, "{lists:?}");
        }
    }
}
