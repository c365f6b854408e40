//! Counts requests against a limit.

use super::limit::{RateLimit, Window};
use std::{
    collections::VecDeque,
    time::{Duration, Instant},
};

/// Says whether a request may be served, and what is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) granted: bool,
    pub(crate) remaining: u32,
    /// Until requests are taken again (fixed: all of them; sliding: the next one).
    pub(crate) reset: Duration,
}

/// Remembers the requests granted in the current window, oldest first.
#[derive(Debug)]
pub(crate) struct Limiter {
    limit: RateLimit,
    granted: VecDeque<Instant>,
}

impl Limiter {
    pub(crate) fn new(limit: RateLimit) -> Self {
        Self { limit, granted: VecDeque::new() }
    }

    /// Counts a request made at `now`; refused ones do not count.
    pub(crate) fn admit(&mut self, now: Instant) -> Verdict {
        self.forget(now);
        let granted = self.granted.len() < self.limit.requests as usize;
        if granted {
            self.granted.push_back(now);
        }
        let oldest = self.granted.front().copied().unwrap_or(now);
        Verdict {
            granted,
            remaining: self.limit.requests.saturating_sub(self.granted.len() as u32),
            reset: (oldest + self.limit.per).saturating_duration_since(now),
        }
    }

    fn forget(&mut self, now: Instant) {
        let per = self.limit.per;
        let over = |then: &Instant| now.saturating_duration_since(*then) >= per;
        match self.limit.window {
            Window::Fixed => {
                if self.granted.front().is_some_and(over) {
                    self.granted.clear();
                }
            }
            Window::Sliding => {
                while self.granted.front().is_some_and(over) {
                    self.granted.pop_front();
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{clock, rate::Dialect};

    fn admitted(limit: RateLimit, at_ms: &[u64]) -> Vec<bool> {
        let start = clock::now();
        let mut limiter = Limiter::new(limit);
        at_ms.iter().map(|ms| limiter.admit(start + Duration::from_millis(*ms)).granted).collect()
    }

    #[test]
    fn a_fixed_window_refills_all_at_once() {
        let limit = RateLimit::new(2, Duration::from_secs(1), Dialect::RetryAfterSeconds);
        assert_eq!(
            admitted(limit, &[0, 900, 950, 1_000, 1_001, 1_002]),
            [true, true, false, true, true, false]
        );
    }

    #[test]
    fn a_sliding_window_refills_one_by_one() {
        let limit = RateLimit::new(2, Duration::from_secs(1), Dialect::RetryAfterSeconds).sliding();
        assert_eq!(
            admitted(limit, &[0, 900, 950, 1_000, 1_001, 1_901]),
            [true, true, false, true, false, true]
        );
    }

    #[test]
    fn says_what_is_left_and_until_when() {
        let start = clock::now();
        let limit = RateLimit::new(1, Duration::from_secs(2), Dialect::RetryAfterSeconds);
        let mut limiter = Limiter::new(limit);
        let first = limiter.admit(start);
        assert_eq!((first.granted, first.remaining), (true, 0));
        let second = limiter.admit(start + Duration::from_millis(500));
        assert_eq!((second.granted, second.reset), (false, Duration::from_millis(1_500)));
    }
}
