//! Listings: what is there, and what is staged and not published.

use std::collections::BTreeSet;

use azure_storage_blob::models::{BlobContainerClientListBlobsOptions, BlobItem, ListBlobsIncludeItem};
use bronzegate_core::bronze::{Layout, StoreError};
use futures::TryStreamExt as _;
use jiff::{SignedDuration, Timestamp};

use super::blobs::{Blobs, is_folder};
use super::refusals::is_unsupported;
use super::target::Service;
use crate::clients::ServiceError;

/// How long the service keeps blocks that are in no block list, in days.
const DAYS_KEPT: i64 = 7;

/// The paths of all objects below a folder, sorted.
pub(super) async fn list(blobs: &Blobs, folder: &str) -> Result<Vec<String>, StoreError> {
    let folder = folder.trim_end_matches('/');
    let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
    list_after(blobs, &prefix, "").await
}

/// The paths that begin with `prefix` and come after `after`, sorted: what comes before is read and left out.
///
/// The newest version of the service knows a parameter `startFrom`. It is documented as a path relative to what
/// is not said, no emulator plays it, and read wrongly it would hide blobs; so it is not sent. OneLake does not
/// say whether a prefix may end within a name, so there it ends with the folder's.
pub(super) async fn list_after(blobs: &Blobs, prefix: &str, after: &str) -> Result<Vec<String>, StoreError> {
    let folder = prefix.rfind('/').map_or(0, |slash| slash + 1);
    let asked = if blobs.target.service() == Service::OneLake { &prefix[..folder] } else { prefix };
    let mut paths = Vec::new();
    let listed = each(blobs, blobs.beginning(asked), false, |path, _| {
        if path.starts_with(prefix) && path.as_str() > after {
            paths.push(path);
        }
    });
    listed.await.map_err(|error| blobs.failed("list", prefix, error))?;
    paths.sort_unstable();
    Ok(paths)
}

/// The paths of a stream that have staged blocks and no content, sorted.
///
/// Only the folders of the last days are looked at: a listing returns every part beside the few that are
/// asked for, and blocks are kept for a week. What a run left in an older folder, because its event had an
/// older time, is published once that event comes again.
///
/// OneLake refuses query parameters that it does not know, and does not document this one: it is not asked.
/// Elsewhere a refusal means that nothing is pending, too. Then what a dead run had committed is published
/// when its event comes again, or by the next run where it is the stream's newest.
pub(super) async fn pending(blobs: &Blobs, stream: &str, now: Timestamp) -> Result<Vec<String>, StoreError> {
    if blobs.target.service() == Service::OneLake {
        return Ok(Vec::new());
    }
    let mut paths = BTreeSet::new();
    for prefix in recent(stream, now) {
        match pending_below(blobs, &blobs.name(&prefix)).await {
            Ok(pending) => paths.extend(pending),
            Err(error) if is_unsupported(&error) => {
                if blobs.is_first_refusal() {
                    tracing::warn!(
                        stream, %error,
                        "the storage does not list uncommitted blobs: what a run that died had committed is \
                         published when its event comes again"
                    );
                }
                return Ok(Vec::new());
            }
            Err(error) => return Err(blobs.failed("list the uploads of", stream, error)),
        }
    }
    Ok(paths.into_iter().collect())
}

/// What the folders begin with in which a run that died within the days that blocks are kept may have left
/// some: ten days of a month have a prefix together, so that it takes three listings at most, not eight.
fn recent(stream: &str, now: Timestamp) -> BTreeSet<String> {
    let (source, name) = stream.split_once('/').unwrap_or((stream, ""));
    let layout = Layout::new(source, name);
    let days = (0..=DAYS_KEPT)
        .map(|days| now.checked_sub(SignedDuration::from_hours(24 * days)).unwrap_or(Timestamp::MIN));
    let folders = days.map(|day| layout.parts(day));
    folders.map(|mut folder| folder.drain(..folder.len() - 1).collect()).collect()
}

/// A listing with uncommitted blobs shows them as empty ones, and does not say which are committed; a second
/// one without them does. A blob that is published between the two is not pending.
async fn pending_below(blobs: &Blobs, prefix: &str) -> Result<BTreeSet<String>, ServiceError> {
    let mut empty = BTreeSet::new();
    each(blobs, prefix.to_owned(), true, |path, item| {
        if item.properties.as_ref().and_then(|known| known.content_length).unwrap_or(0) == 0 {
            empty.insert(path);
        }
    })
    .await?;
    if !empty.is_empty() {
        each(blobs, prefix.to_owned(), false, |path, _| {
            empty.remove(&path);
        })
        .await?;
    }
    Ok(empty)
}

/// Shows every blob whose name has the prefix, page by page; directories are none.
async fn each(
    blobs: &Blobs,
    prefix: String,
    uncommitted: bool,
    mut show: impl FnMut(String, &BlobItem),
) -> Result<(), ServiceError> {
    let root = blobs.target.folder();
    let root = if root.is_empty() { String::new() } else { format!("{root}/") };
    let mut include = vec![ListBlobsIncludeItem::Metadata];
    if uncommitted {
        include.push(ListBlobsIncludeItem::UncommittedBlobs);
    }
    let options = BlobContainerClientListBlobsOptions {
        include: Some(include),
        prefix: Some(prefix).filter(|prefix| !prefix.is_empty()),
        ..BlobContainerClientListBlobsOptions::default()
    };
    let mut pages = blobs.container()?.list_blobs(Some(options))?.into_pages();
    while let Some(page) = pages.try_next().await? {
        for item in page.into_model()?.blob_items {
            let metadata = item.metadata.as_ref().and_then(|metadata| metadata.values.as_ref());
            let path = item.name.as_deref().and_then(|name| name.strip_prefix(&root));
            if let Some(path) = path.filter(|_| !metadata.is_some_and(is_folder)) {
                show(path.to_owned(), &item);
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_folders_of_a_week_have_few_prefixes_and_no_other_stream_s() {
        for (now, want) in [
            ("2026-11-28T23:59:59Z", &["crm/deals/ingest_date=2026-11-2"][..]),
            ("2026-11-27T00:00:00Z", &["crm/deals/ingest_date=2026-11-2"]),
            (
                "2027-01-01T12:00:00Z",
                &[
                    "crm/deals/ingest_date=2026-12-2",
                    "crm/deals/ingest_date=2026-12-3",
                    "crm/deals/ingest_date=2027-01-0",
                ],
            ),
        ] {
            let prefixes: Vec<_> = recent("crm/deals", now.parse().unwrap()).into_iter().collect();
            assert_eq!(prefixes, want, "{now}");
        }
    }
}
