//! A Parquet file in a store, as the Parquet library wants to read it: in ranges, of bounded size.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Arc, Mutex, PoisonError};

use bronzegate_core::bronze::{ByteRange, StoreError};
use bytes::Bytes;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::{ChunkReader, Length};

use super::bridge::Bridge;
use crate::log::LogError;

/// The most bytes of a page, stored or decompressed, and of a footer. Writers make pages of about 1 MiB.
pub(crate) const LARGEST: usize = 32 << 20;

/// What is read at a time where little is asked for. Columns that are null have some hundred bytes each.
const BLOCK: u64 = 64 << 10;

/// Blocks that are kept.
const BLOCKS: usize = 32;

/// A file that is read in ranges.
#[derive(Clone, Debug)]
pub(crate) struct StoredFile(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    bridge: Bridge,
    path: String,
    size: u64,
    blocks: Mutex<VecDeque<(u64, Bytes)>>,
}

impl StoredFile {
    /// Opens a file by reading its end, where its footer is.
    pub(crate) fn open(bridge: &Bridge, path: &str) -> std::result::Result<Self, LogError> {
        let read = bridge.read(path, ByteRange::Last(BLOCK))?.ok_or_else(|| LogError::gone(path))?;
        let start = read.size - read.content.len() as u64;
        let blocks = Mutex::new(VecDeque::from([(start, read.content)]));
        Ok(Self(Arc::new(Inner { bridge: bridge.clone(), path: path.to_owned(), size: read.size, blocks })))
    }

    pub(crate) fn size(&self) -> u64 {
        self.0.size
    }
}

/// Why the library could not read a file: what the store said, or that the file is damaged.
pub(crate) fn why(path: &str, error: ParquetError) -> LogError {
    match error {
        ParquetError::External(cause) => match cause.downcast::<StoreError>() {
            Ok(error) => LogError::Store(*error),
            Err(cause) => LogError::damaged(path, cause.to_string()),
        },
        other => LogError::damaged(path, format!("it cannot be read as Parquet: {other}")),
    }
}

impl Inner {
    fn range(&self, start: u64, length: u64) -> Result<Bytes> {
        let range = ByteRange::From { offset: start, length };
        let read = self.bridge.read(&self.path, range).map_err(external)?;
        match read {
            Some(read) if read.size == self.size && read.content.len() as u64 == length => Ok(read.content),
            _ => Err(ParquetError::EOF(format!("{length} bytes at {start} are not there any more"))),
        }
    }

    /// What is kept, or read now, from a place on: at least one byte of a place within the file.
    fn around(&self, start: u64) -> Result<Bytes> {
        if start >= self.size {
            return Err(ParquetError::EOF(format!("byte {start} of {} is asked for", self.size)));
        }
        let kept = |blocks: &VecDeque<(u64, Bytes)>| {
            let found = blocks.iter().find(|(at, block)| (*at..*at + block.len() as u64).contains(&start));
            found.map(|(at, block)| block.slice((start - at) as usize..))
        };
        if let Some(found) = kept(&self.blocks.lock().unwrap_or_else(PoisonError::into_inner)) {
            return Ok(found);
        }
        let block = self.range(start, BLOCK.min(self.size - start))?;
        let mut blocks = self.blocks.lock().unwrap_or_else(PoisonError::into_inner);
        if blocks.len() >= BLOCKS {
            blocks.pop_front();
        }
        blocks.push_back((start, block.clone()));
        Ok(block)
    }
}

impl Length for StoredFile {
    fn len(&self) -> u64 {
        self.0.size
    }
}

impl ChunkReader for StoredFile {
    type T = PageHeaderRead;

    fn get_read(&self, start: u64) -> Result<PageHeaderRead> {
        Ok(PageHeaderRead { file: self.clone(), position: start, begun: false })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let end = start.checked_add(length as u64);
        if length > LARGEST || end.is_none_or(|end| end > self.0.size) {
            let size = self.0.size;
            return Err(ParquetError::General(format!("{length} bytes at {start} of {size} are too many")));
        }
        if length == 0 {
            return Ok(Bytes::new());
        }
        if (length as u64) < BLOCK {
            let found = self.0.around(start)?;
            if found.len() >= length {
                return Ok(found.slice(..length));
            }
        }
        self.0.range(start, length as u64)
    }
}

/// Reads from a place on. The library reads nothing but page headers this way, so the first read is compared with the
/// bound of pages, before anything is allocated for one.
#[derive(Debug)]
pub(crate) struct PageHeaderRead {
    file: StoredFile,
    position: u64,
    begun: bool,
}

impl Read for PageHeaderRead {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.position >= self.file.size() {
            return Ok(0);
        }
        let found = self.file.0.around(self.position).map_err(io::Error::other)?;
        if !self.begun {
            self.begun = true;
            if page_sizes(&found).is_some_and(|sizes| sizes.into_iter().any(|size| size > LARGEST as u64)) {
                return Err(io::Error::other(format!("a page has more than {LARGEST} bytes")));
            }
        }
        let length = buffer.len().min(found.len());
        buffer[..length].copy_from_slice(&found[..length]);
        self.position += length as u64;
        Ok(length)
    }
}

/// The two sizes that a page's header says. Thrift's compact protocol writes the first three fields of a
/// `PageHeader` (its type, and these) as a byte of type and distance, and a zigzag varint each.
fn page_sizes(header: &[u8]) -> Option<[u64; 2]> {
    let mut rest = header;
    let mut field = || -> Option<u64> {
        const NEXT_FIELD_I32: u8 = 0x15;
        let (first, mut tail) = rest.split_first()?;
        if *first != NEXT_FIELD_I32 {
            return None;
        }
        let mut value = 0_u64;
        for shift in (0..63).step_by(7) {
            let (byte, after) = tail.split_first()?;
            tail = after;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                rest = tail;
                return Some(value >> 1);
            }
        }
        None
    };
    field()?;
    Some([field()?, field()?])
}

fn external(error: StoreError) -> ParquetError {
    ParquetError::External(Box::new(error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sizes_of_a_page_are_read_from_its_header() {
        // type 0, uncompressed 300, compressed 100
        assert_eq!(page_sizes(&[0x15, 0x00, 0x15, 0xd8, 0x04, 0x15, 0xc8, 0x01, 0x2c]), Some([300, 100]));
        assert_eq!(page_sizes(&[0x15, 0x00, 0x15, 0xd8]), None);
        assert_eq!(page_sizes(&[0x19, 0x00, 0x15, 0x00, 0x15, 0x00]), None);
        assert_eq!(page_sizes(&[]), None);
    }
}
