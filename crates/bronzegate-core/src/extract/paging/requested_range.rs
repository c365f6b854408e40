//! What a run asks the API for: from where, and up to where.

use std::sync::Arc;

use jiff::Timestamp;

use super::branch::Branch;
use super::page_state::Carried;
use crate::config::Incremental;
use crate::cursor::{BranchRanges, CursorState, CursorValue, Verbatim};

/// The stretch of records that requests ask for; both ends absent in a snapshot.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RequestedRange {
    /// Where it begins.
    pub from: Option<Carried>,
    /// Where it ends.
    pub to: Option<Carried>,
}

/// What a run asks for of each branch.
#[derive(Clone, Debug, Default)]
pub(crate) struct RequestedRanges {
    /// Of all branches, unless they are told apart.
    whole: RequestedRange,
    of_branches: Option<Arc<(BranchRanges, Vec<RequestedRange>)>>,
}

impl RequestedRange {
    /// What a run with this state asks for at most.
    ///
    /// What an API answers beyond the run's own range does not belong to it, which looks at the records itself.
    pub(crate) fn of(state: &CursorState, settings: &Incremental) -> Self {
        Self::between(state.from.as_ref(), state.to.as_ref(), settings)
    }

    /// What is asked for to have everything between two bounds.
    pub(crate) fn between(from: Option<&Verbatim>, to: Option<&Verbatim>, settings: &Incremental) -> Self {
        Self { from: from.map(|from| first(settings, from)), to: to.map(|to| last(settings, to)) }
    }
}

impl RequestedRanges {
    /// What a run with this state, and these ranges of its branches, asks for.
    pub(crate) fn of(state: &CursorState, settings: &Incremental, ranges: BranchRanges) -> Self {
        let asked = |from: Option<&Verbatim>| RequestedRange::between(from, state.to.as_ref(), settings);
        let of_branches = ranges.all().iter().map(|range| asked(range.from.as_ref())).collect();
        Self {
            whole: RequestedRange::of(state, settings),
            of_branches: Some(Arc::new((ranges, of_branches))),
        }
    }

    /// What is asked of a branch; `None` where the run does not ask for it.
    pub(crate) fn asked(&self, branch: &Branch) -> Option<&RequestedRange> {
        let Some(of_branches) = &self.of_branches else { return Some(&self.whole) };
        let (ranges, asked) = &**of_branches;
        ranges.asked(branch.key())?;
        asked.get(ranges.place(branch.key())?)
    }

    /// Whether it is remembered of this very branch how far it has been read.
    pub(crate) fn remembers(&self, branch: &Branch) -> bool {
        let is_partition = branch.parent().is_empty();
        self.of_branches.as_ref().is_some_and(|ranges| ranges.0.remembers(branch.key(), is_partition))
    }

    /// Whether branches that a rule leaves out keep their marks.
    pub(crate) fn has_marks(&self) -> bool {
        self.of_branches.is_some()
    }
}

impl From<RequestedRange> for RequestedRanges {
    fn from(whole: RequestedRange) -> Self {
        Self { whole, of_branches: None }
    }
}

/// Where a request begins: at the unit that the run's first instant lies in, where the API reads whole units. One that
/// leaves out what lies at its beginning is asked from a unit of the format earlier.
fn first(settings: &Incremental, from: &Verbatim) -> Carried {
    let whole = settings.to_inclusive.and_then(|unit| of(settings, from, |time| unit.first(time)));
    let from = whole.as_ref().unwrap_or(from);
    let value = settings.from_exclusive.then(|| CursorValue::of(settings.format, from.clone()).ok());
    let before = value.flatten().map(|value| value.one_before(settings.format));
    before.as_ref().map_or(from, CursorValue::verbatim).into()
}

/// Where a request ends. An API that answers all of the unit which its end names is asked up to the last that has
/// anything of the run.
fn last(settings: &Incremental, to: &Verbatim) -> Carried {
    let whole = settings.to_inclusive.and_then(|unit| of(settings, to, |time| unit.last(time)));
    whole.as_ref().unwrap_or(to).into()
}

/// A bound moved to another instant.
fn of(settings: &Incremental, bound: &Verbatim, at: impl Fn(Timestamp) -> Timestamp) -> Option<Verbatim> {
    let time = CursorValue::of(settings.format, bound.clone()).ok()?.time()?;
    Some(CursorValue::of_time(settings.format, at(time)).verbatim().clone())
}
