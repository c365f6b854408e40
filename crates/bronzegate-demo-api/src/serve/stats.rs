//! Counts of what was asked and served.

use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
};

/// Counts what a server did since it started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stats {
    /// By stream.
    pub streams: BTreeMap<String, StreamStats>,
    /// At the token endpoint.
    pub oauth: TokenStats,
    /// Connections accepted.
    pub connections: u64,
}

impl Stats {
    /// The counts of a stream; zeros for one that does not exist.
    pub fn stream(&self, name: &str) -> StreamStats {
        self.streams.get(name).cloned().unwrap_or_default()
    }
}

/// Counts what happened to one stream.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StreamStats {
    /// Requests received.
    pub requests: u64,
    /// Responses with a 2xx status that hold a page.
    pub pages: u64,
    /// Responses by status; a reset connection has none.
    pub statuses: BTreeMap<u16, u64>,
    /// Records in those pages, hidden ones included.
    pub records: u64,
    /// Faults fired.
    pub faults: u64,
    /// Requests refused for want of right credentials.
    pub unauthenticated: u64,
    /// Requests refused by the rate limit.
    pub throttled: u64,
    /// Export jobs submitted.
    pub jobs: u64,
    /// The most requests at once, until their last byte was handed over.
    pub max_in_flight: u64,
}

/// Counts what happened at the token endpoint.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TokenStats {
    /// Requests received.
    pub requests: u64,
    /// Access tokens issued.
    pub issued: u64,
    /// Requests refused.
    pub refused: u64,
}

/// The running counts of a stream.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    requests: AtomicU64,
    pages: AtomicU64,
    records: AtomicU64,
    faults: AtomicU64,
    unauthenticated: AtomicU64,
    throttled: AtomicU64,
    jobs: AtomicU64,
    in_flight: AtomicU64,
    max_in_flight: AtomicU64,
    statuses: Mutex<BTreeMap<u16, u64>>,
}

impl Counters {
    /// Counts a request and returns its number, from 1.
    pub(crate) fn request(&self) -> u64 {
        self.requests.fetch_add(1, Relaxed) + 1
    }

    pub(crate) fn page(&self, records: u64) {
        self.pages.fetch_add(1, Relaxed);
        self.records.fetch_add(records, Relaxed);
    }

    pub(crate) fn fault(&self) {
        self.faults.fetch_add(1, Relaxed);
    }

    pub(crate) fn unauthenticated(&self) {
        self.unauthenticated.fetch_add(1, Relaxed);
    }

    pub(crate) fn job(&self) {
        self.jobs.fetch_add(1, Relaxed);
    }

    pub(crate) fn throttled(&self) {
        self.throttled.fetch_add(1, Relaxed);
    }

    pub(crate) fn status(&self, status: u16) {
        let mut statuses = self.statuses.lock().unwrap_or_else(PoisonError::into_inner);
        *statuses.entry(status).or_default() += 1;
    }

    /// Counts a request as under way until the guard is dropped.
    pub(crate) fn enter(self: &Arc<Self>) -> InFlight {
        let now = self.in_flight.fetch_add(1, Relaxed) + 1;
        self.max_in_flight.fetch_max(now, Relaxed);
        InFlight(Arc::clone(self))
    }

    /// The requests under way.
    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight.load(Relaxed)
    }

    pub(crate) fn read(&self) -> StreamStats {
        let statuses = self.statuses.lock().unwrap_or_else(PoisonError::into_inner);
        StreamStats {
            requests: self.requests.load(Relaxed),
            pages: self.pages.load(Relaxed),
            statuses: statuses.clone(),
            records: self.records.load(Relaxed),
            faults: self.faults.load(Relaxed),
            unauthenticated: self.unauthenticated.load(Relaxed),
            throttled: self.throttled.load(Relaxed),
            jobs: self.jobs.load(Relaxed),
            max_in_flight: self.max_in_flight.load(Relaxed),
        }
    }
}

/// Holds a request's place among those under way.
#[derive(Debug)]
pub(crate) struct InFlight(Arc<Counters>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}
