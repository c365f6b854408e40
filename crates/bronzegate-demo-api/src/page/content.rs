//! The bytes of a page, made in one buffer or chunk by chunk.

use crate::record::{Recipe, write_row};
use bytes::Bytes;
use std::sync::Arc;

/// The largest page that is made in one buffer, in bytes.
const WHOLE: u64 = 4 << 20;
/// The size from which a chunk is handed on, in bytes.
const CHUNK: usize = 256 << 10;

/// A page that is yet to be written.
#[derive(Clone, Debug)]
pub(crate) struct Page {
    pub(crate) recipe: Recipe,
    /// Whether the records are written as rows.
    pub(crate) table: bool,
    /// The records of the whole answer, where they are not made by the recipe.
    pub(crate) records: Option<Arc<[Bytes]>>,
    pub(crate) first: u64,
    pub(crate) count: u64,
    pub(crate) head: Vec<u8>,
    pub(crate) separator: u8,
    pub(crate) tail: Vec<u8>,
}

impl Page {
    /// Whether the page is small enough for one buffer.
    pub(crate) fn is_small(&self) -> bool {
        self.records_bound() <= WHOLE
    }

    fn write(&self, out: &mut Vec<u8>, index: u64) {
        if self.table {
            let mut record = Vec::new();
            self.write_record(&mut record, index);
            write_row(&record, out);
        } else {
            self.write_record(out, index);
        }
    }

    fn write_record(&self, out: &mut Vec<u8>, index: u64) {
        match &self.records {
            Some(records) => out.extend_from_slice(&records[index as usize]),
            None => self.recipe.write(out, index),
        }
    }

    /// The most bytes the records can take.
    fn records_bound(&self) -> u64 {
        self.count.saturating_mul(self.recipe.max_len() as u64 + 1)
    }

    /// Writes the whole page.
    pub(crate) fn render(&self) -> Vec<u8> {
        let bound = self.records_bound() as usize + self.head.len() + self.tail.len();
        let mut out = Vec::with_capacity(bound);
        out.extend_from_slice(&self.head);
        for index in self.first..self.first + self.count {
            if index > self.first {
                out.push(self.separator);
            }
            self.write(&mut out, index);
        }
        out.extend_from_slice(&self.tail);
        out
    }

    /// Writes the page chunk by chunk, whatever its size in the memory of two chunks.
    pub(crate) fn into_chunks(self) -> Chunks {
        Chunks { at: 0, done: false, page: self }
    }
}

/// Writes a page piece by piece.
#[derive(Debug)]
pub(crate) struct Chunks {
    page: Page,
    at: u64,
    done: bool,
}

impl Iterator for Chunks {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.done {
            return None;
        }
        let page = &self.page;
        let mut out = Vec::with_capacity(CHUNK + page.recipe.max_len() + 1);
        if self.at == 0 {
            out.extend_from_slice(&page.head);
        }
        while self.at < page.count && out.len() < CHUNK {
            if self.at > 0 {
                out.push(page.separator);
            }
            page.write(&mut out, page.first + self.at);
            self.at += 1;
        }
        if self.at == page.count {
            out.extend_from_slice(&page.tail);
            self.done = true;
        }
        Some(out.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::Shape;

    fn page(count: u64) -> Page {
        Page {
            recipe: Recipe::new(1, Shape::Crm),
            table: false,
            records: None,
            first: 7,
            count,
            head: b"{\"results\":[".to_vec(),
            separator: b',',
            tail: b"]}".to_vec(),
        }
    }

    #[test]
    fn chunks_are_the_same_bytes_as_the_whole_page() {
        for count in [0, 1, 2_000] {
            let chunks: Vec<u8> = page(count).into_chunks().flatten().collect();
            assert_eq!(chunks, page(count).render());
        }
    }

    #[test]
    fn no_chunk_is_much_larger_than_promised() {
        assert!(!page(100_000).is_small());
        let largest = page(5_000).into_chunks().map(|chunk| chunk.len()).max();
        assert!(largest.unwrap() < CHUNK + 8_192);
    }
}
