//! A JSON dump of a configuration of dlt's `rest_api` source. Code in it is never executed; what needs code is refused.

mod pagination;

use bronzegate_core::config;
use serde_json::Value;

use pagination::pagination;

use crate::credentials::secret_name;
use crate::report::{Fate, Refusal, Report, SecretToCreate, SourceFile, StreamReport};
use crate::yaml::{Map, Yaml, one};

/// Converts a dump.
///
/// # Errors
/// Why it is none.
pub fn import(text: &str, name: &str, streams: &[String]) -> Result<Report, String> {
    let dump: Value = serde_json::from_str(text)
        .map_err(|error| format!("the dump is not JSON: line {}, column {}", error.line(), error.column()))?;
    let client = dump.get("client").ok_or("this is no configuration of rest_api: it has no `client`")?;
    let resources = dump
        .get("resources")
        .and_then(Value::as_array)
        .ok_or("this is no configuration of rest_api: it has no `resources`")?;
    let (mut file, secrets) = source_of(client, name)?;
    let mut report = Report { secrets, ..Report::default() };
    let defaults = dump.get("resource_defaults").cloned().unwrap_or(Value::Null);
    let mut found = Map::new();
    for (at, resource) in resources.iter().enumerate() {
        let resource = merged(&defaults, &normalized(resource));
        let own = text_at(&resource, "name").unwrap_or_else(|| format!("resource {}", at + 1));
        if !streams.is_empty() && !streams.contains(&own) {
            continue;
        }
        let stream = crate::airbyte::stream_name(&own);
        let converted = stream_of(&resource, client).and_then(|map| {
            let tried = found.clone().with(stream.as_str(), map.clone());
            check(name, &file.clone().with("streams", tried)).map(|()| map)
        });
        let (fate, place, refused) = match converted {
            Ok(map) => {
                found.set(stream.as_str(), map);
                (Fate::Exact, Some(format!("{name}/{stream}")), None)
            }
            Err((capability, what)) => {
                (Fate::Refused, None, Some(Refusal { capability: capability.to_owned(), what, line: 1 }))
            }
        };
        report.streams.push(StreamReport {
            name: own,
            stream: place,
            fate,
            rewritten: Vec::new(),
            left_out: Vec::new(),
            notes: Vec::new(),
            refused,
        });
    }
    if !found.is_empty() {
        file.set("streams", found);
        let head =
            "# yaml-language-server: $schema=./source.schema.json\n#\n# Made by `bronzegate import dlt`.\n";
        report.sources.push(SourceFile { name: name.to_owned(), text: format!("{head}{}", file.to_text()) });
    }
    Ok(report)
}

type Refused = (&'static str, String);

/// What all streams share: the address, the authentication with its secrets, and the headers.
fn source_of(client: &Value, name: &str) -> Result<(Map, Vec<SecretToCreate>), String> {
    let base_url = text_at(client, "base_url").ok_or("client.base_url is missing")?;
    let mut file = Map::new().with("source", name).with("base_url", base_url.trim_end_matches('/'));
    let mut secrets = Vec::new();
    if let Some(auth) = client.get("auth").filter(|auth| !auth.is_null()) {
        let (auth, own) = authentication(auth, name)?;
        file.set("auth", auth);
        secrets = own;
    }
    if let Some(headers) = client.get("headers").filter(|headers| headers.is_object()) {
        file.set("headers", Yaml::from(texts(headers)));
    }
    Ok((file, secrets))
}

/// Whether the grammar takes a file.
fn check(name: &str, file: &Map) -> Result<(), Refused> {
    match config::parse(&format!("{name}.yaml"), &file.to_text()) {
        Ok(_) => Ok(()),
        Err(problems) => {
            let first = problems.as_slice().first();
            let what = first.map(|problem| format!("{}: {}", problem.path, problem.what));
            Err(("grammar", what.unwrap_or_default()))
        }
    }
}

fn text_at(value: &Value, key: &str) -> Option<String> {
    value.get(key)?.as_str().map(str::to_owned)
}

/// Numbers and flags as the texts that a query has.
fn texts(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            Value::Object(members.iter().map(|(name, value)| (name.clone(), texts(value))).collect())
        }
        Value::Array(items) => items.iter().map(texts).collect(),
        Value::String(text) => text.as_str().into(),
        other => other.to_string().into(),
    }
}

/// A resource may be its name alone, and its endpoint a path alone.
fn normalized(resource: &Value) -> Value {
    let mut resource = match resource {
        Value::String(name) => serde_json::json!({ "name": name, "endpoint": { "path": name } }),
        other => other.clone(),
    };
    if let Some(Value::String(path)) = resource.get("endpoint").cloned() {
        resource["endpoint"] = serde_json::json!({ "path": path });
    }
    if resource["endpoint"].get("path").is_none()
        && let Some(name) = text_at(&resource, "name")
    {
        resource["endpoint"]["path"] = name.into();
    }
    resource
}

fn merged(defaults: &Value, own: &Value) -> Value {
    match (defaults, own) {
        (Value::Object(defaults), Value::Object(own)) => {
            let mut all = defaults.clone();
            for (name, value) in own {
                let value = merged(defaults.get(name).unwrap_or(&Value::Null), value);
                all.insert(name.clone(), value);
            }
            Value::Object(all)
        }
        (_, own) => own.clone(),
    }
}

fn authentication(auth: &Value, source: &str) -> Result<(Map, Vec<SecretToCreate>), String> {
    let kind = auth
        .as_str()
        .map(str::to_owned)
        .or_else(|| text_at(auth, "type"))
        .unwrap_or_else(|| "bearer".to_owned());
    let mut secrets = Vec::new();
    let mut secret = |what: &str| {
        let name = format!("{source}-{}", secret_name(what));
        secrets.push(SecretToCreate { name: name.clone(), was: format!("client.auth.{what}") });
        one("secret", name)
    };
    let map = match kind.as_str() {
        "bearer" => Map::new().with("type", "bearer").with("token", secret("token")),
        "http_basic" => Map::new()
            .with("type", "basic")
            .with("username", secret("username"))
            .with("password", secret("password")),
        "api_key" => {
            let place = text_at(auth, "location").unwrap_or_else(|| "header".to_owned());
            let name = text_at(auth, "name").unwrap_or_else(|| "Authorization".to_owned());
            Map::new()
                .with("type", "api_key")
                .with("in", place)
                .with("name", name)
                .with("value", secret("api_key"))
        }
        "oauth2_client_credentials" => {
            let url = text_at(auth, "access_token_url").ok_or("client.auth.access_token_url is missing")?;
            let map = Map::new().with("type", "oauth2_client_credentials").with("token_url", url);
            map.with("client_id", secret("client_id")).with("client_secret", secret("client_secret"))
        }
        other => return Err(format!("the authentication `{other}` is code, or not known here")),
    };
    Ok((map, secrets))
}

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

fn stream_of(resource: &Value, client: &Value) -> Result<Map, Refused> {
    let endpoint = resource.get("endpoint").cloned().unwrap_or(Value::Null);
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
    let selector = text_at(&endpoint, "data_selector").unwrap_or_else(|| "$".to_owned());
    let selector = selector.trim_start_matches("$.").to_owned();
    map.set("records", selector);
    let paginator = endpoint.get("paginator").or_else(|| client.get("paginator"));
    match paginator {
        Some(paginator) => {
            if let Some(pagination) = pagination(paginator)? {
                map.set("pagination", pagination);
            }
        }
        None => {
            return Err((
                "detected pagination",
                "dlt finds out at run time how the list goes on: use `bronzegate new`".to_owned(),
            ));
        }
    }
    if let Some((stream, fields)) = parent {
        let fields: Vec<_> = fields.into_iter().map(Yaml::from).collect();
        map.set("parent", Map::new().with("stream", stream).with("fields", fields));
    }
    if let Some(incremental) = incremental {
        map.set("incremental", cursor(&incremental, from, resource)?);
    }
    Ok(map)
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

#[cfg(test)]
mod tests {
    use super::*;

    const DUMP: &str = r#"{
        "client": { "base_url": "https://api.example.com/v1/", "auth": { "type": "bearer", "token": "t0p" }, "paginator": "header_link" },
        "resource_defaults": { "primary_key": "id", "endpoint": { "params": { "per_page": 100 } } },
        "resources": [
            "posts",
            { "name": "comments", "endpoint": { "path": "posts/{post_id}/comments", "data_selector": "data",
                "params": { "post_id": { "type": "resolve", "resource": "posts", "field": "id" } } } },
            { "name": "issues", "endpoint": { "path": "issues", "paginator": { "type": "offset", "limit": 50, "total_path": null },
                "params": { "since": { "type": "incremental", "cursor_path": "updated_at", "initial_value": "2024-01-25T11:21:28Z" } } } },
            { "name": "own", "endpoint": { "path": "own", "paginator": { "type": "<object MyPaginator>" } } }
        ]
    }"#;

    #[test]
    fn resources_become_streams_and_code_is_refused() {
        let report = import(DUMP, "blog", &[]).unwrap();
        insta::assert_snapshot!(report.sources[0].text, @r#"
        # yaml-language-server: $schema=./source.schema.json
        #
        # Made by `bronzegate import dlt`.
        source: blog
        base_url: https://api.example.com/v1
        auth: { type: bearer, token: { secret: blog-token } }
        streams:
          posts:
            path: /posts
            params: { per_page: "100" }
            records: $
            pagination: { type: link_header }
          comments:
            path: "/posts/{{ parent.id }}/comments"
            params: { per_page: "100" }
            records: data
            pagination: { type: link_header }
            parent: { stream: posts, fields: [id] }
          issues:
            path: /issues
            params: { per_page: "100" }
            records: $
            pagination: { type: offset, send: { query: offset }, page_size: { query: limit, value: 50 } }
            incremental:
              cursor: updated_at
              format: rfc3339
              from: { query: since }
              start: "2024-01-25T11:21:28Z"
              key: id
        "#);
        assert!(!report.sources[0].text.contains("t0p"));
        let refused = report
            .streams
            .last()
            .and_then(|stream| stream.refused.as_ref())
            .map(|refusal| refusal.capability.as_str());
        assert_eq!(refused, Some("code"));
    }
}
