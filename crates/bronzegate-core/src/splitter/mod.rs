//! The page splitter: body bytes in, verbatim record slices out, each the moment it is complete.
//!
//! The body is scanned once, as it arrives. What belongs to no record (cursors, totals, flags) is
//! kept only where the source file asks for it, so memory does not grow with the page.
//! A page is good only if all of it is valid: RFC 8259 JSON in UTF-8, nested at most 512 deep; or RFC 4180
//! CSV in UTF-8, whose rows become records here.

mod body;
mod csv;
mod csv_quotes;
mod csv_row;
mod envelope;
mod error;
mod lexer;
mod mark;
mod nesting;
mod piece;
mod records;
mod scalar;
mod scan;
mod starts;
mod state;
#[cfg(test)]
mod tests;
mod utf8;
mod values;

pub use body::{Form, PageBody, RecordsFound};
pub use csv::CsvSplitter;
pub use envelope::{RecordsAt, Wanted};
pub use error::{SplitError, SplitErrorKind};
pub use piece::{Piece, Span};
pub use scan::Splitter;
pub(crate) use values::values;
