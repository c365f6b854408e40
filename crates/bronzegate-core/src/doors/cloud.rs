//! The port of a cloud: which settings it serves, and how it opens what they name.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;

use super::setting::Setting;
use crate::bronze::{BronzeStore, Tables};
use crate::error::Result;
use crate::secret::SecretStore;
use crate::signer::RequestSigner;

/// A cloud: the one entry by which all programs reach its stores and vaults.
///
/// Making an entry has no effect. It connects when it is first asked to open something, and only once:
/// what it opens shares connections and tokens. It is asked for nothing but settings of its own forms.
#[async_trait]
pub trait Cloud: fmt::Debug + Send + Sync {
    /// The forms of its places, where bronze and source files may be. The word has a colon after it.
    fn places(&self) -> &'static [Form];

    /// The forms of its vaults. The word may stand alone.
    fn vaults(&self) -> &'static [Form];

    /// The forms of its own tables, such as a catalog's. Tables in one of its places need none: they are made by
    /// whoever writes into folders. The word has a colon after it.
    fn tables(&self) -> &'static [Form] {
        &[]
    }

    /// Opens a root of tables by one of these forms. `target` is the store of the commit log, where such tables may be
    /// loaded from. Nothing is read or written yet.
    ///
    /// # Errors
    /// As [`open_store`](Self::open_store).
    async fn open_tables(&self, tables: &Setting, target: Arc<dyn BronzeStore>) -> Result<Arc<dyn Tables>> {
        let _ = target;
        Err(tables.wrong("it is no root of tables"))
    }

    /// Opens a place as a store. Nothing is read or written yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when the setting is malformed, or the
    /// environment lacks what the cloud needs.
    async fn open_store(&self, place: &Setting) -> Result<Arc<dyn BronzeStore>>;

    /// Opens a vault. Nothing is read from it yet.
    ///
    /// # Errors
    /// As [`open_store`](Self::open_store).
    async fn open_vault(&self, vault: &Setting) -> Result<Arc<dyn SecretStore>>;

    /// What signs requests with the identity that this program has there. It connects with the first request.
    fn signer(&self) -> Option<Arc<dyn RequestSigner>> {
        None
    }
}

/// A form of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// What stands before its first colon: `s3`, `aws-secretsmanager`.
    pub word: &'static str,
    /// How it is written: `s3://bucket/prefix`, `aws-secretsmanager[:prefix]`.
    pub example: &'static str,
}

impl Form {
    /// How it begins: `s3://…`.
    pub(super) fn beginning(&self) -> String {
        let slashes = if self.example[self.word.len()..].starts_with("://") { "//" } else { "" };
        format!("{}:{slashes}…", self.word)
    }
}
