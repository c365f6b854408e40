//! What the names in the log tell: which segments are committed, without reading any.

use std::path::Path;

use futures::stream::{StreamExt as _, TryStreamExt as _};
use jiff::{SignedDuration, Timestamp};

use super::log::{AT_ONCE, CommitLog};
use super::record::CommitRecord;
use crate::bronze::layout::CommitName;
use crate::bronze::run_id::{RunId, RunKind};
use crate::bronze::store::StoreError;
use crate::window::TimeWindow;

/// How far a run's time may be ahead of this machine's clock. A run whose time is still to come is refused, but
/// clocks differ.
const AHEAD: SignedDuration = SignedDuration::from_hours(24);

impl CommitLog {
    /// The names of all commits, from the oldest run to the newest within each kind.
    pub async fn names(&self) -> Result<Vec<CommitName>, StoreError> {
        Ok(self.parsed(self.store.list(&self.layout.commits()).await?))
    }

    /// The names of a kind of run, from the oldest to the newest.
    pub async fn names_of(&self, kind: RunKind) -> Result<Vec<CommitName>, StoreError> {
        Ok(self.parsed(self.store.list_after(&self.layout.commits_of(kind), "").await?))
    }

    /// The names of the snapshot runs that were due at `from` or later, from the oldest to the newest.
    ///
    /// The listing begins at `from`, so its cost does not depend on what is older. A store that cannot begin
    /// there lists a whole prefix, so each month up to that of `now` is listed on its own. Runs of a later month,
    /// which earlier versions accepted, are left out.
    pub(super) async fn due_from(
        &self,
        from: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<CommitName>, StoreError> {
        let begin = self.layout.commits_from(from).unwrap_or_default();
        let latest = now.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
        let listings = self.layout.commits_by_month(from, latest).into_iter().map(|month| {
            let (store, begin) = (self.store.clone(), begin.clone());
            async move { store.list_after(&month, &begin).await }
        });
        let listed: Vec<_> = futures::stream::iter(listings).buffered(AT_ONCE).try_collect().await?;
        let mut names = self.parsed(listed.concat());
        names.retain(|name| matches!(name.id, RunId::At(due) if from <= due));
        Ok(names)
    }

    /// The newest revision of a window that has a commit; `None` when the window has none.
    pub async fn revisions(&self, window: TimeWindow) -> Result<Option<u32>, StoreError> {
        let revision = |name: CommitName| match name.id {
            RunId::Window { from, to, revision } if (from, to) == (window.from(), window.to()) => {
                Some(revision)
            }
            _ => None,
        };
        Ok(self.names_of(RunKind::Window).await?.into_iter().filter_map(revision).max())
    }

    /// All records, in the order of [`names`](Self::names).
    pub async fn all(&self) -> Result<Vec<CommitRecord>, StoreError> {
        self.read(self.names().await?).await
    }

    /// The records of these names, in their order. One that is not there is an error.
    pub(super) async fn read(&self, names: Vec<CommitName>) -> Result<Vec<CommitRecord>, StoreError> {
        let read = names.into_iter().map(|name| async move {
            let key = name.id.to_string();
            let path = self.layout.commit(&key, name.segment);
            let reason = "it was listed and is gone".to_owned();
            self.get(&key, name.segment).await?.ok_or(StoreError::Unreadable { path, reason })
        });
        futures::stream::iter(read).buffered(AT_ONCE).try_collect().await
    }

    /// What paths of the log tell, sorted. A name that is no commit's is skipped: no run of this program has
    /// written it, so it must not stop the stream's. It is remembered, to be told.
    fn parsed(&self, paths: Vec<String>) -> Vec<CommitName> {
        let mut names = Vec::new();
        for path in paths {
            match self.layout.parse_commit(&path) {
                Some(name) => names.push(name),
                None if Path::new(&path).extension().is_some_and(|extension| extension == "json") => {
                    self.strange(path);
                }
                None => {}
            }
        }
        names.sort_unstable();
        names
    }

    fn strange(&self, path: String) {
        let mut strangers = self.strangers.lock().expect("no holder of this lock panics");
        if !strangers.contains(&path) {
            tracing::warn!(stream = self.layout.stream(), path, "a file in the log is no commit");
            strangers.insert(path);
        }
    }

    /// What somebody should know of files in the log whose names are no commit's, as far as it was listed.
    pub fn strangers(&self) -> Option<String> {
        let strangers = self.strangers.lock().expect("no holder of this lock panics");
        let (first, count) = (strangers.first()?, strangers.len());
        let others = if count > 1 { format!(", and {} more", count - 1) } else { String::new() };
        Some(format!(
            "{first}{others}: the name is not that of a commit, so it is skipped; move it out of the log"
        ))
    }
}
