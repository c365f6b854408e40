//! What somebody should know of a run by what its records' cursors were, and by the API's clock.

use jiff::{SignedDuration, Timestamp};

use super::engine::StreamRun;
use crate::bronze::CommitLog;
use crate::config::{Incremental, Missing, Start};
use crate::cursor::{CursorFilter, CursorState, CursorValue, Verbatim};
use crate::error::Result;
use crate::health::{self, BeforeTheFirstRun};
use crate::plan::Segment;

/// A clock may be so far behind, and an answer take so long, that nothing is lost by it.
const CLOCKS: SignedDuration = SignedDuration::from_mins(1);

/// A first run that lacks more than this of its beginning gets a warning.
const FAR: SignedDuration = SignedDuration::from_hours(24);

/// The part of what was asked for that this has to be as well: one in so many.
const PART: i32 = 10;

impl StreamRun {
    /// What is to be said of a segment; `cursor` is its own, with what it has read.
    pub(super) fn found(
        &self,
        filter: &CursorFilter,
        segment: &Segment,
        cursor: &CursorState,
        is_whole: bool,
    ) -> Vec<String> {
        let Some(settings) = &self.stream.incremental else { return Vec::new() };
        let is_first = is_whole && segment.is_first_run();
        let lacks = is_first.then(|| lacks_the_beginning(settings, cursor)).flatten();
        let has_windows = segment.is_window() || settings.window.is_some();
        let behind = has_windows.then(|| self.clock_behind(settings)).flatten();
        [lacks, behind, without_instants(settings, filter), local_times(filter)]
            .into_iter()
            .flatten()
            .collect()
    }

    /// A warning where `start` was moved earlier than where the first run began, as long as that is not loaded. A run of
    /// several windows tells it with the last.
    pub(super) async fn before_the_first_run(
        &self,
        log: &CommitLog,
        segment: &mut Segment,
    ) -> Result<Option<String>> {
        let is_last = segment.cursor.as_ref().is_some_and(|cursor| !cursor.more) && !segment.is_window();
        let (Some(settings), Some(cursor), true) = (&self.stream.incremental, &mut segment.cursor, is_last)
        else {
            return Ok(None);
        };
        let before = health::before_the_first_run(log, settings, cursor.began.as_ref()).await?;
        if let (BeforeTheFirstRun::Loaded, Some(Start::Time(start))) = (&before, &settings.start) {
            // The next run need not look again.
            cursor.began = Some(CursorValue::of_time(&settings.format, *start).verbatim().clone());
        }
        Ok(before.told(log.stream()))
    }

    /// The oldest record of a run, over all its segments; `None` where cursors are no times.
    pub(super) fn oldest(&self, before: Option<&Verbatim>, filter: &CursorFilter) -> Option<Verbatim> {
        let format = &self.stream.incremental.as_ref()?.format;
        let before = before.and_then(|before| CursorValue::of(format, before.clone()).ok()?.time());
        let oldest = before.into_iter().chain(filter.oldest()).min()?;
        Some(CursorValue::of_time(format, oldest).verbatim().clone())
    }

    /// A warning where the API's clock is so far behind that a window may be loaded before its last records are there.
    pub(crate) fn clock_behind(&self, settings: &Incremental) -> Option<String> {
        let settle = SignedDuration::try_from(settings.settle).unwrap_or(SignedDuration::MAX);
        let behind = self.stats().api_behind().filter(|behind| *behind > settle.max(CLOCKS))?;
        let minutes = behind.as_mins() + 1;
        Some(format!(
            "the API's clock is {} minutes behind this machine's: a record that it makes now has a time in a window that \
             may be loaded already, and is lost then; set `settle: {minutes}m`",
            behind.as_mins()
        ))
    }
}

/// A first run whose records all begin far behind its `start`: an API that does not know the name of `from` answers
/// what it answers by default, as a rule the last days.
pub(crate) fn lacks_the_beginning(settings: &Incremental, cursor: &CursorState) -> Option<String> {
    let time = |value: &Option<Verbatim>| CursorValue::of(&settings.format, value.clone()?).ok()?.time();
    let (from, to, oldest) = (time(&cursor.from)?, time(&cursor.to)?, time(&cursor.oldest)?);
    let missing = oldest.duration_since(from);
    if !settings.is_asked_from || missing <= FAR || missing <= to.duration_since(from) / PART {
        return None;
    }
    let place = settings.from.as_ref().map(|from| format!(" ({from})")).unwrap_or_default();
    let shown = |time: Timestamp| CursorValue::of_time(&settings.format, time).verbatim().text.clone();
    Some(format!(
        "everything from {} on was asked for, and the oldest record is of {}: if the API has older ones, it does not know \
         the name of `from`{place}, and answers what it does by default",
        shown(from),
        shown(oldest)
    ))
}

/// Times without an offset, of which the file does not say what they are.
pub(crate) fn local_times(filter: &CursorFilter) -> Option<String> {
    filter.local_time().map(|time| {
        format!(
            "cursors carry no offset ({time}) and are read as UTC: if they are local times, records are lost at the ends of \
             runs and windows; write `timezone: America/Chicago`, whichever it is, or `timezone: UTC`"
        )
    })
}

/// Records without a time, of an API that is asked for days: whatever its end includes is in two answers.
pub(crate) fn without_instants(settings: &Incremental, filter: &CursorFilter) -> Option<String> {
    let may_repeat = settings.bounded && settings.to_inclusive.is_none() && settings.missing == Missing::Keep;
    (may_repeat && filter.kept_without() > 0).then(|| {
        format!(
            "{} records have no cursor at `{}`, so what belongs to a neighbour cannot be left out: if the API's answer \
             includes the end that is asked for, it is loaded twice, and sums are too high; write `to_inclusive: day` then \
             (or hour, minute, second)",
            filter.kept_without(),
            settings.cursor
        )
    })
}
