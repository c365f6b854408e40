//! A manifest with its references followed and its parameters handed down, as Airbyte's own parser does it.

use crate::tree::{Content, Node};

/// How deep references may lead into each other.
const DEEPEST: usize = 60;
/// The most values that references may make of a manifest.
const MOST_NODES: usize = 4_000_000;
/// Where a component keeps what it hands down.
pub(super) const PARAMETERS: &str = "$parameters";

/// Types that a component has by where it stands, if it does not say one.
const DEFAULTS: &[(&str, &str)] = &[
    ("error_handlers", "DefaultErrorHandler"),
    ("decoder", "JsonDecoder"),
    ("start_datetime", "MinMaxDatetime"),
    ("end_datetime", "MinMaxDatetime"),
    ("start_time_option", "RequestOption"),
    ("end_time_option", "RequestOption"),
    ("request_option", "RequestOption"),
    ("page_size_option", "RequestOption"),
    ("streams", "DeclarativeStream"),
    ("stream", "DeclarativeStream"),
    ("retriever", "SimpleRetriever"),
    ("requester", "HttpRequester"),
    ("record_selector", "RecordSelector"),
    ("extractor", "DpathExtractor"),
    ("record_filter", "RecordFilter"),
    ("paginator", "NoPagination"),
    ("error_handler", "DefaultErrorHandler"),
    ("response_filters", "HttpResponseFilter"),
    ("parent_stream_configs", "ParentStreamConfig"),
    ("fields", "AddedFieldDefinition"),
];

/// Why references cannot be followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub(crate) struct Unresolved {
    line: usize,
    what: String,
}

/// The manifest without references, each component with its parameters.
pub(super) fn resolve(manifest: &Node) -> Result<Node, Unresolved> {
    let mut resolver = Resolver { root: manifest, nodes: 0 };
    let resolved = resolver.node(manifest, 0, true)?;
    Ok(hand_down("", &resolved, &[]))
}

struct Resolver<'a> {
    root: &'a Node,
    nodes: usize,
}

impl Resolver<'_> {
    fn node(&mut self, node: &Node, depth: usize, is_root: bool) -> Result<Node, Unresolved> {
        self.nodes += 1;
        let fail = |what: &str| Err(Unresolved { line: node.line, what: what.to_owned() });
        if depth > DEEPEST {
            return fail("references lead in a circle, or too deep");
        }
        if self.nodes > MOST_NODES {
            return fail("references make the manifest too large");
        }
        let content = match &node.content {
            Content::Scalar(_) => match node.str().filter(|text| text.starts_with("#/")) {
                Some(target) => return self.target(target, node, depth),
                None => node.content.clone(),
            },
            Content::List(items) => {
                let items = items.iter().map(|item| self.node(item, depth + 1, false));
                Content::List(items.collect::<Result<_, _>>()?)
            }
            Content::Map(entries) => {
                let mut resolved: Vec<(String, Node)> = Vec::new();
                if let Some(target) = node.get("$ref").and_then(Node::str) {
                    resolved = self.target(target, node, depth)?.entries().to_vec();
                }
                // Definitions are read where they are used.
                let is_used = |key: &str| {
                    key != "$ref" && !(is_root && matches!(key, "definitions" | "schemas" | "metadata"))
                };
                for (key, value) in entries.iter().filter(|(key, _)| is_used(key)) {
                    let value = self.node(value, depth + 1, false)?;
                    match resolved.iter_mut().find(|(known, _)| known == key) {
                        Some((_, known)) => *known = value,
                        None => resolved.push((key.clone(), value)),
                    }
                }
                Content::Map(resolved)
            }
        };
        Ok(Node::new(node.line, content))
    }

    fn target(&mut self, target: &str, from: &Node, depth: usize) -> Result<Node, Unresolved> {
        let mut at = self.root;
        let mut rest = target.trim_start_matches("#/");
        while !rest.is_empty() {
            // A name may hold a slash: the longest that is there counts.
            let mut ends: Vec<_> = rest.match_indices('/').map(|(at, _)| at).chain([rest.len()]).collect();
            ends.reverse();
            let found = ends.into_iter().find_map(|end| Some((child(at, &rest[..end])?, end)));
            let Some((next, end)) = found else {
                return Err(Unresolved { line: from.line, what: format!("`{target}` leads nowhere") });
            };
            at = next;
            rest = rest[end..].trim_start_matches('/');
        }
        self.node(at, depth + 1, false)
    }
}

fn child<'a>(node: &'a Node, name: &str) -> Option<&'a Node> {
    match &node.content {
        Content::Map(entries) => entries.iter().find(|(key, _)| key == name).map(|(_, node)| node),
        Content::List(items) => items.get(name.parse::<usize>().ok()?),
        Content::Scalar(_) => None,
    }
}

fn is_schema(node: &Node) -> bool {
    matches!(node.get("type").map(|kind| &kind.content), Some(Content::List(_) | Content::Map(_)))
        || node.kind() == "object"
}

fn default_type(node: &Node, field: &str) -> Option<&'static str> {
    if node.get("class_name").is_some() {
        return Some("Custom");
    }
    DEFAULTS.iter().find(|(name, _)| *name == field).map(|(_, kind)| *kind)
}

/// Types where they are missing, and parameters for every component below.
fn hand_down(field: &str, node: &Node, inherited: &[(String, Node)]) -> Node {
    let Content::Map(entries) = &node.content else { return node.clone() };
    let mut entries = entries.clone();
    if node.get("type").is_none()
        && let Some(kind) = default_type(node, field)
    {
        entries.push(("type".to_owned(), Node::new(node.line, Content::Scalar(kind.into()))));
    }
    let own = entries.iter().position(|(key, _)| matches!(key.as_str(), PARAMETERS | "$options"));
    let own = own.map(|at| entries.remove(at).1.entries().to_vec()).unwrap_or_default();
    let mut parameters = inherited.to_vec();
    for (key, value) in own {
        match parameters.iter_mut().find(|(known, _)| *known == key) {
            Some((_, known)) => *known = value,
            None => parameters.push((key, value)),
        }
    }
    let with_type = Node::new(node.line, Content::Map(entries.clone()));
    if is_schema(&with_type) {
        return with_type;
    }
    let is_component = with_type.get("type").is_some();
    if is_component {
        for (key, value) in &parameters {
            let is_empty = |node: &Node| node.is_null() || node.str() == Some("");
            match entries.iter_mut().find(|(known, _)| known == key) {
                Some((_, known)) if is_empty(known) => *known = value.clone(),
                Some(_) => {}
                None => entries.push((key.clone(), value.clone())),
            }
        }
    }
    let below =
        |key: &str| -> Vec<_> { parameters.iter().filter(|(name, _)| name != key).cloned().collect() };
    let handed = entries.into_iter().map(|(key, value)| {
        let value = match &value.content {
            Content::Map(_) if is_component || value.get("type").is_some() => {
                hand_down(&key, &value, &below(&key))
            }
            Content::List(items) if is_component => {
                let items = items.iter().map(|item| hand_down(&key, item, &below(&key)));
                Node::new(value.line, Content::List(items.collect()))
            }
            _ => value,
        };
        (key, value)
    });
    let mut entries: Vec<_> = handed.collect();
    if is_component && !parameters.is_empty() {
        entries.push((PARAMETERS.to_owned(), Node::new(node.line, Content::Map(parameters))));
    }
    Node::new(node.line, Content::Map(entries))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::read;

    #[test]
    fn references_are_followed_siblings_count_more_and_parameters_become_fields() {
        let manifest = read(
            "definitions:\n  base:\n    type: DeclarativeStream\n    retriever:\n      requester:\n        path: \"{{ parameters['path'] }}\"\n\
             streams:\n  - $ref: '#/definitions/base'\n    $parameters:\n      name: deals\n      path: /deals\n",
        )
        .unwrap();
        let resolved = resolve(&manifest).unwrap();
        let stream = &resolved.get("streams").unwrap().items()[0];
        assert_eq!(stream.text_at("name").as_deref(), Some("deals"));
        let requester = stream.path(&["retriever", "requester"]).unwrap();
        assert_eq!(
            (requester.kind(), requester.text_at("path").as_deref()),
            ("HttpRequester", Some("{{ parameters['path'] }}"))
        );
        assert_eq!(requester.path(&[PARAMETERS, "path"]).and_then(Node::str), Some("/deals"));
    }

    #[test]
    fn a_circle_is_an_error_with_its_line() {
        let manifest = read(
            "definitions:\n  a:\n    b: { $ref: '#/definitions/a' }\nstreams:\n  - $ref: '#/definitions/a'\n",
        )
        .unwrap();
        assert_eq!(
            resolve(&manifest).unwrap_err().to_string(),
            "line 2: references lead in a circle, or too deep"
        );
    }
}
