//! What a run of one window asks for.

use jiff::Timestamp;

use super::whole_windows;
use crate::config::{CursorFormats, Incremental};
use crate::cursor::{CursorState, CursorValue, Verbatim};
use crate::error::{Error, ErrorKind};
use crate::window::{EARLIEST, TimeWindow};

/// What a window's run asks for, on a stream with these settings.
///
/// # Errors
/// [`ErrorKind::Config`] when the stream cannot be asked for a window, naming what is missing.
pub fn window(incremental: Option<&Incremental>, window: TimeWindow) -> Result<CursorState, Error> {
    let Some(incremental) = incremental else {
        return Err(refused("it has no `incremental: { cursor: …, format: …, from: …, to: … }`"));
    };
    let format = &incremental.format;
    if window.from() < EARLIEST {
        return Err(refused("it begins before the year 1"));
    }
    if !format.is_time() {
        return Err(refused("the `format` of its cursor is none of time: it is a number or a text"));
    }
    let told_apart =
        |time: Timestamp| time.as_nanosecond() % format.resolution_ns() == 0 && format.first().tells(time);
    if !told_apart(window.from()) || !told_apart(window.to()) {
        let cause = format!(
            "{window} does not begin and end where `format: {format}` can tell: at whole days, minutes, seconds or milliseconds"
        );
        return Err(refused(&cause));
    }
    if incremental.windows_only && !whole_windows::is_on_grid(incremental, window) {
        let cause = format!(
            "{window} is none of the windows that `windows_only` cuts from `start`: give the beginning and the end of one"
        );
        return Err(refused(&cause));
    }
    let ask = |time| Some(CursorValue::of_time(format, time).verbatim().clone());
    Ok(CursorState { from: ask(window.from()), to: ask(window.to()), ..CursorState::default() })
}

/// Lets a window pass that is over, and whose records have had the time to appear that the file says they need.
///
/// # Errors
/// [`ErrorKind::Config`] while it is not: committed now, what comes into it later would never be loaded.
pub fn over(incremental: Option<&Incremental>, window: TimeWindow, now: Timestamp) -> Result<(), Error> {
    if window.is_over(settled(incremental, now)) {
        return Ok(());
    }
    let when = when(incremental);
    let cause =
        format!("the window {window} is not over at {now:.0}: a window is loaded {when} it has ended");
    Err(Error::new(ErrorKind::Config, cause))
}

/// The time up to which everything that there will be is there.
pub(crate) fn settled(incremental: Option<&Incremental>, now: Timestamp) -> Timestamp {
    incremental.map_or(now, |incremental| incremental.settled(now))
}

/// When a window is loaded, in words before its end.
pub(crate) fn when(incremental: Option<&Incremental>) -> String {
    let settle = incremental.map(|incremental| incremental.settle).filter(|settle| !settle.is_zero());
    settle.map_or_else(|| "after".to_owned(), |settle| format!("{settle:?} (`incremental.settle`) after"))
}

/// The first half of what is asked for; `None` when it would be shorter than `min_window`.
pub(crate) fn halved(settings: &Incremental, cursor: &CursorState) -> Option<CursorState> {
    let time =
        |verbatim: &Option<Verbatim>| CursorValue::of(&settings.format, verbatim.clone()?).ok()?.time();
    let (from, to) = (time(&cursor.from)?, time(&cursor.to)?);
    let middle = settings.cut_coarser(from + to.duration_since(from) / 2);
    let half = middle.duration_since(from).unsigned_abs();
    let long_enough = middle > from && half >= settings.min_window;
    let to = CursorValue::of_time(&settings.format, middle).verbatim().clone();
    long_enough.then(|| CursorState { to: Some(to), more: true, ..cursor.clone() })
}

/// The instant without what the format cannot tell, so that an end is the same in every request.
pub(super) fn cut(time: Timestamp, format: &CursorFormats) -> Timestamp {
    let unit = format.resolution_ns();
    Timestamp::from_nanosecond(time.as_nanosecond().div_euclid(unit) * unit).unwrap_or(time)
}

fn refused(cause: &str) -> Error {
    Error::new(ErrorKind::Config, format!("the stream cannot be asked for a window: {cause}"))
}
