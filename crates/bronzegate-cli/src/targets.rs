//! The setting `BRONZEGATE_TARGET`: which bronze store it names.

use std::path::PathBuf;
use std::sync::Arc;

use bronzegate_core::bronze::{BronzeStore, LocalStore};
use bronzegate_core::error::{Error, ErrorKind, Result};
use bronzegate_core::sources::SourceFolder;

/// A target, not opened yet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A local folder.
    Folder(PathBuf),
}

impl Target {
    /// Reads the setting.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for a store this build does not know.
    pub(crate) fn parse(setting: &str) -> Result<Self> {
        local("--target", setting).map(Self::Folder)
    }

    /// Opens it for writing: a folder is created when it is missing.
    pub(crate) fn open(&self) -> Result<Arc<dyn BronzeStore>> {
        let Self::Folder(path) = self;
        Ok(Arc::new(LocalStore::open(path)?))
    }

    /// Opens it for reading alone; `None` where there is nothing yet, and nothing is created.
    pub(crate) fn open_existing(&self) -> Result<Option<Arc<dyn BronzeStore>>> {
        let Self::Folder(path) = self;
        match path.try_exists() {
            Ok(false) => Ok(None),
            // What keeps a folder from being looked at keeps it from being opened, and is told there.
            Ok(true) | Err(_) => self.open().map(Some),
        }
    }
}

/// Reads the setting `BRONZEGATE_SOURCES`.
///
/// # Errors
/// [`ErrorKind::Config`] for a folder that is not local.
pub(crate) fn sources(setting: &str) -> Result<SourceFolder> {
    local("--sources", setting).map(SourceFolder::local)
}

/// The path that a setting names; URLs are refused.
fn local(flag: &str, setting: &str) -> Result<PathBuf> {
    let Some((scheme, _)) = setting.split_once("://") else { return Ok(setting.into()) };
    let why = match scheme {
        "s3" | "abfss" => "this build does not support it yet; it takes a local folder",
        _ => "write the path of a local folder",
    };
    Err(Error::new(ErrorKind::Config, format!("{flag} `{setting}`: {why}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_folder_and_urls_are_refused() {
        assert_eq!(Target::parse("./bronze").unwrap(), Target::Folder("./bronze".into()));
        for (setting, message) in [
            ("s3://b/p", "--target `s3://b/p`: this build does not support it yet; it takes a local folder"),
            (
                "abfss://c@a.dfs.core.windows.net/p",
                "--target `abfss://c@a.dfs.core.windows.net/p`: this build does not support it yet; it takes a local folder",
            ),
            ("gs://b", "--target `gs://b`: write the path of a local folder"),
        ] {
            let error = Target::parse(setting).unwrap_err();
            assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Config, message));
        }
    }

    #[test]
    fn looking_creates_nothing() {
        let parent = tempfile::tempdir().unwrap();
        let path = parent.path().join("bronze");
        assert!(Target::Folder(path.clone()).open_existing().unwrap().is_none());
        assert!(!path.exists());
        Target::Folder(path.clone()).open().unwrap();
        assert!(Target::Folder(path).open_existing().unwrap().is_some());
    }
}
