//! What is asked for, as the words of a source file, with a change for each further request.

use std::sync::Arc;

use bronzegate_core::clock::Clock;
use bronzegate_core::config;
use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::probe::Answer;
use bronzegate_core::proxy::Proxies;
use bronzegate_core::run::Engine;
use bronzegate_core::secret::SecretStore;
use serde_json::Value;
use url::Url;

use crate::credentials::{Lifted, Place, lift};
use crate::place::Target;
use crate::request::{Method, Request};
use crate::sent::sent;
use crate::yaml::{Map, Yaml, one};

/// The most bytes of a body that are looked at.
const LONGEST_BODY: usize = 16 << 20;

/// What somebody gives.
#[derive(Clone, Debug)]
pub struct Given {
    /// The source's name.
    pub source: String,
    /// The stream's name; without it the last word of the path.
    pub stream: Option<String>,
    /// The request.
    pub request: Request,
    /// `name=secret` pairs of headers (`X-Key=acme-key`), query parameters (`?key=acme-key`), or a secret alone, which is a
    /// bearer token: credentials that the vault has already.
    pub secrets: Vec<String>,
}

/// A request without credentials, and the credentials by name.
#[derive(Clone, Debug)]
pub struct Draft {
    pub(crate) source: String,
    pub(crate) stream: String,
    pub(crate) method: Method,
    /// Scheme, host and port.
    pub(crate) base_url: String,
    pub(crate) path: String,
    pub(crate) params: Vec<(String, String)>,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Option<Value>,
    /// The body is a form.
    pub(crate) is_form: bool,
    /// The credentials that were lifted.
    pub lifted: Vec<Lifted>,
    /// What was left out of the request, and why.
    pub(crate) notes: Vec<String>,
    /// The proxies that it is sent by.
    proxies: Proxies,
}

/// What a further request changes.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    /// Another address, as the API has named it.
    Url(Url),
    /// A value.
    Set(Target, Value),
    /// Several values.
    All(Vec<(Target, Value)>),
}

impl Draft {
    /// Lifts the credentials out of what was given.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] where a source file cannot say the request.
    pub fn new(given: Given) -> Result<Self> {
        let Given { source, stream, request, secrets } = given;
        let mut lift = lift(&source, request).map_err(wrong)?;
        for text in &secrets {
            lift.lifted.push(known(text).ok_or_else(|| {
                wrong("--secret takes the name of a secret, `X-Header=secret` or `?parameter=secret`")
            })?);
        }
        let Request { method, url, headers, body, .. } = lift.request;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(wrong("the URL is not one of http or https"));
        }
        let mut base = url.clone();
        base.set_path("");
        base.set_query(None);
        let draft = Self {
            stream: stream.unwrap_or_else(|| stream_name(&url, &source)),
            base_url: base.as_str().trim_end_matches('/').to_owned(),
            path: url.path().to_owned(),
            params: url.query_pairs().into_owned().collect(),
            headers,
            is_form: body.as_ref().is_some_and(|body| body.is_form),
            body: body.map(|body| body.value),
            lifted: lift.lifted,
            notes: lift.notes,
            proxies: Proxies::default(),
            method,
            source,
        };
        sent(&draft.lifted).map_err(wrong)?;
        Ok(draft)
    }

    /// Whether sending it may have an effect.
    pub fn is_post(&self) -> bool {
        self.method == Method::Post
    }

    /// Whom it goes to, for people: without query.
    pub fn address(&self) -> String {
        format!("{}{}", self.base_url, self.path)
    }

    /// The stream's name.
    pub fn stream(&self) -> &str {
        &self.stream
    }

    pub(crate) fn changed(&self, change: &Change) -> Result<Self> {
        let mut draft = self.clone();
        match change {
            Change::All(values) => {
                for (target, value) in values {
                    draft = draft.changed(&Change::Set(target.clone(), value.clone()))?;
                }
            }
            Change::Url(url) => {
                let mut base = url.clone();
                base.set_path("");
                base.set_query(None);
                if base.as_str().trim_end_matches('/') != self.base_url {
                    return Err(Error::new(ErrorKind::Data, "the next address is on another host"));
                }
                url.path().clone_into(&mut draft.path);
                draft.params = url.query_pairs().into_owned().collect();
                // Credentials that the API repeats are added by `auth`.
                let own = |name: &str| {
                    self.lifted.iter().any(|lifted| lifted.place == Place::Query(name.to_owned()))
                };
                // Some addresses have an empty one (`?a=1&&b=2`), which a run follows as it is.
                draft.params.retain(|(name, _)| !own(name) && !name.is_empty());
            }
            Change::Set(Target::Query(name), value) => {
                draft.params.retain(|(known, _)| known != name);
                draft.params.push((name.clone(), text(value)));
            }
            Change::Set(Target::Header(name), value) => {
                draft.headers.retain(|(known, _)| !known.eq_ignore_ascii_case(name));
                draft.headers.push((name.clone(), text(value)));
            }
            Change::Set(Target::Body(path), value) => {
                let value = if draft.is_form { text(value).into() } else { value.clone() };
                put(draft.body.get_or_insert_with(|| Value::Object(serde_json::Map::new())), path, value);
            }
        }
        Ok(draft)
    }

    /// The source as far as the request alone says it.
    pub(crate) fn file(&self) -> Map {
        let mut file =
            Map::new().with("source", self.source.as_str()).with("base_url", self.base_url.as_str());
        let sent = sent(&self.lifted).unwrap_or_default();
        if let Some(auth) = sent.auth {
            file.set("auth", auth);
        }
        let mut stream = Map::new().with("path", self.path.as_str());
        if self.is_post() {
            stream.set("method", "POST");
        }
        let (mut params, mut headers, mut body) = (self.params_map(), Map::new(), self.body.clone());
        for (name, value) in &self.headers {
            headers.set(name.as_str(), value.as_str());
        }
        for lifted in sent.beside {
            let secret = one("secret", lifted.secret.as_str());
            match &lifted.place {
                Place::Query(name) => {
                    params.set(name.as_str(), secret);
                }
                Place::Header { name, .. } => {
                    headers.set(name.as_str(), secret);
                }
                Place::Body(path) => {
                    let value = serde_json::json!({ "secret": lifted.secret });
                    put(body.get_or_insert_default(), path, value);
                }
                Place::User | Place::Password => {}
            }
        }
        for (key, map) in [("params", params), ("headers", headers)] {
            if !map.is_empty() {
                stream.set(key, map);
            }
        }
        if let Some(body) = body {
            stream.set(if self.is_form { "form" } else { "body" }, body);
        }
        file.set("streams", Map::new().with(self.stream.as_str(), stream));
        file
    }

    fn params_map(&self) -> Map {
        let mut params = Map::new();
        for (name, value) in &self.params {
            let value = Yaml::from(value.as_str());
            match params.get_mut(name) {
                Some(Yaml::List(values)) => values.push(value),
                Some(first) => *first = Yaml::List(vec![first.clone(), value]),
                None => {
                    params.set(name.as_str(), value);
                }
            }
        }
        params
    }

    /// Sends it by proxies, where there are any.
    #[must_use]
    pub fn with_proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Sends it under the rules of a source, and returns the answer whatever it is.
    pub(crate) async fn send(
        &self,
        secrets: &Arc<dyn SecretStore>,
        clock: &Arc<dyn Clock>,
    ) -> Result<Answer> {
        let mut file = self.file();
        if let Some(Yaml::Map(streams)) = file.get_mut("streams")
            && let Some(Yaml::Map(stream)) = streams.get_mut(&self.stream)
        {
            stream.set("records", "$");
        }
        let source = config::parse(&format!("{}.yaml", self.source), &file.to_text());
        let source =
            source.map_err(|problems| wrong(format!("a source file cannot say this request: {problems}")))?;
        let engine = Engine::new(Arc::new(source), secrets.clone(), clock.clone(), "new");
        let engine = engine.with_proxies(self.proxies.clone());
        engine.stream(&self.stream)?.answer(LONGEST_BODY).await
    }
}

fn wrong(cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    Error::new(ErrorKind::Config, cause)
}

fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Puts a value into a body; objects on the way are made.
pub(crate) fn put(body: &mut Value, path: &[String], value: Value) {
    let mut at = body;
    for name in path {
        if !at.is_object() {
            *at = Value::Object(serde_json::Map::new());
        }
        at = &mut at[name.as_str()];
    }
    *at = value;
}

/// Takes a member out of a body.
pub(crate) fn take(body: &mut Value, path: &[String]) {
    let Some((last, parents)) = path.split_last() else { return };
    let parent = parents.iter().try_fold(body, |at, name| at.get_mut(name.as_str()));
    if let Some(Value::Object(members)) = parent {
        members.remove(last);
    }
}

/// A credential that the vault has, as `--secret` says it.
fn known(text: &str) -> Option<Lifted> {
    let (place, secret) = match text.split_once('=') {
        None => (Place::Header { name: "Authorization".to_owned(), prefix: "Bearer ".to_owned() }, text),
        Some((name, secret)) => match name.strip_prefix('?') {
            Some(name) => (Place::Query(name.to_owned()), secret),
            None => (Place::Header { name: name.to_owned(), prefix: String::new() }, secret),
        },
    };
    let is_secret_name = !secret.is_empty()
        && secret
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'_' | b'.' | b'-'));
    is_secret_name.then(|| Lifted {
        secret: secret.to_owned(),
        value: None,
        was: "--secret".to_owned(),
        place,
    })
}

/// The last word of the path that names something: not a version, a verb or an id.
fn stream_name(url: &Url, source: &str) -> String {
    const VERBS: [&str; 8] = ["search", "_search", "query", "list", "all", "results", "graphql", "index"];
    let named = |segment: &str| {
        let stem = segment.split('.').next().unwrap_or_default();
        let name: String = stem
            .chars()
            .map(|letter| {
                if letter.is_ascii_alphanumeric() || letter == '_' {
                    letter.to_ascii_lowercase()
                } else {
                    '-'
                }
            })
            .collect();
        let name = name.trim_matches(['-', '_']).to_owned();
        let has_letter = name.bytes().any(|byte| byte.is_ascii_lowercase());
        let version =
            name.strip_prefix('v').is_some_and(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()));
        (has_letter && !version && config::is_name(&name)).then_some(name)
    };
    let names: Vec<_> = url.path_segments().into_iter().flatten().filter_map(named).collect();
    // `conversations.list`: the word before the dot.
    let last = names.iter().rev().find(|name| !VERBS.contains(&name.as_str()));
    last.cloned().unwrap_or_else(|| source.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_named_after_what_its_path_ends_with() {
        for (path, name) in [
            ("/crm/v3/objects/deals/search", "deals"),
            ("/admin/api/2026-01/orders.json", "orders"),
            ("/api/conversations.list", "conversations"),
            ("/v1/", "acme"),
            ("/", "acme"),
            ("/services/data/v62.0/query", "data"),
            ("/Invoices", "invoices"),
        ] {
            let url = Url::parse(&format!("https://a.example{path}")).unwrap();
            assert_eq!(stream_name(&url, "acme"), name, "{path}");
        }
    }
}
