//! YAML of others as a tree in which every value knows its line. Anchors and merge keys (`<<`) are resolved.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle};
use serde_json::{Map, Number, Value};

/// The most values, with those that aliases repeat.
const MOST_NODES: usize = 400_000;
/// The most bytes of text, with those that aliases repeat.
const MOST_BYTES: usize = 32 << 20;
/// How deep values may stand in each other.
const DEEPEST: usize = 200;

/// A value and the line where it stands, counted from 1.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Node {
    pub(crate) line: usize,
    pub(crate) content: Content,
}

/// What a value is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    /// Null, a boolean, a number or a text.
    Scalar(Value),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

/// Why a text is no tree.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {what}")]
pub(crate) struct TreeError {
    line: usize,
    what: String,
}

impl Node {
    pub(crate) fn new(line: usize, content: Content) -> Self {
        Self { line, content }
    }

    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match &self.content {
            Content::Map(entries) => entries
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, node)| node)
                .filter(|node| !node.is_null()),
            _ => None,
        }
    }

    pub(crate) fn path(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    pub(crate) fn is_null(&self) -> bool {
        self.content == Content::Scalar(Value::Null)
    }

    /// A text, or a number or boolean as text.
    pub(crate) fn text(&self) -> Option<String> {
        match &self.content {
            Content::Scalar(Value::String(text)) => Some(text.clone()),
            Content::Scalar(Value::Null) => None,
            Content::Scalar(value) => Some(value.to_string()),
            _ => None,
        }
    }

    pub(crate) fn str(&self) -> Option<&str> {
        match &self.content {
            Content::Scalar(Value::String(text)) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn text_at(&self, key: &str) -> Option<String> {
        self.get(key)?.text()
    }

    pub(crate) fn is_true(&self, key: &str) -> bool {
        matches!(self.get(key).map(|node| &node.content), Some(Content::Scalar(Value::Bool(true))))
    }

    pub(crate) fn entries(&self) -> &[(String, Self)] {
        match &self.content {
            Content::Map(entries) => entries,
            _ => &[],
        }
    }

    /// The elements of a list; a value that is none is one element.
    pub(crate) fn items(&self) -> &[Self] {
        match &self.content {
            Content::List(items) => items,
            _ => std::slice::from_ref(self),
        }
    }

    /// Its `type`.
    pub(crate) fn kind(&self) -> &str {
        self.get("type").and_then(Self::str).unwrap_or_default()
    }

    pub(crate) fn to_value(&self) -> Value {
        match &self.content {
            Content::Scalar(value) => value.clone(),
            Content::List(items) => Value::Array(items.iter().map(Self::to_value).collect()),
            Content::Map(entries) => Value::Object(
                entries.iter().map(|(name, node)| (name.clone(), node.to_value())).collect::<Map<_, _>>(),
            ),
        }
    }
}

struct Open {
    node: Node,
    anchor: usize,
    key: Option<String>,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: HashMap<usize, (Node, usize)>,
    nodes: usize,
    bytes: usize,
    root: Option<Node>,
}

/// Reads the first document of a YAML or JSON text.
pub(crate) fn read(text: &str) -> Result<Node, TreeError> {
    let mut builder = Builder::default();
    let mut parser = Parser::new_from_str(text);
    while builder.root.is_none()
        && let Some(event) = parser.next_event()
    {
        let (event, span) = event
            .map_err(|error| TreeError { line: error.marker().line(), what: error.info().to_owned() })?;
        builder.event(event, span.start.line())?;
    }
    builder.root.ok_or(TreeError { line: 1, what: "the file is empty".to_owned() })
}

impl Builder {
    fn event(&mut self, event: Event<'_>, line: usize) -> Result<(), TreeError> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.count(1, text.len(), line)?;
                let plain = style == ScalarStyle::Plain && tag.is_none_or(|tag| tag.suffix != "str");
                let value = if plain { plain_value(&text) } else { Value::from(text.into_owned()) };
                self.finish(Node::new(line, Content::Scalar(value)), anchor)
            }
            Event::SequenceStart(anchor, _) => self.start(Content::List(Vec::new()), anchor, line),
            Event::MappingStart(anchor, _) => self.start(Content::Map(Vec::new()), anchor, line),
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => self.finish(open.node, open.anchor),
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let known = self.anchors.get(&anchor).map(|(_, size)| *size);
                let size =
                    known.ok_or_else(|| TreeError { line, what: "an alias names nothing".to_owned() })?;
                self.count(size, 64 * size, line)?;
                let node = self.anchors.get(&anchor).map(|(node, _)| node.clone());
                node.map_or(Ok(()), |node| self.finish(node, 0))
            }
            _ => Ok(()),
        }
    }

    fn count(&mut self, nodes: usize, bytes: usize, line: usize) -> Result<(), TreeError> {
        self.nodes = self.nodes.saturating_add(nodes);
        self.bytes = self.bytes.saturating_add(bytes);
        if self.nodes > MOST_NODES || self.bytes > MOST_BYTES {
            return Err(TreeError {
                line,
                what: format!("more than {MOST_NODES} values or {MOST_BYTES} bytes, aliases included"),
            });
        }
        Ok(())
    }

    fn start(&mut self, content: Content, anchor: usize, line: usize) -> Result<(), TreeError> {
        if self.open.len() >= DEEPEST {
            return Err(TreeError { line, what: format!("nested deeper than {DEEPEST} levels") });
        }
        self.count(1, 0, line)?;
        self.open.push(Open { node: Node::new(line, content), anchor, key: None });
        Ok(())
    }

    fn finish(&mut self, node: Node, anchor: usize) -> Result<(), TreeError> {
        if anchor > 0 {
            self.anchors.insert(anchor, (node.clone(), size(&node)));
        }
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        match (&mut open.node.content, open.key.take()) {
            (Content::List(items), _) => items.push(node),
            (Content::Map(_), None) => {
                let line = node.line;
                open.key = Some(node.text().unwrap_or_default());
                if node.text().is_none() && !node.is_null() {
                    return Err(TreeError { line, what: "a key must be text".to_owned() });
                }
            }
            (Content::Map(entries), Some(key)) if key == "<<" => merge(entries, &node),
            (Content::Map(entries), Some(key)) => match entries.iter_mut().find(|(name, _)| *name == key) {
                Some((_, known)) => *known = node,
                None => entries.push((key, node)),
            },
            (Content::Scalar(_), _) => {}
        }
        Ok(())
    }
}

fn size(node: &Node) -> usize {
    match &node.content {
        Content::Scalar(_) => 1,
        Content::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Content::Map(entries) => 1 + entries.iter().map(|(_, node)| size(node)).sum::<usize>(),
    }
}

/// What stands in the map itself counts more than what is merged into it.
fn merge(entries: &mut Vec<(String, Node)>, node: &Node) {
    for map in node.items() {
        for (key, value) in map.entries() {
            if !entries.iter().any(|(name, _)| name == key) {
                entries.push((key.clone(), value.clone()));
            }
        }
    }
}

/// A plain scalar as Python's YAML reads it: version 1.1 has more booleans.
fn plain_value(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "on" | "On" => true.into(),
        "false" | "False" | "FALSE" | "no" | "No" | "off" | "Off" => false.into(),
        text => {
            let digits = text.trim_start_matches(['-', '+']);
            let is_number = digits.starts_with(|letter: char| letter.is_ascii_digit() || letter == '.')
                && digits.bytes().any(|byte| byte.is_ascii_digit());
            let number = is_number.then(|| {
                text.parse::<i64>()
                    .map(Number::from)
                    .ok()
                    .or_else(|| text.parse().ok().and_then(Number::from_f64))
            });
            number.flatten().map_or_else(|| text.into(), Value::Number)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use serde_json::json;

    use super::*;

    #[test]
    fn lines_are_kept_and_anchors_and_merges_resolved() {
        let tree = read("a: &x\n  b: 1\nc:\n  <<: *x\n  d: 'yes'\ne: [*x, no]\n").unwrap();
        assert_eq!(
            tree.to_value(),
            json!({"a": {"b": 1}, "c": {"b": 1, "d": "yes"}, "e": [{"b": 1}, false]})
        );
        assert_eq!(tree.path(&["c", "d"]).unwrap().line, 5);
    }

    #[test]
    fn a_bomb_of_aliases_is_refused() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let last = level - 1;
            let aliases = vec![format!("*a{last}"); 10].join(", ");
            let _ = writeln!(text, "a{level}: &a{level} [{aliases}]");
        }
        assert!(read(&text).unwrap_err().to_string().contains("more than 400000 values"));
    }
}
