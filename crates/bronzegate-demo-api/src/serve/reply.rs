//! A response before it is framed: status, headers and content.

use super::headers::Headers;
use crate::page::Page;
use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

/// What a response holds.
#[derive(Debug)]
pub(crate) enum Content {
    Bytes(Bytes),
    Page(Page),
}

/// A response that no connection has seen yet.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: Headers,
    pub(crate) content: Content,
}

impl Reply {
    pub(crate) fn new(status: StatusCode, content_type: &str, content: Content) -> Self {
        let mut headers = Headers::default();
        headers.push("content-type", content_type);
        Self { status, headers, content }
    }

    pub(crate) fn json(status: StatusCode, body: impl Into<Bytes>) -> Self {
        Self::new(status, "application/json", Content::Bytes(body.into()))
    }

    pub(crate) fn value(status: StatusCode, body: &Value) -> Self {
        Self::json(status, body.to_string())
    }

    /// The error body of this API.
    pub(crate) fn error(status: StatusCode, message: &str) -> Self {
        Self::value(status, &json!({"error": {"status": status.as_u16(), "message": message}}))
    }

    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &(impl ToString + ?Sized)) -> Self {
        self.headers.push(name, value);
        self
    }
}
