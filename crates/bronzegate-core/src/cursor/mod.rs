//! Cursors of incremental streams: read from a record's bytes, compared, and remembered.

mod member;
mod sieve;
mod state;
mod value;

pub(crate) use member::member;
pub use sieve::{Bounds, LeftOut, Sieve};
pub use state::{CursorState, Mark};
pub use value::{CursorValue, NotACursor, Verbatim};
