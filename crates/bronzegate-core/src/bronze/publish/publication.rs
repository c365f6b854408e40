//! What it means to publish a segment: the other choice of an output, beside what its parts are made of.

use std::sync::Arc;

use futures::stream::{StreamExt as _, TryStreamExt as _};

use crate::bronze::store::{BronzeStore, Receipt, StoreError};

/// Uploads completed at the same time.
const AT_ONCE: usize = 8;

/// What it means to publish the parts of a committed segment. However often it is repeated, and by whomever, the
/// outcome is the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Publication {
    /// Every upload is completed: each part is an object at its path.
    Objects,
}

impl Publication {
    /// Publishes parts. One that is there already is compared with its receipt.
    pub(super) async fn publish(
        self,
        store: &Arc<dyn BronzeStore>,
        parts: impl Iterator<Item = &Receipt>,
    ) -> Result<(), StoreError> {
        let Self::Objects = self;
        // Owned, so that the future of a whole run can move between threads.
        let publish = parts.cloned().map(|part| {
            let store = store.clone();
            async move { store.publish(&part).await }
        });
        futures::stream::iter(publish).buffer_unordered(AT_ONCE).try_collect().await
    }

    /// Which of these parts are not published yet; `present` are the paths in their folder, in order.
    pub(super) fn missing<'a>(self, parts: &'a [Receipt], present: &[String]) -> Vec<&'a Receipt> {
        let Self::Objects = self;
        parts.iter().filter(|part| present.binary_search(&part.path).is_err()).collect()
    }
}
