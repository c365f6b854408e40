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

    /// How far a branch has been read, where runs follow each other.
    pub(crate) fn mark(&self, branch: &Branch) -> Option<&CursorValue> {
        let (ranges, _) = &**self.of_branches.as_ref()?;
        ranges.asked(branch.key())?.bounds.from.as_ref()
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

/// Where a request begins: at the unit that the run's first instant lies in. One that leaves out what lies at its
/// beginning is asked from a unit of its format earlier.
fn first(settings: &Incremental, from: &Verbatim) -> Carried {
    let Ok(value) = CursorValue::of(&settings.format, from.clone()) else { return from.into() };
    let format = &settings.request_format;
    let value = match value.time() {
        Some(time) => CursorValue::asked(format, first_instant(settings, time)),
        None => value,
    };
    written(settings, &if settings.from_exclusive { value.one_before(format) } else { value })
}

/// Where a request ends: after the last unit that has anything of the run. An API that answers all of the unit which
/// its end names is asked up to that unit.
fn last(settings: &Incremental, to: &Verbatim) -> Carried {
    let Ok(value) = CursorValue::of(&settings.format, to.clone()) else { return to.into() };
    match value.time() {
        Some(time) => {
            written(settings, &CursorValue::asked(&settings.request_format, last_instant(settings, time)))
        }
        None => to.into(),
    }
}

/// The beginning of a request, on the clock of requests.
fn first_instant(settings: &Incremental, time: Timestamp) -> Timestamp {
    let zone = settings.request_timezone.zone();
    let asked = match (settings.timezone.zone(), zone) {
        (Some(records), Some(requests)) if records == requests => requests.ask_from(time),
        (records, requests) => {
            let instant = records.map_or(time, |zone| zone.instant(zone.ask_from(time)));
            requests.map_or(instant, |zone| zone.ask_from(zone.civil(instant)))
        }
    };
    let unit = settings.to_inclusive.map_or(asked, |unit| unit.first(asked));
    let whole = floor(settings, unit);
    // The unit may begin in an hour that comes twice.
    let unambiguous = zone.map_or(whole, |zone| zone.ask_from(whole));
    if unambiguous < whole { floor(settings, unambiguous) } else { whole }
}

/// The end of a request, on the clock of requests.
fn last_instant(settings: &Incremental, time: Timestamp) -> Timestamp {
    let zone = settings.request_timezone.zone();
    let asked = match (settings.timezone.zone(), zone) {
        (Some(records), Some(requests)) if records == requests => requests.ask_to(time),
        (records, requests) => {
            let instant = records.map_or(time, |zone| zone.instant(zone.ask_to(time)));
            requests.map_or(instant, |zone| zone.ask_to(zone.civil(instant)))
        }
    };
    let whole = match settings.to_inclusive {
        Some(unit) => unit.last(asked),
        None => ceil(settings, asked),
    };
    // The unit may begin in an hour that comes twice: an API that takes it for the earlier would leave out the later.
    let unambiguous = zone.map_or(whole, |zone| zone.ask_to(whole));
    if unambiguous > whole { ceil(settings, unambiguous) } else { whole }
}

/// The beginning of the unit of requests that an instant lies in.
fn floor(settings: &Incremental, time: Timestamp) -> Timestamp {
    let unit = settings.request_format.resolution_ns();
    Timestamp::from_nanosecond(time.as_nanosecond().div_euclid(unit) * unit).unwrap_or(time)
}

/// The end of the last unit of requests that has an instant before this.
fn ceil(settings: &Incremental, time: Timestamp) -> Timestamp {
    let unit = settings.request_format.resolution_ns();
    let end = (time.as_nanosecond() - 1).div_euclid(unit) * unit + unit;
    Timestamp::from_nanosecond(end).unwrap_or(time)
}

/// A bound as requests write it: a local time without an offset.
fn written(settings: &Incremental, value: &CursorValue) -> Carried {
    let local = settings.request_timezone.zone().filter(|_| settings.request_format == CursorFormat::Rfc3339);
    match local.and_then(|_| value.time()) {
        Some(time) => Carried { text: civil_time(time).to_string(), bare: false },
        None => value.verbatim().into(),
    }
}

/// An instant as the requests of a stream write times; RFC 3339 where it has none.
pub(crate) fn shown_time(settings: Option<&Incremental>, time: Timestamp) -> String {
    let Some(settings) = settings.filter(|settings| settings.format.is_time()) else {
        return time.to_string();
    };
    let shown = settings.request_timezone.zone().map_or(time, |zone| zone.civil(time));
    written(settings, &CursorValue::asked(&settings.request_format, shown)).text
}

/// Whether a range lies in an hour that clocks leave out, so that nothing can be in it.
pub(crate) fn never_comes(state: &CursorState, settings: &Incremental) -> bool {
    let time = |bound: &Option<Verbatim>| CursorValue::of(&settings.format, bound.clone()?).ok()?.time();
    let (Some(zone), Some(from), Some(to)) = (settings.timezone.zone(), time(&state.from), time(&state.to))
    else {
        return false;
    };
    zone.ask_from(from) >= zone.ask_to(to)
}
