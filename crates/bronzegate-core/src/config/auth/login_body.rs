//! What a login request carries: JSON or a form, with secrets in their places.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::fixed::refuse_written_secret;
use crate::config::problem::{At, Draft, Report};
use crate::config::read::Entries;
use crate::config::secret_ref::{SecretRef, TextOrSecret, TextOrSecretSpec, named_in_json, text_or_secret};

/// The body of a login request.
#[derive(Clone, Debug, PartialEq)]
pub enum LoginBody {
    /// None.
    Empty,
    /// A JSON object.
    Json(LoginValue),
    /// `application/x-www-form-urlencoded`.
    Form(Vec<(String, TextOrSecret)>),
}

/// A JSON value with secrets in their places.
#[derive(Clone, Debug, PartialEq)]
pub enum LoginValue {
    /// A value as it stands in the file.
    Plain(Value),
    /// A secret, as text.
    Secret(SecretRef),
    /// An array.
    List(Vec<Self>),
    /// An object.
    Map(Vec<(String, Self)>),
}

/// A JSON object; a value may be { secret: … }.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
#[schemars(inline)]
pub(super) struct LoginBodySpec(Map<String, Value>);

pub(super) fn json(spec: &LoginBodySpec, at: &At, report: &Report) -> Option<LoginBody> {
    members(&spec.0, at, report).map(LoginBody::Json)
}

pub(super) fn form(entries: &Entries<TextOrSecretSpec>, report: &Report) -> Option<LoginBody> {
    let fields = entries.0.iter().map(|(name, slot)| {
        let value = text_or_secret(slot.get()?)?;
        if matches!(value, TextOrSecret::Text(_)) {
            refuse_written_secret(name, slot.at(), report);
        }
        Some((name.clone(), value))
    });
    // All of them are looked at before giving up, so that all problems are found.
    let fields: Vec<_> = fields.collect();
    fields.into_iter().collect::<Option<_>>().map(LoginBody::Form)
}

impl LoginBody {
    /// Returns the secrets it needs.
    pub fn secrets(&self) -> Vec<&SecretRef> {
        match self {
            Self::Empty => Vec::new(),
            Self::Json(value) => value.secrets(),
            Self::Form(fields) => fields.iter().filter_map(|(_, value)| value.secret()).collect(),
        }
    }
}

impl LoginValue {
    fn secrets(&self) -> Vec<&SecretRef> {
        match self {
            Self::Plain(_) => Vec::new(),
            Self::Secret(secret) => vec![secret],
            Self::List(items) => items.iter().flat_map(Self::secrets).collect(),
            Self::Map(members) => members.iter().flat_map(|(_, value)| value.secrets()).collect(),
        }
    }
}

fn members(object: &Map<String, Value>, at: &At, report: &Report) -> Option<LoginValue> {
    let members: Vec<_> = object
        .iter()
        .map(|(name, value)| {
            let at = At { path: format!("{}.{name}", at.path), ..at.clone() };
            if value.is_string() {
                refuse_written_secret(name, &at, report);
            }
            Some((name.clone(), checked(value, &at, report)?))
        })
        .collect();
    members.into_iter().collect::<Option<_>>().map(LoginValue::Map)
}

fn checked(value: &Value, at: &At, report: &Report) -> Option<LoginValue> {
    match value {
        Value::Object(object) => match named_in_json(object) {
            Some(Ok(secret)) => Some(LoginValue::Secret(secret)),
            Some(Err(accepted)) => {
                report.add(at, Draft::refused(accepted));
                None
            }
            None => members(object, at, report),
        },
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| checked(item, at, report)).collect();
            items.into_iter().collect::<Option<_>>().map(LoginValue::List)
        }
        plain => Some(LoginValue::Plain(plain.clone())),
    }
}
