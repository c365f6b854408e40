//! Why a segment is not published.

use jiff::{Timestamp, ToSpan as _};

use crate::bronze::store::StoreError;
use crate::bronze::table::TableError;
use crate::error::{Error, ErrorKind};

/// Why a segment cannot be published, or a table not be written into.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// A store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A table does not take the rows of a segment that is not committed yet.
    #[error(transparent)]
    Table(TableError),
    /// A table does not take the rows of a committed segment.
    #[error("{cause}; {segment} is committed, and a VACUUM of another writer may remove its files from {} on: mend the table \
             before, and run {stream} again", safe_until(*.committed_at))]
    NotAppended {
        /// The table's answer.
        cause: Box<TableError>,
        /// `<source>/<stream>`.
        stream: String,
        /// The segment.
        segment: String,
        /// When it was committed.
        committed_at: Timestamp,
    },
    /// Files of a committed segment are gone, and its table does not have it.
    #[error(
        "{segment} is committed, its file {path} is gone, and the table `{table}` does not have it; load its records again, \
             or restore the file; to continue without it, put the object {mark} into the target"
    )]
    Gone {
        /// The table.
        table: String,
        /// The segment.
        segment: String,
        /// A file of it that is gone.
        path: String,
        /// The mark that says that the table has the segment.
        mark: String,
    },
    /// There is no place for tables.
    #[error("it writes into the table `{table}`, and no place for tables is set; set BRONZEGATE_TABLES or --tables{}", was(.place.as_deref()))]
    NoPlace {
        /// The table.
        table: String,
        /// Where it was when a segment was committed.
        place: Option<String>,
    },
    /// The place for tables is not that of the log.
    #[error(
        "the table `{table}` is in {committed} by the commit log, and BRONZEGATE_TABLES or --tables says {here}; set it to the \
             place of the log, or write into another target"
    )]
    OtherPlace {
        /// The table.
        table: String,
        /// Where it was when a segment was committed.
        committed: String,
        /// Where tables are now.
        here: String,
    },
}

/// Other writers keep files that no version of the table names for a week, unless they are told otherwise.
fn safe_until(committed_at: Timestamp) -> String {
    committed_at.checked_add(168.hours()).unwrap_or(Timestamp::MAX).strftime("%Y-%m-%d").to_string()
}

fn was(place: Option<&str>) -> String {
    place.map(|place| format!(" to {place}, as its commit log says")).unwrap_or_default()
}

impl From<PublishError> for Error {
    fn from(cause: PublishError) -> Self {
        let kind = match &cause {
            PublishError::NoPlace { .. } | PublishError::OtherPlace { .. } => ErrorKind::Config,
            PublishError::Store(_)
            | PublishError::Table(_)
            | PublishError::NotAppended { .. }
            | PublishError::Gone { .. } => ErrorKind::Store,
        };
        match cause {
            PublishError::Store(cause) => cause.into(),
            cause => Self::new(kind, cause),
        }
    }
}
