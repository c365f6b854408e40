//! The port to a vault, and the rules every secret must meet whatever vault it came from.

use async_trait::async_trait;
use secrecy::{ExposeSecret as _, SecretString};

use super::change::{HeldSecret, Replacement};
use super::member;
use crate::error::{Error, ErrorKind};

/// How old a secret may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Freshness {
    /// A value read earlier by this process will do.
    Cached,
    /// The vault must be asked: the API has just refused the cached value.
    Fresh,
}

/// A vault that holds the credentials of sources.
///
/// `read` returns the secret as the vault holds it, untrimmed. With [`Freshness::Fresh`] it
/// asks the vault itself. It never logs a value. Failures name the secret and say where it
/// was looked for, so that somebody knows what to create.
#[async_trait]
pub trait SecretStore: Send + Sync + std::fmt::Debug {
    /// Whether it is this machine's alone, so that what it lacks says nothing of other machines: the environment,
    /// a file.
    fn is_of_this_machine(&self) -> bool {
        false
    }

    /// Reads one secret by the name the source file gives it.
    async fn read(&self, name: &str, freshness: Freshness) -> Result<SecretString, SecretError>;

    /// Takes a secret in hold for a change: its newest value with its version. Where the vault has a lock,
    /// this waits until nobody else holds the secret, and may be dropped while it waits.
    ///
    /// A vault that can tell now that it could not take a new value later refuses here.
    ///
    /// # Errors
    /// [`SecretError::ReadOnly`] from a vault that takes no values; else as `read`.
    async fn hold(&self, name: &str) -> Result<HeldSecret, SecretError> {
        let vault = "this vault is read only".to_owned();
        Err(SecretError::ReadOnly { name: name.to_owned(), vault })
    }

    /// Writes the whole secret again, if it is still what was held. After `Replaced` every reader who asks
    /// the vault gets the new value. It may be called again after an error, with the same hold.
    ///
    /// # Errors
    /// [`SecretError::Unwritable`], or [`Unavailable`](SecretError::Unavailable) where another try may do
    /// better: the vault holds the old value, or it cannot be told what it holds.
    async fn replace(&self, held: &HeldSecret, _value: &SecretString) -> Result<Replacement, SecretError> {
        let vault = "this vault is read only".to_owned();
        Err(SecretError::ReadOnly { name: held.name.clone(), vault })
    }

    /// A newer value beside the current one, which a run that was killed could not make current any more.
    /// Nobody knows whether it is good. None in vaults that replace a secret at one stroke.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    async fn left_behind(&self, _name: &str) -> Result<Option<SecretString>, SecretError> {
        Ok(None)
    }
}

/// Why a secret cannot be used. None of the texts holds a value.
#[derive(Clone, Debug, thiserror::Error)]
pub enum SecretError {
    /// The vault has no secret of this name.
    #[error("secret `{name}` is missing: {place}")]
    Missing {
        /// The name in the source file.
        name: String,
        /// Where it was looked for.
        place: String,
    },
    /// The vault cannot hold a secret of this name.
    #[error("`{name}` cannot be the name of a secret in {vault}: {rule}")]
    NotAName {
        /// The name in the source file.
        name: String,
        /// The kind of vault.
        vault: &'static str,
        /// What names it allows.
        rule: &'static str,
    },
    /// The vault cannot be read.
    #[error("secret `{name}` cannot be read: {reason}")]
    Unreadable {
        /// The name in the source file.
        name: String,
        /// What the vault said.
        reason: String,
    },
    /// The vault does not answer, or says to come again: another try may do better.
    #[error("secret `{name}` is not available at the moment: {reason}")]
    Unavailable {
        /// The name in the source file.
        name: String,
        /// What the vault said, or the network.
        reason: String,
    },
    /// The vault does not let the caller read it.
    #[error("secret `{name}` is denied: {reason}")]
    Denied {
        /// The name in the source file.
        name: String,
        /// What the vault said, and the permission that is missing.
        reason: String,
    },
    /// The vault takes no new values, which a refresh token that rotates needs.
    #[error("secret `{name}` cannot be replaced, and a refresh token has to be: {vault}")]
    ReadOnly {
        /// The name in the source file.
        name: String,
        /// Why the vault takes none.
        vault: String,
    },
    /// The vault did not take a new value.
    #[error("secret `{name}` cannot be written: {reason}")]
    Unwritable {
        /// The name in the source file.
        name: String,
        /// What the vault said.
        reason: String,
    },
    /// The secret is bytes, where credentials are text.
    #[error("secret `{name}` is binary, and only text can be sent: {place}")]
    Binary {
        /// The name in the source file.
        name: String,
        /// Where it was found.
        place: String,
    },
    /// The secret is empty.
    #[error("secret `{0}` is empty")]
    Empty(String),
    /// The secret has a line break inside, so it cannot be sent in a header.
    #[error("secret `{0}` has a line break inside")]
    LineBreak(String),
    /// `field` is asked of a secret that is not a JSON object.
    #[error("secret `{name}` is not a JSON object, so it has no field `{field}`")]
    NotAnObject {
        /// The name in the source file.
        name: String,
        /// The field asked for.
        field: String,
    },
    /// The JSON secret lacks the field, or the field is not text.
    #[error("secret `{name}` has no text field `{field}`")]
    NoField {
        /// The name in the source file.
        name: String,
        /// The field asked for.
        field: String,
    },
}

impl SecretError {
    /// Whether another try may do better.
    pub fn is_transient(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}

impl From<SecretError> for Error {
    fn from(cause: SecretError) -> Self {
        let is_transient = cause.is_transient();
        Self::new(ErrorKind::Auth, cause).transient(is_transient)
    }
}

/// Reads a secret and holds it to the rules: `field` picks a member of a JSON secret, one line
/// break at the end is trimmed, and what is then empty or has a line break inside is refused. Only a
/// key in PEM (RFC 7468) has lines.
///
/// # Errors
/// [`SecretError`], naming the secret.
pub async fn resolve(
    store: &dyn SecretStore,
    name: &str,
    field: Option<&str>,
    freshness: Freshness,
) -> Result<SecretString, SecretError> {
    let stored = store.read(name, freshness).await?;
    usable(&stored, name, field)
}

/// The part of a stored secret that is used, held to the rules of [`resolve`].
///
/// # Errors
/// [`SecretError`], naming the secret.
pub fn usable(stored: &SecretString, name: &str, field: Option<&str>) -> Result<SecretString, SecretError> {
    let text = match field {
        None => stored.expose_secret().to_owned(),
        Some(field) => pick(stored.expose_secret(), name, field)?,
    };
    let trimmed =
        text.strip_suffix('\n').map_or(text.as_str(), |text| text.strip_suffix('\r').unwrap_or(text));
    if trimmed.is_empty() {
        return Err(SecretError::Empty(name.to_owned()));
    }
    if trimmed.contains(['\n', '\r']) && !trimmed.starts_with("-----BEGIN ") {
        return Err(SecretError::LineBreak(name.to_owned()));
    }
    Ok(trimmed.to_owned().into())
}

/// The stored secret with another text in the part that [`usable`] takes; all else stays as it is, byte
/// for byte.
///
/// # Errors
/// [`SecretError::NoField`] where there is no such part.
pub fn with_part(
    stored: &SecretString,
    name: &str,
    field: Option<&str>,
    text: &SecretString,
) -> Result<SecretString, SecretError> {
    let Some(field) = field else { return Ok(text.clone()) };
    let json = serde_json::Value::from(text.expose_secret()).to_string();
    member::exchange(stored.expose_secret(), field, &json)
        .map(Into::into)
        .ok_or_else(|| SecretError::NoField { name: name.to_owned(), field: field.to_owned() })
}

fn pick(json: &str, name: &str, field: &str) -> Result<String, SecretError> {
    let object: serde_json::Map<String, serde_json::Value> = serde_json::from_str(json)
        .map_err(|_| SecretError::NotAnObject { name: name.to_owned(), field: field.to_owned() })?;
    match object.get(field) {
        Some(serde_json::Value::String(text)) => Ok(text.clone()),
        _ => Err(SecretError::NoField { name: name.to_owned(), field: field.to_owned() }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct One(&'static str);

    #[async_trait]
    impl SecretStore for One {
        async fn read(&self, _: &str, _: Freshness) -> Result<SecretString, SecretError> {
            Ok(self.0.to_owned().into())
        }
    }

    #[tokio::test]
    async fn holds_every_secret_to_the_rules() {
        let cases: &[(&str, Option<&str>, Result<&str, &str>)] = &[
            ("token", None, Ok("token")),
            ("token\n", None, Ok("token")),
            ("token\r\n", None, Ok("token")),
            ("", None, Err("secret `s` is empty")),
            ("\n", None, Err("secret `s` is empty")),
            ("a\nb", None, Err("secret `s` has a line break inside")),
            ("token\n\n", None, Err("secret `s` has a line break inside")),
            ("-----BEGIN PRIVATE KEY-----\nAA==\n", None, Ok("-----BEGIN PRIVATE KEY-----\nAA==")),
            (r#"{"key":"k"}"#, Some("key"), Ok("k")),
            (r#"{"key":"k"}"#, Some("other"), Err("secret `s` has no text field `other`")),
            (r#"{"key":1}"#, Some("key"), Err("secret `s` has no text field `key`")),
            ("plain", Some("key"), Err("secret `s` is not a JSON object, so it has no field `key`")),
        ];
        for &(stored, field, expected) in cases {
            let found = resolve(&One(stored), "s", field, Freshness::Cached).await;
            let found = found.as_ref().map(secrecy::ExposeSecret::expose_secret).map_err(ToString::to_string);
            assert_eq!(found.as_ref().map_err(String::as_str).copied(), expected, "{stored:?}");
        }
    }
}
