//! What the parts of a conversion share: the stream at hand, its notes, and templates.

use serde_json::Value;

use super::jinja::{Scope, address};
use super::refused::{Result, refuse};
use super::resolve::PARAMETERS;
use super::settings::Settings;
use super::term::{Root, Step, Term, literal, shown};
use crate::place::Target;
use crate::tree::Node;
use crate::yaml::Map;

/// What is known of the stream that is being converted.
pub(super) struct Part<'a> {
    pub(super) settings: &'a Settings,
    /// The source's name, with which its secrets begin.
    pub(super) source: &'a str,
    /// How the manifest's way was written otherwise.
    pub(super) rewritten: Vec<String>,
    /// What Airbyte does to records that bronze does not.
    pub(super) left_out: Vec<String>,
    /// What else somebody should know.
    pub(super) notes: Vec<String>,
    /// Partition fields, and the word of a template for each.
    pub(super) partitions: Vec<(String, String)>,
    /// The fields that hold the window's ends.
    pub(super) window: Option<(String, String)>,
    /// How requests write times, in Airbyte's words.
    pub(super) window_format: Option<String>,
    /// Whether a template says the window's beginning, or its end.
    pub(super) uses_window: (bool, bool),
    /// The word of a template for the page's place.
    pub(super) page_word: Option<&'static str>,
    /// Whether something is sent with the first request alone.
    pub(super) first_only: bool,
    /// Formats in which templates want the window.
    pub(super) formats: Vec<String>,
}

impl<'a> Part<'a> {
    pub(super) fn new(settings: &'a Settings, source: &'a str) -> Self {
        Self {
            settings,
            source,
            rewritten: Vec::new(),
            left_out: Vec::new(),
            notes: Vec::new(),
            partitions: Vec::new(),
            window: None,
            window_format: None,
            uses_window: (false, false),
            page_word: None,
            first_only: false,
            formats: Vec::new(),
        }
    }

    /// The scope of a component's expressions.
    pub(super) fn scope<'n>(&self, component: &'n Node) -> Scope<'n>
    where
        'a: 'n,
    {
        Scope { settings: self.settings, parameters: component.get(PARAMETERS), secret_slot: false }
    }

    pub(super) fn secret_scope<'n>(&self, component: &'n Node) -> Scope<'n>
    where
        'a: 'n,
    {
        Scope { secret_slot: true, ..self.scope(component) }
    }

    pub(super) fn rewrite(&mut self, how: impl Into<String>) {
        let how = how.into();
        if !self.rewritten.contains(&how) {
            self.rewritten.push(how);
        }
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// A term that has to be known now.
    pub(super) fn known(&self, term: Term, what: &'static str, at: &Node) -> Result<Value> {
        match term {
            Term::Known(value) => Ok(value),
            Term::Unknown(why) => refuse("expression", format!("{what} depends on {why}"), at),
            Term::Secret(place) => {
                refuse("secret in a place without secrets", format!("{what} holds `{place}`"), at)
            }
            _ => refuse("expression", format!("{what} depends on what only a run knows"), at),
        }
    }

    /// A term as the text of a template; `None` where it is nothing.
    pub(super) fn template(&mut self, term: &Term, what: &str, at: &Node) -> Result<Option<String>> {
        Ok(match term {
            Term::Known(Value::Null) => None,
            Term::Known(value) => {
                let text = shown(value);
                if text.contains("{{") || text.contains("{%") {
                    return refuse("text with braces", format!("{what} holds a text with {{{{ }}}}"), at);
                }
                Some(text)
            }
            Term::Text(parts) => {
                let mut text = String::new();
                for part in parts {
                    text.push_str(&self.template(part, what, at)?.unwrap_or_default());
                }
                Some(text)
            }
            Term::At(root, path) => Some(self.word(*root, path, None, what, at)?),
            Term::Written(inner, format) => match &**inner {
                Term::At(root, path) => Some(self.word(*root, path, Some(format), what, at)?),
                _ => {
                    return refuse(
                        "expression",
                        format!("{what} rewrites a time that is not the window's"),
                        at,
                    );
                }
            },
            Term::FirstOnly(inner) => {
                self.first_only = true;
                self.template(inner, what, at)?
            }
            Term::Secret(place) => {
                return refuse(
                    "secret outside of authentication",
                    format!("{what} holds the secret `{place}` within a text"),
                    at,
                );
            }
            Term::Now(_) => {
                return refuse("the current time in a request", format!("{what} holds the current time"), at);
            }
            Term::Unknown(why) => return refuse("expression", format!("{what}: {why}"), at),
            Term::Test(_) | Term::Sum(..) => {
                return refuse("expression", format!("{what} is computed at run time"), at);
            }
        })
    }

    fn word(
        &mut self,
        root: Root,
        path: &[Step],
        format: Option<&String>,
        what: &str,
        at: &Node,
    ) -> Result<String> {
        let name = match path {
            [Step::Name(name)] => name.clone(),
            [Step::Name(outer), Step::Name(name)]
                if matches!(outer.as_str(), "extra_fields" | "cursor_slice" | "partition") =>
            {
                name.clone()
            }
            _ if root == Root::Token => String::new(),
            _ => {
                return refuse(
                    "expression",
                    format!("{what} refers to a place that no template can name"),
                    at,
                );
            }
        };
        if root == Root::Token {
            let word = self.page_word.map(|word| format!("{{{{ {word} }}}}"));
            return word.map_or_else(
                || refuse("page token in a template", format!("{what} holds the page's token"), at),
                Ok,
            );
        }
        if matches!(root, Root::Interval | Root::Partition)
            && let Some((start, end)) = self.window.clone()
        {
            let is_end = name == end;
            if is_end || name == start {
                if is_end {
                    self.uses_window.1 = true;
                } else {
                    self.uses_window.0 = true;
                }
                let word = if is_end { "window.to" } else { "window.from" };
                if let Some(filter) =
                    format.and_then(|format| rewritten(format, self.window_format.as_deref()))
                {
                    return Ok(format!("{{{{ {word} | {filter} }}}}"));
                }
                let format = format.cloned().or_else(|| self.window_format.clone()).unwrap_or_default();
                if !self.formats.contains(&format) {
                    self.formats.push(format);
                }
                return Ok(if is_end {
                    "{{ window.to }}".to_owned()
                } else {
                    "{{ window.from }}".to_owned()
                });
            }
        }
        let known = self.partitions.iter().find(|(known, _)| *known == name).filter(|_| format.is_none());
        match (root, known) {
            (Root::Partition, Some((_, word))) => Ok(format!("{{{{ {word} }}}}")),
            (Root::Partition | Root::Interval, _) => refuse(
                "window without a cursor",
                format!("{what} refers to `{name}`, which neither a partition nor a cursor defines"),
                at,
            ),
            (Root::Response | Root::Headers | Root::LastRecord, _) => {
                refuse("expression", format!("{what} refers to the last response"), at)
            }
            (Root::State, _) => refuse("state in a request", format!("{what} refers to the saved state"), at),
            _ => refuse("expression", format!("{what} refers to what only a run knows"), at),
        }
    }

    /// A body: known values keep their type, and a text that is a literal of Python is what it says.
    pub(super) fn body(&mut self, node: &Node, component: &Node) -> Result<Option<Value>> {
        if let Some(text) = node.str() {
            return match self.scope(component).text(text) {
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
                    let key = self.known(self.scope(component).raw(name), "a name in the body", value)?;
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
            text.push_str(&if is_quoted { mark } else { format!("{quote}{mark}{quote}") });
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

    /// Where a request option puts something.
    pub(super) fn target(&self, option: &Node) -> Result<Target> {
        let name = option.get("field_name").map(|name| self.scope(option).value(name));
        let name = name
            .map(|name| self.known(name, "the name of a request option", option))
            .transpose()?
            .map(|name| shown(&name));
        let path: Option<Vec<String>> =
            option.get("field_path").map(|path| path.items().iter().filter_map(Node::text).collect());
        let first = || {
            name.clone().or_else(|| path.as_ref().and_then(|path| path.first().cloned())).unwrap_or_default()
        };
        match option.text_at("inject_into").as_deref() {
            Some("request_parameter") => Ok(Target::Query(first())),
            Some("header") => Ok(Target::Header(first())),
            Some("body_json") => {
                Ok(Target::Body(path.or_else(|| name.map(|name| vec![name])).unwrap_or_default()))
            }
            Some("body_data") => refuse("form body", "a request option goes into a form", option),
            _ => refuse("request option", "a request option goes to an unknown place", option),
        }
    }
}

/// The function of a template that writes a time in another format than the window has.
fn rewritten(format: &str, own: Option<&str>) -> Option<String> {
    use super::cursor::format_word;
    let word = format_word(format);
    let own = own.map(format_word).filter(|own| !own.is_empty())?;
    match word.as_str() {
        word if word == own => None,
        "epoch_s" => Some("epoch".to_owned()),
        "epoch_ms" => Some("epoch_ms".to_owned()),
        "rfc3339" => Some("date(\"%Y-%m-%dT%H:%M:%SZ\")".to_owned()),
        "date" => Some("date(\"%Y-%m-%d\")".to_owned()),
        pattern => Some(format!("date(\"{pattern}\")")),
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

/// `{ body: … }`, `{ header: … }` or `{ last_record: … }` of a term; `None` where it is no place of a response.
pub(super) fn response_place(term: &Term, records: &[String]) -> Option<Map> {
    let Term::At(root, path) = term else { return None };
    match root {
        Root::Response => {
            // `response.data[-1].id` is the last record's, where the records are `data`.
            let at = path.iter().position(|step| *step == Step::Index(-1));
            if let Some(at) = at {
                let before = address(&path[..at])?;
                let inner = address(&path[at + 1..])?;
                return (before == records && !inner.is_empty())
                    .then(|| Map::new().with("last_record", crate::place::written(&inner)));
            }
            let path = address(path)?;
            (!path.is_empty()).then(|| Map::new().with("body", crate::place::written(&path)))
        }
        Root::Headers => match path.as_slice() {
            [Step::Name(link), Step::Name(rel), Step::Name(url)]
                if link.eq_ignore_ascii_case("link") && url == "url" =>
            {
                Some(Map::new().with("link", rel.as_str()))
            }
            [Step::Name(name)] if !name.eq_ignore_ascii_case("link") => {
                Some(Map::new().with("header", name.as_str()))
            }
            _ => None,
        },
        Root::LastRecord => {
            let path = address(path)?;
            (!path.is_empty()).then(|| Map::new().with("last_record", crate::place::written(&path)))
        }
        _ => None,
    }
}

/// An ISO 8601 duration as a source file writes lengths: `P30D` is `30d`.
pub(super) fn length(iso: &str) -> Option<String> {
    let rest = iso.strip_prefix('P')?;
    let (number, unit) = match rest.strip_prefix('T') {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    let letter = number.chars().last()?;
    let count = number.strip_suffix(letter)?.parse::<u64>().ok().filter(|count| *count > 0)?;
    let word = match (unit, letter) {
        (true, 'S') => "s",
        (true, 'M') => "m",
        (true, 'H') => "h",
        (false, 'D') => "d",
        (false, 'W') => "w",
        (false, 'M') => "mo",
        (false, 'Y') => "y",
        _ => return None,
    };
    Some(format!("{count}{word}"))
}
