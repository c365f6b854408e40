//! Identity: which one the environment offers, and its tokens.

mod choice;
mod tokens;

use std::sync::Arc;

use bronzegate_core::doors::IdentityTokens;
use bronzegate_core::secret::SecretStore;

pub(crate) use choice::{SECRET, choose};
pub(crate) use tokens::{NoToken, Tokens};

/// Makes an identity of Azure: the one that the environment offers, or one of a kind (`managed`, `workload`,
/// `client-secret`, `developer`).
pub type AzureIdentities = dyn Fn(Option<&'static str>) -> Arc<dyn IdentityTokens> + Send + Sync;

/// What a program has of other clouds, for an identity of Databricks.
#[derive(Clone, Default)]
pub struct FromOthers<'a> {
    /// Identities of Azure, which Azure Databricks accepts.
    pub azure: Option<&'a AzureIdentities>,
    /// The vault in which `BRONZEGATE_DATABRICKS_SECRET` names the secret of the service principal.
    pub vault: Option<Arc<dyn SecretStore>>,
}
