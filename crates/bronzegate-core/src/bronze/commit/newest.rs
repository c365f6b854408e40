//! Where a log ends: the newest run, found from a hint that may be wrong.

use jiff::Timestamp;

use super::log::CommitLog;
use super::record::{CommitRecord, SegmentStatus};
use crate::bronze::run_id::{RunId, RunKind};
use crate::bronze::store::StoreError;

impl CommitLog {
    /// The newest segment of the newest run of a kind; `now` is the time of the question.
    ///
    /// The hint in `head.json` says where to begin, so the cost does not grow with the log. From there an
    /// incremental stream's log is followed to its end, and a snapshot's is listed from that run's second on. A
    /// listing that is not empty contains the newest run, whatever the hint says; an empty one means that the hint
    /// is wrong. Without a usable hint all names of the kind are listed.
    pub async fn newest(&self, kind: RunKind, now: Timestamp) -> Result<Option<CommitRecord>, StoreError> {
        let found = match self.hint().await {
            Some(RunId::Sequence(number)) if kind == RunKind::Sequence => self.follow(number).await?,
            Some(RunId::At(due)) if kind == RunKind::At => {
                let names = self.due_from(due, now).await?;
                self.read(names.last().copied().into_iter().collect()).await?.pop()
            }
            _ => None,
        };
        if found.is_some() {
            return Ok(found);
        }
        let newest = self.names_of(kind).await?.last().copied();
        Ok(self.read(newest.into_iter().collect()).await?.pop())
    }

    /// Follows an incremental stream's log from a run to its end.
    async fn follow(&self, mut number: u64) -> Result<Option<CommitRecord>, StoreError> {
        let mut newest = None;
        loop {
            let key = RunId::Sequence(number).to_string();
            match self.newest_segment(&key).await? {
                Some(record) if record.status == SegmentStatus::Partial => return Ok(Some(record)),
                Some(record) => newest = Some(record),
                None => return Ok(newest),
            }
            let Some(next) = number.checked_add(1) else { return Ok(newest) };
            number = next;
        }
    }
}
