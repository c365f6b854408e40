//! What a run of one window asks for.

use crate::config::Incremental;
use crate::cursor::{CursorState, CursorValue};
use crate::error::{Error, ErrorKind};
use crate::window::TimeWindow;

/// What a window's run asks for, on a stream with these settings.
///
/// # Errors
/// [`ErrorKind::Config`] when the stream cannot be asked for a window, naming what is missing.
pub fn window(incremental: Option<&Incremental>, window: TimeWindow) -> Result<CursorState, Error> {
    let Some(incremental) = incremental else {
        return Err(refused("it has no `incremental: { cursor: …, format: …, from: …, to: … }`"));
    };
    let format = incremental.format;
    if !format.is_time() {
        return Err(refused(
            "the `format` of its cursor is none of time: rfc3339, date, epoch_s or epoch_ms",
        ));
    }
    let told_apart = |time: jiff::Timestamp| time.as_nanosecond() % format.resolution_ns() == 0;
    if !told_apart(window.from()) || !told_apart(window.to()) {
        let cause = format!(
            "{window} does not begin and end where the `format` of its cursor can tell: at whole days, seconds or milliseconds"
        );
        return Err(refused(&cause));
    }
    let ask = |time| Some(CursorValue::of_time(format, time).verbatim().clone());
    Ok(CursorState { from: ask(window.from()), to: ask(window.to()), ..CursorState::default() })
}

fn refused(cause: &str) -> Error {
    Error::new(ErrorKind::Config, format!("the stream cannot be asked for a window: {cause}"))
}
