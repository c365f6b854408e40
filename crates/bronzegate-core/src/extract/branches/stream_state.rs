//! Where a run is between two pages, over all branches: plain data of a fixed size, saved in the commit log.

use serde::{Deserialize, Serialize};

use crate::extract::paging::{BranchId, PageState};
use crate::window::TimeWindow;

/// Everything a later segment needs to go on where this one ended. The default is the beginning.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct StreamState {
    /// Branches that have begun and are not finished; at most as many as are read at the same time.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub branches: Vec<BranchState>,
    /// What begins after them.
    pub next: NextBranch,
    /// Pages accepted so far, over all branches and segments.
    pub pages: u64,
}

/// Where one branch is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct BranchState {
    /// Which one.
    #[serde(flatten)]
    pub id: BranchId,
    /// Its next request.
    pub page: PageState,
}

/// The branch that begins next.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum NextBranch {
    /// The first.
    #[default]
    First,
    /// This one.
    At {
        /// The values of its partition.
        partition: Vec<String>,
        /// Where its parent is, where the stream has one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        parent: Option<Box<ParentPlace>>,
    },
    /// All have begun.
    Done,
}

/// How far the parents have been gone through.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct ParentPlace {
    /// The window that they are asked for, where they are asked in windows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub window: Option<TimeWindow>,
    /// The parents' own walk, before the page that is gone through.
    pub before: StreamState,
    /// Parents of that page that have begun.
    pub passed: u64,
    /// Which ones: the sum of their hashes in hexadecimal.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub begun: String,
    /// The values of the last one that has; if it has further partitions, they are next.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub last: Vec<String>,
}

impl StreamState {
    /// Whether it is between two pages of a branch.
    pub(crate) fn is_between_pages(&self) -> bool {
        self.branches.iter().any(|branch| branch.page.pages > 0)
    }

    /// The position for reports: that of the branch that began first.
    pub(crate) fn shown(&self) -> Option<String> {
        let BranchState { id, page } = self.branches.first()?;
        let position = page.position.shown();
        let values: Vec<_> = id.partition.iter().chain(&id.parent).map(String::as_str).collect();
        if values.is_empty() {
            return position;
        }
        Some(format!("{}: {}", values.join("/"), position.unwrap_or_else(|| "first page".to_owned())))
    }
}
