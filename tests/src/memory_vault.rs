//! A vault in memory that compares versions and has no lock, as the clouds' are, and whose writes can fail.

use std::collections::BTreeMap;
use std::sync::Mutex;

use async_trait::async_trait;
use bronzegate_core::secret::{Freshness, HeldSecret, Replacement, SecretError, SecretStore};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::sync::Barrier;

/// The vault.
#[derive(Debug, Default)]
pub struct MemoryVault {
    state: Mutex<State>,
    /// The first holds of so many wait for each other.
    together: Option<Barrier>,
}

#[derive(Debug, Default)]
struct State {
    /// Each secret with its version.
    held: BTreeMap<String, (String, u64)>,
    holds: usize,
    /// Writes that fail from now on.
    failing: usize,
    attempts: usize,
    conflicts: usize,
}

impl MemoryVault {
    /// A vault that holds this.
    pub fn new<const N: usize>(held: [(&str, &str); N]) -> Self {
        let held = held.into_iter().map(|(name, value)| (name.to_owned(), (value.to_owned(), 1))).collect();
        Self { state: Mutex::new(State { held, ..State::default() }), together: None }
    }

    /// Lets the first holds of so many begin only together, so that all get the same value.
    #[must_use]
    pub fn first_together(self, holds: usize) -> Self {
        Self { together: Some(Barrier::new(holds)), ..self }
    }

    /// Lets so many writes fail.
    pub fn fail_writes(&self, count: usize) {
        self.state().failing = count;
    }

    /// What it holds under a name; empty for nothing.
    pub fn value(&self, name: &str) -> String {
        self.state().held.get(name).map(|(value, _)| value.clone()).unwrap_or_default()
    }

    /// How often a write was tried.
    pub fn attempts(&self) -> usize {
        self.state().attempts
    }

    /// How many writes came too late.
    pub fn conflicts(&self) -> usize {
        self.state().conflicts
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().expect("no holder of this lock panics")
    }

    fn find(&self, name: &str) -> Result<(String, u64), SecretError> {
        let missing = || SecretError::Missing { name: name.to_owned(), place: "the test's vault".to_owned() };
        self.state().held.get(name).cloned().ok_or_else(missing)
    }
}

#[async_trait]
impl SecretStore for MemoryVault {
    async fn read(&self, name: &str, _: Freshness) -> Result<SecretString, SecretError> {
        Ok(self.find(name)?.0.into())
    }

    async fn hold(&self, name: &str) -> Result<HeldSecret, SecretError> {
        let (value, version) = self.find(name)?;
        let nth = {
            let mut state = self.state();
            state.holds += 1;
            state.holds
        };
        if let Some(together) = &self.together
            && nth <= 2
        {
            together.wait().await;
        }
        Ok(HeldSecret::open(name, value.into(), version.to_string()))
    }

    async fn replace(&self, held: &HeldSecret, value: &SecretString) -> Result<Replacement, SecretError> {
        let mut state = self.state();
        state.attempts += 1;
        if state.failing > 0 {
            state.failing -= 1;
            let reason = "the test says so".to_owned();
            return Err(SecretError::Unwritable { name: held.name.clone(), reason });
        }
        let Some((kept, version)) = state.held.get_mut(&held.name) else { return Ok(Replacement::Conflict) };
        if version.to_string() != held.version {
            state.conflicts += 1;
            return Ok(Replacement::Conflict);
        }
        value.expose_secret().clone_into(kept);
        *version += 1;
        Ok(Replacement::Replaced)
    }
}
