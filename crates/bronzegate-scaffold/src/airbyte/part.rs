//! What the parts of a conversion share: the stream at hand, its notes, and templates.

use serde_json::Value;

use super::jinja::{Scope, joined};
use super::moments::Length;
use super::refused::{Result, refuse};
use super::resolve::PARAMETERS;
use super::settings::Settings;
use super::term::{Term, shown};
use super::transformations::Transformations;
use crate::place::Target;
use crate::tree::Node;
use crate::yaml::Yaml;

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
    /// The values of partitions that are lists.
    pub(super) listed: Vec<(String, Vec<Value>)>,
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
    /// Where the stream's requests go, as far as it is known.
    pub(super) base: Option<String>,
    /// Formats in which templates want the window.
    pub(super) formats: Vec<String>,
    /// Whether a request option goes into a body of JSON, or into a form.
    pub(super) sends_json: bool,
    pub(super) sends_form: bool,
    /// Fields of the parent that are used besides those that its router names.
    pub(super) parent_fields: Vec<String>,
    /// What the parent's transformations make.
    pub(super) parent_made: Transformations,
    /// Whether the parent's own value is used, not only members of it.
    pub(super) uses_parent_key: bool,
    /// Rules for answers that come after the manifest's own.
    pub(super) last_rules: Vec<Yaml>,
    /// A page size that is sent although there is one page.
    pub(super) fixed_size: Option<(Target, u64)>,
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
            listed: Vec::new(),
            window: None,
            window_format: None,
            uses_window: (false, false),
            page_word: None,
            first_only: false,
            base: None,
            formats: Vec::new(),
            sends_json: false,
            sends_form: false,
            parent_fields: Vec::new(),
            parent_made: Transformations::default(),
            uses_parent_key: false,
            last_rules: Vec::new(),
            fixed_size: None,
        }
    }

    /// The scope of a component's expressions.
    pub(super) fn scope<'n>(&self, component: &'n Node) -> Scope<'n>
    where
        'a: 'n,
    {
        Scope {
            settings: self.settings,
            parameters: component.get(PARAMETERS),
            secret_slot: false,
            stands_in: false,
        }
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
    pub(super) fn known(term: Term, what: &'static str, at: &Node) -> Result<Value> {
        match term {
            Term::Known(value) => Ok(value),
            Term::Unknown(why) => refuse("expression", format!("{what} depends on {why}"), at),
            Term::Secret(place) => {
                refuse("secret in a place without secrets", format!("{what} holds `{place}`"), at)
            }
            _ => refuse("expression", format!("{what} depends on what only a run knows"), at),
        }
    }

    /// A term in which placeholders stand for values that the specification calls secret and that are no credential by
    /// their names, as long as no configuration is given: an address holds no secret.
    pub(super) fn opened(&mut self, term: Term) -> Term {
        match term {
            Term::Secret(place) => match self.settings.stands_for(&place) {
                Some(value) => {
                    self.note(format!(
                        "the specification calls `{place}` a secret, and it stands in an address: replace its placeholder only if it is none"
                    ));
                    Term::Known(value.into())
                }
                None => Term::Secret(place),
            },
            Term::Text(parts) => joined(parts.into_iter().map(|part| self.opened(part)).collect()),
            other => other,
        }
    }

    /// Whether a value of the slice is one of the window's ends.
    pub(super) fn is_window(&self, name: &str) -> bool {
        self.window.as_ref().is_some_and(|(start, end)| name == start || name == end)
    }

    /// Where a request option puts something.
    pub(super) fn target(&mut self, option: &Node) -> Result<Target> {
        let name = option.get("field_name").map(|name| self.scope(option).value(name));
        let name = name
            .map(|name| Self::known(name, "the name of a request option", option))
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
                self.sends_json = true;
                Ok(Target::Body(path.or_else(|| name.map(|name| vec![name])).unwrap_or_default()))
            }
            Some("body_data") => {
                self.sends_form = true;
                Ok(Target::Body(vec![first()]))
            }
            _ => refuse("request option", "a request option goes to an unknown place", option),
        }
    }
}

/// An ISO 8601 duration as a source file writes lengths: `P30D` is `30d`, `P1DT1S` is `86401s`.
pub(super) fn length(iso: &str) -> Option<String> {
    of_one_unit(iso).or_else(|| Length::parse(iso)?.whole_seconds().map(|seconds| format!("{seconds}s")))
}

/// The same, where one unit says it.
pub(super) fn of_one_unit(iso: &str) -> Option<String> {
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
