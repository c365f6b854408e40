//! From blocking code to a store: the Parquet library reads and writes in calls that block.

use bronzegate_core::bronze::{BronzeStore, ByteRange, RangeRead, StagedPart, StoreError};
use bytes::Bytes;
use tokio::sync::{mpsc, oneshot};

use crate::log::LogError;

/// A store as blocking code sees it. Each call waits until the store has answered.
#[derive(Clone, Debug)]
pub(crate) struct Bridge {
    requests: mpsc::UnboundedSender<Request>,
}

#[derive(Debug)]
enum Request {
    Read { path: String, range: ByteRange, answer: oneshot::Sender<Result<Option<RangeRead>, StoreError>> },
    Write { content: Bytes, answer: oneshot::Sender<Result<(), StoreError>> },
}

/// Runs blocking work off the async threads, and serves its calls until it ends. What it writes goes to `part`.
///
/// Dropped before its end, the work ends with its next call.
///
/// # Errors
/// Those of the work; [`LogError::Damaged`] where the work panics, which only a file can bring about that the
/// library did not expect.
pub(crate) async fn blocking<T: Send + 'static>(
    store: &dyn BronzeStore,
    mut part: Option<&mut Box<dyn StagedPart>>,
    path: &str,
    work: impl FnOnce(Bridge) -> Result<T, LogError> + Send + 'static,
) -> Result<T, LogError> {
    let (requests, mut incoming) = mpsc::unbounded_channel();
    let job = tokio::task::spawn_blocking(move || work(Bridge { requests }));
    while let Some(request) = incoming.recv().await {
        // An answer that nobody waits for any more is of no use.
        match request {
            Request::Read { path, range, answer } => {
                let _ = answer.send(store.get_range(&path, range).await);
            }
            Request::Write { content, answer } => {
                let written = match part.as_deref_mut() {
                    Some(part) => part.write(content).await,
                    None => Ok(()),
                };
                let _ = answer.send(written);
            }
        }
    }
    job.await.unwrap_or_else(|_| Err(LogError::damaged(path, "it is damaged in a way that nothing expected")))
}

impl Bridge {
    pub(crate) fn read(&self, path: &str, range: ByteRange) -> Result<Option<RangeRead>, StoreError> {
        let (answer, answered) = oneshot::channel();
        let request = Request::Read { path: path.to_owned(), range, answer };
        self.requests.send(request).map_err(|_| abandoned(path))?;
        answered.blocking_recv().unwrap_or_else(|_| Err(abandoned(path)))
    }

    pub(crate) fn write(&self, path: &str, content: Bytes) -> Result<(), StoreError> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(Request::Write { content, answer }).map_err(|_| abandoned(path))?;
        answered.blocking_recv().unwrap_or_else(|_| Err(abandoned(path)))
    }
}

fn abandoned(path: &str) -> StoreError {
    StoreError::io("continue with", path, "nobody waits for it any more")
}
