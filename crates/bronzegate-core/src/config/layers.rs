//! The settings that may stand at a source or at its streams: which of them count.

use schemars::JsonSchema;
use serde::Deserialize;

use super::auth::AuthSpec;
use super::output::OutputSpec;
use super::params::{HeadersSpec, ParamsSpec};
use super::problem::{Draft, Report};
use super::rate_limit::RateLimitSpec;
use super::read::Slot;
use super::responses::{ResponseRule, RuleSpec};
use super::retry::RetrySpec;
use super::timeout::TimeoutSpec;
use super::tls::TlsSpec;

/// The settings that may stand at the source or at a stream. The stream's wins; `headers`,
/// `params`, `rate_limit`, `retry`, `timeout` and `output` merge by key.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(rename = "Shared")]
pub(super) struct SharedSpec {
    /// How requests are authenticated; default not at all.
    pub(super) auth: Option<Slot<AuthSpec>>,
    /// Headers of every request.
    pub(super) headers: Option<Slot<HeadersSpec>>,
    /// Query parameters of every request; a list repeats the parameter.
    pub(super) params: Option<Slot<ParamsSpec>>,
    /// How fast the API may be asked.
    pub(super) rate_limit: Option<Slot<RateLimitSpec>>,
    /// How often and how long one request is tried again.
    pub(super) retry: Option<Slot<RetrySpec>>,
    /// How long one request may wait.
    pub(super) timeout: Option<Slot<TimeoutSpec>>,
    /// Whose certificates are trusted besides the system's, and the certificate of the client.
    pub(super) tls: Option<Slot<TlsSpec>>,
    /// Requests in flight at most; default 4.
    #[schemars(range(min = 1, max = 64))]
    pub(super) concurrency: Option<Slot<u64>>,
    /// Rules that see every response before the defaults do; the first that holds decides.
    pub(super) responses: Option<Slot<Vec<Slot<RuleSpec>>>>,
    /// The form of the parts that are written.
    pub(super) output: Option<Slot<OutputSpec>>,
}

/// A stream's settings above its source's.
pub(super) struct Layers<'a> {
    pub(super) own: &'a SharedSpec,
    pub(super) source: &'a SharedSpec,
}

impl<'a> Layers<'a> {
    /// The setting that counts.
    pub(super) fn first<T>(
        &self,
        get: impl Fn(&'a SharedSpec) -> Option<&'a Slot<T>>,
    ) -> Option<&'a Slot<T>> {
        get(self.own).or_else(|| get(self.source))
    }

    /// Both settings, the stream's first: it wins key by key.
    pub(super) fn maps<T>(&self, get: impl Fn(&'a SharedSpec) -> Option<&'a Slot<T>>) -> Vec<&'a T> {
        [self.own, self.source].into_iter().filter_map(get).filter_map(Slot::get).collect()
    }
}

/// What one place gives, as a list.
pub(super) fn as_list<T>(slot: Option<&Slot<T>>) -> Vec<&T> {
    slot.and_then(Slot::get).into_iter().collect()
}

/// The rules of one place.
pub(super) fn responses(slot: Option<&Slot<Vec<Slot<RuleSpec>>>>, report: &Report) -> Vec<ResponseRule> {
    let rules = slot.and_then(Slot::get).into_iter().flatten();
    rules.filter_map(|rule| rule.get()?.resolve(report)).collect()
}

/// Requests in flight at most.
pub(super) fn concurrency(slot: Option<&Slot<u64>>, report: &Report) -> usize {
    const DEFAULT: usize = 4;
    match slot.and_then(|slot| Some((slot, slot.cloned()?))) {
        Some((_, number @ 1..=64)) => usize::try_from(number).unwrap_or(DEFAULT),
        Some((slot, number)) => {
            report.add(slot.at(), Draft::refused("a whole number from 1 to 64").value(number));
            DEFAULT
        }
        None => DEFAULT,
    }
}
