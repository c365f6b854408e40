//! Runs that do not pile up: an event that comes while another's run of the stream is in flight is skipped.

use std::sync::Mutex;
use std::time::Duration;

use jiff::Timestamp;

use super::engine::StreamRun;
use crate::bronze::{CommitLog, NOTED_AFTER, PAUSE, Running};
use crate::clock::later;

/// How often it is noted again.
const EVERY: Duration = Duration::from_mins(1);
/// How long each note holds: that of a run that is killed is over then.
const HOLDS: Duration = Duration::from_mins(3);

/// What a run in flight is known by.
#[derive(Debug, Default)]
pub(super) struct InFlight(Mutex<Option<String>>);

impl InFlight {
    /// The run has a key.
    pub(super) fn is(&self, key: Option<&str>) {
        *self.0.lock().expect("no holder of this lock panics") = key.map(str::to_owned);
    }

    fn key(&self) -> Option<String> {
        self.0.lock().expect("no holder of this lock panics").clone()
    }
}

/// The note of one run.
pub(super) struct Note<'a> {
    run: &'a StreamRun,
    log: CommitLog,
    running: Running,
    is_written: bool,
    /// Why it could not be written: told once.
    pub(super) warning: Option<String>,
}

impl<'a> Note<'a> {
    /// Of a run that begins now, of an event that was scheduled for `at`. Nothing is written yet.
    pub(super) fn new(run: &'a StreamRun, log: CommitLog, at: Option<Timestamp>) -> Self {
        run.in_flight.is(None);
        let now = run.engine.clock.now();
        let running = Running::new(at, format!("process {}", std::process::id()), now, now);
        Self { run, log, running, is_written: false, warning: None }
    }

    /// Does the work, and notes meanwhile that it is under way. It is dropped with the work, so that no note outlives
    /// its process for long.
    pub(super) async fn during<T>(&mut self, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        let clock = self.run.engine.clock.clone();
        let mut wait = NOTED_AFTER;
        loop {
            tokio::select! {
                biased;
                ended = &mut work => return ended,
                () = clock.beside(wait) => {}
            }
            let mut write = std::pin::pin!(self.write(HOLDS));
            let ended = tokio::select! {
                biased;
                ended = &mut work => Some(ended),
                () = &mut write => None,
            };
            if let Some(ended) = ended {
                // What is on its way must not come after what is written at the end.
                write.await;
                return ended;
            }
            wait = EVERY;
        }
    }

    /// The work is over: the next event has its turn, unless the same one is to go on.
    pub(super) async fn ended(&mut self, is_partial: bool) {
        // Whoever runs a stream by hand and continues with it has no time to name.
        let goes_on = is_partial && self.running.at.is_some();
        if self.is_written || goes_on {
            self.write(if goes_on { PAUSE } else { Duration::ZERO }).await;
        }
    }

    async fn write(&mut self, holds: Duration) {
        self.is_written = true;
        self.running.key = self.run.in_flight.key();
        self.running.until = later(self.run.engine.clock.now(), holds);
        self.running.paused = holds == PAUSE;
        if let Err(error) = self.log.note_running(&self.running).await
            && self.warning.is_none()
        {
            self.warning = Some(format!(
                "that the run is in flight could not be noted ({error}): an event that comes meanwhile runs beside it"
            ));
        }
    }
}

/// What is said of an event that is skipped.
pub(super) fn told(other: &Running) -> String {
    let Running { at, key, holder, began, until, .. } = other;
    let due = at.map_or_else(|| "a run by hand".to_owned(), |at| format!("the run that was due at {at}"));
    let key = key.as_ref().map(|key| format!(", {key}")).unwrap_or_default();
    format!(
        "skipped: {due}{key} is in flight since {began} ({holder}); if nothing more is heard of it, this is over at {until}"
    )
}
