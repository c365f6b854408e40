//! Checkpoints as Parquet: read column by column in ranges, and written in row groups of bounded size.
//!
//! The library's row API is not used: it ends the process at types that it does not know.

mod bridge;
mod cells;
mod leaf;
mod read;
mod row;
mod row_group;
mod stored_file;
mod write;

pub(crate) use bridge::blocking;
pub(crate) use read::{Wanted, rows};
pub(crate) use row::{Add, Remove, Row};
pub(crate) use write::{CheckpointWriter, Written};
