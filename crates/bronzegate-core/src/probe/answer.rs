//! The answer to a stream's first request as it is, for those who do not know its shape yet.

use bytes::Bytes;
use tokio_util::sync::CancellationToken;
use url::Url;

use crate::clock::Deadline;
use crate::error::{Error, ErrorKind, Result};
use crate::extract::{BranchQueue, Requests};
use crate::http::SendError;
use crate::run::StreamRun;

/// What one request was answered with, whatever the status.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The URL that answered, after redirects. It may hold a credential of the query: show it through
    /// [`SafeUrl`](crate::redact::SafeUrl).
    pub url: Url,
    /// The headers, by lower-case names; a value that is no text is left out.
    pub headers: Vec<(String, String)>,
    /// The body, unpacked from its content coding, at most as long as was asked for.
    pub body: Bytes,
    /// Whether the body is longer.
    pub is_cut: bool,
}

impl Answer {
    /// The first header of a name in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

impl StreamRun {
    /// Sends the stream's first request once, under the rules of its source, and returns at most `limit` bytes of the body.
    /// An answer of any status is an answer.
    ///
    /// # Errors
    /// [`ErrorKind::Api`] when nothing came; else as a run's first request.
    pub async fn answer(&self, limit: usize) -> Result<Answer> {
        let answer = self.answered(limit).await;
        self.settled(Deadline::NONE).await;
        answer.map_err(|error| self.failed(error))
    }

    async fn answered(&self, limit: usize) -> Result<Answer> {
        let cursor = self.first_cursor()?;
        let context = self.context(self.asked(&cursor), Deadline::NONE, CancellationToken::default());
        let context = std::sync::Arc::new(context);
        let no_parent =
            || Error::new(ErrorKind::Data, "its parent has no records, so there is nothing to ask for");
        let (branch, state) = BranchQueue::first(&context).await?.ok_or_else(no_parent)?;
        let request = Requests::new(&context, &branch).at(&state)?;
        let sent = self.client.send(&request, None, context.fetcher.wait_budget()).await;
        let mut response = sent.map_err(|error| match error {
            SendError::Fatal(error) => error,
            SendError::Transient(cause, _) | SendError::Lost(cause) => Error::new(ErrorKind::Api, cause),
            SendError::Wait(_) => Error::new(ErrorKind::Api, "the API asks to wait too long"),
        })?;
        let body = response.body.start(limit.saturating_add(1)).await;
        let mut body = body.map_err(|fault| Error::new(ErrorKind::Api, fault.to_string()))?;
        let is_cut = body.len() > limit;
        body.truncate(limit);
        let text = |(name, value): (&http::HeaderName, &http::HeaderValue)| {
            Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
        };
        let headers = response.headers.iter().filter_map(text).collect();
        Ok(Answer { status: response.status, url: response.url, headers, body, is_cut })
    }
}
