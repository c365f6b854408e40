//! A list of headers to send.

use http::{HeaderMap, HeaderName, HeaderValue};
use std::fmt;

/// Holds headers in order.
#[derive(Clone, Debug, Default)]
pub(crate) struct Headers(Vec<(HeaderName, HeaderValue)>);

impl Headers {
    /// Appends a header; one that HTTP has no way to write is left out.
    pub(crate) fn push(&mut self, name: &str, value: &(impl ToString + ?Sized)) {
        let name = HeaderName::from_bytes(name.as_bytes());
        let value = HeaderValue::try_from(value.to_string());
        if let (Ok(name), Ok(value)) = (name, value) {
            self.0.push((name, value));
        }
    }

    pub(crate) fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &(HeaderName, HeaderValue)> {
        self.0.iter()
    }

    pub(crate) fn append_to(self, map: &mut HeaderMap) {
        for (name, value) in self.0 {
            map.append(name, value);
        }
    }
}

impl fmt::Display for Headers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, (name, value)) in self.0.iter().enumerate() {
            let comma = if n > 0 { ", " } else { "" };
            write!(f, "{comma}{name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        Ok(())
    }
}
