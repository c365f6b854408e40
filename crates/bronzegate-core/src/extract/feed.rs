//! The way of a page's records from its fetch to the encoder, bounded in bytes.

use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::{Semaphore, mpsc};

use crate::splitter::Piece;

/// Bytes of a page that may wait for the encoder.
const BUDGET: usize = 1 << 20;

/// What a fetch tells the encoder.
#[derive(Debug)]
pub enum Feed {
    /// A response has come; whatever an earlier attempt at the page passed on is void.
    Begin(Timestamp),
    /// Records of the page.
    Records(Piece),
}

/// The fetch's end. Dropping it ends the page.
#[derive(Debug)]
pub(super) struct FeedSender {
    pieces: mpsc::UnboundedSender<(Feed, u32)>,
    room: Arc<Semaphore>,
}

/// The encoder's end.
#[derive(Debug)]
pub(super) struct FeedReceiver {
    pieces: mpsc::UnboundedReceiver<(Feed, u32)>,
    first: Option<(Feed, u32)>,
    room: Arc<Semaphore>,
}

/// The encoder has gone away; nobody wants this page any more.
#[derive(Debug)]
pub(super) struct Gone;

pub(super) fn feed() -> (FeedSender, FeedReceiver) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let room = Arc::new(Semaphore::new(BUDGET));
    (FeedSender { pieces: sender, room: room.clone() }, FeedReceiver { pieces: receiver, first: None, room })
}

impl FeedSender {
    pub(super) fn begin(&self, arrived: Timestamp) -> Result<(), Gone> {
        self.pieces.send((Feed::Begin(arrived), 0)).map_err(|_| Gone)
    }

    /// Waits for room, then passes the piece on.
    pub(super) async fn send(&self, piece: Piece) -> Result<(), Gone> {
        let bytes = piece.bytes.len().min(BUDGET) as u32;
        self.room.acquire_many(bytes).await.map_err(|_| Gone)?.forget();
        self.pieces.send((Feed::Records(piece), bytes)).map_err(|_| Gone)
    }
}

impl FeedReceiver {
    pub(super) async fn next(&mut self) -> Option<Feed> {
        let (feed, bytes) = match self.first.take() {
            Some(first) => first,
            None => self.pieces.recv().await?,
        };
        self.room.add_permits(bytes as usize);
        Some(feed)
    }

    /// Waits until there is something to take, or nothing will come.
    pub(super) async fn begun(&mut self) {
        if self.first.is_none() {
            self.first = self.pieces.recv().await;
        }
    }
}

impl Drop for FeedReceiver {
    fn drop(&mut self) {
        self.room.close();
    }
}
