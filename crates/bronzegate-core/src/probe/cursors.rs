//! Whether the records of the first page have the cursor and key that the source file names.

use crate::config::Incremental;
use crate::cursor::{Bounds, BranchKey, CursorFilter};
use crate::error::Result;
use crate::extract::PageEvent;

/// The cursors of one page, read as a run would.
#[derive(Debug)]
pub(super) struct Cursors<'a> {
    settings: &'a Incremental,
    filter: CursorFilter,
    records: u64,
}

impl<'a> Cursors<'a> {
    pub(super) fn new(settings: &'a Incremental) -> Result<Self> {
        let filter = CursorFilter::within(settings, Bounds::default());
        Ok(Self { settings, filter, records: 0 })
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

    /// What a person should know of the page.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Data`] for what a run would fail by.
    pub(super) fn judge(mut self) -> Result<Option<String>> {
        self.filter.keep()?;
        let is_blind = self.records > 0 && self.filter.newest().all(|newest| newest.is_none());
        Ok(is_blind.then(|| {
            format!(
                "no record of the first page has a cursor at `{}`: does `incremental.cursor` name the API's member?",
                self.settings.cursor
            )
        }))
    }
}
