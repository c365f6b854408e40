//! The range of cursors that a run brings.

use super::value::CursorValue;

/// The range [from, to) that a run brings; a bound that is absent lets everything through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The first cursor that belongs to it.
    pub from: Option<CursorValue>,
    /// The first after it.
    pub to: Option<CursorValue>,
}
