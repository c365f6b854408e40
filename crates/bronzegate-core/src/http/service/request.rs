//! A request to a service.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::{AUTHORIZATION, CONTENT_TYPE};
use http::{HeaderMap, HeaderValue, Method};
use secrecy::{ExposeSecret as _, SecretString};
use serde_json::Value;
use url::Url;

/// A request, made by one of the constructors and completed by the others.
#[derive(Clone)]
pub struct Request {
    pub(super) method: Method,
    path: Vec<String>,
    query: Vec<(&'static str, String)>,
    authorization: Option<SecretString>,
    body: Option<(HeaderValue, SecretString)>,
    pub(super) is_once: bool,
}

impl Request {
    /// A GET of a path, whose segments may have any character: what an URL cannot hold is encoded.
    pub fn get<'a>(path: impl IntoIterator<Item = &'a str>) -> Self {
        Self::new(Method::GET, path)
    }

    /// A POST of JSON.
    pub fn post_json<'a>(path: impl IntoIterator<Item = &'a str>, body: &Value) -> Self {
        let body = (HeaderValue::from_static("application/json"), body.to_string().into());
        Self { body: Some(body), ..Self::new(Method::POST, path) }
    }

    /// A POST of a form (RFC 6749, appendix B).
    pub fn post_form<'a>(path: impl IntoIterator<Item = &'a str>, fields: &[(&str, &str)]) -> Self {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        form.extend_pairs(fields);
        let kind = HeaderValue::from_static("application/x-www-form-urlencoded");
        Self { body: Some((kind, form.finish().into())), ..Self::new(Method::POST, path) }
    }

    fn new<'a>(method: Method, path: impl IntoIterator<Item = &'a str>) -> Self {
        let path = path.into_iter().map(str::to_owned).collect();
        Self { method, path, query: Vec::new(), authorization: None, body: None, is_once: false }
    }

    /// Adds a parameter of the query.
    #[must_use]
    pub fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    /// Sends a bearer token along (RFC 6750).
    #[must_use]
    pub fn bearer(mut self, token: &SecretString) -> Self {
        self.authorization = Some(format!("Bearer {}", token.expose_secret()).into());
        self
    }

    /// Sends a user and a password along (RFC 7617).
    #[must_use]
    pub fn basic(mut self, user: &str, password: &SecretString) -> Self {
        let pair = STANDARD.encode(format!("{user}:{}", password.expose_secret()));
        self.authorization = Some(format!("Basic {pair}").into());
        self
    }

    /// Says that the request may have an effect each time it arrives: it is sent again only where it has not arrived,
    /// or was turned away with 429.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.is_once = true;
        self
    }

    /// Its URL at an origin.
    pub(super) fn url(&self, origin: &Url) -> Url {
        let mut url = origin.clone();
        // Of an https URL neither fails.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.clear().extend(&self.path);
        }
        if !self.query.is_empty() {
            url.query_pairs_mut().extend_pairs(&self.query);
        }
        url
    }

    /// Its headers; `None` where a credential cannot be sent.
    pub(super) fn headers(&self) -> Option<HeaderMap> {
        let mut headers = HeaderMap::new();
        if let Some(credential) = &self.authorization {
            let mut value = HeaderValue::from_str(credential.expose_secret()).ok()?;
            value.set_sensitive(true);
            headers.insert(AUTHORIZATION, value);
        }
        if let Some((kind, _)) = &self.body {
            headers.insert(CONTENT_TYPE, kind.clone());
        }
        Some(headers)
    }

    /// Its body.
    pub(super) fn body(&self) -> Option<String> {
        self.body.as_ref().map(|(_, body)| body.expose_secret().to_owned())
    }
}

/// Without its credential and its body.
impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} /{}", self.method, self.path.join("/"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_leaves_its_place_in_the_url() {
        let origin = Url::parse("https://dbc.example.com/").unwrap();
        let request = Request::get(["api", "2.1", "tables", "main.a/../b?c#d`"]).query("key", "a&b=c d");
        assert_eq!(
            request.url(&origin).as_str(),
            "https://dbc.example.com/api/2.1/tables/main.a%2F..%2Fb%3Fc%23d%60?key=a%26b%3Dc+d"
        );
        assert_eq!(Request::get(["a", "..", "b"]).url(&origin).path(), "/a/b", "dots lead nowhere");
    }

    #[test]
    fn what_is_shown_of_a_request_has_no_secret() {
        let token = "dapi-secret".to_owned().into();
        let request = Request::post_form(["token"], &[("assertion", "s3cret")]).bearer(&token);
        assert_eq!(format!("{request:?}"), "POST /token");
        assert!(!format!("{:?}", request.headers().unwrap()).contains("dapi"));
        assert!(Request::get(["a"]).bearer(&"two\nlines".to_owned().into()).headers().is_none());
    }
}
