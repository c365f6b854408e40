//! What a run asks the API for: from where, and up to where.

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
    /// An API that leaves out what lies at its beginning is asked from a unit before it; what more it
    /// answers then does not belong to the run, which looks at the records itself.
    pub(crate) fn of(state: &CursorState, settings: &Incremental) -> Self {
        let before = |verbatim: &Verbatim| {
            let from = CursorValue::of(settings.format, verbatim.clone()).ok()?;
            Some(from.one_before(settings.format).verbatim().into())
        };
        let from = state.from.as_ref();
        let from_before = from.filter(|_| settings.from_exclusive).and_then(before);
        Self {
            from: from_before.or_else(|| from.map(Carried::from)),
            to: state.to.as_ref().map(Carried::from),
        }
    }
}
