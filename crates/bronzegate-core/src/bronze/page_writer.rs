//! Pages into parts: each page as a whole, or no trace of it.
//!
//! A page's lines are held until the page is known to be good. One that grows beyond
//! [`HOLD`] goes into parts of its own as it comes, which are given up if it turns out bad; so
//! memory does not grow with the page, and what was staged before it is never touched.

use std::collections::BTreeSet;
use std::sync::Arc;

use tokio::task::consume_budget;

use super::format::{Encoder, PageTail};
use super::parts::Parts;
use super::store::{Receipt, StoreError};
use crate::cursor::{CursorFilter, member};
use crate::error::Error;
use crate::extract::{Branch, Page, PageDecision, PageEvent, owner_of};
use crate::formats::RecordChunk;
use crate::http::Stats;

/// Bytes of lines that are held until their page is known to be good.
pub(crate) const HOLD: usize = 8 << 20;
/// Bytes that are passed on at a time from a page larger than that.
const SPILL: usize = 1 << 20;

/// Writes the pages of one segment.
#[derive(Debug)]
pub(crate) struct PageWriter {
    parts: Parts,
    encoder: Encoder,
    /// What each record gets besides, each member with a comma before it.
    added: String,
    /// Which records are written; all of them without it.
    filter: Option<CursorFilter>,
    stats: Arc<Stats>,
    held: Held,
    /// The size of the last page's lines, which the next one's will resemble.
    usual: usize,
}

/// The lines of the page that is being written.
#[derive(Debug, Default)]
struct Held {
    lines: Vec<u8>,
    records: u64,
    /// Records and bytes of this page that are in parts of its own already.
    spilled: Option<(u64, u64)>,
}

impl PageWriter {
    /// A writer into these parts.
    pub(crate) fn new(
        parts: Parts,
        (encoder, added): (Encoder, String),
        filter: Option<CursorFilter>,
        stats: Arc<Stats>,
    ) -> Self {
        Self { parts, encoder, added, filter, stats, held: Held::default(), usual: 0 }
    }

    /// Writes one page of a branch and returns its warning, if it has one.
    ///
    /// # Errors
    /// The store's, and the filter's where a record's cursor cannot be read; the segment is then to be
    /// given up.
    pub(crate) async fn write(&mut self, branch: &Branch, mut page: Page) -> Result<Option<String>, Error> {
        let mut tail: Option<PageTail> = None;
        let mut named = BTreeSet::new();
        while let Some(event) = page.next().await {
            match event {
                PageEvent::Begin(arrived) => {
                    self.forget().await?;
                    named.clear();
                    let members = format!("{}{}", branch.members(), self.added);
                    tail = Some(self.encoder.page(arrived, &members));
                    if let Some(filter) = &mut self.filter {
                        filter.begin(branch.key());
                    }
                }
                PageEvent::Records(piece) => {
                    let Some(tail) = &tail else { continue };
                    if let Some(owners) = branch.owners() {
                        let owner = |record| owner_of(member(record, owners.at.tokens())?);
                        named.extend(piece.records().filter_map(owner).filter(|owner| owners.awaits(owner)));
                    }
                    let piece = match &mut self.filter {
                        Some(filter) => filter.sift(piece),
                        None => piece,
                    };
                    if self.held.lines.capacity() == 0 {
                        self.held.lines.reserve(self.usual);
                    }
                    self.encode(tail, &piece).await?;
                }
            }
        }
        match page.decision().await {
            PageDecision::Keep { warning } => {
                if let Some(filter) = &mut self.filter {
                    filter.keep()?;
                }
                self.keep().await?;
                if let Some(owners) = branch.owners() {
                    owners.named(&named);
                }
                Ok(warning)
            }
            PageDecision::Discard => {
                self.forget().await?;
                Ok(None)
            }
        }
    }

    /// How many parts are opened so far.
    pub(crate) fn parts(&self) -> u32 {
        self.parts.opened()
    }

    /// The filter, with what it has seen.
    pub(crate) fn filter(&self) -> Option<&CursorFilter> {
        self.filter.as_ref()
    }

    /// The receipts of what was written, and the filter with what it has seen.
    ///
    /// # Errors
    /// The store's.
    pub(crate) async fn finish(self) -> Result<(Vec<Receipt>, Option<CursorFilter>), StoreError> {
        Ok((self.parts.finish().await?, self.filter))
    }

    /// Gives up everything.
    pub(crate) async fn abort(self) {
        self.parts.abort().await;
    }

    /// Takes a piece's lines, and passes them on as often as there are enough.
    async fn encode(&mut self, tail: &PageTail, piece: &RecordChunk) -> Result<(), StoreError> {
        let mut nth = 0;
        while nth < piece.spans.len() {
            let next = tail.encode(piece, nth, self.bound(), &mut self.held.lines);
            self.held.records += (next - nth) as u64;
            nth = next;
            self.spill().await?;
            // A large record is work enough for others to have their turn.
            consume_budget().await;
        }
        Ok(())
    }

    /// How many bytes of lines are held.
    fn bound(&self) -> usize {
        if self.held.spilled.is_some() { SPILL } else { HOLD }
    }

    async fn spill(&mut self) -> Result<(), StoreError> {
        if self.held.lines.len() < self.bound() {
            return Ok(());
        }
        if self.held.spilled.is_none() {
            self.parts.begin_undoable().await?;
        }
        let lines = std::mem::take(&mut self.held.lines);
        let records = std::mem::take(&mut self.held.records);
        let (spilled_records, spilled_bytes) = self.held.spilled.unwrap_or_default();
        self.held.spilled = Some((spilled_records + records, spilled_bytes + lines.len() as u64));
        self.usual = SPILL + SPILL / 4;
        self.parts.append(lines.into(), records).await
    }

    async fn keep(&mut self) -> Result<(), StoreError> {
        let Held { lines, records, spilled } = std::mem::take(&mut self.held);
        let (spilled_records, spilled_bytes) = spilled.unwrap_or_default();
        self.stats.page(records + spilled_records, lines.len() as u64 + spilled_bytes);
        self.usual = lines.len() + lines.len() / 16;
        if !lines.is_empty() {
            self.parts.append(lines.into(), records).await?;
        }
        if spilled.is_some() { self.parts.keep().await } else { Ok(()) }
    }

    /// Leaves no trace of the page so far.
    async fn forget(&mut self) -> Result<(), StoreError> {
        let spilled = self.held.spilled.take();
        self.held.lines.clear();
        self.held.records = 0;
        if spilled.is_some() { self.parts.undo().await } else { Ok(()) }
    }
}
