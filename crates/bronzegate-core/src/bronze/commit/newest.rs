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

    /// Follows an incremental stream's log from a run to its end. As a rule the hint names its last run, so that one
    /// and the next are asked for at once.
    async fn follow(&self, hinted: u64) -> Result<Option<CommitRecord>, StoreError> {
        let mut number = hinted;
        let (newest, mut next) =
            futures::try_join!(self.in_sequence(Some(hinted)), self.in_sequence(hinted.checked_add(1)))?;
        let Some(mut newest) = newest else { return Ok(None) };
        while newest.status == SegmentStatus::Complete
            && let Some(after) = next
        {
            newest = after;
            number = number.saturating_add(1);
            next = self.in_sequence(number.checked_add(1)).await?;
        }
        Ok(Some(newest))
    }

    async fn in_sequence(&self, number: Option<u64>) -> Result<Option<CommitRecord>, StoreError> {
        match number {
            Some(number) => self.newest_segment(&RunId::Sequence(number).to_string()).await,
            None => Ok(None),
        }
    }

    /// The newest segment of a run of the schedule, where the newest run of its kind is known: that one is read already,
    /// and there is none after it.
    pub(crate) async fn beside_newest(
        &self,
        key: &str,
        newest: Option<&CommitRecord>,
    ) -> Result<Option<CommitRecord>, StoreError> {
        let Some(newest) = newest else { return Ok(None) };
        match (key.parse::<RunId>(), newest.key.parse::<RunId>()) {
            (Ok(id), Ok(last)) if id == last => Ok(Some(newest.clone())),
            (Ok(id), Ok(last)) if id > last => Ok(None),
            _ => self.newest_segment(key).await,
        }
    }
}
