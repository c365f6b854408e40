//! The places that the settings name, opened: bronze, the source files, and the vault.

use std::path::Path;
use std::sync::Arc;

use bronzegate_core::bronze::{BronzeStore, LocalStore};
use bronzegate_core::doors::{Place, SourceFolder, Vault};
use bronzegate_core::error::Result;
use bronzegate_core::secret::{EnvSecrets, FileSecrets, SecretStore};

use crate::clouds::Clouds;
use crate::environment;

/// What a setting is called in messages.
pub(crate) const TARGET: &str = "--target";
/// What a setting is called in messages.
pub(crate) const SOURCES: &str = "--sources";
/// What a setting is called in messages.
pub(crate) const SECRETS: &str = "--secrets";

/// Opens bronze for writing: a folder is created when it is missing.
pub(crate) async fn bronze(clouds: &Clouds, place: &Place) -> Result<Arc<dyn BronzeStore>> {
    store(clouds, place, TARGET).await
}

/// Opens bronze for reading alone; `None` where there is nothing yet, and nothing is created.
pub(crate) async fn existing_bronze(clouds: &Clouds, place: &Place) -> Result<Option<Arc<dyn BronzeStore>>> {
    match place {
        Place::Folder(path) if is_absent(path) => Ok(None),
        place => bronze(clouds, place).await.map(Some),
    }
}

/// Opens the folder of source files.
pub(crate) async fn sources(clouds: &Clouds, place: &Place) -> Result<SourceFolder> {
    match place {
        Place::Folder(path) => Ok(SourceFolder::local(path)),
        place => store(clouds, place, SOURCES).await.map(SourceFolder::Remote),
    }
}

/// Opens the vault; nothing is read from it yet.
pub(crate) async fn vault(clouds: &Clouds, vault: &Vault) -> Result<Arc<dyn SecretStore>> {
    match vault {
        Vault::Environment => Ok(Arc::new(EnvSecrets::new(environment::look_up))),
        Vault::File(path) => {
            let store = FileSecrets::new(path);
            if let Some(warning) = store.exposure() {
                tracing::warn!("{warning}");
            }
            Ok(Arc::new(store))
        }
        Vault::AwsSecretsManager { prefix } => clouds.secrets_manager(SECRETS, prefix).await,
        Vault::AzureKeyVault(url) => clouds.key_vault(SECRETS, url).await,
    }
}

async fn store(clouds: &Clouds, place: &Place, setting: &str) -> Result<Arc<dyn BronzeStore>> {
    match place {
        Place::Folder(path) => Ok(Arc::new(LocalStore::open(path)?)),
        Place::S3(url) => clouds.s3(setting, url).await,
        Place::Abfss(url) => clouds.abfss(setting, url).await,
    }
}

/// What keeps a folder from being looked at keeps it from being opened, and is told there.
fn is_absent(path: &Path) -> bool {
    matches!(path.try_exists(), Ok(false))
}

#[cfg(test)]
mod tests {
    use bronzegate_core::clock::SystemClock;

    use super::*;

    #[tokio::test]
    async fn looking_creates_nothing() {
        let clouds = Clouds::new(Arc::new(SystemClock::default()));
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("bronze");
        let place = Place::Folder(path.clone());
        assert!(existing_bronze(&clouds, &place).await.unwrap().is_none());
        assert!(!path.exists());
        bronze(&clouds, &place).await.unwrap();
        assert!(existing_bronze(&clouds, &place).await.unwrap().is_some());
    }
}
