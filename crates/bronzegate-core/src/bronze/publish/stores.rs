//! Where a stream's log and its parts are kept.

use std::path::Path;
use std::sync::Arc;

use super::bounded_tables::BoundedTables;
use super::error::PublishError;
use crate::bronze::commit::TableCommit;
use crate::bronze::store::{BoundedStore, BronzeStore};
use crate::bronze::table::Tables;
use crate::clock::{Clock, Deadline};

/// The store of the commit log and of files, and the root of tables where there is one.
///
/// The protocol takes no more from two stores than from one: the log's put decides, and parts are only completed
/// from what the log says.
#[derive(Clone, Debug)]
pub struct Stores {
    /// Holds the commit log, and the parts of streams that write files.
    pub log: Arc<dyn BronzeStore>,
    /// Holds the parts of streams that write into tables, and the tables.
    pub tables: Option<Arc<dyn Tables>>,
}

impl Stores {
    /// With a root of tables, or without.
    #[must_use]
    pub fn with_tables(self, tables: Option<Arc<dyn Tables>>) -> Self {
        Self { tables, ..self }
    }

    /// Every call ends when the deadline passes; see [`BoundedStore`].
    #[must_use]
    pub fn bounded(self, clock: &Arc<dyn Clock>, deadline: Deadline) -> Self {
        let bounded =
            |tables| -> Arc<dyn Tables> { Arc::new(BoundedTables::new(tables, clock.clone(), deadline)) };
        Self {
            log: Arc::new(BoundedStore::new(self.log, clock.clone(), deadline)),
            tables: self.tables.map(bounded),
        }
    }

    /// The root of the table that a segment was committed for.
    ///
    /// # Errors
    /// When there is none here, or another.
    pub(super) fn tables_of(&self, commit: &TableCommit) -> Result<&Arc<dyn Tables>, PublishError> {
        let Some(tables) = &self.tables else {
            return Err(PublishError::NoPlace {
                table: commit.name.clone(),
                place: Some(commit.root.clone()),
            });
        };
        let here = tables.location();
        if is_same(&commit.root, &here) {
            return Ok(tables);
        }
        Err(PublishError::OtherPlace { table: commit.name.clone(), committed: commit.root.clone(), here })
    }
}

/// Whether two texts name one place. A folder may be written in several ways, and may have been moved: then the
/// other one is not there any more.
fn is_same(committed: &str, here: &str) -> bool {
    let is_url = |text: &str| text.contains("://") || text.starts_with("databricks:");
    if committed.trim_end_matches('/') == here.trim_end_matches('/') {
        return true;
    }
    if is_url(committed) || is_url(here) {
        return false;
    }
    match [committed, here].map(|folder| Path::new(folder).canonicalize()) {
        [Ok(committed), Ok(here)] => committed == here,
        [committed, _] => committed.is_err(),
    }
}

impl From<Arc<dyn BronzeStore>> for Stores {
    fn from(log: Arc<dyn BronzeStore>) -> Self {
        Self { log, tables: None }
    }
}

impl<S: BronzeStore + 'static> From<Arc<S>> for Stores {
    fn from(store: Arc<S>) -> Self {
        Self::from(store as Arc<dyn BronzeStore>)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_place_may_be_written_in_several_ways_and_a_folder_may_be_moved() {
        let parent = tempfile::tempdir().unwrap();
        let path = |name: &str| parent.path().join(name).display().to_string();
        for name in ["tables", "others"] {
            std::fs::create_dir(path(name)).unwrap();
        }
        for (committed, here, is_one) in [
            ("s3://lake/tables".to_owned(), "s3://lake/tables/".to_owned(), true),
            ("s3://lake/tables".to_owned(), "s3://lake/others".to_owned(), false),
            ("databricks:main.bronze".to_owned(), path("tables"), false),
            (path("tables/../tables"), path("tables"), true),
            (path("others"), path("tables"), false),
            (path("before-it-was-moved"), path("tables"), true),
        ] {
            assert_eq!(is_same(&committed, &here), is_one, "{committed} {here}");
        }
    }
}
