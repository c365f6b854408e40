//! Pages into parts: each page as a whole, or no trace of it.
//!
//! A page's lines are held until the page is known to be good. One that grows beyond
//! [`HOLD`] goes into parts of its own as it comes, which are given up if it turns out bad; so
//! memory does not grow with the page, and what was staged before it is never touched.

use std::sync::Arc;

use super::encoder::{Encoder, PageTail};
use super::parts::Parts;
use super::store::{Receipt, StoreError};
use crate::cursor::Sieve;
use crate::error::Error;
use crate::extract::{Branch, Feed, Page, Verdict};
use crate::http::Stats;

/// Bytes of lines that are held until their page is known to be good.
pub const HOLD: usize = 8 << 20;
/// Bytes that are passed on at a time from a page larger than that.
const SPILL: usize = 1 << 20;

/// Writes the pages of one segment.
#[derive(Debug)]
pub struct PageWriter {
    parts: Parts,
    encoder: Encoder,
    /// Which records are written; all of them without it.
    sieve: Option<Sieve>,
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
    pub fn new(parts: Parts, encoder: Encoder, sieve: Option<Sieve>, stats: Arc<Stats>) -> Self {
        Self { parts, encoder, sieve, stats, held: Held::default(), usual: 0 }
    }

    /// Writes one page of a branch and returns its warning, if it has one.
    ///
    /// # Errors
    /// The store's, and the sieve's where a record's cursor cannot be read; the segment is then to be
    /// given up.
    pub async fn write(&mut self, branch: &Branch, mut page: Page) -> Result<Option<String>, Error> {
        let mut tail: Option<PageTail> = None;
        while let Some(feed) = page.next().await {
            match feed {
                Feed::Begin(arrived) => {
                    self.forget().await?;
                    tail = Some(self.encoder.page(arrived, branch.members()));
                    if let Some(sieve) = &mut self.sieve {
                        sieve.begin(branch.hash());
                    }
                }
                Feed::Records(piece) => {
                    let Some(tail) = &tail else { continue };
                    let piece = match &mut self.sieve {
                        Some(sieve) => sieve.sift(piece),
                        None => piece,
                    };
                    if self.held.lines.capacity() == 0 {
                        self.held.lines.reserve(self.usual);
                    }
                    tail.encode(&piece, &mut self.held.lines);
                    self.held.records += piece.spans.len() as u64;
                    self.spill().await?;
                }
            }
        }
        match page.verdict().await {
            Verdict::Keep { warning } => {
                if let Some(sieve) = &mut self.sieve {
                    sieve.keep()?;
                }
                self.keep().await?;
                Ok(warning)
            }
            Verdict::Drop => {
                self.forget().await?;
                Ok(None)
            }
        }
    }

    /// The receipts of what was written, and the sieve with what it has seen.
    ///
    /// # Errors
    /// The store's.
    pub async fn finish(self) -> Result<(Vec<Receipt>, Option<Sieve>), StoreError> {
        Ok((self.parts.finish().await?, self.sieve))
    }

    /// Gives up everything.
    pub async fn abort(self) {
        self.parts.abort().await;
    }

    async fn spill(&mut self) -> Result<(), StoreError> {
        let bound = if self.held.spilled.is_some() { SPILL } else { HOLD };
        if self.held.lines.len() < bound {
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
