//! When to try again: exponential backoff with full jitter, bounded by attempts and by time.

use std::time::Duration;

use crate::config::Retry;
use crate::random;

/// The attempts at one request.
#[derive(Debug)]
pub(crate) struct Backoff<'a> {
    settings: &'a Retry,
    attempt: u32,
    waited: Duration,
}

/// Why a request is not tried again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NoMore {
    /// The attempts are used up.
    Attempts,
    /// The waits would exceed the budget.
    Budget,
}

impl<'a> Backoff<'a> {
    /// Begins with the first attempt.
    pub(crate) fn new(settings: &'a Retry) -> Self {
        Self { settings, attempt: 1, waited: Duration::ZERO }
    }

    /// The current attempt, counted from 1.
    pub(crate) fn attempt(&self) -> u32 {
        self.attempt
    }

    /// How long to wait before the next attempt. `demanded` is the server's own word; `bounded`
    /// says that a deadline bounds such waits instead of the budget.
    ///
    /// The wait is drawn evenly from zero to the bound, which doubles with each attempt ("full jitter": AWS
    /// Architecture Blog, "Exponential Backoff And Jitter", 2015). The server may ask for more, never for less:
    /// one that says 0, or names a time that has passed, would use up all attempts at once.
    ///
    /// # Errors
    /// [`NoMore`] when there is no next attempt.
    pub(crate) fn next(&mut self, demanded: Option<Duration>, bounded: bool) -> Result<Duration, NoMore> {
        if self.attempt >= self.settings.max_attempts {
            return Err(NoMore::Attempts);
        }
        let own = self.bound().mul_f64(random::share());
        let wait = demanded.map_or(own, |demanded| demanded.max(own));
        let counted = if bounded && wait > own { Duration::ZERO } else { wait };
        let waited = self.waited.saturating_add(counted);
        if waited > self.settings.budget {
            return Err(NoMore::Budget);
        }
        self.waited = waited;
        self.attempt += 1;
        Ok(wait)
    }

    fn bound(&self) -> Duration {
        let factor = 1_u32.checked_shl(self.attempt - 1).unwrap_or(u32::MAX);
        self.settings.base.saturating_mul(factor).min(self.settings.max)
    }
}

/// A text that no other request has: a nonce, or the id of an assertion. Nobody has to be unable to guess it.
pub(super) fn nonce() -> String {
    format!("{}{}{}{}", random::hex(), random::hex(), random::hex(), random::hex())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(max_attempts: u32, budget: u64) -> Retry {
        let seconds = Duration::from_secs;
        Retry { max_attempts, base: seconds(1), max: seconds(8), budget: seconds(budget) }
    }

    #[test]
    fn bounds_double_up_to_the_maximum_and_the_attempts_end() {
        let settings = settings(7, 600);
        let mut backoff = Backoff::new(&settings);
        let mut bounds = Vec::new();
        loop {
            bounds.push(backoff.bound().as_secs());
            let bound = backoff.bound();
            match backoff.next(None, false) {
                Ok(wait) => assert!(wait <= bound),
                Err(no_more) => {
                    assert_eq!(no_more, NoMore::Attempts);
                    break;
                }
            }
        }
        assert_eq!(bounds, [1, 2, 4, 8, 8, 8, 8]);
        assert_eq!(backoff.attempt(), 7);
    }

    #[test]
    fn takes_the_servers_delay_as_it_is_within_the_budget() {
        let settings = settings(5, 30);
        let mut backoff = Backoff::new(&settings);
        let demanded = Duration::from_secs(20);
        assert_eq!(backoff.next(Some(demanded), false), Ok(demanded));
        assert_eq!(backoff.next(Some(demanded), false), Err(NoMore::Budget));
        assert_eq!(backoff.next(Some(demanded), true), Ok(demanded), "a deadline bounds it instead");
    }

    #[test]
    fn a_server_that_asks_for_less_than_the_backoff_gets_the_backoff() {
        let settings = settings(100, 600);
        for demanded in [Duration::ZERO, Duration::from_millis(1)] {
            let mut backoff = Backoff::new(&settings);
            let waits: Duration = (0..20).map(|_| backoff.next(Some(demanded), true).unwrap()).sum();
            // Seventy on average; that twenty draws stay below five comes once in 10^17.
            assert!(waits > Duration::from_secs(5), "{demanded:?}: {waits:?}");
        }
    }
}
