//! A request, read as far as every style needs it.

use crate::{page::Scheme, stream::Stream};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use http::{
    HeaderMap, Method,
    header::{CONTENT_TYPE, HOST},
    request::Parts,
};
use serde_json::value::RawValue;
use std::collections::HashMap;
use url::form_urlencoded;

/// A request with its parameters taken apart.
#[derive(Debug)]
pub(crate) struct Call {
    parts: Parts,
    body: Bytes,
    query: Vec<(String, String)>,
    /// The scalars of a JSON body by their JSON Pointers, and those of its first level and of its
    /// `variables` by their names too. An array counts as a scalar besides: its JSON text. Of a form its fields.
    members: Vec<(String, String)>,
    host: String,
}

impl Call {
    /// Takes a request apart; `host` is what it is reached by if it does not say so itself.
    pub(crate) fn new(parts: Parts, body: Bytes, host: &str) -> Self {
        let query = parts.uri.query().unwrap_or_default();
        let query = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let named = parts.headers.get(HOST).and_then(|h| h.to_str().ok());
        let is_form =
            parts.headers.get(CONTENT_TYPE).is_some_and(|kind| kind == "application/x-www-form-urlencoded");
        let members =
            if is_form { form_urlencoded::parse(&body).into_owned().collect() } else { members(&body) };
        Self { host: named.unwrap_or(host).to_owned(), members, query, parts, body }
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

    /// The token of bearer authentication (RFC 6750).
    pub(crate) fn bearer(&self) -> Option<&str> {
        let (scheme, token) = self.header("authorization")?.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token)
    }

    /// User and password of basic authentication (RFC 7617).
    pub(crate) fn basic(&self) -> Option<(String, String)> {
        let (scheme, encoded) = self.header("authorization")?.split_once(' ')?;
        if !scheme.eq_ignore_ascii_case("basic") {
            return None;
        }
        let plain = String::from_utf8(BASE64_STANDARD.decode(encoded).ok()?).ok()?;
        let (user, password) = plain.split_once(':')?;
        Some((user.to_owned(), password.to_owned()))
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

    /// The path.
    pub(crate) fn path(&self) -> &str {
        self.parts.uri.path()
    }

    /// What stands after `path` and a slash; nothing if the request is for something else.
    pub(crate) fn behind(&self, path: &str) -> Option<&str> {
        let rest = self.path().strip_prefix(path)?;
        if rest.is_empty() { Some(rest) } else { rest.strip_prefix('/') }
    }

    /// Whether it is for a page after the first, by a cursor or locator of this server's.
    pub(crate) fn asks_for_more(&self, stream: &Stream) -> bool {
        let by_path = self.behind(&stream.path).is_some_and(|rest| !rest.is_empty());
        let is_later = |cursor| Some(cursor) != stream.quirks.first_cursor.as_deref();
        by_path || Scheme::of(stream).cursor().is_some_and(|name| self.argument(name).is_some_and(is_later))
    }

    /// The parameter of this name, from the query, a form or a JSON body; `/a/0/b` is a JSON Pointer into it.
    pub(crate) fn argument(&self, name: &str) -> Option<&str> {
        self.query.iter().chain(&self.members).find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The names of all parameters, as [`argument`](Self::argument) takes them.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let names = self.query.iter().chain(&self.members).map(|(name, _)| name.as_str());
        names.filter(|name| !name.starts_with('/'))
    }
}

fn members(body: &[u8]) -> Vec<(String, String)> {
    if body.first() != Some(&b'{') {
        return Vec::new();
    }
    let mut found = Vec::new();
    if let Ok(body) = serde_json::from_slice::<&RawValue>(body) {
        collect(body, String::new(), &mut found);
    }
    let named = found.iter().filter_map(|(pointer, value)| {
        let name = pointer.strip_prefix("/variables/").or_else(|| pointer.strip_prefix('/'))?;
        (!name.contains('/')).then(|| (name.to_owned(), value.clone()))
    });
    let named: Vec<_> = named.collect();
    found.extend(named);
    found
}

/// Numbers and arrays keep their own digits.
fn collect(value: &RawValue, pointer: String, found: &mut Vec<(String, String)>) {
    let text = value.get();
    if let Ok(members) = serde_json::from_str::<HashMap<String, &RawValue>>(text) {
        for (name, value) in members {
            collect(value, format!("{pointer}/{name}"), found);
        }
    } else if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(text) {
        for (index, value) in items.iter().enumerate() {
            collect(value, format!("{pointer}/{index}"), found);
        }
        found.push((pointer, text.to_owned()));
    } else if let Ok(text) = serde_json::from_str(text) {
        found.push((pointer, text));
    } else if !matches!(text, "null" | "true" | "false") {
        found.push((pointer, text.to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_parameters_in_the_query_and_in_json_bodies() {
        let request = http::Request::post("/deals/query/x?limit=5&a%24=b%3D").body(());
        let (parts, ()) = request.unwrap().into_parts();
        let body = r#"{"query":"{}","variables":{"first":3,"after":null},"start_cursor":"c1","f":[{"v":7}]}"#;
        let call = Call::new(parts, body.into(), "here:1");
        assert_eq!(
            (call.behind("/deals"), call.behind("/deals/query/x"), call.behind("/deal")),
            (Some("query/x"), Some(""), None)
        );
        assert_eq!(call.host(), "here:1");
        for (name, value) in [
            ("limit", Some("5")),
            ("a$", Some("b=")),
            ("first", Some("3")),
            ("after", None),
            ("start_cursor", Some("c1")),
            ("/f/0/v", Some("7")),
            ("f", Some(r#"[{"v":7}]"#)),
        ] {
            assert_eq!(call.argument(name), value, "{name}");
        }
    }
}
