//! What a run asks the API for: from where, and up to where.

use jiff::Timestamp;

use super::page_state::Carried;
use crate::config::Incremental;
use crate::cursor::{CursorState, CursorValue, Verbatim};

/// The stretch of records that requests ask for; both ends absent in a snapshot.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct RequestedRange {
    /// Where it begins.
    pub from: Option<Carried>,
    /// Where it ends.
    pub to: Option<Carried>,
}

impl RequestedRange {
    /// What a run with this state asks for.
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
