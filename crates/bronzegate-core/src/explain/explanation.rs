//! What is said of a stream.

use std::collections::BTreeMap;

use serde::Serialize;

use super::words;
use crate::run::StreamRun;

/// What a stream does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// What is asked for, how often, and from where on.
    pub asks: String,
    /// How the end of the pages is known, and where the next run begins.
    pub ends: String,
    /// Its first two requests, as far as they are known without an answer.
    pub requests: Vec<ShownRequest>,
    /// Why they are not known, where that is so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unknown: Option<String>,
}

/// A request as it would be sent. Secrets stand there by name, and in angle brackets what an answer says first. The
/// headers that all requests have (`Accept`, `Accept-Encoding`, `Cache-Control`) are left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ShownRequest {
    /// The method.
    pub method: String,
    /// The URL.
    pub url: String,
    /// The headers, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// What it carries.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub body: Option<String>,
}

impl StreamRun {
    /// Tells what the stream does, and shows its first two requests. Nothing is sent, and no secret is read.
    pub fn explain(&self) -> Explanation {
        let (asks, ends) = (words::asks(&self.stream, &self.engine.source.vars), words::ends(&self.stream));
        let (requests, unknown) = match self.first_requests() {
            Ok(requests) => (requests, None),
            Err(error) => (Vec::new(), Some(self.told(&error.to_string()))),
        };
        Explanation { asks, ends, requests, unknown }
    }
}
