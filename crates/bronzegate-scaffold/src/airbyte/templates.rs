//! Terms as templates of source files.

use serde_json::Value;

use super::part::Part;
use super::refused::{Result, refuse};
use super::term::{Root, Step, Term, shown};
use crate::tree::Node;

impl Part<'_> {
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
            Term::At(root, path) => self.word(*root, path, None, what, at)?,
            Term::Written(inner, format) => match &**inner {
                Term::At(root, path) => self.word(*root, path, Some(format), what, at)?,
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
                    format!(
                        "{what} holds the secret `{place}` within a text; if it is none: --plain {place}"
                    ),
                    at,
                );
            }
            Term::Now(_) => {
                return refuse("the current time in a request", format!("{what} holds the current time"), at);
            }
            Term::Unknown(why) => return refuse("expression", format!("{what}: {why}"), at),
            Term::Test(_)
            | Term::Sum(..)
            | Term::Quoted(_)
            | Term::Parameter(..)
            | Term::Pieces(..)
            | Term::LinkTarget => {
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
    ) -> Result<Option<String>> {
        if root == Root::Token {
            let word = self.page_word.map(|word| format!("{{{{ {word} }}}}"));
            return word.map_or_else(
                || refuse("page token in a template", format!("{what} holds the page's token"), at),
                |word| Ok(Some(word)),
            );
        }
        let Some(name) = slice_name(path) else {
            return refuse("expression", format!("{what} refers to a place that no template can name"), at);
        };
        if matches!(root, Root::Interval | Root::Partition)
            && let Some(word) = self.window_word(&name, format)
        {
            return Ok(Some(word));
        }
        let known = self.partitions.iter().find(|(known, _)| *known == name).filter(|_| format.is_none());
        match (root, known) {
            (Root::Partition | Root::Interval, Some((_, word))) => {
                let word = word.clone();
                if let Some(field) = word.strip_prefix("parent.").filter(|_| name.starts_with(ABOVE)) {
                    self.parent_fields.push(field.to_owned());
                }
                Ok(Some(format!("{{{{ {word} }}}}")))
            }
            // Airbyte leaves out what is undefined; a path without it would be another one.
            (Root::Partition | Root::Interval, None)
                if path.len() == 1 && format.is_none() && what != PATH =>
            {
                self.rewrite(format!(
                    "{what} refers to `{name}`, which neither a partition nor a cursor defines: it is empty, as in the manifest"
                ));
                Ok(None)
            }
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

    /// The template of a window's end; `None` where the name is none of the two.
    fn window_word(&mut self, name: &str, format: Option<&String>) -> Option<String> {
        let (start, end) = self.window.clone()?;
        let word = if name == end {
            self.uses_window.1 = true;
            "window.to"
        } else if name == start {
            self.uses_window.0 = true;
            "window.from"
        } else {
            return None;
        };
        if let Some(filter) = format.and_then(|format| rewritten(format, self.window_format.as_deref())) {
            return Some(format!("{{{{ {word} | {filter} }}}}"));
        }
        let format = format.cloned().or_else(|| self.window_format.clone()).unwrap_or_default();
        if !self.formats.contains(&format) {
            self.formats.push(format);
        }
        Some(format!("{{{{ {word} }}}}"))
    }
}

/// What errors call the path of a request.
pub(super) const PATH: &str = "the path";

/// What the names of the parent's own slice begin with.
pub(super) const ABOVE: &str = "parent_slice.";

/// The name of a value of the slice: members of `parent_slice` keep their whole path.
fn slice_name(path: &[Step]) -> Option<String> {
    match path {
        [Step::Name(name)] => Some(name.clone()),
        [Step::Name(outer), Step::Name(name)]
            if matches!(outer.as_str(), "extra_fields" | "cursor_slice" | "partition") =>
        {
            Some(name.clone())
        }
        [Step::Name(outer), ..] if format!("{outer}.") == ABOVE => {
            let names = path.iter().map(Step::to_string).collect::<Vec<_>>();
            Some(names.join("."))
        }
        _ => None,
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
