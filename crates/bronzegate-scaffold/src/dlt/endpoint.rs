//! Endpoints of dlt: what a resource asks for.

use serde_json::Value;

use super::pagination::pagination;
use super::{Refused, text_at, texts};
use crate::yaml::{Map, Yaml, one};

/// What the parameters of an endpoint say.
#[derive(Default)]
struct Parameters {
    /// Those that are sent as they are.
    sent: Map,
    /// The parent, and the fields that are taken from its records.
    parent: Option<(String, Vec<String>)>,
    /// Words of the path, and the template that takes the place of each.
    words: Vec<(String, String)>,
    incremental: Option<Value>,
    /// The parameter that says from when on.
    from: Option<String>,
}

impl Parameters {
    fn of(endpoint: &Value) -> Result<Self, Refused> {
        let incremental = endpoint.get("incremental").filter(|incremental| incremental.is_object()).cloned();
        let from = incremental.as_ref().and_then(|incremental| text_at(incremental, "start_param"));
        let mut all = Self { incremental, from, ..Self::default() };
        for (name, value) in endpoint.get("params").and_then(Value::as_object).into_iter().flatten() {
            match value.get("type").and_then(Value::as_str) {
                Some("resolve") => all.resolve(name, value)?,
                Some("incremental") => {
                    all.incremental = Some(value.clone());
                    all.from = Some(name.clone());
                }
                Some(other) => return Err(("code", format!("the parameter `{name}` is of type `{other}`"))),
                None => {
                    all.sent.set(name.as_str(), Yaml::from(texts(value)));
                }
            }
        }
        Ok(all)
    }

    /// A parameter that is a field of the parent's records.
    fn resolve(&mut self, name: &str, value: &Value) -> Result<(), Refused> {
        let stream = crate::airbyte::stream_name(&text_at(value, "resource").unwrap_or_default());
        let field = text_at(value, "field").unwrap_or_default();
        self.words.push((format!("{{{name}}}"), format!("{{{{ parent.{field} }}}}")));
        let known = self.parent.get_or_insert_with(|| (stream.clone(), Vec::new()));
        if known.0 != stream {
            return Err(("several parents", format!("`{name}` comes from another parent")));
        }
        known.1.push(field);
        Ok(())
    }
}

/// A stream of a resource.
pub(super) fn stream_of(resource: &Value, client: &Value) -> Result<Map, Refused> {
    let endpoint = resource.get("endpoint").cloned().unwrap_or(Value::Null);
    known_keys(&endpoint)?;
    let path = text_at(&endpoint, "path").unwrap_or_default();
    let Parameters { sent, mut parent, words, incremental, from } = Parameters::of(&endpoint)?;
    let mut map = Map::new();
    let path = words.iter().fold(path, |path, (from, to)| path.replace(from, to));
    let (path, outer) = outer_fields(&path);
    if let Some((stream, field)) = outer {
        parent.get_or_insert((stream, Vec::new())).1.push(field);
    }
    map.set("path", if path.starts_with('/') { path } else { format!("/{path}") });
    if let Some(method) = text_at(&endpoint, "method").filter(|method| !method.eq_ignore_ascii_case("get")) {
        map.set("method", method.to_uppercase());
    }
    if !sent.is_empty() {
        map.set("params", sent);
    }
    if let Some(body) = endpoint.get("json").filter(|body| body.is_object()) {
        map.set("body", body.clone());
    }
    if let Some(headers) = endpoint.get("headers").filter(|headers| headers.is_object()) {
        map.set("headers", Yaml::from(texts(headers)));
    }
    map.set("records", records(&endpoint));
    let paginator = endpoint.get("paginator").or_else(|| client.get("paginator"));
    let Some(paginator) = paginator else {
        let what = "dlt finds out at run time how the list goes on: use `bronzegate new`";
        return Err(("detected pagination", what.to_owned()));
    };
    if let Some(pagination) = pagination(paginator)? {
        map.set("pagination", pagination);
    }
    let rules = ignoring(&endpoint, parent.is_some());
    if !rules.is_empty() {
        map.set("responses", rules);
    }
    if let Some((stream, mut fields)) = parent {
        let more = resource.get("include_from_parent").and_then(Value::as_array);
        for field in more.into_iter().flatten().filter_map(Value::as_str) {
            if !fields.iter().any(|known| known == field) {
                fields.push(field.to_owned());
            }
        }
        let fields: Vec<_> = fields.into_iter().map(Yaml::from).collect();
        map.set("parent", Map::new().with("stream", stream).with("fields", fields));
    }
    if let Some(incremental) = incremental {
        map.set("incremental", cursor(&incremental, from, resource)?);
    }
    Ok(map)
}

/// Where the list is; dlt looks for it itself where nothing is said.
fn records(endpoint: &Value) -> Yaml {
    let selector = text_at(endpoint, "data_selector");
    match selector.as_deref().map(|selector| selector.trim_start_matches("$.")) {
        Some(selector) => selector.strip_suffix("[*]").unwrap_or(selector).into(),
        None => Yaml::Map(Map::new().with("at", "$").with("shape", "list")),
    }
}

/// Refuses an endpoint with a key that would be ignored.
fn known_keys(endpoint: &Value) -> Result<(), Refused> {
    const KNOWN: [&str; 9] = [
        "path",
        "method",
        "params",
        "json",
        "headers",
        "data_selector",
        "paginator",
        "incremental",
        "response_actions",
    ];
    let members = endpoint.as_object().into_iter().flatten();
    match members.filter(|(_, value)| !value.is_null()).find(|(key, _)| !KNOWN.contains(&key.as_str())) {
        Some((key, _)) => Err(("endpoint", format!("`{key}` of an endpoint is not known here"))),
        None => Ok(()),
    }
}

/// Rules for the statuses that are ignored: of a parent's record, it has no children; else, the list is empty.
fn ignoring(endpoint: &Value, has_parent: bool) -> Vec<Yaml> {
    let actions = endpoint.get("response_actions").and_then(Value::as_array);
    let statuses = actions.into_iter().flatten().filter_map(ignored);
    let rule = |status: u64| {
        let when = Map::new().with("at", one("status", true)).with("equals", status);
        let rule = Map::new().with("when", when);
        Yaml::Map(if has_parent {
            rule.with("then", "skip")
        } else {
            rule.with("then", "end").with("if_first", true)
        })
    };
    statuses.map(rule).collect()
}

/// `{resources.posts.id}` in a path.
fn outer_fields(path: &str) -> (String, Option<(String, String)>) {
    let Some(start) = path.find("{resources.") else { return (path.to_owned(), None) };
    let rest = &path[start + "{resources.".len()..];
    let Some((inner, after)) = rest.split_once('}') else { return (path.to_owned(), None) };
    let Some((stream, field)) = inner.split_once('.') else { return (path.to_owned(), None) };
    (
        format!("{}{{{{ parent.{field} }}}}{after}", &path[..start]),
        Some((crate::airbyte::stream_name(stream), field.to_owned())),
    )
}

fn cursor(incremental: &Value, from: Option<String>, resource: &Value) -> Result<Map, Refused> {
    if incremental.get("convert").is_some_and(|convert| !convert.is_null()) {
        return Err(("code", "the cursor is converted by code".to_owned()));
    }
    let path =
        text_at(incremental, "cursor_path").ok_or(("incremental", "cursor_path is missing".to_owned()))?;
    let initial = incremental.get("initial_value").filter(|value| !value.is_null());
    let format = match initial {
        Some(Value::Number(_)) => "integer",
        Some(Value::String(text)) if text.parse::<jiff::Timestamp>().is_ok() => "rfc3339",
        Some(Value::String(text)) if text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok() => "date",
        _ => {
            return Err((
                "incremental",
                "how the cursor is written does not follow from initial_value".to_owned(),
            ));
        }
    };
    let mut map = Map::new().with("cursor", path).with("format", format);
    if let Some(from) = from {
        map.set("from", one("query", from));
    }
    if let Some(to) = text_at(incremental, "end_param") {
        map.set("to", one("query", to));
    }
    if let Some(initial) = initial.and_then(Value::as_str) {
        map.set("start", initial);
    }
    if let Some(key) = text_at(resource, "primary_key") {
        map.set("key", key);
    }
    Ok(map)
}

/// The status that an action ignores.
pub(super) fn ignored(action: &Value) -> Option<u64> {
    let is_plain = action.get("content").is_none_or(Value::is_null);
    let is_ignored = action.get("action").and_then(Value::as_str) == Some("ignore");
    action.get("status_code").and_then(Value::as_u64).filter(|_| is_plain && is_ignored)
}
