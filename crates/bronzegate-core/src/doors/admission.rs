//! What may be asked for by whoever can send a request: one backfill of a stream at a time, and no revision that
//! leaves some out.
//!
//! What is under way is a file beside the log, created and never replaced: of two requests at once one creates it.

use futures::stream::{StreamExt as _, TryStreamExt as _};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::dispatcher::Dispatcher;
use super::event::{Action, Event};
use crate::backfill;
use crate::bronze::{BronzeStore, CommitLog, Created, Layout, RunId, RunKind, SegmentStatus};
use crate::clock::Deadline;
use crate::error::{Error, ErrorKind, Result};
use crate::window::TimeWindow;

/// A backfill that nothing was heard of for so long is not waited for: its items were given up, or never queued.
const SILENT: SignedDuration = SignedDuration::from_hours(6);

/// Commit records that are read at the same time.
const AT_ONCE: usize = 16;

/// A backfill that was let in.
#[derive(Debug, Serialize, Deserialize)]
struct Claim {
    from: Timestamp,
    to: Timestamp,
    /// How long its windows are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window: Option<String>,
    revision: u32,
    at: Timestamp,
}

impl Dispatcher {
    /// Lets an event in that somebody asks for; from then on its backfill is under way. Events that are delivered
    /// again need no admission.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where another backfill of the stream is under way, or a revision is left out;
    /// [`ErrorKind::Store`] when the log cannot be read.
    pub async fn admit(&self, event: &Event) -> Result<()> {
        let Some(stream) = event.only() else { return Ok(()) };
        let source = self.sources().load(&event.source).await?;
        let step = source.named(stream)?.incremental.as_ref().and_then(|settings| settings.window);
        let layout = Layout::new(&event.source, stream);
        let store = self.store(Deadline::NONE);
        let log = CommitLog::new(store.clone(), layout.clone());
        let admitted = match &event.action {
            Action::Run { .. } => Ok(()),
            Action::Window { window, revision } => {
                let newest = log.revisions(*window).await?.unwrap_or(0);
                follows(revision.get(), newest)
            }
            Action::Backfill(asked) => {
                let step = asked.step.or(step);
                let windows = backfill::windows(asked.span, step)?;
                follows(asked.revision.get(), newest_of(&log, &windows).await?)?;
                let (from, to) = (asked.span.from(), asked.span.to());
                let window = step.map(|step| step.to_string());
                let at = self.clock().now();
                let claim = Claim { from, to, window, revision: asked.revision.get(), at };
                claim.make(&*store, &layout, &log).await
            }
        };
        admitted.map_err(|error| error.in_stream(layout.stream()))
    }
}

/// A revision is 1, one that is there, or the next.
fn follows(revision: u32, newest: u32) -> Result<()> {
    if revision <= newest.saturating_add(1) {
        return Ok(());
    }
    let next = newest.saturating_add(1);
    Err(refused(format!("revision {revision} is not the next one, which is {next}")))
}

/// The newest revision that any of these windows has; 0 without one.
async fn newest_of(log: &CommitLog, windows: &[TimeWindow]) -> Result<u32> {
    let revision = |id: RunId| match id {
        RunId::Window { from, to, revision } => {
            let window = TimeWindow::new(from, to).ok()?;
            windows.binary_search(&window).is_ok().then_some(revision)
        }
        _ => None,
    };
    let names = log.names_of(RunKind::Window).await?;
    Ok(names.into_iter().filter_map(|name| revision(name.id)).max().unwrap_or(0))
}

impl Claim {
    async fn make(&self, store: &dyn BronzeStore, layout: &Layout, log: &CommitLog) -> Result<()> {
        let folder = layout.backfills();
        let number =
            |path: &String| path.strip_prefix(&folder)?.trim_matches('/').strip_suffix(".json")?.parse().ok();
        let newest: Option<u32> = store.list(&folder).await?.iter().filter_map(number).max();
        let path = |number: u32| format!("{folder}/{number:06}.json");
        if let Some(newest) = newest
            && let Some(text) = store.get(&path(newest)).await?
            && let Ok(before) = serde_json::from_slice::<Self>(&text)
        {
            before.is_over(self.at, log, &path(newest)).await?;
        }
        let text = serde_json::to_vec(self).expect("it has text keys only");
        let next = newest.unwrap_or(0).saturating_add(1);
        match store.put_new(&path(next), text.into()).await? {
            Created::Yes => Ok(()),
            Created::No => Err(refused("another backfill was asked for at this moment".to_owned())),
        }
    }

    /// Lets the next one in when nothing of this one is left to do, or nothing was heard of it for long.
    async fn is_over(&self, now: Timestamp, log: &CommitLog, path: &str) -> Result<()> {
        let step = self.window.as_ref().and_then(|step| step.parse().ok());
        let Ok(span) = TimeWindow::new(self.from, self.to) else { return Ok(()) };
        let windows = backfill::windows(span, step)?;
        let over = windows.iter().filter(|window| window.is_over(self.at)).count();
        let names = log.names_of(RunKind::Window).await?;
        let own = names.into_iter().filter(|name| match name.id {
            RunId::Window { from, to, revision } if revision == self.revision => {
                TimeWindow::new(from, to).is_ok_and(|window| windows.binary_search(&window).is_ok())
            }
            _ => false,
        });
        let read = own.map(|name| async move { log.get(&name.id.to_string(), name.segment).await });
        let records: Vec<_> = futures::stream::iter(read).buffered(AT_ONCE).try_collect().await?;
        let heard = records.iter().flatten().map(|record| record.finished_at).max();
        let whole =
            records.iter().flatten().filter(|record| record.status == SegmentStatus::Complete).count();
        let left = over.saturating_sub(whole);
        let silent_from = heard.unwrap_or(self.at).max(self.at);
        if left == 0 || now.duration_since(silent_from) >= SILENT {
            return Ok(());
        }
        Err(refused(format!(
            "a backfill of {span} is under way, {left} of its windows are left: ask again when it is done; if nobody \
             works on it any more, remove {path}"
        )))
    }
}

fn refused(cause: String) -> Error {
    Error::new(ErrorKind::Config, cause)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::bronze::LocalStore;
    use crate::clock::{Clock as _, TestClock};
    use crate::doors::SourceFolder;
    use crate::secret::EnvSecrets;

    const YAML: &str = "source: crm\nbase_url: https://api.example.com\nstreams:\n  deals:\n    path: /deals\n    records: $\n    \
                        incremental: { cursor: at, format: rfc3339, from: { query: since }, to: { query: until }, window: 1d, start: 2024-01-01 }\n";

    fn bench() -> (tempfile::TempDir, Arc<TestClock>, Dispatcher) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("crm.yaml"), YAML).unwrap();
        let clock = Arc::new(TestClock::at("2026-11-22T17:00:00Z".parse().unwrap()));
        let store = Arc::new(LocalStore::open(folder.path().join("bronze")).unwrap());
        let secrets = Arc::new(EnvSecrets::new(|_| None));
        let sources = SourceFolder::local(folder.path());
        let dispatcher = Dispatcher::new(sources, store, secrets, clock.clone(), "test");
        (folder, clock, dispatcher)
    }

    fn asked(member: &str, value: &serde_json::Value) -> Event {
        Event::parse(&json!({ "source": "crm", "stream": "deals", member: value })).unwrap()
    }

    #[tokio::test]
    async fn one_backfill_of_a_stream_is_let_in_until_nothing_is_heard_of_it() {
        let (_folder, clock, dispatcher) = bench();
        let backfill = |to: &str| asked("backfill", &json!({ "from": "2026-01-01", "to": to }));
        dispatcher.admit(&backfill("2026-01-04")).await.unwrap();
        for to in ["2026-01-04", "2026-02-01"] {
            let error = dispatcher.admit(&backfill(to)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config);
            assert!(error.to_string().contains("under way, 3 of its windows are left"), "{error}");
        }
        let run = Event::parse(&json!({ "source": "crm", "stream": "deals" })).unwrap();
        dispatcher.admit(&run).await.unwrap();
        clock.sleep(Duration::from_hours(6)).await;
        dispatcher.admit(&backfill("2026-02-01")).await.unwrap();
        assert!(dispatcher.admit(&backfill("2026-01-04")).await.is_err());
    }

    #[tokio::test]
    async fn a_revision_is_at_most_the_next() {
        let (_folder, _, dispatcher) = bench();
        for revision in [2, 7, u32::MAX] {
            let stretch = json!({ "from": "2026-01-01", "to": "2026-01-02", "revision": revision });
            for member in ["window", "backfill"] {
                let error = dispatcher.admit(&asked(member, &stretch)).await.unwrap_err();
                assert!(error.to_string().contains("is not the next one, which is 1"), "{error}");
            }
        }
        assert!(
            follows(1, 0).is_ok() && follows(3, 2).is_ok() && follows(2, 7).is_ok() && follows(4, 2).is_err()
        );
    }
}
