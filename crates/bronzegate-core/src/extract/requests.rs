//! The request for a position: the source file's settings, with the position put in.

use http::{HeaderMap, HeaderName, HeaderValue, Method};
use serde_json::Value;
use url::Url;

use super::branch::Branch;
use super::origin::Origin;
use super::state::{Carried, PageState, Position};
use crate::config::{self, Kind, Pointer, Scope, Target};
use crate::error::{Error, ErrorKind};
use crate::http::{ApiRequest, append_path};

/// Makes the requests of one branch.
#[derive(Clone, Copy, Debug)]
pub struct Requests<'a> {
    origin: &'a Origin,
    branch: &'a Branch,
}

/// A request that is being put together.
struct Draft {
    url: Url,
    headers: HeaderMap,
    body: Option<Value>,
}

impl<'a> Requests<'a> {
    /// The requests of a branch.
    pub fn new(origin: &'a Origin, branch: &'a Branch) -> Self {
        Self { origin, branch }
    }

    /// The request for the state's position.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where a template cannot be filled in or gives no valid URL or header.
    pub fn at(&self, state: &PageState) -> Result<ApiRequest, Error> {
        let mut draft = match &state.position {
            // A link is followed as it is given, never rebuilt.
            Position::Url(url) => Draft { url: url.clone(), ..self.draft(state)? },
            _ => self.draft(state)?,
        };
        for (carry, value) in self.origin.stream.pagination.carry.iter().zip(&state.carry) {
            if let Some(value) = value {
                draft.put(&carry.to, value)?;
            }
        }
        if !matches!(state.position, Position::Url(_)) {
            self.put_position(&mut draft, state)?;
        }
        let below_base = !matches!(state.position, Position::Url(_));
        Ok(ApiRequest {
            below_base,
            method: match self.origin.stream.method {
                config::Method::Get => Method::GET,
                config::Method::Post => Method::POST,
            },
            url: draft.url,
            headers: draft.headers,
            body: draft.body.map(|body| body.to_string().into()),
        })
    }

    fn put_position(&self, draft: &mut Draft, state: &PageState) -> Result<(), Error> {
        if let Some(size) = &self.origin.stream.pagination.page_size {
            draft.put(&size.to, &number(size.value))?;
        }
        match (&self.origin.stream.pagination.kind, &state.position) {
            (Kind::Cursor { send, .. }, Position::Cursor(cursor)) => draft.put(send, cursor),
            (Kind::Offset { send, .. }, Position::Offset(offset)) => draft.put(send, &number(*offset)),
            (Kind::Page { send, .. }, Position::Page(page)) => draft.put(send, &number(*page)),
            _ => Ok(()),
        }
    }

    fn draft(&self, state: &PageState) -> Result<Draft, Error> {
        let cursor = match &state.position {
            Position::Cursor(cursor) => Some(cursor.text.as_str()),
            _ => None,
        };
        let (page, offset) = match state.position {
            Position::Page(page) => (Some(page), None),
            Position::Offset(offset) => (None, Some(offset)),
            _ => (None, None),
        };
        let scope = Scope {
            vars: &self.origin.source.vars,
            cursor,
            page,
            offset,
            window_from: self.origin.asked.from.as_ref().map(|from| from.text.as_str()),
            window_to: self.origin.asked.to.as_ref().map(|to| to.text.as_str()),
            partition: self.branch.partition(),
            parent: self.branch.parent(),
        };
        let path = self.origin.stream.path.render(&scope).map_err(bad)?;
        let url = append_path(&self.origin.source.base_url, &path);
        let mut url = url.ok_or_else(|| bad(format!("`{path}` does not make a URL")))?;
        for (name, values) in &self.origin.stream.params {
            for value in values {
                let value = value.render(&scope).map_err(bad)?;
                url.query_pairs_mut().append_pair(name, &value);
            }
        }
        let mut headers = HeaderMap::new();
        for (name, value) in &self.origin.stream.headers {
            let value = value.render(&scope).map_err(bad)?;
            headers.insert(header_name(name)?, header_value(name, &value)?);
        }
        let body =
            self.origin.stream.body.as_ref().map(|body| body.render(&scope)).transpose().map_err(bad)?;
        let mut draft = Draft { url, headers, body };
        self.put_window(&mut draft)?;
        Ok(draft)
    }

    fn put_window(&self, draft: &mut Draft) -> Result<(), Error> {
        let Some(incremental) = &self.origin.stream.incremental else { return Ok(()) };
        for (target, value) in
            [(&incremental.from, &self.origin.asked.from), (&incremental.to, &self.origin.asked.to)]
        {
            if let (Some(target), Some(value)) = (target, value) {
                draft.put(target, value)?;
            }
        }
        Ok(())
    }
}

impl Draft {
    fn put(&mut self, target: &Target, value: &Carried) -> Result<(), Error> {
        match target {
            Target::Query(name) => {
                crate::http::strip_parameter(&mut self.url, name);
                self.url.query_pairs_mut().append_pair(name, &value.text);
            }
            Target::Header(name) => {
                self.headers.insert(header_name(name)?, header_value(name, &value.text)?);
            }
            Target::Body(pointer) => {
                let body = self.body.get_or_insert_with(|| Value::Object(serde_json::Map::new()));
                set(body, pointer, value.value.clone())?;
            }
            Target::Url => {
                self.url = self.url.join(&value.text).map_err(|_| bad("the next URL is not one"))?;
            }
        }
        Ok(())
    }
}

/// Sets a member of a body, making the objects on the way to it.
fn set(mut body: &mut Value, pointer: &Pointer, value: Value) -> Result<(), Error> {
    for token in pointer.tokens() {
        if body.is_null() {
            *body = Value::Object(serde_json::Map::new());
        }
        body =
            match body {
                Value::Object(members) => members.entry(token.clone()).or_insert(Value::Null),
                Value::Array(elements) => token
                    .parse::<usize>()
                    .ok()
                    .and_then(|index| elements.get_mut(index))
                    .ok_or_else(|| bad(format!("the body has no element `{token}` of `{pointer}`")))?,
                _ => {
                    return Err(bad(format!(
                        "`{pointer}` leads through a value of the body that has no members"
                    )));
                }
            };
    }
    *body = value;
    Ok(())
}

fn number(number: u64) -> Carried {
    Carried { text: number.to_string(), value: number.into() }
}

fn header_name(name: &str) -> Result<HeaderName, Error> {
    name.parse().map_err(|_| bad(format!("`{name}` is not a header name")))
}

fn header_value(name: &str, value: &str) -> Result<HeaderValue, Error> {
    HeaderValue::from_str(value).map_err(|_| bad(format!("the value of header `{name}` cannot be sent")))
}

fn bad(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Config, cause)
}
