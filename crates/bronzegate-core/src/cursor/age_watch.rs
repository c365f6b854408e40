//! Where the newest records come first: whether all of a page lie before what has been read.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use super::filter::cursor_of;
use super::value::CursorValue;
use crate::config::Incremental;
use crate::formats::RecordChunk;

/// Watches the records of one page on their way.
#[derive(Debug)]
pub(crate) struct AgeWatch {
    settings: Arc<Incremental>,
    mark: CursorValue,
    /// Records older than the mark.
    older: AtomicU64,
    /// Records that are not, or whose cursor cannot be read.
    others: AtomicU64,
}

impl AgeWatch {
    /// Holds records against a mark.
    pub(crate) fn new(settings: Arc<Incremental>, mark: CursorValue) -> Self {
        Self { settings, mark, older: AtomicU64::new(0), others: AtomicU64::new(0) }
    }

    /// The page begins, or begins again.
    pub(crate) fn begin(&self) {
        self.older.store(0, Relaxed);
        self.others.store(0, Relaxed);
    }

    /// Takes some of its records.
    pub(crate) fn see(&self, records: &RecordChunk) {
        for record in records.records() {
            // One without a cursor says nothing of the order.
            let Some(json) = cursor_of(record, &self.settings.cursor) else { continue };
            let order = CursorValue::in_record(&self.settings.format, json);
            let is_older = order.is_ok_and(|(order, _)| order < *self.mark.order());
            if is_older { &self.older } else { &self.others }.fetch_add(1, Relaxed);
        }
    }

    /// Whether there were records with a cursor, and all of them are older than the mark.
    pub(crate) fn is_all_older(&self) -> bool {
        self.older.load(Relaxed) > 0 && self.others.load(Relaxed) == 0
    }
}
