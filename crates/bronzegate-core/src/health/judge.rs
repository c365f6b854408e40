//! A run that is in the log, against what is expected of its stream.

use crate::breach::Breach;
use crate::bronze::{CommitRecord, Ratios, RunId, RunKind, SegmentStatus};
use crate::config::{Expect, Measured};

/// The thresholds that a run breaches, by the record of its last segment. A run that is not complete
/// breaches none.
///
/// Windows of a backfill are compared with the error rate alone: how many records they bring and how
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
                is_sparse: is_sparse(last, &ratios),
            })
        }
        _ => Vec::new(),
    };
    breaches.extend(expect.failing(last.total_counts.requests, last.total_counts.api_errors));
    breaches
}

/// The fewest runs that say what is usual of an incremental stream.
const FEWEST_RUNS: usize = 3;

/// The fewest records that they bring on average.
const FEWEST_RECORDS: f64 = 10.0;

/// Whether what an incremental stream brought before is too little to say what is usual: an hour in which
/// nothing happens is no fault. A snapshot brings about the same each time, so one run says it.
pub(crate) fn is_sparse(last: &CommitRecord, ratios: &Ratios) -> bool {
    let Ratios { runs, usual_records, .. } = *ratios;
    let is_sequence = last.key.parse().is_ok_and(|id: RunId| id.kind() == RunKind::Sequence);
    is_sequence && (runs < FEWEST_RUNS || usual_records.is_none_or(|usual| usual < FEWEST_RECORDS))
}
