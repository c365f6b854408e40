//! Cursors of incremental streams: read from a record's bytes, compared, and remembered.

mod filter;
mod member;
mod state;
mod value;

pub(crate) use filter::{Bounds, CursorFilter};
pub(crate) use member::member;
pub(crate) use state::{CursorState, Mark};
pub(crate) use value::{CursorValue, Verbatim};
