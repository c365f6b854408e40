//! One setting of a deployment: what it is called where it was given, and its text.

use std::sync::Arc;

use crate::error::{Error, ErrorKind, Result};

/// Reads a variable of the process: `None` when it is not set. The core reads none by itself.
pub type LookUp = Arc<dyn Fn(&str) -> Option<String> + Send + Sync>;

/// A setting as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Setting {
    /// What messages call it: `--target`, `BRONZEGATE_TARGET`.
    pub name: &'static str,
    /// Its text.
    pub text: String,
}

/// What a program takes where a variable is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unset {
    /// This text.
    Default(&'static str),
    /// Nothing: the variable must be set, and this is how it is written.
    Required(&'static str),
}

impl Setting {
    /// A setting.
    pub fn new(name: &'static str, text: impl Into<String>) -> Self {
        Self { name, text: text.into() }
    }

    /// Reads a variable.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when it must be set and is not.
    pub fn of_variable(look_up: &LookUp, name: &'static str, unset: Unset) -> Result<Self> {
        match (look_up(name), unset) {
            (Some(text), _) => Ok(Self::new(name, text)),
            (None, Unset::Default(text)) => Ok(Self::new(name, text)),
            (None, Unset::Required(form)) => {
                let cause = format!("{name}: it is not set; write {form}");
                Err(Error::new(ErrorKind::Config, cause))
            }
        }
    }

    /// The word before the first colon, or the whole text: `s3` of `s3://bucket`, `env` of `env`.
    pub fn word(&self) -> &str {
        self.text.split_once(':').map_or(&self.text, |(word, _)| word)
    }

    /// What follows the first colon.
    pub fn rest(&self) -> Option<&str> {
        self.text.split_once(':').map(|(_, rest)| rest)
    }

    /// The error of a setting that cannot be used.
    pub fn wrong(&self, why: &str) -> Error {
        let Self { name, text } = self;
        Error::new(ErrorKind::Config, format!("{name} `{text}`: {why}"))
    }

    /// Puts the setting's name before an error about its text.
    #[must_use]
    pub fn blame(&self, error: &Error) -> Error {
        let (kind, is_transient) = (error.kind(), error.is_transient());
        Error::new(kind, format!("{} {error}", self.name)).transient(is_transient)
    }
}
