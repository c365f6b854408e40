//! Transformations of records. Bronze has records as they came, so each is told as left out; what else the stream needs of a
//! member that one of them makes is looked for in the record.

use serde_json::Value;

use super::part::Part;
use super::term::{Root, Step, Term};
use crate::tree::Node;

/// What a member is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// The record's own members, of which the first counts that has something.
    Of(Vec<String>),
    /// The same, and a constant where none has.
    OfOrConstant(Vec<String>),
    /// A value of the partition, by its name.
    Partition(String),
    /// An end of the window that was asked for.
    Window,
    /// Something else.
    Otherwise,
}

/// What transformations say of the members that a stream needs.
#[derive(Clone, Debug, Default)]
pub(super) struct Transformations {
    /// New members.
    added: Vec<(String, Made)>,
    /// Names are changed in a way of their own.
    renames: bool,
}

impl Transformations {
    /// Reads those of a stream, and tells each as left out of the record.
    pub(super) fn read(part: &mut Part<'_>, stream: &Node) -> Self {
        let mut read = Self::default();
        for node in stream.get("transformations").map(Node::items).unwrap_or_default() {
            match node.kind() {
                "AddFields" => {
                    let is_conditional = node.text_at("condition").is_some_and(|text| !text.is_empty());
                    for field in node.get("fields").map(Node::items).unwrap_or_default() {
                        let path = field.get("path").map(Node::items).unwrap_or_default();
                        let path: Vec<_> = path.iter().filter_map(Node::text).collect();
                        let value =
                            field.get("value").map_or_else(Term::null, |value| part.scope(node).value(value));
                        let name = path.join(".");
                        let own = Made::Of(vec![name.clone()]);
                        // One that is made under a condition is the record's own where it does not hold.
                        let made = match made(part, &value) {
                            made if made == own => continue,
                            _ if is_conditional => Made::Otherwise,
                            made => made,
                        };
                        read.added.push((name, made));
                    }
                }
                "KeysToLower" | "KeysToSnakeCase" | "KeysReplace" | "FlattenFields"
                | "DpathFlattenFields" => read.renames = true,
                _ => {}
            }
            let kind = if node.kind().is_empty() { "code of the connector" } else { node.kind() };
            let told = format!("{kind} (line {})", node.line);
            if !part.left_out.contains(&told) {
                part.left_out.push(told);
            }
        }
        read
    }

    /// What a member is made of that the manifest names.
    pub(super) fn of(&self, member: &str) -> Made {
        let is_below =
            |inner: &str, outer: &str| inner.strip_prefix(outer).is_some_and(|rest| rest.starts_with('.'));
        if let Some((_, made)) = self.added.iter().rev().find(|(name, _)| name == member) {
            return made.clone();
        }
        let is_part = self.added.iter().any(|(name, _)| is_below(name, member) || is_below(member, name));
        if is_part || self.renames { Made::Otherwise } else { Made::Of(vec![member.to_owned()]) }
    }

    /// The record's own path for a member that the manifest names.
    pub(super) fn original(&self, member: &str) -> Option<String> {
        match self.of(member) {
            Made::Of(mut members) if members.len() == 1 => members.pop(),
            _ => None,
        }
    }
}

fn made(part: &Part<'_>, value: &Term) -> Made {
    match value {
        Term::At(Root::Record, _) => record_path(value).map_or(Made::Otherwise, |path| Made::Of(vec![path])),
        Term::First(all) => {
            let (members, has_constant) = match all.split_last() {
                Some((Term::Known(_), members)) => (members, true),
                _ => (all.as_slice(), false),
            };
            let members: Option<Vec<_>> = members.iter().map(record_path).collect();
            members.map_or(Made::Otherwise, if has_constant { Made::OfOrConstant } else { Made::Of })
        }
        Term::At(Root::Interval | Root::Partition, path) => match path.as_slice() {
            [Step::Name(name)] if part.is_window(name) => Made::Window,
            [Step::Name(name)] => Made::Partition(name.clone()),
            _ => Made::Otherwise,
        },
        // Airbyte reads a text in quotes as the text.
        Term::Text(parts) => match parts.as_slice() {
            [Term::Known(Value::String(open)), inner, Term::Known(Value::String(close))]
                if open == close && matches!(open.trim(), "\"" | "'") =>
            {
                made(part, inner)
            }
            _ => Made::Otherwise,
        },
        _ => Made::Otherwise,
    }
}

fn record_path(term: &Term) -> Option<String> {
    let Term::At(Root::Record, path) = term else { return None };
    let names = super::jinja::address(path)?;
    (!names.is_empty()).then(|| names.join("."))
}
