//! The watch: which scheduled runs are missing, of all sources at once. A trigger asks once an hour.
//!
//! ```json
//! { "watch": { "grace": "60m" } }
//! ```

use std::time::Duration;

use futures::stream::{StreamExt as _, TryStreamExt as _};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::dispatcher::Dispatcher;
use crate::bronze::{CommitLog, Layout};
use crate::clock::Deadline;
use crate::config::parse_duration;
use crate::error::{Error, ErrorKind, Result};
use crate::health::{self, Missed};

/// How long a run may take to be committed unless the event says another time.
const GRACE: Duration = Duration::from_mins(60);

/// Streams whose logs are asked at the same time.
const AT_ONCE: usize = 16;

/// What the watch is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Watch {
    /// How long after its time a scheduled run is missing.
    pub grace: Duration,
}

impl Default for Watch {
    fn default() -> Self {
        Self { grace: GRACE }
    }
}

/// What the watch has seen.
#[derive(Debug, Serialize)]
pub struct Watched {
    /// How many streams have a schedule.
    pub streams: usize,
    /// The runs that are missing, by source and stream.
    pub missed: Vec<MissedRun>,
    /// What is wrong with source files that cannot be used; their streams are not watched.
    #[serde(skip)]
    pub unusable: Vec<Error>,
}

/// A run that is missing of a stream.
#[derive(Debug, Serialize)]
pub struct MissedRun {
    /// The source's name.
    pub source: String,
    /// The stream's name.
    pub stream: String,
    /// Which run.
    #[serde(flatten)]
    pub run: Missed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WatchSpec {
    grace: Option<String>,
}

impl Watch {
    /// Reads an event's `watch`; `None` of another event.
    ///
    /// # Errors
    /// [`ErrorKind::Config`], naming the member that is wrong.
    pub fn parse(event: &Value) -> Option<Result<Self>> {
        let watch = event.get("watch")?;
        let wrong =
            |cause: String| Error::new(ErrorKind::Config, format!("the event cannot be read: {cause}"));
        let read = || -> Result<Self> {
            let spec = WatchSpec::deserialize(watch).map_err(|error| wrong(format!("`watch`: {error}")))?;
            match spec.grace {
                None => Ok(Self::default()),
                Some(text) => {
                    let read = parse_duration(&text);
                    let grace =
                        read.map_err(|form| wrong(format!("`watch.grace` is `{text}`: write {form}")))?;
                    Ok(Self { grace })
                }
            }
        };
        Some(read())
    }
}

impl Dispatcher {
    /// Looks for the runs that are missing of all streams with a schedule. It reads a few files of each stream, however
    /// long its log is.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when a log cannot be read in time; or as the folder of source files says.
    pub async fn watch(&self, watch: Watch, deadline: Deadline) -> Result<Watched> {
        let (store, now) = (self.store(deadline), self.clock().now());
        let (mut streams, mut unusable) = (Vec::new(), Vec::new());
        for name in self.sources().names().await? {
            match self.sources().load(&name).await {
                Ok(source) => {
                    let scheduled = source.streams.into_iter().filter(|stream| stream.schedule.is_some());
                    streams.extend(scheduled.map(|stream| (source.name.clone(), stream)));
                }
                Err(error) => unusable.push(error.into()),
            }
        }
        let count = streams.len();
        let asked = streams.into_iter().map(|(source, stream)| {
            let log = CommitLog::new(store.clone(), Layout::new(&source, &stream.name));
            async move {
                let found = health::missed(&log, &stream, watch.grace, now).await;
                let found = found
                    .map_err(|error| Error::from(error).in_stream(format!("{source}/{}", stream.name)))?;
                Ok::<_, Error>(found.map(|run| MissedRun { source, stream: stream.name, run }))
            }
        });
        let missed = futures::stream::iter(asked).buffered(AT_ONCE);
        let missed = missed.try_filter_map(async |missed| Ok(missed)).try_collect().await?;
        Ok(Watched { streams: count, missed, unusable })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_grace_is_an_hour_or_what_the_event_says() {
        let parse = |event: Value| Watch::parse(&event).map(|read| read.map_err(|error| error.to_string()));
        assert_eq!(parse(json!({ "watch": {} })), Some(Ok(Watch { grace: GRACE })));
        let grace = Duration::from_mins(90);
        assert_eq!(parse(json!({ "watch": { "grace": "90m" } })), Some(Ok(Watch { grace })));
        assert_eq!(parse(json!({ "source": "crm" })), None);
        for (watch, wrong) in
            [(json!({ "grace": "soon" }), "soon"), (json!({ "after": "1h" }), "unknown field `after`")]
        {
            let error = parse(json!({ "watch": watch })).unwrap().unwrap_err();
            assert!(error.contains("`watch") && error.contains(wrong), "{error}");
        }
    }
}
