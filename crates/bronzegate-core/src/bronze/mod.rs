//! Bronze: what parts are made of, the parts, the store port with the local store, and the commit log.

mod checksum;
mod commit;
mod format;
mod layout;
mod page_writer;
mod parts;
mod run_id;
mod store;
#[cfg(test)]
mod testing;

pub use checksum::Checksum;
pub use commit::{
    CommitLog, CommitRecord, HISTORY, HistoryEntry, KnownPaging, LastError, Ratios, SegmentStatus, Settler,
    Window, extend_history,
};
pub(crate) use format::Encoder;
pub use layout::{CommitName, Layout};
pub(crate) use page_writer::PageWriter;
pub(crate) use parts::{PartNaming, Parts};
pub use run_id::{NotAKey, RunId, RunKey, RunKind};
pub use store::{
    BoundedStore, BronzeStore, ByteRange, Created, Leftover, LocalStore, RangeRead, Receipt, StagedPart,
    StagingArea, StoreError, Upload,
};
