//! Listings: what is there, and what is staged and not published.

use std::collections::BTreeSet;

use azure_storage_blob::models::{BlobContainerClientListBlobsOptions, BlobItem, ListBlobsIncludeItem};
use bronzegate_core::bronze::StoreError;
use futures::TryStreamExt as _;

use super::blobs::{Blobs, is_folder};

/// The paths of all objects below a folder, sorted.
pub(super) async fn list(blobs: &Blobs, folder: &str) -> Result<Vec<String>, StoreError> {
    let mut paths = Vec::new();
    each(blobs, folder, false, |path, _| paths.push(path)).await?;
    paths.sort_unstable();
    Ok(paths)
}

/// The paths below a folder that have staged blocks and no content, sorted.
///
/// A listing with uncommitted blobs shows them as empty ones, and does not say which are committed;
/// a second one without them does. A blob that is published between the two is not pending. OneLake
/// does not document such listings: where it leaves them out, nothing is pending.
pub(super) async fn pending(blobs: &Blobs, folder: &str) -> Result<Vec<String>, StoreError> {
    let mut empty = BTreeSet::new();
    each(blobs, folder, true, |path, item| {
        if item.properties.as_ref().and_then(|known| known.content_length).unwrap_or(0) == 0 {
            empty.insert(path);
        }
    })
    .await?;
    if !empty.is_empty() {
        each(blobs, folder, false, |path, _| {
            empty.remove(&path);
        })
        .await?;
    }
    Ok(empty.into_iter().collect())
}

/// Shows every blob below a folder, page by page; directories are none.
async fn each(
    blobs: &Blobs,
    folder: &str,
    uncommitted: bool,
    mut show: impl FnMut(String, &BlobItem),
) -> Result<(), StoreError> {
    let below = |name: String| if name.is_empty() { name } else { format!("{name}/") };
    let root = below(blobs.target.folder().to_owned());
    let mut include = vec![ListBlobsIncludeItem::Metadata];
    if uncommitted {
        include.push(ListBlobsIncludeItem::UncommittedBlobs);
    }
    let options = BlobContainerClientListBlobsOptions {
        include: Some(include),
        prefix: Some(below(blobs.name(folder.trim_end_matches('/')))).filter(|prefix| !prefix.is_empty()),
        ..BlobContainerClientListBlobsOptions::default()
    };
    let failed = |error: azure_core::Error| blobs.failed("list", folder, error);
    let listing = blobs.container().and_then(|container| container.list_blobs(Some(options)));
    let mut pages = listing.map_err(failed)?.into_pages();
    while let Some(page) = pages.try_next().await.map_err(failed)? {
        for item in page.into_model().map_err(failed)?.blob_items {
            let metadata = item.metadata.as_ref().and_then(|metadata| metadata.values.as_ref());
            let path = item.name.as_deref().and_then(|name| name.strip_prefix(&root));
            if let Some(path) = path.filter(|_| !metadata.is_some_and(is_folder)) {
                show(path.to_owned(), &item);
            }
        }
    }
    Ok(())
}
