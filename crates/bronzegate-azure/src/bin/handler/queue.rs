//! `ingest_queue`: does the work of one item.
//!
//! | outcome | answer |
//! |---|---|
//! | complete, or committed already | done |
//! | partial | done, and the same item on the queue again |
//! | an item for several streams or windows | done, and an item for each on the queue |
//! | `api`, `store` | the invocation fails: the host hands the item out again, a few times, and then gives it up |
//! | `config`, `auth`, `data`, or no event at all | trying again does not help: the item is given up at once |

use bronzegate_azure::functions::{HOST, ITEM};
use bronzegate_core::clock::Deadline;
use bronzegate_core::dispatch::Answer;
use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::event::{Action, Event};
use bronzegate_core::report::{RunReport, Status};
use serde_json::{Value, json};

use crate::handler::Handler;
use crate::invocation::Invocation;
use crate::reply::Reply;
use crate::tell;

impl Handler {
    pub(crate) async fn queue(&self, invocation: &Invocation, deadline: Deadline) -> Result<Reply> {
        let item = invocation.data(ITEM)?;
        let outcome = match Event::parse(&item) {
            Ok(event) => self.item(&timed(event, invocation), deadline).await,
            Err(error) => Err(error),
        };
        let error = match outcome {
            Ok(reply) => return Ok(reply),
            Err(error) => error,
        };
        let count = invocation.number("DequeueCount").unwrap_or(1);
        let id = invocation.text("Id");
        if is_worth_another_try(error.kind()) {
            if count >= HOST.max_dequeue_count {
                self.give_up(&item, &error, count, id.as_deref());
            }
            return Err(error);
        }
        self.give_up(&item, &error, count, id.as_deref());
        Ok(Reply::default().poison(&item))
    }

    async fn item(&self, event: &Event, deadline: Deadline) -> Result<Reply> {
        let is_one = event.stream.is_some() && !matches!(event.action, Action::Backfill(_));
        if !is_one {
            return Ok(Reply::default().work(&self.items(event).await?));
        }
        let answer = self.dispatcher.handle(event, deadline, &self.stop).await?;
        let Answer::Runs { reports, .. } = &answer else { return Ok(Reply::default()) };
        for report in reports {
            self.tell(report, event);
        }
        match answer.status() {
            Status::Complete | Status::AlreadyCommitted => Ok(Reply::default()),
            Status::Partial => Ok(Reply::default().work(std::slice::from_ref(event))),
            Status::Failed => Err(failed(reports)),
        }
    }

    fn give_up(&self, item: &Value, error: &Error, dequeue_count: u64, id: Option<&str>) {
        let member = |name: &str| item.get(name).cloned().unwrap_or_default();
        tell::line(
            &*self.clock,
            "ERROR",
            "bronzegate.poison",
            &json!({
                "source": member("source"), "stream": member("stream"), "environment": self.environment,
                "error_kind": error.kind().as_str(), "error": error.to_string(),
                "dequeue_count": dequeue_count, "message_id": id,
            }),
        );
    }
}

/// An item without a time gets that at which it was queued, so that all tries at it are the same run.
fn timed(event: Event, invocation: &Invocation) -> Event {
    let queued = || invocation.text("InsertionTime")?.parse().ok();
    match event.action {
        Action::Run { scheduled_time: None } => {
            Event { action: Action::Run { scheduled_time: queued() }, ..event }
        }
        _ => event,
    }
}

/// Whether the next try may do better.
fn is_worth_another_try(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Api | ErrorKind::Store | ErrorKind::Interrupted)
}

fn failed(reports: &[RunReport]) -> Error {
    let failure = reports.iter().find_map(|report| report.error.as_ref());
    match failure {
        Some(failure) => Error::new(failure.kind, failure.message.clone()),
        None => Error::new(ErrorKind::Api, "a run failed without saying why"),
    }
}
