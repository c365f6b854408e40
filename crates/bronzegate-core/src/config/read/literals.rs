//! Templates where nothing fills them in: the text would be sent, or compared, as it stands.

use super::document::{Content, Key, Node, TextPosition, format_index, push_key};
use crate::config::problem::{At, Draft, Report};

/// Reports each text with `{{ }}` that is no template: those are in `path`, `params`, `headers` and `body` of
/// requests to the API.
pub(in crate::config) fn refuse_unfilled(root: &Node, report: &Report) {
    Walk { report }.node(root, root.position, String::new());
}

struct Walk<'a> {
    report: &'a Report,
}

impl Walk<'_> {
    fn node(&self, node: &Node, position: TextPosition, path: String) {
        match &node.content {
            Content::Scalar { text, .. } if text.contains("{{") => self.refuse(position, path),
            Content::Scalar { .. } => {}
            Content::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.node(item, item.position, path.clone() + &format_index(index));
                }
            }
            Content::Map(entries) => {
                for (key, value) in entries.iter().filter(|(key, value)| !is_filled(&path, key, value)) {
                    let mut path = path.clone();
                    push_key(&mut path, &key.text);
                    self.node(value, key.position, path);
                }
            }
        }
    }

    fn refuse(&self, position: TextPosition, path: String) {
        let draft = Draft::new("holds {{ }}, which nothing fills in here").accepted(
            "the text itself; templates stand in path, params, headers, body, form and text of a stream or its job, and in pagination.initial",
        );
        self.report.add(&At { line: position.line, column: position.column, path, hidden: false }, draft);
    }
}

/// Whether what is below a key is a request's, or has a check of its own.
fn is_filled(path: &str, key: &Key, value: &Node) -> bool {
    // The key may be a stream's name.
    let is_named = path == "streams";
    let is_auth = path.split('.').any(|key| key == "auth");
    !is_named
        && match (key.text.as_str(), &value.content) {
            ("path", _) => true,
            _ if is_auth => false,
            ("params" | "headers" | "vars" | "partitions" | "form", Content::Map(_))
            | ("text" | "initial", Content::Scalar { .. }) => true,
            // A text is an address.
            ("body", content) => !matches!(content, Content::Scalar { .. }),
            _ => false,
        }
}
