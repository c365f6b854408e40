//! The port of an identity: a cloud's tokens for services beyond that cloud.

use async_trait::async_trait;
use secrecy::SecretString;

use crate::error::Result;

/// An identity of one cloud whose tokens other services accept, as Azure Databricks accepts those of Entra ID.
///
/// A program that has both clouds gives one the other's identity, so that neither crate knows the other.
#[async_trait]
pub trait IdentityTokens: Send + Sync + std::fmt::Debug {
    /// A bearer token for `scope`, such as `2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default`.
    ///
    /// The identity keeps and renews its tokens, so this may be called before each request.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::error::ErrorKind::Config) when the environment lacks what the identity needs,
    /// [`ErrorKind::Auth`](crate::error::ErrorKind::Auth) when no token is available, transient where another try may do
    /// better.
    async fn token(&self, scope: &str) -> Result<SecretString>;
}
