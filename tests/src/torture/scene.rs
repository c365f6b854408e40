//! What a trial reads: streams of the demo API, the source file that reads them, and the events.

use std::time::Duration;

use bronzegate_core::run::RunRequest;
use bronzegate_demo_api::{Fault, Options, Stream};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::bench::SEED;

/// The name in every scene of the stream that is read.
pub(super) const STREAM: &str = "items";

/// One stream and the events by which it is read.
#[derive(Clone)]
pub(super) struct Scene {
    /// The kind's name.
    pub(super) kind: &'static str,
    /// As the demo API serves it: a stream, or one for each branch and its parents'.
    pub(super) streams: Vec<Stream>,
    /// `streams` of the source file, and what else it says.
    pub(super) settings: String,
    /// What stands at [`OUTPUT`] in them.
    pub(super) output: Output,
    /// Whether the pages of a run have one order.
    pub(super) is_ordered: bool,
    /// Whether its pages are results of export jobs.
    pub(super) has_jobs: bool,
    /// About how many requests an event takes beside the pages of its records.
    pub(super) besides: u64,
    /// How long the API takes for an answer.
    pub(super) latency: Duration,
    /// In order of time.
    pub(super) events: Vec<Event>,
    /// Whether an event brings also what was left of the event before it.
    pub(super) catches_up: bool,
    /// Whether its records of the event before it may be there already.
    pub(super) repeats: bool,
    /// What misleads a reader of such pages; an act may have one of them.
    pub(super) slips: Vec<Fault>,
    /// Whether acts have notes of runs in flight.
    pub(super) has_notes: bool,
}

/// Where the records of a scene go.
#[derive(Clone, Debug)]
pub(super) struct Output {
    /// As files: so the uncut run writes them in any case.
    pub(super) files: String,
    /// As rows of a table, where the trial is about one.
    pub(super) table: Option<String>,
}

/// One event, in the words of every door.
#[derive(Clone, Debug)]
pub(super) struct Event {
    /// For the engine; several are run at the same time.
    pub(super) requests: Vec<RunRequest>,
    /// For the command line, without a deadline.
    pub(super) line: String,
    /// For the handler; `None` where it takes several invocations.
    pub(super) json: Option<Value>,
    /// What streams of the API have from now on, besides what they had.
    pub(super) arrives: Vec<(String, Vec<String>)>,
    /// The API's own bytes of the records that this event brings.
    pub(super) brings: Vec<String>,
    /// The stream's partitions from now on, in place of [`PARTITIONS`] in the source file.
    pub(super) partitions: String,
    /// Streams of the API that are not there until the next event.
    pub(super) absent: Vec<String>,
    /// The time that the API's clock shows until the next event, where it shows what it has by then alone.
    pub(super) now: Option<Timestamp>,
}

/// Stands in the source file where partitions change from event to event.
pub(super) const PARTITIONS: &str = "{ partitions: of-the-event }";

/// Stands in the source file for the stream's output.
pub(super) const OUTPUT: &str = "{ output: of-the-scene }";

impl Event {
    /// The stream's run that is due at a time.
    pub(super) fn scheduled(at: &str, arrives: Vec<(String, Vec<String>)>, brings: Vec<String>) -> Self {
        let due = RunRequest::Scheduled { at: Some(at.parse().expect("kinds write times")) };
        let line = format!("run demo/{STREAM} --at {at} --json");
        let json = json!({ "source": "demo", "stream": STREAM, "scheduled_time": at });
        let (partitions, absent) = (String::new(), Vec::new());
        Self { requests: vec![due], line, json: Some(json), arrives, brings, partitions, absent, now: None }
    }

    /// The API's clock shows this from now on.
    pub(super) fn on_a_clock_at(mut self, now: Timestamp) -> Self {
        self.now = Some(now);
        self
    }
}

impl Output {
    /// What the trial writes.
    pub(super) fn tried(&self) -> &str {
        self.table.as_ref().unwrap_or(&self.files)
    }
}

impl Scene {
    /// The whole source file at an event, for the API's address.
    pub(super) fn source_file(&self, base_url: &str, nth: usize, output: &str) -> String {
        const QUICK: &str = "retry: { max_attempts: 6, base: 1ms, max: 4ms }";
        let settings = self.settings.replace(PARTITIONS, &self.events[nth].partitions);
        let settings = settings.replace(OUTPUT, output);
        format!("source: demo\nbase_url: {base_url}\n{QUICK}\n{settings}")
    }

    /// How the API is served; nothing goes wrong yet.
    pub(super) fn options(&self) -> Options {
        let streams = self.streams.clone();
        Options { seed: SEED, streams, latency: self.latency, ..Options::default() }
    }

    /// About how many parts the largest event makes, and how many requests to the API.
    pub(super) fn extent(&self) -> Extent {
        let largest = self.events.iter().map(|event| event.brings.len()).max().unwrap_or_default() as u64;
        let pages = largest / self.page_size() + 2;
        Extent {
            pages: pages + self.windows() + self.besides,
            parts: (pages / 2).min(12) + 1,
            has_jobs: self.has_jobs,
            has_table: self.output.table.is_some(),
        }
    }

    /// Records a page of the stream that is read.
    pub(super) fn page_size(&self) -> u64 {
        self.streams.last().map_or(1, |stream| stream.page_size)
    }

    fn windows(&self) -> u64 {
        self.events.iter().map(|event| event.requests.len() as u64).max().unwrap_or_default()
    }
}

/// The size of a run, as far as it is known before.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extent {
    pub(super) pages: u64,
    pub(super) parts: u64,
    pub(super) has_jobs: bool,
    pub(super) has_table: bool,
}
