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
#[cfg(test)]
pub(crate) use commit::tests::record;
pub use commit::{
    CommitLog, CommitRecord, HISTORY, HistoryEntry, KnownPaging, LastError, Mended, NOTED_AFTER, PAUSE,
    Ratios, Running, SegmentStatus, TableCommit, TablePublished, Window, extend_history,
};
pub use format::draft_columns;
pub(crate) use format::{Encoder, PartFormat, TableFormat, push_line, table_columns};
pub use layout::{CommitName, Layout, TableMark, TableParts};
pub(crate) use page_writer::PageWriter;
pub(crate) use parts::{PartNaming, Parts};
pub use publish::{PublishError, Publisher, Settler, Stores};
pub use run_id::{NotAKey, RunId, RunKey, RunKind};
pub use store::{
    BoundedStore, BronzeStore, ByteRange, Created, LARGEST_READ, Leftover, LocalStore, RangeRead, Receipt,
    StagedPart, StagingArea, StoreError, Upload, outlive_outgrown_files,
};
pub use table::{
    Appended, BronzeTable, TableAppend, TableColumn, TableError, TableFile, TableKind, TableState, Tables,
};

pub use crate::config::{ColumnType, UnknownType};
