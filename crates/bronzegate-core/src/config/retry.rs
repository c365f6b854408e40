//! `retry`: how often and how long one request is tried again.
//!
//! ```yaml
//! retry: { max_attempts: 5, base: 1s, max: 60s, budget: 10m }
//! ```

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::problem::{Draft, Report};
use super::read::Slot;
use super::units::Period;

/// The bounds of retrying one request: by attempts and by time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Attempts in all, the first included (5).
    pub max_attempts: u32,
    /// The longest wait before the second attempt; doubles with each further one (1 s).
    pub base: Duration,
    /// The longest wait between two attempts (60 s).
    pub max: Duration,
    /// The time all attempts and waits may take together (10 min).
    pub budget: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            max_attempts: 5,
            base: Duration::from_secs(1),
            max: Duration::from_mins(1),
            budget: Duration::from_mins(10),
        }
    }
}

/// How often and how long one request is tried again.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Retry")]
pub(super) struct RetrySpec {
    /// Attempts in all, the first included; default 5.
    #[schemars(range(min = 1, max = 100))]
    max_attempts: Option<Slot<u32>>,
    /// The longest wait before the second attempt, doubled with each further one; default 1s.
    base: Option<Slot<Period>>,
    /// The longest wait between two attempts; default 60s.
    max: Option<Slot<Period>>,
    /// The time all attempts of a request may take together; default 10m.
    budget: Option<Slot<Period>>,
}

impl RetrySpec {
    /// Merges by key, the first given wins.
    pub(super) fn resolve(specs: &[&Self], report: &Report) -> Retry {
        let mut retry = Retry::default();
        for spec in specs.iter().rev() {
            if let Some(slot) = &spec.max_attempts {
                match slot.cloned() {
                    Some(attempts @ 1..=100) => retry.max_attempts = attempts,
                    Some(other) => {
                        report.add(slot.at(), Draft::refused("a number from 1 to 100").value(other));
                    }
                    None => {}
                }
            }
            set(&mut retry.base, spec.base.as_ref());
            set(&mut retry.max, spec.max.as_ref());
            set(&mut retry.budget, spec.budget.as_ref());
        }
        let given = specs.iter().find_map(|spec| spec.base.as_ref().or(spec.max.as_ref()));
        if let Some(slot) = given.filter(|_| retry.base > retry.max) {
            report.say(slot.at(), "base must not be above max");
        }
        retry
    }
}

pub(super) fn set(duration: &mut Duration, slot: Option<&Slot<Period>>) {
    if let Some(Period(given)) = slot.and_then(Slot::get) {
        *duration = *given;
    }
}
