//! One run of one stream: the straight line from a request to a report.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::bronze::{
    BronzeStore, CommitLog, CommitRecord, Created, Encoder, Layout, PageWriter, PartNaming, Parts, Receipt,
    SegmentStatus, duration_ratio, extend_history, records_ratio,
};
use crate::clock::{Clock, Deadline};
use crate::config::{Source, Stream};
use crate::error::{Error, ErrorKind, Result};
use crate::extract::{Ending, Fetcher, PageState, Pages, Paginator, Stop};
use crate::http::{Client, Limiter, Patience, Stats};
use crate::plan::{self, RunPlan, RunRequest, Segment};
use crate::report::{Counts, RunReport, Status};
use crate::secret::SecretStore;

/// What the runs of one source share.
#[derive(Clone, Debug)]
pub struct Engine {
    /// The source file.
    pub source: Arc<Source>,
    /// Where credentials come from.
    pub secrets: Arc<dyn SecretStore>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The value of `_environment`.
    pub environment: String,
    limiter: Arc<Limiter>,
    rate_share: f64,
}

/// One stream, ready to be run or probed.
#[derive(Debug)]
pub struct StreamRun {
    pub(crate) engine: Engine,
    pub(crate) stream: Arc<Stream>,
    pub(crate) client: Arc<Client>,
}

impl Engine {
    /// An engine for one source; the streams that run on it share its rate limit.
    pub fn new(
        source: Arc<Source>,
        secrets: Arc<dyn SecretStore>,
        clock: Arc<dyn Clock>,
        environment: impl Into<String>,
    ) -> Self {
        let limiter = Arc::new(Limiter::new(&source.rate_limit, clock.clone()));
        Self { source, secrets, clock, environment: environment.into(), limiter, rate_share: 1.0 }
    }

    /// The engine with only a part of the source's rate limit, above 0 and at most 1: for work that runs
    /// beside other work on the same source.
    #[must_use]
    pub fn with_rate_share(mut self, share: f64) -> Self {
        self.limiter = Arc::new(Limiter::new(&self.source.rate_limit.shared(share), self.clock.clone()));
        self.rate_share = share;
        self
    }

    /// Makes a stream ready; nothing is read or sent yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the source has no such stream, or TLS cannot be set up.
    pub fn stream(&self, name: &str) -> Result<StreamRun> {
        let stream = self.source.stream(name).cloned().ok_or_else(|| {
            let known: Vec<_> = self.source.streams.iter().map(|stream| stream.name.as_str()).collect();
            let cause = format!("{} has no stream `{name}`; it has: {}", self.source.name, known.join(", "));
            Error::new(ErrorKind::Config, cause)
        })?;
        let limiter = if stream.own_rate_limit {
            Arc::new(Limiter::new(&stream.rate_limit.shared(self.rate_share), self.clock.clone()))
        } else {
            self.limiter.clone()
        };
        let client = Client::new(&self.source, &stream, self.secrets.clone(), limiter, self.clock.clone())?;
        Ok(StreamRun { engine: self.clone(), stream: Arc::new(stream), client: Arc::new(client) })
    }
}

/// How things stood when a run began.
struct Began {
    elapsed: Duration,
    at: Timestamp,
    counts: Counts,
}

/// What one segment has staged.
struct Staged {
    parts: Vec<Receipt>,
    /// The state behind the last page, where the segment did not come to the end.
    resume: Option<PageState>,
    cursor_out: Option<String>,
    warnings: Vec<String>,
}

impl StreamRun {
    /// What the run counts, readable while it goes on.
    pub fn stats(&self) -> Arc<Stats> {
        self.client.stats().clone()
    }

    /// `<source>/<stream>`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.engine.source.name, self.stream.name)
    }

    /// Runs the stream until it is complete, its time is up, or a stop is asked for.
    pub async fn run(
        &self,
        store: Arc<dyn BronzeStore>,
        request: RunRequest,
        deadline: Deadline,
        stop: Stop,
    ) -> RunReport {
        let clock = &self.engine.clock;
        let began = Began { elapsed: clock.elapsed(), at: clock.now(), counts: self.stats().counts() };
        let mut report = RunReport::new(&self.engine.source.name, &self.stream.name);
        let ended = self.segment(store, request, deadline, stop, &began, &mut report).await;
        let counts = self.counts_since(&began);
        report.counts = Counts {
            requests: counts.requests,
            retries: counts.retries,
            api_errors: counts.api_errors,
            ..report.counts
        };
        report.duration_ms = clock.elapsed().saturating_sub(began.elapsed).as_millis() as u64;
        match ended {
            Ok(status) => report.status = status,
            Err(error) => report.error = Some((&error.in_stream(self.name())).into()),
        }
        report
    }

    /// Look, stage, commit, publish, report.
    async fn segment(
        &self,
        store: Arc<dyn BronzeStore>,
        request: RunRequest,
        deadline: Deadline,
        stop: Stop,
        began: &Began,
        report: &mut RunReport,
    ) -> Result<Status> {
        let layout = Layout::new(&self.engine.source.name, &self.stream.name);
        let log = CommitLog::new(store.clone(), layout.clone());
        let segment = match self.look(&log, request).await? {
            RunPlan::AlreadyCommitted(record) => return Ok(already_committed(&record, report)),
            RunPlan::Segment(segment) => *segment,
        };
        report.key = Some(segment.key.key.clone());
        report.batch_id = Some(segment.key.batch_id.clone());
        report.cursor_in = segment.state.as_ref().and_then(|state| state.position.shown());

        let naming = PartNaming { layout, key: segment.key.clone(), segment: segment.number };
        let parts = Parts::new(store, naming, &self.stream.output);
        let staged = self.stage(parts, &segment, deadline, stop).await?;

        let record = self.record(&segment, staged, began);
        if log.commit(&record).await? == Created::No {
            log.abort(&record.parts).await?;
            return self.lost(&log, &segment).await;
        }
        fill(report, &record, &segment);
        log.publish(&record).await?;
        log.update_head(&record).await;
        Ok(match record.status {
            SegmentStatus::Complete => Status::Complete,
            SegmentStatus::Partial => Status::Partial,
        })
    }

    /// Another run has committed the segment. What this one reports is what is committed, and
    /// visible by then, whatever became of the other.
    async fn lost(&self, log: &CommitLog, segment: &Segment) -> Result<Status> {
        let Some(winner) = log.newest_segment(&segment.key.key).await? else {
            return Ok(Status::AlreadyCommitted);
        };
        log.settle(&winner).await?;
        Ok(match winner.status {
            SegmentStatus::Complete => Status::AlreadyCommitted,
            SegmentStatus::Partial => Status::Partial,
        })
    }

    /// Reads the log, completes what a dead run left between commit and publishing, and plans.
    async fn look(&self, log: &CommitLog, request: RunRequest) -> Result<RunPlan> {
        log.sweep().await?;
        let newest = log.newest(request.kind()).await?;
        let key = plan::key(request, newest.as_ref(), self.engine.clock.now())?;
        let committed = log.newest_segment(&key.key).await?;
        for record in newest.iter().chain(&committed) {
            log.settle(record).await?;
        }
        plan::plan(key, committed, newest.as_ref())
    }

    /// Fetches the pages and stages their records.
    async fn stage(&self, parts: Parts, segment: &Segment, deadline: Deadline, stop: Stop) -> Result<Staged> {
        let batch_id = &segment.key.batch_id;
        let encoder = Encoder::new(&self.engine.source.name, &self.engine.environment, batch_id);
        let mut writer = PageWriter::new(parts, encoder, self.stats());
        let start = self.start(segment.state.clone());
        let pages_before = start.pages;
        let interrupted = stop.clone();
        let mut pages = self.pages(start, deadline, stop);
        let mut warnings = Vec::new();
        while let Some(page) = pages.next().await {
            let number = page.number;
            match writer.write(page).await {
                Ok(warning) => warnings.extend(warning),
                Err(error) => {
                    writer.abort().await;
                    return Err(Error::from(error).on_page(number));
                }
            }
        }
        let resume = match pages.ending().await {
            Ending::Complete(_) => None,
            Ending::Stopped(state) if state.pages > pages_before => Some(state),
            Ending::Stopped(_) => {
                writer.abort().await;
                return Err(nothing_came(interrupted.is_asked()));
            }
            Ending::Failed(error) => {
                writer.abort().await;
                return Err(error);
            }
        };
        let cursor_out = resume.as_ref().and_then(|state| state.position.shown());
        Ok(Staged { parts: writer.finish().await?, resume, cursor_out, warnings })
    }

    /// The state to begin with.
    pub(crate) fn start(&self, state: Option<PageState>) -> PageState {
        let pagination = &self.stream.pagination;
        state.unwrap_or_else(|| {
            PageState::first(Paginator::new(pagination, None).first(), pagination.carry.len())
        })
    }

    /// The pages from a state on.
    pub(crate) fn pages(&self, state: PageState, deadline: Deadline, stop: Stop) -> Pages {
        let fetcher = Arc::new(self.fetcher(deadline));
        Pages::start(self.engine.source.clone(), self.stream.clone(), fetcher, state, stop)
    }

    pub(crate) fn fetcher(&self, deadline: Deadline) -> Fetcher {
        let patience = Patience::new(self.engine.clock.clone(), deadline);
        Fetcher::new(self.client.clone(), self.stream.clone(), patience)
    }

    /// What this run counted: a stream may be run several times, and its counters go on.
    fn counts_since(&self, began: &Began) -> Counts {
        combine(self.stats().counts(), began.counts, u64::saturating_sub)
    }

    fn record(&self, segment: &Segment, staged: Staged, began: &Began) -> CommitRecord {
        let finished_at = self.engine.clock.now();
        let duration_ms = finished_at.duration_since(began.at).as_millis().try_into().unwrap_or(0);
        let counts =
            Counts { bytes: staged.parts.iter().map(|part| part.bytes).sum(), ..self.counts_since(began) };
        let status = if staged.resume.is_some() { SegmentStatus::Partial } else { SegmentStatus::Complete };
        let mut record = CommitRecord {
            format: CommitRecord::FORMAT,
            source: self.engine.source.name.clone(),
            stream: self.stream.name.clone(),
            key: segment.key.key.clone(),
            segment: segment.number,
            batch_id: segment.key.batch_id.clone(),
            scheduled_time: segment.key.scheduled,
            status,
            parts: staged.parts,
            window: None,
            cursor_in: segment.state.as_ref().and_then(|state| state.position.shown()),
            cursor_out: staged.cursor_out,
            page_state: staged
                .resume
                .map(|state| serde_json::to_value(state).expect("a state has text keys only")),
            counts,
            total_counts: combine(segment.counts_before, counts, u64::saturating_add),
            started_at: began.at,
            finished_at,
            duration_ms,
            total_duration_ms: segment.duration_before_ms + duration_ms,
            history: segment.history.clone(),
            error: None,
            warnings: staged.warnings,
            engine_version: env!("CARGO_PKG_VERSION").to_owned(),
            config_fingerprint: self.engine.source.fingerprint.clone(),
            environment: self.engine.environment.clone(),
        };
        if status == SegmentStatus::Complete {
            record.history = extend_history(&record.history, record.history_entry());
            record.warnings.extend(self.breach(record.total_counts.records));
        }
        record
    }

    /// What `expect` says about a complete run's records: health, not a gate.
    fn breach(&self, records: u64) -> Option<String> {
        let min = self.stream.expect.min_records?;
        (records < min)
            .then(|| format!("{records} records came, fewer than the {min} of `expect.min_records`"))
    }
}

fn nothing_came(interrupted: bool) -> Error {
    if interrupted {
        Error::new(ErrorKind::Interrupted, "interrupted before the first page; nothing was committed")
    } else {
        Error::new(ErrorKind::Api, "not even one page came within the deadline; nothing was committed")
    }
}

fn already_committed(record: &CommitRecord, report: &mut RunReport) -> Status {
    report.key = Some(record.key.clone());
    report.batch_id = Some(record.batch_id.clone());
    Status::AlreadyCommitted
}

fn fill(report: &mut RunReport, record: &CommitRecord, segment: &Segment) {
    report.counts = record.counts;
    report.parts = record.parts.iter().map(|part| part.path.clone()).collect();
    report.cursor_out.clone_from(&record.cursor_out);
    report.warnings.clone_from(&record.warnings);
    if record.status == SegmentStatus::Complete {
        report.records_ratio = records_ratio(record.total_counts.records, &segment.history);
        report.duration_ratio = duration_ratio(record.total_duration_ms, &segment.history);
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
