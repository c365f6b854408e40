//! What it means to publish a segment: the other choice of an output, beside what its parts are made of.

use std::sync::Arc;

use futures::stream::{StreamExt as _, TryStreamExt as _};

use crate::bronze::store::{BronzeStore, Receipt, StoreError};

/// Uploads completed at the same time.
const AT_ONCE: usize = 8;

/// Completes uploads: each part becomes an object at its path. One that is there already is compared with its
/// receipt, so however often it is repeated, and by whomever, the outcome is the same.
pub(super) async fn complete(
    store: &Arc<dyn BronzeStore>,
    parts: impl Iterator<Item = &Receipt>,
) -> Result<(), StoreError> {
    // Owned, so that the future of a whole run can move between threads.
    let publish = parts.cloned().map(|part| {
        let store = store.clone();
        async move { store.publish(&part).await }
    });
    futures::stream::iter(publish).buffer_unordered(AT_ONCE).try_collect().await
}

/// Which of these parts are not objects yet; `present` are the paths in their folder, in order.
pub(super) fn missing<'a>(parts: &'a [Receipt], present: &[String]) -> Vec<&'a Receipt> {
    parts.iter().filter(|part| present.binary_search(&part.path).is_err()).collect()
}
