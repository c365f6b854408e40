//! A `start` that was moved earlier after the first run: runs go on from where they are, so nothing loads what lies
//! before, unless somebody does.

use futures::stream::{StreamExt as _, TryStreamExt as _};
use jiff::Timestamp;

use crate::bronze::{CommitLog, RunId, RunKind, SegmentStatus, StoreError};
use crate::config::{Incremental, Start};
use crate::cursor::{CursorValue, Verbatim};
use crate::window::TimeWindow;

/// Commit records that are read at the same time.
const AT_ONCE: usize = 8;

/// How many ranges a message names.
const NAMED: usize = 3;

/// What lies between `start` and where the first run began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BeforeTheFirstRun {
    /// Nothing, or it is not known where that was.
    Nothing,
    /// Windows of backfills have loaded all of it.
    Loaded,
    /// These ranges are not loaded.
    Missing(Vec<TimeWindow>),
    /// Something that no window can be asked for, because cursors are no times: what the file says, and the log.
    Unreachable(String, String),
}

/// What of a stream's past is not loaded, with the command that loads it; `None` where nothing is missing.
///
/// # Errors
/// [`StoreError`] when the log cannot be read.
pub async fn earlier_start(log: &CommitLog, incremental: &Incremental) -> Result<Option<String>, StoreError> {
    Ok(before_the_first_run(log, incremental, None).await?.told(log.stream()))
}

/// What lies between `start` and where the first run `began`, which the log's first record says as well.
///
/// # Errors
/// [`StoreError`] when the log cannot be read.
pub(crate) async fn before_the_first_run(
    log: &CommitLog,
    incremental: &Incremental,
    began: Option<&Verbatim>,
) -> Result<BeforeTheFirstRun, StoreError> {
    let nothing = Ok(BeforeTheFirstRun::Nothing);
    let Some(start) = incremental.start.clone() else { return nothing };
    let began = match began {
        Some(began) => Some(began.clone()),
        None => log.get(&RunId::Sequence(1).to_string(), 1).await?.and_then(|first| first.cursor?.from),
    };
    let Some(began) = began.and_then(|began| CursorValue::of(&incremental.format, began).ok()) else {
        return nothing;
    };
    match (start, began.time()) {
        (Start::Time(start), Some(began)) => match TimeWindow::new(start, began) {
            Ok(range) => Ok(BeforeTheFirstRun::of(missing(log, range).await?)),
            Err(_) => nothing,
        },
        (Start::Value(text), None) => {
            let start =
                CursorValue::of(&incremental.format, Verbatim { text: text.clone(), bare: false }).ok();
            let is_earlier = start.is_some_and(|start| start.is_before(&began));
            let began = began.verbatim().text.clone();
            if is_earlier { Ok(BeforeTheFirstRun::Unreachable(text, began)) } else { nothing }
        }
        _ => nothing,
    }
}

/// The parts of a range that no complete window has loaded.
async fn missing(log: &CommitLog, range: TimeWindow) -> Result<Vec<TimeWindow>, StoreError> {
    let mut windows: Vec<(TimeWindow, u32, u32)> = Vec::new();
    for name in log.names_of(RunKind::Window).await? {
        let RunId::Window { from, to, revision } = name.id else { continue };
        let Ok(window) = TimeWindow::new(from, to) else { continue };
        if window.to() <= range.from() || window.from() >= range.to() {
            continue;
        }
        // The names are in order, so the last of a window and revision is its newest segment.
        windows.pop_if(|last| (last.0, last.1) == (window, revision));
        windows.push((window, revision, name.segment));
    }
    let read = windows.into_iter().map(async |(window, revision, segment)| {
        let key = RunId::Window { from: window.from(), to: window.to(), revision }.to_string();
        let record = log.get(&key, segment).await?;
        let is_complete = record.is_some_and(|record| record.status == SegmentStatus::Complete);
        Ok::<_, StoreError>(is_complete.then_some(window))
    });
    let read: Vec<_> = read.collect();
    let loaded: Vec<_> = futures::stream::iter(read).buffered(AT_ONCE).try_collect().await?;
    Ok(without(range, loaded.into_iter().flatten()))
}

/// What is left of a range without these windows, in order.
fn without(range: TimeWindow, windows: impl Iterator<Item = TimeWindow>) -> Vec<TimeWindow> {
    let mut windows: Vec<_> = windows.collect();
    windows.sort_unstable();
    let (mut left, mut from): (Vec<TimeWindow>, Timestamp) = (Vec::new(), range.from());
    for window in windows {
        left.extend(TimeWindow::new(from, window.from().min(range.to())));
        from = from.max(window.to());
    }
    left.extend(TimeWindow::new(from, range.to()));
    left
}

impl BeforeTheFirstRun {
    fn of(missing: Vec<TimeWindow>) -> Self {
        if missing.is_empty() { Self::Loaded } else { Self::Missing(missing) }
    }

    /// What somebody should know.
    pub(crate) fn told(&self, stream: &str) -> Option<String> {
        match self {
            Self::Nothing | Self::Loaded => None,
            Self::Missing(ranges) => {
                let command = |range: &TimeWindow| {
                    let (from, to) = (range.from(), range.to());
                    format!("`bronzegate backfill {stream} --from {from} --to {to}`")
                };
                let commands: Vec<_> = ranges.iter().take(NAMED).map(command).collect();
                let more = if ranges.len() > NAMED { ", …" } else { "" };
                Some(format!(
                    "`start` is earlier than where the stream's runs began, and they do not go back; what lies between is \
                     not loaded: {}{more} loads it",
                    commands.join(", ")
                ))
            }
            Self::Unreachable(start, began) => Some(format!(
                "`start` ({start}) is earlier than where the stream's runs began ({began}), and they do not go back; what \
                 lies between is not loaded, and only a stream of another name begins there"
            )),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: i64, to: i64) -> TimeWindow {
        let [from, to] = [from, to].map(|second| Timestamp::from_second(second).unwrap());
        TimeWindow::new(from, to).unwrap()
    }

    #[test]
    fn what_windows_have_loaded_is_not_missing() {
        for (windows, left) in [
            (vec![], vec![range(10, 20)]),
            (vec![range(10, 20)], vec![]),
            (vec![range(0, 30)], vec![]),
            (vec![range(14, 16)], vec![range(10, 14), range(16, 20)]),
            (vec![range(12, 20), range(5, 11)], vec![range(11, 12)]),
            (vec![range(10, 18), range(11, 12), range(18, 25)], vec![]),
            (vec![range(10, 18), range(11, 12)], vec![range(18, 20)]),
        ] {
            assert_eq!(without(range(10, 20), windows.clone().into_iter()), left, "{windows:?}");
        }
    }
}
