//! A bench on which time passes with the requests that the API gets.

use std::sync::Arc;
use std::time::Duration;

use bronzegate_core::clock::{Clock as _, Deadline};
use bronzegate_core::report::RunReport;
use bronzegate_core::run::RunOptions;
use bronzegate_demo_api::{DemoApi, Options, Stream};

use crate::bench::{Bench, SCHEDULED, SEED, one_stream, request};
use crate::manual_clock::ManualClock;

/// A bench whose API and runs have one clock.
pub struct TimedBench {
    /// The bench.
    pub bench: Bench,
    /// The clock.
    pub clock: Arc<ManualClock>,
}

impl TimedBench {
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
