//! YAML text as a tree in which every node knows its line and column.
//!
//! One document, at most 100,000 nodes and 4 MiB of text after aliases are expanded, core tags only. A key given
//! twice is a problem and its first value stands; what is not YAML at all ends the reading.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Tag};

use super::yaml_help;
use crate::config::problem::{At, Draft, Report};

const MAX_NODES: usize = 100_000;
const MAX_BYTES: usize = 4 << 20;
const MAX_DEPTH: usize = 64;

/// A node and the position it was written at.
#[derive(Clone, Debug)]
pub(in crate::config) struct Node {
    pub(super) position: TextPosition,
    pub(super) content: Content,
}

/// A position in the text: line and column, counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct TextPosition {
    pub(super) line: usize,
    pub(super) column: usize,
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    Scalar { text: String, plain: bool },
    List(Vec<Node>),
    Map(Vec<(Key, Node)>),
}

/// A map's key: its text as written.
#[derive(Clone, Debug)]
pub(super) struct Key {
    pub(super) text: String,
    pub(super) position: TextPosition,
}

/// Parses the text; `None` when the report says why it is not one YAML document.
pub(in crate::config) fn parse(text: &str, report: &Report) -> Option<Node> {
    let mut builder = Builder::new(report);
    match builder.run(text) {
        Ok(()) => {}
        Err((position, what)) => {
            report.say(&at(position, String::new()), what);
            return None;
        }
    }
    if builder.root.is_none() {
        let start = TextPosition { line: 1, column: 1 };
        let draft = Draft::new("the file is empty").accepted("at least source, base_url and streams");
        report.add(&at(start, String::new()), draft);
    }
    builder.root
}

type Failure = (TextPosition, String);

struct Builder<'a> {
    report: &'a Report,
    open: Vec<Open>,
    anchors: HashMap<usize, (Node, Size)>,
    /// Of everything that was read, and of what aliases have repeated.
    size: Size,
    /// Of everything that is kept for aliases, beside it.
    kept: Size,
    root: Option<Node>,
}

/// How much memory nodes take.
#[derive(Clone, Copy, Default)]
struct Size {
    nodes: usize,
    bytes: usize,
}

impl Size {
    /// Of one node.
    fn of(text: &str) -> Self {
        Self { nodes: 1, bytes: text.len() }
    }

    fn and(self, more: Self) -> Self {
        Self { nodes: self.nodes.saturating_add(more.nodes), bytes: self.bytes.saturating_add(more.bytes) }
    }

    fn since(self, before: Self) -> Self {
        Self {
            nodes: self.nodes.saturating_sub(before.nodes),
            bytes: self.bytes.saturating_sub(before.bytes),
        }
    }
}

/// A list or map whose end has not come yet.
struct Open {
    node: Node,
    anchor: usize,
    key: Option<Key>,
    /// Where its keys were first given.
    keys: HashMap<String, TextPosition>,
    /// What was counted before this one, to know the size of what is inside.
    before: Size,
}

impl<'a> Builder<'a> {
    fn new(report: &'a Report) -> Self {
        Self {
            report,
            open: Vec::new(),
            anchors: HashMap::new(),
            size: Size::default(),
            kept: Size::default(),
            root: None,
        }
    }

    fn run(&mut self, text: &str) -> Result<(), Failure> {
        let mut parser = Parser::new_from_str(text);
        while let Some(event) = parser.next_event() {
            let (event, span) =
                event.map_err(|error| yaml_help::explained(text, position(*error.marker()), error.info()))?;
            self.event(event, position(span.start))?;
        }
        Ok(())
    }

    fn event(&mut self, event: Event<'_>, position: TextPosition) -> Result<(), Failure> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                let plain = is_plain(style, tag.as_deref(), position)?;
                if let Some(name) = yaml_help::variable(&text) {
                    self.say(position, None, yaml_help::not_expanded(name));
                }
                let size = Size::of(&text);
                self.count(size, position)?;
                let node = Node { position, content: Content::Scalar { text: text.into_owned(), plain } };
                self.finish(node, anchor, size)
            }
            Event::SequenceStart(anchor, tag) => {
                core_tag(tag.as_deref(), position)?;
                self.start(Content::List(Vec::new()), anchor, position)
            }
            Event::MappingStart(anchor, tag) => {
                core_tag(tag.as_deref(), position)?;
                self.start(Content::Map(Vec::new()), anchor, position)
            }
            Event::SequenceEnd | Event::MappingEnd => match self.open.pop() {
                Some(open) => {
                    let size = self.size.since(open.before);
                    self.finish(open.node, open.anchor, size)
                }
                None => Ok(()),
            },
            Event::Alias(anchor) => {
                let absent =
                    || (position, "an alias must name an anchor that is complete before it".to_owned());
                let size = self.anchors.get(&anchor).ok_or_else(absent)?.1;
                // Counted before it is there: the count is what keeps it from being there too often.
                self.count(size, position)?;
                let node = self.anchors.get(&anchor).ok_or_else(absent)?.0.clone();
                self.finish(node, 0, size)
            }
            Event::DocumentStart(_) if self.root.is_some() => {
                Err((position, "a source file is one YAML document; this starts a second one".to_owned()))
            }
            _ => Ok(()),
        }
    }

    fn start(&mut self, content: Content, anchor: usize, position: TextPosition) -> Result<(), Failure> {
        if self.open.len() >= MAX_DEPTH {
            return Err((position, format!("nested deeper than {MAX_DEPTH} levels")));
        }
        let before = self.size;
        self.count(Size::of(""), position)?;
        let keys = HashMap::new();
        self.open.push(Open { node: Node { position, content }, anchor, key: None, keys, before });
        Ok(())
    }

    fn count(&mut self, more: Size, position: TextPosition) -> Result<(), Failure> {
        self.size = self.size.and(more);
        self.bounded(position)
    }

    fn bounded(&self, position: TextPosition) -> Result<(), Failure> {
        let all = self.size.and(self.kept);
        if all.nodes > MAX_NODES {
            return Err((position, format!("more than {MAX_NODES} values, aliases included")));
        }
        if all.bytes > MAX_BYTES {
            return Err((position, format!("more than {MAX_BYTES} bytes of text, aliases included")));
        }
        Ok(())
    }

    /// Puts a complete node where it belongs: the open list or map, or the root.
    fn finish(&mut self, node: Node, anchor: usize, size: Size) -> Result<(), Failure> {
        if anchor > 0 {
            self.kept = self.kept.and(size);
            self.bounded(node.position)?;
            self.anchors.insert(anchor, (node.clone(), size));
        }
        let Some(open) = self.open.last_mut() else {
            // An empty document is a plain empty scalar.
            let empty = matches!(&node.content, Content::Scalar { text, plain: true } if text.is_empty());
            if !empty {
                self.root = Some(node);
            }
            return Ok(());
        };
        match (&mut open.node.content, open.key.take()) {
            (Content::List(items), _) => items.push(node),
            (Content::Map(_), None) => open.key = Some(as_key(node)?),
            (Content::Map(entries), Some(key)) => {
                if let Some(first) = open.keys.get(&key.text).copied() {
                    self.twice(&key, first);
                } else {
                    open.keys.insert(key.text.clone(), key.position);
                    entries.push((key, node));
                }
            }
            (Content::Scalar { .. }, _) => {}
        }
        Ok(())
    }

    fn twice(&self, key: &Key, first: TextPosition) {
        let what = format!("key given twice, first on line {}; keep one", first.line);
        self.say(key.position, Some(key), what);
    }

    /// Reports a problem below what is open, with the key that it is about.
    fn say(&self, position: TextPosition, key: Option<&Key>, what: String) {
        let mut path = String::new();
        for open in &self.open {
            match (&open.node.content, &open.key) {
                (Content::List(items), _) => path.push_str(&format_index(items.len())),
                (Content::Map(_), Some(key)) => push_key(&mut path, &key.text),
                _ => {}
            }
        }
        let hidden = path.split('.').any(|key| key == "auth");
        if let Some(key) = key.filter(|_| !hidden) {
            push_key(&mut path, &key.text);
        }
        self.report.say(&at(position, path), what);
    }
}

/// Appends a key to a path.
pub(super) fn push_key(path: &mut String, key: &str) {
    if !path.is_empty() {
        path.push('.');
    }
    path.push_str(key);
}

pub(super) fn format_index(index: usize) -> String {
    format!("[{index}]")
}

fn as_key(node: Node) -> Result<Key, Failure> {
    match node.content {
        Content::Scalar { text, plain: true } if text == "<<" => {
            Err((node.position, "merge keys (<<) are not part of YAML 1.2; write the keys out".to_owned()))
        }
        Content::Scalar { text, .. } => Ok(Key { text, position: node.position }),
        Content::Map(_) => Err((
            node.position,
            "a key must be text; where {{ }} is meant as a template, quote it: \"{{ … }}\"".to_owned(),
        )),
        Content::List(_) => Err((node.position, "a key must be text".to_owned())),
    }
}

fn is_plain(style: ScalarStyle, tag: Option<&Tag>, position: TextPosition) -> Result<bool, Failure> {
    core_tag(tag, position)?;
    Ok(match tag {
        Some(tag) => tag.suffix != "str",
        None => style == ScalarStyle::Plain,
    })
}

fn core_tag(tag: Option<&Tag>, position: TextPosition) -> Result<(), Failure> {
    const CORE: [&str; 7] = ["str", "int", "float", "bool", "null", "map", "seq"];
    match tag {
        Some(tag) if !(tag.is_yaml_core_schema() && CORE.contains(&tag.suffix.as_str())) => {
            Err((position, "tags are not accepted here; remove it".to_owned()))
        }
        _ => Ok(()),
    }
}

fn position(marker: Marker) -> TextPosition {
    TextPosition { line: marker.line(), column: marker.col() + 1 }
}

fn at(position: TextPosition, path: String) -> At {
    At { line: position.line, column: position.column, path, hidden: false }
}
