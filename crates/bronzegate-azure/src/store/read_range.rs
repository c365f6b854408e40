//! Reading a part of a blob.

use std::num::NonZero;

use azure_core::error::ErrorKind;
use azure_core::http::headers::HeaderName;
use azure_storage_blob::models::{
    BlobClientDownloadOptions, BlobClientGetPropertiesResultHeaders as _, HttpRange,
};
use bronzegate_core::bronze::{ByteRange, RangeRead, StoreError};
use bytes::Bytes;

use super::blobs::{Blobs, is_folder, tells_folder};
use super::refusals::{ends_before, is_absent};
use crate::clients::ServiceError;

const CONTENT_RANGE: HeaderName = HeaderName::from_static("content-range");

/// A part of the blob and the size of the whole; `None` when there is none, or a directory.
///
/// The service knows no range that is counted from the end, so for one the size is asked for first.
pub(super) async fn read_range(
    blobs: &Blobs,
    path: &str,
    range: ByteRange,
) -> Result<Option<RangeRead>, StoreError> {
    if let ByteRange::From { offset, length: length @ 1.. } = range {
        return download(blobs, path, offset, length).await;
    }
    let Some(size) = size(blobs, path).await? else { return Ok(None) };
    let (offset, length) = range.within(size);
    if length == 0 {
        return Ok(Some(RangeRead { content: Bytes::new(), size }));
    }
    let read = download(blobs, path, offset, length).await?;
    if read.as_ref().is_some_and(|read| read.size != size) {
        return Err(StoreError::io("read", path, "another blob took its place meanwhile"));
    }
    Ok(read)
}

/// The bytes of a range that is not empty.
async fn download(
    blobs: &Blobs,
    path: &str,
    offset: u64,
    length: u64,
) -> Result<Option<RangeRead>, StoreError> {
    let options = BlobClientDownloadOptions {
        // The SDK adds the two, and so must be able to.
        range: Some(HttpRange::new(offset, length.min(u64::MAX - offset))),
        // As large as the range, so that the SDK never cuts it into several.
        partition_size: usize::try_from(length).ok().and_then(NonZero::new),
        ..BlobClientDownloadOptions::default()
    };
    let blob = blobs.blob(path)?;
    let read = async {
        let found = blob.download(Some(options)).await?;
        let told = found.headers.get_optional_str(&CONTENT_RANGE);
        let size: Option<u64> = told.and_then(|told| told.rsplit_once('/')?.1.parse().ok());
        let is_folder = tells_folder(&found.headers);
        let content = found.body.collect().await?;
        // Only an empty blob is answered without a range.
        let size = size.or_else(|| content.is_empty().then_some(0)).ok_or_else(|| {
            azure_core::Error::with_message(
                ErrorKind::DataConversion,
                "the answer does not tell the blob's size",
            )
        })?;
        Ok((!is_folder).then_some(RangeRead { content, size }))
    };
    match read.await.map_err(|error: azure_core::Error| ServiceError::from(error)) {
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) if ends_before(&error) => {
            let size = size(blobs, path).await?;
            Ok(size.map(|size| RangeRead { content: Bytes::new(), size }))
        }
        read => read.map_err(|error| blobs.failed("read", path, error)),
    }
}

/// The blob's size; `None` when there is none, or a directory.
async fn size(blobs: &Blobs, path: &str) -> Result<Option<u64>, StoreError> {
    let failed = |error: azure_core::Error| blobs.failed("read", path, error);
    match blobs.blob(path)?.get_properties(None).await.map_err(ServiceError::from) {
        Ok(found) if is_folder(&found.metadata().map_err(failed)?) => Ok(None),
        Ok(found) => Ok(Some(found.content_length().map_err(failed)?.unwrap_or_default())),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(blobs.failed("read", path, error)),
    }
}
