//! `timeout`: how long one request may wait.
//!
//! ```yaml
//! timeout: { connect: 10s, read: 30s, total: 5m }
//! ```

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::read::Slot;
use super::retry::set;
use super::units::Period;

/// The time limits of one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timeout {
    /// Until the connection stands (10 s).
    pub connect: Duration,
    /// Between two bytes of the answer (30 s).
    pub read: Duration,
    /// For the whole request, its body included (5 min).
    pub total: Duration,
}

impl Default for Timeout {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(10),
            read: Duration::from_secs(30),
            total: Duration::from_mins(5),
        }
    }
}

/// How long one request may wait.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Timeout")]
pub(super) struct TimeoutSpec {
    /// Until the connection stands; default 10s.
    connect: Option<Slot<Period>>,
    /// Between two bytes of the answer; default 30s.
    read: Option<Slot<Period>>,
    /// For one request as a whole; default 5m.
    total: Option<Slot<Period>>,
}

impl TimeoutSpec {
    /// Merges by key, the first given wins.
    pub(super) fn resolve(specs: &[&Self]) -> Timeout {
        let mut timeout = Timeout::default();
        for spec in specs.iter().rev() {
            set(&mut timeout.connect, spec.connect.as_ref());
            set(&mut timeout.read, spec.read.as_ref());
            set(&mut timeout.total, spec.total.as_ref());
        }
        timeout
    }
}
