//! `ingest_watch`: looks once an hour for scheduled runs that are missing. Alerts go by the lines it writes.

use bronzegate_core::clock::Deadline;
use bronzegate_core::doors::MissedRun;
use bronzegate_core::error::Result;
use serde_json::json;

use crate::handler::Handler;
use crate::reply::Reply;
use crate::tell;

impl Handler {
    pub(crate) async fn watch(&self, deadline: Deadline) -> Result<Reply> {
        let watched = self.dispatcher.watch(self.watch, deadline).await?;
        for error in &watched.unusable {
            tracing::error!(%error, "a source file cannot be used; its streams are not watched");
        }
        for MissedRun { source, stream, run } in &watched.missed {
            let members = json!({
                "source": source, "stream": stream, "environment": self.environment, "due": run.due, "reason": run.reason,
                "key": run.last,
            });
            tell::line(&*self.clock, "ERROR", "bronzegate.missed", &members);
        }
        // An app that does not run writes none of these, which an alert goes by as well.
        let members = json!({
            "environment": self.environment, "streams": watched.streams, "missed": watched.missed.len(),
        });
        tell::line(&*self.clock, "INFO", "bronzegate.watched", &members);
        Ok(Reply::default())
    }
}
