//! A run: segment after segment until nothing is due, its time is up, or a stop is asked for.

use std::sync::Arc;

use futures::FutureExt as _;
use jiff::{Timestamp, Unit};

use super::engine::StreamRun;
use super::in_flight::{self, Note};
use super::options::RunOptions;
use super::segment::Ended;
use crate::bronze::{BronzeStore, CommitLog, LastError, Layout, Publisher, RunKind, SegmentStatus, Stores};
use crate::clock::Deadline;
use crate::error::{Error, ErrorKind, Result};
use crate::http::WaitBudget;
use crate::plan::{self, RunRequest};
use crate::report::{Counts, RunReport, Status};
use crate::unfinished::Unfinished;
use tokio_util::sync::CancellationToken;

impl StreamRun {
    /// Runs the stream until it is complete, its time is up, or a stop is asked for.
    ///
    /// On a stream with a cursor it goes on until everything is committed that was due at its scheduled
    /// time: it may finish a run that was cut, and commits each window on its own. Its report is that of
    /// all of them; the key is the last one's. It is `partial` while something is left.
    pub async fn run(
        &self,
        stores: impl Into<Stores>,
        request: RunRequest,
        options: RunOptions,
    ) -> RunReport {
        let deadline = options.deadline;
        let stores = stores.into();
        let began = self.began();
        self.stats().begin(self.is_one_list());
        let mut report = RunReport::new(&self.engine.source.name, &self.stream.name);
        let ended = match self.timed(request) {
            Ok(timed) => self.alone(stores.clone(), (request, timed), options, &mut report).boxed().await,
            Err(error) => Err(error),
        };
        self.settled(deadline).await;
        let counts = self.counts_since(&began);
        report.counts = Counts {
            requests: counts.requests,
            retries: counts.retries,
            api_errors: counts.api_errors,
            ..report.counts
        };
        report.duration_ms = self.engine.clock.elapsed().saturating_sub(began.elapsed).as_millis() as u64;
        match ended {
            Ok(status) => report.status = status,
            Err(error) => {
                report.error = Some((&self.failed(error)).into());
                self.note_failure(stores.log, &report).await;
            }
        }
        report
    }

    /// The report of a stream whose turn never came: the same event or command again begins with it.
    pub fn not_begun(&self) -> RunReport {
        let (source, stream) = (&self.engine.source.name, &self.stream.name);
        let warnings = vec![NOT_BEGUN.to_owned()];
        RunReport { status: Status::Partial, warnings, ..RunReport::new(source, stream) }
    }

    /// Whether the run reads one list: not one for each partition, parent or window.
    fn is_one_list(&self) -> bool {
        let stream = &self.stream;
        let has_windows = stream.incremental.as_ref().is_some_and(|incremental| incremental.window.is_some());
        stream.parent.is_none() && stream.partitions.count() <= 1 && !has_windows
    }

    /// Notes beside the log, which knows of no run that failed, why this one did. It changes nothing of how
    /// the run ends. A store that has just failed is not asked again.
    ///
    /// A command that was refused is no run of the stream: it has not begun one, or not asked the API anything
    /// because this machine lacks the secrets that the stream's own place has.
    async fn note_failure(&self, store: Arc<dyn BronzeStore>, report: &RunReport) {
        let noted = |kind| !matches!(kind, ErrorKind::Interrupted | ErrorKind::Store | ErrorKind::Config);
        let has_begun = report.key.is_some();
        let Some(failure) = report.error.clone().filter(|error| has_begun && noted(error.kind)) else {
            return;
        };
        let is_own = self.engine.secrets.is_of_this_machine() && store.is_shared();
        if is_own && failure.kind == ErrorKind::Auth && report.counts.requests == 0 {
            return;
        }
        let (key, batch_id) = (report.key.clone(), report.batch_id.clone());
        let noted = LastError { at: self.engine.clock.now(), failure, key, batch_id };
        let layout = Layout::new(&self.engine.source.name, &self.stream.name);
        CommitLog::new(store, layout).note_error(&noted).await;
    }

    /// Waits, as long as there is time, until no token is being fetched any more for a request that was
    /// dropped: its records must be saved before the process ends.
    pub(crate) async fn settled(&self, deadline: Deadline) {
        // Nothing is left to commit: all of the time may be used.
        let wait_budget = WaitBudget::new(self.engine.clock.clone(), deadline);
        tokio::select! {
            biased;
            () = self.client.auth().settled() => {}
            () = wait_budget.time_up() => {}
        }
    }

    /// A run by hand has one time, however many segments it writes.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the time is still to come.
    fn timed(&self, request: RunRequest) -> Result<RunRequest> {
        let now = self.engine.clock.now();
        let timed = |at: Option<Timestamp>| -> Result<Option<Timestamp>> {
            match at {
                Some(at) => plan::come(at, now).map(|()| Some(at)),
                // Without a cursor it may continue with the newest run, whose time is its own.
                None if self.stream.incremental.is_none() => Ok(None),
                None => Ok(Some(now.round(Unit::Second).unwrap_or(now))),
            }
        };
        Ok(match request {
            RunRequest::Scheduled { at } => RunRequest::Scheduled { at: timed(at)? },
            RunRequest::Restart { at } => RunRequest::Restart { at: timed(at)? },
            RunRequest::Window { .. } => request,
        })
    }

    /// Runs unless another event's run is in flight, and notes for others that this one is. The windows of a backfill
    /// are nobody's turn.
    async fn alone(
        &self,
        stores: Stores,
        (request, timed): (RunRequest, RunRequest),
        options: RunOptions,
        report: &mut RunReport,
    ) -> Result<Status> {
        let layout = Layout::new(&self.engine.source.name, &self.stream.name);
        let publisher = Publisher::of(stores, layout, &self.stream.output)?;
        let at = match request {
            RunRequest::Scheduled { at } | RunRequest::Restart { at } => at,
            RunRequest::Window { .. } => {
                return Box::pin(self.segments(&publisher, timed, options, report)).await;
            }
        };
        let log = publisher.log();
        let other = if options.beside { None } else { log.running_beside_hint().await };
        // A restart takes the newest run over, whatever its time is.
        let own = if matches!(request, RunRequest::Restart { .. }) { None } else { at };
        if let Some(other) = other.filter(|other| other.keeps_away(own, self.engine.clock.now())) {
            report.warnings.push(self.told(&in_flight::told(&other)));
            return Ok(Status::Skipped);
        }
        let mut note = Note::new(self, log.clone(), at);
        let ended = note.during(Box::pin(self.segments(&publisher, timed, options, report))).await;
        note.ended(matches!(ended, Ok(Status::Partial))).await;
        report.warnings.extend(note.warning.map(|warning| self.told(&warning)));
        ended
    }

    async fn segments(
        &self,
        publisher: &Publisher,
        mut request: RunRequest,
        RunOptions { deadline, stop, is_late, .. }: RunOptions,
        report: &mut RunReport,
    ) -> Result<Status> {
        let several = self.stream.incremental.is_some() && !matches!(request, RunRequest::Window { .. });
        let mut committed = false;
        // The vault answers while the log is read.
        let _reads_ahead = self.client.auth().read_ahead();
        loop {
            let segment = self.segment(publisher, request, deadline, stop.clone(), report);
            let ended = match segment.boxed().await {
                Ok(ended) => ended,
                Err(Unfinished::Failed(error)) => return Err(error),
                // The stream's job goes on, and is committed already.
                Err(Unfinished::Waiting) => return Ok(Status::Partial),
                Err(_) if committed => return Ok(Status::Partial),
                Err(_) => return self.nothing_came(is_late, stop.is_cancelled(), report),
            };
            request = request.going_on();
            let is_time_up = self.is_time_up(deadline, &stop);
            match ended {
                Ended::AlreadyCommitted if committed => return Ok(Status::Complete),
                // The other run may have been scheduled earlier: something may still be due.
                Ended::Lost(SegmentStatus::Complete) if several => {
                    if is_time_up {
                        let now = self.engine.clock.now();
                        let newest = publisher.log().newest(RunKind::Sequence, now).await?;
                        if self.is_more_due(newest.as_ref(), request)? {
                            return Ok(Status::Partial);
                        }
                    }
                }
                Ended::AlreadyCommitted | Ended::Lost(SegmentStatus::Complete) => {
                    return Ok(Status::AlreadyCommitted);
                }
                Ended::Committed(record) if record.status == SegmentStatus::Complete => {
                    if !self.is_more_due(Some(&record), request)? {
                        return Ok(Status::Complete);
                    }
                    committed = true;
                    if is_time_up {
                        return Ok(Status::Partial);
                    }
                }
                Ended::Part if !is_time_up => committed = true,
                Ended::Part | Ended::Committed(_) | Ended::Lost(SegmentStatus::Partial) => {
                    return Ok(Status::Partial);
                }
            }
        }
    }

    /// What becomes of a run that has read nothing: not even one page came before its time was up.
    fn nothing_came(&self, is_late: bool, is_cancelled: bool, report: &mut RunReport) -> Result<Status> {
        // Nothing has failed: the same event again has its turn.
        let told = if is_late {
            LATE
        } else if self.stats().is_held_back() && !is_cancelled {
            HELD_BACK
        } else {
            return Err(nothing_came(is_cancelled).quota(self.stats().is_sent_away()));
        };
        report.warnings.push(told.to_owned());
        Ok(Status::Partial)
    }

    /// Whether the time for further segments is up: unlike the first, they are not owed a page.
    fn is_time_up(&self, deadline: Deadline, stop: &CancellationToken) -> bool {
        let wait_budget = WaitBudget::new(self.engine.clock.clone(), deadline);
        wait_budget.page_arrived();
        stop.is_cancelled() || wait_budget.left().is_some_and(|left| left.is_zero())
    }
}

/// What is said of a run that has read nothing because of its own pace.
const HELD_BACK: &str = "no request had its turn under the rate limit in the time that was given";

/// What is said of a run that came to its turn late and has read nothing.
const LATE: &str = "no page came in the time that the streams before this one left";
/// What is said of a run whose turn never came.
const NOT_BEGUN: &str = "not begun: the time was up, or a stop was asked for, before its turn";

fn nothing_came(interrupted: bool) -> Error {
    if interrupted {
        Error::new(ErrorKind::Interrupted, "interrupted before the first page; nothing was committed")
    } else {
        Error::new(ErrorKind::Api, "not even one page came within the deadline; nothing was committed")
    }
}
