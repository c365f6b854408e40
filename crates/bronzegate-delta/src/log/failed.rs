//! Why a log could not be read.

use bronzegate_core::bronze::{StoreError, TableError};

/// Why a log could not be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LogError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file that a listing named is gone: somebody cleans the log up. A new listing tells what holds now.
    #[error("{path} of the log is gone")]
    Gone {
        /// The file.
        path: String,
    },
    /// The log is not what the protocol says.
    #[error("{path}: {reason}")]
    Damaged {
        /// The file, or the log's folder.
        path: String,
        /// What is wrong, and what to do.
        reason: String,
    },
}

impl LogError {
    pub(crate) fn damaged(path: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::Damaged { path: path.into(), reason: reason.into() }
    }

    pub(crate) fn gone(path: impl Into<String>) -> Self {
        Self::Gone { path: path.into() }
    }

    /// What a caller of the port is told.
    pub(crate) fn of(self, table: &str) -> TableError {
        match self {
            Self::Store(error) => error.into(),
            other => TableError::Refused { table: table.to_owned(), reason: other.to_string() },
        }
    }
}
