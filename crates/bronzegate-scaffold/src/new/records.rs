//! Which list of a body holds the records.

use serde_json::Value;

use crate::place::{Path, normal, written};

/// How deep lists are looked for.
const DEEPEST: usize = 5;
/// Names that lists of records have.
const NAMES: [&str; 12] = [
    "data", "results", "result", "items", "records", "value", "values", "entries", "rows", "objects",
    "nodes", "hits",
];
/// How far ahead of the next the best has to be.
const AHEAD: u64 = 2;

/// A list that may hold the records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    pub(crate) path: Path,
    /// How many records it has.
    pub count: usize,
    score: u64,
}

impl Candidate {
    /// Its address as a source file writes it.
    pub fn address(&self) -> String {
        written(&self.path)
    }
}

/// The lists of objects in a body, the likeliest first. A body that is a list is the only one.
pub(crate) fn candidates(body: &Value, stream: &str) -> Vec<Candidate> {
    let mut found = Vec::new();
    look(body, &mut Path::new(), stream, &mut found);
    found.sort_by(|one, other| other.score.cmp(&one.score).then(one.path.len().cmp(&other.path.len())));
    found
}

fn look(value: &Value, path: &mut Path, stream: &str, found: &mut Vec<Candidate>) {
    match value {
        Value::Array(items) => {
            let is_whole = items.iter().all(Value::is_object) || is_of_ids(path, items, stream);
            if is_whole {
                let count = items.len();
                found.push(Candidate { path: path.clone(), count, score: score(path, count, stream) });
            }
        }
        Value::Object(members) if path.len() < DEEPEST => {
            for (name, value) in members {
                path.push(name.clone());
                look(value, path, stream, found);
                path.pop();
            }
        }
        _ => {}
    }
}

/// Texts or numbers alone are records where their list says so: `ids`, `idlist`, the stream's own name, or the whole body.
fn is_of_ids(path: &Path, items: &[Value], stream: &str) -> bool {
    let name = path.last().map(|name| normal(name)).unwrap_or_default();
    let is_named = path.is_empty() || name == normal(stream) || matches!(name.as_str(), "ids" | "idlist");
    let is_plain = |item: &Value| item.is_string() || item.is_number();
    is_named && !items.is_empty() && items.iter().all(is_plain)
}

fn score(path: &Path, count: usize, stream: &str) -> u64 {
    let name = path.last().map(|name| normal(name)).unwrap_or_default();
    let own = path.iter().any(|part| normal(part) == normal(stream));
    let named = NAMES.contains(&name.as_str()) || own || path.is_empty();
    let depth = path.len().max(1) as u64;
    (count as u64 + 1) * if named { 8 } else { 2 } / depth.min(4)
}

/// The best, where it is far enough ahead of the next.
pub(crate) fn decided(candidates: &[Candidate]) -> Option<&Candidate> {
    match candidates {
        [] => None,
        [only] => Some(only),
        [best, next, ..] => (best.score >= AHEAD * next.score).then_some(best),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_list_that_is_named_and_long_is_ahead() {
        for (body, expected) in [
            (json!([{"a": 1}]), Some("$")),
            (json!({"data": [{"a": [{"x": 1}]}, {"a": []}], "errors": []}), Some("data")),
            (json!({"hits": {"total": 3, "hits": [{"a": 1}, {"a": 2}]}}), Some("hits.hits")),
            (json!({"data": {"orders": {"nodes": [{"a": 1}]}}}), Some("data.orders.nodes")),
            (json!({"things": [{"a": 1}, {"a": 2}], "others": [{"a": 1}, {"a": 2}]}), None),
            (json!({"a": 1}), None),
            (json!({"ids": [1, 2]}), Some("ids")),
            (json!([1, 2]), Some("$")),
            (json!({"name": "a", "tags": ["b", "c"]}), None),
        ] {
            let found = candidates(&body, "tickets");
            assert_eq!(decided(&found).map(Candidate::address).as_deref(), expected, "{body}");
        }
    }
}
