//! `ingest_queue`: does the work of one item.
//!
//! | outcome | answer |
//! |---|---|
//! | complete, or committed already | done |
//! | partial | done, and the same item on the queue again, a hundred times at most; after a wait if no page came |
//! | partial without a new page, or nothing to go on from, because the process is to end | done, and the same item on the queue as it was |
//! | an item for every stream of a source, or a backfill | done, and an item for each stream or window on the queue |
//! | an item for several streams, of which some are partial | as partial, with the streams that are left; those that no other try can help are given up as an item of their own |
//! | `api`, `store`, or what passes by itself, as a vault's outage | the invocation fails: the host hands the item out again, a few times, and then gives it up |
//! | `config`, `auth`, `data`, or no event at all | trying again does not help: the item is given up at once |

use std::sync::atomic::Ordering;
use std::time::Duration;

use bronzegate_azure::functions::{HOST, ITEM};
use bronzegate_core::clock::Deadline;
use bronzegate_core::doors::{Action, Answer, Event};
use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::report::{self, Failure, RunReport, Status};
use serde_json::{Value, json};

use crate::handler::Handler;
use crate::invocation::Invocation;
use crate::item::{Item, MOST_CONTINUATIONS, as_new};
use crate::reply::Reply;
use crate::tell;

/// How long an item waits that is put back though no page came, as while an API prepares an export.
const PAUSE: Duration = Duration::from_secs(30);

/// How long an item waits that comes while the process is to end, so that a host that goes on handing out does
/// not have it go round and round.
const ENDING: Duration = Duration::from_millis(500);

/// Why an item's work is not done.
enum Failed {
    /// The next try may do better.
    ForNow(Error),
    /// It will not help to try again.
    ForGood(Error),
}

impl Handler {
    pub(crate) async fn queue(&self, invocation: &Invocation, deadline: Deadline) -> Result<Reply> {
        let brought = invocation.data(ITEM)?;
        let outcome = match Item::parse(&brought, invocation) {
            Ok(item) => self.item(&item, invocation, deadline).await,
            Err(error) => Err(error.into()),
        };
        let count = invocation.number("DequeueCount").unwrap_or(1);
        match outcome {
            Ok(reply) => Ok(reply),
            Err(Failed::ForNow(error)) => {
                if count >= HOST.max_dequeue_count {
                    self.give_up(&brought, &error, count, invocation);
                }
                Err(error)
            }
            Err(Failed::ForGood(error)) => {
                self.give_up(&brought, &error, count, invocation);
                Ok(Reply::default().poison(&as_new(&brought)))
            }
        }
    }

    async fn item(&self, item: &Item, invocation: &Invocation, deadline: Deadline) -> Result<Reply, Failed> {
        let event = &item.event;
        if self.stop.is_cancelled() {
            self.clock.sleep(ENDING).await;
            return Ok(Reply::default().work([item.as_it_was()]));
        }
        let is_work = !event.streams.is_empty() && !matches!(event.action, Action::Backfill(_));
        if !is_work {
            return Ok(Reply::default().work(self.items(event).await?.events.iter().map(Event::to_json)));
        }
        let is_cold = self.is_cold.swap(false, Ordering::Relaxed);
        let answer = self.dispatcher.handle(event, deadline, &self.stop).await?;
        let Answer::Runs { reports, .. } = &answer else { return Ok(Reply::default()) };
        for report in reports {
            self.tell(report, event, invocation.id.as_deref(), is_cold);
        }
        match answer.status() {
            status if is_done(status) => Ok(Reply::default()),
            _ => self.left(item, reports, invocation, deadline).await,
        }
    }

    /// What becomes of an item of which something is left.
    async fn left(
        &self,
        item: &Item,
        reports: &[RunReport],
        invocation: &Invocation,
        deadline: Deadline,
    ) -> Result<Reply, Failed> {
        let is_lost = |report: &RunReport| report.error.as_ref().is_some_and(|error| !error.may_pass());
        let (lost, left): (Vec<_>, Vec<_>) =
            reports.iter().filter(|report| !is_done(report.status)).partition(|report| is_lost(report));
        let goes_on = left.iter().any(|report| report.status == Status::Partial);
        let is_interrupted = !left.is_empty() && left.iter().all(|report| is_interrupted(report));
        let lost_item = as_new(&item.only(names(&lost)).as_it_was());
        let reply = if goes_on {
            self.put_back(&item.only(names(&left)), reports, deadline).await?
        } else if is_interrupted {
            Reply::default().work([item.only(names(&left)).as_it_was()])
        } else if left.is_empty() && lost.len() < reports.len() {
            Reply::default()
        } else {
            // Handed out again, what is committed is found so.
            return Err(failed(reports).into());
        };
        if lost.is_empty() {
            return Ok(reply);
        }
        let count = invocation.number("DequeueCount").unwrap_or(1);
        self.give_up(&lost_item, &failed(lost), count, invocation);
        Ok(reply.poison(&lost_item))
    }

    async fn put_back(
        &self,
        item: &Item,
        reports: &[RunReport],
        deadline: Deadline,
    ) -> Result<Reply, Failed> {
        let no_page = reports.iter().all(|report| report.counts.pages == 0);
        if no_page && self.stop.is_cancelled() {
            return Ok(Reply::default().work([item.as_it_was()]));
        }
        let Some(next) = item.next() else {
            let cause = format!(
                "the run is still partial after {MOST_CONTINUATIONS} continuations; what is committed stays, \
                 and the item given back goes on from there"
            );
            return Err(Failed::ForGood(Error::new(ErrorKind::Api, cause)));
        };
        if no_page {
            let left = deadline.left(&*self.clock).unwrap_or(PAUSE);
            tokio::select! {
                () = self.clock.sleep(PAUSE.min(left / 2)) => {}
                () = self.stop.cancelled() => {}
            }
        }
        Ok(Reply::default().work([next]))
    }

    fn give_up(&self, item: &Value, error: &Error, dequeue_count: u64, invocation: &Invocation) {
        let member = |name: &str| item.get(name).cloned().unwrap_or_default();
        tell::line(
            &*self.clock,
            "ERROR",
            "bronzegate.poison",
            &json!({
                "source": member("source"), "stream": member("stream"), "streams": member("streams"), "environment": self.environment,
                "error_kind": error.kind().as_str(), "error": error.to_string(), "dequeue_count": dequeue_count,
                "message_id": invocation.text("Id"), "invocation_id": invocation.id,
            }),
        );
    }
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        if Failure::from(&error).may_pass() { Self::ForNow(error) } else { Self::ForGood(error) }
    }
}

/// Whether the process was asked to end before anything came that could be committed.
fn is_interrupted(report: &RunReport) -> bool {
    report.error.as_ref().is_some_and(|failure| failure.kind == ErrorKind::Interrupted)
}

fn names(reports: &[&RunReport]) -> Vec<String> {
    reports.iter().map(|report| report.stream.clone()).collect()
}

fn is_done(status: Status) -> bool {
    matches!(status, Status::Complete | Status::AlreadyCommitted | Status::Skipped)
}

fn failed<'a>(reports: impl IntoIterator<Item = &'a RunReport>) -> Error {
    match report::most_retryable(reports) {
        Some(failure) => Error::new(failure.kind, failure.message.clone()).transient(failure.is_transient),
        None => Error::new(ErrorKind::Api, "a run failed without saying why"),
    }
}
