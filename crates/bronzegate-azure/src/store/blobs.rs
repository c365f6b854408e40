//! The blobs of a target: clients for paths, and the reading of one.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use azure_core::credentials::TokenCredential;
use azure_core::http::ClientOptions;
use azure_core::http::headers::{CONTENT_LENGTH, Headers};
use azure_storage_blob::models::BlockBlobClientUploadOptions;
use azure_storage_blob::{BlobClient, BlobClientOptions, BlobContainerClient, BlobContainerClientOptions};
use bronzegate_core::bronze::StoreError;
use bytes::Bytes;
use url::Url;

use super::refusals::{failed, is_absent};
use super::target::Target;
use crate::clients::ServiceError;

/// The longest blob name the service takes, in characters.
const LONGEST_NAME: usize = 1024;

/// Directories of a hierarchical namespace look like empty blobs with this metadata.
const FOLDER: &str = "hdi_isfolder";

/// The container of a target, and how its blobs are reached.
#[derive(Clone)]
pub(super) struct Blobs {
    pub(super) target: Target,
    url: Url,
    credential: Arc<dyn TokenCredential>,
    options: ClientOptions,
    /// Whether a listing of uncommitted blobs was refused before.
    was_refused: Arc<AtomicBool>,
}

/// A blob as it was read.
pub(super) struct Content {
    pub(super) bytes: Bytes,
    headers: Headers,
}

impl Blobs {
    pub(super) fn new(
        target: Target,
        endpoint: Option<Url>,
        credential: Arc<dyn TokenCredential>,
        options: ClientOptions,
    ) -> Self {
        let url = target.container_url(endpoint);
        Self { target, url, credential, options, was_refused: Arc::default() }
    }

    /// Whether a listing of uncommitted blobs is refused for the first time, which is told once.
    pub(super) fn is_first_refusal(&self) -> bool {
        !self.was_refused.swap(true, Ordering::Relaxed)
    }

    /// The container's client, for listings.
    pub(super) fn container(&self) -> azure_core::Result<BlobContainerClient> {
        let options = BlobContainerClientOptions {
            client_options: self.options.clone(),
            ..BlobContainerClientOptions::default()
        };
        BlobContainerClient::new(self.url.clone(), Some(Arc::clone(&self.credential)), Some(options))
    }

    /// A path's client. The container's client would write the slashes of a path as `%2F`, which
    /// gateways and OneLake need not take for folders.
    pub(super) fn blob(&self, path: &str) -> Result<BlobClient, StoreError> {
        let url = self.blob_url(path).map_err(|why| StoreError::io("resolve", path, why))?;
        let options =
            BlobClientOptions { client_options: self.options.clone(), ..BlobClientOptions::default() };
        BlobClient::new(url, Some(Arc::clone(&self.credential)), Some(options))
            .map_err(|error| self.failed("resolve", path, error))
    }

    /// Creates or replaces a blob, or only creates it, in one request.
    pub(super) async fn upload(
        &self,
        blob: &BlobClient,
        content: Bytes,
        create_only: bool,
        metadata: Option<HashMap<String, String>>,
    ) -> Result<(), ServiceError> {
        let options = BlockBlobClientUploadOptions {
            if_none_match: create_only.then(|| "*".into()),
            metadata,
            // As large as the content, so that the SDK never cuts it into blocks.
            partition_size: std::num::NonZero::new(content.len().max(1) as u64),
            ..BlockBlobClientUploadOptions::default()
        };
        blob.upload(content.into(), Some(options)).await?;
        Ok(())
    }

    /// Reads a blob whole; `None` when there is none, or a directory.
    pub(super) async fn read(&self, path: &str, most: u64) -> Result<Option<Content>, StoreError> {
        let blob = self.blob(path)?;
        let read = async {
            let found = blob.download(None).await?;
            let headers = found.headers;
            let length =
                headers.get_optional_str(&CONTENT_LENGTH).and_then(|length| length.parse::<u64>().ok());
            if length.is_some_and(|length| length > most) {
                return Ok(None);
            }
            Ok(Some(Content { bytes: found.body.collect().await?, headers }))
        };
        match read.await.map_err(|error: azure_core::Error| ServiceError::from(error)) {
            Ok(None) => Err(StoreError::too_large(path)),
            Ok(Some(content)) => Ok(Some(content).filter(|content| !tells_folder(&content.headers))),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(self.failed("read", path, error)),
        }
    }

    /// Removes a blob; one that is not there is no error.
    pub(super) async fn remove(&self, path: &str) -> Result<(), StoreError> {
        match self.blob(path)?.delete(None).await.map_err(ServiceError::from) {
            Err(error) if !is_absent(&error) => Err(self.failed("remove", path, error)),
            _ => Ok(()),
        }
    }

    pub(super) fn failed(
        &self,
        action: &'static str,
        path: &str,
        error: impl Into<ServiceError>,
    ) -> StoreError {
        failed(self.target.service(), action, path, error)
    }

    /// The name of the blob, or of the folder, at a path of the port.
    pub(super) fn name(&self, path: &str) -> String {
        match (self.target.folder(), path) {
            ("", path) => path.to_owned(),
            (folder, "") => folder.to_owned(),
            (folder, path) => format!("{folder}/{path}"),
        }
    }

    /// What the names of all blobs begin with whose paths have this beginning.
    pub(super) fn beginning(&self, path: &str) -> String {
        match self.target.folder() {
            "" => path.to_owned(),
            folder => format!("{folder}/{path}"),
        }
    }

    fn blob_url(&self, path: &str) -> Result<Url, &'static str> {
        let name = self.name(path);
        if path.split('/').any(|name| matches!(name, "" | "." | "..")) {
            return Err("it has an empty name, `.` or `..`");
        }
        if name.chars().count() > LONGEST_NAME {
            return Err("it is longer than the 1,024 characters that Azure takes");
        }
        let mut url = self.url.clone();
        url.path_segments_mut().expect("https URLs have a path").extend(name.split('/'));
        Ok(url)
    }
}

impl Content {
    /// A value of the blob's metadata.
    pub(super) fn metadata(&self, name: &str) -> Option<&str> {
        metadata(&self.headers, name)
    }
}

fn metadata<'a>(headers: &'a Headers, name: &str) -> Option<&'a str> {
    headers.get_optional_str(&format!("x-ms-meta-{name}").into())
}

/// Whether an answer's headers say that it is of a directory.
pub(super) fn tells_folder(headers: &Headers) -> bool {
    metadata(headers, FOLDER).is_some()
}

/// Whether metadata says that it is a directory.
pub(super) fn is_folder(metadata: &HashMap<String, String>) -> bool {
    metadata.keys().any(|name| name.eq_ignore_ascii_case(FOLDER))
}
