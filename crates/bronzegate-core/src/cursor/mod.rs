//! Cursors of incremental streams: read from a record's bytes, compared, and remembered.

mod age_watch;
mod bounds;
mod branch_ranges;
mod changed_parents;
mod completion;
mod filter;
mod member;
mod observed;
mod partition_marks;
mod state;
mod sync_state;
mod unit;
mod value;

pub(crate) use age_watch::AgeWatch;
pub(crate) use bounds::Bounds;
pub(crate) use branch_ranges::{BranchKey, BranchRanges};
pub(crate) use changed_parents::{ChangedParents, ParentMark};
pub(crate) use completion::EndedBranch;
pub(crate) use filter::{CursorFilter, cursor_of};
pub(crate) use member::{member, names};
pub(crate) use partition_marks::{BranchProgress, PartitionMark, PartitionMarks, SkippedBranches};
pub(crate) use state::{CursorState, LoadedWindows, Mark};
pub(crate) use sync_state::SyncState;
pub(crate) use value::{CursorValue, NotACursor, Verbatim};
