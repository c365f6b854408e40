//! A cache before a vault: secrets are asked for once, not once a request.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use secrecy::SecretString;

use super::change::{HeldSecret, Replacement};
use super::store::{Freshness, SecretError, SecretStore};
use crate::clock::Clock;

/// A vault whose answers are kept for a while.
///
/// - [`Freshness::Cached`] is answered from memory until a value is `time_to_live` old.
/// - [`Freshness::Fresh`] asks the vault. A reader that comes while the vault is being asked may not
///   take that answer, because it may be older than the refusal that made the reader ask; all who
///   wait meanwhile share the next one. So any number of readers at once make two calls at most.
/// - An error is told to all who waited for it, and not kept: who comes later asks again.
///
/// - A hold and a replacement go to the vault itself; what was replaced is then what readers get.
///
/// Readers of one secret wait for each other, those of different secrets do not.
pub struct CachedSecrets<S> {
    vault: S,
    time_to_live: Duration,
    clock: Arc<dyn Clock>,
    slots: Mutex<HashMap<String, Arc<Slot>>>,
}

/// What is known of one secret.
#[derive(Default)]
struct Slot {
    /// Calls to the vault that have begun.
    begun: AtomicU64,
    /// Of them, those that have ended.
    ended: AtomicU64,
    /// Held while the vault is asked.
    known: tokio::sync::Mutex<Known>,
}

/// The newest answer, and the newest error with its call's number.
#[derive(Default)]
struct Known {
    answer: Option<Answer>,
    error: Option<(u64, SecretError)>,
}

struct Answer {
    value: SecretString,
    /// When the vault was asked, by the clock's own count.
    asked: Duration,
    /// Which call brought it, counted from 1.
    call: u64,
}

impl<S: SecretStore> CachedSecrets<S> {
    /// Puts a cache before `vault`.
    pub fn new(vault: S, time_to_live: Duration, clock: Arc<dyn Clock>) -> Self {
        Self { vault, time_to_live, clock, slots: Mutex::default() }
    }

    fn slot(&self, name: &str) -> Arc<Slot> {
        let mut slots = self.slots.lock().expect("no holder of this lock panics");
        Arc::clone(slots.entry(name.to_owned()).or_default())
    }
}

impl<S> fmt::Debug for CachedSecrets<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedSecrets").field("time_to_live", &self.time_to_live).finish_non_exhaustive()
    }
}

#[async_trait]
impl<S: SecretStore> SecretStore for CachedSecrets<S> {
    fn is_of_this_machine(&self) -> bool {
        self.vault.is_of_this_machine()
    }

    async fn read(&self, name: &str, freshness: Freshness) -> Result<SecretString, SecretError> {
        let slot = self.slot(name);
        let begun = slot.begun.load(Ordering::SeqCst);
        let ended = slot.ended.load(Ordering::SeqCst);
        let mut known = slot.known.lock().await;
        if let Some(answer) = &known.answer {
            let usable = match freshness {
                Freshness::Cached => self.clock.elapsed().saturating_sub(answer.asked) < self.time_to_live,
                Freshness::Fresh => answer.call > begun,
            };
            if usable {
                return Ok(answer.value.clone());
            }
        }
        if let Some((_, error)) = known.error.as_ref().filter(|(call, _)| *call > ended) {
            return Err(error.clone());
        }
        let call = slot.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let asked = self.clock.elapsed();
        let outcome = self.vault.read(name, freshness).await;
        slot.ended.store(call, Ordering::SeqCst);
        match outcome {
            Ok(value) => {
                known.answer = Some(Answer { value: value.clone(), asked, call });
                Ok(value)
            }
            Err(error) => {
                known.error = Some((call, error.clone()));
                Err(error)
            }
        }
    }

    async fn hold(&self, name: &str) -> Result<HeldSecret, SecretError> {
        self.vault.hold(name).await
    }

    async fn left_behind(&self, name: &str) -> Result<Option<SecretString>, SecretError> {
        self.vault.left_behind(name).await
    }

    async fn replace(&self, held: &HeldSecret, value: &SecretString) -> Result<Replacement, SecretError> {
        let slot = self.slot(&held.name);
        let mut known = slot.known.lock().await;
        let call = slot.begun.fetch_add(1, Ordering::SeqCst) + 1;
        let asked = self.clock.elapsed();
        let outcome = self.vault.replace(held, value).await;
        slot.ended.store(call, Ordering::SeqCst);
        known.answer = match outcome {
            Ok(Replacement::Replaced) => Some(Answer { value: value.clone(), asked, call }),
            // Somebody else's value, or nobody knows which.
            Ok(Replacement::Conflict) | Err(_) => None,
        };
        outcome
    }
}

#[cfg(test)]
mod tests {
    use futures::future::join_all;
    use jiff::Timestamp;
    use secrecy::ExposeSecret as _;
    use tokio::sync::Semaphore;

    use super::*;
    use crate::clock::TestClock;

    const TIME_TO_LIVE: Duration = Duration::from_mins(5);

    /// Answers with the number of the call, once it is let.
    #[derive(Debug)]
    struct Counting {
        calls: AtomicU64,
        gate: Semaphore,
        failing: bool,
    }

    impl Counting {
        fn open(failing: bool) -> Self {
            Self { calls: AtomicU64::new(0), gate: Semaphore::new(Semaphore::MAX_PERMITS), failing }
        }
    }

    #[async_trait]
    impl SecretStore for Arc<Counting> {
        async fn read(&self, name: &str, _: Freshness) -> Result<SecretString, SecretError> {
            let call = self.calls.fetch_add(1, Ordering::SeqCst) + 1;
            let _permit = self.gate.acquire().await.expect("the gate is never closed");
            if self.failing {
                return Err(SecretError::Empty(name.to_owned()));
            }
            Ok(format!("{name}-{call}").into())
        }
    }

    fn cache(vault: &Arc<Counting>) -> (CachedSecrets<Arc<Counting>>, Arc<TestClock>) {
        let clock = Arc::new(TestClock::at(Timestamp::UNIX_EPOCH));
        (CachedSecrets::new(Arc::clone(vault), TIME_TO_LIVE, clock.clone()), clock)
    }

    async fn read(cache: &CachedSecrets<Arc<Counting>>, name: &str, freshness: Freshness) -> String {
        cache.read(name, freshness).await.unwrap().expose_secret().to_owned()
    }

    #[tokio::test]
    async fn a_value_is_kept_for_its_time_and_no_longer() {
        let (cache, clock) = cache(&Arc::new(Counting::open(false)));
        assert_eq!(read(&cache, "a", Freshness::Cached).await, "a-1");
        clock.advance(TIME_TO_LIVE.saturating_sub(Duration::from_millis(1)));
        assert_eq!(read(&cache, "a", Freshness::Cached).await, "a-1");
        clock.advance(Duration::from_millis(1));
        assert_eq!(read(&cache, "a", Freshness::Cached).await, "a-2");
        assert_eq!(read(&cache, "b", Freshness::Cached).await, "b-3", "each secret for itself");
    }

    #[tokio::test]
    async fn a_fresh_read_asks_the_vault_and_what_it_says_is_kept() {
        let (cache, _) = cache(&Arc::new(Counting::open(false)));
        assert_eq!(read(&cache, "a", Freshness::Cached).await, "a-1");
        assert_eq!(read(&cache, "a", Freshness::Fresh).await, "a-2");
        assert_eq!(read(&cache, "a", Freshness::Cached).await, "a-2");
    }

    #[tokio::test]
    async fn readers_at_once_make_one_call() {
        let vault = Arc::new(Counting::open(false));
        let (cache, _) = cache(&vault);
        let values = join_all((0..20).map(|_| read(&cache, "a", Freshness::Cached))).await;
        assert!(values.iter().all(|value| value == "a-1"), "{values:?}");
        assert_eq!(vault.calls.load(Ordering::SeqCst), 1);
    }

    #[tokio::test]
    async fn fresh_readers_never_take_an_answer_that_was_asked_for_before_they_came() {
        let vault = Arc::new(Counting { gate: Semaphore::new(0), ..Counting::open(false) });
        let (cache, _) = cache(&vault);
        let first = read(&cache, "a", Freshness::Fresh);
        let rest = join_all((0..20).map(|_| read(&cache, "a", Freshness::Fresh)));
        let let_go = async { vault.gate.add_permits(Semaphore::MAX_PERMITS) };
        let (first, rest, ()) = tokio::join!(biased; first, rest, let_go);
        assert_eq!(first, "a-1");
        assert!(rest.iter().all(|value| value == "a-2"), "{rest:?}");
        assert_eq!(vault.calls.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn an_error_is_told_to_all_who_waited_and_not_kept() {
        let vault = Arc::new(Counting { gate: Semaphore::new(0), ..Counting::open(true) });
        let (cache, _) = cache(&vault);
        let waiting = join_all((0..20).map(|_| cache.read("a", Freshness::Cached)));
        let let_go = async { vault.gate.add_permits(Semaphore::MAX_PERMITS) };
        let (errors, ()) = tokio::join!(biased; waiting, let_go);
        let empty = |outcome: &Result<_, _>| matches!(outcome, Err(SecretError::Empty(_)));
        assert!(errors.iter().all(empty), "{errors:?}");
        assert_eq!(vault.calls.load(Ordering::SeqCst), 1);
        let later = cache.read("a", Freshness::Cached).await;
        assert!(empty(&later), "{later:?}");
        assert_eq!(vault.calls.load(Ordering::SeqCst), 2, "who comes later asks again");
    }
}
