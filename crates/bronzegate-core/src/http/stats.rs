//! What a run has counted so far, readable while it goes on.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};

use jiff::SignedDuration;

use crate::report::Counts;

/// Counters of one stream's run; a progress display may read them at any time.
#[derive(Debug)]
pub struct Stats {
    records: AtomicU64,
    bytes: AtomicU64,
    pages: AtomicU64,
    requests: AtomicU64,
    retries: AtomicU64,
    api_errors: AtomicU64,
    /// Records that the run is to bring, as the API states; 0 while it is not known.
    expected: AtomicU64,
    /// The run reads one list, so that the list's total is the run's.
    is_one_list: AtomicBool,
    waiting: AtomicBool,
    held_back: AtomicBool,
    sent_away: AtomicBool,
    /// In milliseconds; the least of all answers, because an answer that took long looks late.
    api_behind: AtomicI64,
}

/// No answer has said what time it is.
const UNKNOWN: i64 = i64::MAX;

impl Default for Stats {
    fn default() -> Self {
        Self {
            records: AtomicU64::default(),
            bytes: AtomicU64::default(),
            pages: AtomicU64::default(),
            requests: AtomicU64::default(),
            retries: AtomicU64::default(),
            api_errors: AtomicU64::default(),
            expected: AtomicU64::default(),
            is_one_list: AtomicBool::default(),
            waiting: AtomicBool::default(),
            held_back: AtomicBool::default(),
            sent_away: AtomicBool::default(),
            api_behind: AtomicI64::new(UNKNOWN),
        }
    }
}

impl Stats {
    /// A page of so many records and bytes of lines was accepted.
    pub fn page(&self, records: u64, bytes: u64) {
        self.records.fetch_add(records, Relaxed);
        self.bytes.fetch_add(bytes, Relaxed);
        self.pages.fetch_add(1, Relaxed);
    }

    /// The API states how many records a list has; the first statement counts.
    pub(crate) fn expect(&self, records: u64) {
        if self.is_one_list.load(Relaxed) {
            // Another page may have said it before: then nothing is to be done.
            let _ = self.expected.compare_exchange(0, records, Relaxed, Relaxed);
        }
    }

    /// How many records the run is to bring, where the API states it.
    pub fn expected(&self) -> Option<u64> {
        Some(self.expected.load(Relaxed)).filter(|records| *records > 0)
    }

    /// A request was sent.
    pub fn request(&self) {
        self.requests.fetch_add(1, Relaxed);
    }

    /// A request is about to be repeated.
    pub fn retry(&self) {
        self.retries.fetch_add(1, Relaxed);
    }

    /// The API answered with an error, or not at all.
    pub fn api_error(&self) {
        self.api_errors.fetch_add(1, Relaxed);
    }

    /// A request begins or stops waiting for the rate limit.
    pub fn set_waiting(&self, waiting: bool) {
        self.waiting.store(waiting, Relaxed);
    }

    /// Whether a request waits for the rate limit.
    pub fn is_waiting(&self) -> bool {
        self.waiting.load(Relaxed)
    }

    /// A run begins: nothing holds it back yet. It reads one list, or several after each other.
    pub fn begin(&self, is_one_list: bool) {
        self.is_one_list.store(is_one_list, Relaxed);
        self.expected.store(0, Relaxed);
        self.held_back.store(false, Relaxed);
        self.sent_away.store(false, Relaxed);
        self.api_behind.store(UNKNOWN, Relaxed);
    }

    /// An answer has come whose clock is so far behind this machine's.
    pub(super) fn api_clock(&self, behind: Option<SignedDuration>) {
        if let Some(behind) = behind.and_then(|behind| i64::try_from(behind.as_millis()).ok()) {
            self.api_behind.fetch_min(behind, Relaxed);
        }
    }

    /// How far the API's clock is behind this machine's, as far as the answers of the run say; negative where it is
    /// ahead.
    pub fn api_behind(&self) -> Option<SignedDuration> {
        let behind = self.api_behind.load(Relaxed);
        (behind != UNKNOWN).then(|| SignedDuration::from_millis(behind))
    }

    /// A request's turn comes only when the run's time is up.
    pub fn hold_back(&self) {
        self.held_back.store(true, Relaxed);
    }

    /// Whether a request's turn came only when the run's time was up.
    pub fn is_held_back(&self) -> bool {
        self.held_back.load(Relaxed)
    }

    /// The API asks for a wait that is longer than the run has.
    pub(crate) fn send_away(&self) {
        self.sent_away.store(true, Relaxed);
    }

    /// Whether the API has asked for a wait that is longer than the run has.
    pub(crate) fn is_sent_away(&self) -> bool {
        self.sent_away.load(Relaxed)
    }

    /// The counts so far; `bytes` are those of the lines before compression.
    pub fn counts(&self) -> Counts {
        Counts {
            records: self.records.load(Relaxed),
            bytes: self.bytes.load(Relaxed),
            pages: self.pages.load(Relaxed),
            requests: self.requests.load(Relaxed),
            retries: self.retries.load(Relaxed),
            api_errors: self.api_errors.load(Relaxed),
        }
    }
}
