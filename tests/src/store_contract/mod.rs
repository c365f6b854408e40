//! The contract of the bronze store port, as tests that any adapter can be put through.
//!
//! Each case asserts one sentence of [`bronzegate_core::bronze::BronzeStore`]'s documentation, on a
//! target of its own.

mod leftovers;
mod listings;
mod objects;
mod ranges;
mod uploads;

use std::sync::Arc;

use bronzegate_core::bronze::{BronzeStore, Checksum, Receipt, StagingArea};
use bytes::Bytes;

/// A handle on a target: every call of the function opens another handle, the same name the same target.
pub type Store = Arc<dyn BronzeStore>;

/// The stream whose uploads the cases stage.
const STREAM: &str = "shop/orders";

/// Puts a store through every case. `open` opens a new handle on the target of that name, as another
/// process would; a name not used before is an empty target.
pub async fn check(open: impl AsyncFn(&str) -> Store) {
    objects::check(&open).await;
    listings::check(&open).await;
    ranges::check(&open).await;
    uploads::check(&open).await;
    leftovers::check(&open).await;
}

fn area(segment: &str) -> StagingArea {
    StagingArea { stream: STREAM.to_owned(), segment: format!("at-20261122T170000Z.s{segment}") }
}

/// Stages `content` in one piece and finishes it.
async fn stage(store: &Store, path: &str, segment: &str, content: &[u8]) -> Receipt {
    let mut part = store.stage(path, &area(segment)).await.expect("an upload begins");
    part.write(Bytes::copy_from_slice(content)).await.expect("an upload is written");
    let upload = part.finish().await.expect("an upload is finished");
    let (path, bytes, checksum) = (path.to_owned(), content.len() as u64, Checksum::of(content));
    Receipt { path, records: 1, bytes, checksum, upload, stats: None }
}

async fn get(store: &Store, path: &str) -> Option<Bytes> {
    store.get(path).await.expect("an object, or that there is none, is read")
}

async fn list(store: &Store, prefix: &str) -> Vec<String> {
    store.list(prefix).await.expect("a folder is listed")
}
