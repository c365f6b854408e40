//! One page, fetched: the attempts at its request until it is a page, an end, or an error.

use std::sync::Arc;

use super::content::Content;
use super::feed::{FeedSender, Gone};
use super::paginator::Paginator;
use crate::config::Stream;
use crate::error::{Error, ErrorKind};
use crate::http::{
    ApiRequest, Backoff, BodyState, Client, Credential, Facts, NoMore, Paths, Patience, Response, SendError,
    TooLong, Verdict, judge,
};
use crate::splitter::{PageBody, Splitter, Wanted};

/// The most that is read of a response that is not a page.
const LONGEST_ERROR_BODY: usize = 1 << 20;

/// Fetches the pages of one stream.
#[derive(Debug)]
pub struct Fetcher {
    client: Arc<Client>,
    stream: Arc<Stream>,
    paths: Paths,
    patience: Patience,
}

/// A page that has come.
#[derive(Debug)]
pub struct Fetched {
    /// What rules and paginators look at.
    pub facts: Facts,
    /// The body's records and shape; `None` where the response says that there are no more pages.
    pub body: Option<PageBody>,
}

/// Why a page did not come.
#[derive(Debug)]
pub enum FetchError {
    /// The run's time is up; the page may be asked for again in the next segment.
    OutOfTime,
    /// The page is not wanted any more.
    Unwanted,
    /// The response says that its window holds more than the API gives out.
    TooLarge,
    /// It failed.
    Failed(Error),
}

impl From<Gone> for FetchError {
    fn from(_: Gone) -> Self {
        Self::Unwanted
    }
}

/// How one attempt ended.
enum Attempt {
    Page(Box<Fetched>),
    Again(Again),
}

/// Why another attempt is to be made.
struct Again {
    kind: ErrorKind,
    cause: String,
    demanded: Option<std::time::Duration>,
    refused: Option<Arc<Credential>>,
}

impl Fetcher {
    /// A fetcher for one stream.
    pub fn new(client: Arc<Client>, stream: Arc<Stream>, patience: Patience) -> Self {
        let paths = Paths::of(Paginator::addresses(&stream));
        Self { client, stream, paths, patience }
    }

    /// The run's patience.
    pub fn patience(&self) -> &Patience {
        &self.patience
    }

    /// The client.
    pub fn client(&self) -> &Arc<Client> {
        &self.client
    }

    /// Fetches a page and passes its records on as they come.
    pub(super) async fn fetch(&self, request: &ApiRequest, feed: &FeedSender) -> Result<Fetched, FetchError> {
        let mut backoff = Backoff::new(&self.stream.retry);
        let mut refused: Option<Arc<Credential>> = None;
        let mut renewed = false;
        loop {
            let again = match self.attempt(request, refused.take().as_ref(), feed).await {
                Ok(Attempt::Page(page)) => return Ok(*page),
                Ok(Attempt::Again(again)) => again,
                Err(FetchError::Failed(error)) => {
                    return Err(FetchError::Failed(error.at_attempt(backoff.attempt())));
                }
                Err(other) => return Err(other),
            };
            if let Some(credential) = again.refused {
                if renewed || !self.client.auth().is_renewable() {
                    return Err(self.failed(ErrorKind::Auth, &again.cause, backoff.attempt()));
                }
                renewed = true;
                refused = Some(credential);
                self.client.stats().retry();
                continue;
            }
            self.wait(&mut backoff, &again).await?;
        }
    }

    /// Waits before the next attempt, or tells why there is none.
    async fn wait(&self, backoff: &mut Backoff<'_>, again: &Again) -> Result<(), FetchError> {
        let attempt = backoff.attempt();
        if let Some(demanded) = again.demanded {
            self.allow(demanded, attempt, &again.cause)?;
        }
        let wait = match backoff.next(again.demanded, self.patience.left().is_some()) {
            Ok(wait) => wait,
            Err(NoMore::Attempts) => return Err(self.failed(again.kind, &again.cause, attempt)),
            Err(NoMore::Budget) => {
                let cause = format!("{}; the retry budget is used up", again.cause);
                return Err(self.failed(again.kind, &cause, attempt));
            }
        };
        self.allow(wait, attempt, &again.cause)?;
        tracing::warn!(
            stream = self.stream.name,
            attempt,
            wait_ms = wait.as_millis() as u64,
            cause = self.client.scrub(&again.cause),
            "retrying"
        );
        self.client.stats().retry();
        match again.demanded {
            // The whole source waits, this request with it.
            Some(demanded) => self.client.limiter().pause(demanded),
            None => self.client.clock().sleep(wait).await,
        }
        Ok(())
    }

    fn allow(&self, wait: std::time::Duration, attempt: u32, cause: &str) -> Result<(), FetchError> {
        self.patience.allows(wait, self.stream.retry.budget).map_err(|too_long| match too_long {
            TooLong::Deadline => FetchError::OutOfTime,
            TooLong::Budget { until } => {
                let cause = format!(
                    "{cause}; the API takes requests again at {until:.0}, later than the retry budget"
                );
                self.failed(ErrorKind::Api, &cause, attempt)
            }
        })
    }

    fn failed(&self, kind: ErrorKind, cause: &str, attempt: u32) -> FetchError {
        FetchError::Failed(Error::new(kind, self.client.scrub(cause)).at_attempt(attempt))
    }

    async fn attempt(
        &self,
        request: &ApiRequest,
        refused: Option<&Arc<Credential>>,
        feed: &FeedSender,
    ) -> Result<Attempt, FetchError> {
        let response = match self.client.send(request, refused, &self.patience).await {
            Ok(response) => response,
            Err(SendError::Transient(cause, demanded)) => {
                return Ok(Attempt::Again(Again { kind: ErrorKind::Api, cause, demanded, refused: None }));
            }
            Err(SendError::Wait(TooLong::Deadline)) => return Err(FetchError::OutOfTime),
            Err(SendError::Wait(TooLong::Budget { until })) => {
                let cause =
                    format!("the API takes requests again at {until:.0}, later than the retry budget");
                return Err(FetchError::Failed(Error::new(ErrorKind::Api, cause)));
            }
            Err(SendError::Fatal(error)) => return Err(FetchError::Failed(error)),
        };
        self.read(response, feed).await
    }

    /// Reads a response and judges it.
    async fn read(&self, mut response: Response, feed: &FeedSender) -> Result<Attempt, FetchError> {
        let arrived = self.client.clock().now();
        let is_page = (200..300).contains(&response.status) && response.status != 204;
        let (state, body) = if is_page {
            feed.begin(arrived)?;
            self.content().split(&mut response, feed).await?
        } else {
            self.read_error(&mut response).await
        };
        let (signals, credential) = (response.rate_signals(), response.credential.clone());
        let facts = self.facts(response, body.as_ref());
        let split_when = self.stream.incremental.as_ref().and_then(|settings| settings.split_when.as_ref());
        let whole = !matches!(state, BodyState::Cut(_) | BodyState::Damaged(_));
        if whole && split_when.is_some_and(|condition| facts.holds(condition)) {
            return Err(FetchError::TooLarge);
        }
        let verdict = judge(&self.stream.responses, &facts, &state, &signals);
        if !matches!(verdict, Verdict::Accept | Verdict::End) {
            self.client.stats().api_error();
        }
        match verdict {
            Verdict::Accept => {
                let body =
                    body.ok_or_else(|| FetchError::Failed(Error::new(ErrorKind::Data, "no body was read")))?;
                self.content().check_shape(&body).map_err(FetchError::Failed)?;
                Ok(Attempt::Page(Box::new(Fetched { facts, body: Some(body) })))
            }
            Verdict::End => Ok(Attempt::Page(Box::new(Fetched { facts, body: None }))),
            Verdict::RefreshAuth(cause) => Ok(Attempt::Again(Again {
                kind: ErrorKind::Auth,
                cause,
                demanded: None,
                refused: Some(credential),
            })),
            Verdict::Retry(kind, cause, demanded) => {
                Ok(Attempt::Again(Again { kind, cause, demanded, refused: None }))
            }
            Verdict::Fail(kind, cause) => {
                Err(FetchError::Failed(Error::new(kind, self.client.scrub(&cause))))
            }
        }
    }

    fn content(&self) -> Content<'_> {
        Content { stream: &self.stream, paths: &self.paths }
    }

    /// Reads the values of a body that is not a page, as far as it is JSON.
    async fn read_error(&self, response: &mut Response) -> (BodyState, Option<PageBody>) {
        let wanted = Wanted { records: None, values: self.paths.tokens(), lines: false };
        let mut splitter = Splitter::new(&wanted);
        let Ok(text) = response.body.start(LONGEST_ERROR_BODY).await else {
            return (BodyState::Unread, None);
        };
        let body = splitter.push(text, &mut Vec::new()).and_then(|()| splitter.finish(&mut Vec::new()));
        (BodyState::Unread, body.ok())
    }

    fn facts(&self, response: Response, body: Option<&PageBody>) -> Facts {
        Facts {
            status: response.status,
            headers: response.headers,
            url: response.url,
            paths: self.paths.clone(),
            values: body.map(|body| body.values.clone()).unwrap_or_default(),
            last_record: body.and_then(|body| body.last_record.clone()),
        }
    }
}
