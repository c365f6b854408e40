//! The parents of a run, where only those are asked for that have changed.

use std::sync::Arc;

use super::engine::StreamRun;
use super::settings_hash::settings_hash;
use super::staged::Staged;
use crate::bronze::CommitRecord;
use crate::cursor::{ChangedParents, ParentMark};
use crate::error::{Error, ErrorKind, Result};
use crate::extract::{SeenColumns, StreamContext, StreamPages, never_comes};
use crate::plan::{AskedParents, Segment, Sequence};

impl StreamRun {
    /// Finds which parents a segment asks for: one that begins those that have changed since `newest`, one that goes on
    /// the same as the segments before it.
    ///
    /// # Errors
    /// [`ErrorKind::Store`] when the file asks for others than the run was begun with.
    pub(super) fn choose_parents(
        &self,
        segment: &mut Segment,
        newest: Option<&CommitRecord>,
        is_restart: bool,
    ) -> Result<()> {
        let asked = self.asked_parents();
        let begun = segment.parents.as_ref().map(|parents| &parents.settings);
        if segment.number > 1 && begun == asked.as_ref().map(|asked| &asked.settings) {
            return Ok(());
        }
        if segment.number > 1 && !is_restart {
            let cause = "the parents that the source file asks for are not those that the run was begun with; `run \
                         --restart` begins it again";
            return Err(Error::new(ErrorKind::Store, cause));
        }
        let now = self.engine.clock.now();
        let chosen = asked.map(|asked| asked.next(newest, segment.key.scheduled, now)).transpose()?;
        let had = newest.and_then(|newest| newest.parents.as_ref());
        if let (Some(had), Some(chosen)) = (had, &chosen)
            && had.settings != chosen.settings
        {
            segment.told.push(
                "what the source file says of the parents has changed: this run reads the children of all of them"
                    .to_owned(),
            );
        }
        segment.parents = chosen;
        Ok(())
    }

    /// The parents that have changed; `None` where all are always asked for.
    fn asked_parents(&self) -> Option<AskedParents<'_>> {
        let full_every = self.stream.parent.as_ref()?.full_every?;
        let sequence = Sequence::of(&self.parent.as_ref()?.stream, &self.engine.source.fingerprint)?;
        Some(AskedParents { sequence, settings: self.settings_of_parents()?, full_every })
    }

    /// Tells which parents are asked for, and in what, from what another file says; `None` where all are always asked for.
    pub(super) fn settings_of_parents(&self) -> Option<String> {
        self.stream.parent.as_ref()?.full_every?;
        let levels = std::iter::successors(self.parent.as_deref(), |level| level.parent.as_deref());
        let streams = levels.map(|level| &*level.stream);
        Some(settings_hash(self.stream.parents_identity(streams, &self.engine.source.vars)))
    }

    /// What the pages of a segment come from, with what it knows of changes and of columns.
    pub(super) fn of_segment(
        &self,
        context: StreamContext,
        segment: &Segment,
        columns: &Arc<SeenColumns>,
    ) -> StreamContext {
        StreamContext {
            columns: columns.clone(),
            changed: self.parent_mark(segment),
            token: segment.token(),
            ..context.at(segment.key.scheduled)
        }
    }

    /// How far the parents of a segment have been read, for the task that reads them; `None` where all are asked for.
    fn parent_mark(&self, segment: &Segment) -> Option<Arc<ParentMark>> {
        let settings = self.parent.as_ref()?.stream.incremental.clone()?;
        Some(Arc::new(ParentMark::new(settings, segment.parents.as_ref()?.cursor.clone())))
    }

    /// Whether a segment asks for parents of an hour that clocks leave out.
    pub(super) fn have_no_time(&self, parents: &ChangedParents) -> bool {
        let settings = self.parent.as_ref().and_then(|parent| parent.stream.incremental.as_ref());
        settings.is_some_and(|settings| never_comes(&parents.cursor, settings))
    }
}

/// Notes how far the parents have been read, where only those are asked for that have changed, and reports children
/// that a rule has left out.
pub(super) fn note_parents(pages: &mut StreamPages, staged: &mut Staged) {
    let Some(parents) = &mut staged.parents else { return };
    if let Some(mark) = &pages.context().changed {
        parents.cursor = mark.state();
    }
    if pages.has_skipped() {
        staged.may_lack = true;
        staged.warnings.push(
            "what `then: skip` has left out comes once its parent has changed, or all are asked for (`full_every`)"
                .to_owned(),
        );
    }
}
