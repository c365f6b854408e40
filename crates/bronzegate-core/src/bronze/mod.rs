//! Bronze: what parts are made of, the parts, the store port with the local store, and the commit log.

mod checksum;
mod commit;
mod format;
mod layout;
mod page_writer;
mod parts;
mod publish;
mod run_id;
mod store;
mod table;
#[cfg(test)]
mod testing;

pub use checksum::Checksum;
pub use commit::{
    CommitLog, CommitRecord, HISTORY, HistoryEntry, KnownPaging, LastError, Mended, NOTED_AFTER, PAUSE,
    Ratios, Running, SegmentStatus, Window, extend_history,
};
pub(crate) use format::{Encoder, PartFormat};
pub use layout::{CommitName, Layout};
pub(crate) use page_writer::PageWriter;
pub(crate) use parts::{PartNaming, Parts};
pub use publish::{Publisher, Settler, Stores};
pub use run_id::{NotAKey, RunId, RunKey, RunKind};
pub use store::{
    BoundedStore, BronzeStore, ByteRange, Created, LARGEST_READ, Leftover, LocalStore, RangeRead, Receipt,
    StagedPart, StagingArea, StoreError, Upload, outlive_outgrown_files,
};
pub use table::{
    Appended, BronzeTable, ColumnType, TableAppend, TableColumn, TableError, TableFile, TableKind,
    TableState, Tables, UnknownType,
};
