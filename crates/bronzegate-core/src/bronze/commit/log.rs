//! The log of one stream: what is committed, and the one put that decides.
//!
//! Segments of a run, and the runs of an incremental stream, are committed one after the other
//! without gaps; this is what lets the newest be found with a few reads instead of a listing.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use serde::{Deserialize, Serialize};

use super::record::{CommitRecord, SegmentStatus};
use super::running::Running;
use crate::bronze::layout::{CommitName, Layout};
use crate::bronze::run_id::{RunId, RunKind};
use crate::bronze::store::{BronzeStore, Created, StoreError};

/// Uploads completed, and records read, at the same time.
pub(super) const AT_ONCE: usize = 8;

const NO_PANIC: &str = "no holder of this lock panics";

/// The commit log of one stream.
#[derive(Clone, Debug)]
pub struct CommitLog {
    pub(super) store: Arc<dyn BronzeStore>,
    pub(super) layout: Layout,
    /// Paths in the log that are no commit's.
    pub(super) strangers: Arc<Mutex<BTreeSet<String>>>,
    /// The hint as it was read last, for a log that is asked by one run.
    remembered: Option<Arc<Mutex<Remembered>>>,
}

/// What is known of the hint.
#[derive(Debug, Default)]
struct Remembered {
    is_read: bool,
    head: Option<Head>,
}

/// What `head.json` says: a commit that was among the newest when it was written.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Head {
    key: String,
    segment: u32,
    /// Of a window: the run of the schedule that was named before, so that a backfill does not hide it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    run: Option<String>,
}

impl Head {
    fn names(&self, record: &CommitRecord) -> bool {
        (self.key.as_str(), self.segment) == (&record.key, record.segment)
    }

    /// The run of the schedule.
    fn run(self) -> Option<String> {
        if is_window(&self.key) { self.run } else { Some(self.key) }
    }
}

fn is_window(key: &str) -> bool {
    key.starts_with(RunKind::Window.prefix())
}

impl CommitLog {
    /// The log of the layout's stream.
    pub fn new(store: Arc<dyn BronzeStore>, layout: Layout) -> Self {
        Self { store, layout, strangers: Arc::default(), remembered: None }
    }

    /// The log as one run asks it: the hint is read once. An older hint is as good as a newer one, since it only says
    /// where to begin to look, and what it names was published.
    #[must_use]
    pub fn of_one_run(self) -> Self {
        Self { remembered: Some(Arc::default()), ..self }
    }

    /// Reads which run is in flight, and at the same time the hint, which every run asks for next.
    pub async fn running_beside_hint(&self) -> Option<Running> {
        futures::join!(self.running(), self.head()).0
    }

    /// One segment's record.
    pub async fn get(&self, key: &str, segment: u32) -> Result<Option<CommitRecord>, StoreError> {
        let path = self.layout.commit(key, segment);
        let Some(text) = self.store.get(&path).await? else { return Ok(None) };
        let record = CommitRecord::from_json(&path, &text)?;
        if (record.key.as_str(), record.segment) == (key, segment) {
            return Ok(Some(record));
        }
        let reason = format!("it is the record of {}.s{:04}", record.key, record.segment);
        Err(StoreError::Unreadable { path, reason })
    }

    /// The newest segment of a run; `None` when nothing of it is committed.
    ///
    /// Reads one record of a run that is complete in one segment, else a number that grows with the
    /// logarithm of the segments.
    pub async fn newest_segment(&self, key: &str) -> Result<Option<CommitRecord>, StoreError> {
        let Some(mut newest) = self.get(key, 1).await? else { return Ok(None) };
        let mut absent = None;
        while newest.status == SegmentStatus::Partial {
            let present = newest.segment;
            let next = match absent {
                None if present == u32::MAX => break,
                None => present.saturating_mul(2),
                Some(absent) if absent - present <= 1 => break,
                Some(absent) => present + (absent - present) / 2,
            };
            match self.get(key, next).await? {
                Some(record) => newest = record,
                None => absent = Some(next),
            }
        }
        Ok(Some(newest))
    }

    /// Commits a segment: the only decision point. With [`Created::No`] another run has committed
    /// it, and this one must give up its uploads.
    pub async fn commit(&self, record: &CommitRecord) -> Result<Created, StoreError> {
        let path = self.layout.commit(&record.key, record.segment);
        // What nothing will find must not be there.
        if self.layout.parse_commit(&path).is_none() {
            let reason = "its name could not be read back, so it is not committed".to_owned();
            return Err(StoreError::Unreadable { path, reason });
        }
        self.store.put_new(&path, record.to_json().into()).await
    }

    /// Updates the hint, after the segment is published. What goes wrong here is logged and forgotten.
    pub async fn update_head(&self, record: &CommitRecord) {
        let run = if is_window(&record.key) { self.read_head().await.and_then(Head::run) } else { None };
        let head = Head { key: record.key.clone(), segment: record.segment, run };
        let text = serde_json::to_vec(&head).expect("a head has text keys only");
        if let Err(error) = self.store.put(&self.layout.head(), text.into()).await {
            tracing::warn!(stream = self.layout.stream(), %error, "the hint to the newest commit is not updated");
        }
        self.remember(Some(&head));
    }

    /// Whether the hint names this commit, which is then published: the hint is written afterwards.
    pub(crate) async fn is_head(&self, record: &CommitRecord) -> bool {
        self.head().await.is_some_and(|head| head.names(record))
    }

    /// `<source>/<stream>`.
    pub fn stream(&self) -> &str {
        self.layout.stream()
    }

    /// The stream's paths.
    pub(crate) fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The hint. One that cannot be read is none.
    async fn head(&self) -> Option<Head> {
        if let Some(remembered) = &self.remembered {
            let remembered = remembered.lock().expect(NO_PANIC);
            if remembered.is_read {
                return remembered.head.clone();
            }
        }
        let head = self.read_head().await;
        self.remember(head.as_ref());
        head
    }

    fn remember(&self, head: Option<&Head>) {
        if let Some(remembered) = &self.remembered {
            *remembered.lock().expect(NO_PANIC) = Remembered { is_read: true, head: head.cloned() };
        }
    }

    async fn read_head(&self) -> Option<Head> {
        let text = self.store.get(&self.layout.head()).await.ok()??;
        serde_json::from_slice(&text).ok()
    }

    /// The segment that was committed last, as far as the hint knows; `None` where it cannot be read.
    ///
    /// It was so when it was written, if nobody has touched it since. It never says what the log has.
    pub(super) async fn committed_last(&self) -> Option<CommitName> {
        let Head { key, segment, .. } = self.head().await?;
        Some(CommitName { id: key.parse().ok()?, segment })
    }

    /// The record of the segment that was committed last, as far as the hint knows.
    pub async fn last_committed(&self) -> Result<Option<CommitRecord>, StoreError> {
        match self.committed_last().await {
            Some(name) => self.get(&name.id.to_string(), name.segment).await,
            None => Ok(None),
        }
    }

    /// The newest run of the schedule, as far as the hint knows: where to begin to look for it.
    pub(super) async fn hint(&self) -> Option<RunId> {
        self.head().await?.run()?.parse().ok()
    }
}
