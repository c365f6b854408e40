//! The commit log: what a segment's record says, and the log that records are put into.

mod health;
mod last_error;
mod log;
mod names;
mod newest;
mod record;
mod running;
mod since;
mod table_commit;
#[cfg(test)]
pub(crate) mod tests;
mod watched;

pub use health::{HISTORY, HistoryEntry, Ratios, extend_history};
pub use last_error::LastError;
pub use log::CommitLog;
pub use record::{CommitRecord, KnownPaging, Mended, SegmentStatus, Window};
pub use running::{NOTED_AFTER, PAUSE, Running};
pub use table_commit::{TableCommit, TablePublished};
