//! The part of a run that a stream's cursor decides: what is asked for, which records count, and
//! whether anything is left.

use serde_json::Value;

use super::engine::StreamRun;
use super::staged::{Staged, asked_window};
use crate::bronze::{CommitLog, CommitRecord, RunId, RunKind};
use crate::config::{Incremental, WINDOW_MEMBERS};
use crate::cursor::{
    BranchRanges, CursorFilter, CursorState, CursorValue, NotACursor, SkippedBranches, Verbatim,
};
use crate::error::{Error, ErrorKind, Result};
use crate::extract::{RequestedRange, RequestedRanges, StreamPages, never_comes};
use crate::local_time::civil_time;
use crate::plan::{self, Due, RunRequest, Segment, Sequence};
use crate::window::TimeWindow;

impl StreamRun {
    /// What a segment's requests ask for, and the filter for what they bring.
    pub(super) fn filter(&self, segment: &Segment) -> Result<(RequestedRanges, Option<CursorFilter>)> {
        let (Some(incremental), Some(cursor)) = (&self.stream.incremental, &segment.cursor) else {
            return Ok((RequestedRanges::default(), None));
        };
        let ranges = BranchRanges::of(cursor, incremental).map_err(|error| unreadable(&error))?;
        if incremental.windows_only {
            return Ok((RequestedRanges::of(cursor, incremental, ranges), None));
        }
        // Neighbouring windows share no record, so there is nothing that a key would have to tell apart.
        let key = incremental.key.clone().filter(|_| !segment.is_window());
        let settings = Incremental { key, ..incremental.clone() };
        let filter = CursorFilter::of(&settings, cursor, ranges.clone())?;
        Ok((RequestedRanges::of(cursor, incremental, ranges), Some(filter)))
    }

    /// What the requests of a run with this state ask for, of every branch.
    pub(crate) fn asked(&self, cursor: &CursorState) -> RequestedRanges {
        let incremental = self.stream.incremental.as_ref();
        incremental.map(|settings| RequestedRange::of(cursor, settings).into()).unwrap_or_default()
    }

    /// How the stream's runs follow each other; `None` where it has no cursor.
    pub(super) fn sequence(&self) -> Option<Sequence<'_>> {
        Sequence::of(&self.stream, &self.engine.source.fingerprint)
    }

    /// Notes in the state which branches have ended, and reports those that a rule has left out and whose mark
    /// is not kept: what came to them is read by no later run.
    pub(super) fn note_ended(&self, cursor: &mut CursorState, walk: &mut StreamPages, staged: &mut Staged) {
        let (ended, beyond) = walk.take_ended();
        if cursor.windows.is_some() {
            let skipped = ended.iter().filter(|branch| branch.is_skipped).count() as u64 + beyond;
            if skipped > 0 {
                staged.may_lack = true;
                staged.warnings.push(format!(
                    "{skipped} were left out by `then: skip`: `windows_only` asks for a window once, so what they have of \
                     it comes only if it is loaded again"
                ));
            }
            return;
        }
        let lost = beyond + cursor.note(&ended, self.stream.parent.is_some());
        if lost > 0 {
            staged.may_lack = true;
            staged.warnings.push(format!(
                "{lost} more were left out by `then: skip` than the {} whose marks are kept: the next run does not ask for \
                 what came to them before",
                SkippedBranches::MOST
            ));
        }
        if walk.has_skipped_parents() {
            staged.may_lack = true;
            staged.warnings.push(
                "parents were left out by `then: skip`: the next run does not ask for what came to their children before"
                    .to_owned(),
            );
        }
    }

    /// The state after a complete run.
    pub(super) fn completed(&self, cursor: CursorState, warnings: &mut Vec<String>) -> Result<CursorState> {
        let Some(settings) = &self.stream.incremental else { return Ok(cursor) };
        let (cursor, gone) =
            cursor.completed(settings, self.stream.parent.is_some()).map_err(|error| unreadable(&error))?;
        if gone > 0 {
            warnings.push(format!("{gone} that `then: skip` had left out are no longer among the parents"));
        }
        Ok(cursor)
    }

    /// What somebody should know of the records that were left out.
    pub(super) fn left_out(&self, filter: &CursorFilter, segment: &Segment) -> Vec<String> {
        let (left_out, mut warnings) = (filter.left_out(), Vec::new());
        if segment.is_window() && left_out.outside > 0 && !filter.is_all_far() {
            warnings.push(format!("{} records from outside of the window were left out", left_out.outside));
        }
        if let Some(incremental) = self.stream.incremental.as_ref().filter(|_| left_out.without > 0) {
            let at = &incremental.cursor;
            warnings.push(format!("{} records without a cursor at `{at}` were left out", left_out.without));
        }
        let unbounded = segment.cursor.as_ref().is_some_and(|cursor| cursor.to.is_none());
        if unbounded && filter.newest().flatten().any(|newest| newest.more) {
            warnings.push(
                "too many records share the newest cursor to remember them: the next run writes them again"
                    .to_owned(),
            );
        }
        warnings
    }

    /// What somebody should know of where a run begins.
    pub(super) async fn begins(&self, log: &CommitLog, segment: &Segment) -> Result<Vec<String>> {
        let mut told = segment.told.clone();
        if segment.number == 1 && segment.key.key == RunId::Sequence(1).to_string() {
            told.extend(self.stream.shared_mark());
            told.extend(self.backfilled(log, segment).await?);
        }
        Ok(told)
    }

    /// The same of the first run of a stream that backfills have loaded before.
    async fn backfilled(&self, log: &CommitLog, segment: &Segment) -> Result<Option<String>> {
        let (Some(settings), Some(cursor)) = (&self.stream.incremental, &segment.cursor) else {
            return Ok(None);
        };
        let from = cursor.from.clone().and_then(|from| CursorValue::of(&settings.format, from).ok()?.time());
        let windows = log.names_of(RunKind::Window).await?.into_iter().filter_map(|name| match name.id {
            RunId::Window { to, .. } if settings.format.is_time() => Some(to),
            _ => None,
        });
        let newest = windows.max().filter(|to| from.is_none_or(|from| *to > from));
        Ok(newest.map(|to| {
            format!(
                "loaded by backfills up to {to:.0}: what they share with this run, the stream's first, comes twice; with \
                 `start` at their end nothing does"
            )
        }))
    }

    /// What each record of the segment gets of its window, where records carry no time.
    pub(super) fn window_of_records(&self, segment: &Segment) -> String {
        let settings = self.stream.incremental.as_ref().filter(|settings| settings.windows_only);
        let Some((settings, cursor)) = settings.zip(segment.cursor.as_ref()) else { return String::new() };
        let shown = |bound: &Option<Verbatim>| {
            let time = CursorValue::of(&settings.format, bound.clone()?).ok()?.time()?;
            Some(match settings.timezone.zone() {
                _ if settings.format.are_days() => civil_time(time).date().to_string(),
                Some(_) => civil_time(time).to_string(),
                None => time.to_string(),
            })
        };
        let member = |(name, bound)| format!(",\"{name}\":{}", Value::from(shown(bound).unwrap_or_default()));
        WINDOW_MEMBERS.into_iter().zip([&cursor.from, &cursor.to]).map(member).collect()
    }

    /// Begins the run again at its first page, with the partitions that the file has by now.
    pub(super) fn begin_anew(&self, segment: &mut Segment) -> Result<()> {
        segment.begin_anew();
        if let Some(sequence) = self.sequence().filter(|_| segment.number > 1 && !segment.is_window()) {
            segment.cursor =
                segment.cursor.take().map(|cursor| sequence.resumed(cursor, true)).transpose()?;
        }
        Ok(())
    }

    /// What is asked for instead when the response says that the window holds too much: its first half.
    ///
    /// # Errors
    /// [`ErrorKind::Data`] when the half would be shorter than `min_window`.
    pub(super) fn halved(&self, segment: &Segment) -> Result<CursorState> {
        let too_large = |why: &str| {
            let window = segment.cursor.as_ref().map(asked_window).unwrap_or_default();
            let [from, to] = [window.from, window.to].map(|bound| bound.unwrap_or_else(|| "…".to_owned()));
            let cause =
                format!("the window from {from} to {to} holds more than the API gives out, and {why}");
            Error::new(ErrorKind::Data, cause)
        };
        let (Some(settings), Some(cursor)) = (&self.stream.incremental, &segment.cursor) else {
            return Err(too_large("the stream has no windows to split"));
        };
        plan::halved(settings, cursor).ok_or_else(|| too_large("half of it is shorter than `min_window`"))
    }

    /// Whether a segment asks for an hour that clocks leave out.
    pub(super) fn never_comes(&self, segment: &Segment) -> bool {
        let asked = self.stream.incremental.as_ref().zip(segment.cursor.as_ref());
        asked.is_some_and(|(settings, cursor)| never_comes(cursor, settings))
            || segment.parents.as_ref().is_some_and(|parents| self.have_no_time(parents))
    }

    /// What is left of a window's run after the part that a segment asked for.
    pub(super) fn rest(&self, segment: &Segment) -> Result<Option<CursorState>> {
        let Ok(RunId::Window { from, to, .. }) = segment.key.key.parse() else { return Ok(None) };
        let window = TimeWindow::new(from, to).map_err(|error| Error::new(ErrorKind::Store, error))?;
        let whole = plan::window(self.stream.incremental.as_ref(), window)?;
        let end = segment.cursor.as_ref().and_then(|cursor| cursor.to.clone());
        Ok((end != whole.to).then_some(CursorState { from: end, ..whole }))
    }

    /// Whether a further segment would find something due after the newest run.
    pub(super) fn is_more_due(&self, newest: Option<&CommitRecord>, request: RunRequest) -> Result<bool> {
        let (RunRequest::Scheduled { at: Some(at) }, Some(sequence)) = (request, self.sequence()) else {
            return Ok(false);
        };
        let next = plan::next(&sequence, newest, at, self.engine.clock.now())?;
        Ok(matches!(next, Due::Run { .. }))
    }

    /// What looking without writing asks for: what the first run would.
    pub(crate) fn first_cursor(&self) -> Result<CursorState> {
        let Some(sequence) = self.sequence() else { return Ok(CursorState::default()) };
        let now = self.engine.clock.now();
        Ok(match plan::next(&sequence, None, now, now)? {
            Due::Run { cursor, .. } => *cursor,
            Due::Done(_) => CursorState::default(),
        })
    }
}

fn unreadable(error: &NotACursor) -> Error {
    Error::new(ErrorKind::Store, format!("a committed cursor {error}"))
}
