//! Publishing: a block list, create-only.

use std::collections::HashMap;

use azure_core::http::RequestContent;
use azure_storage_blob::models::{
    BlobClientGetPropertiesResultHeaders as _, BlockBlobClientCommitBlockListOptions, BlockLookupList,
};
use bronzegate_core::bronze::{Checksum, Receipt, StoreError, Upload};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::blobs::{Blobs, is_folder};
use super::refusals::{are_blocks_gone, is_absent, is_there_already};
use super::upload_id::UploadId;
use crate::clients::ServiceError;

/// The metadata with the receipt's checksum, CRC-64/NVME as 16 hexadecimal digits.
const CHECKSUM: &str = "bronzegate_crc64nvme";

/// Staged blocks as a receipt tells them: all that is needed to name each.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Staged {
    upload: String,
    blocks: u32,
}

impl Staged {
    pub(super) fn new(id: UploadId, blocks: u32) -> Self {
        Self { upload: id.to_string(), blocks }
    }

    /// As plain data.
    pub(super) fn receipt(&self) -> Upload {
        Upload(json!(self))
    }

    fn of(receipt: &Receipt) -> Option<(UploadId, u32)> {
        let Self { upload, blocks } = Self::deserialize(&receipt.upload.0).ok()?;
        Some((upload.parse().ok()?, blocks))
    }
}

/// Makes the staged blocks the blob's content, unless it has one.
///
/// Blocks that the list does not name are discarded by the service, so those of a rival that staged the
/// same path go: it finds this blob instead.
pub(super) async fn publish(blobs: &Blobs, receipt: &Receipt) -> Result<(), StoreError> {
    let path = &receipt.path;
    let Some((id, blocks)) = Staged::of(receipt) else {
        return Err(StoreError::io("publish", path, "its receipt is not one of Azure"));
    };
    let list = BlockLookupList {
        uncommitted: Some((0..blocks).map(|number| id.block(number)).collect()),
        ..BlockLookupList::default()
    };
    let options = BlockBlobClientCommitBlockListOptions {
        if_none_match: Some("*".into()),
        metadata: Some(HashMap::from([(CHECKSUM.to_owned(), receipt.checksum.clone())])),
        ..BlockBlobClientCommitBlockListOptions::default()
    };
    let blob = blobs.blob(path)?.block_blob_client();
    let list: RequestContent<_, _> =
        list.try_into().map_err(|error: azure_core::Error| blobs.failed("publish", path, error))?;
    match blob.commit_block_list(list, Some(options)).await.map_err(ServiceError::from) {
        Ok(_) => Ok(()),
        Err(error) if is_there_already(&error) || are_blocks_gone(&error) => compare(blobs, receipt).await,
        Err(error) => Err(blobs.failed("publish", path, error)),
    }
}

/// Whether what stands at the path is what the receipt says.
async fn compare(blobs: &Blobs, receipt: &Receipt) -> Result<(), StoreError> {
    let path = &receipt.path;
    let failed = |error| blobs.failed("compare", path, error);
    let found = match blobs.blob(path)?.get_properties(None).await.map_err(ServiceError::from) {
        Ok(found) => found,
        Err(error) if is_absent(&error) => return Err(StoreError::Lost { path: path.clone() }),
        Err(error) => return Err(failed(error)),
    };
    let metadata = found.metadata().map_err(|error| failed(error.into()))?;
    let size = found.content_length().map_err(|error| failed(error.into()))?;
    let known = metadata.iter().find(|(name, _)| name.eq_ignore_ascii_case(CHECKSUM));
    let same = size == Some(receipt.bytes)
        && !is_folder(&metadata)
        && match known {
            Some((_, checksum)) => *checksum == receipt.checksum,
            // Copied, or kept by a store that drops metadata.
            None => blobs
                .read(path, u64::MAX)
                .await?
                .is_some_and(|found| Checksum::of(&found.bytes) == receipt.checksum),
        };
    if same { Ok(()) } else { Err(StoreError::Conflict { path: path.clone() }) }
}
