//! The kinds of streams that are put through trials, and how a scene of each is drawn.

mod branched;
mod by_change;
mod changing;
mod exported;
mod formed;
mod kind;
mod marked;
mod misleading;
mod snapshot;
mod synced;
mod timed;

pub(super) use kind::Bounds;
pub use kind::Kind;
