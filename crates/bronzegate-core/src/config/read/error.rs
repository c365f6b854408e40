//! The error serde sees: a problem that may not know its place yet.

use std::fmt;

use serde::de;

use crate::config::problem::{At, Draft};

/// A problem on its way to the nearest slot, which knows the place if this does not.
#[derive(Debug)]
pub(in crate::config) struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    at: Option<At>,
    draft: Draft,
}

impl Error {
    pub(super) fn new(draft: Draft) -> Self {
        Self(Box::new(Inner { at: None, draft }))
    }

    /// Sets place and bad value, unless an inner node has done so.
    pub(super) fn locate(mut self, at: &At, value: Option<String>) -> Self {
        if self.0.at.is_none() {
            self.0.at = Some(at.clone());
            let is_custom = self.0.draft.accepted.is_some();
            if self.0.draft.value.is_none() && is_custom {
                self.0.draft.value = value;
            }
        }
        self
    }

    pub(super) fn into_parts(self) -> (Option<At>, Draft) {
        (self.0.at, self.0.draft)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.draft.what)
    }
}

impl std::error::Error for Error {}

impl de::Error for Error {
    /// A check of a setting: `message` is the form it accepts, without the value.
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Draft::refused(message.to_string()))
    }

    fn invalid_type(_: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::new(Draft::refused(friendly(&expected.to_string())))
    }

    fn invalid_value(unexpected: de::Unexpected<'_>, expected: &dyn de::Expected) -> Self {
        Self::invalid_type(unexpected, expected)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::new(Draft::new(format!("{field} is missing")))
    }
}

/// serde's own names for what it expects, in the words of the documentation.
fn friendly(expected: &str) -> String {
    match expected {
        "u32" | "u64" | "usize" | "u16" => "a whole number".to_owned(),
        "f64" => "a number".to_owned(),
        "a boolean" => "true or false".to_owned(),
        "a string" => "text".to_owned(),
        "a sequence" => "a list".to_owned(),
        "a map" => "a map of key: value".to_owned(),
        other => other.to_owned(),
    }
}
