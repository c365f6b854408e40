//! How fast a source may be called: its limiter, those of streams with a pace of their own, and shares.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use crate::clock::Clock;
use crate::config::{RateLimit, Source, Stream};
use crate::http::Limiter;

/// The limiters of one source, shared by everything that calls under them.
#[derive(Debug)]
pub(super) struct Pace {
    source: Arc<Limiter>,
    /// Those of streams with a pace of their own.
    own: Mutex<BTreeMap<String, Arc<Limiter>>>,
    clock: Arc<dyn Clock>,
    share: Option<Share>,
}

/// A part of another pace.
#[derive(Debug)]
struct Share {
    whole: Arc<Pace>,
    part: f64,
}

impl Pace {
    /// All that the source file allows.
    pub(super) fn whole(source: &Source, clock: Arc<dyn Clock>) -> Self {
        let limiter = Arc::new(Limiter::new(&source.rate_limit, 1.0, clock.clone()));
        Self { source: limiter, own: Mutex::default(), clock, share: None }
    }

    /// A share of it: above 0, and at most 1, which is all of it. A share of a share is one of the whole.
    pub(super) fn part(self: &Arc<Self>, source: &Source, part: f64) -> Arc<Self> {
        let whole = self.share.as_ref().map_or(self, |share| &share.whole).clone();
        if part >= 1.0 {
            return whole;
        }
        let limiter = Arc::new(Limiter::share_of(&whole.source, &source.rate_limit, part));
        let clock = self.clock.clone();
        Arc::new(Self { source: limiter, own: Mutex::default(), clock, share: Some(Share { whole, part }) })
    }

    /// Which part of the whole it is, from 0 to 1.
    pub(super) fn rate_share(&self) -> f64 {
        self.share.as_ref().map_or(1.0, |share| share.part)
    }

    /// The limiter of a stream.
    pub(super) fn limiter(&self, stream: &Stream) -> Arc<Limiter> {
        if !stream.own_rate_limit {
            return self.source.clone();
        }
        let mut own = self.own.lock().expect("no holder of this lock panics");
        own.entry(stream.name.clone()).or_insert_with(|| Arc::new(self.new_limiter(stream))).clone()
    }

    fn new_limiter(&self, stream: &Stream) -> Limiter {
        let settings: &RateLimit = &stream.rate_limit;
        match &self.share {
            Some(Share { whole, part }) => Limiter::share_of(&whole.limiter(stream), settings, *part),
            None => Limiter::new(settings, 1.0, self.clock.clone()),
        }
    }
}
