//! Whether the records of the first page have the cursor and key that the source file names.

use crate::config::Incremental;
use crate::cursor::{Bounds, BranchKey, CursorFilter, CursorState, CursorValue};
use crate::error::Result;
use crate::extract::PageEvent;
use crate::run::{lacks_the_beginning, local_times, without_instants};

/// The cursors of one page, read as a run would.
#[derive(Debug)]
pub(super) struct Cursors<'a> {
    settings: &'a Incremental,
    filter: CursorFilter,
    records: u64,
}

impl<'a> Cursors<'a> {
    /// Those of a run that asks for these bounds.
    pub(super) fn new(settings: &'a Incremental, bounds: Bounds) -> Self {
        let filter = CursorFilter::within(settings, bounds);
        Self { settings, filter, records: 0 }
    }

    /// Takes the page's records as they come.
    pub(super) fn see(&mut self, event: &PageEvent) {
        match event {
            PageEvent::Begin(_) => {
                self.filter.begin(BranchKey::ONLY);
                self.records = 0;
            }
            PageEvent::Records(piece) => {
                self.records += piece.spans.len() as u64;
                self.filter.sift(piece.clone());
            }
        }
    }

    /// What somebody should know of the page.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Data`] for what a run would fail by.
    pub(super) fn judge(mut self, asked: &CursorState, is_last: bool) -> Result<Vec<String>> {
        self.filter.keep()?;
        let left_out = self.filter.left_out();
        let is_blind = self.filter.newest().all(|newest| newest.is_none());
        let has_none = self.records > 0 && is_blind && left_out.outside == 0;
        let blind = has_none.then(|| {
            format!(
                "no record of the first page has a cursor at `{}`: does `incremental.cursor` name the API's member?",
                self.settings.cursor
            )
        });
        let told = self.filter.judged()?;
        // On a page of several, the oldest of all is known only where they are in order.
        let is_known = is_last || self.filter.is_rising();
        let oldest = self.filter.oldest().filter(|_| is_known);
        let format = &self.settings.format;
        let oldest = oldest.map(|time| CursorValue::of_time(format, time).verbatim().clone());
        let read = CursorState { oldest, ..asked.clone() };
        let lacks = lacks_the_beginning(self.settings, &read);
        let repeats = without_instants(self.settings, &self.filter);
        let local = local_times(&self.filter);
        Ok([blind, told, lacks, repeats, local].into_iter().flatten().collect())
    }
}
