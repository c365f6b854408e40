//! What the runs of one source share, and a stream that is ready to run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::clock::{Clock, Deadline};
use crate::config::{Source, Stream};
use crate::error::{Error, ErrorKind, Result};
use crate::extract::{Asked, Fetcher, PageState, Pages, Paginator, Stop};
use crate::http::{Authenticator, Client, Limiter, Patience, Stats};
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
    /// Those of streams with a pace of their own, so that all their runs share it.
    own_limiters: Arc<Mutex<BTreeMap<String, Arc<Limiter>>>>,
    /// One for each way to authenticate, so that streams share their tokens.
    authenticators: Arc<Mutex<Vec<Arc<Authenticator>>>>,
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
        let limiter = Arc::new(Limiter::new(&source.rate_limit, 1.0, clock.clone()));
        Self {
            source,
            secrets,
            clock,
            environment: environment.into(),
            limiter,
            own_limiters: Arc::default(),
            authenticators: Arc::default(),
            rate_share: 1.0,
        }
    }

    /// Keeps to a share of the source's and the streams' rate limits, so that another engine, which
    /// runs at the same time, has the rest.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] unless the share is above 0 and at most 1.
    pub fn with_rate_share(mut self, share: f64) -> Result<Self> {
        if !(share > 0.0 && share <= 1.0) {
            let cause = format!("the rate share is {share}; it is above 0 and at most 1");
            return Err(Error::new(ErrorKind::Config, cause));
        }
        self.rate_share = share;
        self.limiter = Arc::new(Limiter::new(&self.source.rate_limit, share, self.clock.clone()));
        self.own_limiters = Arc::default();
        Ok(self)
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
            let mut own = self.own_limiters.lock().expect("no holder of this lock panics");
            let new = || Arc::new(Limiter::new(&stream.rate_limit, self.rate_share, self.clock.clone()));
            own.entry(stream.name.clone()).or_insert_with(new).clone()
        } else {
            self.limiter.clone()
        };
        let auth = self.authenticator(&stream);
        let client = Client::new(&self.source, &stream, auth, limiter, self.clock.clone())?;
        Ok(StreamRun { engine: self.clone(), stream: Arc::new(stream), client: Arc::new(client) })
    }

    fn authenticator(&self, stream: &Stream) -> Arc<Authenticator> {
        let mut known = self.authenticators.lock().expect("no holder of this lock panics");
        if let Some(same) = known.iter().find(|known| *known.auth() == stream.auth) {
            return same.clone();
        }
        let new = Authenticator::new(stream.auth.clone(), self.secrets.clone(), self.clock.clone());
        known.push(Arc::new(new));
        known[known.len() - 1].clone()
    }
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

    /// The state to begin with.
    pub(crate) fn start(&self, state: Option<PageState>) -> PageState {
        let pagination = &self.stream.pagination;
        state.unwrap_or_else(|| {
            PageState::first(Paginator::new(pagination, None).first(), pagination.carry.len())
        })
    }

    /// The pages of what is asked for, from a state on.
    pub(crate) fn pages(&self, asked: Asked, state: PageState, deadline: Deadline, stop: Stop) -> Pages {
        let fetcher = Arc::new(self.fetcher(deadline));
        Pages::start(self.engine.source.clone(), self.stream.clone(), asked, fetcher, state, stop)
    }

    pub(crate) fn fetcher(&self, deadline: Deadline) -> Fetcher {
        let patience = Patience::new(self.engine.clock.clone(), deadline);
        Fetcher::new(self.client.clone(), self.stream.clone(), patience)
    }
}
