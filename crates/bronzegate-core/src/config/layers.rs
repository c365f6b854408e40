//! The settings that may stand at a source or at its streams: which of them count.

use super::problem::{Draft, Report};
use super::read::Slot;
use super::responses::{ResponseRule, RuleSpec};
use super::stream::SharedSpec;

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
