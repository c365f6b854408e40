//! Which parents the next run asks for, where only those are asked for that have changed since the last one.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::due_time::done_until;
use super::marks::{Sequence, start};
use super::window::cut;
use crate::bronze::{CommitRecord, SegmentStatus};
use crate::cursor::{ChangedParents, CursorState, CursorValue, Mark};
use crate::error::Error;

/// What the source file says of parents of which those are asked for that have changed.
#[derive(Clone, Debug)]
pub(crate) struct AskedParents<'a> {
    /// How the parents are asked for a range of their records.
    pub sequence: Sequence<'a>,
    /// Tells these settings from others.
    pub settings: String,
    /// How often all are asked for.
    pub full_every: Duration,
}

/// What is known of them.
struct Known {
    mark: Option<Mark>,
    full_at: Option<Timestamp>,
}

impl AskedParents<'_> {
    /// Which of them a run asks for that is due at `at`; `newest` is the newest commit of their children.
    ///
    /// Their mark moves with a complete run alone. One that was never completed says how far the runs before it had come.
    ///
    /// # Errors
    /// [`crate::error::ErrorKind::Store`] when the newest commit does not fit the parents.
    pub(crate) fn next(
        &self,
        newest: Option<&CommitRecord>,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<ChangedParents, Error> {
        let incremental = self.sequence.incremental;
        let known = newest.and_then(|newest| self.known(newest));
        let every = SignedDuration::try_from(self.full_every).unwrap_or(SignedDuration::MAX);
        let is_full_due = |full_at: Timestamp| at.duration_since(full_at) >= every;
        let full_at = known.as_ref().and_then(|known| known.full_at);
        let is_full = full_at.is_none_or(is_full_due);
        let mark = known.filter(|_| !is_full).and_then(|known| known.mark).or_else(|| start(incremental));
        let from = self.sequence.begins(mark.as_ref())?;
        let until = cut(incremental.settled(at.min(now)), &incremental.format);
        let begins = from.as_ref().map(|from| self.sequence.read(from)).transpose()?;
        let to = match begins.and_then(|begins| begins.time()) {
            Some(begins) if begins >= until => from.clone(),
            _ => Some(CursorValue::of_time(&incremental.format, until).verbatim().clone()),
        };
        let cursor = CursorState { from, to, known: mark, ..CursorState::default() };
        Ok(ChangedParents { settings: self.settings.clone(), is_full, full_at, cursor })
    }

    /// What the newest commit says of them; nothing where it is of other parents.
    fn known(&self, newest: &CommitRecord) -> Option<Known> {
        let parents = newest.parents.as_ref().filter(|parents| parents.settings == self.settings)?;
        Some(match newest.status {
            SegmentStatus::Partial => Known { mark: parents.cursor.known.clone(), full_at: parents.full_at },
            SegmentStatus::Complete => {
                let own = parents.is_full.then(|| done_until(newest));
                Known { mark: parents.cursor.position(), full_at: own.or(parents.full_at) }
            }
        })
    }
}
