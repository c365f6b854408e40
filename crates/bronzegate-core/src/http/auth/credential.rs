//! What goes into a request so that the API lets it in.

use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;

use super::authenticator::{AuthFault, fatal};
use crate::config::KeyPlace;

/// What goes into a request so that the API lets it in. Its `Debug` shows no value.
#[derive(Clone, Debug, Default)]
pub struct Credential {
    headers: HeaderMap,
    query: Option<(String, SecretString)>,
    /// When an access token stops being used, on the clock's `elapsed`.
    pub(super) expires: Option<Duration>,
    /// The API's base URL, where that came with the token.
    pub(super) base: Option<Url>,
}

impl Credential {
    /// Puts the credential into a request.
    pub(in crate::http) fn apply(&self, url: &mut Url, headers: &mut HeaderMap) {
        for (name, value) in &self.headers {
            headers.insert(name.clone(), value.clone());
        }
        if let Some((name, value)) = &self.query {
            strip_parameter(url, name);
            url.query_pairs_mut().append_pair(name, value.expose_secret());
        }
    }

    /// Takes a credential that travels in the query out of a URL.
    pub(in crate::http) fn strip(&self, url: &mut Url) {
        if let Some((name, _)) = &self.query {
            strip_parameter(url, name);
        }
    }

    /// The API's base URL, where that came with the token.
    pub(in crate::http) fn base(&self) -> Option<&Url> {
        self.base.as_ref()
    }

    /// Adds `Authorization`.
    pub(super) fn authorize(&mut self, value: HeaderValue) {
        self.headers.insert(AUTHORIZATION, value);
    }

    /// Adds a header.
    pub(super) fn header(&mut self, name: &str, value: &str) -> Result<(), AuthFault> {
        self.headers.insert(header_name(name)?, header_value(value)?);
        Ok(())
    }

    /// Adds a key with the text before it.
    pub(super) fn put(
        &mut self,
        place: &KeyPlace,
        prefix: Option<&str>,
        value: &SecretString,
    ) -> Result<(), AuthFault> {
        let text = format!("{}{}", prefix.unwrap_or_default(), value.expose_secret());
        match place {
            KeyPlace::Header(name) => self.header(name, &text)?,
            KeyPlace::Query(name) => self.query = Some((name.clone(), text.into())),
        }
        Ok(())
    }
}

/// Takes a query parameter out of a URL.
pub(crate) fn strip_parameter(url: &mut Url, name: &str) {
    if !url.query_pairs().any(|(key, _)| key == name) {
        return;
    }
    // The other parameters keep their own spelling: a signed or opaque URL must not be rebuilt.
    let kept: Vec<&str> = url
        .query()
        .unwrap_or_default()
        .split('&')
        .filter(|pair| url::form_urlencoded::parse(pair.as_bytes()).next().is_none_or(|(key, _)| key != name))
        .collect();
    let kept = kept.join("&");
    url.set_query((!kept.is_empty()).then_some(&kept));
}

/// `Bearer <token>` (RFC 6750).
pub(super) fn bearer(token: &SecretString) -> Result<HeaderValue, AuthFault> {
    header_value(&format!("Bearer {}", token.expose_secret()))
}

pub(super) fn header_name(name: &str) -> Result<HeaderName, AuthFault> {
    name.parse().map_err(|_| fatal(format!("`{name}` is not a header name")))
}

/// A header's value that is never shown.
pub(super) fn header_value(text: &str) -> Result<HeaderValue, AuthFault> {
    let mut value = HeaderValue::from_str(text)
        .map_err(|_| fatal("a secret holds characters that cannot be sent in a header"))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_taken_out_without_touching_the_others() {
        for (before, after) in [
            ("https://x/?api_key=k&a=1%2C2&b=+c", "https://x/?a=1%2C2&b=+c"),
            ("https://x/?a=1&api%5Fkey=k", "https://x/?a=1"),
            ("https://x/?api_key=k", "https://x/"),
            ("https://x/?a=%7E", "https://x/?a=%7E"),
        ] {
            let mut url = Url::parse(before).unwrap();
            strip_parameter(&mut url, "api_key");
            assert_eq!(url.as_str(), after);
        }
    }
}
