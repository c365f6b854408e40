//! The caller's half: a bounded channel to the writer, so that compressing and storing one page overlaps
//! with fetching and encoding the next.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::naming::PartNaming;
use super::roller::Writer;
use crate::bronze::format::PartFormat;
use crate::bronze::store::{BronzeStore, Receipt, StoreError};

/// Pages that wait for the writer. Each is bounded by the caller, so this bounds memory.
const WAITING: usize = 2;

/// The parts of one segment while it runs.
///
/// A store error surfaces at the next call, or at [`finish`](Self::finish); what was staged is given up
/// then. Dropped, all is given up too. Without a record there is no part at all.
#[derive(Debug)]
pub(crate) struct Parts {
    commands: mpsc::Sender<Command>,
    /// Taken when its outcome has been told.
    writer: Option<JoinHandle<Result<Vec<Receipt>, StoreError>>>,
    /// The folder of the parts, for messages.
    folder: String,
    /// Parts that were opened.
    opened: Arc<AtomicU32>,
}

#[derive(Debug)]
enum Command {
    Append(Bytes, u64),
    BeginUndoable,
    Keep,
    Undo,
    Finish,
}

impl Parts {
    /// Begins a segment's parts. It needs a tokio runtime around it.
    pub(crate) fn new(
        store: Arc<dyn BronzeStore>,
        naming: PartNaming,
        format: PartFormat,
        max_part_bytes: u64,
    ) -> Self {
        let folder = naming.folder();
        let (commands, queue) = mpsc::channel(WAITING);
        let writer = Writer::new(store, naming, format, max_part_bytes);
        let opened = writer.opened();
        let writer = tokio::spawn(obey(queue, writer));
        Self { commands, writer: Some(writer), folder, opened }
    }

    /// How many parts were opened so far, those that were taken back not counted.
    pub(crate) fn opened(&self) -> u32 {
        self.opened.load(Ordering::Relaxed)
    }

    /// Appends whole lines, each with its line break. A part is closed when it has `max_part_bytes` as
    /// stored; uncompressed it never has more, unless a single line has, and compressed it may have a sixteenth
    /// and a line more.
    pub(crate) async fn append(&mut self, lines: Bytes, records: u64) -> Result<(), StoreError> {
        self.send(Command::Append(lines, records)).await
    }

    /// Begins a page that may have to be taken back: the current part is closed, and what is appended
    /// from here on can be undone until [`keep`](Self::keep).
    pub(crate) async fn begin_undoable(&mut self) -> Result<(), StoreError> {
        self.send(Command::BeginUndoable).await
    }

    /// Accepts what was appended since [`begin_undoable`](Self::begin_undoable).
    pub(crate) async fn keep(&mut self) -> Result<(), StoreError> {
        self.send(Command::Keep).await
    }

    /// Gives up every part opened since [`begin_undoable`](Self::begin_undoable).
    pub(crate) async fn undo(&mut self) -> Result<(), StoreError> {
        self.send(Command::Undo).await
    }

    /// Closes the last part and returns the receipts of all, in order. A page begun with
    /// [`begin_undoable`](Self::begin_undoable) and never kept is not among them.
    pub(crate) async fn finish(mut self) -> Result<Vec<Receipt>, StoreError> {
        self.send(Command::Finish).await?;
        self.outcome().await
    }

    /// Gives up everything that was staged.
    pub(crate) async fn abort(mut self) {
        let writer = self.writer.take();
        drop(self);
        if let Some(writer) = writer {
            // It aborts as its channel closes; an error it met before that no longer matters.
            let _ = writer.await;
        }
    }

    async fn send(&mut self, command: Command) -> Result<(), StoreError> {
        match self.commands.send(command).await {
            Ok(()) => Ok(()),
            // The writer has gone, which it does before `Finish` only because of an error.
            Err(_) => Err(self.outcome().await.err().unwrap_or_else(|| self.failed_before())),
        }
    }

    async fn outcome(&mut self) -> Result<Vec<Receipt>, StoreError> {
        match self.writer.take() {
            None => Err(self.failed_before()),
            Some(writer) => {
                writer.await.unwrap_or_else(|error| Err(StoreError::io("write", &self.folder, error)))
            }
        }
    }

    fn failed_before(&self) -> StoreError {
        StoreError::io("write", &self.folder, "an earlier write failed")
    }
}

/// Obeys until the end, until an error, or until nobody commands any more.
async fn obey(mut commands: mpsc::Receiver<Command>, mut writer: Writer) -> Result<Vec<Receipt>, StoreError> {
    let outcome = obey_all(&mut commands, &mut writer).await;
    // From here on calls fail at once instead of filling the channel.
    drop(commands);
    match outcome {
        Ok(Some(receipts)) => Ok(receipts),
        given_up => {
            writer.abort().await;
            given_up.map(|_| Vec::new())
        }
    }
}

/// `None` when the commands end without `Finish`.
async fn obey_all(
    commands: &mut mpsc::Receiver<Command>,
    writer: &mut Writer,
) -> Result<Option<Vec<Receipt>>, StoreError> {
    while let Some(command) = commands.recv().await {
        match command {
            Command::Append(lines, records) => writer.append(lines, records).await?,
            Command::BeginUndoable => writer.begin_undoable().await?,
            Command::Keep => writer.keep(),
            Command::Undo => writer.undo().await?,
            Command::Finish => return writer.finish().await.map(Some),
        }
    }
    Ok(None)
}
