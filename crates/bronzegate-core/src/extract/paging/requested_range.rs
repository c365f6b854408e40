//! What a run asks the API for: from where, and up to where.

use std::sync::Arc;

use jiff::Timestamp;

use super::branch::Branch;
use super::page_state::Carried;
use crate::config::{CursorFormat, Incremental};
use crate::cursor::{BranchRanges, CursorState, CursorValue, Verbatim};
use crate::local_time::civil_time;

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
    let Ok(value) = CursorValue::of(settings.format, from.clone()) else { return from.into() };
    let value = match value.time() {
        Some(time) => CursorValue::of_time(settings.format, first_instant(settings, time)),
        None => value,
    };
    let value = if settings.from_exclusive { value.one_before(settings.format) } else { value };
    written(settings, &value)
}

/// Where a request ends. An API that answers all of the unit which its end names is asked up to the last that has
/// anything of the run.
fn last(settings: &Incremental, to: &Verbatim) -> Carried {
    let Ok(value) = CursorValue::of(settings.format, to.clone()) else { return to.into() };
    match value.time() {
        Some(time) => written(settings, &CursorValue::of_time(settings.format, last_instant(settings, time))),
        None => to.into(),
    }
}

fn first_instant(settings: &Incremental, time: Timestamp) -> Timestamp {
    match (settings.to_inclusive, settings.timezone.zone()) {
        (Some(unit), _) => unit.first(time),
        (None, Some(zone)) => zone.ask_from(time),
        (None, None) => time,
    }
}

fn last_instant(settings: &Incremental, time: Timestamp) -> Timestamp {
    match (settings.to_inclusive, settings.timezone.zone()) {
        (Some(unit), _) => unit.last(time),
        (None, Some(zone)) => zone.ask_to(time),
        (None, None) => time,
    }
}

/// A bound as requests write it: a local time without an offset.
fn written(settings: &Incremental, value: &CursorValue) -> Carried {
    let local = settings.timezone.zone().filter(|_| settings.format == CursorFormat::Rfc3339);
    match local.and_then(|_| value.time()) {
        Some(time) => Carried { text: civil_time(time).to_string(), bare: false },
        None => value.verbatim().into(),
    }
}

/// Whether a range lies in an hour that clocks leave out, so that nothing can be in it.
pub(crate) fn never_comes(state: &CursorState, settings: &Incremental) -> bool {
    let time = |bound: &Option<Verbatim>| CursorValue::of(settings.format, bound.clone()?).ok()?.time();
    let (Some(zone), Some(from), Some(to)) = (settings.timezone.zone(), time(&state.from), time(&state.to))
    else {
        return false;
    };
    zone.ask_from(from) >= zone.ask_to(to)
}
