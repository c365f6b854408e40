//! Bronze: the store port, the paths, the encoding, the parts, the commit log, and the local store.

mod bounded;
mod checksum;
mod commit;
mod encoder;
mod layout;
mod local;
mod parts;
mod run_id;
mod store;
#[cfg(test)]
mod testing;
mod writer;

pub use bounded::BoundedStore;
pub use checksum::Checksum;
pub use commit::{
    CommitLog, CommitRecord, HISTORY, HistoryEntry, LastError, Ratios, SegmentStatus, Settler, Window,
    extend_history,
};
pub use encoder::{Encoder, METADATA, PageTail};
pub use layout::{CommitName, Layout};
pub use local::LocalStore;
pub use parts::{PartNaming, Parts};
pub use run_id::{NotAKey, RunId, RunKey, RunKind};
pub use store::{
    BronzeStore, ByteRange, Created, Leftover, RangeRead, Receipt, StagedPart, StagingArea, StoreError,
    Upload,
};
pub use writer::{HOLD, PageWriter};
