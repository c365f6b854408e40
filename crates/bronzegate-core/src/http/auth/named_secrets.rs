//! The secrets that stand in requests beside the credential. Until a request is sent, and in what is saved of it, a
//! placeholder stands in place of each.

use std::borrow::Cow;

use http::{HeaderMap, HeaderName, HeaderValue};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use crate::redact::SHORTEST_SECRET;

/// What a value within a segment of a path is encoded as (RFC 3986, section 2.3).
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// The fewest bytes of a secret that stands outside of headers: what states are searched for is as long.
pub(super) const SHORTEST_IN_REQUEST: usize = 8;

/// Secrets by what stands for them.
#[derive(Clone, Debug, Default)]
pub(super) struct NamedSecrets(Vec<(String, SecretString)>);

impl NamedSecrets {
    /// Adds one.
    pub(super) fn add(&mut self, placeholder: String, value: SecretString) {
        self.0.push((placeholder, value));
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each with what stands for it.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(placeholder, value)| (placeholder.as_str(), value.expose_secret()))
    }

    /// Whether one of them is meant to stand in a text.
    pub(super) fn stand_in(&self, text: &str) -> bool {
        self.iter().any(|(placeholder, _)| text.contains(placeholder))
    }

    /// The text with the secrets in it; `None` where none is meant to be.
    pub(super) fn filled(&self, text: &str) -> Option<String> {
        self.filled_as(text, Cow::Borrowed)
    }

    /// What stands for this value, if it is one of them.
    pub(super) fn placeholder(&self, value: &str) -> Option<&str> {
        let is_long = value.len() >= SHORTEST_SECRET;
        self.iter().find(|(_, secret)| is_long && *secret == value).map(|(placeholder, _)| placeholder)
    }

    /// Puts them into headers.
    pub(super) fn put_into_headers(&self, headers: &mut HeaderMap) {
        for value in headers.values_mut() {
            let filled = value.to_str().ok().and_then(|text| self.filled(text));
            // Each was looked at when it was read: headers can hold it.
            if let Some(mut filled) = filled.and_then(|text| HeaderValue::from_str(&text).ok()) {
                filled.set_sensitive(true);
                *value = filled;
            }
        }
    }

    /// Takes the headers out in which they are meant to stand.
    pub(super) fn strip_headers(&self, headers: &mut HeaderMap) {
        let is_meant = |value: &HeaderValue| value.to_str().is_ok_and(|text| self.stand_in(text));
        let secret = headers.iter().filter(|(_, value)| is_meant(value)).map(|(name, _)| name.clone());
        for name in secret.collect::<Vec<HeaderName>>() {
            headers.remove(name);
        }
    }

    /// Puts them into the path of a URL.
    pub(super) fn put_into_path(&self, url: &mut Url) {
        let encoded = |secret| Cow::from(utf8_percent_encode(secret, SEGMENT));
        if let Some(path) = self.filled_as(url.path(), encoded) {
            url.set_path(&path);
        }
    }

    /// Takes them out of the path of a URL, however they are encoded in a segment of it.
    pub(super) fn withdraw_from_path(&self, url: &mut Url) {
        let segments = url.path().split('/').map(|segment| {
            let plain = percent_decode_str(segment).decode_utf8_lossy();
            let found = self.iter().filter(|(_, secret)| secret.len() >= SHORTEST_IN_REQUEST);
            let found = found.filter(|(_, secret)| plain.contains(secret));
            let withdrawn = found.fold(None, |text: Option<String>, (placeholder, secret)| {
                Some(text.as_deref().unwrap_or(&plain).replace(secret, placeholder))
            });
            let encoded = |text: String| utf8_percent_encode(&text, SEGMENT).to_string();
            withdrawn.map_or_else(|| segment.to_owned(), encoded)
        });
        let path = segments.collect::<Vec<_>>().join("/");
        if path != url.path() {
            url.set_path(&path);
        }
    }

    fn filled_as<'s>(&'s self, text: &str, encoded: impl Fn(&'s str) -> Cow<'s, str>) -> Option<String> {
        let mut filled: Option<String> = None;
        for (placeholder, secret) in self.iter() {
            let held = filled.as_deref().unwrap_or(text);
            if held.contains(placeholder) {
                filled = Some(held.replace(placeholder, &encoded(secret)));
            }
        }
        filled
    }
}
