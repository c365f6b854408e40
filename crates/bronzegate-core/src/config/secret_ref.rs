//! References to secrets of the platform's vault: `{ secret: name }`, never the secret itself.

use std::fmt;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use xxhash_rust::xxh3::xxh3_64;

use super::read::{Slot, TextOr};

/// A secret by name, and the member of it if the secret is a JSON object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretRef {
    /// The secret's name in the vault.
    pub secret: String,
    /// The member of a JSON secret; the whole secret without it.
    pub field: Option<String>,
}

impl fmt::Display for SecretRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            None => write!(f, "secret `{}`", self.secret),
            Some(field) => write!(f, "secret `{}`, field `{field}`", self.secret),
        }
    }
}

/// A value that may be shown, or a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TextOrSecret {
    /// Text as it stands in the file.
    Text(String),
    /// A secret.
    Secret(SecretRef),
}

/// `{ secret: hubspot-token }`, with `field: key` for a member of a JSON secret.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(
    deny_unknown_fields,
    expecting = "{ secret: <name> }, the name of a secret in the vault: secrets are not written into source files"
)]
#[schemars(rename = "SecretRef")]
pub(super) struct SecretSpec {
    /// The secret's name in the platform's vault.
    secret: Slot<SecretName>,
    /// The member to take when the secret is a JSON object.
    field: Option<Slot<Field>>,
}

/// Text, or `{ secret: <name> }`.
pub(super) type TextOrSecretSpec = TextOr<String, SecretSpec>;

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("pattern" = "^[A-Za-z0-9/_.-]+$"))]
pub(super) struct SecretName(String);

#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(try_from = "String")]
#[schemars(inline, with = "String", extend("minLength" = 1))]
pub(super) struct Field(String);

impl TryFrom<String> for SecretName {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '.' | '-');
        if text.is_empty() || !text.chars().all(known) {
            return Err("a secret's name of letters, digits, /, _, . and -");
        }
        Ok(Self(text))
    }
}

impl TryFrom<String> for Field {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        if text.is_empty() { Err("the name of a member of the secret") } else { Ok(Self(text)) }
    }
}

/// What stands in a request in place of a secret until it is sent.
const PLACEHOLDER: &str = "bronzegate-secret-";

impl SecretRef {
    /// What stands in a request instead until it is sent: text that is the same in a path, a query, a header, a form and
    /// JSON. It ends with a hash, so that none is a part of another.
    pub fn placeholder(&self) -> String {
        let whole = format!("{}\0{}", self.secret, self.field.as_deref().unwrap_or_default());
        let plain = |char: char| if char.is_ascii_alphanumeric() { char } else { '-' };
        let name: String = self.secret.chars().map(plain).collect();
        format!("{PLACEHOLDER}{name}-{:016x}", xxh3_64(whole.as_bytes()))
    }
}

/// Whether a text holds what stands for a secret. None that an API gives does.
pub fn stands_for_a_secret(text: &str) -> bool {
    text.contains(PLACEHOLDER)
}

/// A secret that requests hold beside those of `auth`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestSecret {
    /// Which one.
    pub reference: SecretRef,
    /// It stands in a header.
    pub in_header: bool,
    /// It stands in a path, a parameter or a body, where a short one could not be told from other text.
    pub elsewhere: bool,
}

impl TextOrSecret {
    /// The secret, if it is one.
    pub fn secret(&self) -> Option<&SecretRef> {
        match self {
            Self::Secret(secret) => Some(secret),
            Self::Text(_) => None,
        }
    }
}

impl SecretSpec {
    pub(super) fn resolve(&self) -> Option<SecretRef> {
        named(&self.secret, self.field.as_ref())
    }
}

/// The secret of this name, or the member of it.
pub(super) fn named(secret: &Slot<SecretName>, field: Option<&Slot<Field>>) -> Option<SecretRef> {
    let field = field.map(|field| field.cloned().map(|field| field.0));
    Some(SecretRef { secret: secret.cloned()?.0, field: field.flatten() })
}

/// The secret that a slot names.
pub(super) fn secret(slot: &Slot<SecretSpec>) -> Option<SecretRef> {
    slot.get()?.resolve()
}

pub(super) fn text_or_secret(spec: &TextOrSecretSpec) -> Option<TextOrSecret> {
    match spec {
        TextOr::Text(text) => Some(TextOrSecret::Text(text.clone())),
        TextOr::Map(secret) => secret.resolve().map(TextOrSecret::Secret),
    }
}

/// The secret that an object in a JSON body names: one whose `secret` is text. An error is the accepted
/// form.
pub(super) fn named_in_json(object: &Map<String, Value>) -> Option<Result<SecretRef, &'static str>> {
    let text = |name: &str| object.get(name).and_then(Value::as_str).map(str::to_owned);
    let name = text("secret")?;
    let known = object.keys().all(|key| key == "secret" || key == "field");
    let field = object.get("field").map(|_| Field::try_from(text("field").unwrap_or_default()));
    Some(match (SecretName::try_from(name), field.transpose()) {
        (Ok(name), Ok(field)) if known => Ok(SecretRef { secret: name.0, field: field.map(|field| field.0) }),
        _ => Err("{ secret: <name> } or { secret: <name>, field: <member> }"),
    })
}
