//! Secrets Manager behind the port: one call a secret.

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use bronzegate_core::secret::{Freshness, SecretError, SecretStore};
use secrecy::SecretString;

use super::errors::refused;

/// Reads secret `hubspot-token` from the secret `<prefix>hubspot-token` of AWS Secrets Manager.
///
/// The version is the one of the stage `AWSCURRENT`; names in source files carry no stage, so another
/// is a setting of the vault. Nothing is kept: put
/// [`CachedSecrets`](bronzegate_core::secret::CachedSecrets) before it.
#[derive(Clone, Debug)]
pub struct SecretsManager {
    client: Client,
    prefix: String,
    stage: Option<String>,
}

impl SecretsManager {
    /// Makes a vault; nothing is read yet.
    pub fn new(client: Client, prefix: impl Into<String>) -> Self {
        Self { client, prefix: prefix.into(), stage: None }
    }

    /// Reads the versions of another stage, for example `AWSPREVIOUS`.
    #[must_use]
    pub fn at_stage(mut self, stage: impl Into<String>) -> Self {
        self.stage = Some(stage.into());
        self
    }
}

#[async_trait]
impl SecretStore for SecretsManager {
    async fn read(&self, name: &str, _: Freshness) -> Result<SecretString, SecretError> {
        let id = format!("{}{name}", self.prefix);
        let region = self.client.config().region().map_or("no region set", |region| region.as_ref());
        let place = format!("`{id}` in Secrets Manager ({region})");
        let request = self.client.get_secret_value().secret_id(&id).set_version_stage(self.stage.clone());
        let found = request.send().await.map_err(|error| refused(name, &place, &error))?;
        match (found.secret_string, found.secret_binary) {
            (Some(text), _) => Ok(text.into()),
            (None, Some(_)) => Err(SecretError::Binary { name: name.to_owned(), place }),
            (None, None) => Err(SecretError::Empty(name.to_owned())),
        }
    }
}
