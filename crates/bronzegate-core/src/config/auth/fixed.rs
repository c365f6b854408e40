//! Where credentials go in a request, and the texts that may stand there.

use schemars::JsonSchema;
use serde::Deserialize;

use crate::config::address::header_name;
use crate::config::problem::{At, Draft, Report};
use crate::config::read::{Entries, Slot};
use crate::config::secret_ref::{TextOrSecret, TextOrSecretSpec, text_or_secret};

/// Where a key or a session's token goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyPlace {
    /// A header, in lower case.
    Header(String),
    /// A query parameter.
    Query(String),
}

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

/// Headers and their values, names in lower case. `at` is where the map they stand in is.
pub(super) fn headers(
    entries: &Entries<TextOrSecretSpec>,
    at: &At,
    report: &Report,
) -> Option<Vec<(String, TextOrSecret)>> {
    let mut headers: Vec<(String, TextOrSecret)> = Vec::new();
    let mut whole = true;
    for (name, slot) in &entries.0 {
        let Some(name) = header_name(name) else {
            // What stands in a name's place may be a secret that slipped.
            let place = At { path: at.path.clone() + ".headers", ..slot.at().clone() };
            report.add(&place, Draft::refused("a header's name such as X-Api-Key").value(name));
            whole = false;
            continue;
        };
        if headers.iter().any(|(known, _)| *known == name) {
            report.say(slot.at(), "header given twice; upper and lower case are the same header");
        }
        match slot.get().and_then(text_or_secret) {
            Some(TextOrSecret::Text(text)) if http::HeaderValue::from_str(&text).is_err() => {
                report.add(slot.at(), Draft::refused("text that a header can hold").value(text));
                whole = false;
            }
            Some(value) => headers.push((name, value)),
            None => whole = false,
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
