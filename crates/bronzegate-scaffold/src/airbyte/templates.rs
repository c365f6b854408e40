//! Terms as templates of source files.

use serde_json::Value;

use super::functions::SEGMENT;
use super::part::Part;
use super::refused::{Result, refuse};
use super::term::{Root, Step, Term, Test, shown};
use crate::place::written;
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
                for part in with_colons(&without_quotes(parts)) {
                    text.push_str(&self.template(&part, what, at)?.unwrap_or_default());
                }
                Some(text)
            }
            Term::Slice(of, start, stop) => self.sliced(of, (*start, *stop), what, at)?,
            Term::Sum(of, more) if matches!(**of, Term::At(Root::Token, _)) && whole(more).is_some() => {
                let number = whole(more).unwrap_or_default();
                let word = self.template(of, what, at)?.unwrap_or_default();
                Some(word.replace(" }}", &format!(" + {number} }}}}")))
            }
            Term::At(root, path) => self.word(*root, path, None, what, at)?,
            Term::Now(moment) => self.run_time(moment, what, at)?,
            // The value of a template in a path is encoded as one segment anyway.
            Term::Written(inner, format) if format == SEGMENT && what == PATH => {
                return self.template(inner, what, at);
            }
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
            Term::Choice(..) => {
                let Some(chosen) = self.chosen(term) else {
                    let what = format!("{what}: a choice by the partition at run time");
                    return refuse("expression", what, at);
                };
                self.template(chosen, what, at)?
            }
            Term::FirstOnly(inner) => {
                self.first_only = true;
                self.template(inner, what, at)?
            }
            other => return unsaid(other, what, at),
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
        if let Some(word) = self.member_of_parent(root, path).filter(|_| format.is_none()) {
            return Ok(Some(word));
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
                self.uses_parent_key |= word.starts_with("parent.");
                if let Some(field) = word.strip_prefix("parent.").filter(|_| name.starts_with(ABOVE)) {
                    self.parent_fields.push(field.to_owned());
                }
                if word == WHOLE_PARENT {
                    return refuse(
                        "whole record of a parent",
                        format!("{what} holds the parent's record"),
                        at,
                    );
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

    /// The first letters of a window's end, where its format is known: a date, or a time without offset and fraction.
    fn sliced(
        &mut self,
        of: &Term,
        bounds: (Option<i64>, Option<i64>),
        what: &str,
        at: &Node,
    ) -> Result<Option<String>> {
        let format = match bounds {
            (None | Some(0), Some(10)) => Some("%Y-%m-%d"),
            (None | Some(0), Some(19)) => Some("%Y-%m-%dT%H:%M:%S"),
            _ => None,
        };
        let own = self.window_format.as_deref();
        let is_iso = own.is_some_and(|own| own.starts_with("%Y-%m-%dT%H:%M:%S"));
        match (of, format.filter(|_| is_iso)) {
            (Term::At(root, path), Some(format)) if self.is_window_place(path) => {
                self.word(*root, path, Some(&format.to_owned()), what, at)
            }
            _ => refuse("expression", format!("{what}: a slice of a text"), at),
        }
    }

    /// What a choice comes to, where every request has it the same way; any other term as it is.
    pub(super) fn chosen<'t>(&self, term: &'t Term) -> Option<&'t Term> {
        let Term::Choice(test, chosen, other) = term else { return Some(term) };
        let holds = match &**test {
            Test::Truthy(Term::At(_, path)) => self.is_there(path),
            test => self.of_listed(test),
        };
        self.chosen(if holds? { chosen } else { other })
    }

    /// Whether the slice has a value of this name: always or never. A partition's own may be empty.
    fn is_there(&self, path: &[Step]) -> Option<bool> {
        let name = slice_name(path)?;
        if self.is_window(&name) {
            return Some(true);
        }
        (!self.partitions.iter().any(|(known, _)| *known == name)).then_some(false)
    }

    /// What a comparison is for every value of a list of partitions; `None` where it differs among them.
    fn of_listed(&self, test: &Test) -> Option<bool> {
        let Test::Compare(sign, Term::At(Root::Partition, path), Term::Known(value)) = test else {
            return None;
        };
        let name = slice_name(path)?;
        let (_, values) = self.listed.iter().find(|(known, _)| *known == name)?;
        let is_same = |other: &Value| (shown(other) == shown(value)) == (*sign == "==");
        let first = is_same(values.first()?);
        values.iter().all(|value| is_same(value) == first).then_some(first)
    }

    fn is_window_place(&self, path: &[Step]) -> bool {
        slice_name(path).is_some_and(|name| self.is_window(&name))
    }

    /// The template of a member of the parent's value: `stream_partition.owner.id`, where its key is `owner`.
    fn member_of_parent(&mut self, root: Root, path: &[Step]) -> Option<String> {
        let (Root::Partition, [Step::Name(field), rest @ ..]) = (root, path) else { return None };
        let (_, word) = self.partitions.iter().find(|(known, _)| known == field)?;
        let key = word.strip_prefix("parent.").filter(|_| !rest.is_empty())?;
        let inner = super::jinja::address(rest)?;
        let field = match (word == WHOLE_PARENT, key.strip_prefix('/')) {
            (true, _) => written(&inner),
            (false, Some(_)) => return None,
            (false, None) => written(&key.split('.').map(str::to_owned).chain(inner).collect::<Vec<_>>()),
        };
        let field = self.parent_field(&field)?;
        self.parent_fields.push(field.clone());
        Some(format!("{{{{ parent.{field} }}}}"))
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

/// Why a term is no template.
fn unsaid<T>(term: &Term, what: &str, at: &Node) -> Result<T> {
    match term {
        Term::Secret(place) => refuse(
            "secret outside of authentication",
            format!("{what} holds the secret `{place}` within a text; if it is none: --plain {place}"),
            at,
        ),
        Term::Unknown(why) => refuse("expression", format!("{what}: {why}"), at),
        _ => refuse("expression", format!("{what} is computed at run time"), at),
    }
}

/// A number that is added to the page's place.
fn whole(term: &Term) -> Option<u64> {
    match term {
        Term::Known(value) => value.as_u64(),
        _ => None,
    }
}

/// A text with times whose offset gets a colon (`start[:-2] + ":" + start[-2:]`) as the times themselves, in RFC 3339.
fn with_colons(parts: &[Term]) -> Vec<Term> {
    let mut rest = parts;
    let mut all = Vec::new();
    while let Some((part, behind)) = rest.split_first() {
        match (part, behind) {
            (
                Term::Slice(of, None | Some(0), Some(-2)),
                [Term::Known(Value::String(colon)), Term::Slice(_, Some(-2), None), behind @ ..],
            ) if colon == ":" => {
                all.push(Term::Written(of.clone(), RFC3339.to_owned()));
                rest = behind;
            }
            (part, behind) => {
                all.push(part.clone());
                rest = behind;
            }
        }
    }
    all
}

/// A text without the quotes around it: Airbyte reads what is a literal of Python as what it says.
fn without_quotes(parts: &[Term]) -> Vec<Term> {
    let known = |term: &Term| match term {
        Term::Known(Value::String(text)) => Some(text.clone()),
        _ => None,
    };
    let mut bare = parts.to_vec();
    let (Some(first), Some(last)) = (bare.first().and_then(known), bare.last().and_then(known)) else {
        return bare;
    };
    let (first, last) = (first.trim_start(), last.trim_end());
    let Some(quote) = first.chars().next().filter(|quote| matches!(quote, '\'' | '"')) else { return bare };
    let quotes: usize = parts.iter().filter_map(known).map(|text| text.matches(quote).count()).sum();
    if bare.len() > 1 && quotes == 2 && last.ends_with(quote) {
        let end = bare.len() - 1;
        bare[0] = Term::Known(first[1..].into());
        bare[end] = Term::Known(last[..last.len() - 1].into());
    }
    bare
}

/// A time with an offset, as Airbyte writes it.
const RFC3339: &str = "%Y-%m-%dT%H:%M:%S%z";

/// The word of the parent's whole record.
pub(super) const WHOLE_PARENT: &str = "parent.$";

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
