//! A place: a folder of this machine or in a cloud, named by a setting and opened when it is needed.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::cloud::Cloud;
use super::setting::Setting;
use super::sources::SourceFolder;
use crate::bronze::{BronzeStore, LocalStore};
use crate::error::Result;

/// Where bronze or the source files are.
#[derive(Clone, Debug)]
pub struct Place {
    setting: Setting,
    /// Whose it is; a folder of this machine is nobody's.
    cloud: Option<Arc<dyn Cloud>>,
}

impl Place {
    pub(super) fn new(setting: Setting, cloud: Option<Arc<dyn Cloud>>) -> Self {
        Self { setting, cloud }
    }

    /// Opens it for reading and writing: a folder of this machine is created when it is missing.
    ///
    /// # Errors
    /// As [`Cloud::open_store`], and [`ErrorKind::Store`](crate::error::ErrorKind::Store) for a folder.
    pub async fn open(&self) -> Result<Arc<dyn BronzeStore>> {
        match &self.cloud {
            Some(cloud) => cloud.open_store(&self.setting).await,
            None => Ok(Arc::new(LocalStore::open(&self.setting.text)?)),
        }
    }

    /// Opens it for reading alone; `None` where there is no such folder, and none is created.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn open_existing(&self) -> Result<Option<Arc<dyn BronzeStore>>> {
        // What keeps a folder from being looked at keeps it from being opened, and is told there.
        let is_absent = |path: &str| matches!(Path::new(path).try_exists(), Ok(false));
        match &self.cloud {
            None if is_absent(&self.setting.text) => Ok(None),
            _ => self.open().await.map(Some),
        }
    }

    /// Opens it as the folder of source files. Nothing is read yet.
    ///
    /// # Errors
    /// As [`Cloud::open_store`].
    pub async fn open_sources(&self) -> Result<SourceFolder> {
        match &self.cloud {
            Some(cloud) => cloud.open_store(&self.setting).await.map(SourceFolder::Remote),
            None => Ok(SourceFolder::local(&self.setting.text)),
        }
    }
}

/// As it was given.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.setting.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn looking_creates_nothing() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("bronze");
        let place = Place::new(Setting::new("--target", path.to_str().unwrap()), None);
        assert!(place.open_existing().await.unwrap().is_none());
        assert!(!path.exists());
        place.open().await.unwrap();
        assert!(place.open_existing().await.unwrap().is_some());
    }
}
