//! The way in: from what the environment offers to a vault and to tables.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::bronze::{BronzeStore, Tables};
use bronzegate_core::clock::Clock;
use bronzegate_core::doors::LookUp;
use bronzegate_core::error::Result;
use bronzegate_core::proxy::Proxies;
use bronzegate_core::secret::{CachedSecrets, SecretStore};
use bronzegate_core::service::{Service, ServiceOptions};

use crate::identity::{FromOthers, Tokens, choose};
use crate::secrets::{SecretScope, is_scope};
use crate::settings::{HOST, config, files, host, warehouse};
use crate::tables::{DatabricksTables, SchemaName};
use crate::workspace::Workspace;

/// How long a secret is kept before the scope is asked again. One that an API refuses is asked for at once, whatever
/// its age.
const SECRETS_TIME_TO_LIVE: Duration = Duration::from_mins(5);

/// A statement's first answer comes after half a minute at the latest, so a silent connection is given longer.
const READ: Duration = Duration::from_mins(1);

/// A workspace as one identity sees it. All that it opens share connections and tokens.
#[derive(Clone)]
pub struct Databricks {
    workspace: Arc<Workspace>,
    look_up: LookUp,
    clock: Arc<dyn Clock>,
}

impl Databricks {
    /// Chooses the workspace and the identity by what the environment offers, which `look_up` tells. Nothing is sent
    /// yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](bronzegate_core::error::ErrorKind::Config) when a variable is malformed or missing, or two
    /// identities are offered.
    pub fn connect(look_up: LookUp, clock: Arc<dyn Clock>, others: &FromOthers<'_>) -> Result<Self> {
        let proxies = Proxies::read(&*look_up)?;
        let options = ServiceOptions { read: READ, proxies, ..ServiceOptions::default() };
        Self::connect_over(&options, look_up, clock, others)
    }

    /// As [`connect`](Self::connect), with other patience, or other trust.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn connect_over(
        options: &ServiceOptions,
        look_up: LookUp,
        clock: Arc<dyn Clock>,
        others: &FromOthers<'_>,
    ) -> Result<Self> {
        let origin = host(&*look_up)?;
        let tokens = Tokens::new(choose(&*look_up, others.azure.is_some())?, others)?;
        let service = Service::new(&origin, options, Arc::clone(&clock))
            .map_err(|error| config(format!("{HOST} is `{origin}`: {error}")))?;
        tracing::info!(host = origin.host_str(), ?tokens, "the identity for Databricks is chosen");
        Ok(Self { workspace: Workspace::new(service, tokens), look_up, clock })
    }

    /// Opens a secret scope, behind a cache. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](bronzegate_core::error::ErrorKind::Config) when no scope can have that name.
    pub fn secrets(&self, scope: &str) -> Result<Arc<dyn SecretStore>> {
        if !is_scope(scope) {
            let rule = "1 to 128 characters, each a letter A to Z, a digit, `-`, `_`, `.` or `@`";
            return Err(config(format!("`{scope}` cannot be the name of a scope: {rule}")));
        }
        let scope = SecretScope::new(Arc::clone(&self.workspace), scope);
        Ok(Arc::new(CachedSecrets::new(scope, SECRETS_TIME_TO_LIVE, Arc::clone(&self.clock))))
    }

    /// Opens a schema, `<catalog>.<schema>`, whose tables are loaded from parts in `parts`. Nothing is sent yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](bronzegate_core::error::ErrorKind::Config) when it is no schema's name, a variable is
    /// missing or malformed, or the workspace cannot see the store.
    pub fn tables(&self, schema: &str, parts: Arc<dyn BronzeStore>) -> Result<Arc<dyn Tables>> {
        let name = SchemaName::parse(schema);
        let name = name.map_err(|why| config(format!("`databricks:{schema}` is not a schema: {why}")))?;
        let warehouse = warehouse(&*self.look_up)?;
        let files = files(&*self.look_up, &parts.location())?;
        let workspace = Arc::clone(&self.workspace);
        Ok(Arc::new(DatabricksTables::new(workspace, warehouse, name, files, parts)))
    }
}

impl fmt::Debug for Databricks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Databricks").field("host", &self.workspace.host()).finish_non_exhaustive()
    }
}
