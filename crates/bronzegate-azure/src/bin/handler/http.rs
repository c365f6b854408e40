//! `ingest_http`: somebody asks for a run or a backfill, and is told where to look for it.

use std::collections::BTreeSet;

use bronzegate_azure::functions::REQUEST;
use bronzegate_core::doors::Event;
use bronzegate_core::error::{ErrorKind, Result};
use serde_json::{Value, json};

use crate::handler::Handler;
use crate::invocation::{Invocation, unwrapped};
use crate::reply::Reply;
use crate::work::Items;

/// Items that the answer shows.
const SHOWN: usize = 10;

impl Handler {
    /// 202 with what was queued, or 400 with what is wrong. Nothing is done here: a request has seconds, a
    /// run may take hours.
    pub(crate) async fn http(&self, invocation: &Invocation) -> Result<Reply> {
        let request = invocation.data(REQUEST)?;
        let body = request.get("Body").map(unwrapped).unwrap_or_default();
        let items = match Event::parse(&body) {
            Ok(event) => match self.items(&event).await {
                Ok(items) => self.dispatcher.admit(&event).await.map(|()| items),
                Err(error) => Err(error),
            },
            Err(error) => Err(error),
        };
        Ok(match items {
            Ok(Items { events, windows_not_over, warnings }) => {
                let mut body = self.accepted(&events);
                if windows_not_over > 0 {
                    body["windows_not_over"] = windows_not_over.into();
                }
                if !warnings.is_empty() {
                    body["warnings"] = warnings.into();
                }
                Reply::default().response(202, &body).work(events.iter().map(Event::to_json))
            }
            Err(error) if error.kind() != ErrorKind::Config || error.is_transient() => return Err(error),
            Err(error) => {
                tracing::warn!(%error, "a request is refused");
                let body = json!({ "error": error.to_string(), "kind": error.kind().as_str() });
                Reply::default().response(400, &body)
            }
        })
    }

    fn accepted(&self, items: &[Event]) -> Value {
        let target = self.target.trim_end_matches('/');
        let folders = |item: &Event| {
            let source = item.source.clone();
            let streams = item.streams.clone().into_iter();
            streams.map(move |stream| format!("{target}/_bronzegate/{source}/{stream}/commits/"))
        };
        let commits: BTreeSet<_> = items.iter().flat_map(folders).collect();
        let shown: Vec<_> = items.iter().take(SHOWN).map(Event::to_json).collect();
        json!({ "queued": items.len(), "items": shown, "commits": commits })
    }
}
