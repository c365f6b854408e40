//! `OpenAPI` specifications (2 and 3) as a scaffold: paths with one list that cannot be mistaken. What a specification does not
//! say for sure is marked `(check)`, and what asks by time is never guessed.

mod answer;

use bronzegate_core::config;

use crate::credentials::secret_name;
use crate::place::written;
use crate::report::{Fate, Refusal, Report, SecretToCreate, SourceFile, StreamReport};
use crate::tree::{Node, read};
use crate::yaml::{Map, Yaml, one};

/// How deep references are followed.
const DEEPEST: usize = 20;

/// Converts a specification.
///
/// # Errors
/// Why it is none.
pub fn import(text: &str, name: &str, streams: &[String]) -> Result<Report, String> {
    let root = read(text).map_err(|error| format!("the specification is neither JSON nor YAML: {error}"))?;
    if root.get("paths").is_none() {
        return Err("this is no OpenAPI specification: it has no `paths`".to_owned());
    }
    let spec = Spec { root: &root, source: name };
    let mut report = Report::default();
    let (base_url, prefix) = spec.server()?;
    let mut file = Map::new().with("source", name).with("base_url", base_url);
    if let Some((auth, secrets)) = spec.security(None) {
        file.set("auth", auth);
        file.beside("(check)");
        report.secrets = secrets;
    }
    let mut found = Map::new();
    for (path, item) in root.get("paths").map(Node::entries).unwrap_or_default() {
        let Some(get) = item.get("get") else { continue };
        let stream = stream_name(path);
        if !streams.is_empty() && !streams.contains(&stream) {
            continue;
        }
        match spec.stream(&format!("{prefix}{path}"), item, get) {
            Ok((mut map, notes)) => {
                spec.own_security(get, &mut map, &mut report.secrets);
                let mut unique = stream.clone();
                let mut number = 2;
                while found.get(&unique).is_some() {
                    unique = format!("{stream}_{number}");
                    number += 1;
                }
                found.set(unique.as_str(), map);
                for note in &notes {
                    found.above(format!("(check) {note}"));
                }
                report.streams.push(reported(path, Some(format!("{name}/{unique}")), notes, None));
            }
            Err(why) => report.streams.push(reported(path, None, Vec::new(), Some((why, get.line)))),
        }
    }
    if !found.is_empty() {
        file.set("streams", found);
        let head = "# yaml-language-server: $schema=./source.schema.json\n#\n# A scaffold made by `bronzegate import openapi`: compare what is marked (check) with the API's documentation.\n";
        let text = format!("{head}{}", file.to_text());
        config::parse(&format!("{name}.yaml"), &text)
            .map_err(|problems| format!("the source file would be wrong: {problems}"))?;
        report.sources.push(SourceFile { name: name.to_owned(), text });
    }
    Ok(report)
}

fn reported(
    path: &str,
    stream: Option<String>,
    notes: Vec<String>,
    refused: Option<(String, usize)>,
) -> StreamReport {
    StreamReport {
        name: format!("GET {path}"),
        fate: if stream.is_some() { Fate::Rewritten } else { Fate::Refused },
        stream,
        rewritten: Vec::new(),
        left_out: Vec::new(),
        notes,
        refused: refused.map(|(what, line)| Refusal { capability: "no one list".to_owned(), what, line }),
    }
}

struct Spec<'a> {
    root: &'a Node,
    source: &'a str,
}

impl<'a> Spec<'a> {
    /// Follows a reference within the document.
    fn seen(&self, mut node: &'a Node) -> &'a Node {
        for _ in 0..DEEPEST {
            let Some(target) =
                node.get("$ref").and_then(Node::str).and_then(|target| target.strip_prefix("#/"))
            else {
                break;
            };
            let decoded = target.split('/').map(|name| name.replace("~1", "/").replace("~0", "~"));
            match decoded.into_iter().try_fold(self.root, |at, name| at.get(&name)) {
                Some(found) => node = found,
                None => break,
            }
        }
        node
    }

    /// The origin of the first server, and the path below it.
    fn server(&self) -> Result<(String, String), String> {
        let url = if let Some(server) = self.root.get("servers").and_then(|servers| servers.items().first()) {
            let mut url = server.text_at("url").unwrap_or_default();
            for (name, variable) in server.get("variables").map(Node::entries).unwrap_or_default() {
                url = url.replace(&format!("{{{name}}}"), &variable.text_at("default").unwrap_or_default());
            }
            url
        } else {
            let host = self.root.text_at("host").ok_or("the specification names no server")?;
            let scheme =
                self.root.get("schemes").and_then(|schemes| schemes.items().first()).and_then(Node::text);
            format!(
                "{}://{host}{}",
                scheme.unwrap_or_else(|| "https".to_owned()),
                self.root.text_at("basePath").unwrap_or_default()
            )
        };
        let url = url::Url::parse(&url).map_err(|_| {
            format!("the server `{url}` is no address: the specification's own host is not known")
        })?;
        let path = url.path().trim_end_matches('/').to_owned();
        let mut origin = url;
        origin.set_path("");
        origin.set_query(None);
        Ok((origin.as_str().trim_end_matches('/').to_owned(), path))
    }

    /// The authentication of the whole specification, or of one operation by what it says of itself.
    fn security(&self, own: Option<&Node>) -> Option<(Map, Vec<SecretToCreate>)> {
        let schemes = self
            .root
            .path(&["components", "securitySchemes"])
            .or_else(|| self.root.get("securityDefinitions"))?;
        let security = own.or_else(|| self.root.get("security"));
        let wanted =
            security.and_then(|security| security.items().first()).and_then(|first| first.entries().first());
        let (name, scheme) = match wanted {
            Some((name, _)) => schemes.entries().iter().find(|(known, _)| known == name)?,
            None => schemes.entries().first()?,
        };
        let scheme = self.seen(scheme);
        let prefix = own.map(|_| format!("{}-", secret_name(name))).unwrap_or_default();
        let secret = |what: &str| format!("{}-{prefix}{what}", self.source);
        let created = |names: &[&str]| {
            names
                .iter()
                .map(|what| SecretToCreate { name: secret(what), was: format!("security scheme `{name}`") })
                .collect()
        };
        let kind = scheme.kind();
        let http = scheme.text_at("scheme").unwrap_or_default().to_lowercase();
        Some(match (kind, http.as_str()) {
            ("http", "bearer") | ("oauth2" | "openIdConnect", _) => (
                Map::new().with("type", "bearer").with("token", one("secret", secret("token"))),
                created(&["token"]),
            ),
            ("http" | "basic", _) => {
                let auth = Map::new().with("type", "basic").with("username", one("secret", secret("user")));
                (auth.with("password", one("secret", secret("password"))), created(&["user", "password"]))
            }
            ("apiKey", _) => {
                let place =
                    scheme.text_at("in").filter(|place| matches!(place.as_str(), "header" | "query"))?;
                let key = scheme.text_at("name")?;
                let auth = Map::new().with("type", "api_key").with("in", place).with("name", key);
                (auth.with("value", one("secret", secret("key"))), created(&["key"]))
            }
            _ => return None,
        })
    }

    /// The authentication of an operation, where it is another one.
    fn own_security(&self, get: &Node, map: &mut Map, secrets: &mut Vec<SecretToCreate>) {
        let Some(own) = get.get("security").filter(|own| self.is_other(own)) else { return };
        match self.security(Some(own)).filter(|_| !own.items().is_empty()) {
            Some((auth, created)) => {
                map.set("auth", auth);
                secrets.extend(created);
            }
            None => {
                map.set("auth", Map::new().with("type", "none"));
            }
        }
        map.beside("(check)");
    }

    /// Whether an operation authenticates otherwise than the specification says for all.
    fn is_other(&self, own: &Node) -> bool {
        self.root.get("security").map(Node::to_value) != Some(own.to_value())
    }

    fn stream(&self, path: &str, item: &'a Node, get: &'a Node) -> Result<(Map, Vec<String>), String> {
        if path.contains('{') {
            return Err("the path has parameters: write it with `parent` or `vars`".to_owned());
        }
        let mut map = Map::new().with("path", path);
        let records = self.records(get)?;
        map.set(
            "records",
            match &records {
                path if path.is_empty() => Yaml::Map(Map::new().with("at", "$").with("shape", "list")),
                path => written(path).into(),
            },
        );
        let lists = [item.get("parameters"), get.get("parameters")].into_iter().flatten();
        let parameters: Vec<_> = lists
            .flat_map(Node::items)
            .map(|parameter| self.seen(parameter))
            .filter(|parameter| parameter.text_at("in").as_deref() == Some("query"))
            .collect();
        let required = parameters.iter().filter(|parameter| parameter.is_true("required"));
        let names: Vec<_> = required.filter_map(|parameter| parameter.text_at("name")).collect();
        let mut notes = Vec::new();
        if !names.is_empty() {
            notes.push(format!(
                "the API requires the parameters {}: state them in `params`",
                names.join(", ")
            ));
        }
        let cursor = || self.cursor(&parameters, get);
        match self.pagination(&parameters).or_else(cursor) {
            Some(pagination) => {
                map.set("pagination", pagination);
                notes.push("pagination is told by names alone".to_owned());
            }
            None => notes.push("no parameter names a page: does the list have one page only?".to_owned()),
        }
        Ok((map, notes))
    }
}

fn stream_name(path: &str) -> String {
    let words: Vec<_> = path.split('/').filter(|word| !word.is_empty() && !word.starts_with('{')).collect();
    let word = words.last().copied().unwrap_or("root");
    secret_name(word).replace('-', "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPEC: &str = r##"
openapi: 3.0.0
servers: [{ url: "https://{region}.example.com/v1", variables: { region: { default: eu } } }]
components:
  securitySchemes: { key: { type: apiKey, in: header, name: X-Key } }
  schemas:
    Pet: { type: object, properties: { id: { type: integer }, tags: { type: array, items: { type: object } } } }
    Pets: { type: object, properties: { data: { type: array, items: { $ref: "#/components/schemas/Pet" } }, total: { type: integer } } }
security: [{ key: [] }]
paths:
  /pets:
    get:
      parameters:
        - { name: offset, in: query, schema: { type: integer } }
        - { name: limit, in: query, schema: { type: integer, maximum: 50 } }
      responses: { "200": { content: { application/json: { schema: { $ref: "#/components/schemas/Pets" } } } } }
  /pets/{id}:
    get: { responses: { "200": { content: { application/json: { schema: { $ref: "#/components/schemas/Pet" } } } } } }
  /two:
    get:
      responses:
        "200": { content: { application/json: { schema: { type: object, properties: {
          a: { type: array, items: { type: object } }, b: { type: array, items: { type: object } } } } } } }
"##;

    #[test]
    fn a_cursor_that_the_answer_names_and_an_own_authentication_are_found() {
        let spec = SPEC
            .replace(
                "total: { type: integer }",
                "meta: { type: object, properties: { next_cursor: { type: string } } }",
            )
            .replace(
                "{ name: offset, in: query, schema: { type: integer } }",
                "{ name: cursor, in: query, schema: { type: string } }",
            )
            .replace(
                "    get:\n      parameters:",
                "    get:\n      security: [{ other: [] }]\n      parameters:",
            )
            .replace("securitySchemes: {", "securitySchemes: { other: { type: http, scheme: basic },");
        let report = import(&spec, "zoo", &[]).unwrap();
        let text = &report.sources[0].text;
        assert!(
            text.contains("pagination:\n      type: cursor\n      next: { body: meta.next_cursor }\n      send: { query: cursor }"),
            "{text}"
        );
        assert!(text.contains("username: { secret: zoo-other-user }"), "{text}");
    }

    #[test]
    fn one_list_is_a_stream_and_whatever_is_ambiguous_is_refused() {
        let report = import(SPEC, "zoo", &[]).unwrap();
        insta::assert_snapshot!(report.sources[0].text, @r#"
        # yaml-language-server: $schema=./source.schema.json
        #
        # A scaffold made by `bronzegate import openapi`: compare what is marked (check) with the API's documentation.
        source: zoo
        base_url: https://eu.example.com
        auth: { type: api_key, in: header, name: X-Key, value: { secret: zoo-key } }  # (check)
        streams:
          # (check) pagination is told by names alone
          pets:
            path: /v1/pets
            records: data
            pagination: { type: offset, send: { query: offset }, page_size: { query: limit, value: 50 } }
        "#);
        let refused: Vec<_> = report
            .streams
            .iter()
            .filter_map(|stream| stream.refused.as_ref())
            .map(|refusal| (refusal.what.as_str(), refusal.line))
            .collect();
        assert_eq!(
            refused,
            [
                ("the path has parameters: write it with `parent` or `vars`", 18),
                ("the answer has 2 lists of objects", 21),
            ]
        );
    }
}
