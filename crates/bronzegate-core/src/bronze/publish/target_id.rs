//! The id of a target, which its streams share: two targets, or one that is begun again, never take each other's
//! transactions and uploads for their own.

use serde::{Deserialize, Serialize};

use crate::bronze::layout::Layout;
use crate::bronze::store::{BronzeStore, StoreError};
use crate::random;

#[derive(Serialize, Deserialize)]
struct TargetId {
    id: String,
}

/// The target's id; it is made where the target has none.
pub(super) async fn target_id(store: &dyn BronzeStore) -> Result<String, StoreError> {
    if let Some(id) = known_target_id(store).await? {
        return Ok(id);
    }
    let mut text = serde_json::to_vec(&TargetId { id: random::uuid() }).expect("an id has text keys only");
    text.push(b'\n');
    // Whoever of several makes it, all read the one that is there.
    store.put_new(Layout::TARGET_ID, text.into()).await?;
    let reason = || "it was written, and is not there".to_owned();
    known_target_id(store).await?.ok_or_else(|| StoreError::io("read", Layout::TARGET_ID, reason()))
}

/// The target's id, if it has one.
pub(super) async fn known_target_id(store: &dyn BronzeStore) -> Result<Option<String>, StoreError> {
    let Some(text) = store.get(Layout::TARGET_ID).await? else { return Ok(None) };
    let is_name =
        |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    match serde_json::from_slice(&text) {
        Ok(TargetId { id }) if is_name(&id) => Ok(Some(id)),
        _ => Err(StoreError::io("use", Layout::TARGET_ID, r#"it is not {"id":"<letters, digits and ->"}"#)),
    }
}
