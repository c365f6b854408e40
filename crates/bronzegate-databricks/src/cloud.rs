//! The entry of Databricks among the clouds.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use bronzegate_core::bronze::{BronzeStore, Tables};
use bronzegate_core::clock::Clock;
use bronzegate_core::doors::{Cloud, Form, IdentityTokens, LookUp, Setting};
use bronzegate_core::error::Result;
use bronzegate_core::secret::SecretStore;
use tokio::sync::OnceCell;

use crate::databricks::Databricks;
use crate::identity::{AzureIdentities, FromOthers, SECRET};
use crate::settings::set;

/// Secret scopes as vault, and schemas of Unity Catalog as tables.
///
/// It is connected, and an identity chosen, when a setting first names it.
pub struct DatabricksCloud {
    look_up: LookUp,
    clock: Arc<dyn Clock>,
    azure: Option<Box<AzureIdentities>>,
    vault: Option<(Arc<dyn Cloud>, &'static str)>,
    databricks: OnceCell<Databricks>,
}

impl DatabricksCloud {
    /// Nothing is connected yet.
    pub fn new(look_up: LookUp, clock: Arc<dyn Clock>) -> Self {
        Self { look_up, clock, azure: None, vault: None, databricks: OnceCell::new() }
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

    /// Adds a vault of another cloud, such as its `aws-secretsmanager`, for the secret that
    /// `BRONZEGATE_DATABRICKS_SECRET` names. It is opened when that is set.
    #[must_use]
    pub fn with_vault(mut self, cloud: Arc<dyn Cloud>, vault: &'static str) -> Self {
        self.vault = Some((cloud, vault));
        self
    }

    async fn databricks(&self) -> Result<&Databricks> {
        let connect = async || {
            let vault = match &self.vault {
                Some((cloud, vault)) if set(&*self.look_up, SECRET).is_some() => {
                    Some(cloud.open_vault(&Setting::new(SECRET, *vault)).await?)
                }
                _ => None,
            };
            let others = FromOthers { azure: self.azure.as_deref(), vault };
            Databricks::connect(Arc::clone(&self.look_up), Arc::clone(&self.clock), &others)
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

    fn tables(&self) -> &'static [Form] {
        &[Form { word: "databricks", example: "databricks:<catalog>.<schema>" }]
    }

    async fn open_tables(&self, tables: &Setting, target: Arc<dyn BronzeStore>) -> Result<Arc<dyn Tables>> {
        let schema = tables.rest().unwrap_or_default();
        let opened = self.databricks().await.and_then(|databricks| databricks.tables(schema, target));
        opened.map_err(|error| tables.blame(&error))
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
