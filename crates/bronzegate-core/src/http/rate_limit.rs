//! How often a source may be called: a token bucket, and pauses that the server asks for.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use governor::clock::{Clock as GovernorClock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use super::stats::Stats;
use super::wait_budget::{TooLong, WaitBudget};
use crate::clock::Clock;
use crate::config::RateLimit;

/// Lets requests through at the source's rate; shared by everything that calls under it.
#[derive(Debug)]
pub(crate) struct Limiter {
    clock: Arc<dyn Clock>,
    bucket: Option<RateLimiter<NotKeyed, InMemoryState, PortClock, NoOpMiddleware<Duration>>>,
    /// No request before this point of the clock's `elapsed`.
    paused_until: Mutex<Duration>,
    /// The limiter that this one has a share of.
    whole: Option<Arc<Self>>,
    /// The part of an announced quota that is left to others.
    kept: f64,
    /// No request before this point, so that they have it.
    yielded_until: Mutex<Duration>,
}

/// The longest time between two requests.
const LONGEST_PERIOD: Duration = Duration::from_hours(24 * 366);

/// The most of an announced quota that is left to others. A share may have been divided among workers;
/// what remains of the quota was not.
const MOST_KEPT: f64 = 0.5;

/// The engine's clock as governor reads it.
#[derive(Clone, Debug)]
struct PortClock(Arc<dyn Clock>);

impl GovernorClock for PortClock {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

impl Limiter {
    /// A limiter with a share of the settings of a source or stream: above 0, and at most 1, which is
    /// all of it. A share of the burst is a whole number of requests, at least one.
    ///
    /// Between two requests there is a year at most, and a burst ends where the bucket's arithmetic would.
    pub(crate) fn new(settings: &RateLimit, share: f64, clock: Arc<dyn Clock>) -> Self {
        let bucket = settings.requests_per_second.map(|rate| rate * share).map(|rate| {
            let period = Duration::try_from_secs_f64(1.0 / rate).unwrap_or(LONGEST_PERIOD);
            let period = period.clamp(Duration::from_nanos(1), LONGEST_PERIOD);
            // The bucket counts a whole burst, and the time that has passed, in nanoseconds of 64 bits.
            let most = u128::from(u64::MAX / 4) / period.as_nanos();
            let burst = (f64::from(settings.burst) * share).min(most as f64) as u32;
            let burst = NonZeroU32::new(burst).unwrap_or(NonZeroU32::MIN);
            let quota = Quota::with_period(period).expect("it is above zero").allow_burst(burst);
            RateLimiter::direct_with_clock(quota, PortClock(clock.clone()))
        });
        let kept = (1.0 - share).clamp(0.0, MOST_KEPT);
        let (paused_until, yielded_until) = (Mutex::default(), Mutex::default());
        Self { clock, bucket, paused_until, whole: None, kept, yielded_until }
    }

    /// A limiter with a share of another one's settings. Its requests take their turn there as well: all
    /// shares together never go faster than the whole, and what the server says to one holds for all.
    pub(crate) fn share_of(whole: &Arc<Self>, settings: &RateLimit, share: f64) -> Self {
        Self { whole: Some(whole.clone()), ..Self::new(settings, share, whole.clock.clone()) }
    }

    /// The part of an announced quota that is left to others, from 0 to 1.
    pub(crate) fn kept(&self) -> f64 {
        self.kept
    }

    /// No request may leave for this long: the server has said so.
    pub(crate) fn pause(&self, wait: Duration) {
        match &self.whole {
            Some(whole) => whole.pause(wait),
            None => self.hold(&self.paused_until, wait),
        }
    }

    /// No request may leave for this long: what remains of the quota is left to others. No budget bounds
    /// this wait, because nothing has failed.
    pub(crate) fn yield_for(&self, wait: Duration) {
        self.hold(&self.yielded_until, wait);
    }

    fn hold(&self, until: &Mutex<Duration>, wait: Duration) {
        let mut held = until.lock().expect("no holder of this lock panics");
        *held = (*held).max(self.clock.elapsed().saturating_add(wait));
    }

    /// Waits for a request's turn.
    ///
    /// A turn that comes only after the deadline is waited for until a run without a page has to end:
    /// whoever repeats the run would otherwise do so at once, and again and again.
    ///
    /// # Errors
    /// [`TooLong`] when the wait would pass the deadline, or a server's pause the budget.
    pub(crate) async fn turn(
        &self,
        wait_budget: &WaitBudget,
        budget: Duration,
        stats: &Stats,
    ) -> Result<(), TooLong> {
        self.own_turn(wait_budget, budget, stats).await?;
        match &self.whole {
            Some(whole) => whole.own_turn(wait_budget, budget, stats).await,
            None => Ok(()),
        }
    }

    async fn own_turn(
        &self,
        wait_budget: &WaitBudget,
        budget: Duration,
        stats: &Stats,
    ) -> Result<(), TooLong> {
        loop {
            let pause = self.left(&self.paused_until);
            wait_budget.allows(pause, budget).inspect_err(|_| stats.send_away())?;
            let pause = pause.max(self.left(&self.yielded_until));
            let wait = if pause.is_zero() { self.take_token() } else { pause };
            if wait.is_zero() {
                return Ok(());
            }
            if wait_budget.left().is_some_and(|left| wait >= left) {
                if !wait_budget.has_page() {
                    stats.hold_back();
                    self.clock.sleep(wait_budget.left_to_fetch()).await;
                }
                return Err(TooLong::Deadline);
            }
            stats.set_waiting(true);
            self.clock.sleep(wait).await;
            stats.set_waiting(false);
        }
    }

    fn left(&self, until: &Mutex<Duration>) -> Duration {
        let until = *until.lock().expect("no holder of this lock panics");
        until.saturating_sub(self.clock.elapsed())
    }

    /// Takes a token, or tells how long until there is one.
    fn take_token(&self) -> Duration {
        let Some(Err(not_yet)) = self.bucket.as_ref().map(RateLimiter::check) else { return Duration::ZERO };
        let now = self.clock.elapsed();
        let wait: Duration = not_yet.earliest_possible().duration_since(now).into();
        // The token may have come between the two looks at the clock.
        wait.max(Duration::from_micros(1))
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::clock::{Deadline, TestClock};

    fn limiter(rate: Option<f64>, burst: u32) -> (Arc<TestClock>, Limiter) {
        let clock = Arc::new(TestClock::at(Timestamp::UNIX_EPOCH));
        let settings = RateLimit { requests_per_second: rate, burst, ..RateLimit::default() };
        (clock.clone(), Limiter::new(&settings, 1.0, clock))
    }

    #[tokio::test]
    async fn lets_a_burst_through_and_then_one_at_a_time() {
        let (clock, limiter) = limiter(Some(10.0), 5);
        let wait_budget = WaitBudget::new(clock.clone(), Deadline::NONE);
        for _ in 0..15 {
            limiter.turn(&wait_budget, Duration::MAX, &Stats::default()).await.unwrap();
        }
        let passed = clock.elapsed();
        assert!((990..=1010).contains(&passed.as_millis()), "{passed:?}");
    }

    #[tokio::test]
    async fn the_slowest_rate_the_least_share_and_the_largest_burst_overflow_nothing() {
        for (rate, share, burst) in [
            (1e-6, 1e-4, 1_000_000),
            (1e-6, 1.0, 1_000_000),
            (f64::MIN_POSITIVE, 1e-300, u32::MAX),
            (1e6, 1.0, 1),
        ] {
            let clock = Arc::new(TestClock::at(Timestamp::UNIX_EPOCH));
            let settings = RateLimit { requests_per_second: Some(rate), burst, ..RateLimit::default() };
            let limiter = Limiter::new(&settings, share, clock.clone());
            let wait_budget = WaitBudget::new(clock.clone(), Deadline::NONE);
            for _ in 0..2 {
                limiter.turn(&wait_budget, Duration::MAX, &Stats::default()).await.unwrap();
            }
            assert!(clock.elapsed() <= LONGEST_PERIOD, "{rate} {share}: {:?}", clock.elapsed());
        }
    }

    #[tokio::test]
    async fn a_pause_without_end_is_too_long_and_overflows_nothing() {
        const BEYOND: Duration = Duration::from_hours(24 * 366 * 9_000);
        let (clock, limiter) = limiter(None, 1);
        clock.advance(Duration::from_secs(1));
        for wait in [BEYOND, Duration::MAX] {
            limiter.pause(wait);
            limiter.yield_for(wait);
            let open = WaitBudget::new(clock.clone(), Deadline::NONE);
            let turn = limiter.turn(&open, Duration::from_mins(10), &Stats::default()).await;
            assert_eq!(turn, Err(TooLong::Budget { until: Timestamp::MAX }));
            let bounded = WaitBudget::new(clock.clone(), Deadline::within(&*clock, Duration::from_mins(1)));
            bounded.page_arrived();
            let turn = limiter.turn(&bounded, Duration::from_mins(10), &Stats::default()).await;
            assert_eq!(turn, Err(TooLong::Deadline));
        }
    }

    #[tokio::test]
    async fn a_pause_holds_every_request_back() {
        let (clock, limiter) = limiter(None, 1);
        let wait_budget = WaitBudget::new(clock.clone(), Deadline::NONE);
        limiter.pause(Duration::from_secs(3));
        limiter.pause(Duration::from_secs(1));
        limiter.turn(&wait_budget, Duration::from_secs(10), &Stats::default()).await.unwrap();
        assert_eq!(clock.elapsed(), Duration::from_secs(3));
    }

    #[tokio::test]
    async fn shares_go_no_faster_than_the_whole_and_wait_for_one_pause() {
        let (clock, whole) = limiter(Some(10.0), 1);
        let whole = Arc::new(whole);
        let settings = RateLimit { requests_per_second: Some(10.0), burst: 1, ..RateLimit::default() };
        let shares = [0.5, 1.0].map(|share| Limiter::share_of(&whole, &settings, share));
        let wait_budget = WaitBudget::new(clock.clone(), Deadline::NONE);
        let turn = async |limiter: &Limiter| {
            limiter.turn(&wait_budget, Duration::MAX, &Stats::default()).await.unwrap();
            clock.elapsed().as_millis()
        };
        // Each has a bucket of its own, and of the whole there is one.
        assert!([turn(&whole).await, turn(&shares[0]).await, turn(&shares[1]).await].is_sorted());
        assert!((199..=210).contains(&clock.elapsed().as_millis()), "{:?}", clock.elapsed());
        shares[0].pause(Duration::from_secs(3));
        assert!(turn(&shares[1]).await >= 3199);
    }

    #[tokio::test]
    async fn a_wait_beyond_deadline_or_budget_is_not_begun() {
        let (clock, limiter) = limiter(None, 1);
        limiter.pause(Duration::from_secs(30));
        let stats = Stats::default();
        let bounded = WaitBudget::new(clock.clone(), Deadline::within(&*clock, Duration::from_secs(20)));
        assert_eq!(limiter.turn(&bounded, Duration::MAX, &stats).await, Err(TooLong::Deadline));
        let open = WaitBudget::new(clock.clone(), Deadline::NONE);
        let until = Timestamp::from_second(30).unwrap();
        assert_eq!(limiter.turn(&open, Duration::from_secs(9), &stats).await, Err(TooLong::Budget { until }));
        assert_eq!(clock.elapsed(), Duration::ZERO);
    }
    #[tokio::test]
    async fn what_is_left_to_others_is_waited_for_whatever_the_budget() {
        let (clock, limiter) = limiter(None, 1);
        limiter.yield_for(Duration::from_hours(1));
        let open = WaitBudget::new(clock.clone(), Deadline::NONE);
        limiter.turn(&open, Duration::from_secs(9), &Stats::default()).await.unwrap();
        assert_eq!(clock.elapsed(), Duration::from_hours(1));
    }

    #[tokio::test]
    async fn a_turn_behind_the_deadline_is_waited_for_as_long_as_there_is_no_page() {
        let (clock, limiter) = limiter(Some(0.001), 1);
        let stats = Stats::default();
        let bounded = |clock: &Arc<TestClock>| {
            WaitBudget::new(clock.clone(), Deadline::within(&**clock, Duration::from_mins(10)))
        };
        let wait_budget = bounded(&clock);
        limiter.turn(&wait_budget, Duration::MAX, &stats).await.unwrap();
        wait_budget.page_arrived();
        assert_eq!(limiter.turn(&wait_budget, Duration::MAX, &stats).await, Err(TooLong::Deadline));
        assert_eq!((clock.elapsed(), stats.is_held_back()), (Duration::ZERO, false));
        assert_eq!(limiter.turn(&bounded(&clock), Duration::MAX, &stats).await, Err(TooLong::Deadline));
        assert_eq!((clock.elapsed(), stats.is_held_back()), (Duration::from_mins(9), true));
        limiter.turn(&bounded(&clock), Duration::MAX, &stats).await.unwrap();
        assert_eq!(clock.elapsed().as_secs(), 1000, "the next try has the rest of the wait");
    }

    #[test]
    fn at_most_half_of_a_quota_is_left_to_others() {
        let clock = Arc::new(TestClock::at(Timestamp::UNIX_EPOCH));
        for (share, kept) in [(1.0, 0.0), (0.75, 0.25), (0.5, 0.5), (0.0125, 0.5)] {
            let limiter = Limiter::new(&RateLimit::default(), share, clock.clone());
            assert!((limiter.kept() - kept).abs() < f64::EPSILON, "{share}");
        }
    }
}
