//! What a trial reads: a stream of the demo API, the source file that reads it, and the events.

use std::time::Duration;

use bronzegate_core::plan::RunRequest;
use bronzegate_demo_api::{Options, Stream};
use serde_json::{Value, json};

use crate::bench::{SEED, one_stream};

/// The stream's name in every scene.
pub(super) const STREAM: &str = "items";

/// One stream and the events by which it is read.
#[derive(Clone)]
pub(super) struct Scene {
    /// The kind's name.
    pub(super) kind: &'static str,
    /// As the demo API serves it.
    pub(super) stream: Stream,
    /// As the source file describes it.
    pub(super) settings: String,
    /// How long the API takes for an answer.
    pub(super) latency: Duration,
    /// In order of time.
    pub(super) events: Vec<Event>,
    /// Whether an event brings also what was left of the event before it.
    pub(super) catches_up: bool,
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
    /// What the API has from now on, besides what it had.
    pub(super) arrives: Vec<String>,
    /// The API's own bytes of the records that this event brings.
    pub(super) brings: Vec<String>,
}

impl Event {
    /// The stream's run that is due at a time.
    pub(super) fn scheduled(at: &str, arrives: Vec<String>, brings: Vec<String>) -> Self {
        let due = RunRequest::Scheduled { at: Some(at.parse().expect("kinds write times")) };
        let line = format!("run demo/{STREAM} --at {at} --json");
        let json = json!({ "source": "demo", "stream": STREAM, "scheduled_time": at });
        Self { requests: vec![due], line, json: Some(json), arrives, brings }
    }
}

impl Scene {
    /// The whole source file, for the API's address.
    pub(super) fn source_file(&self, base_url: &str) -> String {
        const QUICK: &str = "retry: { max_attempts: 6, base: 1ms, max: 4ms }";
        format!("source: demo\nbase_url: {base_url}\n{QUICK}\n{}", one_stream(STREAM, &self.settings))
    }

    /// How the API is served; nothing goes wrong yet.
    pub(super) fn options(&self) -> Options {
        let streams = vec![self.stream.clone()];
        Options { seed: SEED, streams, latency: self.latency, ..Options::default() }
    }

    /// About how many parts the largest event makes, and how many requests to the API.
    pub(super) fn extent(&self) -> Extent {
        let largest = self.events.iter().map(|event| event.brings.len()).max().unwrap_or_default() as u64;
        let pages = largest / self.stream.page_size + 2;
        Extent { pages: pages + self.windows(), parts: (pages / 2).min(12) + 1 }
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
}
