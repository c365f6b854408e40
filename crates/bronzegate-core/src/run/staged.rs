//! What one segment has staged, before its commit.

use std::collections::BTreeMap;

use tokio_util::sync::CancellationToken;

use crate::bronze::{KnownPaging, Receipt, Window};
use crate::cursor::{ChangedParents, CursorState, SyncState, Verbatim};
use crate::extract::{StreamState, TableColumns};

/// What one segment has staged.
#[derive(Default)]
pub(super) struct Staged {
    pub(super) parts: Vec<Receipt>,
    /// The state after the last page, where the segment did not come to the end.
    pub(super) resume: Option<StreamState>,
    pub(super) cursor_out: Option<String>,
    /// What was asked for.
    pub(super) window: Option<Window>,
    /// What was asked for and how far it was read; of a part, what the next segment asks for.
    pub(super) cursor: Option<CursorState>,
    /// Which parents were asked for, and how far they were read.
    pub(super) parents: Option<ChangedParents>,
    /// The tokens, where the API gives one for each run.
    pub(super) sync: Option<SyncState>,
    /// More follows at once: it is a part of a window that is split, or has as many parts as it may have.
    pub(super) is_part: bool,
    /// It was ended because it has as many parts as it may have.
    pub(super) is_full: bool,
    /// Records moved between pages while they were read.
    pub(super) may_lack: bool,
    pub(super) warnings: Vec<String>,
    /// What is known of how pages lead to each other.
    pub(super) paging: BTreeMap<String, KnownPaging>,
    /// The columns of its tables.
    pub(super) columns: Option<TableColumns>,
}

pub(super) fn asked_window(cursor: &CursorState) -> Window {
    let text = |verbatim: &Option<Verbatim>| verbatim.as_ref().map(|value| value.text.clone());
    Window { from: text(&cursor.from), to: text(&cursor.to) }
}

/// When a segment has as many parts as it may have.
pub(super) struct Full {
    pub(super) most_parts: Option<u32>,
    /// Ends the segment at the next page boundary.
    pub(super) stop: CancellationToken,
}

impl Full {
    /// Ends the segment if it has as many parts as it may have.
    pub(super) fn ends(&self, parts: u32) -> bool {
        let is_full = self.most_parts.is_some_and(|most| parts >= most);
        if is_full {
            self.stop.cancel();
        }
        is_full
    }
}
