//! A request as somebody gives it: with its credentials still in it.

use serde_json::Value;
use url::Url;

/// How it is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Reads.
    Get,
    /// May have an effect: it is sent only after somebody has confirmed it.
    Post,
}

/// A JSON body.
#[derive(Clone, Debug, PartialEq)]
pub struct Body(pub Value);

/// A request that has not been sent. It holds credentials: it has no `Debug` text.
#[derive(Clone)]
pub struct Request {
    /// How.
    pub method: Method,
    /// Where to.
    pub url: Url,
    /// Its headers, in order.
    pub headers: Vec<(String, String)>,
    /// `user:password`.
    pub user: Option<String>,
    /// Its body.
    pub body: Option<Body>,
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request").field("method", &self.method).finish_non_exhaustive()
    }
}

impl Body {
    /// Reads a JSON object or list.
    ///
    /// # Errors
    /// What it is instead.
    pub fn parse(text: &str) -> Result<Self, String> {
        let start = text.trim_start();
        if !start.starts_with(['{', '[']) {
            let form = start.contains('=') && !start.contains(['<', ' ']);
            return Err(if form {
                "it begins like a form".to_owned()
            } else {
                "it begins with neither { nor [".to_owned()
            });
        }
        serde_json::from_str(text)
            .map(Self)
            .map_err(|error| format!("line {}, column {}", error.line(), error.column()))
    }
}
