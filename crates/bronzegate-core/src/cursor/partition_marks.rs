//! How far each partition of a stream has been read, and which branches a rule has left out: plain data of a
//! bounded size.

use serde::{Deserialize, Serialize};

use super::state::Mark;
use super::value::Verbatim;
use crate::config::MOST_MARKS;

/// The marks of a stream's partitions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionMarks {
    /// The names of the partitions, as the source file had them.
    pub names: Vec<String>,
    /// One mark for each partition; none where there are more than [`PartitionMarks::MOST`], which share one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub marks: Vec<PartitionMark>,
}

/// How far one partition has been read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionMark {
    /// The partition's values, in the order of the names.
    pub values: Vec<String>,
    /// Where its requests begin; `None` at the oldest record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Verbatim>,
    /// How far the runs before had read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Mark>,
    /// How far this run has read. It becomes `known` when the run is complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub newest: Option<Mark>,
    /// What has become of it in this run.
    #[serde(default, skip_serializing_if = "BranchProgress::is_due")]
    pub progress: BranchProgress,
}

/// Branches that a rule has left out and that have no mark of their own: they keep the mark they had.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedBranches {
    /// The values of their partition.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub partition: Vec<String>,
    /// Where their requests begin; `None` at the oldest record.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Verbatim>,
    /// How far they had been read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<Mark>,
    /// Which ones.
    pub branches: Vec<SkippedBranch>,
}

/// One branch that a rule has left out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedBranch {
    /// XXH3-128 of its values, in hexadecimal. The values themselves come from the API and may be long.
    pub branch: String,
    /// What has become of it in this run.
    #[serde(default, skip_serializing_if = "BranchProgress::is_due")]
    pub progress: BranchProgress,
}

/// What has become of a branch in the run that is going on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BranchProgress {
    /// Its pages are still to come, or some of them.
    #[default]
    Due,
    /// All its pages have come.
    Finished,
    /// A rule left it out. It keeps its mark, and is not asked for again before the next event.
    Skipped,
    /// The source file does not have it: it keeps its mark.
    Removed,
}

impl BranchProgress {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    fn is_due(&self) -> bool {
        *self == Self::Due
    }
}

impl PartitionMarks {
    /// How many marks there are at most, those of removed partitions included.
    pub const MOST: usize = MOST_MARKS as usize;

    /// The mark of a partition.
    pub fn of(&self, values: &[String]) -> Option<&PartitionMark> {
        self.marks.iter().find(|mark| mark.values == values)
    }

    /// Whether the partitions share one mark, because they are too many.
    pub fn are_shared(&self) -> bool {
        self.marks.is_empty()
    }
}

impl SkippedBranches {
    /// How many branches keep a mark at most.
    pub const MOST: usize = 256;

    /// Whether one of them is still to be asked for.
    pub(crate) fn is_due(&self) -> bool {
        self.branches.iter().any(|branch| branch.progress == BranchProgress::Due)
    }

    /// How a branch is named.
    pub(crate) fn name(id: u128) -> String {
        format!("{id:032x}")
    }
}
