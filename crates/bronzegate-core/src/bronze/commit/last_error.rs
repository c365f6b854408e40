//! Why a stream's last failed run failed: a note beside the log, which knows committed segments alone.
//!
//! It is written and read as well as can be. Nothing is decided by it: a run goes on whether it is there or not.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::log::CommitLog;
use crate::report::Failure;

/// The failure that a stream met last.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastError {
    /// When the run failed. A later commit says that the stream has got over it.
    pub at: Timestamp,
    /// What failed.
    #[serde(flatten)]
    pub failure: Failure,
    /// The run, as far as it had come to know that.
    pub key: Option<String>,
    /// The value that `_batch_id` would have had.
    pub batch_id: Option<String>,
}

impl CommitLog {
    /// Notes a failure in place of the one before. What goes wrong here is logged and forgotten.
    pub async fn note_error(&self, error: &LastError) {
        let text = serde_json::to_vec(error).expect("it has text keys only");
        if let Err(error) = self.store.put(&self.layout.last_error(), text.into()).await {
            tracing::warn!(stream = self.layout.stream(), %error, "why the run failed is not noted");
        }
    }

    /// The failure that was noted last; one that cannot be read is none.
    pub async fn last_error(&self) -> Option<LastError> {
        let text = self.store.get(&self.layout.last_error()).await.ok()??;
        serde_json::from_slice(&text).ok()
    }
}
