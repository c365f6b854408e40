//! A clock that only the test moves.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bronzegate_core::clock::{Clock, Deadline};
use bronzegate_core::report::RunReport;
use bronzegate_core::run::RunOptions;
use bronzegate_demo_api::{DemoApi, Options, Stream};
use jiff::Timestamp;
use tokio::sync::watch;

use crate::bench::{Bench, SCHEDULED, SEED, one_stream, request};

/// A clock that stands still until the test moves it on; a sleep waits for that.
///
/// The core's `TestClock` moves on with every sleep, also with one that a race would have lost. Where a run
/// waits for the first of two, time must pass because the test says so.
#[derive(Debug)]
pub struct ManualClock {
    start: Timestamp,
    passed: watch::Sender<Duration>,
}

impl ManualClock {
    /// Makes a clock that stands at the bench's scheduled time.
    ///
    /// # Panics
    /// Never: the scheduled time is a time.
    pub fn new() -> Arc<Self> {
        let start = SCHEDULED.parse().expect("a time");
        Arc::new(Self { start, passed: watch::Sender::new(Duration::ZERO) })
    }

    /// Moves the clock on.
    pub fn advance(&self, time: Duration) {
        self.passed.send_modify(|passed| *passed += time);
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        self.start + self.elapsed()
    }

    fn elapsed(&self) -> Duration {
        *self.passed.borrow()
    }

    async fn sleep(&self, time: Duration) {
        let until = self.elapsed() + time;
        // The sender lives as long as the clock.
        let _ = self.passed.subscribe().wait_for(|passed| *passed >= until).await;
    }
}

/// A bench whose API and runs have one clock.
pub struct Timed {
    /// The bench.
    pub bench: Bench,
    /// The clock.
    pub clock: Arc<ManualClock>,
}

impl Timed {
    /// Serves a stream and reads it with these lines of its settings. Each request that the API gets takes so
    /// much of the clock's time, which has passed before the answer comes.
    ///
    /// # Panics
    /// When the API cannot be started or the source file has problems.
    pub async fn new(stream: Stream, settings: &str, each: Duration) -> Self {
        let options = Options { seed: SEED, streams: vec![stream.clone()], ..Options::default() };
        let clock = ManualClock::new();
        let served = clock.clone();
        // The API looks at its clock once for each request of a list, and twice for a token.
        let wall = move || {
            served.advance(each);
            Duration::from_micros(served.now().as_microsecond().unsigned_abs())
        };
        let api = DemoApi::start_on(options, Arc::new(wall)).await.expect("the demo API starts");
        let yaml = one_stream(&stream.name, settings).replace("BASE", &api.base_url());
        let text = format!("source: demo\nbase_url: {}\n{yaml}\n", api.base_url());
        Self { bench: Bench::over(api, "demo", text), clock }
    }

    /// Runs a stream that has only so much of the clock's time.
    pub async fn run_within(&self, name: &str, time: Duration) -> RunReport {
        let deadline = Deadline::within(&*self.clock, time);
        let run = self.bench.stream_with(name, self.clock.clone());
        run.run(self.bench.store(), request(SCHEDULED), RunOptions::until(deadline)).await
    }
}
