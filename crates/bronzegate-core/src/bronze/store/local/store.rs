//! The store itself: the port's calls as blocking file work off the async threads.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;

use super::files::{blocking, create_folder, is_absent, read_range, remove_durably, replace, write_new};
use super::paths::{list, resolve};
use super::staging::leftovers;
use super::target::Target;
use crate::bounded_file::read_file;
use crate::bronze::store::port::{
    BronzeStore, ByteRange, Created, LARGEST_READ, Leftover, RangeRead, Receipt, StagedPart, StagingArea,
    StoreError,
};

/// Bronze in a local folder.
///
/// An upload is a file under `_bronzegate/staging`; publishing it is a hard link to its path, which
/// like S3's `If-None-Match: *` never replaces anything. Where the file system has no hard links it is
/// an exclusive rename. A run's uploads live in one folder, locked as long as the process lives.
#[derive(Debug)]
pub struct LocalStore {
    location: String,
    target: Arc<Target>,
}

impl LocalStore {
    /// Opens a folder as a target, and creates it when it is missing.
    ///
    /// # Errors
    /// When it cannot be created: a file is in the way, no permission, a read-only file system.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let location = path.display().to_string();
        if location.is_empty() {
            return Err(StoreError::io("open the folder", "``", "the path is empty"));
        }
        let root = create_folder(path).and_then(|()| fs::canonicalize(path));
        let root = root.map_err(|error| StoreError::io("open the folder", &location, error))?;
        Ok(Self { location, target: Arc::new(Target::new(root)) })
    }

    /// Does blocking work on the store's folder.
    async fn with<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Target) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let target = Arc::clone(&self.target);
        blocking(move || work(&target)).await
    }
}

#[async_trait]
impl BronzeStore for LocalStore {
    fn location(&self) -> String {
        self.location.clone()
    }

    async fn list(&self, prefix: &str) -> Result<Vec<String>, StoreError> {
        let folder = prefix.trim_end_matches('/');
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        self.list_after(&prefix, "").await
    }

    async fn list_after(&self, prefix: &str, after: &str) -> Result<Vec<String>, StoreError> {
        let (prefix, after) = (prefix.to_owned(), after.to_owned());
        self.with(move |target| {
            if !prefix.is_empty() {
                resolve(target.root(), prefix.strip_suffix('/').unwrap_or(&prefix))?;
            }
            list(target.root(), &prefix, &after).map_err(|error| StoreError::io("list", prefix, error))
        })
        .await
    }

    async fn get(&self, path: &str) -> Result<Option<Bytes>, StoreError> {
        let path = path.to_owned();
        self.with(move |target| match read_file(&resolve(target.root(), &path)?, LARGEST_READ) {
            Ok(content) => Ok(Some(content.into())),
            // A folder is no object.
            Err(error) if is_absent(&error) || error.kind() == ErrorKind::IsADirectory => Ok(None),
            Err(error) if error.kind() == ErrorKind::FileTooLarge => Err(StoreError::too_large(path)),
            Err(error) => Err(StoreError::io("read", path, error)),
        })
        .await
    }

    async fn get_range(&self, path: &str, range: ByteRange) -> Result<Option<RangeRead>, StoreError> {
        let path = path.to_owned();
        self.with(move |target| {
            let file = resolve(target.root(), &path)?;
            read_range(&file, range).map_err(|error| StoreError::io("read", path, error))
        })
        .await
    }

    async fn put_new(&self, path: &str, content: Bytes) -> Result<Created, StoreError> {
        let path = path.to_owned();
        self.with(move |target| {
            let to = resolve(target.root(), &path)?;
            write_new(&to, &content).map_err(|error| StoreError::io("write", path, error))
        })
        .await
    }

    async fn put(&self, path: &str, content: Bytes) -> Result<(), StoreError> {
        let path = path.to_owned();
        self.with(move |target| {
            let to = resolve(target.root(), &path)?;
            replace(&to, &content).map_err(|error| StoreError::io("write", path, error))
        })
        .await
    }

    async fn remove(&self, path: &str) -> Result<(), StoreError> {
        let path = path.to_owned();
        self.with(move |target| {
            let file = resolve(target.root(), &path)?;
            remove_durably(&file).map_err(|error| StoreError::io("remove", path, error))
        })
        .await
    }

    async fn stage(&self, path: &str, run: &StagingArea) -> Result<Box<dyn StagedPart>, StoreError> {
        let (path, run) = (path.to_owned(), run.clone());
        self.with(move |target| Ok(Box::new(target.stage(&path, &run)?) as Box<dyn StagedPart>)).await
    }

    async fn publish(&self, receipt: &Receipt) -> Result<(), StoreError> {
        let receipt = receipt.clone();
        self.with(move |target| target.publish(&receipt)).await
    }

    async fn abort(&self, receipt: &Receipt) -> Result<(), StoreError> {
        let receipt = receipt.clone();
        self.with(move |target| target.give_up(&receipt)).await
    }

    async fn pending(&self, _: &str) -> Result<Vec<String>, StoreError> {
        // `leftovers` tells the dead from the live here.
        Ok(Vec::new())
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.with(Target::ready).await
    }

    async fn leftovers(&self, stream: &str) -> Result<Vec<Box<dyn Leftover>>, StoreError> {
        let stream = stream.to_owned();
        self.with(move |target| {
            resolve(target.root(), &stream)?;
            let dead = leftovers(target.root(), &stream);
            let dead = dead.map_err(|error| StoreError::io("sweep the uploads of", stream, error))?;
            Ok(dead.into_iter().map(|folder| Box::new(folder) as Box<dyn Leftover>).collect())
        })
        .await
    }
}
