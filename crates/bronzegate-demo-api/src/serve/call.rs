//! A request, read as far as every style needs it.

use bytes::Bytes;
use http::{HeaderMap, Method, header::HOST, request::Parts};
use serde_json::Value;
use url::form_urlencoded;

/// A request with its parameters taken apart.
#[derive(Debug)]
pub(crate) struct Call {
    parts: Parts,
    body: Bytes,
    query: Vec<(String, String)>,
    /// The scalar members of a JSON body and of its `variables`.
    members: Vec<(String, String)>,
    host: String,
}

impl Call {
    /// Takes a request apart; `host` is what it is reached by if it does not say so itself.
    pub(crate) fn new(parts: Parts, body: Bytes, host: &str) -> Self {
        let query = parts.uri.query().unwrap_or_default();
        let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let named = parts.headers.get(HOST).and_then(|h| h.to_str().ok());
        Self { host: named.unwrap_or(host).to_owned(), members: members(&body), query, parts, body }
    }

    pub(crate) fn method(&self) -> &Method {
        &self.parts.method
    }

    pub(crate) fn headers(&self) -> &HeaderMap {
        &self.parts.headers
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }

    pub(crate) fn body(&self) -> &Bytes {
        &self.body
    }

    pub(crate) fn host(&self) -> &str {
        &self.host
    }

    pub(crate) fn query(&self) -> &[(String, String)] {
        &self.query
    }

    /// The path and query as sent.
    pub(crate) fn target(&self) -> &str {
        let target = self.parts.uri.path_and_query();
        target.map_or("/", http::uri::PathAndQuery::as_str)
    }

    /// The first segment of the path.
    pub(crate) fn name(&self) -> &str {
        self.split().0
    }

    /// The path behind the first segment.
    pub(crate) fn tail(&self) -> &str {
        self.split().1
    }

    /// The whole path, for streams that are found below others: `projects/7/tasks`.
    pub(crate) fn path(&self) -> &str {
        self.parts.uri.path().trim_start_matches('/')
    }

    fn split(&self) -> (&str, &str) {
        let path = self.path();
        path.split_once('/').unwrap_or((path, ""))
    }

    /// The parameter of this name, from the query or a JSON body.
    pub(crate) fn argument(&self, name: &str) -> Option<&str> {
        self.query.iter().chain(&self.members).find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

fn members(body: &[u8]) -> Vec<(String, String)> {
    if body.first() != Some(&b'{') {
        return Vec::new();
    }
    let Ok(Value::Object(object)) = serde_json::from_slice(body) else {
        return Vec::new();
    };
    let variables = object.get("variables").and_then(Value::as_object);
    let inner = variables.into_iter().flatten();
    object
        .iter()
        .chain(inner)
        .filter_map(|(name, value)| match value {
            Value::String(text) => Some((name.clone(), text.clone())),
            Value::Number(number) => Some((name.clone(), number.to_string())),
            _ => None,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_parameters_in_the_query_and_in_json_bodies() {
        let request = http::Request::post("/deals/query/x?limit=5&a%24=b%3D").body(());
        let (parts, ()) = request.unwrap().into_parts();
        let body = r#"{"query":"{}","variables":{"first":3,"after":null},"start_cursor":"c1"}"#;
        let call = Call::new(parts, body.into(), "here:1");
        assert_eq!((call.name(), call.tail()), ("deals", "query/x"));
        assert_eq!(call.host(), "here:1");
        for (name, value) in [
            ("limit", Some("5")),
            ("a$", Some("b=")),
            ("first", Some("3")),
            ("after", None),
            ("start_cursor", Some("c1")),
        ] {
            assert_eq!(call.argument(name), value, "{name}");
        }
    }
}
