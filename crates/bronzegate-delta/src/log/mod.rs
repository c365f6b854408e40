//! The log of a table: its files, and the state that they add up to.

mod commit;
mod failed;
mod lines;
mod listing;
mod names;
mod replay;
mod sought;

pub(crate) use commit::facts;
pub(crate) use failed::LogError;
pub(crate) use lines::Lines;
pub(crate) use listing::{LAST_CHECKPOINT, Listing, hint, list_from};
pub(crate) use names::{FileKind, LOG, before, classic, commit};
pub(crate) use replay::{FoundTxn, Snapshot, replay};
pub(crate) use sought::{Sought, decode, encode};
