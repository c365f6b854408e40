//! The next run of an incremental stream: what is due since the last one.

use jiff::{SignedDuration, Timestamp};

use super::due_time::done_until;
use super::window::cut;
use crate::bronze::{CommitRecord, RunId, RunKey, SegmentStatus};
use crate::config::{CursorFormat, Incremental, Start};
use crate::cursor::{CursorState, CursorValue, Mark, Verbatim};
use crate::error::{Error, ErrorKind};
use crate::window::{EARLIEST, TimeWindow};

/// What follows the newest run of an incremental stream.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Due {
    /// This run, which asks for this.
    Run(RunKey, Box<CursorState>),
    /// Nothing: the run has everything that was due.
    Done(Box<CommitRecord>),
}

/// The run that an event scheduled for `at` leads to; `newest` is the newest commit of the stream's
/// sequence.
///
/// A run that was cut is gone on with, whatever the event. An event whose time is not later than that
/// of a finished run brings nothing new, so the same event twice appends nothing.
///
/// # Errors
/// [`ErrorKind::Store`] when the newest commit does not fit the stream, [`ErrorKind::Config`] when
/// `start` lies behind the run's time.
pub(crate) fn next(
    incremental: &Incremental,
    newest: Option<&CommitRecord>,
    at: Timestamp,
    now: Timestamp,
) -> Result<Due, Error> {
    let Some(newest) = newest else {
        let known = start(incremental);
        let is_reached = match incremental.start {
            Some(Start::Time(start)) => start < at.min(now),
            Some(Start::Value(_)) | None => true,
        };
        let cursor = due(incremental, known.clone(), false, at.min(now))?;
        let Some(cursor) = cursor.or_else(|| nothing(incremental, known).filter(|_| is_reached)) else {
            let cause = "`incremental.start` is not before the run's time: nothing can be due";
            return Err(Error::new(ErrorKind::Config, cause));
        };
        let cursor = CursorState { began: cursor.from.clone(), ..cursor };
        return Ok(Due::Run(RunKey::of(RunId::Sequence(1), at), Box::new(cursor)));
    };
    let id: RunId = newest.key.parse().map_err(|error| Error::new(ErrorKind::Store, error))?;
    let RunId::Sequence(number) = id else {
        return Err(Error::new(
            ErrorKind::Store,
            format!("{} is not a run of an incremental stream", newest.key),
        ));
    };
    let cursor = newest.cursor.clone().unwrap_or_default();
    if newest.status == SegmentStatus::Partial {
        return Ok(Due::Run(RunKey::of(id, newest.scheduled_time), Box::new(cursor)));
    }
    let done = done_until(newest);
    if !cursor.more && at <= done {
        return Ok(Due::Done(Box::new(newest.clone())));
    }
    let at = at.max(done);
    let due = due(incremental, cursor.position(), cursor.more, at.min(now))?;
    Ok(match due.or_else(|| nothing(incremental, cursor.position())) {
        Some(due) => {
            let due = CursorState { began: cursor.began, ..due };
            Due::Run(RunKey::of(RunId::Sequence(number.saturating_add(1)), at), Box::new(due))
        }
        None => Due::Done(Box::new(newest.clone())),
    })
}

/// What a run asks for that finds everything too young: nothing, and it commits that, so that its schedule is seen to
/// be kept. `None` where the stream does not `settle`.
fn nothing(incremental: &Incremental, known: Option<Mark>) -> Option<CursorState> {
    let known = known.filter(|_| !incremental.settle.is_zero())?;
    let bound = Some(known.cursor.clone());
    Some(CursorState { from: bound.clone(), to: bound, known: Some(known), ..CursorState::default() })
}

fn start(incremental: &Incremental) -> Option<Mark> {
    Some(Mark::at(match incremental.start.clone()? {
        Start::Time(time) => CursorValue::of_time(incremental.format, time).verbatim().clone(),
        Start::Value(text) => Verbatim { text, bare: incremental.format == CursorFormat::Integer },
    }))
}

/// What is due between how far the stream has been read and the run's time; `None` when nothing is.
/// `within` says that the run goes on with windows that were due at an earlier one.
fn due(
    incremental: &Incremental,
    known: Option<Mark>,
    within: bool,
    until: Timestamp,
) -> Result<Option<CursorState>, Error> {
    let format = incremental.format;
    let read = |mark: &Mark| {
        CursorValue::of(format, mark.cursor.clone()).map_err(|error| {
            let cause =
                format!("the committed cursor {:?} {error}, which `format` asks for", mark.cursor.text);
            Error::new(ErrorKind::Store, cause)
        })
    };
    let cursor = known.as_ref().map(read).transpose()?;
    if !format.is_time() {
        let from = known.as_ref().map(|mark| mark.cursor.clone());
        return Ok(Some(CursorState { from, known, ..CursorState::default() }));
    }
    let ask = |time| CursorValue::of_time(format, time).verbatim().clone();
    let until = cut(incremental.settled(until), format);
    let Some(read_until) = cursor.and_then(|cursor| cursor.time()) else {
        return Ok(Some(CursorState { to: Some(ask(until)), known, ..CursorState::default() }));
    };
    let lookback = if within {
        SignedDuration::ZERO
    } else {
        SignedDuration::try_from(incremental.lookback).unwrap_or_default()
    };
    // Nothing is wanted from before the beginning; a `start` that was set later opens no gap.
    let earliest = match incremental.start {
        Some(Start::Time(time)) => time.min(read_until),
        _ => EARLIEST.min(read_until),
    };
    let from = cut(read_until.checked_sub(lookback).unwrap_or(earliest).max(earliest), format);
    let Ok(due) = TimeWindow::new(from, until) else { return Ok(None) };
    let first = incremental.window.map_or(Some(due), |step| due.split(step).next()).unwrap_or(due);
    // A window moves, whatever its length: where it ends is where the next one begins.
    let next = from.as_nanosecond() + format.resolution_ns();
    let to = cut(first.to(), format).max(Timestamp::from_nanosecond(next).unwrap_or(until));
    let (from, to, more) = (Some(ask(from)), Some(ask(to)), to < until);
    Ok(Some(CursorState { from, to, known, more, ..CursorState::default() }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_moves_also_where_it_is_shorter_than_the_format_tells_apart() {
        let text = "source: x\nbase_url: https://x.example\nstreams: { s: { path: /p, records: $, incremental: { cursor: u, \
                    format: date, from: { query: f }, to: { query: t }, start: 2026-01-01, window: 1d } } }";
        let source = crate::config::parse("x.yaml", text).unwrap_or_else(|problems| panic!("{problems}"));
        let settings = source.streams[0].incremental.clone().unwrap();
        // A file is refused for it; the log of an earlier version may be gone on with.
        let settings = Incremental { window: "6h".parse().ok(), ..settings };
        let now: Timestamp = "2026-01-03T12:00:00Z".parse().unwrap();
        let Ok(Due::Run(_, cursor)) = next(&settings, None, now, now) else { panic!("something is due") };
        let text = |bound: &Option<Verbatim>| bound.as_ref().map(|bound| bound.text.clone()).unwrap();
        assert_eq!(
            (text(&cursor.from), text(&cursor.to), cursor.more),
            ("2026-01-01".into(), "2026-01-02".into(), true)
        );
    }
}
