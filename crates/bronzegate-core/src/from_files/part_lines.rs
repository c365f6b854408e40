//! The lines of a committed part, however large it is.

use std::io;
use std::sync::Arc;

use async_compression::tokio::bufread::{GzipDecoder, ZstdDecoder};
use bytes::Bytes;
use futures::stream::{Stream, try_unfold};
use tokio::io::{AsyncBufRead, AsyncBufReadExt as _, BufReader};
use tokio_util::io::StreamReader;

use crate::bronze::{BronzeStore, ByteRange, Checksum, Receipt};

/// Bytes that are read at a time.
const PIECE: u64 = 4 << 20;

/// The lines of one part.
pub(super) struct PartLines(Box<dyn AsyncBufRead + Send + Unpin>);

impl PartLines {
    /// Begins to read a part. Nothing is asked of the store yet.
    pub(super) fn of(store: &Arc<dyn BronzeStore>, part: &Receipt) -> Self {
        let bytes = StreamReader::new(Box::pin(pieces(store.clone(), part.clone())));
        Self(match part.path.rsplit('.').next() {
            Some("gz") => {
                let mut decoder = GzipDecoder::new(bytes);
                decoder.multiple_members(true);
                Box::new(BufReader::new(decoder))
            }
            Some("zst") => {
                let mut decoder = ZstdDecoder::new(bytes);
                decoder.multiple_members(true);
                Box::new(BufReader::new(decoder))
            }
            _ => Box::new(bytes),
        })
    }

    /// The next line, without its line break; `false` at the end, where the part was found to be what was committed.
    pub(super) async fn next(&mut self, line: &mut Vec<u8>) -> io::Result<bool> {
        line.clear();
        self.0.read_until(b'\n', line).await?;
        let is_line = !line.is_empty();
        if line.last() == Some(&b'\n') {
            line.pop();
        }
        Ok(is_line)
    }
}

/// The bytes of a part as stored. After the last of them it is an error if they are not those that were committed.
fn pieces(store: Arc<dyn BronzeStore>, part: Receipt) -> impl Stream<Item = io::Result<Bytes>> {
    try_unfold((store, part, 0_u64, Checksum::default()), |(store, part, offset, mut checksum)| async move {
        if offset >= part.bytes {
            let is_same = checksum.to_hex() == part.checksum;
            let differs = || io::Error::other("its content is not what was committed: the checksum differs");
            return if is_same { Ok(None) } else { Err(differs()) };
        }
        let range = ByteRange::From { offset, length: PIECE };
        let read = store.get_range(&part.path, range).await.map_err(io::Error::other)?;
        let read = read.ok_or_else(|| io::Error::other("it is not there any more"))?;
        if read.size != part.bytes || read.content.is_empty() {
            let cause = format!("it has {} bytes, and {} were committed", read.size, part.bytes);
            return Err(io::Error::other(cause));
        }
        checksum.update(&read.content);
        let offset = offset + read.content.len() as u64;
        Ok(Some((read.content, (store, part, offset, checksum))))
    })
}
