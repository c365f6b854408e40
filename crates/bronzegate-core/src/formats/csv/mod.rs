//! CSV: rows become records.

mod preamble;
mod quotes;
mod reader;
mod row;

pub(crate) use reader::CsvSplitter;
pub(crate) use row::Columns;
