//! What a run asks the API for: from where, and up to where.

use super::state::Carried;
use crate::cursor::{CursorState, Verbatim};

/// The stretch of records that requests ask for; both ends absent in a snapshot.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Asked {
    /// Where it begins.
    pub from: Option<Carried>,
    /// Where it ends.
    pub to: Option<Carried>,
}

impl Asked {
    /// What a run with this state asks for.
    pub fn of(state: &CursorState) -> Self {
        let carried = |verbatim: &Option<Verbatim>| {
            verbatim.as_ref().map(|verbatim| Carried { text: verbatim.text.clone(), value: verbatim.value() })
        };
        Self { from: carried(&state.from), to: carried(&state.to) }
    }
}
