//! The values of listed members: where each stands in the records of a row group.

use std::collections::HashMap;
use std::ops::Range;

use super::json::{members, text};
use super::rows::Rows;
use crate::config::ListedColumn;

/// Finds listed members in records.
#[derive(Debug)]
pub(super) struct Finder {
    /// The columns of each member.
    columns: HashMap<String, Vec<usize>>,
    /// The lengths that members' names have.
    lengths: Vec<bool>,
    count: usize,
}

/// The listed values of a row group, and which of them did not fit their columns.
#[derive(Debug)]
pub(super) struct Listed {
    columns: usize,
    /// Where each value stands in its record, row after row; absent values and nulls are empty.
    values: Vec<(u32, u32)>,
    /// Which values did not fit; empty as long as all do.
    misfits: Vec<bool>,
}

/// What a cell takes of memory while its row group is written.
pub(super) const CELL: usize = size_of::<(u32, u32)>() + size_of::<bool>();

impl Finder {
    pub(super) fn new(listed: &[ListedColumn]) -> Self {
        let mut columns: HashMap<String, Vec<usize>> = HashMap::new();
        let longest = listed.iter().map(|column| column.member.len()).max().unwrap_or_default();
        let mut lengths = vec![false; longest + 1];
        for (nth, column) in listed.iter().enumerate() {
            lengths[column.member.len()] = true;
            columns.entry(column.member.clone()).or_default().push(nth);
        }
        Self { columns, lengths, count: listed.len() }
    }

    /// Finds the values of all rows, of a repeated member the last.
    pub(super) fn find(&self, rows: Rows<'_>, count: usize) -> Listed {
        let mut values = Vec::with_capacity(if self.count == 0 { 0 } else { count * self.count });
        if self.count > 0 {
            for row in rows {
                let first = values.len();
                values.resize(first + self.count, (0, 0));
                self.of_record(row.record, &mut values[first..]);
            }
        }
        Listed { columns: self.count, values, misfits: Vec::new() }
    }

    fn of_record(&self, record: &[u8], values: &mut [(u32, u32)]) {
        for member in members(record) {
            let Some(columns) = self.named(&record[member.name]) else { continue };
            let value = match &record[member.value.clone()] {
                b"null" => (0, 0),
                // A record has at most as many bytes as a chunk's offsets can tell.
                _ => (member.value.start as u32, member.value.end as u32),
            };
            for &column in columns {
                values[column] = value;
            }
        }
    }

    /// The columns of a member by its name with quotes.
    fn named(&self, name: &[u8]) -> Option<&[usize]> {
        if memchr::memchr(b'\\', name).is_none()
            && !self.lengths.get(name.len() - 2).copied().unwrap_or(false)
        {
            return None;
        }
        self.columns.get(&*text(name)?).map(Vec::as_slice)
    }
}

impl Listed {
    /// Where a value stands in its row's record; `None` for an absent one and for null.
    pub(super) fn value(&self, row: usize, column: usize) -> Option<Range<usize>> {
        let (start, end) = *self.values.get(row * self.columns + column)?;
        (end > start).then_some(start as usize..end as usize)
    }

    /// Notes that a value did not fit.
    pub(super) fn misfit(&mut self, row: usize, column: usize) {
        if self.misfits.is_empty() {
            self.misfits.resize(self.values.len(), false);
        }
        self.misfits[row * self.columns + column] = true;
    }

    /// The members of a row whose values did not fit, as a JSON list of names, each once; `None` where all did.
    pub(super) fn rescued(&self, row: usize, listed: &[ListedColumn]) -> Option<String> {
        let first = row * self.columns;
        let misfits = self.misfits.get(first..first + self.columns)?;
        let mut names: Vec<&str> = Vec::new();
        for (column, _) in listed.iter().zip(misfits).filter(|(_, misfit)| **misfit) {
            if !names.contains(&column.member.as_str()) {
                names.push(&column.member);
            }
        }
        (!names.is_empty()).then(|| serde_json::Value::from(names).to_string())
    }
}
