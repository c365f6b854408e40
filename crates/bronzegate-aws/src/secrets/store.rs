//! Secrets Manager behind the port: one call a secret that is read.

use async_trait::async_trait;
use aws_sdk_secretsmanager::Client;
use aws_sdk_secretsmanager::operation::get_secret_value::GetSecretValueOutput;
use bronzegate_core::secret::{Freshness, HeldSecret, Replacement, SecretError, SecretStore};
use secrecy::SecretString;

use super::change::{Change, PENDING};
use super::errors::refused;

/// The stage that is read where no other is set.
const CURRENT: &str = "AWSCURRENT";

/// Reads secret `hubspot-token` from the secret `<prefix>hubspot-token` of AWS Secrets Manager.
///
/// The version is the one of the stage `AWSCURRENT`; names in source files carry no stage, so another
/// is a setting of the vault. Nothing is kept: put
/// [`CachedSecrets`](bronzegate_core::secret::CachedSecrets) before it.
///
/// A hold is no lock; a replacement moves the stage only if it is still on the version that was held.
#[derive(Clone, Debug)]
pub struct SecretsManager {
    client: Client,
    prefix: String,
    stage: String,
}

impl SecretsManager {
    /// Makes a vault; nothing is read yet.
    pub fn new(client: Client, prefix: impl Into<String>) -> Self {
        Self { client, prefix: prefix.into(), stage: CURRENT.to_owned() }
    }

    /// Reads the versions of another stage, for example `AWSPREVIOUS`.
    #[must_use]
    pub fn at_stage(mut self, stage: impl Into<String>) -> Self {
        self.stage = stage.into();
        self
    }

    fn id(&self, name: &str) -> String {
        format!("{}{name}", self.prefix)
    }

    fn place(&self, id: &str) -> String {
        let region = self.client.config().region().map_or("no region set", |region| region.as_ref());
        format!("`{id}` in Secrets Manager ({region})")
    }

    async fn get(&self, name: &str) -> Result<(GetSecretValueOutput, SecretString), SecretError> {
        self.get_at(name, &self.stage).await
    }

    async fn get_at(
        &self,
        name: &str,
        stage: &str,
    ) -> Result<(GetSecretValueOutput, SecretString), SecretError> {
        let id = self.id(name);
        let place = self.place(&id);
        let request = self.client.get_secret_value().secret_id(&id).version_stage(stage);
        let found = request.send().await.map_err(|error| refused(name, &place, &error))?;
        match (&found.secret_string, &found.secret_binary) {
            (Some(text), _) => {
                let text = text.clone().into();
                Ok((found, text))
            }
            (None, Some(_)) => Err(SecretError::Binary { name: name.to_owned(), place }),
            (None, None) => Err(SecretError::Empty(name.to_owned())),
        }
    }
}

#[async_trait]
impl SecretStore for SecretsManager {
    async fn read(&self, name: &str, _: Freshness) -> Result<SecretString, SecretError> {
        Ok(self.get(name).await?.1)
    }

    async fn hold(&self, name: &str) -> Result<HeldSecret, SecretError> {
        let (found, value) = self.get(name).await?;
        Ok(HeldSecret::open(name, value, found.version_id.unwrap_or_default()))
    }

    async fn replace(&self, held: &HeldSecret, value: &SecretString) -> Result<Replacement, SecretError> {
        let id = self.id(&held.name);
        let place = self.place(&id);
        let stage = &self.stage;
        let change = Change { client: &self.client, name: &held.name, id: &id, place: &place, stage };
        change.replace(&held.version, value).await
    }

    async fn left_behind(&self, name: &str) -> Result<Option<SecretString>, SecretError> {
        let (left, value) = match self.get_at(name, PENDING).await {
            Ok(found) => found,
            // Nothing was ever replaced.
            Err(SecretError::Missing { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let (current, _) = self.get(name).await?;
        let is_other = left.version_id != current.version_id;
        // Somebody may have put a value since, which is newer.
        let is_older = left.created_date < current.created_date;
        Ok((is_other && !is_older).then_some(value))
    }
}
