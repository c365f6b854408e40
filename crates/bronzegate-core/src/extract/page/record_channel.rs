//! The way of a page's records from its fetch to the encoder, bounded in bytes.

use std::sync::{Arc, Mutex};

use jiff::Timestamp;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::cursor::AgeWatch;
use crate::formats::RecordChunk;
use crate::http::Facts;
use crate::unfinished::Unfinished;

/// Bytes of a page that may wait for the encoder.
const BUDGET: usize = 1 << 20;

const NO_PANIC: &str = "no holder of this lock panics";

/// What a fetch tells the encoder.
#[derive(Debug)]
pub(crate) enum PageEvent {
    /// A response has come; whatever an earlier attempt at the page passed on is void.
    Begin(Timestamp),
    /// Records of the page.
    Records(RecordChunk),
}

/// The fetch's end. Dropping it ends the page.
#[derive(Debug)]
pub(crate) struct RecordSender {
    pieces: mpsc::UnboundedSender<(PageEvent, u32)>,
    room: Arc<Semaphore>,
    /// Where the newest records come first.
    watch: Option<AgeWatch>,
    /// Who wants to know, before the page is whole, what it says of the next one.
    early: Mutex<Option<oneshot::Sender<Facts>>>,
}

/// The encoder's end.
#[derive(Debug)]
pub(crate) struct RecordReceiver {
    pieces: mpsc::UnboundedReceiver<(PageEvent, u32)>,
    first: Option<(PageEvent, u32)>,
    room: Arc<Semaphore>,
}

/// The encoder has gone away; nobody wants this page any more.
#[derive(Debug)]
pub(crate) struct Gone;

impl From<Gone> for Unfinished {
    fn from(_: Gone) -> Self {
        Self::Stopped
    }
}

pub(crate) fn record_channel(
    watch: Option<AgeWatch>,
    early: Option<oneshot::Sender<Facts>>,
) -> (RecordSender, RecordReceiver) {
    let (sender, receiver) = mpsc::unbounded_channel();
    let room = Arc::new(Semaphore::new(BUDGET));
    (
        RecordSender { pieces: sender, room: room.clone(), watch, early: Mutex::new(early) },
        RecordReceiver { pieces: receiver, first: None, room },
    )
}

impl RecordSender {
    /// Whether somebody wants to know what the response says before its records.
    pub(crate) fn is_awaited(&self) -> bool {
        self.early.lock().expect(NO_PANIC).is_some()
    }

    /// Tells it, once a fetch: a further attempt at the page tells no more.
    pub(crate) fn announce(&self, facts: Facts) {
        if let Some(early) = self.early.lock().expect(NO_PANIC).take() {
            // Nobody waits any more where the page has been given up.
            let _ = early.send(facts);
        }
    }

    pub(crate) fn begin(&self, arrived: Timestamp) -> Result<(), Gone> {
        self.watch.iter().for_each(AgeWatch::begin);
        self.pieces.send((PageEvent::Begin(arrived), 0)).map_err(|_| Gone)
    }

    /// Waits for room, then passes the piece on.
    pub(crate) async fn send(&self, piece: RecordChunk) -> Result<(), Gone> {
        self.watch.iter().for_each(|watch| watch.see(&piece));
        let bytes = piece.size().min(BUDGET) as u32;
        self.room.acquire_many(bytes).await.map_err(|_| Gone)?.forget();
        self.pieces.send((PageEvent::Records(piece), bytes)).map_err(|_| Gone)
    }
}

impl RecordSender {
    /// Whether all records of the page lie before what has been read, where the newest come first.
    pub(crate) fn is_all_older(&self) -> bool {
        self.watch.as_ref().is_some_and(AgeWatch::is_all_older)
    }
}

impl RecordReceiver {
    pub(crate) async fn next(&mut self) -> Option<PageEvent> {
        let (events, bytes) = match self.first.take() {
            Some(first) => first,
            None => self.pieces.recv().await?,
        };
        self.room.add_permits(bytes as usize);
        Some(events)
    }

    /// Waits until there is something to take, or nothing will come.
    pub(crate) async fn begun(&mut self) {
        if self.first.is_none() {
            self.first = self.pieces.recv().await;
        }
    }
}

impl Drop for RecordReceiver {
    fn drop(&mut self) {
        self.room.close();
    }
}
