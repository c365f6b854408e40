//! Between two attempts at a page: the wait, or why there is no other attempt.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::fetcher::Fetcher;
use crate::error::{Error, ErrorKind};
use crate::http::{Backoff, Credential, NoMore, TooLong};
use crate::unfinished::Unfinished;

/// The attempts of a check at an API that cannot be reached.
const CHECK_ATTEMPTS: u32 = 2;

/// Why another attempt is to be made.
pub(super) struct Again {
    /// What the error is, if no attempt does better.
    pub(super) kind: ErrorKind,
    /// Why.
    pub(super) cause: String,
    /// How long the server asks to wait.
    pub(super) demanded: Option<Duration>,
    /// The credential that was refused.
    pub(super) refused: Option<Arc<Credential>>,
    /// The request may have had its effect.
    pub(super) had_effect: bool,
    /// No answer came, and none has come before.
    pub(super) is_unreached: bool,
}

impl Fetcher {
    /// `<source>/<stream>`.
    pub(super) fn name(&self) -> String {
        format!("{}/{}", self.client.source(), self.stream.name)
    }

    /// Waits before the next attempt, or tells why there is none.
    pub(super) async fn wait(&self, backoff: &mut Backoff<'_>, again: &Again) -> Result<(), Unfinished> {
        let attempt = backoff.attempt();
        if let Some(demanded) = again.demanded {
            self.allow(demanded, attempt, &again.cause).inspect_err(|_| self.client.stats().send_away())?;
        }
        if self.is_check && again.is_unreached && attempt >= CHECK_ATTEMPTS {
            return Err(self.failed(again.kind, &again.cause, attempt));
        }
        let wait = match backoff.next(again.demanded, self.wait_budget.left().is_some()) {
            Ok(wait) => wait,
            Err(no_more) => {
                let cause = match no_more {
                    NoMore::Attempts => again.cause.clone(),
                    NoMore::Budget => format!("{}; the retry budget is used up", again.cause),
                };
                // Whoever looks at a page has to tell "there is none" from "it did not come".
                let error = self.error(again.kind, &cause).at_attempt(attempt).transient(self.is_look);
                return Err(Unfinished::Failed(error));
            }
        };
        self.allow(wait, attempt, &again.cause)?;
        tracing::warn!(
            stream = self.stream.name,
            attempt,
            wait_ms = wait.as_millis() as u64,
            "{}: {}, again in {:.1}s ({} of {})",
            self.name(),
            self.client.told(&again.cause),
            wait.as_secs_f64(),
            attempt.saturating_add(1),
            self.stream.retry.max_attempts
        );
        self.client.stats().retry();
        // The whole source waits for what the server asks, this request with it.
        if let Some(demanded) = again.demanded {
            self.client.limiter().pause(demanded);
        }
        if again.demanded.is_none_or(|demanded| demanded < wait) {
            self.client.clock().sleep(wait).await;
        }
        Ok(())
    }

    fn allow(&self, wait: Duration, attempt: u32, cause: &str) -> Result<(), Unfinished> {
        self.wait_budget.allows(wait, self.stream.retry.budget).map_err(|too_long| match too_long {
            TooLong::Deadline => Unfinished::Stopped,
            TooLong::Budget { until } => {
                let cause = format!("{cause}; {}", sent_away(until));
                Unfinished::Failed(self.error(ErrorKind::Api, &cause).at_attempt(attempt).quota(true))
            }
        })
    }

    pub(super) fn failed(&self, kind: ErrorKind, cause: &str, attempt: u32) -> Unfinished {
        Unfinished::Failed(self.error(kind, cause).at_attempt(attempt))
    }

    /// The error of this cause; of a refusal it names the secrets that were in use.
    pub(super) fn error(&self, kind: ErrorKind, cause: &str) -> Error {
        if kind != ErrorKind::Auth {
            return Error::new(kind, cause);
        }
        let mut secrets: Vec<_> = self.stream.secrets().iter().map(ToString::to_string).collect();
        secrets.dedup();
        let hint = match secrets.as_slice() {
            [] => "the stream has no secret under `auth`".to_owned(),
            [secret] => format!("is {secret} valid, and may it read this?"),
            _ => format!("are {} valid, and may they read this?", secrets.join(" and ")),
        };
        Error::new(kind, format!("{cause}; {hint}"))
    }
}

/// What is said where the API's own wait is longer than the retry budget, and no deadline bounds it.
pub(super) fn sent_away(until: Timestamp) -> String {
    format!(
        "the API takes requests again at {until:.0}, later than the retry budget; with a deadline (`--deadline`) a run \
         commits the pages that came, and the next one resumes after them"
    )
}
