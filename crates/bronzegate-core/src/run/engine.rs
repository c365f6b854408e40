//! What the runs of one source share, and a stream that is ready to run.

use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

use super::in_flight::InFlight;
use super::rate_share::Pace;
use crate::clock::{Clock, Deadline};
use crate::config::{LEAST_SHARE, Source, Stream, is_rate_share};
use crate::error::{Error, ErrorKind, Result};
use crate::extract::{Fetcher, RequestedRanges, StreamContext, StreamPages, StreamState, shown_time};
use crate::http::proxy::Proxies;
use crate::http::{Authenticator, Client, Stats, WaitBudget};
use crate::redact::Scrubber;
use crate::secret::SecretStore;
use crate::signer::RequestSigner;

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
    /// The platform's identity, where the program has one.
    signer: Option<Arc<dyn RequestSigner>>,
    proxies: Proxies,
    pace: Arc<Pace>,
    /// Knows every secret that any stream has used.
    scrubber: Arc<Scrubber>,
    /// One for each way to authenticate, so that streams share their tokens.
    authenticators: Arc<Mutex<Vec<Arc<Authenticator>>>>,
}

/// One stream, ready to be run or probed.
#[derive(Debug)]
pub struct StreamRun {
    pub(crate) engine: Engine,
    pub(crate) stream: Arc<Stream>,
    pub(crate) client: Arc<Client>,
    /// The stream whose records this one's requests are repeated for.
    pub(super) parent: Option<Box<Self>>,
    pub(super) in_flight: InFlight,
}

impl Engine {
    /// An engine for one source; the streams that run on it share its rate limit.
    pub fn new(
        source: Arc<Source>,
        secrets: Arc<dyn SecretStore>,
        clock: Arc<dyn Clock>,
        environment: impl Into<String>,
    ) -> Self {
        let pace = Arc::new(Pace::whole(&source, clock.clone()));
        Self {
            source,
            secrets,
            clock,
            environment: environment.into(),
            signer: None,
            proxies: Proxies::default(),
            pace,
            scrubber: Arc::default(),
            authenticators: Arc::default(),
        }
    }

    /// Signs requests with the platform's identity, where a source file asks for that.
    #[must_use]
    pub fn with_signer(mut self, signer: Option<Arc<dyn RequestSigner>>) -> Self {
        self.signer = signer;
        self
    }

    /// Calls the API by proxies, where there are any.
    #[must_use]
    pub fn with_proxies(mut self, proxies: Proxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Keeps to a share of the source's and the streams' rate limits, so that another engine, which
    /// runs at the same time, has the rest. The clones of an engine, whatever their shares, have its
    /// credentials in common, and together keep to the whole rate.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] unless the share is one: see [`is_rate_share`].
    pub fn with_rate_share(mut self, share: f64) -> Result<Self> {
        if !is_rate_share(share) {
            let cause = format!("the rate share is {share}; it is from {LEAST_SHARE} to 1");
            return Err(Error::new(ErrorKind::Config, cause));
        }
        self.pace = self.pace.part(&self.source, share);
        Ok(self)
    }

    /// Makes a stream ready; nothing is read or sent yet.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] when the source has no such stream, or TLS cannot be set up.
    pub fn stream(&self, name: &str) -> Result<StreamRun> {
        self.counting(name, Arc::default())
    }

    /// As [`stream`](Self::stream); what the run and the reading of its parents count goes into `stats`.
    fn counting(&self, name: &str, stats: Arc<Stats>) -> Result<StreamRun> {
        let stream = self.source.named(name)?.clone();
        let limiter = self.pace.limiter(&stream);
        let parent = stream.parent.as_ref().map(|parent| self.counting(&parent.stream, stats.clone()));
        let (auth, clock) = (self.authenticator(&stream), self.clock.clone());
        self.proxies.secrets().for_each(|secret| self.scrubber.learn(secret));
        let client = Client::new(&self.source, &stream, auth, limiter, stats, (self.proxies.clone(), clock))?;
        Ok(StreamRun {
            engine: self.clone(),
            stream: Arc::new(stream),
            client: Arc::new(client),
            parent: parent.transpose()?.map(Box::new),
            in_flight: InFlight::default(),
        })
    }

    /// Whether another engine is of the same source file, and has the same share of its rate.
    pub(crate) fn is(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.pace, &other.pace)
    }

    fn authenticator(&self, stream: &Stream) -> Arc<Authenticator> {
        let mut known = self.authenticators.lock().expect("no holder of this lock panics");
        if let Some(same) = known.iter().find(|known| *known.auth() == stream.auth) {
            return same.clone();
        }
        let (auth, secrets, scrubber) = (stream.auth.clone(), self.secrets.clone(), self.scrubber.clone());
        // Streams that authenticate alike share a token, and with it what stands beside it.
        let alike = self.source.streams.iter().filter(|other| other.auth == auth);
        let mut beside = Vec::new();
        alike.flat_map(Stream::request_secrets).for_each(|secret| secret.put_into(&mut beside));
        let new =
            Authenticator::new(auth, beside, secrets, scrubber, self.signer.clone(), self.clock.clone());
        known.push(Arc::new(new));
        known[known.len() - 1].clone()
    }
}

impl StreamRun {
    /// What the run counts, readable while it goes on.
    pub fn stats(&self) -> Arc<Stats> {
        self.client.stats().clone()
    }

    /// What somebody should know of a share of a rate that the file does not state.
    pub fn share_warning(&self) -> Option<String> {
        let share = self.engine.pace.rate_share();
        let is_unknown = share < 1.0 && self.stream.rate_limit.requests_per_second.is_none();
        is_unknown.then(|| {
            format!(
                "no `requests_per_second` is stated: a rate share of {share} holds only where the API announces its quota"
            )
        })
    }

    /// What is said of a message that may quote an API: one line without secrets. Whatever leaves a run, for a
    /// report or a log, passes here.
    pub(crate) fn told(&self, message: &str) -> String {
        self.engine.scrubber.told(message)
    }

    /// An error as it leaves the stream's work.
    pub(crate) fn failed(&self, error: Error) -> Error {
        error.rewritten(|text| self.told(text)).in_stream(self.name())
    }

    /// The stream, as the source file has it.
    pub fn settings(&self) -> &Stream {
        &self.stream
    }

    /// `<source>/<stream>`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.engine.source.name, self.stream.name)
    }

    /// The pages of what is asked for, from a state on.
    pub(crate) fn walk(
        &self,
        asked: RequestedRanges,
        state: StreamState,
        deadline: Deadline,
        stop: CancellationToken,
    ) -> StreamPages {
        StreamPages::start(Arc::new(self.context(asked, deadline, stop)), state)
    }

    /// What the pages come from.
    pub(crate) fn context(
        &self,
        asked: RequestedRanges,
        deadline: Deadline,
        stop: CancellationToken,
    ) -> StreamContext {
        self.with_budget(asked, WaitBudget::new(self.engine.clock.clone(), deadline), stop)
    }

    /// The parents are read for as long as their children are, and whole: which of them are new says
    /// nothing about their children. What they are asked for follows from their own settings.
    fn with_budget(
        &self,
        asked: RequestedRanges,
        wait_budget: WaitBudget,
        stop: CancellationToken,
    ) -> StreamContext {
        let above = self.parent.as_ref().map(|parent| {
            Arc::new(parent.with_budget(RequestedRanges::default(), wait_budget.for_parents(), stop.clone()))
        });
        StreamContext {
            source: self.engine.source.clone(),
            stream: self.stream.clone(),
            fetcher: Arc::new(Fetcher::new(self.client.clone(), self.stream.clone(), wait_budget)),
            asked,
            parent: above,
            changed: None,
            token: None,
            run_time: shown_time(self.stream.incremental.as_ref(), self.engine.clock.now()),
            stop,
            seen: Arc::default(),
            columns: Arc::default(),
        }
    }
}
