//! Since when a stream without a run is watched: before, nobody knows whether it should have run.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::log::CommitLog;
use crate::bronze::store::{Created, StoreError};

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Watched {
    since: Timestamp,
}

impl CommitLog {
    /// When the stream was first asked about here: now, if it never was. A note that cannot be read says now.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn watched_since(&self, now: Timestamp) -> Result<Timestamp, StoreError> {
        let path = self.layout.watched();
        if let Some(text) = self.store.get(&path).await? {
            return Ok(serde_json::from_slice(&text).map_or(now, |watched: Watched| watched.since));
        }
        let text = serde_json::to_vec(&Watched { since: now }).expect("it has text keys only");
        let (Created::Yes | Created::No) = self.store.put_new(&path, text.into()).await?;
        Ok(now)
    }
}
