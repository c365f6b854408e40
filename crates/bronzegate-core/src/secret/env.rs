//! Secrets in environment variables, for hand use and tests.

use std::fmt;

use async_trait::async_trait;
use secrecy::SecretString;

use super::change::HeldSecret;
use super::store::{Freshness, SecretError, SecretStore};

/// Reads secret `hubspot-token` from the variable `BRONZEGATE_SECRET_HUBSPOT_TOKEN`.
///
/// The look-up is handed in, because the core does not read the environment itself.
pub struct EnvSecrets {
    look_up: Box<LookUp>,
}

type LookUp = dyn Fn(&str) -> Option<String> + Send + Sync;

impl EnvSecrets {
    /// Makes a store over a look-up of environment variables.
    pub fn new(look_up: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        Self { look_up: Box::new(look_up) }
    }

    /// The variable that holds a secret: upper case, everything but letters and digits as `_`.
    pub fn variable(name: &str) -> String {
        let name: String = name
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' })
            .collect();
        format!("BRONZEGATE_SECRET_{name}")
    }
}

impl fmt::Debug for EnvSecrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EnvSecrets")
    }
}

#[async_trait]
impl SecretStore for EnvSecrets {
    fn is_of_this_machine(&self) -> bool {
        true
    }

    async fn read(&self, name: &str, _: Freshness) -> Result<SecretString, SecretError> {
        let variable = Self::variable(name);
        match (self.look_up)(&variable) {
            Some(value) => Ok(value.into()),
            None => Err(SecretError::Missing {
                name: name.to_owned(),
                place: format!("the environment variable {variable} is not set"),
            }),
        }
    }

    async fn hold(&self, name: &str) -> Result<HeldSecret, SecretError> {
        let variable = Self::variable(name);
        let vault = format!(
            "the environment variable {variable} is this process's own, so the token that follows would be \
             lost; use file:<path> or a cloud's vault"
        );
        Err(SecretError::ReadOnly { name: name.to_owned(), vault })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_missing_secret_names_its_variable() {
        let store = EnvSecrets::new(|_| None);
        let error = store.read("hubspot-token", Freshness::Cached).await.unwrap_err();
        assert_eq!(
            error.to_string(),
            "secret `hubspot-token` is missing: the environment variable BRONZEGATE_SECRET_HUBSPOT_TOKEN is not set"
        );
    }
}
