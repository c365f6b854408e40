//! The create-only put. The commit protocol decides a run with it, so its answer must be right also
//! when answers get lost.

use std::collections::HashMap;

use bronzegate_core::bronze::{Created, LARGEST_READ, StoreError};
use bytes::Bytes;

use super::blobs::Blobs;
use super::refusals::is_there_already;
use super::upload_id::UploadId;

/// The metadata by which a put knows its own blob again.
const MARK: &str = "bronzegate_put";

/// Creates a blob unless one is there.
///
/// `If-None-Match: *` lets exactly one of any number of requests create the blob. But the SDK sends
/// a request again when its answer is lost or is a 5xx, and then the second finds what the first
/// created: "there already" may mean "by this call". So each call marks its blob with an id of its
/// own, and looks whose blob it is when it is told that one is there. Exactly one call can find its
/// mark, also among rivals with equal content. A store that drops metadata is answered by content:
/// commit records differ, if by nothing else, by the ids of their uploads.
///
/// A request whose every answer is lost is an error, and whether it created is not known; the next
/// run of the stream finds out by looking at the log.
pub(super) async fn put_new(blobs: &Blobs, path: &str, content: Bytes) -> Result<Created, StoreError> {
    let mark = UploadId::random().to_string();
    let metadata = HashMap::from([(MARK.to_owned(), mark.clone())]);
    match blobs.upload(&blobs.blob(path)?, content.clone(), true, Some(metadata)).await {
        Ok(()) => Ok(Created::Yes),
        Err(error) if is_there_already(&error) => {
            let Some(found) = blobs.read(path, LARGEST_READ).await? else {
                return Err(blobs.failed("write", path, error));
            };
            let own = found.metadata(MARK).map_or_else(|| found.bytes == content, |found| found == mark);
            Ok(if own { Created::Yes } else { Created::No })
        }
        Err(error) => Err(blobs.failed("write", path, error)),
    }
}
