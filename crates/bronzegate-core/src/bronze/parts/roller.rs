//! The writing half: it rolls parts and can take back those of an undecided page.
//!
//! The durable end of one part overlaps with the beginning of the next; two ends never overlap.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::{Bytes, BytesMut};
use tokio::task::JoinHandle;

use super::naming::PartNaming;
use super::open::OpenPart;
use crate::bronze::format::PartFormat;
use crate::bronze::store::{BronzeStore, Receipt, StoreError};

pub(super) struct Writer {
    store: Arc<dyn BronzeStore>,
    naming: PartNaming,
    format: PartFormat,
    /// The size at which the next part begins, in bytes as stored.
    max_part_bytes: u64,
    /// Parts opened so far; the number of the newest.
    opened: Arc<AtomicU32>,
    open: Option<OpenPart>,
    closing: Option<JoinHandle<Result<Receipt, StoreError>>>,
    closed: Vec<Receipt>,
    /// Parts closed when the undecided page began.
    undecided: Option<usize>,
    gathered: BytesMut,
}

impl Writer {
    pub(super) fn new(
        store: Arc<dyn BronzeStore>,
        naming: PartNaming,
        format: PartFormat,
        max_part_bytes: u64,
    ) -> Self {
        Self {
            store,
            naming,
            format,
            max_part_bytes,
            opened: Arc::default(),
            open: None,
            closing: None,
            closed: Vec::new(),
            undecided: None,
            gathered: BytesMut::new(),
        }
    }

    /// How many parts are opened, to look at while the writer works.
    pub(super) fn opened(&self) -> Arc<AtomicU32> {
        self.opened.clone()
    }

    /// Appends whole rows, over as many parts as they need.
    pub(super) async fn append(&mut self, mut rows: Bytes, mut records: u64) -> Result<(), StoreError> {
        while !rows.is_empty() {
            let mut part = match self.open.take() {
                Some(part) => part,
                None => self.open_part().await?,
            };
            let room = self.max_part_bytes.saturating_sub(part.largest_size());
            let piece = self.format.fitting(&rows, room, self.max_part_bytes, part.is_empty());
            let piece = rows.split_to(piece);
            let counted = if rows.is_empty() { records } else { self.format.count(&piece) };
            records -= counted;
            let appended = part.append(piece, counted).await;
            let full = part.size() >= self.max_part_bytes;
            self.open = Some(part);
            appended?;
            // Where sizes are exact, what is left did not fit; else only the part's size can tell.
            if full || (self.format.is_exact() && !rows.is_empty()) {
                self.close().await?;
            }
        }
        Ok(())
    }

    /// Closes the current part, so that every later one can be taken back.
    pub(super) async fn begin_undoable(&mut self) -> Result<(), StoreError> {
        self.close().await?;
        self.settle().await?;
        self.undecided = Some(self.closed.len());
        Ok(())
    }

    /// Accepts the parts since `begin_undoable`.
    pub(super) fn keep(&mut self) {
        self.undecided = None;
    }

    /// Takes back the parts since `begin_undoable`, if that page is undecided; their numbers are used again.
    pub(super) async fn undo(&mut self) -> Result<(), StoreError> {
        let Some(kept) = self.undecided.take() else { return Ok(()) };
        self.settle().await?;
        self.take_back(kept).await;
        self.opened.store(kept as u32, Ordering::Relaxed);
        Ok(())
    }

    /// Closes the last part. A page that is still undecided is taken back.
    pub(super) async fn finish(&mut self) -> Result<Vec<Receipt>, StoreError> {
        self.undo().await?;
        self.close().await?;
        self.settle().await?;
        Ok(std::mem::take(&mut self.closed))
    }

    /// Gives everything up.
    pub(super) async fn abort(mut self) {
        // What it failed with was told already, or is of no more interest.
        let _ = self.settle().await;
        self.take_back(0).await;
    }

    async fn open_part(&mut self) -> Result<OpenPart, StoreError> {
        let number = self.opened.load(Ordering::Relaxed) + 1;
        let path = self.naming.path(number, self.format.extension());
        let staged = self.store.stage(&path, &self.naming.staging()).await?;
        self.opened.store(number, Ordering::Relaxed);
        OpenPart::new(path, staged, (&self.format, self.max_part_bytes), std::mem::take(&mut self.gathered))
    }

    async fn close(&mut self) -> Result<(), StoreError> {
        let Some(part) = self.open.take() else { return Ok(()) };
        let (complete, gathered) = part.complete().await?;
        self.gathered = gathered;
        self.settle().await?;
        self.closing = Some(tokio::spawn(complete.finish()));
        Ok(())
    }

    /// Waits for the end of the part that is closing.
    async fn settle(&mut self) -> Result<(), StoreError> {
        let Some(closing) = self.closing.take() else { return Ok(()) };
        // It is never aborted, so the only way not to end is a panic, which goes on here.
        let receipt = closing.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))?;
        self.closed.push(receipt);
        Ok(())
    }

    /// Gives up the open part and those closed after the first `kept`. An upload that cannot be given up
    /// is nobody's: a sweep, or the store's own rule, removes it.
    async fn take_back(&mut self, kept: usize) {
        if let Some(part) = self.open.take() {
            let given_up = part.abort().await;
            self.log(given_up);
        }
        for receipt in self.closed.split_off(kept) {
            let given_up = self.store.abort(&receipt).await;
            self.log(given_up);
        }
    }

    fn log(&self, given_up: Result<(), StoreError>) {
        if let Err(error) = given_up {
            tracing::warn!(stream = self.naming.layout.stream(), %error, "an upload is left for a later sweep");
        }
    }
}
