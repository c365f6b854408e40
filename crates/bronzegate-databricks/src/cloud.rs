//! The entry of Databricks among the clouds.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bronzegate_core::bronze::BronzeStore;
use bronzegate_core::clock::Clock;
use bronzegate_core::doors::{Cloud, Form, IdentityTokens, LookUp, Setting};
use bronzegate_core::error::Result;
use bronzegate_core::secret::SecretStore;
use tokio::sync::OnceCell;

use crate::databricks::Databricks;
use crate::identity::AzureIdentities;

/// Secret scopes as vault, and schemas of Unity Catalog as tables.
///
/// It is connected, and an identity chosen, when a setting first names it.
pub struct DatabricksCloud {
    look_up: LookUp,
    clock: Arc<dyn Clock>,
    azure: Option<Box<AzureIdentities>>,
    databricks: OnceCell<Databricks>,
}

impl DatabricksCloud {
    /// Nothing is connected yet.
    pub fn new(look_up: LookUp, clock: Arc<dyn Clock>) -> Self {
        Self { look_up, clock, azure: None, databricks: OnceCell::new() }
    }

    /// Adds the identities of Azure, which Azure Databricks accepts. They are made when one is needed: of a kind, or the
    /// one that the environment offers.
    #[must_use]
    pub fn with_azure(
        mut self,
        azure: impl Fn(Option<&'static str>) -> Arc<dyn IdentityTokens> + Send + Sync + 'static,
    ) -> Self {
        self.azure = Some(Box::new(azure));
        self
    }

    async fn databricks(&self) -> Result<&Databricks> {
        let connect = async || {
            Databricks::connect(Arc::clone(&self.look_up), Arc::clone(&self.clock), self.azure.as_deref())
        };
        self.databricks.get_or_try_init(connect).await
    }
}

#[async_trait]
impl Cloud for DatabricksCloud {
    fn places(&self) -> &'static [Form] {
        &[]
    }

    fn vaults(&self) -> &'static [Form] {
        &[Form { word: "databricks", example: "databricks:<scope>" }]
    }

    async fn open_store(&self, place: &Setting) -> Result<Arc<dyn BronzeStore>> {
        Err(place.wrong("Databricks has tables and secrets, and no place for files"))
    }

    async fn open_vault(&self, vault: &Setting) -> Result<Arc<dyn SecretStore>> {
        let scope = vault.rest().filter(|scope| !scope.is_empty());
        let scope = scope.ok_or_else(|| vault.wrong("write databricks:<scope>"))?;
        let opened = self.databricks().await.and_then(|databricks| databricks.secrets(scope));
        opened.map_err(|error| vault.blame(&error))
    }
}

impl fmt::Debug for DatabricksCloud {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatabricksCloud").field("databricks", &self.databricks.get()).finish_non_exhaustive()
    }
}
