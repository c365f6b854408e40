//! What the runs of an incremental stream have loaded, as a stretch of time.

use jiff::Timestamp;

use super::window::cut;
use crate::bronze::{CommitRecord, SegmentStatus};
use crate::config::Incremental;
use crate::cursor::{CursorValue, Mark, Verbatim};
use crate::window::TimeWindow;

/// From where the first run began to after the newest record of the last; `None` where no record came, or
/// the cursors are no times. Both are of the stream's sequence.
pub(crate) fn covered(
    incremental: &Incremental,
    first: &CommitRecord,
    newest: &CommitRecord,
) -> Option<TimeWindow> {
    let format = &incremental.format;
    let time = |value: &Verbatim| CursorValue::of(format, value.clone()).ok()?.time();
    let (begun, read) = (first.cursor.as_ref()?, newest.cursor.as_ref()?);
    let from = begun.from.as_ref().map_or(Some(Timestamp::MIN), time)?;
    let end = read.to.as_ref().and_then(time)?;
    let newest_record =
        read.newest.as_ref().or(read.known.as_ref().filter(|known| Some(*known) != begun.known.as_ref()));
    let behind = |mark: &Mark| {
        let behind = cut(time(&mark.cursor)?, format).as_nanosecond() + format.resolution_ns();
        Timestamp::from_nanosecond(behind).ok()
    };
    let to = match newest_record {
        _ if incremental.windows_only => {
            let known = read.known.as_ref().and_then(|known| time(&known.cursor));
            known.map_or(end, |known| known.max(end))
        }
        // Whoever continues with it brings all of it; partitions may be ahead of it.
        _ if read.more || newest.status == SegmentStatus::Partial => {
            read.known_of_partitions().filter_map(behind).fold(end, Timestamp::max)
        }
        Some(mark) if mark.more => end,
        Some(mark) => behind(mark)?,
        None => return None,
    };
    TimeWindow::new(from, to).ok()
}
