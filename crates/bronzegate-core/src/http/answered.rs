//! What the log says of a request that was answered: one line at the level `debug`.

use std::time::Duration;

use http::Method;

use super::client::Response;
use super::ratio::Ratio;
use crate::redact::SafeUrl;

/// An answer, before its body is read.
pub(crate) struct Answered {
    method: Method,
    url: String,
    status: u16,
    /// Counts the body as it comes.
    ratio: Ratio,
}

impl Answered {
    /// What is known when the headers have come.
    pub(crate) fn of(method: &Method, response: &Response) -> Self {
        Self {
            method: method.clone(),
            url: SafeUrl(&response.url).to_string(),
            status: response.status,
            ratio: response.body.ratio().clone(),
        }
    }

    /// The request and its answer, once the body is read. It may quote the API: what is logged passes the scrubber.
    pub(crate) fn line(&self, took: Duration) -> String {
        let Self { method, url, status, ratio } = self;
        format!("{method} {url} {status}, {} bytes, {} ms", ratio.on_the_wire(), took.as_millis())
    }
}
