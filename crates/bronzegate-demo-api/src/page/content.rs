//! The bytes of a page, made in one buffer or chunk by chunk.

use crate::{
    quirks::{Form, hides},
    record::{Recipe, Table},
};
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
    /// The table whose rows the records are written as, if they are.
    pub(crate) table: Option<Table>,
    /// How the records stand there.
    pub(crate) form: Form,
    /// The records of the whole answer, where they are not made by the recipe.
    pub(crate) records: Option<Arc<[Bytes]>>,
    pub(crate) first: u64,
    pub(crate) count: u64,
    /// About every nth record is left out.
    pub(crate) hidden: Option<u64>,
    pub(crate) head: Vec<u8>,
    pub(crate) separator: u8,
    pub(crate) tail: Vec<u8>,
}

impl Page {
    /// Whether the page is small enough for one buffer.
    pub(crate) fn is_small(&self) -> bool {
        self.records_bound() <= WHOLE
    }

    /// Writes a record, unless it is left out, and what separates it from those before.
    fn write(&self, out: &mut Vec<u8>, index: u64, is_first: &mut bool) {
        let end = out.len();
        if !*is_first {
            out.push(self.separator);
        }
        let start = out.len();
        match &self.records {
            Some(records) => out.extend_from_slice(&records[index as usize]),
            None => self.recipe.write(out, index),
        }
        if hides(self.hidden, &out[start..]) {
            out.truncate(end);
            return;
        }
        *is_first = false;
        if self.form != Form::List {
            let record = out.split_off(start);
            self.form.write(&self.recipe, index, &record, out);
        }
        if let Some(table) = &self.table {
            let record = out.split_off(start);
            table.write_row(&record, out);
        }
    }

    /// The most bytes the records can take.
    fn records_bound(&self) -> u64 {
        let each = if let Form::Lists { most, .. } = self.form { most + 1 } else { 1 };
        self.count.saturating_mul(each).saturating_mul(self.recipe.max_len() as u64 + 1)
    }

    /// Writes the whole page.
    pub(crate) fn render(&self) -> Vec<u8> {
        let bound = self.records_bound() as usize + self.head.len() + self.tail.len();
        let mut out = Vec::with_capacity(bound);
        out.extend_from_slice(&self.head);
        let mut is_first = true;
        for index in self.first..self.first + self.count {
            self.write(&mut out, index, &mut is_first);
        }
        out.extend_from_slice(&self.tail);
        out
    }

    /// Writes the page chunk by chunk, whatever its size in the memory of two chunks.
    pub(crate) fn into_chunks(self) -> Chunks {
        Chunks { at: 0, is_first: true, done: false, page: self }
    }
}

/// Writes a page piece by piece.
#[derive(Debug)]
pub(crate) struct Chunks {
    page: Page,
    at: u64,
    is_first: bool,
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
            page.write(&mut out, page.first + self.at, &mut self.is_first);
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
    use crate::record::Shape;

    fn page(count: u64) -> Page {
        Page {
            recipe: Recipe::new(1, Shape::Crm),
            table: None,
            form: Form::List,
            records: None,
            first: 7,
            count,
            hidden: None,
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
    fn hidden_records_leave_no_trace() {
        let page = Page { hidden: Some(2), ..page(40) };
        let chunks: Vec<u8> = page.clone().into_chunks().flatten().collect();
        assert_eq!(chunks, page.render());
        let body: serde_json::Value = serde_json::from_slice(&chunks).unwrap();
        let shown = body["results"].as_array().unwrap().len();
        assert!((5..35).contains(&shown), "{shown}");
    }

    #[test]
    fn no_chunk_is_much_larger_than_promised() {
        assert!(!page(100_000).is_small());
        let largest = page(5_000).into_chunks().map(|chunk| chunk.len()).max();
        assert!(largest.unwrap() < CHUNK + 8_192);
    }
}
