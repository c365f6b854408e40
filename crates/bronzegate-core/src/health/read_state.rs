//! How far a stream has been read, as its newest commit tells it.

use serde::Serialize;

use crate::bronze::{CommitRecord, SegmentStatus};
use crate::cursor::Mark;

/// How far an incremental stream has been read: where its next run begins, before `lookback`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ReadState {
    /// The cursor; `None` at the oldest record, and where each partition has its own.
    pub mark: Option<String>,
    /// The marks of the partitions, in the order of the log.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub partitions: Vec<PartitionState>,
    /// How many branches keep an earlier mark, because a rule has left them out.
    #[serde(skip_serializing_if = "is_zero")]
    pub skipped_branches: usize,
}

/// How far one partition has been read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PartitionState {
    /// The partition's values.
    pub values: Vec<String>,
    /// The cursor; `None` at the oldest record.
    pub mark: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

impl ReadState {
    /// The state after a commit; `None` of a stream without a cursor.
    ///
    /// What a partial run has read moves no mark, so it is that of the run before.
    pub fn of(record: &CommitRecord) -> Option<Self> {
        let cursor = record.cursor.as_ref()?;
        let text = |mark: Option<&Mark>| mark.map(|mark| mark.cursor.text.clone());
        let own = cursor.partitions.as_ref().filter(|partitions| !partitions.are_shared());
        let partitions = own
            .iter()
            .flat_map(|own| &own.marks)
            .map(|mark| PartitionState { values: mark.values.clone(), mark: text(mark.known.as_ref()) });
        let mark = match record.status {
            _ if own.is_some() => None,
            SegmentStatus::Partial => text(cursor.known.as_ref()),
            SegmentStatus::Complete => text(cursor.position().as_ref()),
        };
        let skipped_branches = cursor.skipped.iter().map(|group| group.branches.len()).sum();
        Some(Self { mark, partitions: partitions.collect(), skipped_branches })
    }
}
