//! What the runs of one source share, and a stream that is ready to run.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::clock::{Clock, Deadline};
use crate::config::{Source, Stream};
use crate::error::{Error, ErrorKind, Result};
use crate::extract::{Asked, Fetcher, Origin, Stop, Walk, WalkState};
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
    /// The stream whose records this one's requests are repeated for.
    parent: Option<Box<Self>>,
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
        self.counting(name, Arc::default())
    }

    /// As [`stream`](Self::stream); what the run and the reading of its parents count goes into `stats`.
    fn counting(&self, name: &str, stats: Arc<Stats>) -> Result<StreamRun> {
        let stream = self.source.named(name)?.clone();
        let limiter = if stream.own_rate_limit {
            let mut own = self.own_limiters.lock().expect("no holder of this lock panics");
            let new = || Arc::new(Limiter::new(&stream.rate_limit, self.rate_share, self.clock.clone()));
            own.entry(stream.name.clone()).or_insert_with(new).clone()
        } else {
            self.limiter.clone()
        };
        let parent = stream.parent.as_ref().map(|parent| self.counting(&parent.stream, stats.clone()));
        let (auth, clock) = (self.authenticator(&stream), self.clock.clone());
        let client = Client::new(&self.source, &stream, auth, limiter, stats, clock)?;
        Ok(StreamRun {
            engine: self.clone(),
            stream: Arc::new(stream),
            client: Arc::new(client),
            parent: parent.transpose()?.map(Box::new),
        })
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

    /// What a person should know of a share of a rate that the file does not state.
    pub fn share_warning(&self) -> Option<String> {
        let share = self.engine.rate_share;
        let is_unknown = share < 1.0 && self.stream.rate_limit.requests_per_second.is_none();
        is_unknown.then(|| {
            format!(
                "no `requests_per_second` is stated: a rate share of {share} holds only where the API announces its quota"
            )
        })
    }

    /// `<source>/<stream>`.
    pub fn name(&self) -> String {
        format!("{}/{}", self.engine.source.name, self.stream.name)
    }

    /// The pages of what is asked for, from a state on.
    ///
    /// # Errors
    /// As [`first_asked`](Self::first_asked) of its parent.
    pub(crate) fn walk(
        &self,
        asked: Asked,
        state: WalkState,
        deadline: Deadline,
        stop: Stop,
    ) -> Result<Walk> {
        Ok(Walk::start(Arc::new(self.origin(asked, deadline, stop)?), state))
    }

    /// What the pages come from.
    ///
    /// # Errors
    /// As [`first_asked`](Self::first_asked) of its parent.
    pub(crate) fn origin(&self, asked: Asked, deadline: Deadline, stop: Stop) -> Result<Origin> {
        self.patient(asked, Patience::new(self.engine.clock.clone(), deadline), stop)
    }

    /// The parents are read for as long as their children are, and whole: which of them are new says
    /// nothing about their children.
    fn patient(&self, asked: Asked, patience: Patience, stop: Stop) -> Result<Origin> {
        let above = self.parent.as_ref().map(|parent| {
            let asked = parent.first_asked()?;
            parent.patient(asked, patience.for_parents(), stop.clone()).map(Arc::new)
        });
        Ok(Origin {
            source: self.engine.source.clone(),
            stream: self.stream.clone(),
            fetcher: Arc::new(Fetcher::new(self.client.clone(), self.stream.clone(), patience)),
            asked,
            parent: above.transpose()?,
            stop,
        })
    }
}
