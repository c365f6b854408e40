//! A JSON dump of a configuration of dlt's `rest_api` source. Code in it is never executed; what needs code is refused.

mod endpoint;
mod pagination;

use bronzegate_core::config;
use serde_json::Value;

use endpoint::{ignored, stream_of};

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
        let (mut left_out, mut notes) = (Vec::new(), Vec::new());
        let (fate, place, refused) = match converted {
            Ok(map) => {
                found.set(stream.as_str(), map);
                told(&resource, &mut left_out, &mut notes);
                for note in left_out.iter().chain(&notes) {
                    found.above(note.as_str());
                }
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
            left_out,
            notes,
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

/// What is done to records there and not here, and what is to be checked.
fn told(resource: &Value, left_out: &mut Vec<String>, notes: &mut Vec<String>) {
    let steps = resource.get("processing_steps").and_then(Value::as_array);
    if steps.is_some_and(|steps| !steps.is_empty()) {
        left_out.push("processing_steps: filters and maps of records are code".to_owned());
    }
    let endpoint = &resource["endpoint"];
    if text_at(endpoint, "data_selector").is_none() {
        notes.push(
            "dlt looks for the list itself: here the whole body has to be the list; else say where it is in `records`"
                .to_owned(),
        );
    }
    let actions = endpoint.get("response_actions").and_then(Value::as_array);
    if actions.into_iter().flatten().any(|action| ignored(action).is_none()) {
        notes.push(
            "response_actions other than to ignore a status are left out: the run fails there".to_owned(),
        );
    }
}

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
          # dlt looks for the list itself: here the whole body has to be the list; else say where it is in `records`
          posts:
            path: /posts
            params: { per_page: "100" }
            records: { at: $, shape: list }
            pagination: { type: link_header }
          comments:
            path: "/posts/{{ parent.id }}/comments"
            params: { per_page: "100" }
            records: data
            pagination: { type: link_header }
            parent: { stream: posts, fields: [id] }
          # dlt looks for the list itself: here the whole body has to be the list; else say where it is in `records`
          issues:
            path: /issues
            params: { per_page: "100" }
            records: { at: $, shape: list }
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

    fn of(endpoint: &str) -> Report {
        let dump = format!(
            r#"{{ "client": {{ "base_url": "https://api.example.com", "paginator": "single_page" }}, "resources": [ {{ "name": "rows", "include_from_parent": ["name"], "endpoint": {endpoint} }}, "posts" ] }}"#
        );
        import(&dump, "blog", &[]).unwrap()
    }

    #[test]
    fn statuses_that_are_ignored_and_fields_of_the_parent_are_kept() {
        let report = of(
            r#"{ "path": "rows", "data_selector": "data[*]", "response_actions": [{ "status_code": 404, "action": "ignore" }, { "content": "x", "action": "ignore" }] }"#,
        );
        let text = &report.sources[0].text;
        assert!(text.contains("equals: 404 }, then: end, if_first: true }"), "{text}");
        assert!(text.contains("records: data"), "{text}");
        assert!(report.streams[0].notes[0].starts_with("response_actions other than"), "{report}");
        let report = of(r#"{ "path": "posts/{resources.posts.id}/rows", "data_selector": "data" }"#);
        assert_eq!(
            report.streams[0].refused.as_ref().map(|refused| refused.capability.as_str()),
            Some("grammar")
        );
    }

    #[test]
    fn what_would_be_ignored_is_refused() {
        for (endpoint, capability) in [
            (r#"{ "path": "rows", "data": "a=b" }"#, "endpoint"),
            (
                r#"{ "path": "rows", "paginator": { "type": "offset", "limit": 5, "maximum_offset": 20 } }"#,
                "end of pages",
            ),
            (
                r#"{ "path": "rows", "paginator": { "type": "page_number", "maximum_page": 2 } }"#,
                "end of pages",
            ),
        ] {
            let refused = of(endpoint).streams[0].refused.clone().map(|refused| refused.capability);
            assert_eq!(refused.as_deref(), Some(capability), "{endpoint}");
        }
    }
}
