//! The answer of a run: one report a stream, the same on every platform.

use serde::{Deserialize, Serialize};

use crate::breach::Breach;
use crate::error::{Error, ErrorKind};

/// How a stream's run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Everything there was is committed.
    Complete,
    /// What came so far is committed; the same event again goes on from there.
    Partial,
    /// An earlier run had committed this key; nothing was written.
    AlreadyCommitted,
    /// Another event's run of the stream is in flight: this event has done nothing, and nothing is left of it to do.
    Skipped,
    /// Nothing of this segment is visible: it was not committed, or it was and could not be
    /// published yet, which the next run of the stream does.
    Failed,
}

impl Status {
    /// The status's name in reports and tables.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Complete => "complete",
            Self::Partial => "partial",
            Self::AlreadyCommitted => "already_committed",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
        }
    }
}

/// What a run counted on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Records written.
    pub records: u64,
    /// Bytes of the parts as stored, after compression.
    pub bytes: u64,
    /// Pages written.
    pub pages: u64,
    /// Requests sent to the API, retries, token requests and fetches ahead included.
    pub requests: u64,
    /// Requests that repeated an earlier one.
    pub retries: u64,
    /// Responses and faults that were not a usable page: 4xx, 5xx, cut bodies, lost connections.
    pub api_errors: u64,
}

/// An error as a report tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The outcome a caller acts on.
    pub kind: ErrorKind,
    /// What somebody reads.
    pub message: String,
    /// Whether it is known that the same may go well in a while.
    #[serde(skip)]
    pub is_transient: bool,
    /// Whether the API has sent the caller away for longer than the run had.
    #[serde(skip)]
    pub is_quota: bool,
}

/// What a failure is called that may pass whatever its kind: a vault or a folder of source files that is not available now.
const TRANSIENT: &str = "transient";
/// The names of failures, from those that no other try can help to those that most likely pass.
const MORE_RETRYABLE: [&str; 7] = ["config", "auth", "data", "interrupted", "store", "api", TRANSIENT];

impl Failure {
    /// What a trigger turns on: the kind's name, or `transient`.
    pub fn retry_name(&self) -> &'static str {
        if self.is_transient { TRANSIENT } else { self.kind.as_str() }
    }

    /// Whether another try at the same may help.
    pub fn may_pass(&self) -> bool {
        self.is_transient || matches!(self.kind, ErrorKind::Api | ErrorKind::Store | ErrorKind::Interrupted)
    }
}

/// The failure that most likely passes. Another try runs all of an event's streams: it is worth it where it may help one.
pub fn most_retryable<'a>(reports: impl IntoIterator<Item = &'a RunReport>) -> Option<&'a Failure> {
    let rank = |failure: &&Failure| MORE_RETRYABLE.iter().position(|name| *name == failure.retry_name());
    reports.into_iter().filter_map(|report| report.error.as_ref()).max_by_key(rank)
}

impl From<&Error> for Failure {
    fn from(error: &Error) -> Self {
        Self {
            kind: error.kind(),
            message: error.to_string(),
            is_transient: error.is_transient(),
            is_quota: error.is_quota(),
        }
    }
}

/// What a table has of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TableReport {
    /// The table's name.
    pub name: String,
    /// The version that has the rows of the last segment, where the table tells one.
    pub version: Option<i64>,
    /// The run's rows in it.
    pub rows: u64,
}

/// The report of one stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunReport {
    /// The source's name.
    pub source: String,
    /// The stream's name.
    pub stream: String,
    /// How it ended.
    pub status: Status,
    /// What makes two runs the same run, for example `at-20261122T170000Z`.
    pub key: Option<String>,
    /// The value of `_batch_id` in the records.
    pub batch_id: Option<String>,
    /// What was counted.
    #[serde(flatten)]
    pub counts: Counts,
    /// Wall-clock time of this segment in milliseconds.
    pub duration_ms: u64,
    /// Paths of the parts under the target.
    pub parts: Vec<String>,
    /// What its table has of it, where its records are rows of one. Paths of its parts are those under the root of the
    /// tables then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub table: Option<TableReport>,
    /// Where this segment began.
    pub cursor_in: Option<String>,
    /// Where this segment ended.
    pub cursor_out: Option<String>,
    /// Records against the mean of the last complete runs.
    pub records_ratio: Option<f64>,
    /// The default threshold skips this ratio, because the stream brought too little before to say what is
    /// usual: then it is no metric, so that alarms skip it too.
    #[serde(skip)]
    pub is_ratio_passed_over: bool,
    /// Duration against the mean of the last complete runs.
    pub duration_ratio: Option<f64>,
    /// What somebody should know although the run went on.
    pub warnings: Vec<String>,
    /// The thresholds that it breached; each is told in a warning too.
    #[serde(skip)]
    pub breaches: Vec<Breach>,
    /// Why it failed.
    pub error: Option<Failure>,
}

impl RunReport {
    /// A report of nothing yet, which the run fills in.
    pub fn new(source: &str, stream: &str) -> Self {
        Self {
            source: source.to_owned(),
            stream: stream.to_owned(),
            status: Status::Failed,
            key: None,
            batch_id: None,
            counts: Counts::default(),
            duration_ms: 0,
            parts: Vec::new(),
            table: None,
            cursor_in: None,
            cursor_out: None,
            records_ratio: None,
            is_ratio_passed_over: false,
            duration_ratio: None,
            warnings: Vec::new(),
            breaches: Vec::new(),
            error: None,
        }
    }

    /// The exit code of this stream alone.
    pub fn exit_code(&self) -> u8 {
        match (self.status, &self.error) {
            (Status::Complete | Status::AlreadyCommitted, _) => 0,
            (Status::Partial | Status::Skipped, _) => PARTIAL,
            (Status::Failed, error) => error.as_ref().map_or(ErrorKind::Api, |error| error.kind).exit_code(),
        }
    }
}

/// Logs that a run ended, and what it counted. What it warns of and why it failed is told elsewhere.
pub fn log_end(report: &RunReport) {
    let RunReport { source, stream, key, batch_id, counts, duration_ms, .. } = report;
    let Counts { records, bytes, pages, requests, retries, api_errors } = counts;
    tracing::info!(
        source,
        stream,
        status = report.status.as_str(),
        key,
        batch_id,
        records,
        bytes,
        pages,
        requests,
        retries,
        api_errors,
        duration_ms,
        "run ended"
    );
}

/// Logs how a run ended where the log is all that people see: why it failed and what it warns of have
/// lines of their own.
pub fn log(report: &RunReport) {
    log_end(report);
    let RunReport { source, stream, key, batch_id, error, .. } = report;
    if let Some(error) = error {
        let (kind, error) = (error.kind.as_str(), &error.message);
        tracing::error!(source, stream, key, batch_id, kind, error, "run failed");
    }
    for warning in &report.warnings {
        tracing::warn!(source, stream, key, batch_id, warning, "run warns");
    }
}

/// The exit code of a run that is to be run again.
const PARTIAL: u8 = 3;

/// The exit code of several streams: the first that failed in the given order, else 3 when one
/// is partial or was skipped, else 0. An interrupted stream counts as failed only where none left anything to
/// resume from.
pub fn exit_code(reports: &[RunReport]) -> u8 {
    let is_interrupted =
        |report: &&RunReport| report.error.as_ref().is_some_and(|error| error.kind == ErrorKind::Interrupted);
    let failed = || reports.iter().filter(|report| report.status == Status::Failed);
    failed()
        .find(|report| !is_interrupted(report))
        .or_else(|| reports.iter().find(|report| report.exit_code() == PARTIAL))
        .or_else(|| failed().next())
        .map_or(0, RunReport::exit_code)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(status: Status, kind: Option<ErrorKind>) -> RunReport {
        let error =
            kind.map(|kind| Failure { kind, message: String::new(), is_transient: false, is_quota: false });
        RunReport { status, error, ..RunReport::new("s", "t") }
    }

    #[test]
    fn the_first_failure_decides_the_exit_code_then_partial() {
        let complete = report(Status::Complete, None);
        let partial = report(Status::Partial, None);
        let data = report(Status::Failed, Some(ErrorKind::Data));
        let auth = report(Status::Failed, Some(ErrorKind::Auth));
        assert_eq!(exit_code(&[complete.clone(), report(Status::AlreadyCommitted, None)]), 0);
        assert_eq!(exit_code(&[complete.clone(), partial.clone()]), 3);
        let interrupted = report(Status::Failed, Some(ErrorKind::Interrupted));
        assert_eq!(exit_code(&[interrupted.clone(), complete.clone()]), 130);
        assert_eq!(exit_code(&[interrupted.clone(), partial.clone()]), 3);
        assert_eq!(exit_code(&[interrupted, partial.clone(), auth.clone()]), 4);
        assert_eq!(exit_code(&[partial, complete, data, auth]), 6);
    }
}
