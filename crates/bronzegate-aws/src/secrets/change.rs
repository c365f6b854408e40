//! A new version of a secret, made current only in place of the version that was held.
//!
//! Secrets Manager has no conditional put. But a staging label moves from one version to another only if
//! it is still on the first (`UpdateSecretVersionStage` with `RemoveFromVersionId`), so the new value is put
//! under a label of its own, which nobody reads, and the label that is read is then moved.

use aws_sdk_secretsmanager::Client;
use bronzegate_core::secret::{Replacement, SecretError};
use secrecy::{ExposeSecret as _, SecretString};

use super::errors::{GET_PERMISSIONS, MOVE_PERMISSIONS, PUT_PERMISSIONS, unwritable};

/// The label of a value that is not current yet. It moves on with the next one, and Secrets Manager
/// deletes versions that have no label. On a version that is newer than the current one it tells of a run
/// that was killed between the two steps.
pub(super) const PENDING: &str = "BRONZEGATE_PENDING";

/// One change of a secret.
pub(super) struct Change<'a> {
    pub(super) client: &'a Client,
    /// The name in the source file.
    pub(super) name: &'a str,
    /// The secret's id in Secrets Manager.
    pub(super) id: &'a str,
    /// The id and region, for messages.
    pub(super) place: &'a str,
    /// The label that readers read.
    pub(super) stage: &'a str,
}

impl Change<'_> {
    pub(super) async fn replace(&self, held: &str, value: &SecretString) -> Result<Replacement, SecretError> {
        let put = self
            .client
            .put_secret_value()
            .secret_id(self.id)
            .secret_string(value.expose_secret())
            .version_stages(PENDING)
            .send()
            .await
            .map_err(|error| unwritable(self.name, self.place, PUT_PERMISSIONS, &error))?;
        let made = put.version_id().unwrap_or_default();
        let moved = self
            .client
            .update_secret_version_stage()
            .secret_id(self.id)
            .version_stage(self.stage)
            .remove_from_version_id(held)
            .move_to_version_id(made)
            .send()
            .await;
        let Err(error) = moved else { return Ok(Replacement::Replaced) };
        // Whatever it said: after a lost answer the SDK asks again, and is refused what it has done.
        match self.current().await? {
            current if current == made => Ok(Replacement::Replaced),
            current if current == held => Err(unwritable(self.name, self.place, MOVE_PERMISSIONS, &error)),
            _ => Ok(Replacement::Conflict),
        }
    }

    /// The version that readers read.
    async fn current(&self) -> Result<String, SecretError> {
        let found = self.client.get_secret_value().secret_id(self.id).version_stage(self.stage).send().await;
        let found = found.map_err(|error| unwritable(self.name, self.place, GET_PERMISSIONS, &error))?;
        Ok(found.version_id.unwrap_or_default())
    }
}
