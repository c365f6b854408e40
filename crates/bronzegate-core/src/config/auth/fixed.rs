//! Where credentials go in a request, and the texts that may stand there.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::address::header_name;
use crate::config::problem::{At, Draft, Report};
use crate::config::read::{Entries, Slot, TextOr};
use crate::config::secret_ref::{Field, SecretName, TextOrSecret, TextOrSecretSpec, named, text_or_secret};

/// Where a key or a session's token goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// A header, in lower case.
    Header(String),
    /// A query parameter.
    Query(String),
    /// Cookies of these names, at least one.
    Cookies(Vec<String>),
}

/// A header of a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderKey {
    /// Its name, in lower case.
    pub name: String,
    /// Its value.
    pub value: TextOrSecret,
    /// Text before the value, its space included.
    pub prefix: Option<String>,
}

/// A secret in a header, and the text before it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "{ secret: <name> }, the name of a secret in the vault: secrets are not written into source files"
)]
#[schemars(rename = "HeaderSecret")]
pub(in crate::config) struct HeaderSecretSpec {
    /// The secret's name in the platform's vault.
    secret: Slot<SecretName>,
    /// The member to take when the secret is a JSON object.
    field: Option<Slot<Field>>,
    /// Text before the secret; it brings its own space.
    prefix: Option<Slot<String>>,
}

/// Text, or `{ secret: <name>, prefix: "Token " }`.
pub(super) type HeaderValueSpec = TextOr<String, HeaderSecretSpec>;

/// Where a key goes.
#[derive(Clone, Copy, Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(in crate::config) enum In {
    Header,
    Query,
}

pub(super) fn place(place: In, name: &Slot<String>, report: &Report) -> Option<KeyPlace> {
    let text = name.get()?;
    match place {
        In::Header => {
            let header = header_name(text);
            if header.is_none() {
                report.add(name.at(), Draft::refused("a header's name such as X-Api-Key").value(text));
            }
            header.map(KeyPlace::Header)
        }
        In::Query if text.trim().is_empty() => {
            report.add(name.at(), Draft::refused("the name of a query parameter").value(text));
            None
        }
        In::Query => Some(KeyPlace::Query(text.clone())),
    }
}

pub(super) fn header_text(slot: &Slot<String>, report: &Report) -> Option<String> {
    let text = slot.get()?;
    if http::HeaderValue::from_str(text).is_err() {
        report.add(slot.at(), Draft::refused("text that a header can hold").value(text));
    }
    Some(text.clone())
}

/// The headers of a credential. `at` is where the map they stand in is.
pub(super) fn header_keys(
    entries: &Entries<HeaderValueSpec>,
    at: &At,
    report: &Report,
) -> Option<Vec<HeaderKey>> {
    let resolved = |spec: &HeaderValueSpec| match spec {
        TextOr::Text(text) => Some((TextOrSecret::Text(text.clone()), None)),
        TextOr::Map(spec) => {
            let value = named(&spec.secret, spec.field.as_ref()).map(TextOrSecret::Secret)?;
            Some((value, spec.prefix.as_ref().and_then(|slot| header_text(slot, report))))
        }
    };
    let values = entries.0.iter().map(|(name, slot)| (name, slot.at(), slot.get().and_then(resolved)));
    let keys = checked(values, |(value, _)| value, at, report)?;
    Some(keys.into_iter().map(|(name, (value, prefix))| HeaderKey { name, value, prefix }).collect())
}

/// Headers and their values, names in lower case. `at` is where the map they stand in is.
pub(super) fn headers(
    entries: &Entries<TextOrSecretSpec>,
    at: &At,
    report: &Report,
) -> Option<Vec<(String, TextOrSecret)>> {
    let values = entries.0.iter().map(|(name, slot)| (name, slot.at(), slot.get().and_then(text_or_secret)));
    checked(values, |value| value, at, report)
}

/// Headers with what they hold; `None` when the report says what is wrong.
fn checked<'a, T>(
    entries: impl Iterator<Item = (&'a String, &'a At, Option<T>)>,
    value_of: impl Fn(&T) -> &TextOrSecret,
    at: &At,
    report: &Report,
) -> Option<Vec<(String, T)>> {
    let mut headers: Vec<(String, T)> = Vec::new();
    let mut whole = true;
    for (name, value_at, value) in entries {
        let Some(name) = header_name(name) else {
            // What stands in a name's place may be a secret that slipped.
            let place = At { path: at.path.clone() + ".headers", ..value_at.clone() };
            report.add(&place, Draft::refused("a header's name such as X-Api-Key").value(name));
            whole = false;
            continue;
        };
        if headers.iter().any(|(known, _)| *known == name) {
            report.say(value_at, "header given twice; upper and lower case are the same header");
        }
        let Some(value) = value else {
            whole = false;
            continue;
        };
        match value_of(&value) {
            TextOrSecret::Text(text) if http::HeaderValue::from_str(text).is_err() => {
                report.add(value_at, Draft::refused("text that a header can hold").value(text));
                whole = false;
            }
            TextOrSecret::Text(_) | TextOrSecret::Secret(_) => headers.push((name, value)),
        }
    }
    whole.then_some(headers)
}

/// Refuses text where the name beside it says that a secret belongs there.
pub(super) fn refuse_written_secret(name: &str, at: &At, report: &Report) {
    let name: String =
        name.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect();
    let secret = ["password", "passwd", "passphrase", "secret", "token", "apikey", "privatekey"];
    if secret.iter().any(|word| name.ends_with(word)) || matches!(name.as_str(), "pwd" | "pass" | "key") {
        let draft = Draft::new("a secret is not written into a source file");
        report.add(at, draft.accepted("{ secret: <name> }, the name of a secret in the vault"));
    }
}
