//! Changing a secret: a value taken in hold, and what becomes of its replacement.

use std::any::Any;
use std::fmt;
use std::sync::Arc;

use secrecy::SecretString;

/// A secret that is about to be changed: its value, and what tells the vault that nobody else has
/// changed it since. Dropped, it gives back whatever lock the vault has.
pub struct HeldSecret {
    /// The name in the source file.
    pub name: String,
    /// The value as the vault holds it, untrimmed.
    pub value: SecretString,
    /// The vault's own version of that value; not secret.
    pub version: String,
    lock: Option<Arc<dyn Any + Send + Sync>>,
}

/// What became of a replacement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Replacement {
    /// The vault holds the new value, durably.
    Replaced,
    /// The vault's value is no longer the one that was held, and stays as it is.
    Conflict,
}

impl HeldSecret {
    /// A value that others may change meanwhile.
    pub fn open(name: &str, value: SecretString, version: impl Into<String>) -> Self {
        Self { name: name.to_owned(), value, version: version.into(), lock: None }
    }

    /// A value that nobody who asks for a hold can change before `lock` is dropped.
    pub fn locked(
        name: &str,
        value: SecretString,
        version: impl Into<String>,
        lock: Arc<dyn Any + Send + Sync>,
    ) -> Self {
        Self { lock: Some(lock), ..Self::open(name, value, version) }
    }

    /// The vault's own lock, if it is of this type.
    pub fn lock<L: Any + Send + Sync>(&self) -> Option<Arc<L>> {
        Arc::clone(self.lock.as_ref()?).downcast().ok()
    }

    /// Whether others have to wait for this hold to end.
    pub fn is_locked(&self) -> bool {
        self.lock.is_some()
    }
}

impl fmt::Debug for HeldSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HeldSecret")
            .field("name", &self.name)
            .field("version", &self.version)
            .field("is_locked", &self.is_locked())
            .finish_non_exhaustive()
    }
}
