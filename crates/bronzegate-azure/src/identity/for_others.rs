//! The identity for services of others that accept tokens of Entra ID, such as Azure Databricks.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use azure_core::credentials::TokenCredential;
use bronzegate_core::clock::Clock;
use bronzegate_core::doors::{IdentityTokens, LookUp};
use bronzegate_core::error::{Error, ErrorKind, Result};
use secrecy::SecretString;
use tokio::sync::OnceCell;

use super::choice::IDENTITY;
use super::credential::credential;
use crate::clients::{ServiceError, Transport, TransportOptions, client_options};

/// An identity in Azure, chosen when its first token is asked for.
pub struct AzureIdentity {
    look_up: LookUp,
    clock: Arc<dyn Clock>,
    kind: Option<&'static str>,
    transport: Option<Transport>,
    credential: OnceCell<Arc<dyn TokenCredential>>,
}

impl AzureIdentity {
    /// The identity that the environment offers; or the one of this kind, whatever else it offers: `managed`,
    /// `workload`, `client-secret` or `developer`.
    pub fn new(look_up: LookUp, clock: Arc<dyn Clock>, kind: Option<&'static str>) -> Self {
        Self { look_up, clock, kind, transport: None, credential: OnceCell::new() }
    }

    /// The same over a given transport.
    #[must_use]
    pub fn over(mut self, transport: Transport) -> Self {
        self.transport = Some(transport);
        self
    }

    async fn credential(&self) -> Result<&Arc<dyn TokenCredential>> {
        let choose = async || {
            let transport = match self.transport.clone() {
                Some(transport) => transport,
                None => Transport::new(&TransportOptions::of(&*self.look_up)?)?,
            };
            let look_up = |name: &str| match self.kind {
                Some(kind) if name == IDENTITY => Some(kind.to_owned()),
                _ => (self.look_up)(name),
            };
            credential(&look_up, &client_options(transport), Arc::clone(&self.clock))
        };
        self.credential.get_or_try_init(choose).await
    }
}

#[async_trait]
impl IdentityTokens for AzureIdentity {
    async fn token(&self, scope: &str) -> Result<SecretString> {
        let token = self.credential().await?.get_token(&[scope], None).await.map_err(|error| {
            let error = ServiceError::from(error);
            let is_transient = error.is_transient();
            Error::new(ErrorKind::Auth, error).transient(is_transient)
        })?;
        Ok(token.token.secret().to_owned().into())
    }
}

impl fmt::Debug for AzureIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzureIdentity").field("kind", &self.kind).finish_non_exhaustive()
    }
}
