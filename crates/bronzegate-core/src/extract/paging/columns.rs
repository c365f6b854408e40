//! The columns of a stream's tables over its runs: almost any text is a table, and what earlier runs have read
//! tells one from an error's text.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use serde::{Deserialize, Serialize};

/// The columns of a table, in whatever order, in a fixed size.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableColumns {
    /// Tells them from others.
    pub hash: String,
    /// The names of the first ones, for messages.
    pub shown: String,
}

/// What is known of a stream's columns while it is read.
#[derive(Debug, Default)]
pub(crate) struct SeenColumns {
    /// Those of the run before, by its commit.
    before: Option<TableColumns>,
    /// Those of this run's first table with rows.
    now: OnceLock<TableColumns>,
    is_told: AtomicBool,
}

impl SeenColumns {
    /// Begins with what the commit log knows.
    pub(crate) fn after(before: Option<TableColumns>) -> Self {
        Self { before, ..Self::default() }
    }

    /// The newest that are known.
    pub(crate) fn known(&self) -> Option<&TableColumns> {
        self.now.get().or(self.before.as_ref())
    }

    /// Takes those of a table with rows. Within a run all tables of a branch have the columns of its first.
    pub(super) fn see(&self, columns: TableColumns) {
        let _ = self.now.set(columns);
    }

    /// Whether this is the first time that other columns are reported.
    pub(super) fn is_news(&self) -> bool {
        !self.is_told.swap(true, Relaxed)
    }
}
