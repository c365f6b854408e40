//! Records into rows of a table, rows into the row groups of a Parquet file.
//!
//! Until a row group is written, a row is a record's own bytes beside what is known of its page ([`rows`]). Then
//! its columns are taken from it, one column after the other, so that memory is bounded by the row group.

mod cell;
mod draft;
mod json;
mod lines;
mod listed;
mod number;
mod parquet_part;
mod rows;
mod rows_content;
mod schema;
mod stats;
#[cfg(test)]
mod tests;

pub use draft::draft_columns;
pub(crate) use lines::push_line;
pub(crate) use rows::RowTail;
pub(super) use rows::{count, fitting};
pub(crate) use rows_content::RowsContent;
pub(crate) use schema::{TableFormat, table_columns};
