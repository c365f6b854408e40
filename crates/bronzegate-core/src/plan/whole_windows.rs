//! The next window of a stream whose records carry no time: each is loaded once it has ended, and the last ones again
//! whenever a new one has.
//!
//! Windows are cut from `start` alone, so that a window is the same one whenever it is loaded.

use jiff::{SignedDuration, Timestamp};

use super::due::Due;
use super::due_time::done_until;
use super::marks::{Begun, Sequence};
use crate::bronze::{CommitRecord, RunId, RunKey, SegmentStatus};
use crate::config::{Incremental, Start};
use crate::cursor::{CursorState, CursorValue, LoadedWindows, Mark, Verbatim};
use crate::error::{Error, ErrorKind};
use crate::window::{TimeWindow, WindowStep};

/// What follows the newest run, as in [`next`](super::sequence::next).
///
/// # Errors
/// [`ErrorKind::Store`] when the newest commit does not fit the stream.
pub(super) fn next(
    sequence: &Sequence<'_>,
    newest: Option<&CommitRecord>,
    at: Timestamp,
    now: Timestamp,
) -> Result<Due, Error> {
    let settings = sequence.incremental;
    let grid = Grid::of(settings)?;
    let Some(newest) = newest else {
        let loaded = Loaded { settings, state: CursorState::default(), end: None };
        let until = settings.settled(at.min(now));
        let cursor = loaded.next(&grid, until)?.unwrap_or_else(|| loaded.nothing(&grid));
        let cursor = CursorState { began: cursor.from.clone(), ..cursor };
        return Ok(Due::run(RunKey::of(RunId::Sequence(1), at), Begun { cursor, told: Vec::new() }));
    };
    let id: RunId = newest.key.parse().map_err(|error| Error::new(ErrorKind::Store, error))?;
    let RunId::Sequence(number) = id else {
        let cause = format!("{} is not a run of an incremental stream", newest.key);
        return Err(Error::new(ErrorKind::Store, cause));
    };
    let state = newest.cursor.clone().unwrap_or_default();
    if newest.status == SegmentStatus::Partial {
        let begun = Begun { cursor: state, told: Vec::new() };
        return Ok(Due::run(RunKey::of(id, newest.scheduled_time), begun));
    }
    let done = done_until(newest);
    let due = at.max(done);
    let is_new = at > done;
    let loaded = Loaded::of(sequence, state)?;
    let next =
        if is_new || loaded.state.more { loaded.next(&grid, settings.settled(due.min(now)))? } else { None };
    // A run that finds no window finished commits that, so that its schedule is seen to be kept.
    let Some(cursor) = next.or_else(|| is_new.then(|| loaded.nothing(&grid))) else {
        return Ok(Due::Done(Box::new(newest.clone())));
    };
    let cursor = CursorState { began: loaded.state.began.clone(), ..cursor };
    let key = RunKey::of(RunId::Sequence(number.saturating_add(1)), due);
    Ok(Due::run(key, Begun { cursor, told: Vec::new() }))
}

/// Whether a window is one of those that are cut from `start`.
pub(super) fn is_on_grid(settings: &Incremental, window: TimeWindow) -> bool {
    let Ok(grid) = Grid::of(settings) else { return false };
    grid.until(window.to()).any(|known| known == window)
}

/// The windows of a stream.
#[derive(Clone, Copy)]
struct Grid {
    start: Timestamp,
    step: WindowStep,
}

impl Grid {
    fn of(settings: &Incremental) -> Result<Self, Error> {
        match (&settings.start, settings.window) {
            (Some(Start::Time(start)), Some(step)) => Ok(Self { start: *start, step }),
            _ => Err(Error::new(ErrorKind::Config, "`windows_only` needs `start` and `window`")),
        }
    }

    /// Those that have ended by then, in order.
    fn until(self, until: Timestamp) -> impl Iterator<Item = TimeWindow> {
        let all = TimeWindow::new(self.start, until).ok();
        all.into_iter().flat_map(move |all| all.whole(self.step))
    }
}

/// What is loaded.
struct Loaded<'a> {
    settings: &'a Incremental,
    state: CursorState,
    /// The end of the newest window that was ever loaded.
    end: Option<Timestamp>,
}

impl<'a> Loaded<'a> {
    fn of(sequence: &Sequence<'a>, state: CursorState) -> Result<Self, Error> {
        let settings = sequence.incremental;
        let known = state.known.as_ref().map(|known| &known.cursor);
        let mut end = None;
        for bound in [known, state.to.as_ref()].into_iter().flatten() {
            end = end.max(sequence.read(bound)?.time());
        }
        Ok(Self { settings, state, end })
    }

    /// The window that is loaded next; `None` when none has ended that is not loaded.
    fn next(&self, grid: &Grid, until: Timestamp) -> Result<Option<CursorState>, Error> {
        let windows: Vec<TimeWindow> = grid.until(until).collect();
        let Some(last) = windows.last().copied() else { return Ok(None) };
        let is_new = |window: &TimeWindow| self.end.is_none_or(|end| window.to() > end);
        let next = if self.state.more {
            // A series goes on after the window that was loaded last.
            let behind = self.state.to.clone();
            let behind = behind.map(|to| CursorValue::of(&self.settings.format, to)).transpose();
            let behind = behind
                .map_err(|error| Error::new(ErrorKind::Store, format!("a committed cursor {error}")))?;
            let behind = behind.and_then(|value| value.time());
            windows.iter().position(|window| behind.is_none_or(|behind| window.to() > behind))
        } else {
            let first_new = windows.iter().position(is_new);
            first_new.map(|first| first - self.looked_back(&windows[..first]))
        };
        let Some(next) = next else { return Ok(None) };
        let window = windows[next];
        // Windows that are loaded again lie after the newest one that was loaded.
        let distance = windows[next..].iter().skip(1).take_while(|later| !is_new(later)).count();
        let revisions =
            self.state.windows.as_ref().map(|loaded| loaded.revisions.clone()).unwrap_or_default();
        let loaded = if is_new(&window) {
            LoadedWindows::first(revisions, self.looked_back(&windows[..=next]) + 1)
        } else {
            LoadedWindows::again(revisions, distance)
        };
        Ok(Some(CursorState {
            from: self.written(window.from()),
            to: self.written(window.to()),
            known: self.end.and_then(|end| self.written(end)).map(Mark::at),
            more: window != last,
            windows: Some(loaded),
            ..CursorState::default()
        }))
    }

    /// How many of the windows, the last of which are the newest, are loaded again with the one after them.
    fn looked_back(&self, windows: &[TimeWindow]) -> usize {
        let lookback = SignedDuration::try_from(self.settings.lookback).unwrap_or(SignedDuration::MAX);
        let Some(newest) = windows.last().filter(|_| !lookback.is_zero()) else { return 0 };
        let since = newest.to().checked_sub(lookback).unwrap_or(Timestamp::MIN);
        windows.iter().rev().take_while(|window| window.to() > since).count()
    }

    /// A run that asks for nothing.
    fn nothing(&self, grid: &Grid) -> CursorState {
        let end = self.written(self.end.unwrap_or(grid.start));
        CursorState {
            from: end.clone(),
            to: end.clone(),
            known: self.end.and(end).map(Mark::at),
            windows: self.state.windows.clone().or_else(|| Some(LoadedWindows::default())),
            ..CursorState::default()
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "the bounds of a state may be open")]
    fn written(&self, time: Timestamp) -> Option<Verbatim> {
        Some(CursorValue::of_time(&self.settings.format, time).verbatim().clone())
    }
}

impl LoadedWindows {
    /// A window that was never loaded; `kept` counts those whose revision is remembered.
    fn first(mut revisions: Vec<u32>, kept: usize) -> Self {
        revisions.insert(0, 1);
        revisions.truncate(kept.clamp(1, Self::MOST));
        Self { revision: 1, revisions }
    }

    /// The window that lies so far behind the newest.
    fn again(mut revisions: Vec<u32>, distance: usize) -> Self {
        let distance = distance.min(Self::MOST - 1);
        // What is not remembered was loaded once at least.
        while revisions.len() <= distance {
            revisions.push(1);
        }
        let revision = revisions[distance].saturating_add(1);
        revisions[distance] = revision;
        Self { revision, revisions }
    }
}
