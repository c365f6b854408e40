//! One part's compression: a complete gzip member or Zstandard frame.

use std::io::{self, Write as _};
use std::mem;

use bytes::Bytes;
use flate2::write::GzEncoder;

use crate::config::Compression;

/// zstd's own default: more costs time out of proportion for text like this.
const ZSTD_LEVEL: i32 = 3;

/// A compressor of one part, which keeps what it has compressed until it is taken.
pub(crate) enum Compressor {
    Gzip(GzEncoder<Vec<u8>>),
    Zstd(zstd::Encoder<'static, Vec<u8>>),
}

impl Compressor {
    /// A compressor; `None` when parts are not compressed.
    pub(crate) fn new(compression: Compression) -> io::Result<Option<Self>> {
        Ok(match compression {
            Compression::None => None,
            // Without a name or time in its header: the same records give the same bytes.
            Compression::Gzip => Some(Self::Gzip(GzEncoder::new(Vec::new(), flate2::Compression::default()))),
            Compression::Zstd => {
                let mut encoder = zstd::Encoder::new(Vec::new(), ZSTD_LEVEL)?;
                encoder.include_checksum(true)?;
                Some(Self::Zstd(encoder))
            }
        })
    }

    /// Compresses on a thread that may be busy, and returns what has come out so far; all of it with `flush`,
    /// which costs a few bytes.
    pub(crate) async fn compress(mut self, content: Bytes, flush: bool) -> io::Result<(Self, Vec<u8>)> {
        busy(move || {
            let compressed = match &mut self {
                Self::Gzip(encoder) => {
                    encoder.write_all(&content)?;
                    if flush {
                        encoder.flush()?;
                    }
                    mem::take(encoder.get_mut())
                }
                Self::Zstd(encoder) => {
                    encoder.write_all(&content)?;
                    if flush {
                        encoder.flush()?;
                    }
                    mem::take(encoder.get_mut())
                }
            };
            Ok((self, compressed))
        })
        .await
    }

    /// Ends the member or frame, and returns the rest of it.
    pub(crate) async fn finish(self) -> io::Result<Vec<u8>> {
        busy(move || match self {
            Self::Gzip(encoder) => encoder.finish(),
            Self::Zstd(encoder) => encoder.finish(),
        })
        .await
    }
}

/// Works on a thread that may be busy.
pub(super) async fn busy<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}
