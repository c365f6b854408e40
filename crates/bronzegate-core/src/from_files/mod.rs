//! Committed files as rows of a table: for a stream that has landed files first, and goes on in a table.
//!
//! Each segment of the log becomes one transaction of the table, so the work may be stopped anywhere and begun again.

mod converter;
mod marks;
mod part_lines;

pub use converter::{Converted, Converter};
