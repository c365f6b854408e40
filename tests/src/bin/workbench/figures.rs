//! Figures of a function's process: how soon it calls the API, how soon it answers, and the memory it takes.

use std::time::{Duration, Instant};

use bronzegate_demo_api::Running;
use bronzegate_tests::command_line::until;

/// The stream that every measured function reads.
pub(crate) const STREAM: &str = "items";
/// Processes that are measured; figures are their medians.
pub(crate) const ROUNDS: usize = 7;
/// What the source file says of the stream.
pub(crate) const SETTINGS: &str = "records: results
auth: { type: bearer, token: { secret: token } }
pagination: { type: cursor, next: { body: paging.next.after }, send: { query: after }, page_size: { query: limit, value: 100 } }";
/// Records of about 200 MB.
pub(crate) const MANY: u64 = 170_000;

/// Processes that answer one event each, from their start on.
#[derive(Debug)]
pub(crate) struct ColdStarts<'a> {
    api: &'a Running,
    began: Instant,
    ready: Vec<f64>,
    requests: Vec<f64>,
    answers: Vec<f64>,
    memory: Vec<f64>,
}

impl<'a> ColdStarts<'a> {
    /// Of functions that read from this API.
    pub(crate) fn of(api: &'a Running) -> Self {
        let began = now();
        Self { api, began, ready: vec![], requests: vec![], answers: vec![], memory: vec![] }
    }

    /// A process is started now.
    pub(crate) fn begin(&mut self) {
        self.began = now();
    }

    /// It takes invocations.
    pub(crate) fn is_ready(&mut self) {
        self.ready.push(milliseconds(self.began.elapsed()));
    }

    /// Awaits its answer.
    pub(crate) async fn answered(&mut self, answered: impl Future<Output = ()>) {
        let requests = || self.api.stats().stream(STREAM).requests;
        let before = requests();
        let first = async {
            until("the API is called", || requests() > before).await;
            self.began.elapsed()
        };
        let answered = async {
            answered.await;
            self.began.elapsed()
        };
        let (request, answer) = tokio::join!(first, answered);
        self.requests.push(milliseconds(request));
        self.answers.push(milliseconds(answer));
    }

    /// It has had so much memory resident, in bytes.
    pub(crate) fn took(&mut self, memory: u64) {
        self.memory.push(memory as f64);
    }

    /// The medians, as cells of a Markdown table: readiness where it was told, first request, answer, memory.
    pub(crate) fn cells(self) -> String {
        let times = [self.ready, self.requests, self.answers];
        let times = times.into_iter().filter(|times| !times.is_empty());
        let mut cells: Vec<_> = times.map(|times| format!("{:.0} ms", median(times))).collect();
        cells.push(mib(median(self.memory) as u64));
        cells.join(" | ")
    }
}

pub(crate) fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / 1024.0 / 1024.0)
}

fn milliseconds(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures the machine's own time")]
pub(crate) fn now() -> Instant {
    Instant::now()
}
