//! Bodies of requests: known values keep their type.

use serde_json::Value;

use super::part::Part;
use super::refused::{Result, refuse};
use super::resolve::PARAMETERS;
use super::term::{Root, Term, literal, shown};
use crate::tree::Node;

impl Part<'_> {
    /// A body: known values keep their type, and a text that is a literal of Python is what it says.
    pub(super) fn body(&mut self, node: &Node, component: &Node) -> Result<Option<Value>> {
        if let Some(text) = node.str() {
            let term = self.scope(component).text(text);
            return match self.chosen(&term).cloned().unwrap_or(term) {
                Term::Known(value) => Ok(Some(value).filter(|value| !value.is_null())),
                Term::Text(parts) => self.json_text(&parts, node).map(Some),
                Term::Secret(place) => {
                    let secret = self.settings.secret(self.source, &place);
                    Ok(Some(serde_json::json!({ "secret": secret })))
                }
                // A number stays one.
                term @ (Term::At(Root::Partition | Root::Interval | Root::Token, _) | Term::Written(..)) => {
                    let text = self.template(&term, "the body", node)?.unwrap_or_default();
                    let is_text = text.starts_with("{{ window")
                        && self.formats.iter().all(|format| !format.starts_with("%s") && format != "%ms");
                    Ok(Some(if is_text { text.into() } else { text.replace(" }}", " | json }}").into() }))
                }
                Term::Now(moment) if moment.is_number() => refuse(
                    "the current time in a request",
                    "the body holds the current time as a number",
                    node,
                ),
                term => Ok(self.template(&term, "the body", node)?.map(Value::from)),
            };
        }
        match &node.content {
            crate::tree::Content::List(items) => {
                let items = items.iter().map(|item| self.body(item, component));
                Ok(Some(items.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect()))
            }
            crate::tree::Content::Map(entries) => {
                let mut members = serde_json::Map::new();
                for (name, value) in entries.iter().filter(|(name, _)| name != PARAMETERS) {
                    let key = Self::known(self.scope(component).raw(name), "a name in the body", value)?;
                    if let Some(value) = self.body(value, component)? {
                        members.insert(shown(&key), value);
                    }
                }
                Ok(Some(Value::Object(members)))
            }
            crate::tree::Content::Scalar(value) => Ok(Some(value.clone())),
        }
    }

    /// A text with expressions in it. Where it becomes a list or a map once they are filled in, it is one here too.
    fn json_text(&mut self, parts: &[Term], node: &Node) -> Result<Value> {
        let mut text = String::new();
        let mut words = Vec::new();
        let is_json =
            parts.iter().any(|part| matches!(part, Term::Known(Value::String(text)) if text.contains('"')));
        let quote = if is_json { '"' } else { '\'' };
        for part in parts {
            let written = self.template(part, "the body", node)?.unwrap_or_default();
            if matches!(part, Term::Known(_)) {
                text.push_str(&written);
                continue;
            }
            // Between quotes it is a part of a text, else a value of its own.
            let is_quoted = text.chars().filter(|letter| *letter == quote).count() % 2 == 1;
            let mark = format!("\u{e000}{}\u{e000}", words.len());
            if is_quoted {
                text.push_str(&mark);
            } else {
                text.push(quote);
                text.push_str(&mark);
                text.push(quote);
            }
            words.push((written, is_quoted));
        }
        if !text.trim_start().starts_with(['[', '{']) {
            let joined = self.template(&Term::Text(parts.to_vec()), "the body", node)?;
            return Ok(joined.unwrap_or_default().into());
        }
        match literal(&text) {
            Value::String(_) => {
                refuse("expression", "a text in the body becomes a list or a map at run time", node)
            }
            value => Ok(filled(value, &words)),
        }
    }
}

/// Marks in a value, replaced by templates.
fn filled(value: Value, words: &[(String, bool)]) -> Value {
    match value {
        Value::String(text) => {
            let alone = words
                .iter()
                .enumerate()
                .find(|(at, (_, is_quoted))| !is_quoted && text == format!("\u{e000}{at}\u{e000}"));
            if let Some((_, (word, _))) = alone {
                return word.replace(" }}", " | json }}").into();
            }
            let fill = |text: String, (at, (word, _)): (usize, &(String, bool))| {
                text.replace(&format!("\u{e000}{at}\u{e000}"), word)
            };
            words.iter().enumerate().fold(text, fill).into()
        }
        Value::Array(items) => items.into_iter().map(|item| filled(item, words)).collect(),
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(name, value)| (name, filled(value, words))).collect())
        }
        other => other,
    }
}
