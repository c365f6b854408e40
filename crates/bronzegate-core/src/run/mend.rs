//! Somebody sets where the next run of a stream begins: a commit of the log like any other, create-only, so that no
//! run at the same time is overwritten and the reason stays.

use super::engine::StreamRun;
use crate::bronze::{
    CommitRecord, Created, Layout, Mended, Publisher, RunId, RunKey, RunKind, SegmentStatus, Stores, Window,
};
use crate::cursor::CursorState;
use crate::error::{Error, ErrorKind, Result};
use crate::plan::{self, Mend};
use crate::report::Counts;

/// The longest reason, in characters.
const LONGEST_REASON: usize = 500;

impl StreamRun {
    /// Commits a state from which the next run begins. It ends a run that is partial.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the stream has no cursor, the mark or the reason cannot be used, or a run has
    /// committed in between; [`ErrorKind::Store`] when the log cannot be read or written.
    pub async fn mend(&self, stores: impl Into<Stores>, mend: &Mend, why: &str) -> Result<CommitRecord> {
        let layout = Layout::new(&self.engine.source.name, &self.stream.name);
        let publisher =
            Publisher::of(stores, layout, &self.stream.output).map_err(|error| self.failed(error.into()))?;
        self.mend_in(&publisher, mend, why).await.map_err(|error| self.failed(error))
    }

    async fn mend_in(&self, publisher: &Publisher, mend: &Mend, why: &str) -> Result<CommitRecord> {
        let log = publisher.log();
        let mended = Mended { action: mend.as_str().to_owned(), why: self.reason(why)? };
        let Some(sequence) = self.sequence() else {
            let cause = "it has no `incremental`, so there is no mark to set: every run reads everything. `run --restart` \
                         restarts a partial run";
            return Err(Error::new(ErrorKind::Config, cause));
        };
        let now = self.engine.clock.now();
        publisher.sweep(now).await?;
        let newest = log.newest(RunKind::Sequence, now).await?;
        if let Some(newest) = &newest {
            publisher.settle(newest).await?;
        }
        let before = newest.as_ref().and_then(|newest| newest.cursor.as_ref());
        let (cursor, mark) = plan::mended(&sequence, before, mend, now)?;
        let began = before.and_then(CursorState::position).map(|mark| mark.cursor.text);
        let record = CommitRecord {
            format: CommitRecord::format_of(Some(&cursor)),
            cursor_in: began,
            cursor_out: mark.clone(),
            window: Some(Window { from: mark, to: None }),
            warnings: vec![format!("the state was {}: {}", mended.action, mended.why)],
            cursor: Some(cursor),
            mended: Some(mended),
            ..self.follows(newest)?
        };
        if log.commit(&record).await? == Created::No {
            let cause = format!(
                "a run has committed {} at the same time, so nothing was changed: look at the state again",
                record.key
            );
            return Err(Error::new(ErrorKind::Config, cause));
        }
        log.update_head(&record).await;
        Ok(record)
    }

    fn reason(&self, why: &str) -> Result<String> {
        let why = why.trim();
        if why.is_empty() || why.chars().count() > LONGEST_REASON {
            let cause = format!("write a reason of 1 to {LONGEST_REASON} characters");
            return Err(Error::new(ErrorKind::Config, cause));
        }
        Ok(self.told(why))
    }

    /// A complete segment without records that follows the newest one: the next of a run that is partial, else the
    /// first of the next run.
    ///
    /// Its time is that of the run before, so that what the schedule asks for next is still due.
    fn follows(&self, newest: Option<CommitRecord>) -> Result<CommitRecord> {
        let now = self.engine.clock.now();
        let unreadable = |error| Error::new(ErrorKind::Store, error);
        let (key, segment) = match &newest {
            None => (RunKey::of(RunId::Sequence(1), now), 1),
            Some(newest) if newest.status == SegmentStatus::Partial => {
                let key = newest.key.parse().map_err(unreadable)?;
                let names = RunKey::of(key, newest.scheduled_time);
                (RunKey { batch_id: newest.batch_id.clone(), ..names }, newest.segment.saturating_add(1))
            }
            Some(newest) => match newest.key.parse().map_err(unreadable)? {
                RunId::Sequence(number) => {
                    (RunKey::of(RunId::Sequence(number.saturating_add(1)), newest.scheduled_time), 1)
                }
                RunId::At(_) | RunId::Window { .. } => return Err(unreadable(crate::bronze::NotAKey)),
            },
        };
        let is_going_on = segment > 1;
        let before = newest.as_ref().filter(|_| is_going_on);
        Ok(CommitRecord {
            format: CommitRecord::FORMAT,
            source: self.engine.source.name.clone(),
            stream: self.stream.name.clone(),
            segment,
            batch_id: key.batch_id,
            scheduled_time: key.scheduled,
            key: key.key,
            status: SegmentStatus::Complete,
            parts: Vec::new(),
            window: None,
            cursor_in: None,
            cursor_out: None,
            page_state: None,
            cursor: None,
            parents: None,
            sync: None,
            table: None,
            counts: Counts::default(),
            total_counts: before.map(|before| before.total_counts).unwrap_or_default(),
            started_at: now,
            finished_at: now,
            duration_ms: 0,
            total_duration_ms: before.map_or(0, |before| before.total_duration_ms),
            history: newest.as_ref().map(|newest| newest.history.clone()).unwrap_or_default(),
            warnings: Vec::new(),
            may_lack: false,
            branch_members: newest.as_ref().map(|newest| newest.branch_members.clone()).unwrap_or_default(),
            paging: newest.as_ref().map(|newest| newest.paging.clone()).unwrap_or_default(),
            columns: newest.and_then(|newest| newest.columns),
            mended: None,
            engine_version: env!("CARGO_PKG_VERSION").to_owned(),
            config_fingerprint: self.engine.source.fingerprint.clone(),
            environment: self.engine.environment.clone(),
        })
    }
}
