//! Cursors of incremental streams: read from a record's bytes, compared, and remembered.

mod bounds;
mod filter;
mod member;
mod observed;
mod state;
mod unit;
mod value;

pub(crate) use bounds::Bounds;
pub(crate) use filter::CursorFilter;
pub(crate) use member::{member, names};
pub(crate) use state::{CursorState, Mark};
pub(crate) use value::{CursorValue, Verbatim};
