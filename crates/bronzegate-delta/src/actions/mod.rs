//! The actions of a log: what its lines say.

mod interval;
mod line;
mod metadata;
mod protocol;
mod schema;

pub(crate) use line::{CommitTimes, FilePath, Line, Txn};
pub(crate) use metadata::Metadata;
pub(crate) use protocol::Protocol;
