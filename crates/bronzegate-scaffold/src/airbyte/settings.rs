//! The configuration that a manifest is imported with: what was given, the defaults of its specification, and placeholders.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, PoisonError};

use serde_json::Value;

use super::term::{Step, Term};
use crate::credentials::secret_name;
use crate::tree::Node;

/// The configuration.
#[derive(Debug, Default)]
pub(super) struct Settings {
    values: Value,
    /// What stands for values that were not given.
    placeholders: Value,
    /// Paths that the specification calls secret.
    secret: BTreeSet<String>,
    /// Whether the manifest has a specification of its configuration.
    has_schema: bool,
    /// Paths that are no secrets although they stand in an authentication slot.
    plain: BTreeSet<String>,
    /// An alternative was named.
    has_choice: bool,
    used: Mutex<Used>,
}

/// What an import has used.
#[derive(Debug, Default)]
pub(super) struct Used {
    /// Names of secrets, and where in the configuration their values were.
    pub(super) secrets: BTreeMap<String, String>,
    /// Placeholders in the files, by their place in the configuration.
    pub(super) assumed: BTreeMap<String, String>,
}

impl Settings {
    pub(super) fn new(
        spec: Option<&Node>,
        values: Option<&Value>,
        chosen: &[(String, String)],
        plain: &[String],
    ) -> Self {
        let mut settings = Self {
            values: values.cloned().unwrap_or_else(|| Value::Object(serde_json::Map::new())),
            placeholders: Value::Object(serde_json::Map::new()),
            plain: plain.iter().cloned().collect(),
            has_schema: false,
            has_choice: !chosen.is_empty(),
            ..Self::default()
        };
        let schema = spec.and_then(|spec| {
            spec.get("connection_specification").or_else(|| spec.get("connectionSpecification"))
        });
        if let Some(schema) = schema {
            settings.has_schema = true;
            let placeholders = settings.read(schema, "", chosen);
            settings.placeholders = placeholders;
        }
        settings
    }

    /// Placeholders for the properties of a schema; only what is required or has a default is there.
    fn read(&mut self, schema: &Node, path: &str, chosen: &[(String, String)]) -> Value {
        let required: Vec<_> = schema
            .get("required")
            .map(|list| list.items().iter().filter_map(Node::text).collect())
            .unwrap_or_default();
        let mut members = serde_json::Map::new();
        for (name, property) in schema.get("properties").map(Node::entries).unwrap_or_default() {
            let own = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
            if property.is_true("airbyte_secret") {
                self.secret.insert(own.clone());
            }
            let alternatives =
                property.get("oneOf").or_else(|| property.get("anyOf")).map(Node::items).unwrap_or_default();
            let value = if alternatives.is_empty() {
                self.property(property, &own, name, required.contains(name), chosen)
            } else {
                // All are read, because each may say what is secret.
                let read: Vec<_> = alternatives.iter().map(|one| self.read(one, &own, chosen)).collect();
                let wanted =
                    chosen.iter().find(|(place, _)| *place == own).map(|(_, name)| name.to_lowercase());
                let at =
                    wanted.and_then(|wanted| alternatives.iter().position(|one| is_called(one, &wanted)));
                read.into_iter().nth(at.unwrap_or(0))
            };
            if let Some(value) = value {
                members.insert(name.clone(), value);
            }
        }
        Value::Object(members)
    }

    fn property(
        &mut self,
        property: &Node,
        own: &str,
        name: &str,
        required: bool,
        chosen: &[(String, String)],
    ) -> Option<Value> {
        if property.get("properties").is_some() {
            return Some(self.read(property, own, chosen));
        }
        let fixed = property.get("const").or_else(|| property.get("default")).map(Node::to_value);
        let listed = || property.get("enum").and_then(|list| list.items().first()).map(Node::to_value);
        let example = || {
            property
                .get("examples")
                .and_then(|list| list.items().first())
                .map(Node::to_value)
                .filter(is_usable)
        };
        let kind =
            property.get("type").map(|kind| kind.items().iter().find_map(Node::text).unwrap_or_default());
        let made = || match kind.as_deref() {
            Some("integer" | "number") => 1.into(),
            Some("boolean") => false.into(),
            Some("array") => Value::Array(vec![format!("fill-in-{}", secret_name(name)).into()]),
            _ if property.text_at("format").is_some_and(|format| format == "date") => "2024-01-01".into(),
            _ if property.text_at("format").is_some_and(|format| format == "date-time")
                || name.contains("date") =>
            {
                "2024-01-01T00:00:00Z".into()
            }
            _ => placeholder(name).into(),
        };
        fixed.or_else(|| required.then(|| listed().or_else(example).unwrap_or_else(made)))
    }

    /// Whether nothing is known of the configuration.
    pub(super) fn is_unspecified(&self) -> bool {
        !self.has_schema && self.nothing_is_given()
    }

    /// Whether somebody has said which alternative is meant, by a configuration or by name.
    pub(super) fn is_chosen(&self) -> bool {
        self.has_choice || !self.nothing_is_given()
    }

    fn nothing_is_given(&self) -> bool {
        self.values.as_object().is_some_and(serde_json::Map::is_empty)
    }

    /// What the configuration has at a path.
    ///
    /// With `stands_in`, what is optional has a placeholder where no configuration was given.
    pub(super) fn look_up(&self, path: &[Step], secret_slot: bool, stands_in: bool) -> Term {
        let Some(names) = super::jinja::address(path) else {
            return Term::unknown("a value of the configuration counted from its end");
        };
        let place = names.join(".");
        let given = crate::place::at(&self.values, &names).cloned();
        let value = given.clone().or_else(|| crate::place::at(&self.placeholders, &names).cloned());
        match value {
            Some(Value::Object(members)) if !members.is_empty() => {
                // Members are looked up one after the other.
                Term::At(
                    super::term::Root::State,
                    [Step::config()].into_iter().chain(path.iter().cloned()).collect(),
                )
            }
            Some(_) | None
                if (secret_slot || self.secret.contains(&place))
                    && !self.plain.contains(&place)
                    && self.may_be_secret(&place, value.as_ref()) =>
            {
                Term::Secret(place)
            }
            Some(value) => {
                if given.is_none() && super::term::truthy(&value) && !value.is_boolean() {
                    self.note(|used| used.assumed.insert(place.clone(), super::term::shown(&value)));
                }
                Term::Known(value)
            }
            // Without a specification nobody says what is optional.
            None if self.is_unspecified() || stands_in && self.nothing_is_given() => {
                let value = placeholder(names.last().map_or("value", String::as_str));
                self.note(|used| used.assumed.insert(place.clone(), value.clone()));
                Term::Known(value.into())
            }
            None => Term::null(),
        }
    }

    /// What stands for a secret where none can stand; `None` where values are given, or its name is a credential's.
    pub(super) fn stands_for(&self, place: &str) -> Option<String> {
        let name = place.rsplit('.').next().unwrap_or(place);
        let lower = name.to_lowercase();
        let is_credential =
            ["key", "token", "secret", "pass", "credential"].iter().any(|word| lower.contains(word));
        if is_credential || !self.nothing_is_given() {
            return None;
        }
        let names: Vec<_> = place.split('.').map(str::to_owned).collect();
        let known = crate::place::at(&self.placeholders, &names).filter(|value| value.is_string());
        let value = known.map_or_else(|| placeholder(name), super::term::shown);
        self.note(|used| used.assumed.insert(place.to_owned(), value.clone()));
        Some(value)
    }

    /// In a slot of authentication everything is a secret that is known at all, and whatever is not: it has to be given.
    fn may_be_secret(&self, place: &str, value: Option<&Value>) -> bool {
        self.secret.contains(place) || value.is_some() || self.nothing_is_given()
    }

    /// The name of a secret for a place of the configuration.
    pub(super) fn secret(&self, source: &str, place: &str) -> String {
        let short = place.rsplit('.').next().unwrap_or(place);
        self.named(&format!("{source}-{}", secret_name(short)), place)
    }

    /// The name of a secret that is a constant of the manifest, or put together of several values.
    pub(super) fn made(&self, source: &str, name: &str, was: &str) -> String {
        self.named(&format!("{source}-{}", secret_name(name)), was)
    }

    /// The name, with a number where another value has it.
    fn named(&self, name: &str, was: &str) -> String {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let mut own = name.to_owned();
        let mut number = 2;
        while used.secrets.get(&own).is_some_and(|known| known != was) {
            own = format!("{name}-{number}");
            number += 1;
        }
        used.secrets.insert(own.clone(), was.to_owned());
        own
    }

    /// An address with its scheme; `None` where it has none. A placeholder that turns out to begin an address becomes one.
    pub(super) fn with_scheme(&self, address: &str) -> Option<String> {
        if address.contains("://") {
            return Some(address.to_owned());
        }
        let (host, path) = address.split_at(address.find('/').unwrap_or(address.len()));
        let whole = format!("https://{host}.example.com");
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let mut is_assumed = false;
        for value in used.assumed.values_mut().filter(|value| *value == host || **value == whole) {
            value.clone_from(&whole);
            is_assumed = true;
        }
        is_assumed.then(|| whole + path)
    }

    fn note<T>(&self, note: impl FnOnce(&mut Used) -> T) {
        if let Ok(mut used) = self.used.lock() {
            note(&mut used);
        }
    }

    /// What was used, taken out.
    pub(super) fn used(&self) -> Used {
        self.used.lock().map(|mut used| std::mem::take(&mut *used)).unwrap_or_default()
    }
}

/// Whether an alternative of the specification has a word in its title, or in a constant of its own.
fn is_called(one: &Node, wanted: &str) -> bool {
    let consts = one.get("properties").map(Node::entries).unwrap_or_default().iter();
    consts
        .filter_map(|(_, property)| property.text_at("const"))
        .chain(one.text_at("title"))
        .any(|text| text.to_lowercase().contains(wanted))
}

/// What stands for a value that was not given.
fn placeholder(name: &str) -> String {
    let word = format!("fill-in-{}", secret_name(name));
    let lower = name.to_lowercase();
    let has = |words: &[&str]| lower.split(['_', '-', '.']).any(|part| words.contains(&part));
    if lower.contains("url") || lower.contains("endpoint") {
        format!("https://{word}.example.com")
    } else if has(&["date", "start", "since"]) {
        "2024-01-01T00:00:00Z".to_owned()
    } else {
        word
    }
}

/// Whether an example can stand in a file: not `<your-domain>`.
fn is_usable(example: &Value) -> bool {
    !example.as_str().is_some_and(|text| text.contains(['<', '{', ' ', '>', '%']) || text.contains("YYYY"))
}
