//! Lists of records that are in the elements of a list, or in the members of an object.

use super::wanted::Kind;
use crate::formats::page_body::RecordsFound;

/// What was found of lists in lists.
#[derive(Debug)]
pub(super) struct InLists {
    /// How many member names lead to the elements.
    depth: usize,
    /// What stands where the elements should be.
    outer: RecordsFound,
    /// What stands in place of the list of an element that has none.
    instead: RecordsFound,
    elements: u64,
    lists: u64,
}

impl InLists {
    /// Nothing of them yet; so many member names lead to the elements.
    pub(super) fn below(depth: usize) -> Self {
        Self { depth, outer: RecordsFound::Absent, instead: RecordsFound::Absent, elements: 0, lists: 0 }
    }

    /// Whether the elements are at this depth.
    pub(super) fn holds(&self, depth: usize) -> bool {
        self.depth + 1 == depth
    }

    /// Notes a value on the way to the records, or where it `ends`; whether it is what holds them all.
    pub(super) fn note(&mut self, depth: usize, kind: Kind, ends: bool) -> bool {
        let found = kind.found();
        if depth == self.depth {
            self.outer = if kind == Kind::Object { RecordsFound::Records } else { found };
            return self.outer == RecordsFound::Records;
        }
        self.elements += u64::from(self.holds(depth));
        if ends && found == RecordsFound::Records {
            self.lists += 1;
        } else if ends || !matches!(kind, Kind::Object | Kind::Array) {
            // Something else weighs more than nothing.
            let is_known = matches!(self.instead, RecordsFound::Other(_));
            self.instead = if is_known { self.instead } else { found };
        }
        false
    }

    /// What stands at the records path, and how many elements there are.
    pub(super) fn found(&self) -> (RecordsFound, u64) {
        let found = match self.outer {
            RecordsFound::Records if self.lists == self.elements => RecordsFound::Records,
            RecordsFound::Records => self.instead,
            other => other,
        };
        (found, self.elements)
    }
}
