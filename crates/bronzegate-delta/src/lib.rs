//! Delta tables for bronzegate: a committed segment becomes rows of a table, once.
//!
//! [`DeltaTables`] is the core's port [`Tables`](bronzegate_core::bronze::Tables) for Delta tables in any
//! [`BronzeStore`](bronzegate_core::bronze::BronzeStore). It follows the Delta project's
//! [PROTOCOL.md](https://github.com/delta-io/delta/blob/master/PROTOCOL.md), of which it needs a small part, exactly:
//!
//! | part | holds |
//! |---|---|
//! | `log` | the names of a log's files, their lines, and the state that they add up to |
//! | `actions` | what the lines say |
//! | `columnar` | checkpoints as Parquet |
//! | `gate` | which tables are appended to |
//! | `append` | a segment as one transaction, found again whoever asks |
//! | `checkpoint` | checkpoints, and the end of old log entries |
//!
//! A new table has the plain protocol (reader 1, writer 2), which every reader knows. A foreign one is appended to when
//! all that it asks of a writer is kept, else refused by name. Rows are never changed, removed or rewritten.
#![warn(missing_docs)]

mod actions;
mod append;
mod checkpoint;
mod columnar;
mod gate;
mod log;
mod race;
mod tables;
#[cfg(test)]
mod testing;

pub use tables::{DeltaTables, folder_tables};
