//! The next run of an incremental stream: what is due since the last one.

use jiff::Timestamp;

use super::due::Due;
use super::due_time::done_until;
use super::marks::{Before, Begun, Sequence};
use super::whole_windows;
use super::window::cut;
use crate::bronze::{CommitRecord, RunId, RunKey, SegmentStatus};
use crate::config::{Incremental, Start};
use crate::cursor::{CursorState, CursorValue};
use crate::error::{Error, ErrorKind};
use crate::window::TimeWindow;

/// The run that an event scheduled for `at` leads to; `newest` is the newest commit of the stream's
/// sequence.
///
/// A run that was cut is resumed, whatever the event. An event whose time is not later than that
/// of a finished run brings nothing new, so the same event twice appends nothing.
///
/// # Errors
/// [`ErrorKind::Store`] when the newest commit does not fit the stream, [`ErrorKind::Config`] when
/// `start` lies after the run's time, or its partitions have other names.
pub(crate) fn next(
    sequence: &Sequence<'_>,
    newest: Option<&CommitRecord>,
    at: Timestamp,
    now: Timestamp,
) -> Result<Due, Error> {
    if sequence.incremental.windows_only {
        return whole_windows::next(sequence, newest, at, now);
    }
    let Some(newest) = newest else {
        let begun = sequence.first()?;
        let is_reached = match sequence.incremental.start {
            Some(Start::Time(start)) => start < sequence.incremental.reached(at.min(now)),
            Some(Start::Value(_)) | None => true,
        };
        let Some(begun) =
            due(sequence, begun, at.min(now))?.filter(|begun| is_reached || !begun.cursor.is_empty())
        else {
            let cause = "`incremental.start` is not before the run's time: nothing can be due";
            return Err(Error::new(ErrorKind::Config, cause));
        };
        let cursor = CursorState { began: begun.cursor.from.clone(), ..begun.cursor };
        return Ok(Due::run(RunKey::of(RunId::Sequence(1), at), Begun { cursor, ..begun }));
    };
    let id: RunId = newest.key.parse().map_err(|error| Error::new(ErrorKind::Store, error))?;
    let RunId::Sequence(number) = id else {
        return Err(Error::new(
            ErrorKind::Store,
            format!("{} is not a run of an incremental stream", newest.key),
        ));
    };
    let cursor = newest.cursor.clone().unwrap_or_default();
    sequence.check_names(&cursor)?;
    if newest.status == SegmentStatus::Partial {
        return Ok(Due::run(RunKey::of(id, newest.scheduled_time), Begun { cursor, told: Vec::new() }));
    }
    let done = done_until(newest);
    let until = at.max(done).min(now);
    let is_same_file = newest.config_fingerprint == sequence.fingerprint;
    let before = Before { cursor: &cursor, is_same_file, is_new_event: at > done };
    let begun = if cursor.more || at > done { due(sequence, sequence.after(before)?, until)? } else { None };
    Ok(match begun {
        Some(Begun { cursor: due, told }) => {
            let cursor = CursorState { began: cursor.began.clone(), ..due };
            let key = RunKey::of(RunId::Sequence(number.saturating_add(1)), at.max(done));
            Due::run(key, Begun { cursor, told })
        }
        None => Due::Done(Box::new(newest.clone())),
    })
}

/// What is due between how far the branches have been read and the run's time; `None` when nothing is.
///
/// A run that finds everything too young to be settled asks for nothing, and commits that, so that its schedule is
/// seen to be kept.
fn due(sequence: &Sequence<'_>, begun: Option<Begun>, until: Timestamp) -> Result<Option<Begun>, Error> {
    let Sequence { incremental, .. } = sequence;
    let format = &incremental.format;
    let Some(Begun { cursor, told }) = begun else { return Ok(None) };
    if !format.is_time() {
        return Ok(Some(Begun { cursor, told }));
    }
    let ask = |time| Some(CursorValue::of_time(format, time).verbatim().clone());
    let until = cut(incremental.settled(until), format);
    let from = cursor.from.as_ref().map(|from| sequence.read(from)).transpose()?;
    let Some(from) = from.and_then(|from| from.time()) else {
        return Ok(Some(Begun { cursor: CursorState { to: ask(until), ..cursor }, told }));
    };
    let Ok(due) = TimeWindow::new(from, until) else {
        let nothing = CursorState { to: cursor.from.clone(), ..cursor };
        return Ok((!incremental.settle.is_zero()).then_some(Begun { cursor: nothing, told }));
    };
    let first = incremental.window.map_or(Some(due), |step| due.split(step).next()).unwrap_or(due);
    let to = if first.to() < until { end_of_window(incremental, from, first.to()).min(until) } else { until };
    let cursor = CursorState { to: ask(to), more: to < until, ..cursor };
    Ok(Some(Begun { cursor, told }))
}

/// Where a window ends: at a whole unit of what records and requests tell apart. It moves, whatever its length: where
/// it ends is where the next one begins.
fn end_of_window(incremental: &Incremental, from: Timestamp, end: Timestamp) -> Timestamp {
    let cut = incremental.cut_coarser(end);
    let next = incremental.cut_coarser(from).as_nanosecond() + incremental.coarser_ns();
    if cut > from { cut } else { Timestamp::from_nanosecond(next).unwrap_or(end) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cursor::Verbatim;

    #[test]
    fn a_window_moves_also_where_it_is_shorter_than_the_format_tells_apart() {
        let text = "source: x\nbase_url: https://x.example\nstreams: { s: { path: /p, records: $, incremental: { cursor: u, \
                    format: date, from: { query: f }, to: { query: t }, start: 2026-01-01, window: 1d } } }";
        let source = crate::config::parse("x.yaml", text).unwrap_or_else(|problems| panic!("{problems}"));
        let settings = source.streams[0].incremental.clone().unwrap();
        // A file is refused for it; the log of an earlier version may be resumed.
        let settings = Incremental { window: "6h".parse().ok(), ..settings };
        let now: Timestamp = "2026-01-03T12:00:00Z".parse().unwrap();
        let sequence = Sequence { incremental: &settings, ..Sequence::of(&source.streams[0], "").unwrap() };
        let Ok(Due::Run { cursor, .. }) = next(&sequence, None, now, now) else { panic!("something is due") };
        let text = |bound: &Option<Verbatim>| bound.as_ref().map(|bound| bound.text.clone()).unwrap();
        assert_eq!(
            (text(&cursor.from), text(&cursor.to), cursor.more),
            ("2026-01-01".into(), "2026-01-02".into(), true)
        );
    }
}
