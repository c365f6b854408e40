//! A run that is in the log, against what is expected of its stream.

use crate::breach::Breach;
use crate::bronze::{CommitRecord, Ratios, SegmentStatus};
use crate::config::{Expect, Measured};

/// The thresholds that a run breaches, by the record of its last segment. A run that is not complete
/// breaches none.
///
/// Windows of a backfill are held against the error rate alone: how many records they bring and how
/// long they take depends on what was asked for.
pub fn breaches(expect: &Expect, last: &CommitRecord) -> Vec<Breach> {
    if last.status == SegmentStatus::Partial {
        return Vec::new();
    }
    let mut breaches = match last.history.last() {
        Some(run) if run.key == last.key && !run.more => {
            let ratios = Ratios::of(&last.history);
            expect.breaches(&Measured {
                records: run.records,
                duration_ms: run.duration_ms,
                records_ratio: ratios.records,
                duration_ratio: ratios.duration,
            })
        }
        _ => Vec::new(),
    };
    breaches.extend(expect.failing(last.total_counts.requests, last.total_counts.api_errors));
    breaches
}
