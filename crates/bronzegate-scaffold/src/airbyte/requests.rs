//! Requesters: where to, with which parameters, headers and body.

use serde_json::Value;

use super::branches::Branches;
use super::part::Part;
use super::refused::{Result, refuse};
use super::resolve::PARAMETERS;
use super::templates::PATH;
use super::term::{Term, shown};
use crate::place::Target;
use crate::tree::Node;
use crate::yaml::{Map, Yaml};

/// The request of a stream, in the words of a source file.
#[derive(Debug, Default)]
pub(super) struct Request {
    /// Scheme and host.
    pub(super) base_url: String,
    pub(super) stream: Map,
    /// Credentials that stood among the parameters or headers, each as a setting.
    pub(super) auth: Vec<Map>,
}

/// Headers that are credentials whatever they hold.
const CREDENTIALS: [&str; 3] = ["authorization", "proxy-authorization", "cookie"];

/// What a request carries besides its path.
struct Carried {
    params: Map,
    headers: Map,
    form: Map,
    body: Option<Value>,
}

/// Reads a requester.
pub(super) fn request(part: &mut Part<'_>, node: &Node, branches: &Branches) -> Result<Request> {
    without_code(node)?;
    let mut request = Request::default();
    let (base_url, path) = address(part, node)?;
    request.base_url = base_url;
    let (path, query) = path.split_once('?').unwrap_or((&path, ""));
    request.stream.set("path", path);
    match node.text_at("http_method").as_deref().map(str::to_ascii_uppercase).as_deref() {
        None | Some("GET") => {}
        Some(method) => {
            request.stream.set("method", method);
        }
    }
    let mut carried = Carried::read(part, node, query, &mut request)?;
    carried.add_branches(branches, part.sends_form);
    without_what_is_sent_anyway(&mut carried.headers);
    let has_json = node.get("request_body_json").is_some() || node.path(&["request_body", "value"]).is_some();
    if !has_json && carried.body.as_ref().is_some_and(|body| !body.is_object()) {
        return refuse("text body", "the body is no JSON object", node);
    }
    carried.put_into(&mut request.stream);
    Ok(request)
}

/// Refuses a requester that is code, or whose properties are known only at run time.
fn without_code(node: &Node) -> Result<()> {
    if !matches!(node.kind(), "HttpRequester") {
        return refuse(
            "custom component",
            format!("the requester is code of the connector ({})", node.kind()),
            node,
        );
    }
    if node.get("fetch_properties_from_endpoint").is_some() || node.get("query_properties").is_some() {
        return refuse(
            "properties from another endpoint",
            "the request's properties come from another endpoint",
            node,
        );
    }
    Ok(())
}

impl Carried {
    /// What the requester names, and the query that stands in its path.
    fn read(part: &mut Part<'_>, node: &Node, query: &str, request: &mut Request) -> Result<Self> {
        let mut params = pairs(part, node, "request_parameters", request)?;
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            if params.get(&name).is_some() {
                return refuse("parameter twice", format!("`{name}` stands in the path, too"), node);
            }
            params.set(&*name, &*value);
        }
        let headers = pairs(part, node, "request_headers", request)?;
        let form = form(part, node, request)?;
        // An empty one is not sent.
        let is_empty = |body: &Value| body.as_object().is_some_and(serde_json::Map::is_empty);
        let body = body(part, node)?.filter(|body| !is_empty(body));
        Ok(Self { params, headers, form, body })
    }

    /// What says the branch: a partition, or a parent.
    fn add_branches(&mut self, branches: &Branches, sends_form: bool) {
        for (target, value) in &branches.sent {
            match target {
                Target::Query(name) => {
                    self.params.set(name.as_str(), value.as_str());
                }
                Target::Header(name) => {
                    self.headers.set(name.as_str(), value.as_str());
                }
                Target::Body(path) if sends_form => {
                    self.form.set(path.concat(), value.as_str());
                }
                Target::Body(path) => {
                    let body = self.body.get_or_insert_with(|| Value::Object(serde_json::Map::new()));
                    crate::new::put(body, path, value.replace(" }}", " | json }}").into());
                }
            }
        }
    }

    fn put_into(self, stream: &mut Map) {
        if let Some(body) = self.body {
            stream.set("body", body);
        }
        for (key, map) in [("params", self.params), ("headers", self.headers), ("form", self.form)] {
            if !map.is_empty() {
                stream.set(key, map);
            }
        }
    }
}

impl Request {
    /// Puts the key of an authenticator into the body.
    pub(super) fn put_key(&mut self, path: &[String], secret: Yaml, in_form: bool) {
        let Some((name, path)) = path.split_first() else { return };
        let secret = path.iter().rev().fold(secret, |inner, name| crate::yaml::one(name, inner));
        let key = if in_form { "form" } else { "body" };
        let mut members = match self.stream.get(key) {
            Some(Yaml::Map(members)) => members.clone(),
            _ => Map::new(),
        };
        members.set(name.as_str(), secret);
        self.stream.set(key, members);
    }

    /// Puts a number at a place of the request.
    pub(super) fn put(&mut self, target: &Target, number: u64, at: &Node) -> Result<()> {
        let (key, name) = match target {
            Target::Query(name) => ("params", name),
            Target::Header(name) => ("headers", name),
            Target::Body(_) => {
                return refuse("page size in a body", "a page size goes into the body of one page", at);
            }
        };
        let mut members = match self.stream.get(key) {
            Some(Yaml::Map(members)) => members.clone(),
            _ => Map::new(),
        };
        members.set(name.as_str(), number.to_string());
        self.stream.set(key, members);
        Ok(())
    }

    /// What a body needs: a method that is written out, and a form where request options go into one.
    pub(super) fn complete(&mut self, part: &Part<'_>, node: &Node) -> Result<()> {
        if part.sends_form && self.stream.get("form").is_none() {
            if self.stream.get("body").is_some() {
                return refuse("form body", "a request option goes into a form, and the body is JSON", node);
            }
            self.stream.set("form", Map::new());
        }
        if part.sends_form && part.sends_json {
            return refuse("form body", "request options go into a form and into a body of JSON", node);
        }
        let has_body = ["body", "form"].iter().any(|key| self.stream.get(key).is_some());
        if (has_body || part.sends_json) && self.stream.get("method").is_none() {
            self.stream.set("method", "GET");
        }
        Ok(())
    }
}

/// Takes out the headers that the client sends by itself.
fn without_what_is_sent_anyway(headers: &mut Map) {
    let is_sent = |name: &str, value: &Yaml| {
        let value = match value {
            Yaml::Value(value) => shown(value).to_ascii_lowercase(),
            _ => String::new(),
        };
        match name.to_ascii_lowercase().as_str() {
            "accept" => value.starts_with("application/json") && !value.contains("version"),
            "content-type" => value.starts_with("application/json"),
            "accept-encoding" => true,
            _ => false,
        }
    };
    let names: Vec<_> = headers
        .entries()
        .filter(|(name, value)| is_sent(name, value))
        .map(|(name, _)| name.to_owned())
        .collect();
    for name in names {
        let _ = headers.remove(&name);
    }
}

/// Scheme and host, and the path as a template.
fn address(part: &mut Part<'_>, node: &Node) -> Result<(String, String)> {
    let url = node.get("url_base").or_else(|| node.get("url"));
    let Some(url) = url else { return refuse("address", "no url_base and no url", node) };
    let base_term = part.scope(node).raw(&url.text().unwrap_or_default());
    let path_term = node
        .get("path")
        .map_or_else(Term::null, |path| part.scope(node).raw(&path.text().unwrap_or_default()));
    let (base_term, path_term) = (part.opened(base_term), part.opened(path_term));
    let base = match &base_term {
        Term::Secret(place) => {
            return refuse("secret in an address", format!("the address holds the secret `{place}`"), url);
        }
        term => part.template(term, "the address", url)?.unwrap_or_default(),
    };
    part.base = part.settings.with_scheme(base.trim());
    let path = part.template(&path_term, PATH, node)?.unwrap_or_default();
    let joined = if path.starts_with("http://") || path.starts_with("https://") {
        path
    } else if path.trim().trim_start_matches('/').is_empty() {
        // `/` adds nothing: the address stays as it is, with or without a slash.
        base.trim().to_owned()
    } else {
        format!("{}/{}", base.trim().trim_end_matches('/'), path.trim().trim_start_matches('/'))
    };
    let Some(joined) = part.settings.with_scheme(&joined) else {
        let what = if base.trim().is_empty() {
            "the address is empty for this configuration: give its values with --config".to_owned()
        } else {
            format!("the address `{joined}` has no scheme")
        };
        return refuse("address", what, url);
    };
    let after = joined.find("://").map_or(0, |at| at + 3);
    let host_end = joined[after..].find(['/', '?']).map_or(joined.len(), |at| after + at);
    let (host, rest) = joined.split_at(host_end);
    if host.contains("{{") {
        return refuse("host at run time", "the host depends on what only a run knows", url);
    }
    let path = if rest.starts_with('/') || rest.is_empty() { rest.to_owned() } else { format!("/{rest}") };
    let path = without_spaces(&path);
    Ok((host.to_ascii_lowercase(), if path.is_empty() { "/".to_owned() } else { path }))
}

/// A path whose own spaces are encoded; templates keep theirs.
fn without_spaces(path: &str) -> String {
    let mut parts = path.split("{{");
    let first = parts.next().unwrap_or_default().replace(' ', "%20");
    parts.fold(first, |text, part| {
        let (name, rest) = part.split_once("}}").unwrap_or((part, ""));
        format!("{text}{{{{{name}}}}}{}", rest.replace(' ', "%20"))
    })
}

/// Parameters or headers: empty ones are not sent.
fn pairs(part: &mut Part<'_>, node: &Node, key: &str, request: &mut Request) -> Result<Map> {
    let mut map = Map::new();
    let Some(pairs) = node.get(key) else { return Ok(map) };
    if let Some(text) = pairs.str() {
        // A whole query as one text, or a map that the configuration makes.
        return match part.scope(node).text(text) {
            Term::Known(Value::Object(members)) => {
                for (name, value) in &members {
                    map.set(name.as_str(), shown(value));
                }
                Ok(map)
            }
            Term::Known(Value::Null) => Ok(map),
            _ => refuse("parameters as one text", format!("`{key}` is one text"), pairs),
        };
    }
    for (name, value) in pairs.entries().iter().filter(|(name, _)| name != PARAMETERS) {
        let name = shown(&Part::known(part.scope(node).raw(name), "the name of a parameter", value)?);
        if value.get("type").is_some() {
            return refuse(
                "properties from another endpoint",
                format!("the parameter `{name}` is a component"),
                value,
            );
        }
        let is_header = key == "request_headers";
        let is_credential = is_header && CREDENTIALS.contains(&name.to_ascii_lowercase().as_str());
        let scope = if is_credential { part.secret_scope(node) } else { part.scope(node) };
        let term = told_if_absent(part, &name, value, scope.value(value));
        let target = if is_header { Target::Header(name.clone()) } else { Target::Query(name.clone()) };
        let has_secret = |term: &Term| {
            matches!(term, Term::Secret(_)) || matches!(term, Term::Written(inner, _) if inner.holds_secret())
        };
        let is_secret = matches!(&term, Term::Text(parts) if parts.iter().any(has_secret))
            || is_credential && term.holds_secret();
        if key == "request_body_data" && (is_secret || term.holds_secret()) {
            map.set(name, super::auth::as_secret(part, &term, "a field of the form", "field", value)?);
            continue;
        }
        if is_secret {
            request.auth.push(super::auth::key_at(part, &target, &term, value)?);
            part.rewrite(format!("the secret at `{name}` goes through auth"));
            continue;
        }
        if let Term::Secret(place) = &term {
            let secret = part.settings.secret(part.source, place);
            map.set(name, crate::yaml::one("secret", secret));
            continue;
        }
        match term {
            Term::Known(Value::Array(items)) => {
                map.set(name, items.iter().map(|item| Yaml::from(shown(item))).collect::<Vec<_>>());
            }
            term => {
                let what = format!("`{name}`");
                if let Some(text) = part.template(&term, &what, value)? {
                    // Names of credentials are refused in plain sight.
                    map.set(name, text);
                }
            }
        }
    }
    Ok(map)
}

/// Reports a value that the configuration does not have: `{{ config.get('x') }}` is then `None`, which Airbyte writes as text.
fn told_if_absent(part: &mut Part<'_>, name: &str, value: &Node, term: Term) -> Term {
    let is_get = value.str().is_some_and(|text| text.contains("config.get("));
    if is_get && term == Term::null() {
        part.note(format!(
            "`{name}` has no value in the configuration and is left out; Airbyte may send the text None"
        ));
    }
    term
}

/// The fields of a form.
fn form(part: &mut Part<'_>, node: &Node, request: &mut Request) -> Result<Map> {
    let data = node.get("request_body_data");
    if data.is_some_and(|data| data.str().is_some_and(|text| !text.trim_start().starts_with('{'))) {
        return refuse("text body", "the body is a text", node);
    }
    if data.is_some_and(|data| data.str().is_none()) {
        return pairs(part, node, "request_body_data", request);
    }
    match node.get("request_body").filter(|body| body.kind() == "RequestBodyUrlEncodedForm") {
        Some(body) => pairs(part, body, "value", request),
        None => Ok(Map::new()),
    }
}

fn body(part: &mut Part<'_>, node: &Node) -> Result<Option<Value>> {
    if let Some(json) = node.get("request_body_json") {
        return part.body(json, node);
    }
    if let Some(form) = node.get("request_body_data") {
        let is_json = form.str().is_some_and(|text| text.trim_start().starts_with('{'));
        return if is_json { part.body(form, node) } else { Ok(None) };
    }
    let Some(body) = node.get("request_body") else { return Ok(None) };
    let Some(value) = body.get("value") else { return Ok(None) };
    match body.kind() {
        "RequestBodyJsonObject" | "RequestBodyGraphQL" => part.body(value, node),
        "RequestBodyUrlEncodedForm" => Ok(None),
        "RequestBodyPlainText" => refuse("text body", "the body is a text", body),
        kind => refuse("custom component", format!("the body is of kind {kind}"), body),
    }
}
