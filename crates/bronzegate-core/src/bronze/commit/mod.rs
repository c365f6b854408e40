//! The commit log: what a segment's record says, and the log that records are put into.

mod health;
mod log;
mod record;
mod settler;
#[cfg(test)]
mod tests;

pub use health::{HISTORY, HistoryEntry, duration_ratio, extend_history, records_ratio};
pub use log::CommitLog;
pub use record::{CommitRecord, SegmentStatus, Window};
pub use settler::Settler;
