//! Bronze: the store port, the paths, the encoding, the parts, the commit log, and the local store.

mod encoder;
mod store;

pub use encoder::{Encoder, METADATA, PageTail};
pub use store::{BronzeStore, Created, Receipt, StagedPart, StagingArea, StoreError, Upload};
