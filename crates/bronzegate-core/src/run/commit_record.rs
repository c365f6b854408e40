//! The commit record of a segment, and what the report takes from it.

use std::time::Duration;

use jiff::Timestamp;

use super::engine::StreamRun;
use super::staged::Staged;
use crate::breach::Breach;
use crate::bronze::{CommitRecord, Ratios, SegmentStatus, extend_history};
use crate::health;
use crate::plan::Segment;
use crate::report::{Counts, RunReport};

/// How things stood when a run or segment began.
pub(super) struct Began {
    pub(super) elapsed: Duration,
    pub(super) at: Timestamp,
    pub(super) counts: Counts,
}

impl Began {
    /// What has been read by `now` is given up, and read again: it counts no more. Requests stay requests.
    pub(super) fn gives_up(&mut self, now: Counts) {
        self.counts = Counts { records: now.records, pages: now.pages, ..self.counts };
    }
}

impl StreamRun {
    pub(super) fn began(&self) -> Began {
        let clock = &self.engine.clock;
        Began { elapsed: clock.elapsed(), at: clock.now(), counts: self.stats().counts() }
    }

    /// What was counted since: a stream may be run several times, and its counters go on.
    pub(super) fn counts_since(&self, began: &Began) -> Counts {
        combine(self.stats().counts(), began.counts, u64::saturating_sub)
    }

    pub(super) fn record(&self, segment: &Segment, staged: Staged, began: &Began) -> CommitRecord {
        let finished_at = self.engine.clock.now();
        let duration_ms = finished_at.duration_since(began.at).as_millis().try_into().unwrap_or(0);
        let counts =
            Counts { bytes: staged.parts.iter().map(|part| part.bytes).sum(), ..self.counts_since(began) };
        let status = if staged.resume.is_some() { SegmentStatus::Partial } else { SegmentStatus::Complete };
        let read = staged.parents.as_ref().filter(|_| status == SegmentStatus::Complete);
        let read = read.and_then(|parents| Some(parents.cursor.position()?.cursor.text));
        let mut record = CommitRecord {
            format: CommitRecord::format_of(staged.cursor.as_ref()),
            source: self.engine.source.name.clone(),
            stream: self.stream.name.clone(),
            key: segment.key.key.clone(),
            segment: segment.number,
            batch_id: segment.key.batch_id.clone(),
            scheduled_time: segment.key.scheduled,
            status,
            parts: staged.parts,
            window: staged.window,
            cursor_in: segment.cursor_in().map(|cursor| self.told(&cursor)),
            cursor_out: staged.cursor_out.or(read).map(|cursor| self.told(&cursor)),
            page_state: staged
                .resume
                .map(|state| serde_json::to_value(state).expect("a state has text keys only")),
            cursor: staged.cursor,
            parents: None,
            sync: None,
            table: None,
            counts,
            total_counts: combine(segment.counts_before, counts, u64::saturating_add),
            started_at: began.at,
            finished_at,
            duration_ms,
            total_duration_ms: segment.duration_before_ms.saturating_add(duration_ms),
            history: segment.history.clone(),
            warnings: staged.warnings.iter().map(|warning| self.told(warning)).collect(),
            may_lack: staged.may_lack,
            branch_members: self.stream.branch_members(),
            paging: staged.paging,
            columns: staged.columns,
            mended: None,
            engine_version: env!("CARGO_PKG_VERSION").to_owned(),
            config_fingerprint: self.engine.source.fingerprint.clone(),
            environment: self.engine.environment.clone(),
        };
        record = record.asking_for_changes(staged.parents, staged.sync);
        if segment.is_window() {
            record.history.clear();
        } else if status == SegmentStatus::Complete && !segment.is_empty() {
            record.history = extend_history(&record.history, record.history_entry());
        }
        record
    }

    /// Adds a committed segment to the report; a run may commit several.
    pub(super) fn fill(&self, report: &mut RunReport, record: &CommitRecord) {
        report.counts = combine(report.counts, record.counts, u64::saturating_add);
        report.parts.extend(record.parts.iter().map(|part| part.path.clone()));
        report.cursor_out.clone_from(&record.cursor_out);
        report.warnings.extend(record.warnings.iter().cloned());
        // Not in the log: what is expected may change, and is looked at again whenever the log is.
        let breaches = health::breaches(&self.stream.expect, record);
        report.warnings.extend(breaches.iter().map(Breach::to_string));
        report.breaches.extend(breaches);
        if record.is_in_history() {
            let ratios = Ratios::of(&record.history);
            report.records_ratio = ratios.records;
            report.is_ratio_passed_over =
                !self.stream.expect.judges_records(health::is_sparse(record, &ratios));
            report.duration_ratio = ratios.duration;
        }
    }
}

fn combine(a: Counts, b: Counts, with: fn(u64, u64) -> u64) -> Counts {
    Counts {
        records: with(a.records, b.records),
        bytes: with(a.bytes, b.bytes),
        pages: with(a.pages, b.pages),
        requests: with(a.requests, b.requests),
        retries: with(a.retries, b.retries),
        api_errors: with(a.api_errors, b.api_errors),
    }
}
